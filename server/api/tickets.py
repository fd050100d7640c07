"""`ws/tickets`: what a browser opens a WebSocket with."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi import Request as HttpRequest
from pydantic import Field

from server.api.documented import problems
from server.api.values import Answer
from server.app import server_of
from server.auth.identity import Identity
from server.auth.rights import needs
from server.realtime import tickets

router = APIRouter(prefix="/ws", tags=["realtime"])


class Ticket(Answer):
    """A ticket."""

    ticket: Annotated[str, Field(description="For `/api/v2/ws?ticket=...`, once, from the address that asked.")]
    expires_in: Annotated[int, Field(description="Seconds.")]


@router.post("/tickets", status_code=201, responses=problems(503))
async def issue_ticket(
    identity: Annotated[Identity, Depends(needs("realtime", "read"))], request: HttpRequest
) -> Ticket:
    """A ticket for one WebSocket, for clients that cannot send an `Authorization` header with it."""
    fallback = "" if request.client is None else request.client.host
    address = getattr(request.state, "address", fallback)
    return Ticket(ticket=await tickets.issue(server_of(request).cache, identity, address), expires_in=tickets.SECONDS)
