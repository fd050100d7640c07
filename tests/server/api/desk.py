"""What tests of routers work with: these alone over the server's own books, the simulated feed, a clock that stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import pytest
from sqlalchemy import insert, select

from server.auth.identity import Identity, Role, Tier
from server.store.tables import streams, users

if TYPE_CHECKING:
    import httpx
    from anyio.from_thread import BlockingPortal
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

    from optionix_core.market.clock import ManualClock
    from optionix_core.services.workspace import Workspace
    from server.books import ServerBooks
    from server.context import Server
    from server.store.database import Database

on_both = pytest.mark.parametrize("desk_backend", ["sqlite", "postgresql"], indirect=True)
"""For a test of what is written: on each database in turn."""
NOW = datetime(2026, 9, 15, 15, 0, tzinfo=UTC)
NAMES = UUID("6a5d3a5c-0000-4000-8000-000000000000")


def user_id(name: str) -> UUID:
    return uuid5(NAMES, name)


class Keys:
    """Chain keys without a vault."""

    def chain_key(self, purpose: str, epoch: int) -> bytes:
        return sha256(f"{purpose} {epoch}".encode()).digest()


@dataclass
class NoCache:
    """Keeps nothing, as a cache that does not answer."""

    kept: dict[str, bytes] = field(default_factory=dict)

    async def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    async def set(self, key: str, value: bytes, seconds: float) -> None:  # noqa: ARG002 - as Cache has it
        self.kept[key] = value

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class ByHeader:
    """`Authorization: Bearer ROLE/NAME` is that caller."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self.app = app
        self.database = database
        self._known: set[UUID] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"").decode().removeprefix("Bearer ")
            role, _, name = given.partition("/")
            if role:
                found = identity(role, name)
                if found.user_id not in self._known:
                    self._known.add(found.user_id)
                    add_user(self.database, found.user_id, role)
                scope.setdefault("state", {})["identity"] = found
        await self.app(scope, receive, send)


def identity(role: str, name: str) -> Identity:
    """Somebody, signed in."""
    return Identity(user_id(name), Role(role), Tier.STANDARD, uuid5(NAMES, f"session {name}"))


def add_user(database: Database, user: UUID, role: str) -> None:
    """A user who can own a stream, in a desk of his own."""
    row = {
        "id": user,
        "email": f"{user}@example.org",
        "hashed_password": "none",
        "full_name": "sealed",
        "role": role,
        "kyc_status": "none",
        "created_at": NOW,
        "desk_id": user,
        "password_changed_at": NOW,
    }
    database.write(lambda connection: connection.execute(insert(users).values(row)))


@dataclass
class Desk:
    """A server and who asks it."""

    client: httpx.AsyncClient
    portal: BlockingPortal
    app: FastAPI
    server: Server
    clock: ManualClock
    books: ServerBooks

    def ask(
        self, method: str, path: str, body: Any = None, *, who: str | None = "trader/ann", **more: Any
    ) -> tuple[int, Any]:
        """Status and document of an answer."""
        answer = self.send(method, path, body, who=who, **more)
        return answer.status_code, answer.json() if answer.content else None

    def send(
        self, method: str, path: str, body: Any = None, *, who: str | None = "trader/ann", **more: Any
    ) -> httpx.Response:
        """The answer itself."""
        headers = {} if who is None else {"Authorization": f"Bearer {who}"}
        headers |= more.pop("headers", {})
        if body is not None:
            more["json"] = body
        return self.portal.call(partial(self.client.request, method, f"/api/v2/{path}", headers=headers, **more))

    def symbol(self, place: int = 0, kind: str = "call") -> str:
        """A listed option of ORBIT some weeks away, `place` strikes above the money."""
        chain = self.books.feed.chain("ORBIT", self.clock.now())
        part = chain.slices[3]
        middle = int(abs(part.strikes - (chain.spot or 0.0)).argmin())
        found = getattr(part, kind).symbols[middle + place]
        assert found is not None
        return str(found)

    def order(self, name: str, **more: Any) -> dict[str, Any]:
        """A market order of one contract."""
        terms = {
            "symbol": self.symbol(),
            "side": "buy",
            "quantity": "1",
            "order_type": "market",
            "time_in_force": "IOC",
        }
        return {"client_order_id": name, **terms, **more}

    def workspace(self, name: str = "ann") -> Workspace:
        """That of somebody's first account."""
        assert self.ask("GET", "portfolio/summary", who=f"trader/{name}")[0] == 200
        return self.books.workspace(self.books.account(identity("trader", name), None))

    def head(self, name: str = "ann") -> int:
        """Events in somebody's stream; none where there is no stream."""
        with self.server.database.reading(fresh=True) as connection:
            found = connection.execute(select(streams.c.head_seq).where(streams.c.owner_id == user_id(name))).scalar()
        return found or 0
