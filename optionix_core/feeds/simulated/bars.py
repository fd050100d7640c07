"""Bars within a day of a simulated underlying, in the hours that the feed keeps.

Open and close are the spots at the ends of a bar, high and low are taken over these and `SAMPLES` spots between, and
volume is what the quotes' own count rises by. A bar that is not over ends at the moment that it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.feeds.simulated.noise import uniform
from optionix_core.feeds.simulated.path import TICK, TICKS_PER_DAY, moment_of, tick_of
from optionix_core.feeds.simulated.path_arrays import states
from optionix_core.market import sessions
from optionix_core.market.bars import Bars
from optionix_core.market.intervals import Interval

if TYPE_CHECKING:
    from optionix_core.feeds.simulated.venue import Market, SimulatedFeed

SAMPLES = 15
"""Stretches that a bar is looked at in."""


class _Span(NamedTuple):
    """Ticks of a bar, and of the trading day that it lies in."""

    start: int
    stop: int
    opens: int
    closes: int


def bars_within(feed: SimulatedFeed, market: Market, interval: Interval, after: datetime, until: datetime) -> Bars:
    """Bars that begin after `after` and by `until`. See `TellsBars`."""
    step = interval.step
    if step is None:
        raise InvalidValueError("interval", str(interval), "shorter than a day; days are told by history")
    first, last = tick_of(after) + 1, tick_of(until)
    spans = [span for span in _spans(feed, step // TICK, after, until) if first <= span.start < last]
    ticks: list[int] = []
    begins: list[int] = []
    for span in spans:
        stop = min(span.stop, last)
        begins.append(len(ticks))
        ticks.extend(range(span.start, stop, max(step // TICK // SAMPLES, 1)))
        ticks.append(stop)
    at = np.array(begins, dtype=np.int64)
    if begins:
        spots, _ = states(market.path, np.array(ticks, dtype=np.int64))
        ends = np.append(at[1:], len(ticks)) - 1
        high, low = np.maximum.reduceat(spots, at), np.minimum.reduceat(spots, at)
    else:
        spots = high = low = np.empty(0)
        ends = at
    return Bars(
        underlying=market.underlying.symbol,
        source=feed.name,
        interval=interval,
        starts=tuple(moment_of(span.start) for span in spans),
        open=spots[at],
        high=high,
        low=low,
        close=spots[ends],
        volume=np.array([_volume(market, span, last) for span in spans], dtype=np.float64),
        implied_volatility=np.full(len(spans), np.nan),
    )


def _volume(market: Market, span: _Span, last: int) -> float:
    """As the difference of two quotes' counts, see `SimulatedFeed.spot`."""
    turnover = market.underlying.daily_volume * (0.6 + 0.8 * uniform(market.own_key ^ 2, span.opens))
    length = span.closes - span.opens
    end, start = min(span.stop, last) - span.opens, span.start - span.opens
    return float(int(turnover * (end / length)) - int(turnover * (start / length)))


def _spans(feed: SimulatedFeed, step: int, after: datetime, until: datetime) -> Iterator[_Span]:
    for opens, closes in _days(feed, after, until):
        for start in range(opens, closes, step):
            yield _Span(start, min(start + step, closes), opens, closes)


def _days(feed: SimulatedFeed, after: datetime, until: datetime) -> Iterator[tuple[int, int]]:
    if feed.session == "continuous":
        first, last = tick_of(after) // TICKS_PER_DAY, tick_of(until) // TICKS_PER_DAY
        for day in range(first, last + 1):
            yield day * TICKS_PER_DAY, (day + 1) * TICKS_PER_DAY
        return
    for one in sessions.sessions_between(after.date() - timedelta(days=1), until.date() + timedelta(days=1)):
        yield tick_of(one.open), tick_of(one.close)
