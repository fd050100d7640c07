"""Which account an event acts on: its orders, its ledger, its exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from optionix_core.portfolio.ledger import ACCOUNT_OPENED, ENTRY, LOTS_CHOSEN
from optionix_core.portfolio.trades import BATCH

if TYPE_CHECKING:
    from optionix_core.sync.event import Event
    from optionix_core.trading.fold import OrderFold

_ACTS: Final = frozenset({ENTRY, ACCOUNT_OPENED, LOTS_CHOSEN, BATCH, "exercise.instructed", "trade.imported"})
_ORDER: Final = "order."


def acted_on(event: Event, orders: OrderFold) -> str | None:
    """The account that an event acts on, by itself or through an order in `orders`; None where it acts on none.

    What is said about an account (its state, its limits, who owns it) acts on none.
    """
    if event.type not in _ACTS and not event.type.startswith(_ORDER):
        return None
    account = event.payload.get("account")
    if isinstance(account, str):
        return account
    name = event.payload.get("client_order_id")
    order = orders.order(name) if isinstance(name, str) else None
    return None if order is None else order.intent.account
