"""Chebyshev points, polynomials, and coefficients from values at the points."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


@cache
def points_of(count: int) -> FloatArray:
    """Those with both ends, from 1 down to -1; zero where it is alone."""
    points: FloatArray = np.cos(np.pi * np.arange(count) / (count - 1)) if count > 1 else np.zeros(1)
    return points


def halfway(points: FloatArray) -> FloatArray:
    """Points half-way in angle between neighbours."""
    found: FloatArray = np.cos(np.pi * (np.arange(points.size - 1) + 0.5) / (points.size - 1))
    return found


def polynomials(x: FloatArray, count: int) -> FloatArray:
    """T(0) to T(count - 1) along a new last axis."""
    found = np.empty((count, *x.shape))
    found[0] = 1.0
    if count > 1:
        found[1] = x
    for k in range(2, count):
        found[k] = 2.0 * x * found[k - 1] - found[k - 2]
    return np.moveaxis(found, 0, -1)


@cache
def to_coefficients(count: int) -> FloatArray:
    """From values at `points_of` to coefficients."""
    found: NDArray[Any] = np.linalg.inv(polynomials(points_of(count), count))
    return found
