"""Inserts that bear with a row that is there already, on both databases."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table


def insert_where_new(connection: Connection, table: Table) -> Any:
    """An insert that passes over a row that is there already; made once for each table."""
    return _where_new(connection.dialect.name, table)


@cache
def _where_new(dialect: str, table: Table) -> Any:
    made = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    return made.on_conflict_do_nothing()


def insert_or_hold(connection: Connection, table: Table) -> Any:
    """An insert that, where the row is there already, leaves it as it is and takes it for this transaction.

    With `returning` it always answers with a row, also where others delete it meanwhile: to insert with nothing done on
    a conflict and to select then leaves a gap in which the row may go.
    """
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    key = next(iter(table.primary_key)).name
    made = dialect.insert(table)
    return made.on_conflict_do_update(index_elements=[key], set_={key: made.excluded[key]})
