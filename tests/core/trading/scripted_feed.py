# ruff: noqa: ARG002 - it is open at any moment
"""A feed of underlyings whose quotes a test writes down: a stock, and an index that the market halts by."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from optionix_core.errors import MissingDataError
from optionix_core.market.protocols import FeedState, TouchRange, UnderlyingInfo, everything
from optionix_core.market.quote import Quote

OPEN = datetime(2026, 3, 10, 13, 30, tzinfo=UTC)
"""A Tuesday, 09:30 in New York; the close is at 20:00 UTC."""
CLOSE = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
BEFORE = datetime(2026, 3, 9, 20, 0, tzinfo=UTC)


@dataclass
class ScriptedFeed:
    """`STOCK` of tier 1 and `INDEX`; each stands at 100 from the day before on until something else is told."""

    tier: int = 1
    name: str = "scripted"
    state: FeedState = FeedState.SIMULATED
    stale_after: timedelta = timedelta(days=30)
    quotes: dict[str, list[Quote]] = field(default_factory=dict)

    def __post_init__(self):
        for symbol in ("STOCK", "INDEX"):
            self.quotes[symbol] = []
            self.tell(symbol, BEFORE - timedelta(hours=1), 99.99, 100.01)

    def tell(self, symbol, at, bid, ask, last=None, size=100, volume=None):
        """A quote at a moment, or so many seconds after the open."""
        moment = at if isinstance(at, datetime) else OPEN + timedelta(seconds=at)
        middle = last if last is not None else None if bid is None or ask is None else round((bid + ask) / 2, 4)
        self.quotes[symbol].append(
            Quote(
                symbol,
                self.name,
                moment,
                moment,
                bid=bid,
                ask=ask,
                bid_size=size,
                ask_size=size,
                last=middle,
                volume=volume,
            )
        )
        self.quotes[symbol].sort(key=lambda quote: quote.received_at)

    def underlyings(self):
        return tuple(UnderlyingInfo(name, name, "USD", "for tests") for name in self.quotes)

    def is_open(self, moment):
        return True

    def spot(self, underlying, moment):
        found = [quote for quote in self.quotes[underlying] if quote.received_at <= moment]
        if not found:
            raise MissingDataError(f"no quote of {underlying}")
        return found[-1]

    def quotes_between(self, symbol, after, until, matters=everything):
        for quote in self.quotes[symbol]:
            if after < quote.received_at <= until:
                bid, ask = quote.bid or 0.0, float("inf") if quote.ask is None else quote.ask
                if matters(TouchRange(bid, bid, ask, ask)):
                    yield quote

    def market_index(self):
        return "INDEX"

    def luld_tier(self, underlying):
        return self.tier if underlying == "STOCK" else None
