"""Reading the log over one connection: in pages, by id, its end. Each record is checked against the chain."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, func, or_, select

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.storage.tables import event_contents, events, fold_checkpoints
from optionix_core.sync import chain
from optionix_core.sync.canonical import decode_stored
from optionix_core.sync.checkpoints import FoldCheckpoint, digest
from optionix_core.sync.event import EMPTY_HEAD, GENESIS, Head, Record, contained

PAGE: Final = 1000

_columns = (events.c.seq, events.c.id, events.c.data, events.c.hash)
_last = select(events.c.seq, events.c.hash).order_by(events.c.seq.desc()).limit(1)
_hash_at = select(events.c.hash).where(events.c.seq == bindparam("at"))
_page = select(*_columns).where(events.c.seq > bindparam("after")).order_by(events.c.seq).limit(bindparam("rows"))
_previous = events.alias("previous")
_asked = select(func.json_each(bindparam("ids")).table_valued("value").c.value)
"""Ids as one JSON text: a statement with a parameter for each would be built anew for every number of them."""
_by_ids = (
    select(*_columns, _previous.c.hash)
    .outerjoin(_previous, _previous.c.seq == events.c.seq - 1)
    .where(
        or_(
            events.c.id.in_(_asked),
            events.c.seq.in_(select(event_contents.c.seq).where(event_contents.c.id.in_(_asked))),
        )
    )
)
_contents = select(event_contents.c.id, event_contents.c.seq)
_checkpoint = select(fold_checkpoints).where(fold_checkpoints.c.name == bindparam("of"))


def last(connection: Connection) -> Head:
    """The log's end."""
    found = connection.execute(_last).first()
    return EMPTY_HEAD if found is None else Head(found[0], found[1])


def hash_at(connection: Connection, seq: int) -> bytes | None:
    """h(seq), None where the log has no such sequence."""
    if seq == 0:
        return GENESIS
    found: bytes | None = connection.execute(_hash_at, {"at": seq}).scalar()
    return found


def page(connection: Connection, after: int, size: int = PAGE) -> list[chain.Row]:
    """The next rows with seq > `after`, nothing about them checked."""
    return [chain.Row._make(row) for row in connection.execute(_page, {"after": after, "rows": size})]


def record(row: chain.Row) -> Record:
    """The record of a row that has been checked against the chain."""
    try:
        return Record(row.seq, decode_stored(row.data), row.data, row.hash)
    except InvalidValueError as error:
        raise IntegrityError(f"not an event: {error}", row.seq) from error


def by_ids(connection: Connection, ids: Sequence[str]) -> Mapping[str, Record]:
    """The records that exist for `ids`, as their own or contained."""
    found: dict[str, Record] = {}
    for *row, previous in connection.execute(_by_ids, {"ids": json.dumps(list(ids))}):
        stored = chain.Row._make(row)
        before = GENESIS if stored.seq == 1 else previous
        if before is None:
            raise IntegrityError("this event is missing", stored.seq - 1)
        one = record(next(chain.checked((stored,), Head(stored.seq - 1, before))))
        found.update(dict.fromkeys((stored.id, *contained(one.event)), one))
    return {event_id: found[event_id] for event_id in ids if event_id in found}


def contents(connection: Connection) -> dict[str, int]:
    """The index of what events contain: sequence by id."""
    return {str(row.id): int(row.seq) for row in connection.execute(_contents)}


def checkpoint(connection: Connection, name: str) -> FoldCheckpoint | None:
    """The checkpoint of a fold; None where there is none, it is damaged, or the chain at its place is another."""
    found = connection.execute(_checkpoint, {"of": name}).first()
    if found is None:
        return None
    kept = FoldCheckpoint(found.name, Head(found.seq, found.hash), found.state)
    sound = all(type(value) is bytes for value in (found.hash, found.state))
    if not sound or digest(kept) != found.digest or hash_at(connection, kept.head.seq) != kept.head.hash:
        return None
    return kept


def records(pages: Iterator[list[chain.Row]], start: Head) -> Iterator[Record]:
    """The records of all pages, in order."""
    for row in chain.checked((row for rows in pages for row in rows), start):
        yield record(row)
