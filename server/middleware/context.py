"""The outermost layer: a request's id, its place in logs and metrics, and the last word where all else failed."""

from __future__ import annotations

import re
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

import structlog

from server.middleware.asgi import App, Message, Receive, Scope, Send, header, refuse, state_of
from server.observing import OTHER_ROUTE
from server.problems import Problem

if TYPE_CHECKING:
    from server.middleware.proxies import Proxies
    from server.middleware.routes import RouteTable
    from server.parts import Observing

WELL_FORMED: Final = re.compile(rb"[A-Za-z0-9_-]{8,64}")
"""Ids that are taken over from a named proxy."""
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestContext:
    """Gives each request its id and tells what became of it."""

    def __init__(self, app: App, routes: RouteTable, proxies: Proxies, observing: Observing) -> None:
        self._app = app
        self._routes = routes
        self._proxies = proxies
        self._observing = observing
        self._log = structlog.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or one WebSocket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        caller = self._proxies.caller(scope)
        given = header(scope, b"x-request-id") if caller.through_proxy else None
        request_id = given.decode() if given is not None and WELL_FORMED.fullmatch(given) else secrets.token_urlsafe(12)
        state = state_of(scope)
        state.update(request_id=request_id, address=caller.address, secure=caller.secure)
        status = 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            elif message["type"] == "websocket.accept":
                status = 101
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception:
            self._log.exception("request failed", request_id=request_id, path=scope["path"])
            if status == 0:
                problem = Problem(500, "internal", "something is wrong on this server; it was written down")
                await refuse(scope, sent, problem)
            elif scope["type"] == "websocket":
                raise
        finally:
            self._tell(scope, state, status, time.perf_counter() - started)

    def _tell(self, scope: Scope, state: dict[str, Any], status: int, seconds: float) -> None:
        method = scope.get("method", "WEBSOCKET")
        if method not in METHODS and scope["type"] == "http":
            method = "OTHER"
        facts = self._routes.of(scope)
        route = getattr(scope.get("route"), "path", OTHER_ROUTE) if facts is None else facts.template
        if scope["type"] == "http":  # a WebSocket lasts as long as somebody listens
            self._observing.request(method, route, status, seconds)
        identity = state.get("identity")
        self._log.info(
            "request",
            request_id=state["request_id"],
            method=method,
            route=route,
            path=scope["path"],
            status=status,
            ms=round(seconds * 1000, 2),
            address=state["address"],
            user_id=None if identity is None else str(identity.user_id),
        )
