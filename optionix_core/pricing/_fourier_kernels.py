"""The compiled kernels of `fourier`. Importing it costs nothing: the compiler loads with the first kernel."""

from __future__ import annotations

from optionix_core.pricing._compile import KernelLibrary

KERNELS = KernelLibrary(
    loops="optionix_core.pricing._fourier_loops",
    formulas=(
        "optionix_core.pricing._lanes",
        "optionix_core.pricing._fourier_lanes",
        "optionix_core.pricing._fourier_variance",
        "optionix_core.pricing._fourier_exponents",
        "optionix_core.pricing._fourier_formulas",
        "optionix_core.pricing._contour",
        "optionix_core.pricing._fourier_sums",
        "optionix_core.pricing._strike_sums",
    ),
    lanes=(
        "optionix_core.pricing._lanes",
        "optionix_core.pricing._fourier_lanes",
        "optionix_core.pricing._fourier_variance",
        "optionix_core.pricing._fourier_exponents",
        "optionix_core.pricing._fourier_sums",
    ),
)
