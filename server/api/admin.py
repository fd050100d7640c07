"""`admin/users`: people, for administrators, compliance officers and, with masked data, support."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from server.api.documented import problems
from server.api.paging import HEADERS, PageAsked, tell
from server.api.people import (
    ETAG_HEADER,
    PRINTABLE,
    Auth,
    Chosen,
    Email,
    FullName,
    Reason,
    SeenVersion,
    UserAnswer,
    Written,
    user_answer,
)
from server.api.values import Answer, Id, Request
from server.auth import administration
from server.auth.emails import masked, masked_name
from server.auth.identity import Identity, Role, Tier
from server.auth.people import NewUser, etag, find_user
from server.auth.rights import DEFAULT_ROLE, needs, needs_session, needs_step_up

if TYPE_CHECKING:
    from server.auth.people import User

router = APIRouter(prefix="/admin/users", tags=["admin"])

Reads = Annotated[Identity, Depends(needs("users", "read"))]
Changes = Annotated[Identity, Depends(needs_session("users", "write"))]
Adds = Annotated[Identity, Depends(needs_step_up("users", "write"))]
GivesRoles = Annotated[Identity, Depends(needs_step_up("roles", "write"))]
SetsKyc = Annotated[Identity, Depends(needs_session("kyc", "write"))]

AGAIN = "Nobody does that to himself; `step-up-required` asks for the password first."


class UsersAsked(PageAsked):
    """Which users."""

    role: Role | None = None
    email: (
        Annotated[str, Field(min_length=1, max_length=254, description="A part of the address."), PRINTABLE] | None
    ) = None


class Users(Answer):
    """One page of users, by email."""

    items: list[UserAnswer]


class UserToAdd(Request):
    """Somebody who is to be added."""

    email: Email
    full_name: FullName
    password: Chosen
    role: Annotated[Role, Field(strict=False)] = DEFAULT_ROLE
    tier: Annotated[Tier, Field(strict=False)] = Tier.STANDARD
    desk_id: Id | None = None
    """The desk of somebody; one of his own where absent."""


class UserChanges(Request):
    """What is to be another; absent leaves it."""

    tier: Annotated[Tier, Field(strict=False)] | None = None
    active: bool | None = None
    """False: he cannot sign in, and his sessions and keys end."""
    desk_id: Id | Literal["own"] | None = None
    """The desk of somebody, or `own` for one where he is alone."""


class RoleGiven(Request):
    """A role."""

    role: Annotated[Role, Field(strict=False)]


class KycSet(Request):
    """What is known of who somebody is, and why."""

    status: Literal["none", "pending", "approved", "rejected"]
    reason: Reason


@router.get("", response_model=Users, responses={200: {"headers": HEADERS}, **problems()})
def list_users(identity: Reads, auth: Auth, asked: Annotated[UsersAsked, Query()], response: Response) -> Users:
    """All users by email; support sees addresses and names masked, and finds by role alone."""
    email = None if identity.role is Role.SUPPORT else asked.email
    found, total = administration.people(auth, role=asked.role, email=email, offset=asked.offset, size=asked.page_size)
    tell(response, asked, total)
    return Users(items=[_seen_by(identity, one) for one in found])


@router.get("/{user_id}", response_model=UserAnswer, responses={200: {"headers": ETAG_HEADER}, **problems(404)})
def read_user(user_id: UUID, identity: Reads, auth: Auth, response: Response) -> UserAnswer:
    """Somebody; support sees address and name masked."""
    return _tagged(response, identity, find_user(auth.stores, user_id))


@router.post(
    "",
    status_code=201,
    response_model=UserAnswer,
    responses=problems(body=True, when={403: AGAIN, 409: "Somebody signs in with that email already."}),
)
async def add_user(identity: Adds, auth: Auth, body: UserToAdd, origin: Written) -> UserAnswer:
    """Add somebody, with a role all of whose rights the caller has, or as a trader on paper."""
    new = NewUser(body.email, body.full_name, body.password, body.role, body.tier, body.desk_id)
    return user_answer(await auth.in_turn(partial(administration.add, auth, identity, new, origin)))


@router.patch(
    "/{user_id}",
    response_model=UserAnswer,
    responses={200: {"headers": ETAG_HEADER}, **problems(404, 412, body=True, when={403: AGAIN})},
)
def change_user(
    user_id: UUID,
    identity: Changes,
    auth: Auth,
    body: UserChanges,
    version: SeenVersion,
    origin: Written,
    response: Response,
) -> UserAnswer:
    """Change tier, desk, or whether somebody may sign in."""
    own = body.desk_id == "own"
    desk = body.desk_id if isinstance(body.desk_id, UUID) else None
    changes = administration.Changes(body.tier, body.active, desk, own_desk=own)
    return _tagged(response, identity, administration.change_user(auth, identity, user_id, version, changes, origin))


@router.post("/{user_id}/role", response_model=UserAnswer, responses=problems(404, body=True, when={403: AGAIN}))
def give_role(user_id: UUID, identity: GivesRoles, auth: Auth, body: RoleGiven, origin: Written) -> UserAnswer:
    """Give a role all of whose rights the caller has, or make somebody a trader on paper."""
    return user_answer(administration.give_role(auth, identity, user_id, body.role, origin))


@router.post("/{user_id}/kyc", response_model=UserAnswer, responses=problems(404, body=True, when={403: AGAIN}))
def set_kyc(user_id: UUID, identity: SetsKyc, auth: Auth, body: KycSet, origin: Written) -> UserAnswer:
    """Say what is known of who somebody is."""
    return user_answer(administration.set_kyc(auth, identity, user_id, body.status, body.reason, origin))


@router.post(
    "/{user_id}/mfa-reset",
    response_model=UserAnswer,
    responses=problems(404, when={403: AGAIN, 409: "No second factor is on."}),
)
def reset_mfa(user_id: UUID, identity: Adds, auth: Auth, origin: Written) -> UserAnswer:
    """Turn off the second factor of somebody who lost it; his sessions end."""
    return user_answer(administration.reset_mfa(auth, identity, user_id, origin))


def _tagged(response: Response, identity: Identity, user: User) -> UserAnswer:
    response.headers["ETag"] = etag(user.version)
    return _seen_by(identity, user)


def _seen_by(identity: Identity, user: User) -> UserAnswer:
    if identity.role is not Role.SUPPORT:
        return user_answer(user)
    name = None if user.full_name is None else masked_name(user.full_name)
    return user_answer(user, email=masked(user.email), full_name=name)
