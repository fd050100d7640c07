"""Accounts that their owner shares with others, to read or to trade.

Somebody is found by the address that he signs in with on the owner's own desk alone, and his address and name are told
there alone: to everybody else an address of another desk and one of nobody are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from sqlalchemy import select, update

from optionix_core.errors import InvalidValueError
from server.auth.emails import folded
from server.auth.identity import Role
from server.auth.people import unknown_user, user_of
from server.auth.rights import matrix
from server.auth.rows import insert_once
from server.problems import Problem
from server.store.tables import account_members, users

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Row, Select

    from server.auth.accounts import Identities
    from server.auth.identity import Identity
    from server.auth.origin import Origin
    from server.parts import AccountRef, Books


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody whom an account is shared with."""

    user_id: UUID
    rights: Literal["read", "trade"]
    granted_at: datetime
    email: str | None
    """None where he is of another desk than the owner."""
    full_name: str | None
    """None likewise, and where it was erased."""


def own_account(books: Books, identity: Identity, account: str) -> AccountRef:
    """An account that the caller owns. Problem 404 for others, those that are shared with him too."""
    for ref in books.accounts(identity):
        if ref.account == account and ref.owner_id == identity.user_id:
            return ref
    raise Problem(404, "not-found", "you have no such account")


def members(auth: Identities, ref: AccountRef) -> Sequence[Member]:
    """Whom an account is shared with now, the first first."""
    return shared(auth, ref.owner_id, ref.stream_id).get(ref.account, ())


def shared(auth: Identities, owner_id: UUID, stream_id: UUID) -> Mapping[str, Sequence[Member]]:
    """Whom the accounts of somebody's stream are shared with, by the account's name."""
    query = (
        select(
            users,
            account_members.c.account_id,
            account_members.c.rights,
            account_members.c.granted_at,
            _desk_of(owner_id).scalar_subquery().label("owners_desk"),
        )
        .join_from(account_members, users, account_members.c.user_id == users.c.id)
        .where(account_members.c.stream_id == stream_id, account_members.c.revoked_at.is_(None))
        .order_by(account_members.c.granted_at, account_members.c.user_id)
    )
    found: dict[str, list[Member]] = {}
    with auth.stores.database.reading(fresh=True) as connection:
        for row in connection.execute(query):
            member = _member(auth, row, row.owners_desk, row.rights, row.granted_at)
            found.setdefault(row.account_id, []).append(member)
    return found


def share(
    auth: Identities, ref: AccountRef, who: UUID | str, rights: Literal["read", "trade"], origin: Origin
) -> Member:
    """Let somebody read or trade an account, or change what he may.

    `who`: by id, or by the email of somebody of the owner's desk. Problem 404 where there is nobody, and likewise for
    the email of another desk. Raises InvalidValueError for what is no email, for the owner himself, and for trading
    where the role does not trade.
    """
    email = folded(who, strict=False) if isinstance(who, str) else None
    now = auth.stores.clock.now()

    def work(connection: Connection) -> Member:
        desk_id = connection.execute(_desk_of(ref.owner_id)).scalar_one()
        named = users.c.id == who if email is None else (users.c.email == email) & (users.c.desk_id == desk_id)
        row = connection.execute(select(users).where(named, users.c.active)).one_or_none()
        if row is None:
            raise unknown_user() if email is None else _nobody_of_the_desk()
        if row.id == ref.owner_id:
            raise InvalidValueError("user_id" if email is None else "email", who, "another than the owner")
        if rights == "trade" and Role(row.role) not in matrix()["orders", "write"]:
            raise InvalidValueError("rights", rights, f"read: a {row.role} does not trade")
        values = {"rights": rights, "granted_by": ref.owner_id, "granted_at": now, "revoked_at": None}
        key = {"stream_id": ref.stream_id, "account_id": ref.account, "user_id": row.id}
        if not insert_once(connection, account_members, {**key, **values}):
            connection.execute(update(account_members).where(_named(ref, row.id)).values(**values))
        auth.stores.note(
            connection,
            "sharing.write",
            ref.owner_id,
            origin,
            resource=f"accounts/{ref.account}",
            member=str(row.id),
            rights=rights,
        )
        return _member(auth, row, desk_id, rights, now)

    return auth.stores.database.write(work)


def unshare(auth: Identities, ref: AccountRef, user_id: UUID, origin: Origin) -> None:
    """Share an account no more. Problem 404 where it is not shared with him."""

    def work(connection: Connection) -> bool:
        ended = connection.execute(
            update(account_members)
            .where(_named(ref, user_id), account_members.c.revoked_at.is_(None))
            .values(revoked_at=auth.stores.clock.now())
        )
        if ended.rowcount:
            auth.stores.note(
                connection,
                "sharing.end",
                ref.owner_id,
                origin,
                resource=f"accounts/{ref.account}",
                member=str(user_id),
            )
        return ended.rowcount == 1

    if not auth.stores.database.write(work):
        raise Problem(404, "not-found", "the account is not shared with such a user")


def _named(ref: AccountRef, user_id: UUID) -> ColumnElement[bool]:
    return (
        (account_members.c.stream_id == ref.stream_id)
        & (account_members.c.account_id == ref.account)
        & (account_members.c.user_id == user_id)
    )


def _desk_of(user_id: UUID) -> Select[UUID]:
    return select(users.c.desk_id).where(users.c.id == user_id)


def _member(
    auth: Identities, row: Row[Any], desk_id: UUID, rights: Literal["read", "trade"], granted_at: datetime
) -> Member:
    """`desk_id`: the owner's, who is told more of his own desk."""
    if row.desk_id != desk_id:
        return Member(row.id, rights, granted_at, None, None)
    user = user_of(auth.stores, row)
    return Member(user.id, rights, granted_at, user.email, user.full_name)


def _nobody_of_the_desk() -> Problem:
    return Problem(404, "not-found", "nobody of your desk signs in with that email: others are named by their user_id")
