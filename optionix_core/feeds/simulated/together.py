"""When buying several legs as one could cost no more than an amount, over a stretch of time, without their quotes.

Legs are options, and shares by the lot. Bounds of their touches one by one say little of a net price: the legs move
with the same spot and variance, and what the greatest noise could do in the few seconds between two quotes is more than
most limits are away. So every moment at which a leg is requoted is priced, all at once: the path at these ticks is the
scalar's own (`path_arrays`), the touch of an option is that of `MarketMaker` in the same formula, and what rounding can
do to it is given away in the direction that is safe; that of shares is exact. The net price so found is never above the
true one. Nothing here is a quote: the moments that are left are asked for one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from math import erfc, pi, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optionix_core.feeds.simulated.noise import uniforms, words
from optionix_core.feeds.simulated.path import LEVELS, YEAR_TICKS, moment_of, tick_of
from optionix_core.feeds.simulated.path_arrays import states
from optionix_core.feeds.simulated.quotes_between import open_ticks, starts_day
from optionix_core.feeds.simulated.quoting import REQUOTE_YEARS, Contract, last_event
from optionix_core.feeds.simulated.underlyings import RATE

if TYPE_CHECKING:
    from optionix_core.feeds.simulated.venue import Market, SimulatedFeed
    from optionix_core.market.quote import Quote

Floats = NDArray[np.float64]
Ticks = NDArray[np.int64]


class Shares(NamedTuple):
    """Shares of an underlying as a leg: requoted at moments of their own, as a contract is."""

    symbol: str
    key: int
    """Of the underlying's own stream."""
    period: int
    listed_tick: int = 0
    expires_tick: int = 1 << 62
    """Never."""


Leg = tuple["Market", Contract | Shares, int]
"""With signed contracts, or lots of shares, of one unit: above zero bought at the ask, below sold at the bid."""

CHUNK = 1 << 15
"""Ticks (2.3 h) that are priced at once."""
_REMEMBERED = 2048
"""Stretches of one market: a week of a dozen combinations, of which most have no tick that matters."""
_SUMMING = 1e-9
"""USD: what adding up floats can do."""
_ROUNDING = 1e-6
"""Relative to spot: a volatility rounded to 1e-6 moves a price by half of that at most; the rest is for other sums."""


def quotes_together(
    feed: SimulatedFeed,
    legs: Sequence[Leg],
    at_most: float,
    after: datetime,
    until: datetime,
    elsewhere: Mapping[str, float],
) -> Iterator[Quote]:
    """The legs' quotes made after `after` and up to `until`, at moments at which the net price may be `at_most`.

    `elsewhere` are prices of a leg beside the displayed ones.
    """
    first = max(tick_of(after) + 1, *(contract.listed_tick for _, contract, _ in legs))
    end = min(tick_of(until) + 1, *(contract.expires_tick for _, contract, _ in legs))
    for start, stop in open_ticks(feed, first, end):
        low = start
        while low < stop:
            high = min(stop, low - low % CHUNK + CHUNK)
            for tick in _remembered(feed, legs, at_most, low, high, elsewhere).tolist():
                moment = moment_of(tick)
                told = [feed.quote(contract.symbol, moment) for _, contract, _ in legs]
                yield from sorted((one for one in told if one.exchange_time == moment), key=lambda one: one.symbol)
            low = high


def _remembered(
    feed: SimulatedFeed,
    legs: Sequence[Leg],
    at_most: float,
    start: int,
    stop: int,
    elsewhere: Mapping[str, float],
) -> Ticks:
    """Ticks from `start` up to, not with, `stop` at which a unit may cost `at_most`.

    A stretch that is begun anew further on is not priced again.
    """
    terms = tuple((contract.symbol, ratio) for _, contract, ratio in legs)
    key = (feed.session, stop, at_most, terms, tuple(sorted(elsewhere.items())))
    memory = legs[0][0].floors
    known = memory.get(key)
    if known is None or known[0] > start:
        if len(memory) >= _REMEMBERED:
            memory.clear()
        ticks, nets = net_floors(feed, legs, start, stop, elsewhere)
        known = (start, ticks[nets <= at_most + _SUMMING])
        memory[key] = known
    return known[1][int(np.searchsorted(known[1], start)) :]


def net_floors(
    feed: SimulatedFeed, legs: Sequence[Leg], start: int, stop: int, elsewhere: Mapping[str, float]
) -> tuple[Ticks, Floats]:
    """Ticks from `start` up to, not with, `stop` at which a leg is requoted, and what a unit costs at least at each.

    The stretch lies within one trading day. Net prices are in USD, infinite where a leg that is sold has no bid.
    """
    made = [_made(feed, market, contract, start, stop) for market, contract, _ in legs]
    events = np.unique(np.concatenate([ticks[1:] for ticks in made]))
    nets = np.zeros(len(events))
    known: dict[int, tuple[Ticks, Floats, Floats]] = {}
    for (market, contract, ratio), ticks in zip(legs, made, strict=True):
        if id(market) not in known:
            mine = [t for (m, _, _), t in zip(legs, made, strict=True) if m is market]
            union = np.unique(np.concatenate(mine))
            known[id(market)] = (union, *states(market.path, union))
        union, spots, variances = known[id(market)]
        rows = np.searchsorted(union, ticks)
        if isinstance(contract, Shares):
            price = _touch_of_shares(market, ticks, spots[rows], buys=ratio > 0)
        else:
            price = _safe_touch(market, contract, ticks, spots[rows], variances[rows], buys=ratio > 0)
        other = elsewhere.get(contract.symbol)
        if other is not None:
            price = np.minimum(price, other) if ratio > 0 else np.maximum(price, other)
        standing = price[np.searchsorted(ticks, events, side="right") - 1]
        with np.errstate(invalid="ignore"):
            nets = nets + ratio * standing
    return events, nets


def _made(feed: SimulatedFeed, market: Market, contract: Contract | Shares, start: int, stop: int) -> Ticks:
    """Ticks at which the contract is requoted, ascending; the first is that of the quote that stands before them."""
    window = feed.standing(moment_of(start))[1]
    before = start - 1
    stands = max(last_event(contract.key, before, contract.period), market.path.last_jump(before), window.start)
    period = contract.period
    cells = np.arange(start // period, (stop - 1) // period + 1, dtype=np.int64)
    drawn = cells * period + (words(contract.key, cells) % np.uint64(period)).astype(np.int64)
    jumps = [
        jump.tick for number in {start >> LEVELS, (stop - 1) >> LEVELS} for jump in market.path.block(number).jumps
    ]
    opens = starts_day(feed, start)
    extra = np.array(jumps if opens is None else [*jumps, opens], dtype=np.int64)
    ticks = np.unique(np.concatenate([drawn, extra]))
    ticks = ticks[(ticks >= start) & (ticks < stop)]
    return np.concatenate([[min(stands, before)], ticks])


def _touch_of_shares(market: Market, ticks: Ticks, spots: Floats, *, buys: bool) -> Floats:
    """The very ask, or bid, of the quotes made at `ticks`; see `SimulatedFeed.spot`."""
    wide = 1.0 + (words(market.own_key ^ 1, ticks) % np.uint64(2)).astype(np.float64)
    cents = np.rint(spots * 100.0) + (wide if buys else -wide) * market.underlying.spot_tick
    return cents / 100.0


def _safe_touch(
    market: Market, contract: Contract, ticks: Ticks, spots: Floats, variances: Floats, *, buys: bool
) -> Floats:
    """At most the ask, or at least the bid, of the quotes made at `ticks`; see `MarketMaker`. No bid: -inf."""
    own, sign = market.underlying, contract.sign
    years = (contract.expires_tick - ticks) / YEAR_TICKS
    carry, speed = own.dividend_yield, own.variance_speed
    decayed = (1.0 - np.exp(-speed * years)) / speed
    expected = own.mean_variance * years + (variances - own.mean_variance) * decayed
    theta = own.premium * (expected + own.jump_variance * years)
    forwards = spots * np.exp(-carry * years)
    strikes = contract.strike * np.exp(-RATE * years)
    k = np.log(strikes / forwards)
    shifted = own.curvature / (theta**own.decay * (1.0 + theta) ** (1.0 - own.decay)) * k
    total = 0.5 * theta * (1.0 + own.skew * shifted + np.sqrt((shifted + own.skew) ** 2 + 1.0 - own.skew**2))
    deviation = np.sqrt(total)
    d1 = -k / deviation + 0.5 * deviation
    in_the_money = 0.5 * _erfc(-sign * d1 / sqrt(2.0))
    middle = sign * (forwards * in_the_money - strikes * 0.5 * _erfc(-sign * (d1 - deviation) / sqrt(2.0)))
    vega = forwards * np.exp(-0.5 * d1 * d1) * np.sqrt(years / (2.0 * pi))
    fear = np.sqrt(variances * REQUOTE_YEARS) * spots * np.exp(-carry * years) * in_the_money
    below, above, threshold = float(own.tick.below), float(own.tick.above), float(own.tick.threshold)
    half = 0.5 * below + own.width * vega + fear + 0.002 * middle
    slack = _ROUNDING * spots
    noise = uniforms(contract.key ^ 3, 2 * ticks + (1 if buys else 0))
    if buys:
        price = middle + half * (0.8 + 0.4 * noise) - slack
        fine = np.maximum(1.0, np.ceil(price / below - 1e-6)) * below
        return np.where(fine <= threshold, fine, np.ceil(price / above - 1e-6) * above)
    price = middle - half * (0.8 + 0.4 * noise) + slack
    fine = np.floor(price / below + 1e-6) * below
    found = np.where(fine < threshold, fine, np.floor(price / above + 1e-6) * above)
    return np.where(found >= below * (1.0 - 1e-9), found, -np.inf)


def _erfc(values: Floats) -> Floats:
    return np.array([erfc(value) for value in values.tolist()])
