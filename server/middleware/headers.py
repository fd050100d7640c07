"""Security headers on every answer, whoever gives it: a route, a refusal of the middleware, an error."""

from __future__ import annotations

from typing import Final

from server.middleware.asgi import App, Message, Receive, Scope, Send, header, state_of

HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-permitted-cross-domain-policies", b"none"),
    (b"cache-control", b"no-store"),
)
"""A route may give its own value of each; what is answered to somebody who is signed in is kept nowhere."""
STRICT_TRANSPORT: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
STARTS: Final = frozenset({"http.response.start", "websocket.http.response.start"})


class SecurityHeaders:
    """Adds what a route has not set itself."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or one WebSocket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        private = header(scope, b"authorization") is not None
        secure = state_of(scope).get("secure", False)

        async def sent(message: Message) -> None:
            if message["type"] in STARTS:
                message["headers"] = _with(message.get("headers", ()), private=private, secure=secure)
            await send(message)

        await self._app(scope, receive, sent)


def _with(given: object, *, private: bool, secure: bool) -> list[tuple[bytes, bytes]]:
    headers: list[tuple[bytes, bytes]] = [
        (name, value)
        for name, value in given  # type: ignore[attr-defined]
        if not (private and name == b"cache-control")
    ]
    present = {name for name, _ in headers}
    headers.extend(pair for pair in HEADERS if pair[0] not in present)
    if secure:
        headers.append(STRICT_TRANSPORT)
    return headers
