"""What open orders already promise: contracts that working sells may deliver, and what a child may count on."""

from __future__ import annotations

from collections.abc import Iterable

from optionix_core.trading.open_order import OpenOrder
from optionix_core.trading.orders import OrderIntent, Side


def claimed(orders: Iterable[OpenOrder], intent: OrderIntent) -> int:
    """Contracts that other accepted sells of the account may still deliver of the instrument.

    Orders that cancel each other deliver once: the largest of a group counts, and a group that `intent` belongs to not
    at all. A child counts with what its parent has released.
    """
    groups: dict[str, int] = {}
    for order in orders:
        other = order.intent
        if (
            order.accepted_at is None
            or other.side is not Side.SELL
            or other.client_order_id == intent.client_order_id
            or (other.account, other.symbol) != (intent.account, intent.symbol)
            or (intent.one_cancels is not None and other.one_cancels == intent.one_cancels)
        ):
            continue
        name = f"order/{other.client_order_id}" if other.one_cancels is None else f"group/{other.one_cancels}"
        groups[name] = max(groups.get(name, 0), order.workable)
    return sum(groups.values())


def coming(parent: OpenOrder | None, intent: OrderIntent) -> int:
    """Contracts that the parent of `intent` may still buy of the same instrument for the same account."""
    if parent is None or parent.intent.side is not Side.BUY or intent.side is not Side.SELL:
        return 0
    same = (parent.intent.account, parent.intent.symbol) == (intent.account, intent.symbol)
    return parent.remaining if same else 0


def siblings(orders: Iterable[OpenOrder], intent: OrderIntent) -> tuple[OpenOrder, ...]:
    """Other accepted orders of the account in the same one-cancels group."""
    if intent.one_cancels is None:
        return ()
    return tuple(
        order
        for order in orders
        if order.accepted_at is not None
        and order.intent.one_cancels == intent.one_cancels
        and order.intent.account == intent.account
        and order.intent.client_order_id != intent.client_order_id
    )


def children(orders: Iterable[OpenOrder], client_order_id: str) -> tuple[OpenOrder, ...]:
    """Accepted orders that wait for the fills of an order."""
    return tuple(order for order in orders if order.intent.parent == client_order_id and order.accepted_at is not None)
