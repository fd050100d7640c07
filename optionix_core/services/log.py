"""Looking at the event log: its last rows, a stretch of it, and whether it is whole.

Read-only: nothing here can write, repair or take the home's lock.
"""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from optionix_core.errors import InterruptedByUserError, InvalidValueError
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import EventStore, Head, Json, LogReader, Record
from optionix_core.trading.facts import facts_of

SCHEMA_VERSION: Final = 1
FORMATS: Final = ("csv", "json", "jsonl")
"""Of `encode`."""
_LONG_IDS: Final = frozenset({"client_order_id", "cause"})
"""Told last, since they would push out what they belong to."""


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


def tail(log: LogReader, count: int = 20, event_type: str | None = None) -> LogPage:
    """The last `count` events, oldest first, or of one type as in `show`. InvalidValueError for a negative `count`."""
    _check_count("count", count)
    head = log.head()
    if event_type is not None:
        return LogPage(tuple(map(_row, deque(_of_type(log, 0, event_type, count), maxlen=count))), head)
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


def verify(
    store: EventStore,
    progress: Callable[[int, int], None] | None = None,
    cancel: Callable[[], bool] = lambda: False,
) -> LogVerification:
    """Recompute the whole chain and compare it with the head outside; IntegrityError names the first bad sequence.

    `progress(events done, events in all)`; ends by InterruptedByUserError once `cancel()` holds.
    """
    total = store.head().seq if progress is not None else 0

    def watch(done: int) -> None:
        if cancel():
            raise InterruptedByUserError
        if progress is not None:
            progress(min(done, total), total)

    found = store.verify(watch)
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


def encode(page: LogPage, kind: str) -> str:
    """The entries as a file: CSV with the payload as JSON in its cell, JSON, or a line of JSON each.

    Raises InvalidValueError for a format that is not one of `FORMATS`.
    """
    if kind not in FORMATS:
        raise InvalidValueError("format", repr(kind), f"one of {', '.join(FORMATS)}")
    document = to_json(page)
    if kind == "json":
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    entries = cast(list[dict[str, Json]], document["events"])
    if kind == "jsonl":
        return "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
    target = io.StringIO()
    writer = csv.DictWriter(target, ("seq", "time", "type", "id", "payload", "hash"), lineterminator="\n")
    writer.writeheader()
    for entry in entries:
        writer.writerow({**entry, "payload": json.dumps(entry["payload"], ensure_ascii=False)})
    return target.getvalue()


def gist(row: LogRow, width: int = 90) -> str:
    """The payload's plain values on one line of at most `width` letters; what is nested is in the JSON."""
    plain = [
        f"{key}={value}"
        for key, value in sorted(row.payload.items(), key=lambda item: item[0] in _LONG_IDS)
        if isinstance(value, (str, int)) and value != ""
    ]
    return textwrap.shorten(" ".join(plain), width, placeholder=" ...")


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
