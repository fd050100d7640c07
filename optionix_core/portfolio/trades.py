"""Trades inside the record of an order: what a fill did to the book, in five numbers instead of an entry of its own.

An order that ends at once is one record that tells its end, its fills and their trades; a batch is one record that
tells many such orders. The ledger entry of a trade follows from its numbers and from nothing else: contracts against
cash with the venue, the fee beside it, each posting with its opposite. Readers of the ledger get it by
`ledger.entries_of`.

    order.completed | order.cancelled    with `fills`: one order
    orders.batch                         with `orders`, each with `fills`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from optionix_core.errors import IntegrityError
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import ZERO
from optionix_core.sync.event import Event, Json

BATCH: Final = "orders.batch"
_ENDS: Final = frozenset({"order.completed", "order.cancelled"})
_SIGNS: Final = {"buy": 1, "sell": -1}


class Trade(NamedTuple):
    """One fill as the ledger sees it."""

    cause: str
    """Id of the fill."""
    account: str
    venue: str
    symbol: str
    currency: str
    quantity: Decimal
    """Signed: positive bought."""
    cash: Decimal
    """Signed cash paid to the venue, fee excluded."""
    fee: Decimal
    price: Decimal
    time: datetime

    @property
    def entry_id(self) -> str:
        """Id of its ledger entry."""
        return f"{self.cause}/entry"


def fill_id(client_order_id: str, number: int) -> str:
    """Id of an order's n-th fill, from 1."""
    return f"order/{client_order_id}/fill-{number}"


def carries_trades(event: Event) -> bool:
    """Whether trades are told inside the event."""
    return event.type == BATCH or (event.type in _ENDS and "fills" in event.payload)


def trades_of(event: Event) -> tuple[Trade, ...]:
    """The trades that an event of the kind tells, in order. Raises IntegrityError where it is malformed."""
    known: tuple[Trade, ...] | None = getattr(event.value, "trades", None)
    if known is not None:
        return known
    payload = event.payload
    account, venue = fields.text(payload, "account"), fields.text(payload, "venue")
    orders = fields.objects(payload, "orders") if event.type == BATCH else (payload,)
    return tuple(trade for order in orders for trade in _of_order(order, account, venue, event.time))


def _of_order(order: Mapping[str, Json], account: str, venue: str, time: datetime) -> Iterator[Trade]:
    name, symbol = fields.text(order, "client_order_id"), fields.text(order, "symbol")
    sign = _SIGNS.get(fields.text(order, "side"))
    if sign is None:
        raise IntegrityError(f"field side must be buy or sell (got {order['side']!r})")
    for number, fill in enumerate(fields.objects(order, "fills"), start=1):
        quantity, cash = fields.integer(fill, "quantity"), fields.decimal(fill, "cash")
        fee, price = fields.decimal(fill, "fee"), fields.decimal(fill, "price")
        if quantity < 1 or cash * sign < ZERO or fee < ZERO:
            raise IntegrityError(f"fill {number} of {name} trades {quantity} for {cash} at a fee of {fee}")
        yield Trade(
            cause=fill_id(name, number),
            account=account,
            venue=venue,
            symbol=symbol,
            currency=fields.text(fill, "currency"),
            quantity=Decimal(sign * quantity),
            cash=cash,
            fee=fee,
            price=price,
            time=time,
        )
