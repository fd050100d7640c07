"""A feed whose quotes a test writes down beforehand, and which can tell every one of them."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from steady_feed import CALL, CALL_110, PUT, START, SteadyFeed

from optionix_core.errors import MissingDataError
from optionix_core.market.protocols import Matters, TouchRange, everything
from optionix_core.market.quote import Quote


def first_quotes() -> list[Quote]:
    quotes = []
    for symbol, (bid, ask, size) in {CALL: (4.9, 5.1, 10), CALL_110: (1.0, 1.05, 50), PUT: (4.8, 5.0, 10)}.items():
        quotes.append(Quote(symbol, "told", START, START, bid=bid, ask=ask, bid_size=size, ask_size=size))
    return quotes


_LAST = "\U0010ffff"
"""After every symbol."""


def _made(quote: Quote) -> tuple[datetime, str]:
    return quote.received_at, quote.symbol


@dataclass
class ToldFeed(SteadyFeed):
    """Starts with one quote of each option; `tell` adds later ones. Its session ends at 20:00 UTC."""

    quotes: list[Quote] = field(default_factory=first_quotes)
    name: str = "told"
    stale_after: timedelta = timedelta(days=30)

    def tell(
        self, seconds: float, symbol: str, bid: float | None, ask: float | None, size: int | None = 10
    ) -> datetime:
        """A quote `seconds` after the start."""
        return self.tell_sizes(seconds, symbol, bid, ask, size, size)

    def tell_sizes(
        self,
        seconds: float,
        symbol: str,
        bid: float | None,
        ask: float | None,
        bid_size: int | None,
        ask_size: int | None,
    ) -> datetime:
        """A quote with another size on each side."""
        at = START + timedelta(seconds=seconds)
        sizes = {"bid_size": bid_size, "ask_size": ask_size}
        self.quotes.sort(key=_made)  # as they were given; in order already but for the first time
        insort(self.quotes, Quote(symbol, self.name, at, at, bid=bid, ask=ask, **sizes), key=_made)
        return at

    def quote(self, symbol: str, moment: datetime) -> Quote:
        """The last one at or before `moment`."""
        self.instrument(symbol)
        for place in range(bisect_right(self.quotes, (moment, _LAST), key=_made) - 1, -1, -1):
            if self.quotes[place].symbol == symbol:
                return self.quotes[place]
        raise MissingDataError(f"no quote of {symbol}")

    def quotes_between(
        self, symbol: str, after: datetime, until: datetime, matters: Matters = everything
    ) -> Iterator[Quote]:
        """Those that were told."""
        first, end = (bisect_right(self.quotes, (moment, _LAST), key=_made) for moment in (after, until))
        for quote in self.quotes[first:end]:
            if quote.symbol == symbol:
                bid, ask = quote.bid or 0.0, float("inf") if quote.ask is None else quote.ask
                if matters(TouchRange(bid, bid, ask, ask)):
                    yield quote

    def session_close(self, moment: datetime) -> datetime:
        """20:00 UTC of the day, or of the next."""
        close = moment.replace(hour=20, minute=0, second=0, microsecond=0)
        return close if moment < close else close + timedelta(days=1)
