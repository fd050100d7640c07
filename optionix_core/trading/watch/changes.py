"""What a rule brings about at a moment, and the feed's prices as the rules take them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from optionix_core.errors import MissingDataError
from optionix_core.portfolio.exact import decimal_of_float, exact_arithmetic

if TYPE_CHECKING:
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.market.quote import Quote
    from optionix_core.trading.halts import Halt

SAMPLED_EVERY: Final = timedelta(seconds=30)
"""How often the feed's price counts as a trade: feeds here tell no trades of an underlying."""


@dataclass(frozen=True, slots=True)
class HaltChange:
    """A halt that begins, or one without an end of its own that is over."""

    at: datetime
    halt: Halt
    begins: bool
    reopens_at: Decimal | None = None
    """Price of the reopening; None where there is none, as at the close."""
    words: str = ""
    """How it ended."""


def price_of(quote: Quote) -> Decimal | None:
    """The last price of a quote, else its mid; None where it has neither."""
    price = quote.last if quote.last is not None else quote.mid
    return None if price is None else decimal_of_float(price, "price")


def price_at(feed: QuoteSource, underlying: str, moment: datetime) -> Decimal:
    """The feed's price at a moment. Raises MissingDataError where it has none."""
    price = price_of(feed.spot(underlying, moment))
    if price is None:
        raise MissingDataError(f"{feed.name} has no price of {underlying} at {moment:%Y-%m-%d %H:%M:%S} UTC")
    return price


def side(price: float | None) -> Decimal | None:
    """One side of a quote, exactly as it was told."""
    return None if price is None else decimal_of_float(price, "price")


def middle(bid: Decimal, ask: Decimal) -> Decimal:
    """Halfway, exactly."""
    with exact_arithmetic():
        return (bid + ask) / 2
