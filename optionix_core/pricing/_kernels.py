"""The compiled kernels of this room. Importing it costs nothing: the compiler loads with the first kernel."""

from __future__ import annotations

from optionix_core.pricing._compile import KernelLibrary

KERNELS = KernelLibrary(
    loops="optionix_core.pricing._loops",
    formulas=(
        "optionix_core.pricing._lanes",
        "optionix_core.pricing._regions",
        "optionix_core.pricing._blocks",
        "optionix_core.pricing._greek_blocks",
        "optionix_core.pricing._special",
        "optionix_core.pricing._fractions",
        "optionix_core.pricing._implied_lanes",
        "optionix_core.pricing._implied_blocks",
        "optionix_core.pricing._black",
        "optionix_core.pricing._formulas",
        "optionix_core.pricing._implied",
        "optionix_core.pricing._exact_rows",
        "optionix_core.pricing._columns",
    ),
    lanes=(
        "optionix_core.pricing._lanes",
        "optionix_core.pricing._blocks",
        "optionix_core.pricing._greek_blocks",
        "optionix_core.pricing._fractions",
        "optionix_core.pricing._implied_lanes",
        "optionix_core.pricing._implied_blocks",
    ),
)
