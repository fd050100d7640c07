"""Bodies that the whole server refuses before a route reads them, on every route that reads one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from server.auth.identity import Role
from server.auth.people import NewUser, add_user
from server.context import Server
from server.problems import MEDIA_TYPE
from server.store.tables import stream_events
from tests.server.api.test_description import operations
from tests.server.conftest import ClientOf, MakeServer

if TYPE_CHECKING:
    import httpx

PASSWORD = "a long sentence of ours"  # noqa: S105 - of somebody who lives in this test alone
LONGEST = 1024
BODIES: tuple[tuple[str, bytes, dict[str, str], int], ...] = (
    ("too long", b'{"x": "' + b"x" * LONGEST + b'"}', {"content-type": "application/json"}, 413),
    ("a form", b"a=b", {"content-type": "application/x-www-form-urlencoded"}, 415),
    ("no type", b"{}", {}, 415),
    ("a key twice", b'{"a": 1, "a": 2}', {"content-type": "application/json"}, 400),
    ("NaN", b'{"a": NaN}', {"content-type": "application/json"}, 400),
    ("not UTF-8", b'{"a": "\xff"}', {"content-type": "application/json"}, 400),
    ("too deep", b"[" * 200 + b"]" * 200, {"content-type": "application/json"}, 400),
)


def _events(server: Server) -> int:
    with server.database.reading(fresh=True) as connection:
        return connection.execute(select(func.count()).select_from(stream_events)).scalar_one()


@pytest.mark.parametrize("role", [None, Role.TRADER])
def test_what_cannot_be_read_is_refused_as_documented_and_writes_nothing(
    make_server: MakeServer, client_of: ClientOf, description: dict[str, Any], role: Role | None
) -> None:
    server = make_server(body_bytes=LONGEST, rate_standard=1_000_000, rate_login=1_000_000)

    async def ask() -> list[tuple[str, str, httpx.Response, dict[str, Any], int]]:
        found = []
        async with client_of(server) as client:
            if role is not None:
                new = NewUser(email="ann@example.com", full_name="Ann", password=PASSWORD, role=role)
                stores = server.accounts.stores  # type: ignore[attr-defined] # of `Identities`
                await asyncio.to_thread(add_user, stores, new, by=None)
                signed = await client.post("/auth/login", json={"email": "ann@example.com", "password": PASSWORD})
                client.headers["authorization"] = f"Bearer {signed.json()['access_token']}"
            for method, path, operation in operations(description):
                if "requestBody" not in operation:
                    continue
                where = path.removeprefix("/api/v2").replace("{", "").replace("}", "")
                for kind, body, headers, status in BODIES:
                    answer = await client.request(method.upper(), where, content=body, headers=headers)
                    found.append((f"{method} {path}", kind, answer, operation, status))
        return found

    before = _events(server)
    answers = asyncio.run(ask())
    assert len(answers) >= 20 * len(BODIES)
    for where, kind, answer, operation, status in answers:
        allowed = {status} if role is not None or not operation["security"] else {401, status}
        assert answer.status_code in allowed, (where, kind, answer.text)
        assert str(answer.status_code) in operation["responses"], (where, kind)
        assert answer.headers["content-type"] == MEDIA_TYPE
    assert _events(server) == before
