"""What routers about people share: who calls from where, the parts of identity, and how users and secrets travel."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Header
from fastapi import Request as HttpRequest
from pydantic import AfterValidator, Field, StringConstraints

from server.api.values import Answer, Instant, Request
from server.app import server_of
from server.auth.identity import Role, Tier
from server.auth.origin import Origin, origin_of
from server.auth.passwords import LONGEST, SHORTEST
from server.auth.people import LONGEST_NAME
from server.problems import Problem

if TYPE_CHECKING:
    from server.auth.accounts import Identities
    from server.auth.people import User

_ETAG: Final = re.compile(r'"([1-9][0-9]{0,9})"')


def _printable(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("printable characters, with no blank around them")
    return text


PRINTABLE: Final = AfterValidator(_printable)

Email = Annotated[str, StringConstraints(min_length=3, max_length=254), PRINTABLE]
_SECRET: Final = Field(json_schema_extra={"format": "password"})
Shown = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST), _SECRET]
"""A password that is shown: of any length that one may have had."""
Chosen = Annotated[str, StringConstraints(min_length=SHORTEST, max_length=LONGEST), _SECRET]
"""A password that is chosen."""
FullName = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME), PRINTABLE]
Label = Annotated[str, StringConstraints(min_length=1, max_length=64), PRINTABLE]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=200), PRINTABLE]
Code = Annotated[str, StringConstraints(pattern=r"^([0-9]{6}|[a-z2-7]{4}(-[a-z2-7]{4}){3})$", max_length=19)]
"""Of an authenticator, or one on paper."""
ShortCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$", max_length=6)]
DeviceId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", max_length=64)]
RefreshToken = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{20,100}$", max_length=100)]
Count = Annotated[int, Field(ge=0)]


# Dependencies that wait for nothing are coroutines: a plain function would be sent to another thread and waited for.


async def _origin(request: HttpRequest) -> Origin:
    request.state.audited = True
    return origin_of(request)


Written = Annotated[Origin, Depends(_origin)]
"""Where a request comes from, of a route whose own transaction holds its audit entry; stands after the caller."""


async def identities(request: HttpRequest) -> Identities:
    """The server's parts for people."""
    return server_of(request).accounts


Auth = Annotated["Identities", Depends(identities)]


async def version_of(
    if_match: Annotated[str | None, Header(description="An ETag that was read before.")] = None,
) -> int | None:
    """The version that the caller saw, None where he does not say. Problem 412 for what no user ever had."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise Problem(412, "changed-meanwhile", "If-Match is no ETag of a user")
    return int(found.group(1))


SeenVersion = Annotated[int | None, Depends(version_of)]

ETAG_HEADER: Final[dict[str, Any]] = {
    "ETag": {"description": "Changes with the user; goes into If-Match.", "schema": {"type": "string"}}
}


class UserAnswer(Answer):
    """Somebody with an account on this server."""

    user_id: UUID
    email: str
    full_name: str | None
    """None where it was erased."""
    role: Role
    tier: Tier
    kyc_status: str
    mfa_enabled: bool
    active: bool
    timezone: str
    desk_id: UUID
    created_at: Instant
    last_login: Instant | None


class MeAnswer(UserAnswer):
    """Whoever asks."""

    must_enrol: bool
    """This server demands a second factor of the role and none is on: all but enrolling one is refused."""


def me_answer(auth: Identities, user: User) -> MeAnswer:
    """As somebody is told of himself."""
    due = auth.must_enrol(user.role, mfa_enabled=user.mfa_enabled)
    return MeAnswer(**user_answer(user).model_dump(), must_enrol=due)


def user_answer(user: User, **instead: Any) -> UserAnswer:
    """As it is told; `instead` replaces what is masked."""
    fields: dict[str, Any] = {
        "user_id": user.id,
        "email": user.email,
        "full_name": user.full_name,
        "role": user.role,
        "tier": user.tier,
        "kyc_status": user.kyc_status,
        "mfa_enabled": user.mfa_enabled,
        "active": user.active,
        "timezone": user.timezone,
        "desk_id": user.desk_id,
        "created_at": user.created_at,
        "last_login": user.last_login,
    }
    return UserAnswer(**(fields | instead))


class CodeAndPassword(Request):
    """Both factors."""

    code: Code
    password: Shown
