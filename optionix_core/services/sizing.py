"""A quantity out of an amount of money: the most contracts or shares that it pays for, fees and all, exactly.

The price is the one that the gate would judge the order at: its limit where it may rest, else the touch, or its limit
where that is better. An order that sells brings that amount at most, before fees. Refuses to make less than one.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.portfolio.exact import decimal_text, exact_arithmetic
from optionix_core.services.judging import security_of
from optionix_core.trading.fees import fee_alone
from optionix_core.trading.gate_terms import judged_price
from optionix_core.trading.orders import Side
from optionix_core.trading.touch import crossed, touch

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.market.instruments import Security
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.portfolio.fee_schedule import FeePlan
    from optionix_core.trading.orders import OrderIntent


def sized(feed: QuoteSource, fees: FeePlan, intent: OrderIntent, now: datetime) -> OrderIntent:
    """The order with the quantity that its amount makes at `now`; itself where it names no amount.

    Raises InvalidValueError naming amount and price of one where it does not pay for one, MissingDataError where there
    is no price, UnknownNameError for a symbol that the feed does not know, RefusedError for one that is not traded.
    """
    if intent.amount is None:
        return intent
    security, quote = security_of(feed, intent.symbol), feed.quote(intent.symbol, now)
    price = judged_price(intent, None if crossed(quote) else touch(quote, intent.side))
    if price is None:
        side = "ask" if intent.side is Side.BUY else "bid"
        raise MissingDataError(f"{intent.symbol} has no {side} to make a quantity of {decimal_text(intent.amount)} at")
    quantity = most(fees, intent, security, price, intent.amount)
    if quantity < 1:
        unit = "share" if security.expires_at is None else "contract"
        one = _value(fees, intent, security, price, 1)
        what = "the price" if intent.side is Side.SELL else "the price with its fee"
        bound = f"at least {decimal_text(one)}, {what} of one {unit} of {security.label} at {decimal_text(price)}"
        raise InvalidValueError("amount", decimal_text(intent.amount), bound)
    return replace(intent, quantity=quantity)


def most(fees: FeePlan, intent: OrderIntent, security: Security, price: Decimal, amount: Decimal) -> int:
    """The largest quantity within the amount. What an order costs never falls with its quantity: halves find it."""
    with exact_arithmetic():
        unit = price * security.multiplier
    high = int((amount / unit).to_integral_value(ROUND_FLOOR)) + 1
    low = 0
    while low < high:
        middle = (low + high + 1) // 2
        if _value(fees, intent, security, price, middle) <= amount:
            low = middle
        else:
            high = middle - 1
    return low


def _value(fees: FeePlan, intent: OrderIntent, security: Security, price: Decimal, quantity: int) -> Decimal:
    """What so many cost with fees, or bring before fees."""
    with exact_arithmetic():
        value = price * security.multiplier * quantity
        if intent.side is Side.SELL or not quantity:
            return value
        return value + fee_alone(fees, intent.symbol, quantity, price, security.multiplier, sold=False)
