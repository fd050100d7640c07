"""Nodes: an even grid seen through a smooth map that is dense around chosen centres and has chosen places on nodes.

The map is fixed before the number of intervals, so that a grid with twice as many contains the coarser one and errors
of the two differ by a power series in the square of the step, kinks and barriers on nodes included. Density is that of
the sum of the hyperbolic-sine maps of the centres (D. Tavella and C. Randall, "Pricing Financial Instruments: The
Finite Difference Method" (2000), 5.2.3); a polynomial of low degree then moves chosen places to their nearest node.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

GENTLEST, STEEPEST = 0.4, 2.5
"""Bounds of the slope of the polynomial; a place that would need more stays between nodes."""
NEWTON_STEPS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """A map from [0, 1] onto [low, high]."""

    low: float
    high: float
    centres: tuple[float, ...]
    width: float
    """Distance from a centre at which the density has fallen to 0.7 of its peak."""
    shift: tuple[float, ...] = ()
    """Coefficients of p, highest first, in w(e) = e + e (1 - e) p(e)."""

    def nodes(self, intervals: int) -> FloatArray:
        """`intervals` + 1 increasing places, the ends exact."""
        even = np.arange(intervals + 1) / intervals
        if self.shift:
            even = even + even * (1.0 - even) * np.polyval(self.shift, even)
        bottom, top = self.stretch(np.array([self.low, self.high]))
        places = self._place(bottom + (top - bottom) * even)
        places[0], places[-1] = self.low, self.high
        return places

    def stretch(self, x: FloatArray) -> FloatArray:
        """Where `x` lies on the even scale of the plain map."""
        total: FloatArray = np.arcsinh((x[..., None] - np.array(self.centres)) / self.width).sum(axis=-1)
        return total

    def _place(self, z: FloatArray) -> FloatArray:
        """The inverse of `stretch`: closed for one centre, else Newton's steps from a table."""
        if len(self.centres) == 1:
            return self.centres[0] + self.width * np.sinh(z)
        near = self.width * np.sinh(np.linspace(-6.0, 6.0, 49))
        table = np.concatenate([np.linspace(self.low, self.high, 65), *(centre + near for centre in self.centres)])
        table = np.unique(np.clip(table, self.low, self.high))
        x: FloatArray = np.interp(z, self.stretch(table), table)
        for _ in range(NEWTON_STEPS):
            apart = (x[:, None] - np.array(self.centres)) / self.width
            slope = (1.0 / np.sqrt(1.0 + apart * apart)).sum(axis=-1) / self.width
            x = np.clip(x + (z - np.arcsinh(apart).sum(axis=-1)) / slope, self.low, self.high)
        return x


def build(
    low: float, high: float, centres: tuple[float, ...], width: float, on_nodes: tuple[float, ...], intervals: int
) -> Mesh:
    """A mesh whose grids of a multiple of `intervals` have nodes at `on_nodes`, the first of which matter most.

    A place nearer than one interval to an earlier one or to an end, or outside, is left where it falls.
    """
    plain = Mesh(low, high, centres or (0.5 * (low + high),), width)
    bottom, top = plain.stretch(np.array([low, high]))
    chosen: list[tuple[float, float]] = []
    best: tuple[float, ...] = ()
    for place in on_nodes:
        if not low < place < high:
            continue
        where = float((plain.stretch(np.array([place]))[0] - bottom) / (top - bottom))
        node = round(where * intervals) / intervals
        if not 0.0 < node < 1.0 or any(abs(node - other) < 0.5 / intervals for other, _ in chosen):
            continue
        trial = [*chosen, (node, (where - node) / (node * (1.0 - node)))]
        shift = _interpolating(trial)
        if _gentle(shift):
            chosen, best = trial, shift
    return Mesh(low, high, plain.centres, width, best)


def _interpolating(points: list[tuple[float, float]]) -> tuple[float, ...]:
    """Coefficients, highest first, of the polynomial through the points."""
    x = np.array([node for node, _ in points])
    y = np.array([value for _, value in points])
    return tuple(float(value) for value in np.linalg.solve(np.vander(x), y))


def _gentle(shift: tuple[float, ...]) -> bool:
    e = np.linspace(0.0, 1.0, 201)
    slope = np.polyval(np.polyder(np.polyadd([1.0, 0.0], np.polymul([-1.0, 1.0, 0.0], shift))), e)
    return bool(np.all((slope > GENTLEST) & (slope < STEEPEST)))
