"""A whole server for benchmarks, in a folder of its own, and people who are signed in; asked without a network."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optionix_core.market.clock import SystemClock
from server import assembly
from server.observing import set_up_logs
from server.settings import ServerSettings

if TYPE_CHECKING:
    from server.context import Server
    from server.middleware.asgi import App, Message

PASSWORD = "seventeen green parrots"  # noqa: S105 - of people who exist for a benchmark
PREFIX = "/api/v2"
WIDE = {"rate_standard": 10_000_000, "rate_login": 10_000_000}
"""Limits that count and never refuse."""


@dataclass(frozen=True)
class Answer:
    """What an application answered."""

    status: int
    body: bytes

    def document(self) -> Any:
        """Its JSON."""
        return json.loads(self.body)


@asynccontextmanager
async def serving(folder: Path, **settings: Any) -> AsyncIterator[tuple[Server, App]]:
    """A server on SQLite in `folder`, or on what `settings` name; its log lines are made and dropped."""
    set_up_logs("info", lambda _: None)
    server = assembly.assemble(ServerSettings(data_folder=folder, **{**WIDE, **settings}), SystemClock())
    try:
        app = assembly.application(server)
        await server.cache.start()
        yield server, app
        await server.cache.stop()
    finally:
        server.close()


async def ask(app: App, method: str, path: str, document: Any = None, token: str | None = None) -> Answer:
    """One request, as a server of HTTP would hand it on."""
    return await send(app, scope_of(method, path, document is not None, token), _encoded(document))


def scope_of(method: str, path: str, has_body: bool, token: str | None) -> dict[str, Any]:  # noqa: FBT001
    """The scope of a request."""
    headers = [(b"host", b"127.0.0.1"), (b"user-agent", b"benchmark"), (b"accept", b"*/*")]
    if token is not None:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    if has_body:
        headers += [(b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")]
    plain, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": PREFIX + plain,
        "raw_path": (PREFIX + plain).encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


async def send(app: App, scope: dict[str, Any], body: bytes) -> Answer:
    """Hand the scope over and gather the answer."""
    status, parts = 0, []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def sent(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, sent)
    return Answer(status, b"".join(parts))


async def people(app: App, count: int) -> Sequence[str]:
    """Access tokens of `count` people who were registered and have signed in."""
    tokens = []
    for number in range(count):
        email = f"person{number}@example.com"
        shown = {"email": email, "password": PASSWORD}
        made = await ask(app, "POST", "/auth/register", {**shown, "full_name": f"Person {number}"})
        expect(made, 201)
        signed_in = await ask(app, "POST", "/auth/login", shown)
        expect(signed_in, 200)
        tokens.append(signed_in.document()["access_token"])
    return tokens


def expect(answer: Answer, *statuses: int) -> None:
    """RuntimeError where the server did not do what is measured."""
    if answer.status not in statuses:
        raise RuntimeError(f"the server answered {answer.status}: {answer.body.decode()[:500]}")


async def cpu_of(requests: Sequence[Callable[[], Awaitable[Answer]]], at_once: int = 1) -> float:
    """CPU seconds of the whole process for all of `requests`, `at_once` of them at a time; each must succeed."""
    left = iter(requests)

    async def worker() -> None:
        for request in left:
            expect(await request(), 200, 201)

    started = time.process_time()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return time.process_time() - started


def _encoded(document: Any) -> bytes:
    return b"" if document is None else json.dumps(document).encode()
