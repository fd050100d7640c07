"""What a device keeps of its server's stream, and what the device's client asks of whoever keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from optionix_core.sync.checkpoints import CheckpointStore
from optionix_core.sync.event import EMPTY_HEAD, Event, Head, Record
from optionix_core.sync.merkle import Frontier

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime

    from optionix_core.sync.wire import PulledEvent, PushItem


@dataclass(frozen=True, slots=True)
class Binding:
    """Which stream a home follows, fixed when it was bound."""

    server: str
    """Where the server is, as its user wrote it."""
    user: str
    """Who signed in: the user's id."""
    device: str
    """The home's id among the user's devices."""


@dataclass(frozen=True, slots=True)
class SyncState:
    """How far home and server are; all of it is durable."""

    binding: Binding
    stream: str | None = None
    """The stream's id, told by the first head."""
    head_key: bytes | None = None
    """The key that signs heads, pinned at the first."""
    remote: Head = EMPTY_HEAD
    """End of what was pulled; the hash is the device chain's over what folds see."""
    peaks: bytes = b""
    """Frontier of the Merkle tree over what was pulled."""
    pinned: tuple[int, bytes] = (0, b"")
    """The last head whose root was found right: a server must never show less."""
    own_back: int = 0
    """The last of the home's own sequences that came back by a pull."""
    acknowledged: int = 0
    """The last one that the server said it has."""
    stopped_why: str | None = None
    """An alarm, after which nothing is sent."""
    contact: datetime | None = None
    """When the server answered last, by this device's clock."""
    conflicts: int = 0
    """Open ones, as they were counted last."""
    lease_hours: float | None = None
    """How long from `contact` on the server lets this device trade at its venue; None where it did not say."""

    def frontier(self) -> Frontier:
        """The tree over what was pulled."""
        return Frontier.of_bytes(self.remote.seq, self.peaks)


@dataclass(frozen=True, slots=True)
class Own:
    """An own event that has not come back yet."""

    seq: int
    """The device's own."""
    event: Event
    data: bytes


@dataclass(frozen=True, slots=True)
class Step:
    """A pulled page, ready to be kept in one transaction."""

    events: Sequence[PulledEvent]
    records: Sequence[Record]
    """The same as folds see them, in the merged order."""
    state: SyncState
    """How things stand afterwards."""
    masked: Mapping[int, str] = field(default_factory=dict)
    """Own events that the book refuses now, by their own sequence, with the reason."""


class ReplicaWriter(CheckpointStore, Protocol):
    """Write access, as long as the home's lock is held."""

    def state(self) -> SyncState:
        """How things stand."""
        ...

    def original(self, event_id: str) -> tuple[Event, bytes] | None:
        """A pulled event as it came."""
        ...

    def remote(self, after: int) -> Sequence[Record]:
        """What was pulled after a sequence, as folds see it."""
        ...

    def pending(self, own_back: int, besides: Mapping[str, bytes]) -> Sequence[Own]:
        """Own events after `own_back` that are neither pulled nor in `besides` (bytes by id)."""
        ...

    def outbox(self, limit: int) -> Sequence[PushItem]:
        """What is to be sent next, in the device's own order."""
        ...

    def keep(self, step: Step) -> None:
        """Keep a page in one transaction."""
        ...

    def note(self, state: SyncState) -> None:
        """Keep a state in one transaction."""
        ...


class Replica(Protocol):
    """A home that is bound to a server."""

    def sync_state(self) -> SyncState:
        """How things stand."""
        ...

    def waiting(self) -> int:
        """Own events that the server has not acknowledged."""
        ...

    def syncing(self, purpose: str, timeout: float = 10.0) -> AbstractContextManager[ReplicaWriter]:
        """Hold the home's lock."""
        ...
