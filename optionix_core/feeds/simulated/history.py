"""Daily history of a simulated underlying: bars of the sessions of XNYS.

A day is a session of XNYS, early closes in, whatever hours the feed itself keeps. Open and close are the
spots at its open and its close, so that a close equals what options settle on; high and low are taken over
these and the spots of every fifteen minutes between. Implied volatility is that of the smile at the
forward, 30 days from the close. History begins in 2019, not earlier; it covers at least three years
before `until` from 2022 on, and is never empty: an earlier day is an error.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import MissingDataError
from optionix_core.feeds.simulated.noise import normal
from optionix_core.feeds.simulated.path import EPOCH, tick_of
from optionix_core.feeds.simulated.path_arrays import states
from optionix_core.feeds.simulated.smile import SimulatedSmile
from optionix_core.market import sessions
from optionix_core.market.protocols import PriceHistory

if TYPE_CHECKING:
    from optionix_core.feeds.simulated.underlyings import Underlying
    from optionix_core.feeds.simulated.venue import Market, SimulatedFeed

SPAN = timedelta(days=1127)
"""Three years and a month."""
TENOR = 30 / 365
_KEPT = 32
"""Histories that are kept, 40 KB each: every view of an underlying asks for the same one all day."""
_STEP = 15 * 60 * 4


def daily_history(feed: SimulatedFeed, market: Market, until: date) -> PriceHistory:
    """Bars up to and including `until`, all read only; MissingDataError before the second session of 2019."""
    return _bars(feed.name, feed.seed, market.underlying, until)


@lru_cache(maxsize=_KEPT)
def _bars(source: str, seed: int, own: Underlying, until: date) -> PriceHistory:
    from optionix_core.feeds.simulated.venue import Market

    first = max(until - SPAN, EPOCH.date() + timedelta(days=1))
    if until < first:
        raise MissingDataError(f"the simulated venue begins on {EPOCH:%Y-%m-%d} (asked for history until {until})")
    days = sessions.sessions_between(first, until)
    market = Market(seed, own)
    ticks: list[int] = []
    starts: list[int] = []
    for day in days:
        starts.append(len(ticks))
        ticks.extend(range(tick_of(day.open), tick_of(day.close), _STEP))
        ticks.append(tick_of(day.close))
    spots, variances = states(market.path, np.array(ticks, dtype=np.int64))
    ends = np.array([*starts[1:], len(ticks)]) - 1
    close = spots[ends]
    volatility = [
        sqrt(SimulatedSmile.of(own, float(spots[end]), float(variances[end])).at_the_money_variance(TENOR) / TENOR)
        for end in ends
    ]
    opens = spots[np.array(starts)]
    moved = np.abs(np.log(close / opens)) / (own.volatility / sqrt(252.0))
    taste = np.array([normal(market.own_key ^ 5, day.day.toordinal()) for day in days])
    found = PriceHistory(
        underlying=own.symbol,
        source=source,
        days=tuple(day.day for day in days),
        open=opens,
        high=np.maximum.reduceat(spots, starts),
        low=np.minimum.reduceat(spots, starts),
        close=close,
        volume=np.floor(own.daily_volume * (0.7 + 0.3 * moved) * np.exp(0.2 * taste)),
        implied_volatility=np.array(volatility),
    )
    for column in (found.open, found.high, found.low, found.close, found.volume, found.implied_volatility):
        column.flags.writeable = False
    return found
