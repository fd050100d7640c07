"""Integrals over all log-moneyness: Gauss-Legendre panels from the money outwards until nothing more comes.

The error told is the distance of two rules on the same panels plus what a geometric tail beyond the last panel would
add. Refuses, with a DomainError, integrands that do not die out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import DomainError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

NODES = (12, 20)
FIRST = 0.25
"""Width of a panel near the money, in units of the caller."""
EVEN = 8.0
"""Where panels begin to widen, in the same units."""
GROWTH = 1.25
FARTHEST = (4_000.0, 600.0)
"""In the same units, and in log-moneyness: an integrand that still counts here has no integral."""
SETTLED = 1e-14
"""A panel is the last one when it adds less than this share of the whole."""


class NoIntegralError(DomainError):
    """An integrand that does not die out."""


class Integral(NamedTuple):
    """Values of several integrals, shape (integrals,)."""

    value: FloatArray
    error: FloatArray
    """Estimate of the absolute error."""


def outwards(
    integrand: Callable[[FloatArray], FloatArray],
    unit: float,
    side: float,
    edges: Sequence[float] = (),
    limit: float = np.inf,
) -> Integral:
    """Integrals from zero to plus (`side` 1) or minus (-1) infinity, both counted positive along the way out.

    `integrand` takes log-moneyness of shape (n,) and gives (integrals, n). `unit` is the length on which it changes.
    `edges`: distances from zero at which it is not smooth. `limit`: distance at which the integral ends.
    """
    total: FloatArray | None = None
    rough: FloatArray | None = None
    size: FloatArray | None = None
    tail: FloatArray | None = None
    for batch in _batches(unit, edges, limit):
        fine, coarse = (_rule(integrand, batch, side, nodes) for nodes in NODES[::-1])
        if total is None or rough is None or size is None:
            total, rough, size = fine.sum(axis=1), np.abs(fine - coarse).sum(axis=1), np.abs(fine).sum(axis=1)
        else:
            total, rough, size = (
                total + fine.sum(axis=1),
                rough + np.abs(fine - coarse).sum(axis=1),
                size + np.abs(fine).sum(axis=1),
            )
        last, before = np.abs(fine[:, -1]), np.abs(fine[:, max(fine.shape[1] - 2, 0)])
        if not np.all(np.isfinite(total)):
            break
        if np.all(last <= SETTLED * size):
            ratio = np.clip(np.divide(last, before, out=np.zeros_like(last), where=before > 0.0), 0.0, 0.99)
            tail = last * ratio / (1.0 - ratio)
            break
    if total is not None and tail is None and np.isfinite(limit) and np.all(np.isfinite(total)):
        tail = np.zeros(total.size)
    if total is None or rough is None or tail is None:
        raise NoIntegralError(
            f"the {'right' if side > 0.0 else 'left'} wing of the smile does not die out: the integral has no value"
        )
    return Integral(total, rough + tail)


def _batches(unit: float, edges: Sequence[float], limit: float) -> list[FloatArray]:
    """Panel ends, in lots: those near the money first, then eight at a time."""
    near = np.arange(0.0, EVEN + 0.5 * FIRST, FIRST)
    ends = [EVEN]
    width = FIRST
    farthest = min(FARTHEST[0], FARTHEST[1] / unit)
    while ends[-1] + width * GROWTH < farthest:
        width *= GROWTH
        ends.append(ends[-1] + width)
    lots = [near * unit, *(np.array(ends[start : start + 9]) * unit for start in range(0, len(ends) - 1, 8))]
    found = []
    for lot in lots:
        inside = [edge for edge in (*edges, limit) if lot[0] < edge < lot[-1]]
        ends_here = np.unique(np.concatenate([lot, inside]))
        found.append(ends_here[ends_here <= limit])
    return [lot for lot in found if lot.size > 1]


def _rule(integrand: Callable[[FloatArray], FloatArray], ends: FloatArray, side: float, nodes: int) -> FloatArray:
    """Integral over each panel: (integrals, panels)."""
    place, weight = legendre(nodes)
    half = 0.5 * np.diff(ends)
    at = (ends[:-1] + half)[:, None] + half[:, None] * place
    values = integrand(side * at.reshape(-1))
    found: FloatArray = (values.reshape(values.shape[0], *at.shape) * weight).sum(axis=2) * half
    return found


@cache
def legendre(nodes: int) -> tuple[FloatArray, FloatArray]:
    return np.polynomial.legendre.leggauss(nodes)
