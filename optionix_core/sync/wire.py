"""What a device and a server tell each other, as values; how they travel is the transport's affair.

A leaf of the Merkle tree over a stream speaks for place, bytes and judgement of an event, so that none of them can be
changed once a device has seen the root. A head is signed over stream, sequence, chain hash and root.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal, Protocol

from optionix_core.errors import IntegrityError, OptionixError, RefusedError
from optionix_core.sync.merkle import leaf_hash

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from optionix_core.sync.event import Event, Json
    from optionix_core.sync.masking import Resolution, Status

MAXIMUM_BATCH: Final = 1000
"""Events in one push."""
MAXIMUM_PAGE: Final = 10_000
"""Events in one pull."""
ROOT_EVERY: Final = 256
"""Entries after which a server keeps a signed root."""

CLOCK_DRIFT: Final = "clock-drift"
SEQUENCE_GAP: Final = "sequence-gap"
PULL_FIRST: Final = "pull-first"
DEVICE_STOPPED: Final = "device-stopped"
CONFLICTING_EVENT: Final = "conflicting-event"
ALARMS: Final = frozenset({DEVICE_STOPPED, CONFLICTING_EVENT})
"""Problems after which a device sends nothing more until somebody has looked."""


@dataclass(frozen=True, slots=True)
class PushItem:
    """An event of a device in its own order."""

    device_seq: int
    event: Event
    data: bytes
    """Its canonical bytes."""


@dataclass(frozen=True, slots=True)
class PushBatch:
    """What a device sends at once."""

    device_id: str
    items: Sequence[PushItem]
    device_time: datetime | None = None
    """The device's clock as it is sent."""
    pulled: int | None = None
    """Up to which sequence the device knew the stream as it chose what to send."""


@dataclass(frozen=True, slots=True)
class PushResult:
    """What became of one event."""

    event_id: str
    status: Literal["accepted", "duplicate", "quarantined"]
    server_seq: int


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """What became of a batch; all of it is durable."""

    results: Sequence[PushResult]
    device_cursor: int
    """The device's last sequence that was taken in."""


@dataclass(frozen=True, slots=True)
class PulledEvent:
    """An event in its place in the stream."""

    seq: int
    id: str
    data: bytes
    status: Status
    reason: str | None = None
    device_id: str | None = None
    """None: an act of the server."""
    device_seq: int | None = None


@dataclass(frozen=True, slots=True)
class SignedHead:
    """The end of a stream, as the server answers for it."""

    stream_id: str
    seq: int
    hash: bytes
    root: bytes
    signature: bytes
    key: bytes
    """Ed25519 public key, 32 raw bytes; whoever pinned another believes none of it."""


@dataclass(frozen=True, slots=True)
class PullPage:
    """Events after a cursor, and the head that the stream had then."""

    events: Sequence[PulledEvent]
    next_cursor: int
    head: SignedHead
    lease_hours: float | None = None
    """For how long from now the device may trade on accounts at the server's venue; None where it was not told."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that its owner decides."""

    id: str
    """Of the event."""
    kind: str
    """Which rule was broken: `account-kind`, `book` ..."""
    seq: int
    reason: str
    found_at: datetime
    type: str
    """Of the fact: of one whose id another one took, what it is itself."""
    resolution: Resolution | None = None
    resolved_at: datetime | None = None
    payload: Mapping[str, Json] = field(default_factory=dict)
    """What the fact says."""


class Transport(Protocol):
    """How a device reaches its server.

    Raises VenueError or DeadlineError where it does not, what `refusal` makes where it says no.
    """

    def push(self, batch: PushBatch) -> PushAnswer:
        """Send events; what is answered is durable there."""
        ...

    def pull(self, cursor: int, limit: int) -> PullPage:
        """Events after `cursor`."""
        ...

    def conflicts(self) -> Sequence[Conflict]:
        """Those that are open, the oldest first."""
        ...

    def resolve(self, event_id: str, resolution: Resolution) -> Conflict:
        """Decide one; the same decision again is answered as before."""
        ...


def refusal(kind: str, detail: str) -> OptionixError:
    """The error that a server's problem is for a device."""
    return IntegrityError(f"{kind}: {detail}") if kind in ALARMS else RefusedError(kind, detail)


def leaf(seq: int, data: bytes, status: str, reason: str | None) -> bytes:
    """The hash of an event in the stream's Merkle tree."""
    judged = status.encode("ascii") + b"\x00" + sha256((reason or "").encode("utf-8")).digest()
    return leaf_hash(seq.to_bytes(8, "big") + sha256(data).digest() + judged)


def statement(stream_id: str, seq: int, chain_hash: bytes, root: bytes) -> bytes:
    """What a head's signature is over."""
    return b"optionix-stream-head-1\n" + stream_id.encode("ascii") + b"\n" + seq.to_bytes(8, "big") + chain_hash + root


def check_signature(head: SignedHead, key: bytes) -> None:
    """IntegrityError unless the head is signed by `key`, the one that was pinned."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if head.key != key:
        raise IntegrityError("the server's head key is not the one that this device knows")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(
            head.signature, statement(head.stream_id, head.seq, head.hash, head.root)
        )
    except (InvalidSignature, ValueError) as error:
        raise IntegrityError("the server's head is not signed by the key that this device knows", head.seq) from error
