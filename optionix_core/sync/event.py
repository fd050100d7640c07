"""Events: what happened, as immutable values with one canonical byte form.

The format is fixed: canonical JSON (keys sorted, no blanks, UTF-8, no floats: decimals travel as
strings), `payload_hash = SHA-256(canonical bytes)`, and the device chain
`h(n) = SHA-256(n as 8 big-endian bytes || h(n-1) || payload_hash)` with h(0) = 32 zero bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from optionix_core.sync.checkpoints import CheckpointReader, CheckpointStore

Scalar = str | int | bool | None
Json = Scalar | Sequence["Json"] | Mapping[str, "Json"]

CONTAINS = "contains"
"""Field of a payload that lists ids under which the event is filed beside its own: ids of what it tells."""

GENESIS = bytes(32)
"""The hash before the first event."""


@dataclass(frozen=True, slots=True)
class Event:
    """A fact to be appended. `id` is the idempotency key: the same id with the same bytes is one fact."""

    id: str
    type: str
    """Dotted, past tense: `order.filled`."""
    time: datetime
    """When it happened (UTC)."""
    payload: Mapping[str, Json]
    """Strings, integers, booleans, None, lists and string-keyed objects only; never a float."""
    value: object = field(default=None, init=False, compare=False, repr=False)
    """What `payload` was spelled from, see `made`; None where the event was read from a log, and in altered copies."""


def contained(event: Event) -> tuple[str, ...]:
    """Ids beside its own under which an event is found."""
    listed = event.payload.get(CONTAINS)
    return (
        () if listed is None or isinstance(listed, str) or not isinstance(listed, Sequence) else tuple(map(str, listed))
    )


def made(event_id: str, kind: str, time: datetime, payload: Mapping[str, Json], value: object) -> Event:
    """An event beside the value that its payload spells, so that it is neither checked nor parsed again.

    Promised by the caller: the payload is plain (exact dicts with ASCII keys, lists, tuples, text, integers, booleans,
    None; no float), and parsing it gives a value equal to `value`.
    """
    event = Event(event_id, kind, time, payload)
    object.__setattr__(event, "value", value)
    return event


@dataclass(frozen=True, slots=True)
class Record:
    """An event in its place in the log."""

    seq: int
    """1, 2, 3 ... without gaps."""
    event: Event
    data: bytes
    """The canonical bytes of the event."""
    hash: bytes
    """h(seq), 32 bytes."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a log: the last sequence number and its hash; (0, GENESIS) when empty."""

    seq: int
    hash: bytes


EMPTY_HEAD = Head(0, GENESIS)


@dataclass(frozen=True, slots=True)
class Verification:
    """What a complete check of a log found; it raises IntegrityError when something is wrong."""

    head: Head
    events: int
    unacknowledged: int = 0
    """Events past the head outside: a crash came between their commit and their acknowledgement."""


class LogReader(CheckpointReader, Protocol):
    """Read access; never blocks a writer and never writes."""

    def head(self) -> Head:
        """The last committed sequence and hash."""
        ...

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Record]:
        """Records with seq > `after`, in order."""
        ...

    def find(self, event_id: str) -> Record | None:
        """The record of an event id, or the one that contains it."""
        ...

    def find_many(self, event_ids: Sequence[str]) -> Mapping[str, Record]:
        """As `find`, for those of many ids that exist."""
        ...


class LogWriter(LogReader, CheckpointStore, Protocol):
    """Exists only while its process holds the home's lock."""

    def append(self, events: Sequence[Event]) -> tuple[Record, ...]:
        """Append all in one transaction, or none.

        Returns only when they are durable and the head outside the database has been written and
        synced. An id that exists with the same bytes is answered with its record and not appended
        again; with other bytes, or where an id that it contains exists already, ConflictingEventError.
        """
        ...


class EventStore(LogReader, Protocol):
    """A log that several processes share."""

    def writing(self, purpose: str, timeout: float = 10.0) -> AbstractContextManager[LogWriter]:
        """Take the home's lock for `purpose` (shown to whoever waits).

        Raises HomeLockedError after `timeout` seconds, IntegrityError where head and database
        contradict each other.
        """
        ...

    def verify(self, watch: Callable[[int], None] | None = None) -> Verification:
        """Recompute the whole chain, compare it with the head outside; IntegrityError names the first bad seq.

        `watch` hears now and then how many events are done; what it raises ends the check.
        """
        ...

    def close(self) -> None:
        """Release files."""
        ...
