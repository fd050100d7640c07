"""Instantaneous variance on a grid of times and log-moneyness, and between its nodes.

Rows are times. Nodes of a row lie at `places` times the row's own scale, so that all rows see the same deviations
whatever their time. Between rows variance is linear in time, or one over it, as Durrleman's function nearly is where
Dupire's variance comes from; a time that stands twice is a jump, whose second row holds from that time on. Between
nodes it is the cubic of Hermite with slopes of the parabola through three neighbours, held to what keeps it positive
(sufficient: |slope| <= 3 v / h, J. Schmidt and W. Hess, BIT 28 (1988) 340). Beyond the outermost nodes and
times it is constant. Refuses variances that are negative or not numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


TINY = 1e-300
"""Stands for zero in a divisor."""


@dataclass(frozen=True, slots=True, eq=False)
class VarianceGrid:
    """Raises InvalidValueError, naming field, value and bound."""

    times: FloatArray
    """Years from now, zero or more, not falling, at most twice each: (rows,), two rows at least."""
    places: FloatArray
    """Increasing: (nodes,), three at least."""
    scales: FloatArray
    """Log-moneyness of the place one, positive: (rows,)."""
    variances: FloatArray
    """Per year, zero or more: (rows, nodes)."""
    reciprocal: bool = False
    """Whether one over variance is linear in time between rows, not variance itself."""
    slopes: FloatArray = field(init=False, repr=False)
    """Of variance in the place: (rows, nodes)."""

    def __post_init__(self) -> None:
        rows, nodes = self.times.size, self.places.size
        if self.times.ndim != 1 or rows < 2 or not np.all(np.isfinite(self.times)) or self.times[0] < 0.0:
            raise InvalidValueError("times", self.times.tolist(), "two or more, finite, from zero on")
        gaps = np.diff(self.times)
        if np.any(gaps < 0.0) or np.any((gaps[1:] == 0.0) & (gaps[:-1] == 0.0)):
            raise InvalidValueError("times", self.times.tolist(), "not falling, and none more than twice")
        if self.places.ndim != 1 or nodes < 3 or not np.all(np.isfinite(self.places)):
            raise InvalidValueError("places", self.places.tolist(), "three or more, and finite")
        if np.any(np.diff(self.places) <= 0.0):
            raise InvalidValueError("places", self.places.tolist(), "increasing")
        if self.scales.shape != (rows,) or not np.all((self.scales > 0.0) & np.isfinite(self.scales)):
            raise InvalidValueError("scales", self.scales.tolist(), f"{rows} positive, finite numbers")
        if self.variances.shape != (rows, nodes):
            raise InvalidValueError("variances", self.variances.shape, f"of shape {(rows, nodes)}")
        bad = ~((self.variances >= 0.0) & np.isfinite(self.variances))
        if bad.any():
            row, node = np.argwhere(bad)[0].tolist()
            bound = f"zero or more and finite (time {self.times[row]:g}, node {node})"
            raise InvalidValueError("variances", float(self.variances[row, node]), bound, row)
        object.__setattr__(self, "slopes", _slopes(self.places, self.variances))

    @property
    def breaks(self) -> FloatArray:
        """Times at which variance may jump, increasing, above zero."""
        same = self.times[1:] == self.times[:-1]
        found: FloatArray = self.times[1:][same]
        return found[found > 0.0]

    def at(self, log_moneyness: FloatArray, times: FloatArray) -> FloatArray:
        """Variance, of the shape that the arguments broadcast to; at a jump that of the time after."""
        below = np.clip(np.searchsorted(self.times, times, side="right") - 1, 0, self.times.size - 2)
        span = self.times[below + 1] - self.times[below]
        part = np.clip((times - self.times[below]) / np.where(span > 0.0, span, 1.0), 0.0, 1.0)
        low, high = self._row(below, log_moneyness), self._row(below + 1, log_moneyness)
        if self.reciprocal:
            value: FloatArray = low * high / np.maximum((1.0 - part) * high + part * low, TINY)
            return value
        return low + part * (high - low)

    def _row(self, row: NDArray[np.int64], log_moneyness: FloatArray) -> FloatArray:
        places = self.places
        here = np.clip(log_moneyness / self.scales[row], places[0], places[-1])
        left = np.clip(np.searchsorted(places, here, side="right") - 1, 0, places.size - 2)
        width = (places[1:] - places[:-1])[left]
        part = (here - places[left]) / width
        node = left + row * places.size
        values, slopes = self.variances.reshape(-1), self.slopes.reshape(-1)
        start, end = values[node], values[node + 1]
        first, last = width * slopes[node], width * slopes[node + 1]
        rise = end - start
        found: FloatArray = start + part * (
            first + part * (3.0 * rise - 2.0 * first - last + part * (first + last - 2.0 * rise))
        )
        return np.maximum(found, 0.0)  # where a node is zero, rounding falls below it


def _slopes(places: FloatArray, values: FloatArray) -> FloatArray:
    """Of the parabola through each node and its neighbours, within what keeps the cubics positive."""
    width = np.diff(places)
    rise = np.diff(values, axis=1) / width
    slope = np.empty_like(values)
    slope[:, 1:-1] = (width[1:] * rise[:, :-1] + width[:-1] * rise[:, 1:]) / (width[1:] + width[:-1])
    slope[:, 0], slope[:, -1] = rise[:, 0], rise[:, -1]
    steepest = 3.0 * values / np.maximum(np.append(width[0], width), np.append(width, width[-1]))
    found: FloatArray = np.minimum(np.maximum(slope, -steepest), steepest)
    return found
