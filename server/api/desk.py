"""`portfolio/accounts` and `overview`: which accounts the caller may see, whose they are, what they are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from server.api.accounts import named, of_ref
from server.api.documented import problems
from server.api.paging import HEADERS, PageAsked, tell
from server.api.people import Auth
from server.api.portfolio import Summary, summary_of
from server.api.turns import WHEN_BUSY, in_turn
from server.api.values import Answer
from server.app import server_of
from server.auth import sharing
from server.auth.identity import Identity
from server.auth.people import full_names
from server.auth.rights import needs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.auth.sharing import Member
    from server.parts import AccountRef

router = APIRouter(prefix="/portfolio", tags=["portfolio"])

Caller = Annotated[Identity, Depends(needs("portfolio", "read"))]


class SeenAccount(Answer):
    """An account that the caller may see."""

    account_id: Annotated[str, Field(description="How the caller names it in requests.")]
    name: Annotated[str, Field(description="How its owner names it.")]
    owner_id: UUID
    owner: Annotated[str | None, Field(description="Full name; null where it was erased.")]
    own: bool
    kind: Annotated[
        Literal["local-sim", "server-paper", "live"], Field(description="The venue that it is bound to for life.")
    ]
    rights: Annotated[Literal["read", "trade"], Field(description="What the caller may do with it.")]
    shared_with: Annotated[
        list[str],
        Field(description="Of an own account: the names of whoever else its owner lets see it; ids of other desks."),
    ]


class SeenAccounts(Answer):
    """Own ones first, then those that are shared, or of the desk where the role sees it."""

    accounts: list[SeenAccount]


class AccountAtAGlance(SeenAccount):
    """An account that the caller may see, with what it is worth."""

    summary: Summary


class Overview(Answer):
    """As `portfolio/accounts`, a page of them."""

    items: list[AccountAtAGlance]


@router.get("/accounts", responses=problems())
def list_seen_accounts(caller: Caller, auth: Auth, request: Request) -> SeenAccounts:
    """List the accounts that the caller may see."""
    refs = server_of(request).books.accounts(caller)
    return SeenAccounts(accounts=_seen(caller, auth, refs))


@router.get("/overview", responses={200: {"headers": HEADERS}, **problems(when=WHEN_BUSY)})
async def show_overview(
    asked: Annotated[PageAsked, Query()], caller: Caller, auth: Auth, request: Request, response: Response
) -> Overview:
    """Show what the accounts that the caller may see are worth, each as `portfolio/summary` does."""
    server = server_of(request)

    def told() -> tuple[int, list[AccountAtAGlance]]:
        refs = server.books.accounts(caller)
        page = asked.of(refs)
        found = [
            AccountAtAGlance(**dict(seen), summary=summary_of(request.app, of_ref(server, caller, ref)))
            for ref, seen in zip(page, _seen(caller, auth, page), strict=True)
        ]
        return len(refs), found

    total, items = await in_turn(request.app, told)
    tell(response, asked, total)
    return Overview(items=items)


def _seen(caller: Identity, auth: Auth, refs: Sequence[AccountRef]) -> list[SeenAccount]:
    names = full_names(auth.stores, {ref.owner_id for ref in refs})
    own = next((ref.stream_id for ref in refs if ref.owner_id == caller.user_id), None)
    members = {} if own is None else sharing.shared(auth, caller.user_id, own)
    return [
        SeenAccount(
            account_id=named(caller, ref),
            name=ref.account,
            owner_id=ref.owner_id,
            owner=names.get(ref.owner_id),
            own=ref.owner_id == caller.user_id,
            kind=ref.kind,
            rights=ref.rights,
            shared_with=_names(members.get(ref.account, ())) if ref.owner_id == caller.user_id else [],
        )
        for ref in refs
    ]


def _names(members: Sequence[Member]) -> list[str]:
    return [str(one.user_id) if one.full_name is None else one.full_name for one in members]
