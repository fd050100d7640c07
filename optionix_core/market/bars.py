"""Bars of a price: open, high, low, close and volume by interval, and longer ones made of daily ones.

A bar begins at its `start` and ends where the next one begins or its market closes. Refuses to fill anything in: what a
day lacks (nan) is lacking in every longer bar that the day is part of.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.market.intervals import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.market.protocols import PriceHistory

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Bars of an underlying, oldest first; arrays of shape (bars,), nan where something is not known."""

    underlying: str
    source: str
    interval: Interval
    starts: tuple[datetime, ...]
    """UTC; of a day or longer, midnight of its first day."""
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    implied_volatility: FloatArray
    """30-day at-the-money implied volatility at the bar's close, a fraction."""

    def __len__(self) -> int:
        return len(self.starts)

    def first(self, count: int) -> Bars:
        """The first `count` of them, or all."""
        columns: dict[str, Any] = {name: getattr(self, name)[:count] for name in COLUMNS}
        return replace(self, starts=self.starts[:count], **columns)

    def since(self, place: int) -> Bars:
        """Those from a place on."""
        columns: dict[str, Any] = {name: getattr(self, name)[place:] for name in COLUMNS}
        return replace(self, starts=self.starts[place:], **columns)

    def followed_by(self, more: Bars) -> Bars:
        """These up to where `more` begins, then `more`."""
        if not more.starts:
            return self
        kept = sum(start < more.starts[0] for start in self.starts)
        columns: dict[str, Any] = {
            name: np.concatenate((getattr(self, name)[:kept], getattr(more, name))) for name in COLUMNS
        }
        return replace(self, starts=(*self.starts[:kept], *more.starts), **columns)


COLUMNS = ("open", "high", "low", "close", "volume", "implied_volatility")


def midnight(day: date) -> datetime:
    """The start of a day's bar."""
    return datetime.combine(day, time(), UTC)


def daily(history: PriceHistory) -> Bars:
    """A daily history as bars."""
    return Bars(
        underlying=history.underlying,
        source=history.source,
        interval=Interval.DAY,
        starts=tuple(midnight(day) for day in history.days),
        **{name: getattr(history, name) for name in COLUMNS},
    )


def merged(bars: Bars, interval: Interval) -> Bars:
    """Daily bars as bars of `interval`: weeks from Monday on, months, quarters and years of the calendar.

    Raises InvalidValueError for bars that are not daily, and for an interval shorter than a day.
    """
    if bars.interval is not Interval.DAY or interval.step is not None:
        bound = "daily bars merged to 1d, 1w, 1mo, 1q or 1y"
        raise InvalidValueError("interval", f"{bars.interval} to {interval}", bound)
    if interval is Interval.DAY or not bars.starts:
        return replace(bars, interval=interval)
    firsts = [_first_day(start.date(), interval) for start in bars.starts]
    begins = [place for place, first in enumerate(firsts) if not place or first != firsts[place - 1]]
    ends = np.array([*begins[1:], len(firsts)]) - 1
    at = np.array(begins)
    return Bars(
        underlying=bars.underlying,
        source=bars.source,
        interval=interval,
        starts=tuple(midnight(firsts[place]) for place in begins),
        open=bars.open[at],
        high=np.maximum.reduceat(bars.high, at),
        low=np.minimum.reduceat(bars.low, at),
        close=bars.close[ends],
        volume=np.add.reduceat(bars.volume, at),
        implied_volatility=bars.implied_volatility[ends],
    )


def grouped(bars: Bars, size: int) -> Bars:
    """Every `size` bars as one, counted from the newest, so that the last one is whole; the interval stays as told."""
    if size < 1:
        raise InvalidValueError("size", size, "at least 1")
    if size == 1 or not bars.starts:
        return bars
    at = np.arange((len(bars) - 1) % size + 1 - size, len(bars), size).clip(min=0)
    ends = np.append(at[1:], len(bars)) - 1
    return replace(
        bars,
        starts=tuple(bars.starts[place] for place in at.tolist()),
        open=bars.open[at],
        high=np.maximum.reduceat(bars.high, at),
        low=np.minimum.reduceat(bars.low, at),
        close=bars.close[ends],
        volume=np.add.reduceat(bars.volume, at),
        implied_volatility=bars.implied_volatility[ends],
    )


def of_prices(
    underlying: str,
    source: str,
    interval: Interval,
    told: tuple[tuple[datetime, float, float | None], ...],
) -> Bars:
    """Bars of prices as they were told, (moment, price, volume since the day began), in order of time.

    A bar holds what was told in its stretch of the clock (UTC), so none stands where nothing was told. Its volume is
    what the count rose by since the bar before, nan where that is not told or begins anew. Interval: within a day.
    """
    step = interval.step
    if step is None:
        raise InvalidValueError("interval", str(interval), "shorter than a day")
    floors = [at - (at - _EPOCH) % step for at, _, _ in told]
    begins = [place for place, floor in enumerate(floors) if not place or floor != floors[place - 1]]
    at = np.array(begins, dtype=np.int64)
    ends = np.append(at[1:], len(told)) - 1 if begins else at
    prices = np.array([price for _, price, _ in told], dtype=np.float64)
    counts = np.array([np.nan if count is None else count for _, _, count in told], dtype=np.float64)
    closing = counts[ends]
    rose = np.diff(closing, prepend=np.nan)
    same_day = np.array([bool(place) and floors[place].date() == floors[place - 1].date() for place in begins], bool)
    return Bars(
        underlying=underlying,
        source=source,
        interval=interval,
        starts=tuple(floors[place] for place in begins),
        open=prices[at],
        high=np.maximum.reduceat(prices, at) if begins else prices,
        low=np.minimum.reduceat(prices, at) if begins else prices,
        close=prices[ends],
        volume=np.where(same_day & (rose >= 0.0), rose, np.nan),
        implied_volatility=np.full(len(begins), np.nan),
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _first_day(day: date, interval: Interval) -> date:
    if interval is Interval.WEEK:
        return day - timedelta(days=day.weekday())
    if interval is Interval.MONTH:
        return day.replace(day=1)
    if interval is Interval.QUARTER:
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(month=1, day=1)
