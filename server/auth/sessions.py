"""Sessions: one is one sign-in on one device, and one family of refresh tokens.

A refresh token is 256 random bits, kept as SHA-256, good once. Whoever shows it again within ten seconds from the same
device gets the same successor again (an answer was lost on its way); shown later, or from elsewhere, it was stolen by
somebody, and the whole session ends with an alarm in the audit log.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update

from optionix_core.errors import MissingDataError
from server.auth.identity import Role, Tier
from server.crypto.envelopes import open_text, place, seal_text
from server.problems import Problem
from server.store.tables import refresh_tokens, sessions, users

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from server.auth.accounts import Identities
    from server.auth.origin import Origin

AGAIN: Final = timedelta(seconds=10)
"""For which a successor is handed out again."""
LONGEST: Final = timedelta(days=90)
"""A session ends then, however often it was refreshed."""
TOKEN_BYTES: Final = 32
_SUCCESSOR: Final = "refresh_tokens.successor"


@dataclass(frozen=True, slots=True)
class SessionState:
    """What a request must know of its session."""

    user_id: UUID
    role: Role
    tier: Tier
    device_id: str | None
    stepped_up_at: float | None
    """POSIX seconds."""
    ends_at: float
    """POSIX seconds; in the past where it was revoked or its user was shut out."""
    mfa_enabled: bool


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What signing in and refreshing give."""

    access_token: str
    refresh_token: str
    expires_in: int
    session_id: UUID


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as its owner sees it."""

    id: UUID
    device_id: str | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ip_address: str | None
    user_agent: str | None


def load_states(connection: Connection, ids: Collection[UUID]) -> Mapping[UUID, SessionState]:
    """States of the sessions that exist."""
    rows = connection.execute(
        select(
            sessions.c.id,
            sessions.c.user_id,
            sessions.c.device_id,
            sessions.c.expires_at,
            sessions.c.revoked_at,
            sessions.c.stepped_up_at,
            users.c.role,
            users.c.tier,
            users.c.active,
            users.c.mfa_enabled,
        )
        .join(users, users.c.id == sessions.c.user_id)
        .where(sessions.c.id.in_(list(ids)))
    )
    return {
        row.id: SessionState(
            row.user_id,
            Role(row.role),
            Tier(row.tier),
            row.device_id,
            None if row.stepped_up_at is None else row.stepped_up_at.timestamp(),
            row.expires_at.timestamp() if row.active and row.revoked_at is None else 0.0,
            row.mfa_enabled,
        )
        for row in rows
    }


def open_session(
    auth: Identities, connection: Connection, user_id: UUID, device_id: str | None, origin: Origin
) -> TokenPair:
    """A new session; one that the device had before ends with it."""
    now = auth.stores.clock.now()
    if device_id is not None:
        same = (sessions.c.user_id == user_id) & (sessions.c.device_id == device_id)
        revoke_where(auth, connection, same, "signed in again")
    session_id = uuid4()
    connection.execute(
        insert(sessions).values(
            id=session_id,
            user_id=user_id,
            device_id=device_id,
            created_at=now,
            last_used_at=now,
            expires_at=now + LONGEST,
            ip_address=_sealed(auth, "ip_address", session_id, origin.address),
            user_agent=_sealed(auth, "user_agent", session_id, origin.user_agent),
            stepped_up_at=now,
        )
    )
    token = _new_token(auth, connection, session_id, now + LONGEST)
    return TokenPair(auth.tokens.issue(user_id, session_id, now), token, auth.tokens.seconds, session_id)


def refresh(auth: Identities, token: str, device_id: str | None, origin: Origin) -> TokenPair:
    """The next pair. Problem 401 where the token is unknown, over or was used; the last ends its session."""
    digest = _digest(token)
    now = auth.stores.clock.now()

    def work(connection: Connection) -> TokenPair | tuple[str, UUID | None]:
        row = connection.execute(
            select(refresh_tokens, *_SESSION)
            .join(sessions, sessions.c.id == refresh_tokens.c.session_id)
            .join(users, users.c.id == sessions.c.user_id)
            .where(refresh_tokens.c.digest == digest)
            .with_for_update(of=[sessions, refresh_tokens])
        ).one_or_none()
        if row is None or row.revoked_at is not None or not row.active:
            return "it is unknown or its session has ended", None
        if now >= min(row.expires_at, row.session_ends_at):
            return "it has expired", None
        same_device = (
            _opened(auth, "user_agent", row.session_id, row.user_agent) == origin.user_agent
            if device_id is None
            else row.device_id == device_id
        )
        if row.used_at is None and (device_id is None or same_device):
            successor = _new_token(auth, connection, row.session_id, row.session_ends_at)
            _use(auth, connection, row, successor, now)
            auth.stores.note(connection, "auth.refresh", row.user_id, origin, resource=f"sessions/{row.session_id}")
        elif row.used_at is not None and same_device and now - row.used_at <= AGAIN:
            successor = auth.stores.envelopes.open("secret", place(_SUCCESSOR, row.digest), row.successor).decode(
                "ascii"
            )
        else:
            why = "a refresh token was used twice" if row.used_at is not None else "another device used it"
            revoke_where(auth, connection, sessions.c.id == row.session_id, why)
            auth.stores.note(
                connection,
                "auth.alarm",
                row.user_id,
                origin,
                resource=f"sessions/{row.session_id}",
                alarm="refresh-reuse",
                why=why,
            )
            return f"{why}: sign in again", row.session_id
        access = auth.tokens.issue(row.user_id, row.session_id, now)
        return TokenPair(access, successor, auth.tokens.seconds, row.session_id)

    done = auth.stores.database.write(work)
    if isinstance(done, TokenPair):
        return done
    why, ended = done
    if ended is not None:
        auth.forget_sessions([ended])
    raise Problem(401, "invalid-refresh-token", f"the refresh token is refused: {why}")


_SESSION: Final = (
    sessions.c.user_id,
    sessions.c.device_id,
    sessions.c.user_agent,
    sessions.c.revoked_at,
    sessions.c.expires_at.label("session_ends_at"),
    users.c.active,
)


def log_out(auth: Identities, token: str, origin: Origin) -> None:
    """End the session of a refresh token; one that is unknown has no session to end."""

    def work(connection: Connection) -> Sequence[UUID]:
        row = connection.execute(
            select(sessions.c.id, sessions.c.user_id)
            .join(refresh_tokens, refresh_tokens.c.session_id == sessions.c.id)
            .where(refresh_tokens.c.digest == _digest(token))
        ).one_or_none()
        if row is None:
            return ()
        ended = revoke_where(auth, connection, sessions.c.id == row.id, "signed out")
        if ended:
            auth.stores.note(connection, "auth.logout", row.user_id, origin, resource=f"sessions/{row.id}")
        return ended

    auth.forget_sessions(auth.stores.database.write(work))


def open_sessions(auth: Identities, user_id: UUID) -> Sequence[SessionRow]:
    """Sessions of somebody that have not ended, the last used first."""
    now = auth.stores.clock.now()
    with auth.stores.database.reading(fresh=True) as connection:
        rows = connection.execute(
            select(sessions)
            .where(sessions.c.user_id == user_id, sessions.c.revoked_at.is_(None), sessions.c.expires_at > now)
            .order_by(sessions.c.last_used_at.desc(), sessions.c.id)
        ).all()
    return [
        SessionRow(
            row.id,
            row.device_id,
            row.created_at,
            row.last_used_at,
            row.expires_at,
            _opened(auth, "ip_address", row.id, row.ip_address),
            _opened(auth, "user_agent", row.id, row.user_agent),
        )
        for row in rows
    ]


def end_session(auth: Identities, user_id: UUID, session_id: UUID, origin: Origin) -> None:
    """End one of somebody's sessions. Problem 404 for one that is not his or has ended."""

    def work(connection: Connection) -> Sequence[UUID]:
        ended = revoke_where(
            auth, connection, (sessions.c.id == session_id) & (sessions.c.user_id == user_id), "ended by its owner"
        )
        if ended:
            auth.stores.note(connection, "sessions.end", user_id, origin, resource=f"sessions/{session_id}")
        return ended

    ended = auth.stores.database.write(work)
    if not ended:
        raise Problem(404, "not-found", "there is no such session")
    auth.forget_sessions(ended)


def end_others(auth: Identities, user_id: UUID, kept: UUID | None, origin: Origin) -> int:
    """End all sessions of somebody but `kept`; how many."""

    def work(connection: Connection) -> Sequence[UUID]:
        ended = revoke_others(auth, connection, user_id, kept, "ended by its owner")
        auth.stores.note(connection, "sessions.end-others", user_id, origin, count=len(ended))
        return ended

    ended = auth.stores.database.write(work)
    auth.forget_sessions(ended)
    return len(ended)


def revoke_others(
    auth: Identities, connection: Connection, user_id: UUID, kept: UUID | None, why: str
) -> Sequence[UUID]:
    """End all sessions of somebody but `kept`, within a transaction; which. Forget them once it is durable."""
    mine = sessions.c.user_id == user_id
    return revoke_where(auth, connection, mine if kept is None else mine & (sessions.c.id != kept), why)


def revoke_where(auth: Identities, connection: Connection, condition: Any, why: str) -> Sequence[UUID]:
    """End the sessions that a condition names, within a transaction; which. Forget them once it is durable."""
    return (
        connection.execute(
            update(sessions)
            .where(condition, sessions.c.revoked_at.is_(None))
            .values(revoked_at=auth.stores.clock.now(), revoked_why=why)
            .returning(sessions.c.id)
        )
        .scalars()
        .all()
    )


def _new_token(auth: Identities, connection: Connection, session_id: UUID, ends_at: datetime) -> str:
    now = auth.stores.clock.now()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    expires_at = min(now + timedelta(days=auth.settings.refresh_token_days), ends_at)
    connection.execute(
        insert(refresh_tokens).values(
            digest=_digest(token), session_id=session_id, issued_at=now, expires_at=expires_at
        )
    )
    return token


def _use(auth: Identities, connection: Connection, row: Row[Any], successor: str, now: datetime) -> None:
    sealed = auth.stores.envelopes.seal("secret", place(_SUCCESSOR, row.digest), successor.encode("ascii"))
    connection.execute(
        update(refresh_tokens).where(refresh_tokens.c.digest == row.digest).values(used_at=now, successor=sealed)
    )
    connection.execute(
        update(refresh_tokens)
        .where(
            refresh_tokens.c.session_id == row.session_id,
            refresh_tokens.c.successor.is_not(None),
            refresh_tokens.c.used_at < now - AGAIN,
        )
        .values(successor=None)
    )
    connection.execute(update(sessions).where(sessions.c.id == row.session_id).values(last_used_at=now))


def _sealed(auth: Identities, column: str, session_id: UUID, text: str) -> str:
    return seal_text(auth.stores.envelopes, "personal", place(f"sessions.{column}", session_id), text)


def _opened(auth: Identities, column: str, session_id: UUID, sealed: str | None) -> str | None:
    """None where it was erased."""
    if sealed is None:
        return None
    try:
        return open_text(auth.stores.envelopes, "personal", place(f"sessions.{column}", session_id), sealed)
    except MissingDataError:
        return None


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
