"""`ws`: the WebSocket of quotes and events, see docs/server/websocket.md."""

from __future__ import annotations

from fastapi import APIRouter, WebSocket

from server.middleware.asgi import refuse
from server.problems import Problem
from server.realtime import door

router = APIRouter(tags=["realtime"])


@router.websocket("/ws")
async def realtime(socket: WebSocket) -> None:
    """Quotes as they are now, and events of a stream without a gap."""
    server = socket.app.state.server
    try:
        identity = await door.caller(socket, server.cache)
        place = server.hub.admit(identity)
    except Problem as problem:
        await refuse(socket.scope, socket._send, problem)  # noqa: SLF001 - Starlette has no public way to hand it on
        return
    with place:
        await socket.accept()
        await server.hub.serve(socket, identity)
