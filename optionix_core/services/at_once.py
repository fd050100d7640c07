"""Orders that do not rest: filled at once as far as it goes, or not at all, and ended; and what an order would fill."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.services import at_touch
from optionix_core.services.judging import quotes_of
from optionix_core.trading.combination import natural
from optionix_core.trading.executed import executed_event
from optionix_core.trading.orders import OrderState, TimeInForce
from optionix_core.trading.paper import signed_cost
from optionix_core.trading.records import FILLED, OrderEnd, end_event, fill_of
from optionix_core.trading.touch import acceptable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from optionix_core.market.instruments import Security
    from optionix_core.market.quote import Quote
    from optionix_core.services.draft import Draft
    from optionix_core.services.working import Working
    from optionix_core.sync.event import Event
    from optionix_core.trading.orders import Fill, GateCheck, OrderIntent, Side


def match(
    draft: Draft,
    working: Working,
    intent: OrderIntent,
    quote: Quote,
    checks: tuple[GateCheck, ...],
    now: datetime,
) -> None:
    """Fill an order whose intent is in the draft's orders, and end it: in one record where it meets no order."""
    if at_touch.meets_nothing_else(draft.orders, intent):
        instrument = working.instrument(intent.symbol)
        done = at_touch.execute(working.venue, intent, instrument, quote, checks, now)
        draft.add(executed_event(done, now) if done.fills else end_event(intent, done.end, now))
        return
    mark = len(draft.events)
    why = _taken(working, intent, quote, now)
    fills = _fills(draft, intent, mark)
    filled = sum(fill.quantity for fill in fills)
    if intent.time_in_force is TimeInForce.FOK and filled < intent.quantity:
        draft.forget(mark)
        units = " units" if intent.legs else ""
        if filled or not intent.legs:
            why = f"fill or kill: {filled} of {intent.quantity}{units} could be filled"
        fills, filled = (), 0
    if filled == intent.quantity:
        end = OrderEnd(OrderState.FILLED, None, checks)
    else:
        reason = why or (_why_units if intent.legs else _why)(working, intent, quote, filled, now)
        end = OrderEnd(OrderState.CANCELLED, reason, checks)
    draft.add(end_event(intent, end, now))
    if fills:
        working.crossing.settle(intent.symbols, now)


def would_fill(
    draft: Draft, working: Working, intent: OrderIntent, quote: Quote, now: datetime, before: Sequence[Event]
) -> tuple[Fill, ...]:
    """The fills that an order would have now, into a draft that is thrown away; `before` are events that come first."""
    draft.add(*before)
    mark = len(draft.events)
    _taken(working, intent, quote, now)
    fills = _fills(draft, intent, mark)
    if intent.time_in_force is TimeInForce.FOK and sum(fill.quantity for fill in fills) < intent.quantity:
        return ()
    return fills


def cost_of(fills: Sequence[Fill], intent: OrderIntent, instrument: Security) -> Decimal | None:
    """Signed cash of fills, fees excluded; None without any."""
    if not fills:
        return None
    with exact_arithmetic():
        costs = (signed_cost(intent.side, fill.quantity, fill.price, instrument.multiplier) for fill in fills)
        return sum(costs, ZERO)


def worst_price(fills: Sequence[Fill], side: Side) -> Decimal | None:
    """The highest price that a buy pays, the lowest that a sale gets; None without fills."""
    return max((fill.price for fill in fills), key=lambda price: side.sign * price, default=None)


def taken_if_posted(working: Working, intent: OrderIntent, quote: Quote, now: datetime) -> str | None:
    """What a post-only order would take of the orders that rest; None where it would not."""
    order = working.draft.orders.order(intent.client_order_id) if intent.post_only else None
    if order is None:
        return None
    offer, implied = working.crossing.best(order, quote, now)
    if implied is not None:
        return f"it would take {implied.combination.intent.client_order_id} at {decimal_text(implied.price)}"
    return None if offer is None else f"it would take {offer.order or 'the touch'} at {decimal_text(offer.price)}"


def _taken(working: Working, intent: OrderIntent, quote: Quote, now: datetime) -> str | None:
    if intent.legs:
        return working.crossing.take_units(intent.client_order_id, now, arriving=True)
    return working.crossing.take(intent.client_order_id, quote, now)


def _fills(draft: Draft, intent: OrderIntent, mark: int) -> tuple[Fill, ...]:
    name = intent.client_order_id
    fresh = (event for event in draft.events[mark:] if event.type == FILLED)
    return tuple(fill_of(event) for event in fresh if event.payload.get("client_order_id") == name)


def _why(working: Working, intent: OrderIntent, quote: Quote, filled: int, now: datetime) -> str:  # noqa: ARG001
    return at_touch.why_cut(working.venue, intent, quote, filled)


def _why_units(working: Working, intent: OrderIntent, quote: Quote, filled: int, now: datetime) -> str:  # noqa: ARG001
    if filled:
        return f"{filled} of {intent.quantity} units filled, the rest cancelled: no more displayed in a leg"
    net, limit = natural(intent.side, intent.legs, quotes_of(working.feed, intent, now)), intent.limit_price
    if net is not None and limit is not None and not acceptable(intent.side, net, limit):
        return f"the natural price is {decimal_text(net)}, the limit {decimal_text(limit)}"
    return "a leg has nothing displayed that is not taken"
