"""Write access to the merged log while the home's lock is held: for the engine, and for the device's client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from optionix_core.errors import ConflictingEventError, InvalidValueError, RefusedError
from optionix_core.storage import merged_rows, rows
from optionix_core.storage.connections import driver_of, transaction, translated
from optionix_core.sync.canonical import encode
from optionix_core.sync.checkpoints import FoldCheckpoint
from optionix_core.sync.event import Event, Head, Record
from optionix_core.sync.masking import QUARANTINED, contested_event
from optionix_core.sync.replica import Own, SyncState
from optionix_core.sync.wire import PushItem

if TYPE_CHECKING:
    from optionix_core.storage.log_writer import SqliteLogWriter
    from optionix_core.storage.merged_store import MergedEventStore, MergedView
    from optionix_core.sync.replica import Step


class MergedWriter:
    """Write access to the merged log while the home's lock is held: a `LogWriter` and a `ReplicaWriter`."""

    def __init__(self, store: MergedEventStore, own: SqliteLogWriter) -> None:
        self._store = store
        self._own = own
        self._connection, self._database = own.connection, own.database
        self._driver = driver_of(own.connection)
        self._looked: tuple[int, MergedView] | None = None
        self._asked: tuple[int, SyncState] | None = None
        """What was read last, and after how many changes: nobody else makes any while the lock is held."""

    def retire(self) -> None:
        """The lock is given back; what is asked afterwards is refused by the home's own writer."""

    # --- as the writer of a log ---------------------------------------------------------------------------------

    def head(self) -> Head:
        """The end of the merged log."""
        return self._view().head

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Record]:
        """Records with seq > `after`, in the merged order."""
        return self._store._read(self._view(), max(after, 0), limit)  # noqa: SLF001 - store and writer are one thing in two shapes

    def find(self, event_id: str) -> Record | None:
        """The record of an event id, or the one that contains it."""
        return self.find_many((event_id,)).get(event_id)

    def find_many(self, event_ids: Sequence[str]) -> Mapping[str, Record]:
        """As `find`, for those of many ids that exist."""
        view = self._view()
        with translated(self._database):
            return self._store._found(self._connection, event_ids, view)  # noqa: SLF001 - as above

    def append(self, events: Sequence[Event]) -> tuple[Record, ...]:
        """Append to the home's own log, all or none; the answers are in the merged order. See `LogWriter`."""
        known = self.find_many([event.id for event in events]) if events else {}
        new = []
        for event in events:
            record = known.get(event.id)
            if record is None:
                new.append(event)
            elif not self._same(event):
                if record.event.type == QUARANTINED:
                    why = f"{event.id!r} happened before and is quarantined ({record.event.payload['reason']})"
                    raise RefusedError("sync-conflict", f"{why}: resolve it first")
                raise ConflictingEventError(f"event id {event.id!r} came again with other bytes", record.seq)
        if new:
            self._own.append(new)
        found = self.find_many([event.id for event in events]) if events else {}
        return tuple(found[event.id] for event in events)

    def load_checkpoint(self, name: str) -> FoldCheckpoint | None:
        """The checkpoint of a fold, where there is one that fits the merged log."""
        view = self._view()
        with translated(self._database):
            return self._store._checkpoint(self._connection, name, view)  # noqa: SLF001 - as above

    def save_checkpoint(self, checkpoint: FoldCheckpoint) -> None:
        """Keep it; InvalidValueError where its head is not in the merged log."""
        view = self._view()
        head = checkpoint.head
        with translated(self._database):
            if view.hash_at(self._connection, head.seq) != head.hash:
                raise InvalidValueError("checkpoint", f"sequence {head.seq}", "at a head of this log")
        self._own.put_checkpoint(checkpoint)

    def drop_checkpoint(self, name: str) -> None:
        """Forget it, if there is one."""
        self._own.drop_checkpoint(name)

    def keep_priced(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Add priced requests to their table, which no server shares."""
        self._own.keep_priced(records)

    def keep_calibration(self, record: Mapping[str, Any]) -> None:
        """Add a calibration to its table, which no server shares."""
        self._own.keep_calibration(record)

    # --- as the writer of a replica -----------------------------------------------------------------------------

    def state(self) -> SyncState:
        """How far home and server are."""
        self._own.head()
        changes = self._driver.total_changes
        if self._asked is None or self._asked[0] != changes:
            with translated(self._database):
                self._asked = changes, self._store._bound_state(self._connection)  # noqa: SLF001 - as above
        return self._asked[1]

    def original(self, event_id: str) -> tuple[Event, bytes] | None:
        """A pulled event as it came."""
        self._own.head()
        with translated(self._database):
            return merged_rows.original(self._connection, event_id)

    def remote(self, after: int) -> Sequence[Record]:
        """What was pulled after a sequence, as folds see it."""
        view = self._view()
        return list(self._store._read(view._replace(tail=()), after, None))  # noqa: SLF001 - as above

    def pending(self, own_back: int, besides: Mapping[str, bytes]) -> Sequence[Own]:
        """Own events after `own_back` that are neither pulled nor in `besides`; contested ones are left out."""
        self._own.head()
        with translated(self._database):
            return [
                Own(row.seq, row.event, row.data)
                for row in merged_rows.all_own(self._connection, own_back)
                if row.pulled is None and row.event.id not in besides
            ]

    def outbox(self, limit: int) -> Sequence[PushItem]:
        """What is to be sent next; in place of a fact whose id is taken, one that says so."""
        state = self.state()
        with translated(self._database):
            found = merged_rows.own(self._connection, max(state.acknowledged, state.own_back), limit)
        items = []
        for row in found:
            event, data = row.event, row.data
            if row.pulled is not None and row.pulled != row.data:
                event = contested_event(state.binding.device, row.seq, row.event, row.data)
                data = encode(event)
            items.append(PushItem(row.seq, event, data))
        return items

    def keep(self, step: Step) -> None:
        """Keep a page, its cursor and what the book refuses now in one transaction."""
        self._own.head()
        with translated(self._database), transaction(self._connection, self._database):
            merged_rows.keep(self._connection, step.events, step.records)
            if step.events:
                merged_rows.mask(self._connection, step.masked)
            merged_rows.write_state(self._connection, step.state)

    def note(self, state: SyncState) -> None:
        """Keep a state in one transaction."""
        self._own.head()
        with translated(self._database), transaction(self._connection, self._database):
            merged_rows.write_state(self._connection, state)

    def _same(self, event: Event) -> bool:
        """Whether an event that is known came with the bytes that it had."""
        data = encode(event)
        with translated(self._database):
            pulled = merged_rows.original(self._connection, event.id)
            own = rows.by_ids(self._connection, (event.id,)).get(event.id)
        return data in (None if pulled is None else pulled[1], None if own is None else own.data)

    def _view(self) -> MergedView:
        self._own.head()  # refuses once the lock is given back
        changes = self._driver.total_changes
        if self._looked is None or self._looked[0] != changes:
            with translated(self._database):
                view = self._store._view(self._connection)  # noqa: SLF001 - as above
            self._looked, self._asked = (changes, view), (changes, view.state)
        return self._looked[1]
