"""Working orders that the state of their account does not allow, and their ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.trading.account_standing import AccountStatus
from optionix_core.trading.orders import OrderState, Side
from optionix_core.trading.records import OrderEnd

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from optionix_core.portfolio.fold import BookFold
    from optionix_core.services.working import Working
    from optionix_core.trading.fold import OrderFold
    from optionix_core.trading.open_order import OpenOrder


def end_disallowed(
    working: Working, account: str, status: AccountStatus, reason: str, now: datetime
) -> tuple[str, ...]:
    """End the orders of an account that its new state does not allow; their client order ids."""
    draft = working.draft
    if status is AccountStatus.ACTIVE:
        return ()
    names = (
        tuple(o.intent.client_order_id for o in draft.orders.orders() if o.intent.account == account)
        if status is AccountStatus.BLOCKED
        else opening_orders(draft.book, draft.orders, account)
    )
    return end_orders(working, names, f"account-state: {account} is {status}: {reason}", now)


def end_orders(working: Working, names: tuple[str, ...], reason: str, now: datetime) -> tuple[str, ...]:
    """End accepted orders of this venue, children before their parents; those of others their own venues end."""
    ended = []
    for name in reversed(names):
        order = working.draft.orders.order(name)
        if order is not None and order.accepted_at is not None and working.draft.here(order.intent.account):
            working.end(name, OrderEnd(OrderState.CANCELLED, reason, ()), now)
            ended.append(name)
    return tuple(sorted(ended))


def opening_orders(book: BookFold, orders: OrderFold, account: str) -> tuple[str, ...]:
    """Orders of an account that could open something, the older ones having closed what they can."""
    found = book.account(account)
    left = {} if found is None else {item.symbol: item.quantity for item in found.positions}
    return tuple(
        order.intent.client_order_id
        for order in orders.orders()
        if order.intent.account == account and not _closes(order, left)
    )


def _closes(order: OpenOrder, left: dict[str, Decimal]) -> bool:
    """Whether an order closes alone; takes what it closes out of `left` (orders of one group close it once)."""
    intent = order.intent
    if intent.legs or intent.parent is not None:
        return False
    there = left.get(intent.symbol)
    if there is None or -intent.side.sign * there < order.remaining:
        return intent.reduce_only
    if intent.one_cancels is None:
        left[intent.symbol] = there - order.remaining if intent.side is Side.SELL else there + order.remaining
    return True
