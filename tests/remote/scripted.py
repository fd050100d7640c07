"""A server that answers as a test says, for how requests behave; everything else is tested against the real server."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import httpx

from optionix_core.feeds.network.pace import RetryPolicy
from optionix_tui.remote.breaker import Breaker
from optionix_tui.remote.line import ServerLine

Reply = httpx.Response | Exception
URL = "http://127.0.0.1:9"


class Scripted(httpx.BaseTransport):
    """Gives its replies one after the other, the last for ever, and keeps what was asked."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.requests: list[httpx.Request] = []
        self.bodies: list[Any] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        content = request.read()
        if request.headers.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        self.requests.append(request)
        self.bodies.append(json.loads(content) if content else None)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content, request=request)


class Waits:
    """A clock that moves by what is slept."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def seconds(self) -> float:
        return self.now


def line_to(transport: httpx.BaseTransport, waits: Waits | None = None, **options: Any) -> ServerLine:
    waits = Waits() if waits is None else waits
    options = {"policy": RetryPolicy(first=0.2, longest=2.0, attempts=3), "uniform": lambda: 0.5, **options}
    options.setdefault("breaker", Breaker("server", failures=100, seconds=waits.seconds))
    return ServerLine(URL, transport=transport, sleep=waits.sleep, seconds=waits.seconds, **options)


def answered(status: int = 200, document: Any = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={} if document is None else document, headers=named)


def problem(status: int, kind: str, detail: str = "no", errors: Any = (), **headers: str) -> httpx.Response:
    document = {
        "type": f"urn:optionix:problem:{kind}", "title": "T", "status": status, "detail": detail, "instance": "/x",
        "request_id": "r-1", "errors": list(errors),
    }  # fmt: skip
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(
        status, content=json.dumps(document).encode(), headers={"content-type": "application/problem+json", **named}
    )


def dripping(pieces: int, each: Callable[[], None]) -> httpx.BaseTransport:
    """An answer that comes in pieces, `each` called before every one."""

    class Drips(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            class Stream(httpx.SyncByteStream):
                def __iter__(self):  # type: ignore[no-untyped-def] # bytes
                    for _ in range(pieces):
                        each()
                        yield b" "

            return httpx.Response(200, stream=Stream(), request=request)

    return Drips()
