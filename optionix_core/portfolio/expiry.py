"""What a European, cash-settled option is worth when it ends: one settlement price for all who hold it."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from optionix_core.errors import MissingDataError
from optionix_core.market.instruments import Instrument
from optionix_core.market.products import product
from optionix_core.market.quote import Quote
from optionix_core.portfolio.exact import ZERO, decimal_of_float, decimal_text, exact_arithmetic
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event

SETTLEMENT_FIXED: Final = "settlement.fixed"
CENT: Final = Decimal("0.01")


def settles_in_cash(instrument: Instrument) -> bool:
    """Whether its end is a payment and nothing else: European, cash settled, not paid in coins."""
    return instrument.exercise == "european" and product(instrument.root).cash_settled and not instrument.inverse


def settlement_price(spot: Quote) -> Decimal:
    """The settlement price out of the underlying's quote at the settlement moment, rounded to a cent (half to even).

    Its last price, or its mid where it shows no last. MissingDataError where it has neither.
    """
    price = spot.last if spot.last is not None else spot.mid
    if price is None:
        raise MissingDataError(f"{spot.symbol} has no price to settle at")
    return decimal_of_float(price, "settlement price").quantize(CENT, rounding=ROUND_HALF_EVEN)


def settlement_value(instrument: Instrument, quantity: Decimal, price: Decimal) -> Decimal:
    """Signed cash that `quantity` contracts (negative: short) bring in at a settlement price."""
    with exact_arithmetic():
        intrinsic = max(ZERO, int(instrument.option_type) * (price - instrument.strike))
        return quantity * intrinsic * instrument.multiplier


def settlement_id(underlying: str, expires_at: datetime) -> str:
    """Id of the event that fixes the price of one underlying at one moment; one for all accounts and options."""
    return f"settlement/{underlying}/{time_text(expires_at)}"


def settlement_event(instrument: Instrument, price: Decimal, spot: Quote) -> Event:
    """The event that fixes the price, written before anything is paid by it."""
    made = spot.received_at if spot.exchange_time is None else spot.exchange_time
    return Event(
        settlement_id(instrument.underlying, instrument.expires_at),
        SETTLEMENT_FIXED,
        instrument.expires_at,
        {
            "expires_at": time_text(instrument.expires_at),
            "price": decimal_text(price),
            "quoted_at": time_text(made),
            "source": spot.source,
            "underlying": instrument.underlying,
        },
    )
