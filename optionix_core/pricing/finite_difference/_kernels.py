"""The compiled kernels of finite differences. Importing it costs nothing: the compiler loads with the first kernel."""

from __future__ import annotations

from optionix_core.pricing._compile import KernelLibrary

LINE = KernelLibrary(
    loops="optionix_core.pricing.finite_difference._line_loops",
    formulas=("optionix_core.pricing.finite_difference._line_steps",),
    lanes=("optionix_core.pricing.finite_difference._line_steps",),
)
"""Prices alone."""
PLANE = KernelLibrary(
    loops="optionix_core.pricing.finite_difference._plane_loops",
    formulas=(
        "optionix_core.pricing.finite_difference._line_steps",
        "optionix_core.pricing.finite_difference._plane_steps",
        "optionix_core.pricing.finite_difference._plane_stages",
    ),
    lanes=(
        "optionix_core.pricing.finite_difference._line_steps",
        "optionix_core.pricing.finite_difference._plane_steps",
        "optionix_core.pricing.finite_difference._plane_stages",
        "optionix_core.pricing.finite_difference._plane_loops",
    ),
)
"""Price and variance."""
