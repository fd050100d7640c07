"""What everything about people works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.parts import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any
    from uuid import UUID

    from sqlalchemy import Connection

    from optionix_core.market.clock import Clock
    from server.auth.origin import Origin
    from server.auth.passwords import Passwords
    from server.parts import AuditLog, Envelopes
    from server.store.database import Database


@dataclass(frozen=True, slots=True)
class Stores:
    """A database of people, what seals their columns and what is written down about them."""

    clock: Clock
    database: Database
    envelopes: Envelopes
    audit: AuditLog
    passwords: Passwords

    def note(
        self,
        connection: Connection,
        action: str,
        user_id: UUID | None,
        origin: Origin | None,
        *,
        resource: str | None = None,
        **details: Any,
    ) -> None:
        """Write an act down within its transaction; `resource` is the user's own where not given."""
        self.audit.write(connection, entry(action, user_id, origin, resource, details))

    def note_alone(
        self,
        action: str,
        user_id: UUID | None,
        origin: Origin | None,
        *,
        resource: str | None = None,
        **details: Any,
    ) -> None:
        """Write down what changed nothing, such as a refusal."""
        self.audit.record(entry(action, user_id, origin, resource, details))


def entry(
    action: str, user_id: UUID | None, origin: Origin | None, resource: str | None, details: Mapping[str, Any]
) -> AuditEntry:
    """One line of the audit log."""
    about = resource if resource is not None else "users" if user_id is None else f"users/{user_id}"
    if origin is None:
        return AuditEntry(action, about, user_id, details)
    return AuditEntry(action, about, user_id, details, origin.address, origin.user_agent)
