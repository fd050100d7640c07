"""Reading the log over one connection: in pages, by id, its end. Each record is checked against the chain."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func, or_, select

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.storage.prepared import Prepared
from optionix_core.storage.tables import event_contents, events, fold_checkpoints
from optionix_core.sync import chain
from optionix_core.sync.canonical import decode_stored
from optionix_core.sync.checkpoints import FoldCheckpoint, digest
from optionix_core.sync.event import EMPTY_HEAD, GENESIS, Head, Record, contained

if TYPE_CHECKING:
    from sqlalchemy import Connection

PAGE: Final = 1000

_columns = (events.c.seq, events.c.id, events.c.data, events.c.hash)
_last = Prepared(select(events.c.seq, events.c.hash).order_by(events.c.seq.desc()).limit(1))
_hash_at = Prepared(select(events.c.hash).where(events.c.seq == bindparam("at")))
_page = Prepared(
    select(*_columns).where(events.c.seq > bindparam("after")).order_by(events.c.seq).limit(bindparam("rows"))
)
_previous = events.alias("previous")
_asked = select(func.json_each(bindparam("ids")).table_valued("value").c.value)
"""Ids as one JSON text: a statement with a parameter for each would be built anew for every number of them."""
_by_ids = Prepared(
    select(*_columns, _previous.c.hash)
    .outerjoin(_previous, _previous.c.seq == events.c.seq - 1)
    .where(
        or_(
            events.c.id.in_(_asked),
            events.c.seq.in_(select(event_contents.c.seq).where(event_contents.c.id.in_(_asked))),
        )
    )
)
_beginning = Prepared(
    select(events.c.id).where(events.c.id >= bindparam("first"), events.c.id < bindparam("past")).order_by(events.c.seq)
)
_contents = Prepared(select(event_contents.c.id, event_contents.c.seq))
_kept = fold_checkpoints.c
_checkpoint = Prepared(
    select(_kept.name, _kept.seq, _kept.hash, _kept.state, _kept.digest).where(_kept.name == bindparam("of"))
)


def last(connection: Connection) -> Head:
    """The log's end."""
    found = _last.first(connection)
    return EMPTY_HEAD if found is None else Head(found[0], found[1])


def hash_at(connection: Connection, seq: int) -> bytes | None:
    """h(seq), None where the log has no such sequence."""
    if seq == 0:
        return GENESIS
    found: bytes | None = _hash_at.scalar(connection, at=seq)
    return found


def page(connection: Connection, after: int, size: int = PAGE) -> list[chain.Row]:
    """The next rows with seq > `after`, nothing about them checked."""
    return [chain.Row._make(row) for row in _page.all(connection, after=after, rows=size)]


def record(row: chain.Row) -> Record:
    """The record of a row that has been checked against the chain."""
    try:
        return Record(row.seq, decode_stored(row.data), row.data, row.hash)
    except InvalidValueError as error:
        raise IntegrityError(f"not an event: {error}", row.seq) from error


def by_ids(connection: Connection, ids: Sequence[str]) -> Mapping[str, Record]:
    """The records that exist for `ids`, as their own or contained."""
    found: dict[str, Record] = {}
    for *row, previous in _by_ids.all(connection, ids=json.dumps(list(ids))):
        stored = chain.Row._make(row)
        before = GENESIS if stored.seq == 1 else previous
        if before is None:
            raise IntegrityError("this event is missing", stored.seq - 1)
        one = record(next(chain.checked((stored,), Head(stored.seq - 1, before))))
        found.update(dict.fromkeys((stored.id, *contained(one.event)), one))
    return {event_id: found[event_id] for event_id in ids if event_id in found}


def ids_beginning(connection: Connection, text: str) -> list[str]:
    """Ids that begin with `text`, in the log's order, found by the index of ids."""
    return [str(name) for (name,) in _beginning.all(connection, **between(text))]


def between(text: str) -> dict[str, str]:
    """Bounds of all that begins with `text`, which is not empty, in the order of code points."""
    return {"first": text, "past": text[:-1] + chr(ord(text[-1]) + 1)}


def contents(connection: Connection) -> dict[str, int]:
    """The index of what events contain: sequence by id."""
    return {str(name): int(seq) for name, seq in _contents.all(connection)}


def checkpoint(connection: Connection, name: str) -> FoldCheckpoint | None:
    """The checkpoint of a fold; None where there is none, it is damaged, or the chain at its place is another."""
    kept = sound_checkpoint(connection, name)
    return kept if kept is not None and hash_at(connection, kept.head.seq) == kept.head.hash else None


def sound_checkpoint(connection: Connection, name: str) -> FoldCheckpoint | None:
    """As it was kept, whatever the chain at its place; None where there is none, or it is damaged."""
    found = _checkpoint.first(connection, of=name)
    if found is None:
        return None
    called, seq, at, state, sealed = found
    kept = FoldCheckpoint(called, Head(seq, at), state)
    sound = type(at) is bytes and type(state) is bytes
    return kept if sound and digest(kept) == sealed else None


def records(pages: Iterator[list[chain.Row]], start: Head) -> Iterator[Record]:
    """The records of all pages, in order."""
    for row in chain.checked((row for rows in pages for row in rows), start):
        yield record(row)
