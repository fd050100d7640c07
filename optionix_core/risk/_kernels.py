"""The compiled kernels of this room. Importing it costs nothing: the compiler loads with the first kernel."""

from __future__ import annotations

from optionix_core.pricing._compile import KernelLibrary

KERNELS = KernelLibrary(
    loops="optionix_core.risk._loops",
    formulas=(
        "optionix_core.pricing._lanes",
        "optionix_core.risk._cells",
        "optionix_core.pricing._special",
        "optionix_core.pricing._fractions",
        "optionix_core.pricing._black",
        "optionix_core.pricing._formulas",
        "optionix_core.risk._exact_cells",
        "optionix_core.risk._table_lanes",
        "optionix_core.risk._table_cells",
        "optionix_core.risk._runs",
    ),
    lanes=(
        "optionix_core.pricing._lanes",
        "optionix_core.pricing._fractions",
        "optionix_core.risk._cells",
        "optionix_core.risk._table_lanes",
    ),
)
CURVES = KernelLibrary("optionix_core.risk._curve_loops", formulas=("optionix_core.pricing._american_grid",))
"""Curves of American values with discrete dividends."""
