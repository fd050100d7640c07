"""A square-root variance whose effect on the price a leverage scales: dx = L(t, x) sqrt(v) dW - L^2 v / 2 dt.

x = ln(S / F(t)) is log-moneyness, so that a leverage knows no carry; v is Heston's. Simulation prices whatever has such
a variance and such a leverage. Refuses times beyond the last edge: the leverage is not known there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing.models.heston import HestonModel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

LARGEST = 1e3


@dataclass(frozen=True, slots=True, eq=False)
class LeverageGrid:
    """Constant in time between edges, linear in log-moneyness between even nodes, constant beyond the outer ones.

    Raises InvalidValueError, naming field, value and bound.
    """

    edges: FloatArray
    """Years, increasing from zero: (steps + 1,)."""
    starts: FloatArray
    """Log-moneyness of the first node from each edge on: (steps,)."""
    spacings: FloatArray
    """Distance of the nodes, positive: (steps,)."""
    values: FloatArray
    """Leverage, zero or more: (steps, nodes), two nodes at least."""

    def __post_init__(self) -> None:
        steps = self.starts.size
        edges = self.edges
        if edges.shape != (steps + 1,) or not steps or edges[0] != 0.0 or not np.all(np.diff(edges) > 0.0):
            raise InvalidValueError("edges", edges.tolist(), "increasing from zero, one more than starts")
        if not np.all(np.isfinite(edges)) or not np.all(np.isfinite(self.starts)):
            raise InvalidValueError("edges, starts", "not finite", "finite")
        if self.spacings.shape != (steps,) or not np.all((self.spacings > 0.0) & np.isfinite(self.spacings)):
            raise InvalidValueError("spacings", self.spacings.tolist(), f"{steps} positive, finite numbers")
        if self.values.ndim != 2 or self.values.shape[0] != steps or self.values.shape[1] < 2:
            raise InvalidValueError("values", self.values.shape, f"{steps} rows of two nodes or more")
        bad = ~((self.values >= 0.0) & (self.values <= LARGEST))
        if bad.any():
            row, node = np.argwhere(bad)[0].tolist()
            bound = f"zero or more, at most {LARGEST:g} (time {edges[row]:g}, node {node})"
            raise InvalidValueError("values", float(self.values[row, node]), bound, row)

    @property
    def horizon(self) -> float:
        """Years up to which it is known."""
        return float(self.edges[-1])

    def rows(self, times: FloatArray) -> NDArray[np.int64]:
        """Number of the step that each time lies in. Raises InvalidValueError for times beyond the horizon."""
        if times.size and not (times.min() >= 0.0 and times.max() <= self.horizon):
            worst = float(times.min()) if times.min() < 0.0 else float(times.max())
            raise InvalidValueError("time", worst, f"from zero to the leverage's horizon, {self.horizon:g} years")
        found: NDArray[np.int64] = np.searchsorted(self.edges, times, side="right") - 1
        return np.minimum(found, self.starts.size - 1)

    def at(self, log_moneyness: ArrayLike, time: ArrayLike) -> FloatArray:
        """Leverage; arguments broadcast."""
        x, t = np.broadcast_arrays(np.asarray(log_moneyness, np.float64), np.asarray(time, np.float64))
        row = self.rows(t)
        last = self.values.shape[1] - 1
        place = np.clip((x - self.starts[row]) / self.spacings[row], 0.0, last)
        node = np.minimum(place.astype(np.int64), last - 1)
        part = place - node
        found: FloatArray = self.values[row, node] * (1.0 - part) + self.values[row, node + 1] * part
        return found


@runtime_checkable
class LeveragedVariance(Protocol):
    """A model of this kind."""

    @property
    def variance(self) -> HestonModel:
        """Of v, and the correlation of v and the price."""
        ...

    @property
    def leverage(self) -> LeverageGrid:
        """Of the price."""
        ...
