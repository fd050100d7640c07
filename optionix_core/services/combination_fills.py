"""What a combination is filled with at a moment, and the stretches of time in which its quotes could matter.

Every leg is met by the quote that the feed has of it at the moment, if that is not stale. A fill is one event with all
legs and one entry of the ledger: no reader can see half a spread.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Final

from optionix_core.market.protocols import TouchRange
from optionix_core.portfolio.combination import TradeLeg, combination_entry
from optionix_core.portfolio.ledger import entry_event
from optionix_core.services.judging import instrument_of, quote_of, quotes_of
from optionix_core.trading.combination import could_meet, executed
from optionix_core.trading.records import fill_event
from optionix_core.trading.touch import quoted_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime, timedelta

    from optionix_core.market.instruments import Instrument
    from optionix_core.market.protocols import QuoteSource, TellsQuotes
    from optionix_core.market.quote import Quote
    from optionix_core.sync.event import Event
    from optionix_core.trading.fold import OpenOrder
    from optionix_core.trading.orders import Fill, OrderIntent
    from optionix_core.trading.paper import PaperVenue

SHORTEST: Final = 64.0
"""Seconds of a stretch that is looked at quote by quote."""


def meeting(feed: QuoteSource, venue: PaperVenue, order: OpenOrder, at: datetime) -> Fill | None:
    """What an order is filled with by the quotes of `at`; None where it is not."""
    quotes = quotes_of(feed, order.intent, at)
    if any(at - quoted_at(quote) > feed.stale_after for quote in quotes.values()):
        return None
    instrument = instrument_of(feed, order.intent.symbols[0])
    if instrument is None:
        return None
    return executed(order, quotes, venue.available, lambda number: venue.fee(instrument, number), at)


def combination_events(
    fill: Fill, intent: OrderIntent, venue: str, instruments: Mapping[str, Instrument]
) -> tuple[Event, Event]:
    """A fill of all legs and its one ledger entry."""
    legs = [
        TradeLeg(
            leg.symbol,
            Decimal(leg.quantity),
            leg.price,
            instruments[leg.symbol].multiplier,
            instruments[leg.symbol].currency,
        )
        for leg in fill.legs
    ]
    entry = combination_entry(
        entry_id=f"{fill.fill_id}/entry",
        account=intent.account,
        venue=venue,
        legs=legs,
        fee=fill.fee,
        time=fill.filled_at,
        cause=fill.fill_id,
    )
    return fill_event(fill, intent), entry_event(entry)


def quotes_that_could_matter(
    feed: QuoteSource, telling: TellsQuotes, intent: OrderIntent, after: datetime, until: datetime
) -> Iterator[Quote]:
    """Quotes of the legs after `after` and up to `until` in order of time, but for stretches without a chance.

    The bounds of every leg's touch over a stretch bound the net price in it; a stretch in which the limit could be met
    is halved until it is short.
    """
    if after >= until:
        return
    ranges = {symbol: _ranges(feed, telling, symbol, after, until) for symbol in intent.symbols}
    if not could_meet(intent, ranges):
        return
    length = until - after
    if length.total_seconds() > SHORTEST:
        middle = after + _half(length)
        yield from quotes_that_could_matter(feed, telling, intent, after, middle)
        yield from quotes_that_could_matter(feed, telling, intent, middle, until)
        return
    told = chain.from_iterable(telling.quotes_between(symbol, after, until) for symbol in intent.symbols)
    yield from sorted(told, key=lambda quote: (quoted_at(quote), quote.symbol))


def _half(length: timedelta) -> timedelta:
    return length / 2


def _ranges(feed: QuoteSource, telling: TellsQuotes, symbol: str, after: datetime, until: datetime) -> list[TouchRange]:
    """Bounds of all quotes of a stretch, and of the one that it begins with: asked for without taking a quote."""
    found: list[TouchRange] = []

    def note(touches: TouchRange) -> bool:
        found.append(touches)
        return False

    for _ in telling.quotes_between(symbol, after, until, note):
        pass
    quote = quote_of(feed, symbol, after)
    if quote is not None:
        bid, ask = quote.bid or 0.0, float("inf") if quote.ask is None else quote.ask
        found.append(TouchRange(bid, bid, ask, ask))
    return found
