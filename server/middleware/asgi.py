"""What all middleware speaks: ASGI's types, a request's own state, a problem as an answer on both kinds of scope."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from server.problems import MEDIA_TYPE, Problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY_VIOLATION: Final = 1008
TRY_AGAIN_LATER: Final = 1013


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first header of that lower-case name."""
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found
    return None


def state_of(scope: Scope) -> dict[str, Any]:
    """What middleware and handlers know of this request; `request.state` reads it."""
    state: dict[str, Any] = scope.setdefault("state", {})
    return state


def problem_messages(scope: Scope, problem: Problem) -> tuple[Message, Message]:
    """Start and body of a problem's answer."""
    body = problem.body(scope["path"], state_of(scope).get("request_id", ""))
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        *((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in problem.headers.items()),
    ]
    return (
        {"type": "http.response.start", "status": problem.status, "headers": headers},
        {"type": "http.response.body", "body": body},
    )


async def refuse(scope: Scope, send: Send, problem: Problem) -> None:
    """Answer with a problem; a WebSocket is denied with it where the server can, else closed before it was opened."""
    start, body = problem_messages(scope, problem)
    if scope["type"] == "http":
        await send(start)
        await send(body)
    elif "websocket.http.response" in scope.get("extensions", {}):
        await send({**start, "type": "websocket.http.response.start"})
        await send({**body, "type": "websocket.http.response.body"})
    else:
        code = TRY_AGAIN_LATER if problem.status in {429, 503} else POLICY_VIOLATION
        await send({"type": "websocket.close", "code": code, "reason": problem.kind})
