"""A venue on this machine: answers GET requests and WebSockets as a test tells it to, and can be cut anywhere.

It lives in a thread of its own and ends with its context. Nothing in it waits for a time to pass: tests wait for
what they expect, with a bound after which the test fails.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable
from threading import Condition, Event, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

PATIENCE = 10.0
"""Seconds after which a test that waits has failed."""


class Reply:
    """What a GET request is answered with; `hold` lets it wait until the venue is released or ends."""

    def __init__(
        self, body: object, status: int = 200, headers: dict[str, str] | None = None, *, hold: bool = False
    ) -> None:
        self.content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status = status
        self.headers = headers or {}
        self.hold = hold


Answering = Callable[[dict[str, str]], Reply]


class Loopback:
    """`address` is `127.0.0.1:PORT`. Subclasses say what happens on a WebSocket."""

    def __init__(self) -> None:
        self.changed = Condition()
        self.gets: list[tuple[str, dict[str, str], dict[str, str]]] = []
        """(last part of the path, query, headers in lower case)."""
        self.once: dict[str, deque[Reply]] = defaultdict(deque)
        """Replies that go before the standing ones, each once."""
        self.standing: dict[str, Answering] = {}
        self.connections = 0
        self.refuse_sockets = False
        self._current: ServerConnection | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._release: asyncio.Event | None = None
        self._port = 0
        self._ready = Event()
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._run, name="loopback", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(PATIENCE)
        assert self._failure is None, self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._soon(self._stop.set)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def wait(self, told: Callable[[], bool]) -> None:
        """Until `told` is true, asked whenever something happened here."""
        with self.changed:
            assert self.changed.wait_for(told, PATIENCE)

    def count(self, path: str) -> int:
        return sum(1 for asked, _, _ in self.gets if asked == path)

    def send(self, message: object) -> None:
        """Send JSON, or text as it is, on the open WebSocket."""
        text = message if isinstance(message, str) else json.dumps(message)
        self._wait_for(self._current.send(text))

    def cut(self) -> None:
        """Break the connection without a goodbye."""
        self._soon(self._current.transport.abort)

    def cut_in_message(self, message: object) -> None:
        """Send a part of a message, and break the connection in the middle of it."""
        content = json.dumps(message).encode()
        frame = bytes((0x81, 126)) + len(content).to_bytes(2, "big") + content

        async def part() -> None:
            self._current.transport.write(frame[: len(frame) // 2])
            self._current.transport.close()

        self._wait_for(part())

    def close_politely(self, code: int = 1001) -> None:
        self._wait_for(self._current.close(code))

    def release(self) -> None:
        """Let replies go that are held."""
        self._soon(self._release.set)

    async def received(self, socket: ServerConnection, text: str) -> None:
        """What happens when the client says something."""

    def happened(self) -> None:
        with self.changed:
            self.changed.notify_all()

    def _soon(self, function: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(function)

    def _wait_for(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - shown by the test that waits
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop, self._release = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        async with serve(
            self._talk, "127.0.0.1", 0, process_request=self._answer, close_timeout=0.2, ping_interval=None
        ) as server:
            self._port = next(iter(server.sockets)).getsockname()[1]
            self._ready.set()
            await self._stop.wait()
            self._release.set()

    async def _talk(self, socket: ServerConnection) -> None:
        self._current = socket
        self.connections += 1
        self.happened()
        try:
            async for text in socket:
                await self.received(socket, text)
                self.happened()
        except ConnectionClosed:
            pass

    async def _answer(self, _socket: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return self._response(Reply({}, 503)) if self.refuse_sockets else None
        parts = urlsplit(request.path)
        path, query = parts.path.rpartition("/")[2], dict(parse_qsl(parts.query))
        self.gets.append((path, query, {name.lower(): value for name, value in request.headers.raw_items()}))
        self.happened()
        if self.once[path]:
            reply = self.once[path].popleft()
        else:
            reply = self.standing[path](query) if path in self.standing else Reply({}, 404)
        if reply.hold:
            await self._release.wait()
        return self._response(reply)

    @staticmethod
    def _response(reply: Reply) -> Response:
        headers = Headers({"Content-Length": str(len(reply.content)), "Connection": "close", **reply.headers})
        return Response(reply.status, "", headers, reply.content)
