"""Requests that read ask once where a stream ends, see `server.store.beside`."""

from __future__ import annotations

from server.middleware.asgi import App, Receive, Scope, Send
from server.store.beside import one_look


class OneLook:
    """Around each GET."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}:
            with one_look():
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)
