"""Reading and writing one stream's rows over a connection: in pages, by id, its end, its contents, its checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from optionix_core.errors import HomeLockedError, IntegrityError
from optionix_core.sync.checkpoints import FoldCheckpoint, digest
from optionix_core.sync.event import GENESIS, Event, Head
from server.store.tables import stream_checkpoints, stream_contents, stream_events, streams

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import BindParameter, Connection

    from optionix_core.sync.masking import Status

PAGE: Final = 1000
_ASKED: Final = 500
"""Ids in one query at most."""


class StreamRow(NamedTuple):
    """An event as it lies in a stream: nothing about it is trusted yet."""

    seq: int
    id: str
    data: bytes
    hash: bytes
    epoch: int
    status: Status
    reason: str | None
    device_id: str | None
    device_seq: int | None
    received_at: datetime


class Placed(NamedTuple):
    """What is to be written beside an event."""

    event: Event
    data: bytes
    """Its canonical bytes."""
    status: Status = "accepted"
    reason: str | None = None
    device_id: str | None = None
    device_seq: int | None = None


_events = stream_events
_columns = tuple(_events.c[name] for name in StreamRow._fields)
_head = select(streams.c.head_seq, streams.c.head_hash, streams.c.epoch).where(streams.c.id == bindparam("stream"))
_hash_at = select(_events.c.hash).where(_events.c.stream_id == bindparam("stream"), _events.c.seq == bindparam("at"))
_start = select(
    streams.c.head_seq,
    streams.c.head_hash,
    streams.c.epoch,
    select(_events.c.hash)
    .where(_events.c.stream_id == bindparam("stream"), _events.c.seq == bindparam("at"))
    .scalar_subquery(),
).where(streams.c.id == bindparam("stream"))
_page = (
    select(*_columns)
    .where(_events.c.stream_id == bindparam("stream"), _events.c.seq > bindparam("after"))
    .order_by(_events.c.seq)
    .limit(bindparam("rows"))
)
_previous = _events.alias("previous")
_asked: BindParameter[list[str]] = bindparam("ids", expanding=True)
_by_ids = (
    select(*_columns, _previous.c.hash)
    .outerjoin(_previous, (_previous.c.stream_id == _events.c.stream_id) & (_previous.c.seq == _events.c.seq - 1))
    .where(
        _events.c.stream_id == bindparam("stream"),
        or_(
            _events.c.id.in_(_asked),
            _events.c.seq.in_(
                select(stream_contents.c.seq).where(
                    stream_contents.c.stream_id == bindparam("stream"), stream_contents.c.id.in_(_asked)
                )
            ),
        ),
    )
    .order_by(_events.c.seq)
)
_epochs = (
    select(_events.c.epoch, func.min(_events.c.seq))
    .where(_events.c.stream_id == bindparam("stream"))
    .group_by(_events.c.epoch)
)
_contents = select(stream_contents.c.id, stream_contents.c.seq).where(
    stream_contents.c.stream_id == bindparam("stream")
)
_checkpoint = select(stream_checkpoints).where(
    stream_checkpoints.c.stream_id == bindparam("stream"), stream_checkpoints.c.name == bindparam("of")
)
_insert_event = insert(_events)
_insert_content = insert(stream_contents)
_insert_checkpoint = insert(stream_checkpoints)
_drop_checkpoint = delete(stream_checkpoints).where(
    stream_checkpoints.c.stream_id == bindparam("stream"), stream_checkpoints.c.name == bindparam("of")
)
_move_head = (
    update(streams)
    .where(streams.c.id == bindparam("stream"), streams.c.head_seq == bindparam("before"))
    .values(head_seq=bindparam("seq"), head_hash=bindparam("hash"))
)


def end(connection: Connection, stream: UUID) -> tuple[Head, int]:
    """The stream's head and the epoch of its key. IntegrityError where there is no such stream."""
    found = connection.execute(_head, {"stream": stream}).first()
    if found is None:
        raise IntegrityError(f"there is no stream {stream}")
    return Head(int(found[0]), bytes(found[1])), int(found[2])


def start(connection: Connection, stream: UUID, after: int) -> tuple[Head, int, bytes | None]:
    """The stream's head, the epoch of its key and h(after), None where there is no such sequence; see `end`."""
    found = connection.execute(_start, {"stream": stream, "at": after}).first()
    if found is None:
        raise IntegrityError(f"there is no stream {stream}")
    before = GENESIS if after == 0 else found[3]
    return Head(int(found[0]), bytes(found[1])), int(found[2]), None if before is None else bytes(before)


def hash_at(connection: Connection, stream: UUID, seq: int) -> bytes | None:
    """h(seq), None where the stream has no such sequence."""
    if seq == 0:
        return GENESIS
    found = connection.execute(_hash_at, {"stream": stream, "at": seq}).scalar()
    return None if found is None else bytes(found)


def page(connection: Connection, stream: UUID, after: int, size: int = PAGE) -> list[StreamRow]:
    """The next rows with seq > `after`, nothing about them checked."""
    asked = {"stream": stream, "after": after, "rows": size}
    return [_row(row) for row in connection.execute(_page, asked)]


def by_ids(connection: Connection, stream: UUID, ids: Sequence[str]) -> Iterator[tuple[StreamRow, bytes]]:
    """Rows of `ids`, as their own or contained, in order, each with the hash before it."""
    for start in range(0, len(ids), _ASKED):
        asked = {"stream": stream, "ids": list(ids[start : start + _ASKED])}
        for *row, previous in connection.execute(_by_ids, asked).all():
            found = _row(row)
            before = GENESIS if found.seq == 1 else previous
            if before is None:
                raise IntegrityError("this event is missing", found.seq - 1)
            yield found, bytes(before)


def epochs(connection: Connection, stream: UUID) -> list[tuple[int, int]]:
    """First sequence and epoch of the stretches of a stream, in order."""
    found = connection.execute(_epochs, {"stream": stream})
    return sorted((int(first), int(epoch)) for epoch, first in found)


def contents(connection: Connection, stream: UUID) -> dict[str, int]:
    """The index of what events contain: sequence by id."""
    return {str(row.id): int(row.seq) for row in connection.execute(_contents, {"stream": stream})}


def put(
    connection: Connection,
    stream: UUID,
    before: Head,
    rows: Sequence[StreamRow],
    inner: Sequence[tuple[str, int]],
) -> None:
    """Append `rows` after `before`, with the ids that they contain, and move the stream's head.

    HomeLockedError where another writer moved it meanwhile: then nothing of the transaction may stand.
    """
    last = rows[-1]
    moved = connection.execute(
        _move_head, {"stream": stream, "before": before.seq, "seq": last.seq, "hash": last.hash}
    ).rowcount
    if moved != 1:
        raise HomeLockedError(f"the stream {stream} was moved by another writer: try again")
    connection.execute(_insert_event, [{"stream_id": stream, **row._asdict()} for row in rows])
    if inner:
        connection.execute(_insert_content, [{"stream_id": stream, "id": name, "seq": seq} for name, seq in inner])


def checkpoint(connection: Connection, stream: UUID, name: str) -> FoldCheckpoint | None:
    """The checkpoint of a fold; None where there is none, it is damaged, or the chain at its place is another."""
    found = connection.execute(_checkpoint, {"stream": stream, "of": name}).first()
    if found is None:
        return None
    kept = FoldCheckpoint(found.name, Head(int(found.seq), bytes(found.hash)), bytes(found.state))
    if digest(kept) != bytes(found.digest) or hash_at(connection, stream, kept.head.seq) != kept.head.hash:
        return None
    return kept


def keep_checkpoint(connection: Connection, stream: UUID, kept: FoldCheckpoint) -> None:
    """Keep it in place of the former one."""
    drop_checkpoint(connection, stream, kept.name)
    connection.execute(
        _insert_checkpoint,
        {
            "stream_id": stream,
            "name": kept.name,
            "seq": kept.head.seq,
            "hash": kept.head.hash,
            "state": kept.state,
            "digest": digest(kept),
        },
    )


def drop_checkpoint(connection: Connection, stream: UUID, name: str) -> None:
    """Forget it, if there is one."""
    connection.execute(_drop_checkpoint, {"stream": stream, "of": name})


def pages(read: Callable[[int, int], list[StreamRow]], after: int, limit: int | None) -> Iterator[StreamRow]:
    """Rows with seq > `after`, `limit` at most, read page by page."""
    left = limit
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        found = read(after, size)
        yield from found
        if len(found) < size:
            return
        after = found[-1].seq
        left = None if left is None else left - len(found)


def _row(row: Sequence[object]) -> StreamRow:
    seq, event_id, data, found, *rest = row
    if not isinstance(data, bytes) or not isinstance(found, bytes):
        raise IntegrityError("the event is not stored as bytes", seq if isinstance(seq, int) else None)
    return StreamRow(seq, event_id, data, found, *rest)  # type: ignore[arg-type] # columns have the types of the tuple
