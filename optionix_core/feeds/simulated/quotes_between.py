"""All quotes of a stretch of time that matter to somebody, in order, as a running terminal would have seen them.

A contract is requoted at moments of its own, at jumps and at the start of a day; each of these is one quote, the same
that `SimulatedFeed.quote` gives for that moment. Where bounds say that no quote of a stretch matters, none is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from optionix_core.feeds.simulated.noise import bits
from optionix_core.feeds.simulated.path import LEVELS, TICKS_PER_DAY, moment_of, tick_of
from optionix_core.feeds.simulated.stretches import Node, touch_range
from optionix_core.market import sessions
from optionix_core.market.protocols import Matters, TouchRange

if TYPE_CHECKING:
    from optionix_core.feeds.simulated.path import SpotPath
    from optionix_core.feeds.simulated.quoting import Contract
    from optionix_core.feeds.simulated.venue import Market, SimulatedFeed
    from optionix_core.market.quote import Quote

FIRST_LEVEL = 8
"""Stretches of more than 32768 ticks (2.3 h) are cut without asking: their bounds are too wide to answer."""
LEAF_LEVEL = 18
"""Stretches of 32 ticks (8 s) are not cut further: their few quotes are made."""


def underlying_quotes(
    feed: SimulatedFeed, market: Market, after: datetime, until: datetime, matters: Matters, period: int
) -> Iterator[Quote]:
    """Those of an underlying itself."""
    symbol, widest = market.underlying.symbol, 2 * market.underlying.spot_tick / 100
    for start, stop in open_ticks(feed, tick_of(after) + 1, tick_of(until) + 1):
        opens = starts_day(feed, start)
        for number in range(start >> LEVELS, ((stop - 1) >> LEVELS) + 1):
            pending = [market.stretches.root(number)]
            while pending:
                node = pending.pop()
                low, high = max(start, node.low), min(stop, node.low + node.size)
                if low >= high:
                    continue
                if node.level >= FIRST_LEVEL:
                    box = market.stretches.box(node)
                    bottom, top = box.spot_low - widest, box.spot_high + widest
                    if not matters(TouchRange(bottom, top, bottom, top)):
                        continue
                if node.level < LEAF_LEVEL:
                    pending += reversed(market.stretches.halves(node))
                    continue
                for tick in made_between(market.path, market.own_key, period, low, high, opens):
                    quote = feed.spot(symbol, moment_of(tick))
                    if matters(touch_of(quote)):
                        yield quote


def option_quotes(
    feed: SimulatedFeed, market: Market, contract: Contract, after: datetime, until: datetime, matters: Matters
) -> Iterator[Quote]:
    """Those of one option, while it is listed."""
    first = max(tick_of(after) + 1, contract.listed_tick)
    end = min(tick_of(until) + 1, contract.expires_tick)
    for start, stop in open_ticks(feed, first, end):
        opens = starts_day(feed, start)
        for number in range(start >> LEVELS, ((stop - 1) >> LEVELS) + 1):
            pending = [market.stretches.root(number)]
            while pending:
                node = pending.pop()
                low, high = max(start, node.low), min(stop, node.low + node.size)
                if low >= high:
                    continue
                if node.level >= FIRST_LEVEL and not matters(_bounds(market, contract, node, low, high)):
                    continue
                if node.level < LEAF_LEVEL:
                    pending += reversed(market.stretches.halves(node))
                    continue
                for tick in made_between(market.path, contract.key, contract.period, low, high, opens):
                    bid, ask = market.maker.touch_made(contract, tick)
                    if matters(_cents(bid, ask)):
                        yield feed.quote(contract.symbol, moment_of(tick))


def _cents(bid: int | None, ask: int) -> TouchRange:
    low, high = 0.0 if bid is None else bid / 100, ask / 100
    return TouchRange(low, low, high, high)


def touch_of(quote: Quote) -> TouchRange:
    """The range of one quote alone."""
    bid, ask = quote.bid or 0.0, float("inf") if quote.ask is None else quote.ask
    return TouchRange(bid, bid, ask, ask)


def open_ticks(feed: SimulatedFeed, first: int, end: int) -> Iterator[tuple[int, int]]:
    """The ticks from `first` up to, not with, `end` at which the market trades, as (start, stop) pairs in order."""
    if first >= end:
        return
    if feed.session == "continuous":
        while first < end:
            stop = min(end, first - first % TICKS_PER_DAY + TICKS_PER_DAY)
            yield first, stop
            first = stop
        return
    for session in sessions.sessions_between(moment_of(first).date(), moment_of(end).date()):
        start, stop = max(first, tick_of(session.open)), min(end, tick_of(session.close))
        if start < stop:
            yield start, stop


def starts_day(feed: SimulatedFeed, tick: int) -> int | None:
    """`tick` where it is the first of a trading day, at which everything is requoted."""
    return tick if feed.standing(moment_of(tick))[1].start == tick else None


def made_between(path: SpotPath, stream: int, period: int, low: int, high: int, opens: int | None) -> list[int]:
    """Ticks from `low` up to, not with, `high` at which a quote is made, ascending."""
    made = {jump.tick for jump in path.block(low >> LEVELS).jumps if low <= jump.tick < high}
    if opens is not None and low <= opens < high:
        made.add(opens)
    for cell in range(low // period, (high - 1) // period + 1):
        tick = cell * period + bits(stream, cell) % period
        if low <= tick < high:
            made.add(tick)
    return sorted(made)


def _bounds(market: Market, contract: Contract, node: Node, low: int, high: int) -> TouchRange:
    return touch_range(market.path, contract, market.stretches.box(node), low, high - 1)
