"""Orders that end at once, as one record: the end with its fills and what these traded.

    order/ID/end     order.completed | order.cancelled    with `fills`
    batch/ID         orders.batch                         many such orders with their intents, see `batch_records`

Fills, entries and end are told by one record, under the id of the end: an order still has one end. `facts` tells the
same things as the events that they would be apart, with the ids that they would have, so that readers need not know
which of the two forms a log has; older logs have events of their own for each and are read as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from optionix_core.errors import IntegrityError
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import decimal_text
from optionix_core.portfolio.trades import Trade, fill_id, trades_of
from optionix_core.sync.event import Event, Json, made
from optionix_core.trading.orders import Fill, OrderIntent, Side
from optionix_core.trading.records import (
    END_TYPES,
    OrderEnd,
    as_told,
    checks_payload,
    end_id,
    end_of,
    quote_of,
    quote_payload,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optionix_core.market.quote import Quote


class Executed(NamedTuple):
    """An order that met the market once and ended."""

    client_order_id: str
    account: str
    side: Side
    symbol: str
    end: OrderEnd
    fills: tuple[Fill, ...]
    trades: tuple[Trade, ...]
    """One for each fill."""


def executed(intent: OrderIntent, end: OrderEnd, fills: Sequence[Fill], trades: Sequence[Trade]) -> Executed:
    """How an order ended. Its fills are of a single instrument and of the moment of its end."""
    told = tuple([as_told(fill) for fill in fills])
    return Executed(intent.client_order_id, intent.account, intent.side, intent.symbol, end, told, tuple(trades))


def trade_of(fill: Fill, intent: OrderIntent, venue: str, currency: str, cash: Decimal) -> Trade:
    """What a fill traded; `cash` is signed, positive paid."""
    return Trade(
        fill.fill_id,
        intent.account,
        venue,
        intent.symbol,
        currency,
        Decimal(intent.side.sign * fill.quantity),
        cash,
        fill.fee,
        fill.price,
        fill.filled_at,
    )


def executed_event(done: Executed, time: datetime) -> Event:
    """The one record of an order that was filled, wholly or in part, and ended."""
    end = done.end
    payload: dict[str, Json] = {
        "account": done.account,
        "checks": checks_payload(end.checks),
        "client_order_id": done.client_order_id,
        "fills": [
            {**fill_payload(fill, trade), "quote": quote_payload(fill.quote)}
            for fill, trade in zip(done.fills, done.trades, strict=True)
        ],
        "reason": end.reason,
        "rule": None,
        "side": str(done.side),
        "state": str(end.state),
        "symbol": done.symbol,
        "venue": done.trades[0].venue,
    }
    return made(end_id(done.client_order_id), END_TYPES[end.state], time, payload, done)


def fill_payload(fill: Fill, trade: Trade) -> dict[str, Json]:
    """A fill and its trade, but for the quote."""
    return {
        "cash": decimal_text(trade.cash),
        "currency": trade.currency,
        "fee": decimal_text(fill.fee),
        "model": fill.model,
        "price": decimal_text(fill.price),
        "quantity": fill.quantity,
    }


def executed_of(event: Event) -> Executed:
    """The order of its record. Raises IntegrityError where it is malformed."""
    if type(event.value) is Executed:
        return event.value
    payload = event.payload
    symbol, name = fields.text(payload, "symbol"), fields.text(payload, "client_order_id")
    fills = tuple(
        fill_of_payload(fill, name, number, event.time, quote_of(fields.mapping(fill, "quote"), symbol))
        for number, fill in enumerate(fields.objects(payload, "fills"), start=1)
    )
    return Executed(
        name,
        fields.text(payload, "account"),
        side_of(payload),
        symbol,
        end_of(event),
        fills,
        trades_of(event),
    )


def side_of(payload: Mapping[str, Json]) -> Side:
    """Which way an order went."""
    text = fields.text(payload, "side")
    if text not in {"buy", "sell"}:
        raise IntegrityError(f"field side must be buy or sell (got {text!r})")
    return Side(text)


def fill_of_payload(payload: Mapping[str, Json], name: str, number: int, time: datetime, quote: Quote) -> Fill:
    """The fill of `fill_payload`."""
    return Fill(
        fill_id(name, number),
        name,
        fields.integer(payload, "quantity"),
        fields.decimal(payload, "price"),
        fields.decimal(payload, "fee"),
        fields.text(payload, "model"),
        time,
        quote,
    )
