"""A batch of orders as one record: intents, answers of the gate, fills and ends, told once and together.

    batch/ID    orders.batch    filed under the id of every intent that it contains

Orders of a batch are judged in turn against the book as it becomes and end at once, so that none of them is ever open.
Answers of the gate and quotes that several orders share stand once, and orders name them by their place. A batch whose
id comes again is the same batch; so is an order of it by its own id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from optionix_core.errors import IntegrityError
from optionix_core.market.quote import Quote
from optionix_core.portfolio import fields
from optionix_core.portfolio.trades import BATCH, Trade, trades_of
from optionix_core.sync.event import CONTAINS, Event, Json, made
from optionix_core.trading.executed import Executed, fill_of_payload, fill_payload, side_of
from optionix_core.trading.orders import GateCheck, OrderIntent, OrderState
from optionix_core.trading.records import (
    END_TYPES,
    INTENT,
    OrderEnd,
    intent_id,
    intent_of,
    intent_payload,
    quote_of,
    quote_payload,
)

MAXIMUM_ORDERS: Final = 1000
"""In one batch: its record must stay below the bound of an event's bytes."""


class BatchOrder(NamedTuple):
    """One order of a batch."""

    intent: OrderIntent
    executed: Executed


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of a batch, at one moment."""

    batch_id: str
    account: str
    venue: str
    all_or_none: bool
    orders: tuple[BatchOrder, ...]

    @property
    def trades(self) -> tuple[Trade, ...]:
        """Of all its orders, in order."""
        return tuple([trade for order in self.orders for trade in order.executed.trades])


def batch_event_id(batch_id: str) -> str:
    """Id of the event of a batch."""
    return f"batch/{batch_id}"


def batch_event(batch: Batch, time: datetime) -> Event:
    """The one record of a batch."""
    answers: dict[GateCheck, int] = {}
    quotes: list[Quote] = []
    payload: dict[str, Json] = {
        "account": batch.account,
        "all_or_none": batch.all_or_none,
        "batch_id": batch.batch_id,
        CONTAINS: [intent_id(order.intent.client_order_id) for order in batch.orders],
        "orders": [_order_payload(order, answers, quotes) for order in batch.orders],
        "venue": batch.venue,
    }
    payload["answers"] = [[item.rule, item.passed, item.detail] for item in answers]
    payload["quotes"] = [{**quote_payload(quote), "symbol": quote.symbol} for quote in quotes]
    return made(batch_event_id(batch.batch_id), BATCH, time, payload, batch)


def _order_payload(order: BatchOrder, answers: dict[GateCheck, int], quotes: list[Quote]) -> dict[str, Json]:
    intent, done = order.intent, order.executed
    payload = intent_payload(intent)
    del payload["account"]
    payload["checks"] = [answers.setdefault(item, len(answers)) for item in done.end.checks]
    fills: list[Json] = []
    for fill, trade in zip(done.fills, done.trades, strict=True):
        told = fill_payload(fill, trade)
        told["quote"] = _placed(quotes, fill.quote)
        fills.append(told)
    payload["fills"] = fills
    payload["reason"], payload["state"] = done.end.reason, str(done.end.state)
    return payload


def _placed(quotes: list[Quote], quote: Quote) -> int:
    for place in range(len(quotes) - 1, -1, -1):
        if quotes[place] is quote:
            return place
    quotes.append(quote)
    return len(quotes) - 1


def batch_of(event: Event) -> Batch:
    """The batch of its event. Raises IntegrityError where it is malformed."""
    if type(event.value) is Batch:
        return event.value
    payload = event.payload
    account = fields.text(payload, "account")
    answers = [_check_of(item) for item in _lists(payload, "answers")]
    quotes = [quote_of(item, fields.text(item, "symbol")) for item in fields.objects(payload, "quotes")]
    trades = iter(trades_of(event))
    orders = tuple(
        _order_of(item, account, event.time, answers, quotes, trades) for item in fields.objects(payload, "orders")
    )
    return Batch(
        fields.text(payload, "batch_id"),
        account,
        fields.text(payload, "venue"),
        fields.boolean(payload, "all_or_none"),
        orders,
    )


def _order_of(
    payload: Mapping[str, Json],
    account: str,
    time: datetime,
    answers: Sequence[GateCheck],
    quotes: Sequence[Quote],
    trades: Iterator[Trade],
) -> BatchOrder:
    name, symbol, side = fields.text(payload, "client_order_id"), fields.text(payload, "symbol"), side_of(payload)
    try:
        state = OrderState(fields.text(payload, "state"))
        checks = tuple(answers[_place(number)] for number in _numbers(payload, "checks"))
        fills = tuple(
            fill_of_payload(fill, name, number, time, quotes[_place(fields.integer(fill, "quote"))])
            for number, fill in enumerate(fields.objects(payload, "fills"), start=1)
        )
    except (ValueError, IndexError) as error:
        raise IntegrityError(f"order {name} of a batch is malformed: {error}") from None
    if state not in END_TYPES:
        raise IntegrityError(f"order {name} of a batch is {state}, which is no end")
    intent = intent_of(Event(intent_id(name), INTENT, time, {**payload, "account": account}))
    end = OrderEnd(state, fields.optional_text(payload, "reason"), checks)
    mine = tuple(next(trades) for _ in fills)
    return BatchOrder(intent, Executed(name, account, side, symbol, end, fills, mine))


def _place(number: int) -> int:
    if number < 0:
        raise IndexError(number)
    return number


def _numbers(payload: Mapping[str, Json], name: str) -> list[int]:
    value = payload.get(name)
    if not isinstance(value, list) or not all(type(item) is int for item in value):
        raise IntegrityError(f"field {name} must be a list of integers (got {value!r})")
    return value


def _lists(payload: Mapping[str, Json], name: str) -> list[list[Json]]:
    value = payload.get(name)
    if not isinstance(value, list) or not all(isinstance(item, list) for item in value):
        raise IntegrityError(f"field {name} must be a list of lists (got {value!r})")
    return value


def _check_of(item: list[Json]) -> GateCheck:
    if len(item) == 3:
        rule, passed, detail = item
        if isinstance(rule, str) and isinstance(passed, bool) and isinstance(detail, str):
            return GateCheck(rule, passed, detail)
    raise IntegrityError(f"an answer of the gate must be a rule, true or false, and a text (got {item!r})")
