# ruff: noqa: ARG002 - a feed that says the same of every moment does not ask for it
"""A feed that says the same of every moment but for what a test sets: a new quote each second, at set prices."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.market import products, symbols
from optionix_core.market.chain import OptionChain
from optionix_core.market.instruments import Instrument
from optionix_core.market.products import NICKEL_DIME, Product
from optionix_core.market.protocols import FeedState, PriceHistory, UnderlyingInfo
from optionix_core.market.quote import Quote

START = datetime(2026, 3, 10, 15, 0, 0, tzinfo=UTC)
"""A Tuesday, 11:00 in New York."""
EXPIRY = date(2026, 3, 20)
EXPIRES_AT = datetime(2026, 3, 20, 20, 0, 0, tzinfo=UTC)
"""16:00 in New York, daylight saving time."""
CALL = "TESTI 260320C00100000"
CALL_110 = "TESTI 260320C00110000"
PUT = "TESTI 260320P00100000"

products.register(
    Product("TESTI", "TESTI", exercise="european", multiplier=Decimal(100), tick=NICKEL_DIME, cash_settled=True)
)


@dataclass
class SteadyFeed:
    """Quotes by symbol as (bid, ask, bid size, ask size); None for a side that is absent."""

    prices: dict[str, tuple[float | None, float | None, int | None, int | None]] = field(
        default_factory=lambda: {CALL: (4.9, 5.1, 10, 10), CALL_110: (1.0, 1.05, 50, 50), PUT: (4.8, 5.0, 10, 10)}
    )
    state: FeedState = FeedState.SIMULATED
    open: bool = True
    lag: timedelta = timedelta(0)
    spot_price: float = 103.456
    name: str = "steady"
    stale_after: timedelta = timedelta(seconds=5)
    questions: list[str] = field(default_factory=list)

    def underlyings(self) -> tuple[UnderlyingInfo, ...]:
        return (UnderlyingInfo("TESTI", "Test index", "USD", "for tests"),)

    def is_open(self, moment: datetime) -> bool:
        return self.open

    def spot(self, underlying: str, moment: datetime) -> Quote:
        self.questions.append(f"spot {underlying} {moment:%Y-%m-%dT%H:%M:%S}")
        return Quote(underlying, self.name, moment, moment, last=self.spot_price)

    def day_change(self, underlying: str, moment: datetime) -> float | None:
        return None

    def expiries(self, underlying: str, moment: datetime) -> tuple[tuple[date, str], ...]:
        return ((EXPIRY, "TESTI"),)

    def chain(
        self, underlying: str, moment: datetime, expiry: date | None = None, root: str | None = None
    ) -> OptionChain:
        raise MissingDataError("the steady feed has no chains")

    def instrument(self, symbol: str) -> Instrument:
        if symbol not in self.prices:
            raise UnknownNameError("symbol", symbol)
        terms = symbols.terms(symbol)
        return Instrument(
            symbol=symbol,
            root=terms.root,
            underlying=terms.root,
            expiry=terms.expiry,
            expires_at=EXPIRES_AT,
            option_type=terms.option_type,
            strike=terms.strike,
            multiplier=Decimal(100),
            currency="USD",
            exercise="european",
            settlement="PM",
            tick=Decimal("0.05"),
        )

    def quote(self, symbol: str, moment: datetime) -> Quote:
        if symbol not in self.prices:
            raise UnknownNameError("symbol", symbol)
        bid, ask, bid_size, ask_size = self.prices[symbol]
        made = moment.replace(microsecond=0) - self.lag
        return Quote(
            symbol, self.name, moment, made, bid=bid, ask=ask, bid_size=bid_size, ask_size=ask_size, open_interest=1
        )

    def history(self, underlying: str, until: date) -> PriceHistory:
        raise MissingDataError("the steady feed has no history")


def moved(feed: SteadyFeed, symbol: str, bid: float | None, ask: float | None) -> SteadyFeed:
    """The same feed with another touch for one symbol."""
    _, _, bid_size, ask_size = feed.prices[symbol]
    return replace(feed, prices={**feed.prices, symbol: (bid, ask, bid_size, ask_size)})
