"""Who is let in: a page of another origin is not, nor whoever shows neither token nor ticket.

Browsers send `Origin` with every WebSocket and no `Authorization`; programs send no `Origin`. A page that this server
itself gave (same scheme, host and port) passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from server.auth.identity import Identity
from server.auth.rights import allows, check_enrolled
from server.problems import Problem
from server.realtime import tickets
from server.store.acting import act_as

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

    from server.parts import Cache


async def caller(socket: WebSocket, cache: Cache) -> Identity:
    """The caller of a WebSocket. Problem 401 or 403 where he is not let in."""
    check_origin(socket)
    identity = await _identity(socket, cache)
    check_enrolled(identity)
    if not allows(identity, "realtime", "read"):
        raise Problem(403, "forbidden", "your role or key does not give realtime:read")
    act_as(identity.user_id)
    return identity


def check_origin(socket: WebSocket) -> None:
    """Problem 403 where a page of another origin asks."""
    origin = socket.headers.get("origin")
    if origin is None:
        return
    found = urlsplit(origin)
    secure = getattr(socket.state, "secure", socket.url.scheme == "wss")
    scheme = "https" if secure else "http"
    if found.scheme != scheme or found.netloc.lower() != socket.headers.get("host", "").lower():
        raise Problem(403, "wrong-origin", "pages of other origins may not open WebSockets here")


def address_of(socket: WebSocket) -> str:
    """The caller's address, as middleware made it of proxies."""
    address = getattr(socket.state, "address", None)
    if isinstance(address, str):
        return address
    return "" if socket.client is None else socket.client.host


async def _identity(socket: WebSocket, cache: Cache) -> Identity:
    found = getattr(socket.state, "identity", None)
    if isinstance(found, Identity):
        return found
    refusal = getattr(socket.state, "refusal", None)
    if isinstance(refusal, Problem):
        raise refusal
    given = socket.query_params.getlist("ticket")
    if len(given) != 1:
        raise Problem(401, "not-signed-in", "send `Authorization: Bearer TOKEN`, or ?ticket= of ws/tickets")
    return await tickets.redeem(cache, given[0], address_of(socket))
