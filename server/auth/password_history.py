"""The passwords that somebody had before, as hashes: the last five may not come again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import delete, insert, select

from server.auth.passwords import HISTORY
from server.auth.people import change
from server.store.tables import password_history

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from server.auth.stores import Stores


def used_before(connection: Connection, row: Row[Any]) -> Sequence[str]:
    """Hashes of the present password and those before it, the newest first."""
    earlier = connection.execute(
        select(password_history.c.hashed_password)
        .where(password_history.c.user_id == row.id)
        .order_by(password_history.c.replaced_at.desc(), password_history.c.id)
        .limit(HISTORY)
    ).scalars()
    return [row.hashed_password, *earlier]


def replace_password(stores: Stores, connection: Connection, row: Row[Any], hashed: str) -> None:
    """Give a user, held by the transaction, another password, and keep the old one in the history."""
    now = stores.clock.now()
    connection.execute(
        insert(password_history).values(
            id=uuid4(), user_id=row.id, hashed_password=row.hashed_password, replaced_at=now
        )
    )
    kept = (
        select(password_history.c.id)
        .where(password_history.c.user_id == row.id)
        .order_by(password_history.c.replaced_at.desc(), password_history.c.id)
        .limit(HISTORY)
    )
    connection.execute(
        delete(password_history).where(password_history.c.user_id == row.id, password_history.c.id.not_in(kept))
    )
    change(connection, row, {"hashed_password": hashed, "password_changed_at": now})
