"""A local volatility of price and time, and where it comes from: a surface, a constant or an array.

Volatility belongs to log-moneyness ln(S / F(t)), since Dupire's equation in that coordinate knows no carry: whatever
the forwards of a market are, the smiles are met at the same K / F. The model keeps the forwards that turn a price into
moneyness. A model of a surface has the surface's; `on(market)` gives the same model with those of a flat market, which
is what a grid or a simulation in that market needs to meet the surface. `local_volatility(spot, time)` is then a fixed
function of both, so that a bumped spot moves along the smile and not with it.

Refuses cash dividends: the price then is no product of its forward and a martingale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing.dividends import schedule
from optionix_core.volatility.local.dupire import Repairs, Rows, local_variance
from optionix_core.volatility.local.grid import VarianceGrid

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from optionix_core.pricing.flat_market import FlatMarket
    from optionix_core.volatility.surface.surface import VolatilitySurface

    FloatArray = NDArray[np.float64]

TIME_POINTS = 40
MONEYNESS_POINTS = 61
DEVIATIONS = 8.0
"""At the money, that nodes reach to either side; local variance is constant beyond."""
BEND = 1.5
"""Deviations within which nodes are nearly even; further out their distance grows."""
LEAST_ROWS = 4
"""Of an interval between expiries."""
FIRST_ROWS = 5
"""Of the interval before the first expiry, in which g changes most."""
AFTER = (1.0, 2.0, 4.0)
"""Last expiries at which rows follow the surface beyond it."""
NONE = Repairs(nodes=0, calendar=0, butterfly=0, capped=0)
ONE = np.ones(1)
ZERO = np.zeros(1)


@dataclass(frozen=True, slots=True, eq=False)
class LocalVolatilityModel:
    """A `market.protocols.LocalVolatilityFunction`. Raises InvalidValueError, naming field, value and bound."""

    grid: VarianceGrid
    forward_times: FloatArray = field(default_factory=ZERO.copy)
    """Years, not falling, the first zero; one that stands twice is a fall of the price: (m,)."""
    log_forwards: FloatArray = field(default_factory=ZERO.copy)
    """Linear between `forward_times` and on after them: (m,). A single zero: moneyness is the price itself."""
    pace_times: FloatArray = field(default_factory=ZERO.copy)
    """From each of which the clock of variance has another pace, the first zero: (p,)."""
    paces: FloatArray = field(default_factory=ONE.copy)
    """What variances of the grid are multiplied by, positive: (p,)."""
    repairs: Repairs = NONE
    """Nodes where the surface gave no local variance."""

    def __post_init__(self) -> None:
        for name, times, values in (
            ("forward_times", self.forward_times, self.log_forwards),
            ("pace_times", self.pace_times, self.paces),
        ):
            if times.ndim != 1 or times.shape != values.shape or times.size == 0 or times[0] != 0.0:
                raise InvalidValueError(name, times.tolist(), "one time for each value, the first zero")
            if not np.all(np.isfinite(times)) or np.any(np.diff(times) < 0.0):
                raise InvalidValueError(name, times.tolist(), "finite and not falling")
        if not np.all(np.isfinite(self.log_forwards)):
            raise InvalidValueError("log_forwards", self.log_forwards.tolist(), "finite")
        if not np.all((self.paces > 0.0) & np.isfinite(self.paces)):
            raise InvalidValueError("paces", self.paces.tolist(), "positive and finite")

    @classmethod
    def from_surface(
        cls,
        surface: VolatilitySurface,
        *,
        time_points: int = TIME_POINTS,
        moneyness_points: int = MONEYNESS_POINTS,
        deviations: float = DEVIATIONS,
    ) -> LocalVolatilityModel:
        """Dupire's local volatility of `surface`, with the surface's own forwards.

        Rows of the grid are on both sides of every expiry and even in the root of time between, `time_points` of them
        or as many as the expiries need; `moneyness_points` nodes reach `deviations` at the money to either side, and
        variance is constant beyond. Where the surface has arbitrage see `repairs`. Raises InvalidValueError for sizes
        outside their bounds, DomainError where a time has no local variance at all.
        """
        for name, size, least, most in (
            ("time_points", time_points, 8, 100_000),
            ("moneyness_points", moneyness_points, 5, 10_001),
        ):
            if isinstance(size, bool) or not isinstance(size, int) or not least <= size <= most:
                raise InvalidValueError(name, size, f"a whole number from {least} to {most:,}")
        if not 1.0 <= deviations <= 100.0:
            raise InvalidValueError("deviations", deviations, "from 1 to 100")
        rows = surface_rows(surface, time_points)
        reach = math.asinh(deviations / BEND)
        places = BEND * np.sinh(np.linspace(-reach, reach, moneyness_points))
        scales = _scales(surface, rows)
        variances, repairs = local_variance(surface, rows, scales[:, None] * places)
        grid = VarianceGrid(rows.times, places, scales, variances, reciprocal=True)
        years = surface.years
        levels = np.log([item.forward for item in surface.slices])
        first = levels[0] if surface.spot is None else math.log(surface.spot)
        pace_times, paces = _paces(surface)
        return cls(grid, np.append(0.0, years), np.append(first, levels), pace_times, paces, repairs)

    @classmethod
    def flat(cls, volatility: float) -> LocalVolatilityModel:
        """One volatility, zero or more, at all prices and times."""
        if not 0.0 <= volatility < math.inf:
            raise InvalidValueError("volatility", volatility, "zero or more and finite")
        places = np.array([-1.0, 0.0, 1.0])
        return cls(VarianceGrid(np.array([0.0, 1.0]), places, np.ones(2), np.full((2, 3), volatility**2)))

    @classmethod
    def from_grid(cls, times: ArrayLike, spots: ArrayLike, volatilities: ArrayLike) -> LocalVolatilityModel:
        """Volatilities of shape (len(times), len(spots)): variance is linear in time and cubic in ln S between them.

        `times` do not fall, one that stands twice is a jump; `spots` are positive and increase, three at least.
        Constant beyond the outermost of both.
        """
        when, spot = np.atleast_1d(np.asarray(times, np.float64)), np.atleast_1d(np.asarray(spots, np.float64))
        values = np.asarray(volatilities, np.float64)
        if values.shape != (when.size, spot.size):
            raise InvalidValueError("volatilities", values.shape, f"of shape {(when.size, spot.size)}")
        _check_each("spots", spot, spot > 0.0, "positive")
        _check_each("volatilities", values, values >= 0.0, "zero or more")
        if when.size == 1:
            when, values = when + np.array([0.0, 1.0]), np.repeat(values, 2, axis=0)
        return cls(VarianceGrid(when, np.log(spot), np.ones(when.size), values**2))

    @property
    def breaks(self) -> tuple[float, ...]:
        """Times above zero at which volatility may jump: steps of a scheme should end there."""
        return tuple(np.union1d(self.grid.breaks, self.pace_times[1:]).tolist())

    def forward(self, time: ArrayLike) -> FloatArray:
        """Price of moneyness one at `time`, of its shape."""
        found: FloatArray = np.exp(self._log_forward(np.asarray(time, np.float64)))
        return found

    def local_volatility(self, spot: ArrayLike, time: ArrayLike) -> FloatArray:
        """Annualised local volatility at `spot` (positive) and `time` in years (zero or more); arguments broadcast.

        Raises InvalidValueError for other arguments.
        """
        s, t = np.asarray(spot, np.float64), np.asarray(time, np.float64)
        _check_each("spot", s, s > 0.0, "positive")
        _check_each("time", t, t >= 0.0, "zero or more")
        k = np.log(s) - self._log_forward(t)
        found: FloatArray = np.sqrt(self.local_variance(k, t))
        return found

    def local_variance(self, log_moneyness: ArrayLike, time: ArrayLike) -> FloatArray:
        """Its square at ln(S / F(time)); arguments broadcast."""
        t = np.asarray(time, np.float64)
        found = self.grid.at(np.asarray(log_moneyness, np.float64), t)
        if self.paces.size > 1 or self.paces[0] != 1.0:
            found = found * self.paces[np.searchsorted(self.pace_times, t, side="right") - 1]
        return found

    def on(self, market: FlatMarket) -> LocalVolatilityModel:
        """The same smiles in moneyness, on the forwards of `market`.

        Raises InvalidValueError for a market of several prices or with cash dividends.
        """
        if len(market.spots) != 1:
            raise InvalidValueError("spot", market.spot, "one price")
        plan = schedule(market.dividends)
        if plan.times and not plan.proportional:
            raise InvalidValueError("dividends", "cash dividends", "proportional under a local volatility of moneyness")
        carry, level, now = market.rate - market.yields[0], math.log(market.spots[0]), 0.0
        times, levels = [0.0], [level]
        for time, fraction in sorted(zip(plan.times, plan.amounts, strict=True)):
            before = level + carry * (time - now)
            times += [time, time]
            level, now = before + math.log1p(-fraction), time
            levels += [before, level]
        times.append(now + 1.0)
        levels.append(level + carry)
        return replace(self, forward_times=np.array(times), log_forwards=np.array(levels))

    def _log_forward(self, time: FloatArray) -> FloatArray:
        times, levels = self.forward_times, self.log_forwards
        found: FloatArray = np.interp(time, times, levels)
        if times.size > 1:
            found = found + (levels[-1] - levels[-2]) / (times[-1] - times[-2]) * np.maximum(time - times[-1], 0.0)
        return found


def _check_each(name: str, values: FloatArray, good: NDArray[np.bool_], bound: str) -> None:
    if not np.all(good):
        row = int(np.flatnonzero(~good.reshape(-1))[0])
        raise InvalidValueError(name, float(values.reshape(-1)[row]), bound, row if values.ndim else None)


def surface_rows(surface: VolatilitySurface, count: int) -> Rows:
    """Rows on both sides of every expiry, at now, between, and beyond the last expiry."""
    ends = np.sqrt(np.append(0.0, surface.years))
    more = max(count - len(AFTER) - FIRST_ROWS - LEAST_ROWS * (ends.size - 2), 0)
    extra = np.floor(more * np.diff(ends) / ends[-1] + 0.5).astype(np.int64)
    clock = np.append(0.0, surface.clock.time(surface.as_of, surface.years))
    times, interval, share = [], [], []
    for place in range(ends.size - 1):
        size = int(extra[place]) + (LEAST_ROWS if place else FIRST_ROWS)
        inside = np.linspace(ends[place], ends[place + 1], size) ** 2
        inside[-1] = surface.years[place]
        if place:
            inside[0] = surface.years[place - 1]
        times.append(inside)
        interval.append(np.full(size, place))
        now = surface.clock.time(surface.as_of, inside) if place else inside
        start, end = (clock[place], clock[place + 1]) if place else (0.0, surface.years[0])
        share.append((now - start) / (end - start))
    after = np.array(AFTER)
    times.append(surface.years[-1] * after)
    interval.append(np.full(after.size, ends.size - 1))
    share.append(after)
    return Rows(np.concatenate(times), np.concatenate(interval), np.concatenate(share))


def _scales(surface: VolatilitySurface, rows: Rows) -> FloatArray:
    """Deviation at the money at each row, that of the first expiry before it."""
    level = np.array([float(item.smile.total_variance(0.0)) for item in surface.slices])
    if not np.all(level > 0.0):
        place = int(np.flatnonzero(~(level > 0.0))[0])
        raise InvalidValueError("surface", float(level[place]), "of positive total variance at the money", place)
    last = level.size - 1
    far, near = level[np.minimum(rows.interval, last)], level[np.maximum(rows.interval - 1, 0)]
    found = near + np.clip(rows.share, 0.0, 1.0) * (far - near)
    beyond = np.where(rows.interval > last, rows.share * level[-1], found)
    root: FloatArray = np.sqrt(np.where(rows.interval == 0, level[0], beyond))
    return root


def _paces(surface: VolatilitySurface) -> tuple[FloatArray, FloatArray]:
    """Where the clock changes its pace between first and last expiry, and the pace from there on."""
    if surface.clock.is_calendar or len(surface.slices) == 1:
        return ZERO, ONE
    from datetime import UTC

    start = surface.as_of.astimezone(UTC)
    passed = (start.hour * 3600 + start.minute * 60 + start.second + 1e-6 * start.microsecond) / 86_400
    first, last = float(surface.years[0]), float(surface.years[-1])
    days = (np.arange(1, math.ceil(365.0 * last + passed) + 1) - passed) / 365.0
    edges = np.concatenate([[first], days[(days > first) & (days < last)], [last]])
    pace = np.diff(surface.clock.time(surface.as_of, edges)) / np.diff(edges)
    times, paces = np.append(0.0, edges), np.concatenate([[1.0], pace, [1.0]])
    changes = np.append(True, np.abs(np.diff(paces)) > 1e-9)
    return times[changes], paces[changes]
