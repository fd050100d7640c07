"""Models of one price as a table of instantaneous variances, and how far the price may go.

Constant (Black-Scholes), a function of price and time (`LocalVolatilityFunction`), of price (CEV), of time (Heston
without volatility of variance). A function may name the times at which it jumps, as `breaks`: a step across one takes
the mean over time, which keeps the error of second order. Refuses a volatility that is negative or not a number, naming
price and time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optionix_core.errors import InvalidValueError
from optionix_core.market.protocols import LocalVolatilityFunction
from optionix_core.pricing.models.black_scholes import BlackScholesModel
from optionix_core.pricing.models.cev import CevModel
from optionix_core.pricing.models.heston import HestonModel

FloatArray = NDArray[np.float64]

DEVIATIONS = 6.0
"""Total deviations that the grid reaches beyond spot and drift."""
LIKELY = 2.5
"""Total deviations within which the highest volatility widens the grid."""
WIDEST = 3.0
"""By how much the wings' volatility may widen the grid over that of the volatility at the spot."""
MOST_DEVIATION = 15.0
TIMES = 16
LARGEST_VOLATILITY = 1e6


def check_deviation(deviation: float) -> None:
    """Raises InvalidValueError where the price may go further than a grid reaches."""
    if not deviation <= MOST_DEVIATION:
        bound = f"at most {MOST_DEVIATION:g} in total, volatility times the root of the expiry, on a grid"
        raise InvalidValueError("volatility", f"{deviation:g}", bound)


@dataclass(frozen=True, slots=True)
class Volatility:
    """The instantaneous variance of the logarithm of the price."""

    model: BlackScholesModel | CevModel | HestonModel | LocalVolatilityFunction

    @property
    def steady(self) -> bool:
        """Whether it does not depend on time."""
        return isinstance(self.model, BlackScholesModel | CevModel)

    def variance(self, spots: FloatArray, times: FloatArray) -> FloatArray:
        """Of shape (len(times), len(spots)), or (1, len(spots)) where it does not depend on time."""
        model = self.model
        if isinstance(model, BlackScholesModel):
            return np.full((1, len(spots)), model.volatility**2)
        if isinstance(model, CevModel):
            table = (model.delta * np.power(spots, model.beta - 1.0))[None, :] ** 2
        elif isinstance(model, HestonModel):
            level = model.theta + (model.v0 - model.theta) * np.exp(-model.kappa * times)
            table = np.repeat(level[:, None], len(spots), axis=1)
        else:
            volatility = np.asarray(model.local_volatility(spots[None, :], times[:, None]), dtype=np.float64)
            volatility = np.broadcast_to(volatility, (len(times), len(spots)))
            bad = ~((volatility >= 0.0) & (volatility <= LARGEST_VOLATILITY))
            if bad.any():
                row, column = (int(place[0]) for place in np.nonzero(bad))
                bound = f"zero or more, at most {LARGEST_VOLATILITY:g} (spot {spots[column]:g}, time {times[row]:g})"
                raise InvalidValueError("local_volatility", float(volatility[row, column]), bound)
            table = volatility**2
        return np.ascontiguousarray(np.minimum(table, LARGEST_VOLATILITY**2))

    @property
    def breaks(self) -> FloatArray:
        """Times above zero at which it jumps, increasing."""
        return np.array(getattr(self.model, "breaks", ()), dtype=np.float64)

    def over_steps(self, spots: FloatArray, middles: FloatArray, sizes: FloatArray) -> FloatArray:
        """Mean over steps of these middle times and sizes, of shape (len(middles), len(spots))."""
        starts, ends = middles - 0.5 * sizes, middles + 0.5 * sizes
        breaks = self.breaks
        first, last = np.searchsorted(breaks, starts, side="right"), np.searchsorted(breaks, ends, side="left")
        inside = np.maximum(last - first, 0)
        if not inside.any():
            return self.variance(spots, middles)
        edges = [
            np.array([start, *breaks[i:j], end]) for start, end, i, j in zip(starts, ends, first, last, strict=True)
        ]
        lengths = np.concatenate([np.diff(edge) for edge in edges])
        centres = np.concatenate([0.5 * (edge[1:] + edge[:-1]) for edge in edges])
        pieces = self.variance(spots, centres)
        begin = np.append(0, np.cumsum(inside + 1)[:-1])
        found: FloatArray = np.add.reduceat(pieces * lengths[:, None], begin, axis=0) / sizes[:, None]
        return found

    def deviation(self, spot: float, drift: float, expiry: float) -> float:
        """Total deviation of the logarithm up to `expiry`, with the highest volatility among likely prices."""
        times: FloatArray = np.linspace(0.5, TIMES - 0.5, TIMES, dtype=np.float64) * (expiry / TIMES)
        path: FloatArray = np.asarray(spot * np.exp(drift * times), dtype=np.float64)
        along = self.variance(path, times)
        plain = math.sqrt(float(np.mean(along if len(along) == 1 else np.diagonal(along))) * expiry)
        check_deviation(plain)
        if isinstance(self.model, BlackScholesModel | HestonModel):
            return plain
        reach = plain
        for _ in range(3):
            places: FloatArray = spot * np.exp(np.linspace(-LIKELY, LIKELY, 33) * reach + 0.5 * drift * expiry)
            highest = float(np.mean(self.variance(places, times).max(axis=1)))
            reach = min(math.sqrt(highest * expiry), WIDEST * plain) if plain > 0.0 else math.sqrt(highest * expiry)
        return max(reach, plain)
