"""One row of every table that belongs to a user, for any user."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Connection,
    Date,
    Float,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    insert,
)

from server.store.tables import metadata
from server.store.types import ExactDecimal, UtcDateTime

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
CHOSEN = {"kind": "server-paper", "status": "accepted", "rights": "read", "trade_type": "open", "hash": bytes(32)}
SERVERS_OWN = ("audit_logs", "audit_roots")


def fill(connection: Connection, user: UUID) -> None:
    """A row in every table, of `user` where rows have users; logs of the server itself get theirs once."""
    for table in sorted(metadata.sorted_tables, key=lambda one: one.name.endswith("_roots")):
        if table.name in ("server_settings", "market_data", "market_bars", "login_failures", "encryption_keys"):
            continue
        if table.name in SERVERS_OWN and connection.execute(table.select()).first() is not None:
            continue
        connection.execute(insert(table).values(row_of(table, user)))


def identity(table: str, user: UUID) -> UUID:
    """The id of the row of `table` that `user` has."""
    return user if table == "users" else uuid5(user, table)


def row_of(table: Table, user: UUID) -> dict[str, Any]:
    """Values of a whole row, which fit those of the other tables."""
    return {column.name: _value(table, column, user) for column in table.columns if not _skipped(column)}


def _skipped(column: Any) -> bool:
    return bool(column.nullable and not column.foreign_keys and column.name not in ("ip_address", "user_agent", "salt"))


def _value(table: Table, column: Any, user: UUID) -> Any:
    kind, name = column.type, column.name
    if name in CHOSEN and not (name == "kind" and table.name == "conflicts"):
        return CHOSEN[name]
    for key in column.foreign_keys:
        return identity(key.column.table.name, user)
    named = {"seq": 1, "stream_id": identity("streams", user), "user_id": user}
    if name in named:
        return named[name]
    typed = {
        Uuid: identity(table.name, user),
        UtcDateTime: NOW,
        ExactDecimal: Decimal(1),
        Text: f"{name} of {user}",
        LargeBinary: user.bytes,
        BigInteger: 1,
        Integer: 1,
        Boolean: True,
        Float: 1.0,
        JSON: {},
        Date: NOW.date(),
    }
    return typed[type(kind)]
