"""Chebyshev points, polynomials, and coefficients from values at the points."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

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
    """From values at `points_of` to coefficients: the discrete cosine transform, a matrix (count, count)."""
    if count == 1:
        return np.ones((1, 1))
    places = np.arange(count)
    halved = np.where((places == 0) | (places == count - 1), 0.5, 1.0)
    cosines = np.cos(np.pi * np.outer(places, places) / (count - 1))
    found: FloatArray = 2.0 / (count - 1) * halved[:, np.newaxis] * cosines * halved
    return found


def along(matrix: FloatArray, values: FloatArray, axis: int) -> FloatArray:
    """`matrix` applied along an axis, term by term in one order: libraries for matrices choose theirs by threads."""
    moved = np.moveaxis(values, axis, 0)
    found = np.zeros((len(matrix), *moved.shape[1:]))
    for place, slab in enumerate(moved):
        found += matrix[:, place].reshape(-1, *(1,) * slab.ndim) * slab
    return np.moveaxis(found, 0, axis)
