"""What the parts of a server promise each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.websockets import WebSocket

    from optionix_core.market.protocols import QuoteSource
    from optionix_core.portfolio.venue_market import VenueMarket
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import EventStore
    from server.auth.identity import Identity


class Envelopes(Protocol):
    """AES-256-GCM under data keys that a master key wraps."""

    def seal(self, purpose: str, context: str, plain: bytes) -> bytes:
        """`plain` under the present data key of `purpose` (`personal`, `secret`).

        `context` (table, column and row, such as `users.mfa_secret/ID`) is authenticated with it, so that an envelope
        moved to another place does not open.
        """
        ...

    def open(self, purpose: str, context: str, envelope: bytes) -> bytes:
        """What was sealed. IntegrityError where it was altered or moved; MissingDataError where its key was erased."""
        ...

    def epoch(self) -> int:
        """The epoch that keyed chains are in now, from 1; a rotation of keys begins the next one."""
        ...

    def chain_key(self, purpose: str, epoch: int) -> bytes:
        """32 bytes for keyed chains (`stream`, `audit`) of an epoch. MissingDataError for one that has not begun."""
        ...

    def sign_head(self, data: bytes) -> bytes:
        """Ed25519 over `data` by the server's head key."""
        ...

    def head_key(self) -> bytes:
        """The public key of it, 32 raw bytes."""
        ...

    def rotate(self) -> Mapping[str, int]:
        """Make new keys, which seal, chain and sign from now on; their numbers by purpose. Not within a write."""
        ...

    def close(self) -> None:
        """Look after keys no more."""
        ...


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log, before it has its place."""

    action: str
    """`auth.login`, `trade.execute`: resource and verb of the act."""
    resource: str
    """What was acted on: `orders/ID`, or the path."""
    user_id: UUID | None
    details: Mapping[str, Any] = field(default_factory=dict)
    """Canonical JSON values (no floats), no secrets, no personal data in plain text."""
    ip_address: str | None = None
    user_agent: str | None = None


class AuditLog(Protocol):
    """A chained log that only grows."""

    def write(self, connection: Connection, entry: AuditEntry) -> int:
        """Append within the transaction of the act itself; its sequence. What is undone with the act is not in it."""
        ...

    def record(self, entry: AuditEntry) -> int:
        """Append in a transaction of its own; durable on return."""
        ...


class Cache(Protocol):
    """Short-lived values shared by workers where a Redis is set, else in process. Never a system of record."""

    @property
    def state(self) -> Literal["redis", "in-process", "degraded"]:
        """`degraded`: a Redis is set and does not answer; reads miss, limits count in process."""
        ...

    async def get(self, key: str) -> bytes | None:
        """None where there is none, or the cache does not answer."""
        ...

    async def set(self, key: str, value: bytes, seconds: float) -> None:
        """Keep for `seconds`; nothing happens where the cache does not answer."""
        ...

    async def delete(self, key: str) -> None:
        """Forget it."""
        ...

    async def take(self, key: str) -> bytes | None:
        """Get and forget in one step: of several takers one gets it."""
        ...

    async def publish(self, channel: str, message: bytes) -> None:
        """A hint to all workers, this one too; may be lost, so that it only wakes whoever looks for himself."""
        ...

    def subscribe(self, channel: str, heard: Callable[[bytes], None]) -> Callable[[], None]:
        """Call `heard` on the event loop for each message; returns what ends it."""
        ...

    async def start(self) -> None:
        """Connect, within the event loop that uses it."""
        ...

    async def stop(self) -> None:
        """Let go."""
        ...


@dataclass(frozen=True, slots=True)
class Rate:
    """What is left of somebody's requests."""

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: float
    """Until all are there again; where not allowed, until the next one is."""


class RateLimiter(Protocol):
    """Token buckets."""

    async def take(self, key: str, per_minute: int, cost: int = 1) -> Rate:
        """Take `cost` tokens from the bucket `key`."""
        ...


class Accounts(Protocol):
    """Identity, as middleware and routes ask for it."""

    async def identify(self, authorization: str, address: str) -> Identity:
        """The caller of an `Authorization` header (a Bearer token, or an API key `ok_...`).

        Raises Problem 401 (`invalid-token`, `expired-token`, `revoked-session`) and 403 (`address-not-allowed`).
        """
        ...

    async def stepped_up_at(self, session_id: UUID) -> float | None:
        """POSIX seconds at which password or second factor was last shown in a session, read now."""
        ...


@dataclass(frozen=True, slots=True)
class AccountRef:
    """An account on this server."""

    stream_id: UUID
    account: str
    owner_id: UUID
    kind: Literal["local-sim", "server-paper", "live"]
    rights: Literal["read", "trade"]
    """What the caller may do with it."""
    market: VenueMarket | None = None
    """What its device's venue matches it on, where that was told."""


class Books(Protocol):
    """Streams of events and the workspaces of the engine over them."""

    @property
    def feed(self) -> QuoteSource:
        """What the server's venue trades, marks and settles on, and what `market/*` shows."""
        ...

    def own_stream(self, user_id: UUID) -> UUID:
        """The user's stream, made where it is new."""
        ...

    def stream_seen(self, identity: Identity, stream_id: UUID | None) -> UUID:
        """A stream that the caller may hear wholly: his own (None), or one of his desk where the role sees the desk.

        Problem 404 for another tenant's as for an unknown one.
        """
        ...

    def store(self, stream_id: UUID) -> EventStore:
        """The stream as an event store of the engine; appends get the server's sequence."""
        ...

    def accounts(self, identity: Identity) -> Sequence[AccountRef]:
        """What the caller may see: own and shared accounts, those of the desk where the role sees the desk."""
        ...

    def account(self, identity: Identity, account: str | None, *, to_trade: bool = False) -> AccountRef:
        """One of them; None: the caller's first, `server-1` (server-paper) made where there is none.

        Problem 404 for another tenant's as for an unknown one, 403 where it may be read only.
        """
        ...

    def workspace(self, ref: AccountRef) -> Workspace:
        """What services of the engine work with; kept open, so do not close it."""
        ...

    def viewed(self, ref: AccountRef) -> Workspace:
        """As `workspace`, to look at alone: an account that its device matches, on its own market where that is known.

        ReadOnlyError for a write to such an account.
        """
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


class Hub(Protocol):
    """WebSocket listeners of this worker."""

    async def start(self) -> None:
        """Begin to watch, within the event loop that serves; the cache has started."""
        ...

    async def stop(self) -> None:
        """Tell listeners to come back, and end."""
        ...

    def admit(self, identity: Identity) -> AbstractContextManager[None]:
        """A place for a socket until the block ends. Problem 503 where it has not started, 429 for too many of one."""
        ...

    async def serve(self, socket: WebSocket, identity: Identity) -> None:
        """A socket that was accepted, until it ends, within its place."""
        ...

    def notify(self, stream_id: UUID, head_seq: int) -> None:
        """A stream has grown to `head_seq`: wake its listeners on all workers. Any thread."""
        ...

    def close(self) -> None:
        """Forget everybody."""
        ...


class Observing(Protocol):
    """Metrics and structured logs."""

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request by its route's template."""
        ...

    def limited(self, tier: str) -> None:
        """Count a request that a rate limit refused."""
        ...

    def job(self, name: str, result: str, seconds: float) -> None:
        """Count a run of a periodic job: `done`, `failed` or `skipped`."""
        ...

    def metrics(self) -> bytes:
        """All metrics in the text format of Prometheus."""
        ...
