"""Oversight of books: states of accounts, limits, halts and the kill switch, by the engine's own services.

Whose accounts somebody sees is decided by `server.books`; what he may do with them is his right. Each act is in the
audit log by the transaction of its event in the book's own log: both are there or neither. An act on several books has
an entry with each; one that fails has one that says so. Nobody sets the state or the limits of an account of his own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal
from uuid import UUID

import structlog

from optionix_core.errors import InvalidValueError, OptionixError
from optionix_core.market import symbols
from optionix_core.services import account_standing, halts, kill, limits
from optionix_core.trading import halt_records, kill_switch, limit_records
from optionix_core.trading.account_standing import STATE_SET, AccountStatus
from optionix_core.trading.halts import HaltScope
from optionix_core.trading.limit_board import LimitGrade, LimitKey, LimitLevel, breach_id
from optionix_core.trading.records import INTENT
from server.auth.identity import Role
from server.auth.rights import allows
from server.problems import Problem
from server.store.beside import beside_first

if TYPE_CHECKING:
    from decimal import Decimal

    from sqlalchemy import Connection

    from optionix_core.services.account_standing import StandingReport
    from optionix_core.services.kill import KillReport
    from optionix_core.services.limit_watch import LimitReport
    from optionix_core.sync.event import Event
    from optionix_core.trading.halts import Halt
    from optionix_core.trading.limit_board import Breach, SetLimit
    from optionix_core.trading.limits import LimitKind
    from server.auth.accounts import Identities
    from server.auth.identity import Identity
    from server.auth.origin import Origin
    from server.parts import AccountRef, Books

KillAct = Literal["arm", "disarm", "fire", "rearm"]
_KILLS: Final[Mapping[KillAct, str]] = {
    "arm": kill_switch.ARMED,
    "disarm": kill_switch.DISARMED,
    "fire": kill_switch.FIRED,
    "rearm": kill_switch.REARMED,
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who acts, and on which books."""

    auth: Identities
    books: Books
    identity: Identity
    origin: Origin

    @property
    def by(self) -> str:
        """As logs of books name him."""
        return str(self.identity.user_id)

    def seen(self, owner_id: UUID, account: str) -> AccountRef:
        """Somebody's account that the caller may see. Problem 404 for all others."""
        for ref in self.books.accounts(self.identity):
            if ref.owner_id == owner_id and ref.account == account:
                return ref
        raise Problem(404, "not-found", "there is no such account")

    def anothers(self, owner_id: UUID, account: str) -> AccountRef:
        """As `seen`. Problem 403 for one of his own."""
        if owner_id == self.identity.user_id:
            self.note("refused", f"accounts/{account}", why="himself")
            raise Problem(403, "self-approval", "nobody does that to an account of his own: ask another")
        return self.seen(owner_id, account)

    def streams(self, owner_id: UUID | None = None) -> Sequence[AccountRef]:
        """One account of each stream that the caller may see, or of one user's."""
        found: dict[UUID, AccountRef] = {}
        for ref in self.books.accounts(self.identity):
            if owner_id in (None, ref.owner_id):
                found.setdefault(ref.stream_id, ref)
        if not found:
            raise Problem(404, "not-found", "there is no such account")
        return list(found.values())

    def note(self, act: str, resource: str, **details: str | bool | None) -> None:
        """Write down what changed nothing."""
        self.auth.stores.note_alone(
            f"oversight.{act}", self.identity.user_id, self.origin, resource=resource, **details
        )

    @contextmanager
    def audited(
        self, act: str, resource: str, *events: str, tagged: str | None = None, **details: str | bool | None
    ) -> Iterator[None]:
        """Write an act down in the transaction of its event: the first of `events` that is the caller's own.

        `tagged`: or the first order whose tag begins so. Where the block appends neither, it changed nothing, and that
        is written after it; where it raises, what was refused or failed is.
        """

        def is_it(event: Event) -> bool:
            if event.type in events:
                return event.payload.get("by") == self.by
            return tagged is not None and event.type == INTENT and str(event.payload.get("tag")).startswith(tagged)

        def write(connection: Connection) -> None:
            self.auth.stores.note(
                connection, f"oversight.{act}", self.identity.user_id, self.origin, resource=resource, **details
            )

        with beside_first(is_it, write) as written:
            try:
                yield
            except (OptionixError, Problem) as error:
                why = error.kind if isinstance(error, Problem) else error.problem
                try:
                    self.note(f"{act}-failed", resource, why=why, **details)
                except OptionixError as unwritten:  # the caller hears why his act failed, which left nothing behind
                    structlog.get_logger().error("a failed act was not audited", act=act, reason=str(unwritten))
                raise
        if written.event_id is None:
            self.note(act, resource, unchanged=True, **details)


def states(caller: Caller) -> Sequence[tuple[AccountRef, StandingReport]]:
    """How the accounts stand that the caller may see."""
    books = caller.books
    return [(ref, account_standing.state(books.workspace(ref))) for ref in books.accounts(caller.identity)]


def set_state(
    caller: Caller, owner_id: UUID, account: str, status: AccountStatus, reason: str, lease_hours: float | None
) -> tuple[AccountRef, StandingReport]:
    """Make an account active, close-only or blocked; active for `lease_hours` where given, then close-only by itself.

    Raises InvalidValueError for a lease of one that is not made active, and as `account_standing.set_state`.
    """
    ref = caller.anothers(owner_id, account)
    if status is not AccountStatus.ACTIVE and lease_hours is not None:
        raise InvalidValueError("lease_hours", lease_hours, f"absent: the account is to be {status}")
    until: datetime | None = None
    if lease_hours is not None:
        until = caller.auth.stores.clock.now() + timedelta(hours=lease_hours)
    workspace = caller.books.workspace(ref)
    with caller.audited("account-state", _named(ref), STATE_SET, state=str(status), reason=reason):
        report = account_standing.set_state(workspace, status, by=caller.by, reason=reason, lease_until=until)
    return ref, report


def limits_of(caller: Caller, owner_id: UUID, account: str) -> LimitReport:
    """Limits of an account with their figures."""
    return limits.report(caller.books.viewed(caller.seen(owner_id, account)))


def set_limit(
    caller: Caller, owner_id: UUID, account: str, kind: LimitKind, grade: LimitGrade, bound: Decimal
) -> SetLimit:
    """Set a limit of an account, or give it another bound."""
    ref = caller.anothers(owner_id, account)
    key = LimitKey(LimitLevel.ACCOUNT, ref.account, kind, grade)
    with caller.audited("limit", _named(ref), limit_records.SET, kind=str(kind), grade=str(grade), bound=str(bound)):
        return limits.set_limit(caller.books.workspace(ref), key, bound, caller.by)


def remove_limit(caller: Caller, owner_id: UUID, account: str, kind: LimitKind, grade: LimitGrade) -> SetLimit:
    """Take a limit of an account away. UnknownNameError where there is none."""
    ref = caller.anothers(owner_id, account)
    key = LimitKey(LimitLevel.ACCOUNT, ref.account, kind, grade)
    with caller.audited("limit-removed", _named(ref), limit_records.REMOVED, kind=str(kind), grade=str(grade)):
        return limits.remove_limit(caller.books.workspace(ref), key, caller.by)


def acknowledge(
    caller: Caller, owner_id: UUID, account: str, kind: LimitKind, grade: LimitGrade, number: int, note: str
) -> Breach:
    """Say that the n-th breach of a limit was seen. Raises as `limits.acknowledge`."""
    ref = caller.anothers(owner_id, account)
    key = LimitKey(LimitLevel.ACCOUNT, ref.account, kind, grade)
    details = {"kind": str(kind), "grade": str(grade), "number": str(number), "note": note}
    with caller.audited("breach-acknowledged", _named(ref), limit_records.ACKNOWLEDGED, **details):
        return limits.acknowledge(caller.books.workspace(ref), breach_id(key, number), caller.by, note)


def halt(
    caller: Caller, scope: HaltScope, name: str, reason: str, rule: str, until: datetime | None
) -> Sequence[tuple[UUID, Halt]]:
    """Halt for every book that the caller may see, by owner; books in which that halt stands keep it as it is.

    Raises InvalidValueError where it stands in all of them already, and as `halts.start`.
    """
    name = _spelled(caller, scope, name)
    found = []
    for ref in caller.streams():
        workspace = caller.books.workspace(ref)
        if not any(_same(one, scope, name, rule) for one in halts.standing(workspace).halts):
            with caller.audited("halt", _halt(ref, scope, name), halt_records.STARTED, reason=reason, rule=rule):
                made = halts.start(workspace, scope, name, by=caller.by, reason=reason, rule=rule, until=until)
            found.append((ref.owner_id, made))
    if not found:
        raise InvalidValueError("halt", f"{rule} of {name or 'the market'}", "one that is not set in every book")
    return found


def lift(caller: Caller, scope: HaltScope, name: str, reason: str, rule: str) -> Sequence[tuple[UUID, Halt]]:
    """End a halt in every book that has it, by owner. InvalidValueError where none has."""
    name = _spelled(caller, scope, name)
    found = []
    for ref in caller.streams():
        workspace = caller.books.workspace(ref)
        if any(_same(one, scope, name, rule) for one in halts.standing(workspace).halts):
            with caller.audited("halt-lifted", _halt(ref, scope, name), halt_records.ENDED, reason=reason, rule=rule):
                ended = halts.lift(workspace, scope, name, by=caller.by, reason=reason, rule=rule)
            found.append((ref.owner_id, ended))
    if not found:
        raise InvalidValueError("halt", f"{rule} of {name or 'the market'}", "one that is set")
    return found


def kill_status(caller: Caller, owner_id: UUID | None) -> KillReport:
    """The switch of a book: the caller's own where nobody is named."""
    return kill.status(caller.books.workspace(_book(caller, owner_id)))


def kill_act(
    caller: Caller, owner_id: UUID | None, act: KillAct, reason: str, *, flatten: bool, confirmation: str | None
) -> KillReport:
    """Arm, disarm, fire or arm again the switch of a book. Raises as the services of `optionix_core.services.kill`."""
    ref = _book(caller, owner_id)
    workspace = caller.books.workspace(ref)
    event, tagged = _KILLS[act], "kill-" if act == "fire" else None
    with caller.audited(
        f"kill-{act}", f"streams/{ref.stream_id}", event, tagged=tagged, reason=reason, flatten=flatten
    ):
        if act == "arm":
            return kill.arm(workspace, caller.by, reason)
        if act == "disarm":
            return kill.disarm(workspace, caller.by, reason)
        if act == "fire":
            return kill.fire(workspace, caller.by, reason, flatten=flatten)
        return kill.rearm(workspace, caller.by, reason, "" if confirmation is None else confirmation)


def _book(caller: Caller, owner_id: UUID | None) -> AccountRef:
    """The kill switch is one for a whole book: its owner's, and the risk manager's of his desk."""
    me = caller.identity.user_id
    if owner_id in (None, me):
        own = [ref for ref in caller.books.accounts(caller.identity) if ref.owner_id == me]
        if own:
            return own[0]
        if allows(caller.identity, "orders", "write"):
            return caller.books.account(caller.identity, None)
        raise Problem(404, "not-found", "you have no book of your own: name its owner_id")
    if caller.identity.role is not Role.RISK_MANAGER:
        raise Problem(404, "not-found", "there is no such book")
    return caller.streams(owner_id)[0]


def _spelled(caller: Caller, scope: HaltScope, name: str) -> str:
    """The name as books have it. UnknownNameError for an option that the venue does not list."""
    return caller.books.feed.instrument(symbols.resolve(name)).symbol if scope is HaltScope.INSTRUMENT else name


def _same(one: Halt, scope: HaltScope, name: str, rule: str) -> bool:
    return one.scope is scope and one.rule == rule and one.name.strip() == name.strip()


def _halt(ref: AccountRef, scope: HaltScope, name: str) -> str:
    return f"streams/{ref.stream_id}/halts/{scope}/{name}"


def _named(ref: AccountRef) -> str:
    return f"accounts/{ref.stream_id}/{ref.account}"
