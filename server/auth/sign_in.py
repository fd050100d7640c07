"""Signing in and showing again who one is: password, second factor, session.

Each way counts the attempt before it looks at the password, does the same work for accounts that do not exist, and
says the same of both. Where a second factor is on, a right password alone neither opens a session nor takes back what
was counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import select, update

from optionix_core.errors import InvalidValueError
from server.auth import devices, sessions, totp
from server.auth.emails import folded
from server.auth.password_history import replace_password, used_before
from server.auth.people import locked_user
from server.problems import Problem
from server.store.tables import sessions as table_of_sessions
from server.store.tables import users

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from server.auth.accounts import Identities
    from server.auth.identity import Identity
    from server.auth.lockout import Attempt
    from server.auth.origin import Origin
    from server.auth.sessions import TokenPair

T = TypeVar("T")

FREE_CODES: Final = 10
"""Wrong second factors of one user, from all addresses together, before the first wait: each showed the password."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody shows at sign-in."""

    email: str
    password: str = field(repr=False)
    mfa_code: str | None = field(default=None, repr=False)
    device_id: str | None = None
    device_name: str | None = None


def log_in(auth: Identities, shown: Credentials, origin: Origin) -> TokenPair:
    """A session.

    Problem 401 `invalid-credentials`, `mfa-required` and `invalid-mfa-code`; 429 for whoever guessed too often; 403 and
    409 for a device that was revoked or is another's.
    """
    attempt = auth.lockout.begin("login", _spelling(shown.email), origin.network)
    row = _of_password(auth, shown, origin)
    if row.mfa_enabled and shown.mfa_code is None:
        auth.lockout.withdraw(attempt)
        raise Problem(401, "mfa-required", "a second factor is on: send its code as mfa_code")
    coded = auth.lockout.begin("mfa", str(row.id), free=FREE_CODES) if row.mfa_enabled else None
    stream_id = None if shown.device_id is None else auth.own_stream(row.id)
    renewed: dict[str, Any] = {}
    if auth.stores.passwords.outdated(row.hashed_password):
        renewed["hashed_password"] = auth.stores.passwords.hash(shown.password)

    def work(connection: Connection) -> TokenPair | None:
        now = locked_user(connection, row.id)
        if not _still(auth, connection, now, row, shown.mfa_code):
            return None
        if shown.device_id is not None and stream_id is not None:
            devices.keep_device(auth, connection, row.id, shown.device_id, shown.device_name, stream_id)
        values = {"last_login": auth.stores.clock.now(), **renewed}
        connection.execute(update(users).where(users.c.id == row.id).values(**values))
        _forgive(auth, connection, attempt, coded)
        pair = sessions.open_session(auth, connection, row.id, shown.device_id, origin)
        details: dict[str, Any] = {"session_id": str(pair.session_id), "mfa": bool(now.mfa_enabled)}
        auth.stores.note(connection, "auth.login", row.id, origin, **details)
        return pair

    try:
        pair = auth.stores.database.write(work)
    except Problem as refusal:
        auth.lockout.withdraw(attempt)  # it was the device that was refused
        auth.stores.note_alone("auth.login-failed", row.id, origin, why=refusal.kind)
        raise
    if pair is None:
        auth.stores.note_alone("auth.login-failed", row.id, origin, why="second factor")
        raise _wrong_code()
    if shown.device_id is not None:
        auth.forget_sessions_of(row.id)  # the session that the device had has ended
    return pair


def _of_password(auth: Identities, shown: Credentials, origin: Origin) -> Row[Any]:
    """The user whose password it is; one hash is made whoever was named. Problem 401 where it is nobody's."""
    with auth.stores.database.reading(fresh=True) as connection:
        row = connection.execute(select(users).where(users.c.email == _spelling(shown.email))).one_or_none()
    right = auth.stores.passwords.verify(None if row is None else row.hashed_password, shown.password)
    if row is None or not right or not row.active:
        auth.stores.note_alone("auth.login-failed", None if row is None else row.id, origin, why="password")
        raise Problem(401, "invalid-credentials", "email or password is wrong")
    return row


def _still(auth: Identities, connection: Connection, now: Row[Any], seen: Row[Any], code: str | None) -> bool:
    """Whether the user is as he was when the password was looked at, and the code, where one is needed, is right."""
    if now.hashed_password != seen.hashed_password or not now.active:
        return False
    return not now.mfa_enabled or (code is not None and totp.accept(auth.stores, connection, now, code))


def _forgive(auth: Identities, connection: Connection, *attempts: Attempt | None) -> None:
    for one in attempts:
        if one is not None:
            auth.lockout.forgive(connection, one)


def _wrong_code() -> Problem:
    return Problem(401, "invalid-mfa-code", "the code of the second factor is wrong or was used")


def step_up(
    auth: Identities, user_id: UUID, session_id: UUID, password: str, mfa_code: str | None, origin: Origin
) -> datetime:
    """Note in the session that its owner has just shown who he is; when. Raises as `log_in` does."""
    now = auth.stores.clock.now()

    def work(connection: Connection, row: Row[Any]) -> datetime:
        mine = (table_of_sessions.c.id == session_id) & (table_of_sessions.c.user_id == row.id)
        connection.execute(update(table_of_sessions).where(mine).values(stepped_up_at=now))
        auth.stores.note(connection, "auth.step-up", row.id, origin, resource=f"sessions/{session_id}")
        return now

    confirmed(auth, user_id, password, mfa_code, origin, work, "auth.step-up-failed")
    auth.forget_sessions([session_id])
    return now


def change_password(
    auth: Identities, identity: Identity, password: str, new: str, mfa_code: str | None, origin: Origin
) -> None:
    """Another password; all other sessions end. InvalidValueError for one that may not be; else as `log_in`."""
    user_id, failed = identity.user_id, "auth.password-change-failed"
    with auth.stores.database.reading(fresh=True) as connection:
        email = connection.execute(select(users.c.email).where(users.c.id == user_id)).scalar_one()
    auth.stores.passwords.check_new(new, email, "new_password")
    attempt, row = _shown(auth, user_id, password, mfa_code, origin, failed)
    with auth.stores.database.reading(fresh=True) as connection:
        earlier = used_before(connection, row)
    try:
        auth.stores.passwords.check_unused(new, earlier, "new_password")
    except InvalidValueError:
        auth.lockout.withdraw(attempt)
        raise
    hashed = auth.stores.passwords.hash(new)

    def work(connection: Connection, row: Row[Any]) -> Sequence[UUID]:
        replace_password(auth.stores, connection, row, hashed)
        ended = sessions.revoke_others(auth, connection, row.id, identity.session_id, "the password was changed")
        auth.stores.note(connection, "auth.password-change", row.id, origin, ended=len(ended))
        return ended

    auth.forget_sessions(_finish(auth, attempt, row, mfa_code, origin, work, failed))


def enable_mfa(auth: Identities, identity: Identity, code: str, origin: Origin) -> Sequence[str]:
    """Turn the second factor on by a first valid code; the codes on paper. Problem 422 for a wrong one, 409, 429."""
    attempt = auth.lockout.begin("enrol", str(identity.user_id))
    try:
        codes = totp.enable(auth.stores, identity.user_id, code, origin)
    except Problem:
        auth.lockout.withdraw(attempt)
        raise
    if codes is None:
        auth.stores.note_alone("mfa.enable-failed", identity.user_id, origin)
        raise totp.wrong_code()
    auth.lockout.withdraw(attempt)
    auth.forget_sessions_of(identity.user_id)  # what waited for the second factor is allowed at once
    return codes


def renew_codes(auth: Identities, identity: Identity, code: str, password: str, origin: Origin) -> Sequence[str]:
    """Ten new codes on paper, which takes both factors. Problem 409 where none is on; else as `log_in`."""
    _expect_factor(auth, identity)

    def work(connection: Connection, row: Row[Any]) -> Sequence[str]:
        return totp.renew_codes(auth.stores, connection, row, origin)

    return confirmed(auth, identity.user_id, password, code, origin, work, "mfa.renew-codes-failed")


def disable_mfa(auth: Identities, identity: Identity, code: str, password: str, origin: Origin) -> None:
    """Turn the second factor off, which takes both; other sessions end. Problem 409 where none is on."""
    _expect_factor(auth, identity)

    def work(connection: Connection, row: Row[Any]) -> Sequence[UUID]:
        ended = sessions.revoke_others(auth, connection, row.id, identity.session_id, "the second factor was disabled")
        totp.disable(auth.stores, connection, locked_user(connection, row.id), origin, row.id)
        return ended

    confirmed(auth, identity.user_id, password, code, origin, work, "mfa.disable-failed")
    auth.forget_sessions_of(identity.user_id)  # one's own is asked for a second factor again where that is demanded


def _expect_factor(auth: Identities, identity: Identity) -> None:
    with auth.stores.database.reading(fresh=True) as connection:
        if not connection.execute(select(users.c.mfa_enabled).where(users.c.id == identity.user_id)).scalar_one():
            raise Problem(409, "mfa-not-enabled", "no second factor is on")


def confirmed(
    auth: Identities,
    user_id: UUID,
    password: str,
    mfa_code: str | None,
    origin: Origin,
    work: Callable[[Connection, Row[Any]], T],
    failed: str,
) -> T:
    """Run `work(connection, row)` for somebody signed in who shows password and, where it is on, second factor."""
    attempt, row = _shown(auth, user_id, password, mfa_code, origin, failed)
    return _finish(auth, attempt, row, mfa_code, origin, work, failed)


def _shown(
    auth: Identities, user_id: UUID, password: str, mfa_code: str | None, origin: Origin, failed: str
) -> tuple[Attempt, Row[Any]]:
    """The user, whose password was right, and the attempt that is counted still."""
    attempt = auth.lockout.begin("confirm", str(user_id), origin.network)
    with auth.stores.database.reading(fresh=True) as connection:
        row = connection.execute(select(users).where(users.c.id == user_id)).one()
    if not auth.stores.passwords.verify(row.hashed_password, password):
        auth.stores.note_alone(failed, user_id, origin, why="password")
        raise Problem(401, "invalid-credentials", "the password is wrong")
    if row.mfa_enabled and mfa_code is None:
        auth.lockout.withdraw(attempt)
        raise Problem(401, "mfa-required", "a second factor is on: send its code as mfa_code")
    return attempt, row


def _finish(
    auth: Identities,
    attempt: Attempt,
    row: Row[Any],
    mfa_code: str | None,
    origin: Origin,
    work: Callable[[Connection, Row[Any]], T],
    failed: str,
) -> T:
    coded = auth.lockout.begin("mfa", str(row.id), free=FREE_CODES) if row.mfa_enabled else None

    def act(connection: Connection) -> tuple[T] | None:
        now = locked_user(connection, row.id)
        if not _still(auth, connection, now, row, mfa_code):
            return None
        _forgive(auth, connection, attempt, coded)
        return (work(connection, now),)

    done = auth.stores.database.write(act)
    if done is None:
        auth.stores.note_alone(failed, row.id, origin, why="second factor")
        raise _wrong_code()
    return done[0]


def _spelling(email: str) -> str:
    """As it would be kept; what is no address at all belongs to nobody, and is treated like the rest."""
    try:
        return folded(email, strict=False)
    except InvalidValueError:
        return email.casefold()
