"""What administrators and compliance officers do to other people's accounts.

Nobody does any of it to himself, and nobody gives a role that has a right he lacks: risk managers and compliance
officers are made on the host. Sessions of whoever is changed learn it at once; of whoever is shut out they end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

from sqlalchemy import func, select, update

from server.auth.identity import Role, Tier
from server.auth.people import NewUser, User, add_user, change, check_desk, check_version, locked_user, user_of
from server.auth.rights import may_grant
from server.auth.sessions import revoke_others
from server.auth.totp import disable
from server.problems import Problem
from server.store.tables import streams, users

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Row

    from server.auth.accounts import Identities
    from server.auth.identity import Identity
    from server.auth.origin import Origin

KYC: Final = ("none", "pending", "approved", "rejected")


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be another; None leaves it."""

    tier: Tier | None = None
    active: bool | None = None
    desk_id: UUID | None = None
    own_desk: bool = False
    """Give a desk of his own, where he is alone."""


def people(
    auth: Identities, *, role: Role | None, email: str | None, offset: int, size: int
) -> tuple[Sequence[User], int]:
    """One page of all users by email, and how many there are; `email` is a part of the address."""
    wanted = select(users)
    if role is not None:
        wanted = wanted.where(users.c.role == str(role))
    if email is not None:
        wanted = wanted.where(users.c.email.contains(email.casefold(), autoescape=True))
    with auth.stores.database.reading() as connection:
        total = connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
        rows = connection.execute(wanted.order_by(users.c.email).limit(size).offset(offset)).all()
    return [user_of(auth.stores, row) for row in rows], total


def add(auth: Identities, by: Identity, new: NewUser, origin: Origin) -> User:
    """Add somebody. Problem 403 for a role that `by` may not give; else as `add_user`."""
    _check_grant(auth, by, new.role, "users", origin)
    strict = auth.settings.in_production
    return add_user(auth.stores, new, by=by.user_id, origin=origin, strict_email=strict)


def give_role(auth: Identities, by: Identity, user_id: UUID, role: Role, origin: Origin) -> User:
    """Another role. Problem 403 for himself, and for a role with a right that `by` lacks."""
    _check_other(auth, by, user_id, origin)
    _check_grant(auth, by, role, f"users/{user_id}", origin)

    def work(connection: Connection, row: Row[Any]) -> None:
        if row.role != role:
            change(connection, row, {"role": str(role)})
            details = {"before": row.role, "role": str(role)}
            auth.stores.note(connection, "roles.write", by.user_id, origin, resource=f"users/{user_id}", **details)

    return _changed(auth, user_id, None, work)


def change_user(
    auth: Identities, by: Identity, user_id: UUID, version: int | None, changes: Changes, origin: Origin
) -> User:
    """Tier, desk, and whether somebody may sign in. Problem 403 for himself, 412 where he was changed meanwhile."""
    _check_other(auth, by, user_id, origin)

    def work(connection: Connection, row: Row[Any]) -> Sequence[UUID]:
        values = _values(connection, row, changes)
        if not values:
            return ()
        change(connection, row, values)
        if "desk_id" in values:
            moved = update(streams).where(streams.c.owner_id == user_id).values(desk_id=values["desk_id"])
            connection.execute(moved)
        ended: Sequence[UUID] = ()
        if values.get("active") is False:
            ended = revoke_others(auth, connection, user_id, None, "the account was closed")
        details = {name: value if isinstance(value, bool) else str(value) for name, value in values.items()}
        auth.stores.note(connection, "users.write", by.user_id, origin, resource=f"users/{user_id}", **details)
        return ended

    return _changed(auth, user_id, version, work)


def set_kyc(auth: Identities, by: Identity, user_id: UUID, status: str, reason: str, origin: Origin) -> User:
    """What is known of who somebody is. Problem 403 for himself."""
    _check_other(auth, by, user_id, origin)

    def work(connection: Connection, row: Row[Any]) -> None:
        change(connection, row, {"kyc_status": status})
        details = {"before": row.kyc_status, "status": status, "reason": reason}
        auth.stores.note(connection, "kyc.write", by.user_id, origin, resource=f"users/{user_id}", **details)

    return _changed(auth, user_id, None, work)


def reset_mfa(auth: Identities, by: Identity, user_id: UUID, origin: Origin) -> User:
    """Turn off the second factor of somebody who lost it; his sessions end. Problem 403 for himself."""
    _check_other(auth, by, user_id, origin)

    def work(connection: Connection, row: Row[Any]) -> Sequence[UUID]:
        if not row.mfa_enabled:
            raise Problem(409, "mfa-not-enabled", "no second factor is on")
        ended = revoke_others(auth, connection, user_id, None, "the second factor was reset")
        disable(auth.stores, connection, row, origin, by.user_id)
        return ended

    return _changed(auth, user_id, None, work)


def _changed(
    auth: Identities,
    user_id: UUID,
    version: int | None,
    work: Callable[[Connection, Row[Any]], Sequence[UUID] | None],
) -> User:
    def act(connection: Connection) -> tuple[Row[Any], Sequence[UUID]]:
        row = locked_user(connection, user_id)
        check_version(row, version)
        ended = work(connection, row) or ()
        return connection.execute(select(users).where(users.c.id == user_id)).one(), ended

    row, ended = auth.stores.database.write(act, acting=user_id)
    auth.forget_sessions(ended)
    auth.forget_sessions_of(user_id)
    return user_of(auth.stores, row)


def _values(connection: Connection, row: Row[Any], changes: Changes) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if changes.tier is not None and changes.tier != row.tier:
        values["tier"] = str(changes.tier)
    if changes.active is not None and changes.active != row.active:
        values["active"] = changes.active
    if changes.own_desk:
        values["desk_id"] = uuid4()
    elif changes.desk_id is not None and changes.desk_id != row.desk_id:
        check_desk(connection, changes.desk_id)
        values["desk_id"] = changes.desk_id
    return values


def _check_other(auth: Identities, by: Identity, user_id: UUID, origin: Origin) -> None:
    if by.user_id == user_id:
        auth.stores.note_alone("users.refused", by.user_id, origin, resource=f"users/{user_id}", why="himself")
        raise Problem(403, "self-approval", "nobody does that to himself: ask another")


def _check_grant(auth: Identities, by: Identity, role: Role, resource: str, origin: Origin) -> None:
    if not may_grant(by.role, role):
        auth.stores.note_alone("roles.refused", by.user_id, origin, resource=resource, role=str(role))
        raise Problem(403, "role-not-yours", f"{role} has rights that your role lacks: it is given on the host")
