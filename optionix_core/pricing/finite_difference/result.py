"""What a finite-difference price comes with: Greeks, the error estimate, the grid and what it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class GridSlice:
    """Values of the contract now, on the finer grid."""

    spots: FloatArray
    """Shape (n,), increasing."""
    variances: FloatArray | None
    """Shape (m,), increasing, under a model with stochastic variance; None otherwise."""
    values: FloatArray
    """Shape (n,), or (m, n)."""


@dataclass(frozen=True, slots=True, eq=False)
class FiniteDifferenceResult:
    """Of a long position of one."""

    price: float
    delta: float
    """Derivative in the spot."""
    gamma: float
    """Second derivative in the spot."""
    theta: float
    """Derivative in calendar time, per year."""
    error: float
    """Estimated absolute error of the finer grid's price: the difference of the two grids' prices over three.

    An extrapolated price is usually nearer by an order of magnitude. Zero where the price needs no grid.
    """
    space_points: int
    """Intervals of the finer grid in the spot, 0 where the price needs no grid."""
    variance_points: int
    """Intervals of the finer grid in the variance, 0 where there is none."""
    time_steps: int
    """Steps of the finer grid over the whole life."""
    seconds: float
    """Wall time."""
    method: str
    """In words."""
    slice: GridSlice | None = None
    """Asked for by `keep_slice`."""
