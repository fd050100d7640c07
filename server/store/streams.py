"""A user's stream as an event store of the engine: the server's gapless order, chained under a key.

Writers take turns by `database.exclusive`; an append is one transaction that moves the stream's head with its events,
so that it fails whole where somebody moved it meanwhile. Quarantined facts are kept as they came and read as masked,
see `optionix_core.sync.masking`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from optionix_core.errors import HomeLockedError, IntegrityError, InvalidValueError, ReadOnlyError, RefusedError
from optionix_core.sync import chain
from optionix_core.sync.appending import Plan, plan
from optionix_core.sync.canonical import decode_stored, encode
from optionix_core.sync.event import Event, EventStore, Head, Record, Verification, contained
from optionix_core.sync.faultpoints import reach
from optionix_core.sync.masking import effective, resolution_of, resolved_id
from server.store import stream_rows as rows
from server.store.beside import see, see_on, seen, waiting
from server.store.stream_keys import ChainKey, StreamKeys
from server.store.stream_rows import Placed, StreamRow

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Connection

    from optionix_core.market.clock import Clock
    from optionix_core.sync.checkpoints import FoldCheckpoint
    from server.store.database import Database

Effect = Callable[["Connection", "Plan"], None]
"""What is written in the transaction of an append."""

_WATCHED_EVERY: Final = 1000


class StreamStore:
    """An `EventStore` in the server's database. Threads may share it."""

    def __init__(
        self,
        database: Database,
        stream_id: UUID,
        chain_key: ChainKey,
        clock: Clock,
        grown: Callable[[UUID, int], None] = lambda _stream, _seq: None,
        *,
        read_only: bool = False,
    ) -> None:
        """`grown` hears the head's sequence after each append that is durable. With `read_only` nobody appends."""
        self.database = database
        self.grown = grown
        self.stream_id = stream_id
        self.clock = clock
        self._read_only = read_only
        self._keys = StreamKeys(chain_key)
        self._owner: int | None = None
        self._purpose = ""

    def head(self) -> Head:
        """The last committed sequence and hash; within `beside.one_look` as they were seen first."""
        known = seen(self.stream_id)
        if known is not None:
            return known
        with self.database.reading(fresh=True) as connection:
            return see(self.stream_id, rows.end(connection, self.stream_id)[0])

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Record]:
        """Records with seq > `after`, in order, as folds see them, each checked against the chain."""
        start = max(after, 0)
        originals = self._originals()
        for row in self.rows(start, limit):
            see_on(self.stream_id, row)
            yield _record(row, originals)

    def rows(self, after: int = 0, limit: int | None = None) -> Iterator[StreamRow]:
        """Rows with seq > `after` as they lie there, each checked against the chain."""
        yield from self.rows_and_end(after, limit)[0]

    def rows_and_end(self, after: int = 0, limit: int | None = None) -> tuple[Iterator[StreamRow], Head]:
        """The same, and where the stream ended as they were asked for; it may have grown before they came."""
        with self.database.reading(fresh=True) as connection:
            end, epoch, previous = rows.start(connection, self.stream_id, after)
            link = self._keys.link_at(connection, self.stream_id, epoch)
            size = rows.PAGE if limit is None else min(rows.PAGE, limit)
            first = rows.page(connection, self.stream_id, after, size) if end.seq > after else []
        return iter(()) if previous is None else self._checked(first, Head(after, previous), limit, link), end

    def _checked(self, first: list[StreamRow], start: Head, limit: int | None, link: chain.Link) -> Iterator[StreamRow]:
        """Rows after `start`, of which `first` are there."""
        last: list[StreamRow] = []

        def page(at: int, size: int) -> list[StreamRow]:
            return first if at == start.seq else self._page(at, size)

        def bare() -> Iterator[chain.Row]:
            for row in rows.pages(page, start.seq, limit):
                last[:] = [row]
                yield chain.Row(row.seq, row.id, row.data, row.hash)

        for _ in chain.checked(bare(), start, link):
            yield last[0]

    def find(self, event_id: str) -> Record | None:
        """The record of an event id, or the one that contains it."""
        return self.find_many((event_id,)).get(event_id)

    def find_many(self, event_ids: Sequence[str]) -> Mapping[str, Record]:
        """As `find`, for those of many ids that exist."""
        with self.database.reading(fresh=True) as connection:
            return self.found(connection, event_ids)

    def found(
        self, connection: Connection, event_ids: Sequence[str], link: chain.Link | None = None
    ) -> Mapping[str, Record]:
        """As `find_many`, over a connection; a resolved fact where it takes effect, with the bytes that it came in."""
        link = self._keys.link(connection, self.stream_id) if link is None else link
        originals = self._originals(connection)
        known: dict[str, Record] = {}
        held: dict[str, StreamRow] = {}
        for row, previous in rows.by_ids(connection, self.stream_id, event_ids):
            bare = chain.Row(row.seq, row.id, row.data, row.hash)
            next(chain.checked((bare,), Head(row.seq - 1, previous), link))
            names = (row.id, *contained(_decoded(row)))
            known.update(dict.fromkeys(names, _record(row, originals)))
            if row.status == "quarantined":
                held[row.id] = row
        for row, _ in rows.by_ids(connection, self.stream_id, list(map(resolved_id, held))) if held else ():
            fact, resolution, _ = resolution_of(_decoded(row))
            if resolution != "discard" and fact in held:  # it took effect there
                known[fact] = Record(row.seq, _record(row, originals).event, held[fact].data, row.hash)
        return {event_id: known[event_id] for event_id in event_ids if event_id in known}

    def load_checkpoint(self, name: str) -> FoldCheckpoint | None:
        """The checkpoint of a fold, where there is one that fits the stream."""
        with self.database.reading(fresh=True) as connection:
            return rows.checkpoint(connection, self.stream_id, name)

    @contextmanager
    def writing(self, purpose: str, timeout: float = 10.0) -> Iterator[StreamWriter]:
        """Take the stream's lock for `purpose`; HomeLockedError after `timeout` seconds, or ReadOnlyError."""
        if self._read_only:
            raise ReadOnlyError(purpose)
        if self._owner == threading.get_ident():
            raise RefusedError("home-lock", f"{purpose!r} would write inside {self._purpose!r} of the same thread")
        held = False
        try:
            with self.database.exclusive(f"stream/{self.stream_id}", timeout):
                held = True
                self._owner, self._purpose = threading.get_ident(), purpose
                with self.database.reading(fresh=True) as connection:
                    head, epoch = rows.end(connection, self.stream_id)
                see(self.stream_id, head)
                writer = StreamWriter(self, head, epoch)
                try:
                    yield writer
                finally:
                    writer.retire()
                    self._owner, self._purpose = None, ""
        except HomeLockedError as error:
            if held or not self._purpose:
                raise
            raise HomeLockedError(f"the log is being written ({self._purpose}); waited {timeout:g} s") from error

    def verify(self, watch: Callable[[int], None] | None = None) -> Verification:
        """Recompute the whole chain, compare it with the stream's head and its index of contents."""
        with self.database.reading(fresh=True) as connection:
            told, _ = rows.end(connection, self.stream_id)
            filed = rows.contents(connection, self.stream_id)
        self._keys.forget()
        head = Head(0, bytes(32))
        for row in self.rows():
            if watch is not None and row.seq % _WATCHED_EVERY == 1:
                watch(row.seq - 1)
            head = Head(row.seq, row.hash)
            if row.seq > told.seq:
                continue
            if row.seq == told.seq and row.hash != told.hash:
                raise IntegrityError("the stream's hash is not the one that its head names", row.seq)
            for name in contained(_decoded(row)):
                if filed.pop(name, None) != row.seq:
                    raise IntegrityError(f"{name!r}, which this event contains, is not filed under it", row.seq)
        if head.seq < told.seq:
            raise IntegrityError(f"this event is missing: the stream's head says {told.seq}", head.seq + 1)
        for name, seq in filed.items():
            raise IntegrityError(f"{name!r} is filed under this event, which does not contain it", seq)
        return Verification(head, head.seq)

    def close(self) -> None:
        """Nothing to release: the database is the server's."""

    def raw(self, connection: Connection, event_ids: Sequence[str]) -> Mapping[str, StreamRow]:
        """Rows by id as they lie there; ids alone that are an event's own."""
        found = rows.by_ids(connection, self.stream_id, event_ids)
        return {row.id: row for row, _ in found}

    def link(self, connection: Connection) -> chain.Link:
        """The link of this stream's chain."""
        return self._keys.link(connection, self.stream_id)

    def _page(self, after: int, size: int) -> list[StreamRow]:
        with self.database.reading(fresh=True) as connection:
            return rows.page(connection, self.stream_id, after, size)

    def _originals(self, connection: Connection | None = None) -> Callable[[str], tuple[Event, bytes] | None]:
        def original(event_id: str) -> tuple[Event, bytes] | None:
            if connection is None:
                with self.database.reading(fresh=True) as opened:
                    row = self.raw(opened, (event_id,)).get(event_id)
            else:
                row = self.raw(connection, (event_id,)).get(event_id)
            return None if row is None else (_decoded(row), row.data)

        return original


class StreamWriter:
    """Write access to a stream, as long as its lock is held."""

    def __init__(self, store: StreamStore, head: Head, epoch: int) -> None:
        self.store = store
        self._head = head
        self._epoch = epoch
        self._live = True

    def retire(self) -> None:
        """The lock is given back: from now on every use is refused."""
        self._live = False

    def head(self) -> Head:
        """The last sequence and hash."""
        self._held()
        return self._head

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Record]:
        """Records with seq > `after`, in order."""
        return self._held().read(after, limit)

    def find(self, event_id: str) -> Record | None:
        """The record of an event id, or the one that contains it."""
        return self._held().find(event_id)

    def find_many(self, event_ids: Sequence[str]) -> Mapping[str, Record]:
        """As `find`, for those of many ids that exist."""
        return self._held().find_many(event_ids)

    def append(self, events: Sequence[Event]) -> tuple[Record, ...]:
        """Append all or none as acts of the server; see `LogWriter`."""
        self._held()
        return self.put([Placed(event, encode(event)) for event in events])

    def put(self, placed: Sequence[Placed], effect: Effect | None = None) -> tuple[Record, ...]:
        """Append all or none; `effect` is written in the same transaction. Durable on return.

        The answers are records as `LogWriter.append` gives them, with the events as they were handed in.
        """
        store = self._held()
        known = {one.event.id: one for one in reversed(placed)}
        now = store.clock.now()
        effects = [one for one in (effect, waiting()) if one is not None]

        def work(connection: Connection) -> Plan:
            link = store.link(connection)
            planned = plan(
                [one.event for one in placed],
                self._head,
                lambda ids: store.found(connection, ids, link),
                link=link,
                encoded=[one.data for one in placed],
            )
            if planned.new:
                new = [_stored(record, known[record.event.id], self._epoch, now) for record in planned.new]
                inner = [(name, record.seq) for record in planned.new for name in contained(record.event)]
                rows.put(connection, store.stream_id, self._head, new, inner)
            for one in effects:
                one(connection, planned)
            reach("inside-transaction")
            return planned

        try:
            planned = store.database.write(work)
        except HomeLockedError:
            self._live = False  # somebody else holds the lock by now
            raise
        reach("after-commit")
        self._head = see(store.stream_id, planned.head)
        if planned.new:
            store.grown(store.stream_id, planned.head.seq)
        return planned.answers

    def load_checkpoint(self, name: str) -> FoldCheckpoint | None:
        """The checkpoint of a fold, where there is one that fits the stream."""
        return self._held().load_checkpoint(name)

    def save_checkpoint(self, checkpoint: FoldCheckpoint) -> None:
        """Keep it; InvalidValueError where its head is not in the stream."""
        store = self._held()

        def work(connection: Connection) -> None:
            head = checkpoint.head
            if rows.hash_at(connection, store.stream_id, head.seq) != head.hash:
                raise InvalidValueError("checkpoint", f"sequence {head.seq}", "at a head of this log")
            rows.keep_checkpoint(connection, store.stream_id, checkpoint)

        store.database.write(work)

    def drop_checkpoint(self, name: str) -> None:
        """Forget it, if there is one."""
        store = self._held()
        store.database.write(lambda connection: rows.drop_checkpoint(connection, store.stream_id, name))

    def _held(self) -> StreamStore:
        if not self._live:
            raise RefusedError("home-lock", "the writer was used after its lock had been given back")
        return self.store


def _decoded(row: StreamRow) -> Event:
    try:
        return decode_stored(row.data)
    except InvalidValueError as error:
        raise IntegrityError(f"not an event: {error}", row.seq) from error


def _record(row: StreamRow, original: Callable[[str], tuple[Event, bytes] | None]) -> Record:
    event = effective(_decoded(row), row.data, row.status, row.reason, original)
    return Record(row.seq, event, row.data, row.hash)


def _stored(record: Record, placed: Placed, epoch: int, now: datetime) -> StreamRow:
    return StreamRow(
        record.seq,
        record.event.id,
        record.data,
        record.hash,
        epoch,
        placed.status,
        placed.reason,
        placed.device_id,
        placed.device_seq,
        now,
    )


if TYPE_CHECKING:
    from datetime import datetime

    _promise: type[EventStore] = StreamStore
