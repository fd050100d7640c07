"""A server of WebSockets alone in a real uvicorn: real database, books, hub and feed; callers are named by a header."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import insert, update
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from optionix_core.market.clock import ManualClock
from optionix_core.services.feeds import open_feed
from optionix_core.sync.event import Event
from server.api import realtime, tickets
from server.auth.identity import Identity, Role, Tier
from server.books import ServerBooks
from server.caching.local import LocalCache
from server.crypto.envelopes import SealedEnvelopes
from server.crypto.keys import KeyRing
from server.crypto.master import LocalMasterKey
from server.parts import Cache
from server.problems import Problem
from server.realtime.hub import StreamHub
from server.store.database import Database
from server.store.tables import sessions, users

START = datetime(2026, 9, 18, 14, 30, tzinfo=UTC)
MASTER = bytes.fromhex("8f1c5e20b7a94d3366f0127b9ce45a81d2037ef6480bb95ce1742dc39a6805ff")


class ByHeader:
    """Stands for identity's middleware: `Authorization: Test SESSION` is whoever has that session."""

    def __init__(self, app: Any, known: dict[str, Identity]) -> None:
        self._app = app
        self._known = known

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in {"http", "websocket"}:
            state = scope.setdefault("state", {})
            given = dict(scope["headers"]).get(b"authorization", b"").decode()
            if given.startswith("Test "):
                state["identity"] = self._known[given.removeprefix("Test ")]
            elif given:
                state["refusal"] = Problem(401, "invalid-token", "the token is not ours")
        await self._app(scope, receive, send)


@dataclass
class Station:
    """What tests work with."""

    database: Database
    books: ServerBooks
    hub: StreamHub
    cache: Cache
    clock: ManualClock
    known: dict[str, Identity]
    port: int = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    def user(self, number: int, role: Role = Role.TRADER, desk: int | None = None) -> Identity:
        """Somebody who is signed in."""
        user_id, session = UUID(int=number), uuid4()
        row = {
            "id": user_id,
            "email": f"{number}@example.com",
            "hashed_password": "!",
            "full_name": "sealed",
            "role": str(role),
            "kyc_status": "none",
            "created_at": START,
            "password_changed_at": START,
            "desk_id": UUID(int=1000 + (number if desk is None else desk)),
        }
        kept = {
            "id": session,
            "user_id": user_id,
            "created_at": START,
            "last_used_at": START,
            "expires_at": START + timedelta(days=30),
        }
        self.database.write(lambda connection: connection.execute(insert(users).values(row)).rowcount)
        self.database.write(lambda connection: connection.execute(insert(sessions).values(kept)).rowcount)
        identity = Identity(user_id, role, Tier.STANDARD, session)
        self.known[str(session)] = identity
        return identity

    def revoke(self, identity: Identity) -> None:
        change = update(sessions).where(sessions.c.id == identity.session_id).values(revoked_at=START)
        self.database.write(lambda connection: connection.execute(change).rowcount)

    def append(self, identity: Identity, *events: Event) -> int:
        """Append to somebody's stream; the new head."""
        with self.books.store(self.books.own_stream(identity.user_id)).writing("test") as writer:
            writer.append(events)
            return writer.head().seq

    @asynccontextmanager
    async def listen(self, identity: Identity, first: dict[str, Any] | None = None, **more: Any) -> Any:
        """A connection; `first` is sent and its answer checked."""
        headers = {"Authorization": f"Test {identity.session_id}"}
        async with connect(self.url, additional_headers=headers, proxy=None, **more) as socket:
            if first is not None:
                await socket.send(json.dumps({"type": "subscribe", **first}))
                answer = await read(socket)
                assert answer["type"] == "subscribed", answer
            yield socket


async def read(socket: ClientConnection, seconds: float = 10.0) -> dict[str, Any]:
    """The next message."""
    found: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), seconds))
    return found


async def assert_closes(socket: ClientConnection, code: int, seconds: float = 2.0) -> None:
    """The server closes with this code; what it sent before is read."""
    with pytest.raises(ConnectionClosed) as caught:
        await _read_on(socket, seconds)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == code


async def _read_on(socket: ClientConnection, seconds: float) -> None:
    while True:
        await read(socket, seconds)


def event(number: int, kind: str = "order.filled", **payload: Any) -> Event:
    """The n-th event."""
    return Event(f"e-{number}", kind, START + timedelta(seconds=number), {"number": number, **payload})


@contextmanager
def running(
    database: Database, folder: Path, make_cache: Callable[[Callable[[], float]], Cache] = LocalCache, **settings: Any
) -> Iterator[Station]:
    """A station on a free port of loopback, stopped at the end."""
    clock = ManualClock(START)
    envelopes = SealedEnvelopes(KeyRing.opened(database, LocalMasterKey(MASTER), clock))
    books = ServerBooks(database, envelopes, clock, folder, lambda: open_feed("sim", seed=20, session="continuous"))
    cache = make_cache(lambda: clock.now().timestamp())
    hub = StreamHub(database, cache, clock, books, **settings)
    books.grown = hub.notify
    station = Station(database, books, hub, cache, clock, {})

    @asynccontextmanager
    async def life(_: FastAPI) -> Any:
        await cache.start()
        await hub.start()
        yield
        await hub.stop()
        await cache.stop()

    app = FastAPI(lifespan=life)
    app.state.server = station
    app.include_router(realtime.router)
    app.include_router(tickets.router)

    @app.exception_handler(Problem)
    async def told(_: Any, problem: Any) -> Any:
        from fastapi import Response

        return Response(problem.body("", ""), problem.status)

    began = threading.Event()

    class Telling(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            began.set()

    config = uvicorn.Config(
        ByHeader(app, station.known), port=0, ws="websockets-sansio", log_config=None, ws_per_message_deflate=False
    )
    server = Telling(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert began.wait(30)
        station.port = server.servers[0].sockets[0].getsockname()[1]
        yield station
    finally:
        server.should_exit = True
        thread.join(30)
        books.close()
