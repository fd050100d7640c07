"""Rows that several may write at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.store.upserts import insert_or_hold, insert_where_new

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Row, Table


def insert_once(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless one with its key is there, whoever wrote it; whether it was inserted."""
    key = next(iter(table.primary_key))
    made = insert_where_new(connection, table).values(**row).returning(key)
    return connection.execute(made).one_or_none() is not None


def held_row(connection: Connection, table: Table, row: Mapping[str, Any]) -> Row[Any]:
    """The row with the key of `row`, added as `row` where there was none; nobody else changes it until this is done."""
    return connection.execute(insert_or_hold(connection, table).values(**row).returning(*table.columns)).one()
