"""The nearest point to the origin at which a function reaches a bound: rays, then a search among directions.

In coordinates of unit deviations without correlation, distance is Mahalanobis distance, and the nearest point lies
where its ray meets the surface `loss = bound` at a right angle (Hasofer and Lind, Exact and Invariant Second-Moment
Code Format, 1974). Many rays are walked outwards in steps, so that the first crossing is found where losses turn; then
the best directions are turned towards the gradient as long as they get shorter (Rackwitz and Fiessler, 1978). A region
thinner than a step, between all rays, can be missed: what is returned does break the bound, and is the nearest found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

Losses = Callable[["FloatArray"], "FloatArray"]
"""Loss at each of n points, shape (n, factors) to (n,)."""

STEPS: Final = 24
"""Along a ray."""
DIRECTIONS: Final = 192
"""Beside the axes and their pairs."""
_STARTS: Final = 8
_TURNS: Final = 40
_HALVINGS: Final = 48
_SEED: Final = 20260105
_BUMP: Final = 1e-3
_SHARES: Final = (1.0, 0.6, 0.3, 0.1, 0.03, 0.01)


class Nearest(NamedTuple):
    """Where a bound is reached first, as far as was found."""

    point: FloatArray | None
    """Reaches the bound; None where no ray does within reach."""
    inside: FloatArray | None
    """On the same ray, nearer by less than 1e-12 of the reach, where the bound holds."""
    worst: FloatArray
    """The point with the largest loss of all that were asked."""
    asked: int
    """Points at which the loss was computed."""


class _Counting:
    def __init__(self, losses: Losses, dimension: int) -> None:
        self._losses = losses
        self.asked = 0
        self.worst = np.zeros(dimension)
        self._most = -np.inf

    def __call__(self, points: FloatArray) -> FloatArray:
        found = self._losses(points)
        self.asked += len(points)
        place = int(np.argmax(found))
        if found[place] > self._most:
            self._most, self.worst = float(found[place]), points[place].copy()
        return found


def nearest(losses: Losses, bound: float, dimension: int, reach: float) -> Nearest:
    """The nearest point found at which `losses` is at least `bound`, no further than `reach` from the origin."""
    asked = _Counting(losses, dimension)
    origin = np.zeros((1, dimension))
    start = float(asked(origin)[0])
    if start >= bound:
        return Nearest(origin[0], origin[0], asked.worst, asked.asked)
    rays = _rays(dimension, _gradient(asked, origin[0]))
    ends = _crossings(asked, bound, rays, np.full(len(rays), reach))
    found = np.flatnonzero(np.isfinite(ends))
    if not found.size:
        return Nearest(None, None, asked.worst, asked.asked)
    order = found[np.argsort(ends[found], kind="stable")][:_STARTS]
    best_ray, best_end = rays[order[0]], float(ends[order[0]])
    for place in order:
        ray, end = _turned(asked, bound, rays[place], float(ends[place]))
        if end < best_end:
            best_ray, best_end = ray, end
    low, high = _bracket(asked, bound, best_ray, best_end)
    return Nearest(high * best_ray, low * best_ray, asked.worst, asked.asked)


def _rays(dimension: int, gradient: FloatArray) -> FloatArray:
    axes = np.concatenate((np.eye(dimension), -np.eye(dimension)))
    same = np.ones((1, dimension))
    numbers = np.random.Generator(np.random.Philox(_SEED)).normal(size=(DIRECTIONS, dimension))
    rows = [axes, same, -same, numbers]
    if np.linalg.norm(gradient) > 0.0:
        rows.append(gradient[np.newaxis])
    table = np.concatenate(rows)
    unit: FloatArray = table / np.linalg.norm(table, axis=1, keepdims=True)
    return unit


def _crossings(losses: Losses, bound: float, rays: FloatArray, reaches: FloatArray) -> FloatArray:
    """Distance along each ray at which the bound is first reached, infinite where it is not; shape (rays,)."""
    shares = np.arange(1, STEPS + 1) / STEPS
    distances = reaches[:, np.newaxis] * shares
    points = distances[:, :, np.newaxis] * rays[:, np.newaxis, :]
    broken = (losses(points.reshape(-1, rays.shape[1])) >= bound).reshape(distances.shape)
    crossed = broken.any(axis=1)
    first = np.argmax(broken, axis=1)
    rows = np.arange(len(rays))
    high = distances[rows, first]
    low = np.where(first > 0, distances[rows, np.maximum(first - 1, 0)], 0.0)
    ends = np.full(len(rays), np.inf)
    some = np.flatnonzero(crossed)
    if some.size:
        ends[some] = _halved(losses, bound, rays[some], low[some], high[some])
    return ends


def _halved(losses: Losses, bound: float, rays: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    for _ in range(20):
        middle = 0.5 * (low + high)
        broken = losses(middle[:, np.newaxis] * rays) >= bound
        high, low = np.where(broken, middle, high), np.where(broken, low, middle)
    return high


def _turned(losses: Losses, bound: float, ray: FloatArray, end: float) -> tuple[FloatArray, float]:
    """A direction turned towards the gradient while its distance gets shorter."""
    for _ in range(_TURNS):
        gradient = _gradient(losses, end * ray)
        size = float(np.linalg.norm(gradient))
        if size == 0.0:
            break
        steepest = gradient / size
        table = np.array([(1.0 - share) * ray + share * steepest for share in _SHARES])
        lengths = np.linalg.norm(table, axis=1)
        table = table[lengths > 1e-9] / lengths[lengths > 1e-9, np.newaxis]
        ends = _crossings(losses, bound, table, np.full(len(table), end))
        place = int(np.argmin(ends))
        if not ends[place] < end * (1.0 - 1e-9):
            break
        ray, end = table[place], float(ends[place])
    return ray, end


def _gradient(losses: Losses, point: FloatArray) -> FloatArray:
    steps = _BUMP * np.eye(point.size)
    found = losses(np.concatenate((point + steps, point - steps)))
    slope: FloatArray = (found[: point.size] - found[point.size :]) / (2.0 * _BUMP)
    return slope


def _bracket(losses: Losses, bound: float, ray: FloatArray, end: float) -> tuple[float, float]:
    """Distances on a ray close to each other: at the first the bound holds, at the second it does not."""
    low, high = 0.0, end
    step = end * 1e-6
    while step < end:
        if float(losses(((end - step) * ray)[np.newaxis])[0]) < bound:
            low = end - step
            break
        high = end - step
        step *= 8.0
    for _ in range(_HALVINGS):
        if high - low <= 1e-12 * end:
            break
        middle = 0.5 * (low + high)
        if float(losses((middle * ray)[np.newaxis])[0]) >= bound:
            high = middle
        else:
            low = middle
    return low, high
