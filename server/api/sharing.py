"""`accounts/{account}/members`: accounts that their owner shares with others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi import Request as HttpRequest

from server.api.documented import problems
from server.api.people import Auth, Email, Written
from server.api.values import AccountName, Answer, Instant, Request, examples
from server.app import server_of
from server.auth import sharing
from server.auth.identity import Identity
from server.auth.rights import needs, needs_session

if TYPE_CHECKING:
    from server.auth.sharing import Member

router = APIRouter(prefix="/accounts", tags=["portfolio"])

Reads = Annotated[Identity, Depends(needs("sharing", "read"))]
Shares = Annotated[Identity, Depends(needs_session("sharing", "write"))]


class Share(Request):
    """What somebody may do with an account."""

    rights: Literal["read", "trade"]


class ShareByEmail(Request):
    """Somebody of the caller's desk, and what he may do with an account."""

    model_config = examples({"email": "bob@example.com", "rights": "read"})

    email: Email
    rights: Literal["read", "trade"]


class MemberAnswer(Answer):
    """Somebody whom an account is shared with."""

    user_id: UUID
    email: str | None
    """Null for somebody of another desk."""
    full_name: str | None
    """Null likewise, and where it was erased."""
    rights: Literal["read", "trade"]
    granted_at: Instant


class Members(Answer):
    """Whom an account is shared with now."""

    members: list[MemberAnswer]


@router.get("/{account}/members", response_model=Members, responses=problems(404))
def list_members(account: AccountName, identity: Reads, auth: Auth, request: HttpRequest) -> Members:
    """Whom an account of one's own is shared with."""
    ref = sharing.own_account(server_of(request).books, identity, account)
    return Members(members=[_answer(one) for one in sharing.members(auth, ref)])


@router.post(
    "/{account}/members",
    status_code=201,
    response_model=MemberAnswer,
    responses=problems(body=True, when={404: "No such account, or nobody of the caller's desk has that email."}),
)
def share_account_by_email(
    account: AccountName, identity: Shares, auth: Auth, body: ShareByEmail, origin: Written, request: HttpRequest
) -> MemberAnswer:
    """Share an account of one's own with somebody of one's desk, or change what he may do with it."""
    ref = sharing.own_account(server_of(request).books, identity, account)
    return _answer(sharing.share(auth, ref, body.email, body.rights, origin))


@router.put("/{account}/members/{user_id}", response_model=MemberAnswer, responses=problems(404, body=True))
def share_account(
    account: AccountName,
    user_id: UUID,
    identity: Shares,
    auth: Auth,
    body: Share,
    origin: Written,
    request: HttpRequest,
) -> MemberAnswer:
    """Share an account of one's own, or change what somebody may do with it."""
    ref = sharing.own_account(server_of(request).books, identity, account)
    return _answer(sharing.share(auth, ref, user_id, body.rights, origin))


@router.delete("/{account}/members/{user_id}", status_code=204, responses=problems(404))
def end_sharing(
    account: AccountName, user_id: UUID, identity: Shares, auth: Auth, origin: Written, request: HttpRequest
) -> None:
    """Share it with somebody no more."""
    ref = sharing.own_account(server_of(request).books, identity, account)
    sharing.unshare(auth, ref, user_id, origin)


def _answer(one: Member) -> MemberAnswer:
    return MemberAnswer(
        user_id=one.user_id,
        email=one.email,
        full_name=one.full_name,
        rights=one.rights,
        granted_at=one.granted_at,
    )
