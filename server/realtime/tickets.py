"""Tickets for WebSockets of browsers, which cannot send an `Authorization` header: used once, within 30 seconds.

A ticket is random; what it stands for lies in the cache under its digest, bound to the address that asked for it. With
several workers the cache is a Redis's; a worker that does not know a ticket refuses it.
"""

from __future__ import annotations

import json
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from server.auth.identity import Identity, Role, Tier
from server.problems import Problem

if TYPE_CHECKING:
    from server.parts import Cache

SECONDS: Final = 30
BYTES: Final = 32
LONGEST: Final = 64


async def issue(cache: Cache, identity: Identity, address: str) -> str:
    """A ticket for a caller. Problem 503 where the cache does not keep it."""
    ticket = secrets.token_urlsafe(BYTES)
    await cache.set(_key(ticket), _written(identity, address), SECONDS)
    if cache.state == "degraded":  # it may have been lost in this very moment
        raise _cannot_keep()
    return ticket


async def redeem(cache: Cache, ticket: str, address: str) -> Identity:
    """Whom a ticket stands for; it is void from now on.

    Problem 401 where it is used, over its time, or another's; 503 where the cache does not say.
    """
    found = await cache.take(_key(ticket)) if len(ticket) <= LONGEST else None
    if found is None and len(ticket) <= LONGEST and cache.state == "degraded":
        raise _cannot_keep()
    if found is not None:
        document = json.loads(found)
        if document["address"] == address:
            return _read(document)
    raise Problem(401, "invalid-ticket", "the ticket was used, is older than 30 s, or was given to another address")


def _cannot_keep() -> Problem:
    return Problem(503, "no-tickets", "tickets cannot be kept now", headers={"Retry-After": "5"})


def _key(ticket: str) -> str:
    return f"ws-ticket/{sha256(ticket.encode('utf-8', 'replace')).hexdigest()}"


def _written(identity: Identity, address: str) -> bytes:
    document = {
        "address": address,
        "user_id": str(identity.user_id),
        "role": str(identity.role),
        "tier": str(identity.tier),
        "session_id": None if identity.session_id is None else str(identity.session_id),
        "key_id": None if identity.key_id is None else str(identity.key_id),
        "scopes": None if identity.scopes is None else sorted(identity.scopes),
        "device_id": identity.device_id,
    }
    return json.dumps(document).encode()


def _read(document: dict[str, Any]) -> Identity:
    return Identity(
        user_id=UUID(document["user_id"]),
        role=Role(document["role"]),
        tier=Tier(document["tier"]),
        session_id=None if document["session_id"] is None else UUID(document["session_id"]),
        key_id=None if document["key_id"] is None else UUID(document["key_id"]),
        scopes=None if document["scopes"] is None else frozenset(document["scopes"]),
        device_id=document["device_id"],
    )
