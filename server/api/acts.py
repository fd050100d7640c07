"""The audit entry of a request that writes, for the transaction of what it does: then it needs none of its own.

Where the act wrote nothing (an order that was sent before, a push of what was pushed before) the middleware writes one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.auth.origin import origin_of
from server.middleware.audit import recorded
from server.parts import AuditEntry

if TYPE_CHECKING:
    from fastapi import Request
    from sqlalchemy import Connection

    from server.auth.identity import Identity
    from server.parts import AuditLog


class Act:
    """One act of a caller."""

    def __init__(
        self, audit: AuditLog, caller: Identity, request: Request, action: str, resource: str, **details: Any
    ) -> None:
        self._audit = audit
        self._request = request
        self._written = False
        origin = origin_of(request)
        told = {**details, "request_id": getattr(request.state, "request_id", "")}
        self._entry = AuditEntry(
            action, resource, caller.user_id, told, origin.address or None, origin.user_agent or None
        )

    def write(self, connection: Connection) -> None:
        """Write the entry, in the act's own transaction."""
        self._audit.write(connection, self._entry)
        self._written = True

    def done(self) -> None:
        """The act is durable: with its entry, where that was written."""
        if self._written:
            recorded(self._request)
