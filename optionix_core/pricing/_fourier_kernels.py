"""The compiled kernels of `fourier`. Importing it costs nothing: the compiler loads with the first kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from optionix_core.errors import DomainError
from optionix_core.pricing._compile import KernelLibrary

if TYPE_CHECKING:
    from optionix_core.pricing._arrays import FloatArray

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
    variants={
        "variance_values": ("weighted_values", {"WEIGHTED": 0, "CLOCKED": 0}),
        "variance_weights": ("weighted_values", {"WEIGHTED": 1, "CLOCKED": 0}),
        "clock_values": ("weighted_values", {"WEIGHTED": 0, "ROOTED": 0}),
        "clock_weights": ("weighted_values", {"WEIGHTED": 1, "ROOTED": 0}),
    },
)
CLOCK_BIT, CLOCK_VARIANCE = 16, 14
"""Of a mask of parts, and the place in a row of parameters."""


def surface_kernel(row: FloatArray, asked: int = 0, *, weighted: bool = False) -> Callable[..., int]:
    """The kernel for a model's parameters: with square-root variances or with a gamma clock, a call compiles one.

    Raises DomainError for a sum of both.
    """
    clocked = bool(row[CLOCK_VARIANCE] > 0.0 or asked & CLOCK_BIT)
    if clocked and bool(row[:10].any()):
        raise DomainError("a model of both square-root variances and a gamma clock is not priced")
    return KERNELS.load(f"{'clock' if clocked else 'variance'}_{'weights' if weighted else 'values'}")
