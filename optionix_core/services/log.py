"""Looking at the event log: its last rows, a stretch of it, and whether it is whole.

Read-only: nothing here can write, repair or take the home's lock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from optionix_core.errors import InvalidValueError
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import EventStore, Head, Json, LogReader, Record
from optionix_core.trading.facts import facts_of

SCHEMA_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class LogRow:
    """One event as a face shows it."""

    seq: int
    time: datetime
    """When it happened, UTC."""
    type: str
    id: str
    payload: Mapping[str, Json]
    """Decimals are strings, as they are in the log."""
    hash: str
    """h(seq) in hexadecimal."""


@dataclass(frozen=True, slots=True)
class LogPage:
    """A stretch of the log and the log's end when it was read."""

    rows: tuple[LogRow, ...]
    head: Head


@dataclass(frozen=True, slots=True)
class LogVerification:
    """What a complete check found; a log that is not whole raises IntegrityError instead."""

    events: int
    head: Head
    unacknowledged: int
    """Events that were committed in a crash before they were acknowledged; the next write takes them in."""

    @property
    def sentence(self) -> str:
        """`empty, verified`, or `1,204 events, verified`."""
        if self.events == 0:
            return "empty, verified"
        count = f"{self.events:,} event{'' if self.events == 1 else 's'}"
        late = f", {self.unacknowledged} committed but not acknowledged" if self.unacknowledged else ""
        return f"{count}, verified{late}"


def tail(log: LogReader, count: int = 20) -> LogPage:
    """The last `count` events, oldest first. InvalidValueError where `count` is negative."""
    _check_count("count", count)
    head = log.head()
    return LogPage(tuple(_row(record) for record in log.read(max(0, head.seq - count), min(count, head.seq))), head)


def show(log: LogReader, after: int = 0, limit: int = 100, event_type: str | None = None) -> LogPage:
    """Up to `limit` events with seq > `after`, oldest first.

    `event_type` keeps one type (`order.filled`) or, given without its last word (`order`), all below it; a record that
    tells more than one thing is kept where one of them is of the type.
    """
    _check_count("after", after)
    _check_count("limit", limit)
    head = log.head()
    rows: list[LogRow] = []
    for record in _of_type(log, after, event_type, limit):
        rows.append(_row(record))
        if len(rows) == limit:
            break
    return LogPage(tuple(rows), head)


def verify(store: EventStore) -> LogVerification:
    """Recompute the whole chain and compare it with the head outside; IntegrityError names the first bad sequence."""
    found = store.verify()
    return LogVerification(found.events, found.head, found.unacknowledged)


def to_json(report: LogPage | LogVerification) -> dict[str, Json]:
    """What `optionix log show --json` and `log verify --json` print."""
    head: Json = {"seq": report.head.seq, "hash": report.head.hash.hex()}
    if isinstance(report, LogVerification):
        return {
            "schema_version": SCHEMA_VERSION,
            "verified": True,
            "events": report.events,
            "unacknowledged": report.unacknowledged,
            "head": head,
            "message": report.sentence,
        }
    rows: list[Json] = [
        {
            "seq": row.seq,
            "time": time_text(row.time),
            "type": row.type,
            "id": row.id,
            "payload": row.payload,
            "hash": row.hash,
        }
        for row in report.rows
    ]
    return {"schema_version": SCHEMA_VERSION, "events": rows, "head": head}


def _of_type(log: LogReader, after: int, event_type: str | None, limit: int) -> Iterator[Record]:
    if event_type is None or limit == 0:
        yield from log.read(after, limit)
        return
    for record in log.read(after):
        types = {event.type for event in facts_of(record.event)} | {record.event.type}
        if any(told == event_type or told.startswith(f"{event_type}.") for told in types):
            yield record


def _row(record: Record) -> LogRow:
    event = record.event
    return LogRow(record.seq, event.time, event.type, event.id, event.payload, record.hash.hex())


def _check_count(field: str, count: int) -> None:
    if count < 0:
        raise InvalidValueError(field, count, "0 or more")
