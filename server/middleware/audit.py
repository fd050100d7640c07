"""What no handler has written down: requests that were refused for who asked, and writes without an entry of their own.

A handler that writes puts its entry into the transaction of the act and says so by `recorded`; then nothing is written
twice. Bodies are never written here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import structlog

from optionix_core.errors import OptionixError
from server.middleware.asgi import App, Message, Receive, Scope, Send, header, refuse, state_of
from server.parts import AuditEntry
from server.problems import problem_of

if TYPE_CHECKING:
    from fastapi import Request

    from server.middleware.routes import RouteTable
    from server.parts import AuditLog

REFUSED: Final = frozenset({401, 403, 423})
LONGEST_AGENT: Final = 200
LONGEST_PATH: Final = 500
STARTS: Final = frozenset({"http.response.start", "websocket.http.response.start"})
_FLAG: Final = "audited"


def recorded(request: Request) -> None:
    """Say that the handler's own transaction holds the audit entry of this request."""
    setattr(request.state, _FLAG, True)


class Audit:
    """Writes entries for what is left."""

    def __init__(self, app: App, routes: RouteTable, audit: AuditLog) -> None:
        self._app = app
        self._routes = routes
        self._audit = audit
        self._log = structlog.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or one WebSocket; an answer to a write leaves once its entry is durable."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refused: int | None = None
        withheld = False

        async def sent(message: Message) -> None:
            nonlocal refused, withheld
            if withheld:
                return
            if message["type"] in STARTS and not state_of(scope).get(_FLAG):
                status: int = message["status"]
                if status in REFUSED:
                    refused = status
                elif status < 400 and self._wrote(scope):
                    try:
                        await asyncio.to_thread(self._audit.record, self._entry(scope, status))
                    except OptionixError as error:  # what was done stands, and is not acknowledged
                        withheld = True
                        await refuse(scope, send, problem_of(error))
                        return
            await send(message)

        await self._app(scope, receive, sent)
        if refused is not None:
            try:
                await asyncio.to_thread(self._audit.record, self._entry(scope, refused))
            except OptionixError as error:  # the caller has his answer; the log on stderr keeps what the audit cannot
                self._log.error("a refusal was not audited", reason=str(error), status=refused)

    def _wrote(self, scope: Scope) -> bool:
        facts = self._routes.of(scope)
        return scope["type"] == "http" and facts is not None and facts.writes and scope["method"] != "GET"

    def _entry(self, scope: Scope, status: int) -> AuditEntry:
        state: dict[str, Any] = state_of(scope)
        identity = state.get("identity")
        facts = self._routes.of(scope)
        right = None if facts is None or facts.right is None else ":".join(facts.right)
        agent = header(scope, b"user-agent")
        return AuditEntry(
            action="request.refused" if status in REFUSED else "request.write",
            resource=f"{scope.get('method', 'WEBSOCKET')} {_shown(scope['path'])}",
            user_id=None if identity is None else identity.user_id,
            details={"status": status, "right": right, "request_id": state.get("request_id", "")},
            ip_address=state.get("address") or None,
            user_agent=None if agent is None else agent.decode("latin-1")[:LONGEST_AGENT],
        )


def _shown(path: str) -> str:
    """A path as it can be kept: callers may send what no database takes."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in path[:LONGEST_PATH])
