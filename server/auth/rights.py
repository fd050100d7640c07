"""Which right a route needs, and whether a caller has it. The matrix is `permissions.toml`.

Every route states its right by `needs(resource, verb)` or says by `PUBLIC` that it needs none; a test finds routes that
do neither.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from fastapi import Depends, Request

from server.auth.identity import Identity, Role
from server.problems import Problem
from server.store.acting import act_as

if TYPE_CHECKING:
    from server.context import Server

STEP_UP_SECONDS: Final = 300.0
DEFAULT_ROLE: Final = Role.TRADER
"""What registration gives everybody: paper accounts, with no KYC."""
MATRIX_FILE: Final = Path(__file__).with_name("permissions.toml")


@cache
def matrix() -> Mapping[tuple[str, str], frozenset[Role]]:
    """Roles by (resource, verb)."""
    text = tomllib.loads(MATRIX_FILE.read_text("utf-8"))
    return MappingProxyType(
        {
            (resource, verb): frozenset(map(Role, roles))
            for resource, verbs in text.items()
            for verb, roles in verbs.items()
        }
    )


def allows(identity: Identity, resource: str, verb: str) -> bool:
    """Whether role and, for a key, scopes give the right."""
    given = identity.role in matrix().get((resource, verb), frozenset())
    return given and (identity.scopes is None or f"{resource}:{verb}" in identity.scopes)


def check_enrolled(identity: Identity) -> None:
    """Raise Problem 403 `mfa-enrolment-required`, which says what to do, where a second factor has to be on first."""
    if identity.must_enrol:
        raise Problem(
            403,
            "mfa-enrolment-required",
            "this server demands a second factor of your role: enrol one by users/mfa/setup and users/mfa/verify "
            "(optionix mfa setup)",
        )


def identity_of(request: Request) -> Identity:
    """The caller, as the middleware found it. Raises Problem 401 where there is none."""
    found = getattr(request.state, "identity", None)
    if isinstance(found, Identity):
        return found
    refusal = getattr(request.state, "refusal", None)
    if isinstance(refusal, Problem):
        raise refusal
    raise Problem(401, "not-signed-in", "send `Authorization: Bearer TOKEN`", headers={"WWW-Authenticate": "Bearer"})


class needs:  # noqa: N801 - reads as a word in a route
    """A dependency that demands a right and gives the caller, for whom the request acts from then on.

    Whoever has to enrol a second factor first is refused, but by routes of `enrolling`, which that takes.
    """

    def __init__(self, resource: str, verb: str, *, enrolling: bool = False) -> None:
        if (resource, verb) not in matrix():
            raise LookupError(f"permissions.toml does not know {verb} of {resource}")
        self.resource = resource
        self.verb = verb
        self.enrolling = enrolling

    async def __call__(self, request: Request) -> Identity:
        """The caller. Raises Problem 401 or 403."""
        identity = identity_of(request)
        if not self.enrolling:
            check_enrolled(identity)
        if not allows(identity, self.resource, self.verb):
            raise Problem(403, "forbidden", f"your role or key does not give {self.resource}:{self.verb}")
        act_as(identity.user_id)
        return identity


async def _public() -> None:
    """Stands beside a route that needs no login."""


PUBLIC: Final = Depends(_public)
"""For `dependencies=[PUBLIC]`."""


class needs_step_up(needs):  # noqa: N801 - reads as a word in a route
    """As `needs`, of somebody who showed who he is within the last five minutes. Problem 403 `step-up-required`."""

    async def __call__(self, request: Request) -> Identity:
        """The caller."""
        identity = await super().__call__(request)
        if identity.session_id is None:
            raise Problem(403, "session-needed", "sign in for that: an API key cannot do it")
        server: Server = request.app.state.server
        since = server.clock.now().timestamp() - STEP_UP_SECONDS
        shown = identity.stepped_up_at
        if shown is None or shown <= since:
            shown = await server.accounts.stepped_up_at(identity.session_id)
        if shown is None or shown <= since:
            raise Problem(403, "step-up-required", "show your password (and second factor) to auth/step-up first")
        return identity


class needs_session(needs):  # noqa: N801 - reads as a word in a route
    """As `needs`, of a person who signed in: no API key. Problem 403 `session-needed`."""

    async def __call__(self, request: Request) -> Identity:
        """The caller."""
        identity = await super().__call__(request)
        if identity.session_id is None:
            raise Problem(403, "session-needed", "sign in for that: an API key cannot do it")
        return identity


def rights_of(role: Role) -> frozenset[tuple[str, str]]:
    """All rights of a role."""
    return frozenset(right for right, roles in matrix().items() if role in roles)


def may_grant(granter: Role, role: Role) -> bool:
    """Whether somebody may give `role`: nobody gives a right that he lacks, but for what registration gives anybody."""
    return role is DEFAULT_ROLE or rights_of(role) <= rights_of(granter)
