"""People: who there is, made by registration, by an administrator or on the host, and what they say of themselves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import bindparam, select, update

from optionix_core.errors import InvalidValueError, MissingDataError
from server.auth.emails import folded
from server.auth.identity import Role, Tier
from server.auth.rights import DEFAULT_ROLE
from server.auth.rows import insert_once
from server.crypto.envelopes import open_text, place, seal_text
from server.problems import Problem
from server.store.tables import users

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from server.auth.lockout import Lockout
    from server.auth.origin import Origin
    from server.auth.stores import Stores

LONGEST_NAME: Final = 100
NO_KYC: Final = "none"
_FULL_NAME: Final = "users.full_name"
_HELD: Final = select(users).where(users.c.id == bindparam("of")).with_for_update()
_CHANGE: Final = update(users).where(users.c.id == bindparam("of")).returning(*users.c)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an account on this server."""

    id: UUID
    email: str
    full_name: str | None
    """None where it was erased."""
    role: Role
    tier: Tier
    kyc_status: str
    mfa_enabled: bool
    active: bool
    timezone: str
    desk_id: UUID
    created_at: datetime
    last_login: datetime | None
    version: int
    """Counts changes; the ETag."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """Somebody who is to be added."""

    email: str
    full_name: str
    password: str
    role: Role = DEFAULT_ROLE
    tier: Tier = Tier.STANDARD
    desk_id: UUID | None = None
    """None: a desk of his own."""


def user_of(stores: Stores, row: Row[Any]) -> User:
    """The user of a row of `users`."""
    try:
        full_name = open_text(stores.envelopes, "personal", place(_FULL_NAME, row.id), row.full_name)
    except MissingDataError:
        full_name = None
    return User(
        row.id,
        row.email,
        full_name,
        Role(row.role),
        Tier(row.tier),
        row.kyc_status,
        row.mfa_enabled,
        row.active,
        row.timezone,
        row.desk_id,
        row.created_at,
        row.last_login,
        row.version,
    )


def find_user(stores: Stores, user_id: UUID) -> User:
    """Problem 404 where there is nobody."""
    with stores.database.reading(fresh=True) as connection:
        row = connection.execute(select(users).where(users.c.id == user_id)).one_or_none()
    if row is None:
        raise unknown_user()
    return user_of(stores, row)


def full_names(stores: Stores, user_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Names of users by id, without those that were erased."""
    with stores.database.reading() as connection:
        rows = connection.execute(select(users).where(users.c.id.in_(user_ids))).all()
    found = (user_of(stores, row) for row in rows)
    return {user.id: user.full_name for user in found if user.full_name is not None}


def unknown_user() -> Problem:
    """The answer for somebody who does not exist, or whom the caller may not see."""
    return Problem(404, "not-found", "there is no such user")


def add_user(
    stores: Stores,
    new: NewUser,
    *,
    by: UUID | None,
    origin: Origin | None = None,
    action: str = "users.add",
    strict_email: bool = False,
) -> User:
    """Add somebody, and write it down in the same transaction. `by` None: the host's own hand, or registration.

    Whether `by` may give that role is asked before, by whoever calls. Raises InvalidValueError for what may not be so;
    Problem 409 `email-taken`.
    """
    email = folded(new.email, strict=strict_email)
    check_name(new.full_name)
    stores.passwords.check_new(new.password, email)
    hashed = stores.passwords.hash(new.password)
    now, user_id = stores.clock.now(), uuid4()
    row = {
        "id": user_id,
        "email": email,
        "hashed_password": hashed,
        "full_name": _sealed_name(stores, user_id, new.full_name),
        "role": str(new.role),
        "tier": str(new.tier),
        "kyc_status": NO_KYC,
        "mfa_enabled": False,
        "active": True,
        "timezone": "UTC",
        "desk_id": uuid4() if new.desk_id is None else new.desk_id,
        "created_at": now,
        "password_changed_at": now,
        "version": 1,
    }

    def work(connection: Connection) -> Row[Any] | None:
        if new.desk_id is not None:
            check_desk(connection, new.desk_id)
        if not insert_once(connection, users, row):
            return None
        details = {"role": str(new.role), "tier": str(new.tier), "desk_id": str(row["desk_id"])}
        actor = user_id if by is None and origin is not None else by
        stores.note(connection, action, actor, origin, resource=f"users/{user_id}", **details)
        return connection.execute(select(users).where(users.c.id == user_id)).one()

    added = stores.database.write(work)
    if added is None:
        raise Problem(409, "email-taken", "somebody signs in with that email already")
    return user_of(stores, added)


def _sealed_name(stores: Stores, user_id: UUID, name: str) -> str:
    return seal_text(stores.envelopes, "personal", place(_FULL_NAME, user_id), name)


def register(stores: Stores, lockout: Lockout, new: NewUser, origin: Origin, *, strict_email: bool) -> User:
    """Somebody adds himself. Raises as `add_user`, and Problem 429 after five emails from one address that were taken.

    Without mail there is no answer that hides whether an address is known, so that asking is made slow instead: each
    409 counts against the caller's address as a wrong password does, and while he waits every registration from there
    is refused, of known and unknown addresses alike.
    """
    attempt = lockout.begin("register", origin.network)
    try:
        added = add_user(stores, new, by=None, origin=origin, action="auth.register", strict_email=strict_email)
    except InvalidValueError:
        lockout.withdraw(attempt)
        raise
    lockout.withdraw(attempt)
    return added


def check_name(name: str, field: str = "full_name") -> None:
    """Raise InvalidValueError where it is no name."""
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise InvalidValueError(field, repr(name[:80]), f"1 to {LONGEST_NAME} printable characters, no blank around")


def check_zone(zone: str) -> None:
    """Raise InvalidValueError where it is no time zone of the IANA database."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidValueError("timezone", repr(zone[:80]), "a name such as Europe/Berlin or UTC") from error


def check_desk(connection: Connection, desk_id: UUID) -> None:
    """Raise InvalidValueError where nobody is of that desk."""
    if connection.execute(select(users.c.id).where(users.c.desk_id == desk_id).limit(1)).one_or_none() is None:
        raise InvalidValueError("desk_id", desk_id, "the desk of somebody")


def change_profile(
    stores: Stores, user_id: UUID, version: int | None, origin: Origin, full_name: str | None, timezone: str | None
) -> User:
    """Change what somebody says of himself; None leaves it. Problem 412 where `version` is not the present one."""
    values: dict[str, Any] = {}
    if full_name is not None:
        check_name(full_name)
        values["full_name"] = _sealed_name(stores, user_id, full_name)
    if timezone is not None:
        check_zone(timezone)
        values["timezone"] = timezone

    def work(connection: Connection) -> Row[Any]:
        row = locked_user(connection, user_id)
        check_version(row, version)
        if not values:
            return row
        changed = change(connection, row, values)
        stores.note(connection, "profile.write", user_id, origin, fields=sorted(values))
        return changed

    return user_of(stores, stores.database.write(work))


def locked_user(connection: Connection, user_id: UUID) -> Row[Any]:
    """The row of a user, held until the transaction ends. Problem 404 where there is none."""
    row = connection.execute(_HELD, {"of": user_id}).one_or_none()
    if row is None:
        raise unknown_user()
    return row


def check_version(row: Row[Any], version: int | None) -> None:
    """Raise Problem 412 where another one than `version` is there; None asks for nothing."""
    if version is not None and row.version != version:
        raise Problem(412, "changed-meanwhile", f"the user was changed since: its ETag is now {etag(row.version)}")


def change(connection: Connection, row: Row[Any], values: dict[str, Any]) -> Row[Any]:
    """Write columns of a user that `locked_user` holds; the row as it is then."""
    return connection.execute(_CHANGE, {"of": row.id, **values, "version": row.version + 1}).one()


def etag(version: int) -> str:
    """The ETag of a version."""
    return f'"{version}"'
