"""A request acts as its caller: with its own conditions taken away it still sees and changes his rows alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Depends
from fastapi import Request as HttpRequest
from sqlalchemy import event, func, select, update

from optionix_core.sync.canonical import encode
from optionix_core.sync.event import Event
from optionix_core.sync.wire import PushBatch, PushItem
from server.api.turns import in_turn
from server.app import PREFIX, create_app, server_of
from server.auth import rights
from server.auth.identity import Identity, Role
from server.auth.people import NewUser, add_user
from server.auth.rights import needs
from server.middleware import wrapped
from server.problems import Problem
from server.store.acting import acting, acting_for
from server.store.row_security import OWNERS
from server.store.tables import api_keys, devices, metadata, sessions, stream_events
from tests.server.conftest import Backend, MakeServer

if TYPE_CHECKING:
    from server.context import Server
    from server.store.database import Database

PASSWORD = "a long sentence of ours"  # noqa: S105 - of people who live in a test alone
OWN = re.compile(r"\b\w+\.(user_id|owner_id) = %\(\w+\)s(::UUID)?")
Asks = Annotated[Identity, Depends(needs("profile", "read"))]


@pytest.fixture
def backend(postgres_url: str, tmp_path: Path) -> Backend:
    return Backend("postgresql", tmp_path, postgres_url)


@contextmanager
def without_conditions(database: Database) -> Iterator[None]:
    """No query says any more whose rows it wants."""

    def rewritten(_c: Any, _k: Any, statement: str, parameters: Any, *_: Any) -> tuple[str, Any]:
        return OWN.sub("TRUE", statement), parameters

    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", rewritten, retval=True)
    try:
        yield
    finally:
        for engine in database.engines:
            event.remove(engine, "before_cursor_execute", rewritten)


def seen(server: Server) -> dict[str, set[UUID]]:
    """Whose rows a query without a condition sees, by table."""
    found = {}
    with server.database.reading(fresh=True) as connection:
        for name, column in OWNERS.items():
            asked = select(metadata.tables[name].c[column]).distinct()
            found[name] = set(connection.execute(asked).scalars())
    return {name: owners for name, owners in found.items() if owners}


probe = APIRouter()


@probe.get("/probe/{way}")
async def look(way: str, _: Asks, request: HttpRequest) -> dict[str, list[str]]:
    server = server_of(request)
    ways = {
        "thread": lambda: asyncio.to_thread(seen, server),
        "passwords": lambda: server.accounts.in_turn(lambda: seen(server)),
        "turns": lambda: in_turn(request.app, lambda: seen(server)),
    }
    return {name: sorted(map(str, owners)) for name, owners in (await ways[way]()).items()}


@probe.post("/probe")
def change(_: Asks, request: HttpRequest) -> int:
    rename = update(api_keys).values(name="taken over")
    return server_of(request).database.write(lambda connection: connection.execute(rename).rowcount)


async def signed_in(client: httpx.AsyncClient, server: Server, name: str) -> tuple[UUID, dict[str, str]]:
    """Somebody with a session, a device, a stream with an account, and a key."""
    user = add_user(server.accounts.stores, NewUser(f"{name}@example.com", name, PASSWORD, Role.TRADER), by=None)
    body = {"email": f"{name}@example.com", "password": PASSWORD, "device_id": f"home-of-{name}"}
    token = (await client.post("/auth/login", json=body)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/portfolio/summary", headers=headers)).status_code == 200
    key = {"name": f"key of {name}", "scopes": ["portfolio:read"]}
    assert (await client.post("/keys", json=key, headers=headers)).status_code == 201
    return user.id, headers


@pytest.fixture
async def two(make_server: MakeServer, backend: Backend) -> Any:
    server = make_server(backend)
    app = create_app(server)
    app.include_router(probe, prefix=PREFIX)
    await server.cache.start()
    transport = httpx.ASGITransport(wrapped(app, server))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://server/api/v2") as client:
        yield server, client, await signed_in(client, server, "ann"), await signed_in(client, server, "bob")
    await server.cache.stop()


@pytest.mark.parametrize("way", ["thread", "passwords", "turns"])
async def test_a_query_without_a_condition_sees_the_callers_rows_in_every_thread(two: Any, way: str) -> None:
    server, client, (ann, of_ann), (bob, of_bob) = two
    assert seen(server)["sessions"] == {ann, bob}
    for user, headers in ((ann, of_ann), (bob, of_bob)):
        found = (await client.get(f"/probe/{way}", headers=headers)).json()
        assert set(found) >= {"sessions", "api_keys", "devices", "streams", "accounts"}
        assert {name: owners for name, owners in found.items() if owners != [str(user)]} == {}
        assert acting() is None  # it ends with the request


async def test_a_change_without_a_condition_touches_the_callers_rows(two: Any) -> None:
    server, client, (ann, of_ann), (bob, _) = two
    assert (await client.post("/probe", headers=of_ann)).json() == 1
    with server.database.reading(fresh=True) as connection:
        names = dict(connection.execute(select(api_keys.c.user_id, api_keys.c.name)).all())
    assert names == {ann: "taken over", bob: "key of bob"}


@pytest.mark.parametrize("walled", [True, False])
async def test_routes_that_forget_whose_rows_they_want_are_stopped_by_the_wall(
    two: Any, walled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the wall the same routes give away and end what is bob's, so that the test can fail."""
    server, client, (_, of_ann), (bob, _) = two
    if not walled:
        monkeypatch.setattr(rights, "act_as", lambda _: None)
    with without_conditions(server.database):
        listed = (await client.get("/sessions", headers=of_ann)).json()["sessions"]
        keys = (await client.get("/keys", headers=of_ann)).json()["keys"]
        owned = (await client.get("/devices", headers=of_ann)).json()["devices"]
        assert (await client.delete("/sessions", headers=of_ann)).status_code == 200
    expected = 1 if walled else 2
    assert (len(listed), len(keys), len(owned)) == (expected,) * 3
    with acting_for(bob), server.database.reading(fresh=True) as connection:
        left = select(func.count()).select_from(sessions).where(sessions.c.revoked_at.is_(None))
        assert connection.execute(left).scalar_one() == (1 if walled else 0)


async def test_anothers_device_is_neither_moved_nor_stopped(two: Any) -> None:
    """Its row is not seen, so that it looks like a new one's until it is to be changed."""
    server, _, (ann, _), (bob, _) = two
    told = Event("of-ann", "note.written", server.clock.now(), {"text": "mine"})
    batch = PushBatch("home-of-bob", [PushItem(1, told, encode(told))])
    with acting_for(ann), pytest.raises(Problem, match="no such device"):
        server.sync.push(ann, batch)
    with acting_for(bob), server.database.reading(fresh=True) as connection:
        row = connection.execute(select(devices)).one()
        assert (row.user_id, row.cursor, row.stopped_why) == (bob, 0, None)
    with acting_for(ann), server.database.reading(fresh=True) as connection:
        assert connection.execute(select(stream_events.c.id).where(stream_events.c.id == "of-ann")).all() == []
