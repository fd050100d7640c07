"""Every route by every role and by nobody: who is let in is what the matrix says, and no route is without a right."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid4

import pyotp
import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

from server.app import create_app
from server.auth.identity import Role
from server.auth.people import NewUser, add_user
from server.auth.rights import DEFAULT_ROLE, MATRIX_FILE, PUBLIC, matrix, needs, needs_step_up, rights_of
from server.auth.sessions import open_session
from tests.server.conftest import ClientOf, MakeServer

if TYPE_CHECKING:
    import httpx

VALUES = {"account": "server-1", "kind": "limit-delta", "grade": "hard", "act": "arm", "symbol": "SPX"}
PUBLIC_ROUTES = frozenset(
    {
        "POST /api/v2/auth/register",
        "POST /api/v2/auth/login",
        "POST /api/v2/auth/refresh",
        "POST /api/v2/auth/logout",
        "GET /api/v2/health",
        "GET /api/v2/docs",
        "GET /api/v2/openapi.json",
        "GET /metrics",
    }
)
"""All that answer without a login; another has to be named here."""


TICKET_ROUTES = frozenset({"WEBSOCKET /api/v2/ws"})
"""Opened by a single-use ticket that a route with a right gave, or by a token that is looked at behind the door."""


class Route(NamedTuple):
    method: str
    path: str
    public: bool
    rights: tuple[tuple[str, str], ...]
    websocket: bool
    step_up: bool

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def calls(dependant: Any) -> Iterator[Any]:
    for one in dependant.dependencies:
        yield one.call
        yield from calls(one)


@cache
def routes() -> tuple[Route, ...]:
    found = []
    for one in iter_route_contexts(create_app(None).routes):
        route = one.original_route
        if not isinstance(route, (APIRoute, APIWebSocketRoute)):
            pytest.fail(f"{one.path} is a route without a right: add it by a router")
        used = list(calls(one.dependant))
        rights = tuple((call.resource, call.verb) for call in used if isinstance(call, needs))
        methods = sorted(one.methods or ()) if isinstance(route, APIRoute) else ["WEBSOCKET"]
        for method in methods:
            websocket = method == "WEBSOCKET"
            step_up = any(isinstance(call, needs_step_up) for call in used)
            found.append(Route(method, one.path_format, PUBLIC.dependency in used, rights, websocket, step_up))
    return tuple(found)


def expected(route: Route, role: Role) -> bool:
    return all(role in matrix()[right] for right in route.rights)


def test_every_route_has_one_right_or_says_that_it_needs_none() -> None:
    assert len(routes()) > 40
    for route in routes():
        if route.name in TICKET_ROUTES:
            continue
        assert route.public != bool(route.rights), f"{route.name} needs one right, or PUBLIC"
        assert len(route.rights) <= 1, route.name
    assert {route.name for route in routes() if route.public} == PUBLIC_ROUTES


def test_reading_needs_a_right_to_read_and_changing_one_to_write() -> None:
    for route in routes():
        verbs = [verb for _, verb in route.rights]
        if route.method == "GET":
            assert route.public or verbs == ["read"], route.name
        if route.method in {"PUT", "PATCH", "DELETE"}:
            assert verbs == ["write"], route.name


def test_what_does_most_harm_asks_for_the_password_again() -> None:
    asking = {"kill_switch", "roles", "encryption", "erasure"}
    found = {resource for route in routes() for resource, verb in route.rights if verb == "write" and route.step_up}
    assert found >= asking
    for route in routes():
        if any(resource in asking and verb == "write" for resource, verb in route.rights):
            assert route.step_up, route.name


def filled(path: str) -> str:
    parts = []
    for part in path.split("/"):
        name = part.strip("{}")
        parts.append(VALUES.get(name, str(uuid4())) if part.startswith("{") else part)
    return "/".join(parts)


async def asked(client: httpx.AsyncClient, route: Route, token: str | None) -> tuple[int, str]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    body = {} if route.method in {"POST", "PUT", "PATCH"} else None
    address = f"http://server{filled(route.path)}"
    answer = await client.request(route.method, address, json=body, headers=headers)
    problem = answer.headers["content-type"].startswith("application/problem") if answer.content else False
    kind = answer.json()["type"].rpartition(":")[2] if problem else ""
    return answer.status_code, kind


async def test_every_route_lets_in_whom_the_matrix_names(make_server: MakeServer, client_of: ClientOf) -> None:
    server = make_server(rate_standard=100_000, rate_login=100_000)
    auth = server.accounts

    def session(user_id: UUID) -> str:
        from server.auth.origin import Origin

        pair = server.database.write(lambda connection: open_session(auth, connection, user_id, None, Origin("::1")))
        return pair.access_token

    password = "a long sentence of ours"  # noqa: S105 - of people who live in a test alone
    tokens: dict[Role | None, str | None] = {None: None}
    for role in Role:
        new = NewUser(f"{role.value}@example.com", role.value, password, role)
        tokens[role] = session(add_user(auth.stores, new, by=None).id)
    wrong = []
    async with client_of(server) as client:
        for route in routes():
            if route.websocket:
                continue
            assert (await asked(client, route, "not.a.token"))[0] == 401 or route.public, route.name
            for role, token in tokens.items():
                status, kind = await asked(client, route, token)
                if role is None:
                    right = status == 401 if not route.public else kind != "not-signed-in"
                elif route.public or expected(route, role):
                    right = status not in {401, 403, 500} or kind == "invalid-refresh-token"
                else:
                    right = (status, kind) == (403, "forbidden")
                if not right:
                    wrong.append(f"{route.name} by {role or 'nobody'}: {status} {kind}")
    assert wrong == []


ENROLLING = frozenset(
    {
        "GET /api/v2/auth/me",
        "GET /api/v2/users/me",
        "POST /api/v2/auth/step-up",
        "POST /api/v2/users/mfa/setup",
        "POST /api/v2/users/mfa/verify",
    }
)
"""All that somebody may ask who has to enrol a second factor first; another has to be named here."""


@pytest.mark.parametrize("role", [Role.TRADER, Role.ADMIN])
async def test_where_a_second_factor_is_demanded_who_has_none_can_only_enrol(
    make_server: MakeServer, client_of: ClientOf, role: Role
) -> None:
    server = make_server(rate_standard=100_000, rate_login=100_000, second_factor="admin,trader")
    auth = server.accounts
    password = "a long sentence of ours"  # noqa: S105 - of somebody who lives in a test alone
    add_user(auth.stores, NewUser("ann@example.com", "Ann", password, role), by=None)
    refused = (403, "mfa-enrolment-required")
    async with client_of(server) as client:
        signed = await client.post("/auth/login", json={"email": "ann@example.com", "password": password})
        token = signed.json()["access_token"]
        allowed = set()
        for route in routes():
            if not (route.websocket or route.public) and await asked(client, route, token) != refused:
                allowed.add(route.name)
        assert allowed == ENROLLING
        client.headers["authorization"] = f"Bearer {token}"
        assert (await client.get("/users/me")).json()["must_enrol"] is True
        secret = (await client.post("/users/mfa/setup")).json()["secret"]
        code = pyotp.TOTP(secret).at(server.clock.now())
        assert (await client.post("/users/mfa/verify", json={"code": code})).status_code == 200
        for route in routes():
            if not route.websocket:
                assert (await asked(client, route, token))[1] != "mfa-enrolment-required", route.name
        assert (await client.get("/users/me")).json()["must_enrol"] is False


def test_every_right_that_a_route_needs_is_somebodys_and_every_role_is_known() -> None:
    for route in routes():
        for right in route.rights:
            assert matrix()[right], f"{right} is nobody's"
    assert frozenset().union(*matrix().values()) == frozenset(Role)


@pytest.mark.parametrize(
    ("right", "roles"),
    [
        (("orders", "write"), {"trader"}),
        (("sync", "write"), {"trader"}),
        (("limits", "write"), {"risk_manager"}),
        (("halts", "write"), {"risk_manager"}),
        (("kyc", "write"), {"compliance_officer"}),
        (("roles", "write"), {"admin"}),
        (("users", "write"), {"admin"}),
        (("encryption", "write"), {"admin"}),
        (("audit", "read"), {"compliance_officer", "admin"}),
        (("erasure", "write"), {"compliance_officer", "admin"}),
        (("kill_switch", "write"), {"trader", "risk_manager"}),
        (("account_states", "write"), {"risk_manager", "compliance_officer"}),
    ],
)
def test_what_can_do_harm_belongs_to_whom_it_should(right: tuple[str, str], roles: set[str]) -> None:
    assert matrix()[right] == {Role(role) for role in roles}


def test_duties_are_kept_apart() -> None:
    """Who gives roles does not trade; who sets limits does not; support changes nobody but himself."""
    trades = {("orders", "write")}
    for role in (Role.ADMIN, Role.RISK_MANAGER, Role.COMPLIANCE_OFFICER, Role.SUPPORT, Role.VIEWER, Role.ANALYST):
        assert not trades & rights_of(role)
    assert ("limits", "write") not in rights_of(Role.ADMIN)
    writes = {resource for resource, verb in rights_of(Role.SUPPORT) if verb == "write"}
    assert writes == {"profile", "sessions", "devices"}
    assert DEFAULT_ROLE is Role.TRADER


def test_the_matrix_names_nobody_twice() -> None:
    import tomllib

    for resource, verbs in tomllib.loads(MATRIX_FILE.read_text("utf-8")).items():
        for verb, roles in verbs.items():
            assert verb in {"read", "write"}, (resource, verb)
            assert len(set(roles)) == len(roles), (resource, verb)


def test_the_document_of_rights_is_that_of_the_matrix_and_the_routes() -> None:
    from pathlib import Path

    from server.auth.rights_table import rights_reference

    written = Path(__file__).resolve().parents[2] / "docs" / "security" / "rights.md"
    assert written.read_text("utf-8") == rights_reference(create_app(None)), "stale: `make docs` writes it anew"
