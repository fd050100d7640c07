"""Layers of middleware asked alone: a scope, a body in pieces, what was answered, and what came through."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from server.middleware.asgi import App, Message, Receive, Scope, Send


@dataclass
class Answer:
    """What went out, and what the application behind the layer saw."""

    messages: list[Message] = field(default_factory=list)
    seen: bytes | None = None
    scope: Scope | None = None

    @property
    def status(self) -> int:
        """Of the answer."""
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        """Of the answer."""
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def problem(self) -> Any:
        """The document of an error."""
        return json.loads(self.messages[1]["body"])


def scope_of(method: str = "POST", path: str = "/api/v2/options/price", **more: Any) -> Scope:
    """A request's scope; `headers` as a mapping."""
    headers: Mapping[str, str] = more.pop("headers", {})
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "client": ("203.0.113.9", 4000),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "state": {"address": "203.0.113.9", "request_id": "id-of-a-test"},
        **more,
    }


class Behind:
    """An application that reads the whole body and answers 200."""

    def __init__(self, status: int = 200) -> None:
        self.answer = Answer()
        self.calls = 0
        self.status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        self.answer.scope = scope
        parts, more = [], scope["type"] == "http"
        while more:
            message = await receive()
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        self.answer.seen = b"".join(parts)
        await send({"type": "http.response.start", "status": self.status, "headers": [(b"x-own", b"1")]})
        await send({"type": "http.response.body", "body": b"ok"})


async def ask(layer: App, behind: Behind, scope: Scope, pieces: Sequence[bytes] = (), *, cut: bool = False) -> Answer:
    """One request with its body in `pieces`; `cut`: the client leaves before the last one."""
    left = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    if cut:
        left.append({"type": "http.disconnect"})
    elif left:
        left[-1]["more_body"] = False
    else:
        left.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Message:
        return left.pop(0)

    async def send(message: Message) -> None:
        behind.answer.messages.append(message)

    await layer(scope, receive, send)
    return behind.answer
