"""What tests of identity work with: a server of real parts but its cache, and a clock that tests move."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pyotp
from sqlalchemy import select

from optionix_core.market.clock import ManualClock
from server.auth.identity import Role
from server.auth.passwords import Argon2Hasher
from server.auth.people import NewUser, User, add_user
from server.books import ServerBooks
from server.context import Server
from server.problems import Problem
from server.store.tables import audit_logs

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal
    from starlette.types import ASGIApp, Receive, Scope, Send


NOW = datetime(2026, 9, 15, 15, 0, tzinfo=UTC)
PASSWORD = "a long sentence of ours"  # noqa: S105 - of people who live in tests alone


class CountingHasher(Argon2Hasher):
    """Argon2id at its least cost, which counts what it is asked."""

    def __init__(self) -> None:
        super().__init__(1, 8, 1)
        self.made = 0
        self.verified = 0
        self._counting = threading.Lock()

    def hash(self, password: str) -> str:
        with self._counting:
            self.made += 1
        return super().hash(password)

    def verify(self, hashed: str, password: str) -> bool:
        with self._counting:
            self.verified += 1
        return super().verify(hashed, password)


class LocalCache:
    """A cache of one process, whose hints tests hear, and may lose."""

    def __init__(self) -> None:
        self.hints: list[bytes] = []
        self.heard: list[Callable[[bytes], None]] = []

    async def publish(self, channel: str, message: bytes) -> None:
        assert channel == "identity"
        self.hints.append(message)
        for heard in self.heard:
            heard(message)

    def subscribe(self, channel: str, heard: Callable[[bytes], None]) -> Callable[[], None]:
        assert channel == "identity"
        self.heard.append(heard)
        return lambda: self.heard.remove(heard)

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Identified:
    """Asks the server's accounts who calls, as the middleware does."""

    def __init__(self, app: ASGIApp, server: Server) -> None:
        self.app = app
        self.server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            state = scope.setdefault("state", {})
            given = dict(scope["headers"]).get(b"authorization")
            if given is not None:
                try:
                    state["identity"] = await self.server.accounts.identify(given.decode(), scope["client"][0])
                except Problem as problem:
                    state["refusal"] = problem
        await self.app(scope, receive, send)


@dataclass
class Answered:
    """What came back."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def kind(self) -> str:
        """The problem's name."""
        return str(self.body["type"]).removeprefix("urn:optionix:problem:")


@dataclass
class House:
    """A server and who asks it."""

    app: ASGIApp
    portal: BlockingPortal
    server: Server
    clock: ManualClock
    hasher: CountingHasher
    cache: LocalCache
    books: ServerBooks
    seconds: list[float]
    """The monotonic clock that sessions are read by."""
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    @property
    def auth(self) -> Any:
        return self.server.accounts

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        address: str = "192.0.2.1",
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """One request; from any thread."""
        given: dict[str, Any] = {name: value.encode("latin-1") for name, value in (headers or {}).items()}
        if token is not None:
            given["Authorization"] = f"Bearer {token}"
        more = {} if body is None else {"json": body}
        client = self._client(address)
        answer = self.portal.call(partial(client.request, method, f"/api/v2/{path}", headers=given, **more))
        return Answered(answer.status_code, answer.json() if answer.content else None, answer.headers)

    def ask_raw(self, method: str, path: str, body: str) -> Answered:
        """A request with a body as it is spelled."""
        client = self._client("192.0.2.1")
        headers = {"Content-Type": "application/json"}
        sent = partial(client.request, method, f"/api/v2/{path}", headers=headers, content=body.encode())
        answer = self.portal.call(sent)
        return Answered(answer.status_code, answer.json(), answer.headers)

    def _client(self, address: str) -> httpx.AsyncClient:
        if address not in self.clients:
            transport = httpx.ASGITransport(self.app, client=(address, 40_000))
            self.clients[address] = httpx.AsyncClient(transport=transport, base_url="http://server")
        return self.clients[address]

    def add(self, name: str = "ann", role: str = "trader", **more: Any) -> User:
        """Somebody, added on the host."""
        new = NewUser(f"{name}@example.com", f"{name.title()} Example", PASSWORD, Role(role), **more)
        return add_user(self.auth.stores, new, by=None)

    def log_in(self, name: str = "ann", **more: Any) -> Answered:
        body = {"email": f"{name}@example.com", "password": PASSWORD}
        address = more.pop("address", "192.0.2.1")
        headers = more.pop("headers", None)
        return self.ask("POST", "auth/login", body | more, address=address, headers=headers)

    def token(self, name: str = "ann", **more: Any) -> str:
        """An access token of a new session."""
        answer = self.log_in(name, **more)
        assert answer.status == 200, answer.body
        return str(answer.body["access_token"])

    def enrol(self, name: str = "ann") -> tuple[pyotp.TOTP, list[str]]:
        """Turn on a second factor; the authenticator, a step later, and the codes on paper."""
        token = self.token(name)
        secret = self.ask("POST", "users/mfa/setup", token=token).body["secret"]
        totp = pyotp.TOTP(secret)
        answer = self.ask("POST", "users/mfa/verify", {"code": totp.at(self.clock.now())}, token=token)
        assert answer.status == 200, answer.body
        return totp, answer.body["backup_codes"]

    def actions(self) -> list[str]:
        """Actions in the audit log, in order."""
        with self.server.database.reading(fresh=True) as connection:
            return list(connection.execute(select(audit_logs.c.action).order_by(audit_logs.c.seq)).scalars())

    def entries(self, action: str) -> list[Any]:
        """Entries of one action."""
        with self.server.database.reading(fresh=True) as connection:
            return list(connection.execute(select(audit_logs).where(audit_logs.c.action == action)).all())
