"""What the log tells, whatever records it is told in: each intent, fill, entry and end as an event of its own.

An order that ended at once is one record, a batch of orders another (`executed`, `batch_records`). Here both come apart
into the events that they stand for, with the ids that these have everywhere else. The record keeps the place and the
hash; a fact has the place of its record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.portfolio.exact import decimal_text
from optionix_core.portfolio.ledger import entry_event, entry_of_trade
from optionix_core.portfolio.trades import BATCH, carries_trades
from optionix_core.sync.canonical import decode_stored
from optionix_core.sync.event import Event, made
from optionix_core.trading.batch_records import batch_of
from optionix_core.trading.executed import Executed, executed_of
from optionix_core.trading.records import FILLED, end_event, end_id, intent_event, intent_id, quote_payload

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.sync.event import LogReader, Record
    from optionix_core.trading.orders import Fill

_OF_ORDER: Final = re.compile(r"order/([^/]+)/(?:intent|end|fill-[0-9]+(?:/entry)?)")


class Fact(NamedTuple):
    """One thing that a record tells."""

    seq: int
    event: Event


def facts_of(event: Event) -> tuple[Event, ...]:
    """All that an event tells, in order; most tell themselves alone. Raises IntegrityError where it is malformed."""
    if not carries_trades(event):
        return (event,)
    if event.type != BATCH:
        return (*_of_fills(executed_of(event), event.time), event)
    found: list[Event] = []
    for order in batch_of(event).orders:
        done = order.executed
        found += (
            intent_event(order.intent),
            *_of_fills(done, event.time),
            end_event(order.intent, done.end, event.time),
        )
    return tuple(found)


def _of_fills(done: Executed, time: datetime) -> Iterator[Event]:
    for fill, trade in zip(done.fills, done.trades, strict=True):
        yield _fill_event(done, fill, time)
        yield entry_event(entry_of_trade(trade))


def _fill_event(done: Executed, fill: Fill, time: datetime) -> Event:
    return made(
        fill.fill_id,
        FILLED,
        time,
        {
            "account": done.account,
            "client_order_id": done.client_order_id,
            "fee": decimal_text(fill.fee),
            "model": fill.model,
            "price": decimal_text(fill.price),
            "quantity": fill.quantity,
            "quote": quote_payload(fill.quote),
            "side": str(done.side),
            "symbol": done.symbol,
        },
        fill,
    )


def read(log: LogReader, after: int = 0, limit: int | None = None) -> Iterator[Fact]:
    """The facts of up to `limit` records with seq > `after`, in order."""
    for record in log.read(after, limit):
        for event in facts_of(record.event):
            yield Fact(record.seq, event)


def find(log: LogReader, event_id: str) -> Fact | None:
    """The fact of an id, wherever it is told."""
    record = log.find(event_id)
    if record is not None:
        return Fact(record.seq, record.event) if record.event.id == event_id else _within(record, event_id)
    matched = _OF_ORDER.fullmatch(event_id)
    if matched is None:
        return None
    for holder in (end_id(matched[1]), intent_id(matched[1])):
        record = None if holder == event_id else log.find(holder)
        found = None if record is None else _within(record, event_id)
        if found is not None:
            return found
    return None


def _within(record: Record, event_id: str) -> Fact | None:
    if not carries_trades(record.event):
        return None
    found = _by_id(record.hash, record.data).get(event_id)
    return None if found is None else Fact(record.seq, found)


@lru_cache(maxsize=16)
def _by_id(_hash: bytes, data: bytes) -> dict[str, Event]:
    """Of a record that tells many facts, which come to be asked for one after the other."""
    return {event.id: event for event in facts_of(decode_stored(data))}
