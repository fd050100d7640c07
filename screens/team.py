"""A team server as the terminal's screens see it: who is signed in, how far this home is in step, what is there.

The values are what screens show; `TeamLink` is what gives them, so that no screen knows HTTP or where tokens lie. Its
methods ask the network or the disk: they belong into threads of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from optionix_core.errors import OptionixError

Way = Literal["accept", "reverse", "discard"]
"""How a conflict is resolved."""


@dataclass(frozen=True, slots=True)
class Member:
    """Who is signed in."""

    server: str
    email: str
    full_name: str
    role: str
    device_id: str
    session_id: str
    signed_in_at: datetime
    mfa_enabled: bool
    tokens: str
    """`keyring` or `file`."""
    must_enrol: bool = False
    """The server refuses all until a second factor is on."""


@dataclass(frozen=True, slots=True)
class InStep:
    """How far this home is in step with its server."""

    cursor: int
    """Last entry of the server's stream that is here."""
    pending: int
    """Entries of this home that the server has not acknowledged."""
    conflicts: int
    last_sync: datetime | None
    stopped: str = ""
    """Why the server takes nothing of this device any more; empty where it does."""


@dataclass(frozen=True, slots=True)
class SyncNews:
    """What the header tells, made by whoever synchronises."""

    member: Member | None
    in_step: InStep | None = None
    problem: OptionixError | None = None
    """Why the last try failed."""
    since: datetime | None = None
    """When it first failed, of tries in a row."""
    running: bool = False


@dataclass(frozen=True, slots=True)
class SyncDone:
    """What one push and pull did."""

    pushed: int
    pulled: int
    conflicts: int


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """Something that wants a decision."""

    event_id: str
    kind: str
    """Which rule was broken: `account-kind`, `book` ..."""
    seq: int
    """In the server's stream."""
    what: str
    """The type of the entry."""
    reason: str
    says: str
    """What the entry says, in its own words: of a note its text."""


@dataclass(frozen=True, slots=True)
class KeptRow:
    """An order that did not reach its venue."""

    order_id: str
    account: str
    what: str
    """The order in words: `BUY 2 ORBIT 15JAN27 230 C limit GTC 3.00`."""
    state: str
    """`kept`, or `expired`: then it cannot be sent any more."""
    kept_at: datetime
    expires_at: datetime
    may: str
    """What its account may do now: `active`, `close-only`, `blocked`."""
    may_why: str
    """Why no more than that; empty where nobody set anything."""
    reason: str
    """Why it was not sent."""


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A home of the user."""

    device_id: str
    name: str
    state: str
    """`active`, `revoked` or `stopped`."""
    stopped_why: str
    created_at: datetime | None
    last_seen_at: datetime | None
    here: bool


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A place where the user is signed in."""

    session_id: str
    device_id: str
    created_at: datetime | None
    last_used_at: datetime | None
    address: str
    program: str
    here: bool


@dataclass(frozen=True, slots=True)
class DeskRow:
    """An account that the user may see, as the server marks it; money in its currency."""

    account_id: str
    """As the user names it to the server."""
    account: str
    owner: str
    rights: str
    """`trade` or `read`."""
    kind: str
    """The venue that it is bound to: `local-sim`, `server-paper`, `live`."""
    currency: str
    total_value: Decimal | None
    day_pnl: Decimal | None
    total_pnl: Decimal | None
    greeks: Mapping[str, float]
    """`dollar_delta`, `dollar_gamma` (for 1 % of the spot), `theta` (per calendar day), `vega` (per point)."""
    shared_with: tuple[str, ...] = ()
    """Of an own account: whom the user shares it with."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the server tells of the user's devices and sessions."""

    devices: tuple[DeviceRow, ...]
    sessions: tuple[SessionRow, ...]


class TeamLink(Protocol):
    """This home's side of a team server; every method may raise OptionixError."""

    def member(self) -> Member | None:
        """Who is signed in; asks no network."""
        ...

    def last_server(self) -> tuple[str, str]:
        """Address and e-mail to propose at sign-in."""
        ...

    def sign_in(self, server: str, email: str, password: str, code: str | None) -> str:
        """Sign in; a warning where there is one. RefusedError `mfa-required` where a code is needed."""
        ...

    def sign_out(self) -> str:
        """Sign out; what the server was not told, where it was not."""
        ...

    def in_step(self) -> InStep:
        """How far this home is; asks no network."""
        ...

    def sync(self) -> SyncDone:
        """Push and pull now."""
        ...

    def conflicts(self) -> tuple[ConflictRow, ...]:
        """What wants a decision."""
        ...

    def resolve(self, event_id: str, way: Way) -> str:
        """Decide; what was done, in a sentence."""
        ...

    def kept(self) -> tuple[KeptRow, ...]:
        """Orders that did not reach their venue, the oldest first; asks no network."""
        ...

    def send_kept(self, order_id: str) -> str:
        """Send one of them; what became of it, in a sentence. It stays kept where the server is out of reach."""
        ...

    def drop_kept(self, order_id: str) -> str:
        """Forget one of them; asks no network."""
        ...

    def surroundings(self) -> Surroundings:
        """Devices and sessions of the user."""
        ...

    def revoke_device(self, device_id: str) -> None:
        """Shut a home out for good."""
        ...

    def revoke_session(self, session_id: str) -> None:
        """End a session."""
        ...

    def desk(self) -> tuple[DeskRow, ...]:
        """The accounts that the user may see, as the server marks them."""
        ...

    def begin_mfa(self) -> tuple[str, str]:
        """Secret and otpauth URI of a second factor that waits for its first code.

        RefusedError `step-up-required` where the password is to be shown once more.
        """
        ...

    def step_up(self, password: str) -> None:
        """Show the password once more."""
        ...

    def verify_mfa(self, code: str) -> tuple[str, ...]:
        """End the enrolment: the backup codes."""
        ...

    def wake(self) -> None:
        """Let what runs in the background look now."""
        ...

    def start(
        self, tell: Callable[[SyncNews], None], changed: Callable[[], None], crashed: Callable[[Exception], None]
    ) -> None:
        """Keep in step in the background from now on, and tell how it stands.

        `changed`: the home's log has grown by others' entries; `crashed` gets what went wrong unexpectedly.
        """
        ...

    def stop(self) -> None:
        """End that."""
        ...
