"""The event store of a home that is bound to a server: one log of what was pulled and of what is still to be sent.

Reading gives the merged order (see `merged_rows`); appending goes to the home's own log, under the same lock and with
the same promises as in a home that is bound to none. A page that was pulled is kept in one transaction with the cursor,
so that no crash leaves half of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.errors import IntegrityError
from optionix_core.storage import merged_rows, rows
from optionix_core.storage.connections import driver_of
from optionix_core.storage.merged_writer import MergedWriter
from optionix_core.storage.sqlite_store import BOUND_MARK, SqliteEventStore
from optionix_core.sync.checkpoints import FoldCheckpoint
from optionix_core.sync.event import EMPTY_HEAD, Head, Record, Verification, contained
from optionix_core.sync.replica import SyncState

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from optionix_core.market.clock import Clock
    from optionix_core.storage.log_writer import SqliteLogWriter
    from optionix_core.sync.event import EventStore
    from optionix_core.sync.replica import Replica


class MergedView(NamedTuple):
    """The merged log at one moment."""

    state: SyncState
    tail: Sequence[tuple[int, Record]]
    places: Mapping[str, Record]
    """Records of the tail by id, as their own or contained."""

    @property
    def head(self) -> Head:
        """Its end."""
        if not self.tail:
            return self.state.remote
        last = self.tail[-1][1]
        return Head(last.seq, last.hash)

    def hash_at(self, connection: Connection, seq: int) -> bytes | None:
        """h(seq), None where it has no such sequence."""
        place = seq - self.state.remote.seq
        if place <= 0:
            return merged_rows.hash_at(connection, seq) if seq >= 0 else None
        return self.tail[place - 1][1].hash if place <= len(self.tail) else None


class _Known(NamedTuple):
    """The last view, and what it was made of."""

    under: object
    own: Head
    view: MergedView


class MergedEventStore(SqliteEventStore):
    """An `EventStore` and a `Replica`. Threads may share it."""

    may_move: Final = True
    """Records past those that were pulled may stand elsewhere, and hash otherwise, at the next look."""

    def __init__(self, data_folder: Path, clock: Clock, *, read_only: bool = False) -> None:
        super().__init__(data_folder, clock, read_only=read_only)
        self._known: _Known | None = None

    # --- as an event store --------------------------------------------------------------------------------------

    def head(self) -> Head:
        """The end of the merged log."""
        with self._reading() as connection:
            return EMPTY_HEAD if connection is None else self._view(connection).head

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Record]:
        """Records with seq > `after`, in the merged order, all of one moment."""
        with self._reading() as connection:
            if connection is None:
                return
            view = self._view(connection)
        yield from self._read(view, max(after, 0), limit)

    def find(self, event_id: str) -> Record | None:
        """The record of an event id, or the one that contains it."""
        return self.find_many((event_id,)).get(event_id)

    def find_many(self, event_ids: Sequence[str]) -> Mapping[str, Record]:
        """As `find`, for those of many ids that exist."""
        with self._reading() as connection:
            return {} if connection is None else self._found(connection, event_ids)

    def ids_beginning(self, text: str) -> Sequence[str]:
        """As of a home that follows none, in the merged order."""
        with self._reading() as connection:
            if connection is None:
                return ()
            pulled, own = merged_rows.ids_beginning(connection, text), self._view(connection).tail
        known = frozenset(pulled)
        return [*pulled, *(r.event.id for _, r in own if r.event.id.startswith(text) and r.event.id not in known)]

    def load_checkpoint(self, name: str) -> FoldCheckpoint | None:
        """The checkpoint of a fold, where there is one that fits the merged log."""
        with self._reading() as connection:
            return None if connection is None else self._checkpoint(connection, name)

    @contextmanager
    def writing(self, purpose: str, timeout: float = 10.0) -> Iterator[MergedWriter]:  # type: ignore[override] # the writer of the merged log does not grow out of the other
        """Take the home's lock for `purpose`."""
        with super().writing(purpose, timeout) as own:
            writer = self.made_writer(own)
            try:
                yield writer
            finally:
                writer.retire()

    def made_writer(self, own: SqliteLogWriter) -> MergedWriter:
        """The writer of one hold of the lock."""
        return MergedWriter(self, own)

    def verify(self, watch: Callable[[int], None] | None = None) -> Verification:
        """Recompute the home's own chain, and the chain over what was pulled."""
        own = super().verify(watch)
        last = EMPTY_HEAD
        for record in self.read():
            last = Head(record.seq, record.hash)
        with self._reading() as connection:
            if connection is not None and last.seq < self._view(connection).state.remote.seq:
                raise IntegrityError("this event is missing in what was pulled", last.seq + 1)
        return Verification(last, last.seq, own.unacknowledged)

    # --- as a replica -------------------------------------------------------------------------------------------

    def sync_state(self) -> SyncState:
        """How far home and server are."""
        with self._reading() as connection:
            found = None if connection is None else merged_rows.state(connection)
        if found is None:
            raise IntegrityError(
                f"{self._folder / BOUND_MARK} says that the home is bound to a server, its database does not"
            )
        return found

    def waiting(self) -> int:
        """Own events that the server has not acknowledged."""
        with self._reading() as connection:
            if connection is None:
                return 0
            state = self._bound_state(connection)
            return merged_rows.own_head(connection).seq - max(state.acknowledged, state.own_back)

    @contextmanager
    def syncing(self, purpose: str, timeout: float = 10.0) -> Iterator[MergedWriter]:
        """Hold the home's lock, to keep what was pulled or collect what is to be sent."""
        with self.writing(purpose, timeout) as writer:
            yield writer

    # --- of one moment ------------------------------------------------------------------------------------------

    def _view(self, connection: Connection) -> MergedView:
        """What the merged log is now; the tail is made anew only where something under it changed."""
        driver = driver_of(connection)
        driver.execute("BEGIN")
        try:
            return self._view_within(connection)
        finally:
            driver.execute("ROLLBACK")

    def _view_within(self, connection: Connection) -> MergedView:
        state = self._bound_state(connection)
        under = (state.remote, state.own_back, merged_rows.mask_version(connection))
        own = merged_rows.own_head(connection)
        known = self._known
        if known is None or known.under != under or known.own.seq > own.seq:
            known = _Known(under, Head(state.own_back, b""), MergedView(state, (), {}))
        view = known.view._replace(state=state)
        if known.own != own:
            more = merged_rows.tail(connection, state, known.own.seq, view.head)
            places = {name: record for _, record in more for name in (record.event.id, *contained(record.event))}
            view = MergedView(state, (*view.tail, *more), {**view.places, **places})
            self._known = _Known(under, own, view)
        return view

    def _bound_state(self, connection: Connection) -> SyncState:
        state = merged_rows.state(connection)
        if state is None:
            raise self._unbound()
        return state

    def _unbound(self) -> IntegrityError:
        mark = self._folder / BOUND_MARK
        return IntegrityError(f"{mark} says that the home is bound to a server, its database does not")

    def _read(self, view: MergedView, after: int, limit: int | None) -> Iterator[Record]:
        left, at = limit, after
        until = view.state.remote.seq
        while at < until and (left is None or left > 0):
            size = rows.PAGE if left is None else min(rows.PAGE, left)
            with self._reading() as connection:
                before = None if connection is None else merged_rows.hash_at(connection, at)
                if connection is None or before is None:
                    return
                page = merged_rows.pulled(connection, Head(at, before), until, size)
            if not page:
                raise IntegrityError("this event is missing in what was pulled", at + 1)
            yield from page
            at = page[-1].seq
            left = None if left is None else left - len(page)
        own = [record for _, record in view.tail[max(0, at - until) :]] if at >= until else []
        yield from own if left is None else own[:left]

    def _found(self, connection: Connection, ids: Sequence[str], view: MergedView | None = None) -> dict[str, Record]:
        places = (self._view(connection) if view is None else view).places
        found = merged_rows.pulled_by_ids(connection, ids)
        found.update({name: places[name] for name in ids if name in places and name not in found})
        return found

    def _checkpoint(self, connection: Connection, name: str, view: MergedView | None = None) -> FoldCheckpoint | None:
        kept = rows.sound_checkpoint(connection, name)
        view = self._view(connection) if view is None else view
        return kept if kept is not None and view.hash_at(connection, kept.head.seq) == kept.head.hash else None


if TYPE_CHECKING:
    _promise: type[EventStore] = MergedEventStore
    _replica: type[Replica] = MergedEventStore
