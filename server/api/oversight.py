"""`admin/accounts`, `admin/halts`: states, limits and halts of books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi import Request as HttpRequest
from pydantic import Field

from optionix_core.trading.account_standing import AccountStatus
from optionix_core.trading.halts import HaltScope
from optionix_core.trading.limit_board import LONGEST_NOTE, LimitGrade
from optionix_core.trading.limits import LimitKind
from server.api.documented import problems
from server.api.people import Auth, Reason, Written
from server.api.risk_values import BreachTold, breach_told
from server.api.values import AccountName, Answer, Instant, Money, Request
from server.app import server_of
from server.auth import oversight
from server.auth.identity import Identity
from server.auth.origin import origin_of
from server.auth.oversight import Caller
from server.auth.rights import needs, needs_session

if TYPE_CHECKING:
    from optionix_core.services.account_standing import StandingReport
    from optionix_core.trading.halts import Halt
    from optionix_core.trading.limit_board import SetLimit
    from server.parts import AccountRef

router = APIRouter(tags=["admin"])

ReadsStates = Annotated[Identity, Depends(needs("account_states", "read"))]
SetsStates = Annotated[Identity, Depends(needs_session("account_states", "write"))]
SetsLimits = Annotated[Identity, Depends(needs_session("limits", "write"))]
Halts = Annotated[Identity, Depends(needs_session("halts", "write"))]

AGAIN = "Nobody does that to an account of his own."
Halted = Annotated[str, Field(max_length=64, pattern=r"^[ -~]*$")]
"""An underlying or an option; empty for the market."""
Rule = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]


class AccountState(Answer):
    """How an account stands."""

    owner_id: UUID
    account: str
    kind: str
    state: AccountStatus
    """With its lease taken into account."""
    reason: str | None
    since: Instant | None
    lease_until: Instant | None
    ended: list[str]
    """Client order ids that ended with it now."""


class AccountStates(Answer):
    """All accounts that the caller may see."""

    accounts: list[AccountState]


class StateToSet(Request):
    """What an account may do from now on."""

    state: Annotated[AccountStatus, Field(strict=False)]
    reason: Reason
    lease_hours: Annotated[float, Field(gt=0, le=168)] | None = None
    """Of one that is made active: how long, before it is close-only by itself; no end where absent."""


class LimitToSet(Request):
    """The bound of a limit."""

    bound: Money


class Seen(Request):
    """Which breach of a limit was seen."""

    number: Annotated[int, Field(ge=1, description="Of the limit's breaches, from 1: the end of the breach's id.")]
    note: Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE)]


class LimitAnswer(Answer):
    """A limit of an account."""

    account: str
    kind: LimitKind
    grade: LimitGrade
    bound: Money
    set_by: str


class HaltToSet(Request):
    """What is halted, and until when; it has to be lifted where `until` is absent."""

    scope: Annotated[HaltScope, Field(strict=False)]
    name: Halted = ""
    rule: Rule = "manual"
    reason: Reason
    until: Instant | None = None


class HaltToLift(Request):
    """What goes on."""

    scope: Annotated[HaltScope, Field(strict=False)]
    name: Halted = ""
    rule: Rule = "manual"
    reason: Reason


class HaltAnswer(Answer):
    """A halt in one book."""

    owner_id: UUID
    scope: HaltScope
    name: str
    rule: str
    since: Instant
    until: Instant | None
    reason: str


class HaltAnswers(Answer):
    """One for each book that was changed."""

    halts: list[HaltAnswer]


def _caller(request: HttpRequest, auth: Auth, identity: Identity) -> Caller:
    return Caller(auth, server_of(request).books, identity, origin_of(request))


@router.get("/admin/accounts", response_model=AccountStates, responses=problems())
def list_accounts(identity: ReadsStates, auth: Auth, request: HttpRequest) -> AccountStates:
    """How all accounts stand that the caller may see."""
    found = oversight.states(_caller(request, auth, identity))
    return AccountStates(accounts=[_state(ref, report) for ref, report in found])


@router.put(
    "/admin/accounts/{owner_id}/{account}/state",
    response_model=AccountState,
    responses=problems(404, body=True, when={403: AGAIN}),
)
def set_account_state(
    owner_id: UUID,
    account: AccountName,
    identity: SetsStates,
    auth: Auth,
    body: StateToSet,
    _: Written,
    request: HttpRequest,
) -> AccountState:
    """Make an account active, close-only or blocked; working orders that it does not allow end."""
    caller = _caller(request, auth, identity)
    return _state(*oversight.set_state(caller, owner_id, account, body.state, body.reason, body.lease_hours))


@router.put(
    "/admin/accounts/{owner_id}/{account}/limits/{kind}/{grade}",
    response_model=LimitAnswer,
    responses=problems(404, body=True, when={403: AGAIN}),
)
def set_limit(
    owner_id: UUID,
    account: AccountName,
    kind: LimitKind,
    grade: LimitGrade,
    identity: SetsLimits,
    auth: Auth,
    body: LimitToSet,
    _: Written,
    request: HttpRequest,
) -> LimitAnswer:
    """Set a limit of an account, or give it another bound."""
    caller = _caller(request, auth, identity)
    return _limit(oversight.set_limit(caller, owner_id, account, kind, grade, body.bound))


@router.delete(
    "/admin/accounts/{owner_id}/{account}/limits/{kind}/{grade}",
    status_code=204,
    responses=problems(404, when={403: AGAIN}),
)
def remove_limit(
    owner_id: UUID,
    account: AccountName,
    kind: LimitKind,
    grade: LimitGrade,
    identity: SetsLimits,
    auth: Auth,
    _: Written,
    request: HttpRequest,
) -> None:
    """Take a limit of an account away; a breach of it is cleared by that."""
    oversight.remove_limit(_caller(request, auth, identity), owner_id, account, kind, grade)


@router.post(
    "/admin/accounts/{owner_id}/{account}/limits/{kind}/{grade}/acknowledge",
    response_model=BreachTold,
    responses=problems(404, body=True, when={403: AGAIN}),
)
def acknowledge_breach(
    owner_id: UUID,
    account: AccountName,
    kind: LimitKind,
    grade: LimitGrade,
    identity: SetsLimits,
    auth: Auth,
    body: Seen,
    _: Written,
    request: HttpRequest,
) -> BreachTold:
    """Say that a breach of a limit of an account was seen; it is over once it is cleared too."""
    caller = _caller(request, auth, identity)
    return breach_told(oversight.acknowledge(caller, owner_id, account, kind, grade, body.number, body.note))


@router.post("/admin/halts", status_code=201, response_model=HaltAnswers, responses=problems(404, body=True))
def set_halt(identity: Halts, auth: Auth, body: HaltToSet, _: Written, request: HttpRequest) -> HaltAnswers:
    """Halt the market, an underlying or one option in every book that the caller may see."""
    caller = _caller(request, auth, identity)
    return _halts(oversight.halt(caller, body.scope, body.name, body.reason, body.rule, body.until))


@router.post("/admin/halts/lift", response_model=HaltAnswers, responses=problems(404, body=True))
def lift_halt(identity: Halts, auth: Auth, body: HaltToLift, _: Written, request: HttpRequest) -> HaltAnswers:
    """End a halt in every book that has it."""
    return _halts(oversight.lift(_caller(request, auth, identity), body.scope, body.name, body.reason, body.rule))


def _state(ref: AccountRef, report: StandingReport) -> AccountState:
    standing = report.standing
    return AccountState(
        owner_id=ref.owner_id,
        account=ref.account,
        kind=ref.kind,
        state=report.status,
        reason=report.reason,
        since=None if standing is None else standing.since,
        lease_until=None if standing is None else standing.lease_until,
        ended=list(report.ended),
    )


def _limit(one: SetLimit) -> LimitAnswer:
    key = one.key
    return LimitAnswer(account=key.name, kind=key.kind, grade=key.grade, bound=one.bound, set_by=one.by)


def _halts(found: Any) -> HaltAnswers:
    return HaltAnswers(halts=[_halt(owner_id, one) for owner_id, one in found])


def _halt(owner_id: UUID, one: Halt) -> HaltAnswer:
    return HaltAnswer(
        owner_id=owner_id,
        scope=one.scope,
        name=one.name.strip(),
        rule=one.rule,
        since=one.since,
        until=one.until,
        reason=one.reason,
    )
