"""What is listed on the simulated venue: expiries, and the strikes of each.

Expiries and their settlement moments are the market room's, on the real calendar. Strikes are ours:
an expiry is listed a fixed time before it ends, with a step that its spot of that day decides and that
never changes; every three days the range is extended where spot has moved, and no strike is ever taken
away. All of it follows from the seed, so a strike is known to be listed without any list.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from math import ceil, exp, floor

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.feeds.simulated.path import TICKS_PER_DAY, SpotPath, moment_of, tick_of
from optionix_core.market import expirations, sessions

RESET_TICKS = 1 << 20
"""Three days: how often the exchange looks whether strikes must be added."""
_STEPS = (500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000)
"""Strike steps, in thousandths as OSI symbols count them."""
_STRIKES = 80
"""A range is cut into at most this many steps at listing."""


@dataclass(frozen=True, slots=True)
class Life:
    """How long before its end an expiry is listed, and how much wider its strikes are than the near ones'."""

    days: int
    width: float


WEEKLY = Life(50, 1.0)
MONTH_END = Life(110, 1.0)
MONTHLY = Life(400, 1.4)
JANUARY = Life(1150, 1.8)


@dataclass(frozen=True, slots=True)
class Series:
    """One listed expiry."""

    expiry: date
    expires_at: datetime
    expires_tick: int
    listed_tick: int
    step: int
    """Distance of strikes, thousandths."""
    reach: float
    """Strikes go from spot * exp(-reach) to spot * exp(reach)."""


class Listing:
    """The expiries and strikes of one underlying."""

    def __init__(self, path: SpotPath) -> None:
        self._path = path
        self._root = path.underlying.symbol
        self._known: dict[date, Series] = {}
        self._dates: dict[date, tuple[date, ...]] = {}

    def expiries(self, tick: int) -> tuple[Series, ...]:
        """What is listed and not expired at `tick`, nearest first."""
        on = moment_of(tick).date()
        dates = self._dates.get(on)
        if dates is None:
            dates = tuple(item.expiry for item in expirations.listed(self._root, on))
            self._dates = {on: dates}
        series = (self.series(expiry) for expiry in dates)
        return tuple(item for item in series if item.listed_tick <= tick < item.expires_tick)

    def listed(self, expiry: date, tick: int) -> Series:
        """One expiry, if it is listed at `tick`.

        Raises MissingDataError where it has expired or is not listed yet, UnknownNameError where the
        calendar has no such expiry.
        """
        found = next((item for item in self.expiries(tick) if item.expiry == expiry), None)
        if found is not None:
            return found
        item = self.series(expiry)
        if item.expires_tick <= tick:
            raise MissingDataError(f"{self._root} {expiry} expired at {item.expires_at.isoformat()}: it has no quotes")
        raise MissingDataError(f"{self._root} {expiry} is not listed at {moment_of(tick).isoformat()}")

    def series(self, expiry: date) -> Series:
        """The terms of an expiry on the calendar, listed at this moment or not."""
        found = self._known.get(expiry)
        if found is None:
            life = self._life(expiry)
            ends = expirations.settlement_moment(self._root, expiry)
            expires_tick = tick_of(ends)
            listed_tick = max(0, expires_tick - life.days * TICKS_PER_DAY)
            reach = self._path.underlying.strike_width * life.width
            spot = self._path.state(listed_tick).spot
            target = 1000.0 * spot * (exp(reach) - exp(-reach)) / _STRIKES
            step = next((size for size in _STEPS if size >= target), _STEPS[-1])
            found = Series(expiry, ends, expires_tick, listed_tick, step, reach)
            self._known[expiry] = found
        return found

    def strikes(self, series: Series, tick: int) -> range:
        """All strikes listed at `tick`, in thousandths, ascending."""
        spots = [self._path.state(reset).spot for reset in self._resets(series, tick)]
        lowest, _ = self._range(series, min(spots))
        _, highest = self._range(series, max(spots))
        return range(lowest, highest + 1, series.step)

    def has_strike(self, series: Series, thousandths: int, tick: int) -> bool:
        """Whether a strike is in `strikes`, without building them where today's range answers."""
        if thousandths % series.step:
            return False
        last = tick // RESET_TICKS * RESET_TICKS
        lowest, highest = self._range(series, self._path.state(max(last, series.listed_tick)).spot)
        return lowest <= thousandths <= highest or thousandths in self.strikes(series, tick)

    def _resets(self, series: Series, tick: int) -> tuple[int, ...]:
        first = series.listed_tick // RESET_TICKS + 1
        return (series.listed_tick, *range(first * RESET_TICKS, tick + 1, RESET_TICKS))

    def _range(self, series: Series, spot: float) -> tuple[int, int]:
        lowest = max(1, ceil(1000.0 * spot * exp(-series.reach) / series.step))
        return lowest * series.step, floor(1000.0 * spot * exp(series.reach) / series.step) * series.step

    def _life(self, expiry: date) -> Life:
        listed = tuple(item.expiry for item in expirations.listed(self._root, expiry))
        if expiry not in listed:
            raise UnknownNameError("expiry", f"{self._root} {expiry}", tuple(map(str, listed[:3])))
        if expiry == expirations.monthly(expiry.year, expiry.month, root=self._root).expiry:
            return JANUARY if expiry.month == 1 else MONTHLY
        is_month_end = sessions.next_session(expiry).day.month != expiry.month
        return MONTH_END if is_month_end else WEEKLY
