"""An order that meets what is displayed and nothing else, once: what it takes, how it ends and what it traded."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.portfolio.exact import decimal_text
from optionix_core.trading.executed import executed, trade_of
from optionix_core.trading.orders import OrderState, Side, TimeInForce
from optionix_core.trading.paper import signed_cost
from optionix_core.trading.records import OrderEnd
from optionix_core.trading.touch import acceptable

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.market.instruments import Security
    from optionix_core.market.quote import Quote
    from optionix_core.trading.executed import Executed
    from optionix_core.trading.fold import OrderFold
    from optionix_core.trading.orders import Fill, GateCheck, OrderIntent
    from optionix_core.trading.paper import PaperVenue


def meets_nothing_else(orders: OrderFold, intent: OrderIntent) -> bool:
    """Whether an order of one instrument has no parent, group or chosen lots, and nobody else could trade with it.

    Orders of its own account are passed over by each other, but for combinations, whose legs it may be.
    """
    if intent.legs or intent.parent is not None or intent.one_cancels is not None or intent.lots is not None:
        return False
    for order in orders.orders():
        other = order.intent
        if other.client_order_id == intent.client_order_id or order.accepted_at is None:
            continue
        opposed = other.account != intent.account and other.side is not intent.side
        if (other.legs or opposed) and intent.symbol in other.symbols:
            return False
    return True


def execute(
    venue: PaperVenue,
    intent: OrderIntent,
    instrument: Security,
    quote: Quote,
    checks: tuple[GateCheck, ...],
    now: datetime,
) -> Executed:
    """The order as its record tells it, its fills and what they traded among it."""
    fills = venue.execute(intent, instrument, quote, now)
    filled = 0
    for fill in fills:
        filled += fill.quantity
    if filled == intent.quantity:
        end = OrderEnd(OrderState.FILLED, None, checks)
    elif intent.time_in_force is TimeInForce.FOK:
        reason = f"fill or kill: {filled} of {intent.quantity} could be filled"
        fills, end = (), OrderEnd(OrderState.CANCELLED, reason, checks)
    else:
        end = OrderEnd(OrderState.CANCELLED, why_cut(venue, intent, quote, filled), checks)
    return _told(venue, intent, instrument, fills, end)


def _told(
    venue: PaperVenue, intent: OrderIntent, instrument: Security, fills: tuple[Fill, ...], end: OrderEnd
) -> Executed:
    name, currency, multiplier = venue.name, instrument.currency, instrument.multiplier
    trades = [
        trade_of(fill, intent, name, currency, signed_cost(intent.side, fill.quantity, fill.price, multiplier))
        for fill in fills
    ]
    return executed(intent, end, fills, trades)


def why_cut(venue: PaperVenue, intent: OrderIntent, quote: Quote, filled: int) -> str:
    """Why an order was not filled whole at a quote of which it got `filled`."""
    price = quote.ask if intent.side is Side.BUY else quote.bid
    name, limit = "ask" if intent.side is Side.BUY else "bid", intent.limit_price
    if filled:
        return f"{filled} of {intent.quantity} filled, the rest cancelled: no more displayed at the {name}"
    if price is not None and limit is not None and not acceptable(intent.side, Decimal(repr(price)), limit):
        return f"the {name} is {price}, the limit {decimal_text(limit)}"
    taken = venue.already_taken(intent.side, quote)
    return f"all that was displayed at the {name} is taken ({taken} contracts)"
