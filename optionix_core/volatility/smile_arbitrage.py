"""Static arbitrage in a volatility function, looked for on a dense grid of log-moneyness and expiries.

Butterfly: the density that a smile implies is non-negative where Durrleman's function g is (Gatheral & Jacquier,
"Arbitrage-free SVI volatility surfaces", Quantitative Finance 14, 2014, eq. 2.1); with k = ln(K / F) and w total
variance,

    g(k) = (1 - k w' / (2 w))^2 - w'^2 / 4 (1 / w + 1 / 4) + w'' / 2

Calendar: w does not fall with expiry at fixed k (the same paper, definition 2.2). The grid is a test and not a
proof: what happens between its points or outside its range is not seen. Severity is in price, so that a
violation too small to be traded can be told from one that is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from optionix_core.market.protocols import VolatilityFunction

    FloatArray = NDArray[np.float64]


class SmilePoint(NamedTuple):
    """Where a volatility function is arbitrageable."""

    expiry: float
    """Years."""
    log_moneyness: float
    severity: float
    """Undiscounted price: of the butterfly of wing width `step` F that is worth less than nothing, or the fall of the
    out-of-the-money option from one expiry to the next, both at forwards of the caller's unit."""


@dataclass(frozen=True, slots=True)
class SmileReport:
    """Outcome of the search."""

    minimum_g: float
    """Least value of Durrleman's function on the grid; negative means a butterfly arbitrage."""
    butterflies: tuple[SmilePoint, ...]
    """Worst first."""
    calendars: tuple[SmilePoint, ...]
    """Worst first; `expiry` is the later one."""
    points: int
    """Grid points that were tested."""

    @property
    def found(self) -> bool:
        """Whether there is any arbitrage on the grid."""
        return bool(self.butterflies or self.calendars)


def check_function(
    function: VolatilityFunction,
    expiries: ArrayLike,
    forwards: ArrayLike,
    *,
    deviations: float = 4.0,
    points: int = 401,
    tolerance: float = 1e-9,
) -> SmileReport:
    """Search `function` for butterfly arbitrage at each of `expiries` and calendar arbitrage between them.

    `expiries` (years, increasing, shape (n,)) and `forwards` (shape (n,)) say where; each smile is looked at within
    `deviations` standard deviations of its forward, at `points` strikes. A violation counts when g or the step of total
    variance is below -`tolerance`. Raises InvalidValueError for inputs outside these bounds and for volatilities
    that are not positive and finite.
    """
    times = np.atleast_1d(np.asarray(expiries, dtype=float))
    levels = np.broadcast_to(np.asarray(forwards, dtype=float), times.shape)
    if times.ndim != 1 or not times.size or not (np.all(times > 0.0) and np.all(np.diff(times) > 0.0)):
        raise InvalidValueError("expiries", times.tolist(), "positive and increasing")
    if not np.all(levels > 0.0):
        raise InvalidValueError("forwards", levels.tolist(), "positive")
    if points < 5:
        raise InvalidValueError("points", points, "at least 5")
    least = np.inf
    butterflies: list[SmilePoint] = []
    calendars: list[SmilePoint] = []
    for place, (time, level) in enumerate(zip(times.tolist(), levels.tolist(), strict=True)):
        centre = float(_volatility(function, np.array([level]), time)[0])
        reach = deviations * centre * np.sqrt(time)
        grid = np.linspace(-reach, reach, points)
        variance = _total_variance(function, grid, time, level)
        g = durrleman(function, grid, time, level)
        least = min(least, float(g.min()))
        for bad in np.flatnonzero(g < -tolerance).tolist():
            severity = -float(g[bad]) * _density_unit(float(grid[bad]), float(variance[bad]), level, grid[1] - grid[0])
            butterflies.append(SmilePoint(time, float(grid[bad]), severity))
        if place:
            earlier = float(times[place - 1])
            before = _total_variance(function, grid, earlier, float(levels[place - 1]))
            fall = before - variance
            for bad in np.flatnonzero(fall > tolerance).tolist():
                k = float(grid[bad])
                drop = _option(k, float(before[bad])) - _option(k, float(variance[bad]))
                calendars.append(SmilePoint(time, k, level * drop))
    return SmileReport(least, _worst_first(butterflies), _worst_first(calendars), points * times.size)


def durrleman(function: VolatilityFunction, log_moneyness: FloatArray, expiry: float, forward: float) -> FloatArray:
    """Durrleman's g at `log_moneyness` (shape (n,)), by central differences of fourth order in total variance."""
    k = log_moneyness
    step = 0.01 * float(_volatility(function, np.array([forward]), expiry)[0]) * np.sqrt(expiry)
    far_left, left, w, right, far_right = (
        _total_variance(function, k + shift * step, expiry, forward) for shift in (-2.0, -1.0, 0.0, 1.0, 2.0)
    )
    slope = (far_left - 8.0 * left + 8.0 * right - far_right) / (12.0 * step)
    curve = (-far_left + 16.0 * left - 30.0 * w + 16.0 * right - far_right) / (12.0 * step**2)
    g: FloatArray = (1.0 - 0.5 * k * slope / w) ** 2 - 0.25 * slope**2 * (1.0 / w + 0.25) + 0.5 * curve
    return g


def _volatility(function: VolatilityFunction, strike: FloatArray, expiry: float) -> FloatArray:
    found = np.asarray(function.implied_volatility(strike, expiry), dtype=float)
    if not (np.all(np.isfinite(found)) and np.all(found > 0.0)):
        raise InvalidValueError("implied_volatility", float(np.min(found)), f"positive and finite at {expiry} years")
    return np.broadcast_to(found, strike.shape)


def _total_variance(
    function: VolatilityFunction, log_moneyness: FloatArray, expiry: float, forward: float
) -> FloatArray:
    volatility = _volatility(function, forward * np.exp(log_moneyness), expiry)
    return volatility**2 * expiry


def _density_unit(k: float, w: float, forward: float, step: float) -> float:
    """Undiscounted price of a butterfly of wings `step` F for each unit of g: density times the area of its payoff."""
    root = np.sqrt(w)
    upper = -k / root - 0.5 * root
    density = np.exp(-0.5 * upper**2) / (np.sqrt(2.0 * np.pi) * root * forward * np.exp(k))
    return float(density * (step * forward) ** 2)


def _option(k: float, w: float) -> float:
    """Black's undiscounted out-of-the-money option for a forward of 1."""
    from math import erfc, exp, sqrt

    root = sqrt(w)
    side = 1.0 if k >= 0.0 else -1.0
    above = -k / root + 0.5 * root
    return side * 0.5 * (erfc(-side * above / sqrt(2.0)) - exp(k) * erfc(-side * (above - root) / sqrt(2.0)))


def _worst_first(found: Sequence[SmilePoint]) -> tuple[SmilePoint, ...]:
    return tuple(sorted(found, key=lambda one: (-one.severity, one.expiry, one.log_moneyness)))
