# ruff: noqa: ARG002 - it has one underlying
"""The told feed with an underlying that a test moves, and that halts as a stock of tier 1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from steady_feed import START
from told_feed import ToldFeed

from optionix_core.market.protocols import Matters, TouchRange, everything
from optionix_core.market.quote import Quote


def _standing() -> list[Quote]:
    made = START - timedelta(days=4)
    return [Quote("TESTI", "told", made, made, bid=99.99, ask=100.01, bid_size=100, ask_size=100, last=100.0)]


@dataclass
class HaltingFeed(ToldFeed):
    """The underlying stands at 100 until it is moved."""

    spots: list[Quote] = field(default_factory=_standing)

    def move(self, seconds: float, price: float) -> datetime:
        """The underlying's quote, two cents wide, `seconds` after the start."""
        at = START + timedelta(seconds=seconds)
        bid, ask = round(price - 0.01, 2), round(price + 0.01, 2)
        self.spots.append(Quote("TESTI", self.name, at, at, bid=bid, ask=ask, bid_size=100, ask_size=100, last=price))
        self.spots.sort(key=lambda quote: quote.received_at)
        return at

    def spot(self, underlying: str, moment: datetime) -> Quote:
        """The last one at or before `moment`."""
        return [quote for quote in self.spots if quote.received_at <= moment][-1]

    def quotes_between(
        self, symbol: str, after: datetime, until: datetime, matters: Matters = everything
    ) -> Iterator[Quote]:
        """Those that were told."""
        if symbol != "TESTI":
            yield from super().quotes_between(symbol, after, until, matters)
            return
        for quote in self.spots:
            if after < quote.received_at <= until and matters(
                TouchRange(quote.bid or 0.0, quote.bid or 0.0, quote.ask or 0.0, quote.ask or 0.0)
            ):
                yield quote

    def market_index(self) -> str | None:
        """None: nothing halts the whole market here."""
        return None

    def luld_tier(self, underlying: str) -> int | None:
        """Tier 1."""
        return 1
