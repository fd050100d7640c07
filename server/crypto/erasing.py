"""Erasing a person: what is about him is overwritten or deleted, what others and the law need stays without him.

Name, address, password, second factor, sessions, keys for programs and devices' names go. The audit log keeps its
entries: of address and user agent it chains a salted digest only, so that with both and the salt emptied nobody finds
them again, and the chain stays valid; what a request under way writes down after that is emptied by a job. Orders,
fills and the log of his book stay, under his number alone: they are records of trading.

What was overwritten may lie in old pages and copies of the database, as envelopes: it is unreadable for good once keys
were rotated and the former ones erased (`server.crypto.columns`), except to whoever holds both an old copy of the
database and the master key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from optionix_core.errors import UnknownNameError
from server.crypto.envelopes import place, seal_text
from server.parts import AuditEntry
from server.store.tables import (
    account_members,
    api_keys,
    audit_logs,
    backup_codes,
    devices,
    erasures,
    password_history,
    refresh_tokens,
    sessions,
    users,
)

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from optionix_core.market.clock import Clock
    from server.parts import AuditLog, Envelopes
    from server.store.database import Database

NAME: Final = "erased"
NO_PASSWORD: Final = "!"  # noqa: S105 - the hash of none


def erase(
    database: Database,
    envelopes: Envelopes,
    audit: AuditLog,
    clock: Clock,
    user_id: UUID,
    by: UUID | None,
    *,
    ip_address: str | None = None,
    user_agent: str | None = None,
) -> bool:
    """Erase a user in one transaction; whether there was something left to erase. UnknownNameError for no user.

    `by`, from `ip_address` with `user_agent`, is in the audit log; None: on the host.
    """

    def work(connection: Connection) -> bool:
        if connection.execute(select(users.c.id).where(users.c.id == user_id)).one_or_none() is None:
            raise UnknownNameError("user", str(user_id))
        if connection.execute(select(erasures.c.done_at).where(erasures.c.user_id == user_id)).scalar() is not None:
            return False
        now = clock.now()
        _person(connection, envelopes, user_id)
        _belongings(connection, user_id, now)
        emptied = update(audit_logs).where(audit_logs.c.user_id == user_id)
        connection.execute(emptied.values(ip_address=None, user_agent=None, salt=None))
        connection.execute(delete(erasures).where(erasures.c.user_id == user_id))
        connection.execute(insert(erasures).values(user_id=user_id, asked_at=now, done_at=now))
        audit.write(connection, AuditEntry("erasure.done", f"users/{user_id}", by, {}, ip_address, user_agent))
        return True

    return database.write(work, acting=user_id)


def empty_late_entries(connection: Connection) -> int:
    """Empty address and user agent of entries that were written while or after their user was erased; how many."""
    gone = select(erasures.c.user_id).where(erasures.c.done_at.is_not(None))
    late = update(audit_logs).where(audit_logs.c.user_id.in_(gone), audit_logs.c.salt.is_not(None))
    return connection.execute(late.values(ip_address=None, user_agent=None, salt=None)).rowcount


def _person(connection: Connection, envelopes: Envelopes, user_id: UUID) -> None:
    connection.execute(
        update(users)
        .where(users.c.id == user_id)
        .values(
            email=f"{user_id}@erased.invalid",
            full_name=seal_text(envelopes, "personal", place("users.full_name", user_id), NAME),
            hashed_password=NO_PASSWORD,
            mfa_enabled=False,
            mfa_secret=None,
            mfa_pending=None,
            mfa_last_step=None,
            last_login=None,
            timezone="UTC",
            active=False,
            version=users.c.version + 1,
        )
    )


def _belongings(connection: Connection, user_id: UUID, now: datetime) -> None:
    own = select(sessions.c.id).where(sessions.c.user_id == user_id)
    connection.execute(delete(refresh_tokens).where(refresh_tokens.c.session_id.in_(own)))
    for table in (sessions, password_history, backup_codes, api_keys):
        connection.execute(delete(table).where(table.c.user_id == user_id))
    connection.execute(update(devices).where(devices.c.user_id == user_id).values(name=NAME, revoked_at=now))
    connection.execute(
        update(account_members)
        .where(account_members.c.user_id == user_id, account_members.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
