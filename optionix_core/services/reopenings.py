"""The auction in which what was halted by the venue itself trades again: one price for an instrument, by the one rule.

Orders that rested through the halt meet what is displayed at that moment, all at the price of `trading.auction`, the
better limit first, then the older order. With what is displayed on both sides the reference is its middle, so that a
limit which the market has passed by in the halt is filled at the touch and not at its own price. Orders that wait for a
level, and combinations, go on with the next quote. Fills name the model `reopening-auction`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from optionix_core.services.judging import quote_of
from optionix_core.services.working import in_turn
from optionix_core.trading.auction import AuctionOrder, clear
from optionix_core.trading.halts import HaltScope
from optionix_core.trading.orders import OrderState, Side
from optionix_core.trading.records import OrderEnd
from optionix_core.trading.touch import acceptable, crossed, quoted_at, touch
from optionix_core.trading.watch.changes import middle

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from optionix_core.market.instruments import Security
    from optionix_core.market.quote import Quote
    from optionix_core.services.working import Working
    from optionix_core.trading.halts import Halt
    from optionix_core.trading.open_order import OpenOrder


def reopen(working: Working, over: Iterable[Halt], at: datetime) -> None:
    """Hold the auctions of all instruments that the end of halts lets trade again."""
    scopes = [(halt.scope, halt.name) for halt in over]
    if not scopes:
        return
    names = {
        order.intent.symbol
        for order in working.draft.orders_here()
        if order.since is not None and not order.intent.legs
    }
    for name in sorted(names):
        instrument = working.instrument(name)
        mine = {(HaltScope.MARKET, ""), (HaltScope.UNDERLYING, instrument.underlying), (HaltScope.INSTRUMENT, name)}
        if mine & set(scopes) and not working.halted(name, at):
            _auction(working, instrument, at)


def _auction(working: Working, instrument: Security, at: datetime) -> None:
    quote = quote_of(working.feed, instrument.symbol, at)
    if quote is None or crossed(quote) or at - quoted_at(quote) > working.feed.stale_after:
        return
    orders = [order for order in working.draft.orders_here() if _takes_part(order, instrument.symbol, at)]
    price = _price(working, orders, quote, instrument.tick)
    if price is None:
        return
    match = partial(working.venue.reopened, price)
    for order in in_turn(orders):
        still = working.draft.orders.order(order.intent.client_order_id)
        if still is None or still.workable < 1 or not acceptable(still.intent.side, price, still.intent.limit_price):
            continue
        reason = working.take_displayed(still, quote, at, match)
        if reason is not None:
            working.end(still.intent.client_order_id, OrderEnd(OrderState.CANCELLED, reason, ()), at)


def _takes_part(order: OpenOrder, symbol: str, at: datetime) -> bool:
    return (
        order.since is not None
        and order.since < at
        and not order.intent.legs
        and order.intent.symbol == symbol
        and order.workable >= 1
        and not order.waits_for_trigger
    )


def _price(working: Working, orders: list[OpenOrder], quote: Quote, tick: Decimal) -> Decimal | None:
    """The price of the auction; None where nothing crosses."""
    sides: dict[Side, list[AuctionOrder]] = {Side.BUY: [], Side.SELL: []}
    shown = []
    for side, taker in ((Side.BUY, Side.SELL), (Side.SELL, Side.BUY)):
        met, left = touch(quote, taker), working.venue.available(taker, quote)
        if met is not None:
            shown.append(met[0])
            if left:
                sides[side].append(AuctionOrder(met[0], left))
    if not shown:
        return None
    for order in orders:
        sides[order.intent.side].append(AuctionOrder(order.intent.limit_price, order.workable))
    return clear(sides[Side.BUY], sides[Side.SELL], middle(min(shown), max(shown)), tick).price
