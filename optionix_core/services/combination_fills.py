"""The quotes that a combination meets at a moment, and the stretches of time in which its quotes could matter.

Every leg is met by the quote that the feed has of it at the moment, if that is not stale.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import chain, islice
from math import inf
from typing import TYPE_CHECKING, Final

from optionix_core.market.protocols import TellsTogether, TouchRange
from optionix_core.services.judging import quotes_of
from optionix_core.trading.combination import contracts, could_meet, natural
from optionix_core.trading.touch import quoted_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from optionix_core.market.protocols import QuoteSource, TellsQuotes
    from optionix_core.market.quote import Quote
    from optionix_core.trading.orders import OrderIntent

LONGEST: Final = timedelta(hours=2)
"""Stretch that is asked about as a whole."""
PARTS: Final = 8
SHORTEST: Final = timedelta(minutes=2)
"""Stretch that is looked at quote by quote."""
FEW: Final = 64
"""Quotes of a leg that are looked at one by one, however long they take."""


def fresh_quotes(feed: QuoteSource, intent: OrderIntent, at: datetime) -> dict[str, Quote] | None:
    """The quotes of all legs at a moment; None where one is missing or stale."""
    quotes = quotes_of(feed, intent, at)
    if len(quotes) < len(intent.symbols) or any(at - quoted_at(quote) > feed.stale_after for quote in quotes.values()):
        return None
    return quotes


def quotes_that_could_matter(
    feed: QuoteSource,
    telling: TellsQuotes,
    intent: OrderIntent,
    after: datetime,
    until: datetime,
    elsewhere: Mapping[str, float] | None = None,
) -> Iterator[Quote]:
    """Quotes of the legs after `after` and up to `until` in order of time, but for stretches without a chance.

    A feed that knows how its legs move together is asked at once. Elsewhere the bounds of every leg's touch over a
    stretch bound the net price in it, and a stretch in which the limit could be met is cut until it is short.
    `elsewhere` are prices at which orders of this home would trade a leg.
    """
    others = {} if elsewhere is None else elsewhere
    if isinstance(feed, TellsTogether) and intent.limit_price is not None and until - after > SHORTEST:
        sign = intent.side.sign
        legs = [(leg.symbol, sign * leg.weight) for leg in intent.legs]
        yield from feed.quotes_together(legs, sign * float(intent.limit_price), after, until, others)
        return
    few = _few(telling, intent, after, until)
    if few is not None:
        yield from few
        return
    while after < until:
        end = min(until, after + LONGEST)
        yield from _of_stretch(feed, telling, intent, after, end, others)
        after = end


def _of_stretch(
    feed: QuoteSource,
    telling: TellsQuotes,
    intent: OrderIntent,
    after: datetime,
    until: datetime,
    others: Mapping[str, float],
) -> Iterator[Quote]:
    start = quotes_of(feed, intent, after)
    width = _width(intent, start)
    ranges = {symbol: _ranges(telling, symbol, after, until, width, start.get(symbol)) for symbol in intent.symbols}
    if not could_meet(intent, ranges, others):
        return
    if until - after <= SHORTEST:
        yield from _in_order(telling.quotes_between(symbol, after, until) for symbol in intent.symbols)
        return
    step = (until - after) / PARTS
    for part in range(PARTS):
        end = until if part == PARTS - 1 else after + (part + 1) * step
        yield from _of_stretch(feed, telling, intent, after + part * step, end, others)


def _few(telling: TellsQuotes, intent: OrderIntent, after: datetime, until: datetime) -> list[Quote] | None:
    """All quotes of a stretch where no leg has many, else None."""
    told = [tuple(islice(telling.quotes_between(symbol, after, until), FEW)) for symbol in intent.symbols]
    return None if any(len(quotes) == FEW for quotes in told) else _in_order(told)


def _in_order(told: Iterable[Iterable[Quote]]) -> list[Quote]:
    return sorted(chain.from_iterable(told), key=lambda quote: (quoted_at(quote), quote.symbol))


def _width(intent: OrderIntent, quotes: Mapping[str, Quote]) -> float:
    """How wide a leg's bounds may be to tell anything: the way from the natural price to the limit, over all legs."""
    net = natural(intent.side, intent.legs, quotes)
    if net is None or intent.limit_price is None:
        return inf
    return abs(float(net - intent.limit_price)) / (2 * contracts(intent))


def _ranges(
    telling: TellsQuotes, symbol: str, after: datetime, until: datetime, width: float, start: Quote | None
) -> list[TouchRange]:
    """Bounds no wider than `width` that hold all quotes of a stretch and the one that it begins with."""
    found = [] if start is None else [_touches(start)]

    def too_wide(touches: TouchRange) -> bool:
        if touches.ask_high - touches.ask_low > width or touches.bid_high - touches.bid_low > width:
            return True
        found.append(touches)
        return False

    found += [_touches(quote) for quote in telling.quotes_between(symbol, after, until, too_wide)]
    return found


def _touches(quote: Quote) -> TouchRange:
    bid, ask = quote.bid or 0.0, inf if quote.ask is None else quote.ask
    return TouchRange(bid, bid, ask, ask)
