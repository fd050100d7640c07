"""An event store that lives in one process and is gone with it: for tests and simulations.

It keeps every promise of `EventStore` but durability. It is not for money that should be there tomorrow. As on disk
an event is kept as its canonical bytes alone, and whoever reads it reads these.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from optionix_core.errors import HomeLockedError, InvalidValueError, RefusedError
from optionix_core.sync import chain
from optionix_core.sync.appending import plan
from optionix_core.sync.canonical import decode_stored
from optionix_core.sync.checkpoints import FoldCheckpoint
from optionix_core.sync.event import EMPTY_HEAD, Event, Head, Record, Verification, contained

_Stored = tuple[int, str, bytes, bytes]
"""Sequence, id, canonical bytes and hash, as in `chain.Row`."""


class MemoryEventStore:
    """A log in memory; threads share it as processes share a home."""

    def __init__(self) -> None:
        self._rows: list[_Stored] = []
        """Bare tuples: Python's collector leaves these alone, however long the log."""
        self._places: dict[str, int] = {}
        self._head = EMPTY_HEAD
        self._checkpoints: dict[str, FoldCheckpoint] = {}
        self._lock = threading.Lock()
        self._purpose = ""
        self._owner: int | None = None

    def head(self) -> Head:
        """The last sequence and hash."""
        return self._head

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Record]:
        """Records with seq > `after`, in order."""
        start = max(after, 0)
        stop = len(self._rows) if limit is None else min(len(self._rows), start + limit)
        for place in range(start, stop):
            yield _record(self._rows[place])

    def find(self, event_id: str) -> Record | None:
        """The record of an event id."""
        place = self._places.get(event_id)
        return None if place is None else _record(self._rows[place])

    def load_checkpoint(self, name: str) -> FoldCheckpoint | None:
        """The checkpoint of a fold, where there is one that fits the log."""
        found = self._checkpoints.get(name)
        return found if found is not None and self._fits(found) else None

    @contextmanager
    def writing(self, purpose: str, timeout: float = 10.0) -> Iterator[MemoryLogWriter]:
        """Take the lock for `purpose`; HomeLockedError after `timeout` seconds."""
        if self._owner == threading.get_ident():
            raise RefusedError(
                "home-lock", f"{purpose} would write inside {self._purpose}, which holds the lock already"
            )
        if not self._lock.acquire(timeout=max(timeout, 0.0)):
            raise HomeLockedError(f"the log is being written by {self._purpose}; waited {timeout:g} s")
        self._purpose = purpose
        self._owner = threading.get_ident()
        writer = MemoryLogWriter(self)
        try:
            yield writer
        finally:
            writer.retire()
            self._owner = None
            self._lock.release()

    def verify(self, watch: Callable[[int], None] | None = None) -> Verification:
        """Recompute the whole chain."""
        if watch is not None:
            watch(0)
        head = chain.verify(map(chain.Row._make, self._rows))
        return Verification(head, head.seq)

    def close(self) -> None:
        """Nothing to release."""

    def _fits(self, checkpoint: FoldCheckpoint) -> bool:
        head = checkpoint.head
        if head.seq == 0:
            return head == EMPTY_HEAD
        return 0 < head.seq <= len(self._rows) and self._rows[head.seq - 1][3] == head.hash

    def find_many(self, event_ids: Sequence[str]) -> Mapping[str, Record]:
        """The records of those of many ids that exist."""
        places = self._places
        return {event_id: _record(self._rows[places[event_id]]) for event_id in event_ids if event_id in places}

    def _append(self, events: Sequence[Event]) -> tuple[Record, ...]:
        planned = plan(events, self._head, self.find_many)
        for record in planned.new:
            for name in (record.event.id, *contained(record.event)):
                self._places[name] = len(self._rows)
            self._rows.append((record.seq, record.event.id, record.data, record.hash))
        self._head = planned.head
        return planned.answers


def _record(stored: _Stored) -> Record:
    seq, _, data, found = stored
    return Record(seq, decode_stored(data), data, found)


class MemoryLogWriter:
    """Write access to a `MemoryEventStore`, as long as its lock is held."""

    def __init__(self, store: MemoryEventStore) -> None:
        self._store = store
        self._live = True

    def retire(self) -> None:
        """The lock is given back: from now on every use is refused."""
        self._live = False

    def head(self) -> Head:
        """The last sequence and hash."""
        return self._held().head()

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Record]:
        """Records with seq > `after`, in order."""
        return self._held().read(after, limit)

    def find(self, event_id: str) -> Record | None:
        """The record of an event id."""
        return self._held().find(event_id)

    def find_many(self, event_ids: Sequence[str]) -> Mapping[str, Record]:
        """The records of those of many ids that exist."""
        return self._held().find_many(event_ids)

    def append(self, events: Sequence[Event]) -> tuple[Record, ...]:
        """Append all or none; see `LogWriter`."""
        return self._held()._append(events)  # noqa: SLF001 - store and writer are one thing in two shapes

    def load_checkpoint(self, name: str) -> FoldCheckpoint | None:
        """The checkpoint of a fold, where there is one that fits the log."""
        return self._held().load_checkpoint(name)

    def save_checkpoint(self, checkpoint: FoldCheckpoint) -> None:
        """Keep it; InvalidValueError where its head is not in the log."""
        store = self._held()
        if not store._fits(checkpoint):  # noqa: SLF001 - as above
            raise InvalidValueError("checkpoint", f"sequence {checkpoint.head.seq}", "at a head of this log")
        store._checkpoints[checkpoint.name] = checkpoint  # noqa: SLF001 - as above

    def drop_checkpoint(self, name: str) -> None:
        """Forget it, if there is one."""
        self._held()._checkpoints.pop(name, None)  # noqa: SLF001 - as above

    def _held(self) -> MemoryEventStore:
        if not self._live:
            raise RefusedError("home-lock", "the writer was used after its lock had been given back")
        return self._store
