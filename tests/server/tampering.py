"""Alters what the database keeps from being altered, as somebody would who owns it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from server.store.database import Database

T = TypeVar("T")


def tamper(database: Database, work: Callable[[Connection], T]) -> T:
    """Run `work` where no trigger and no policy holds, and commit."""
    if database.kind == "sqlite":
        return database.write(lambda connection: _without_triggers(connection, work))
    engine = create_engine(database.engines[0].url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        return work(connection)


def _without_triggers(connection: Connection, work: Callable[[Connection], T]) -> T:
    triggers = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    for name, _ in triggers:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    result = work(connection)
    for _, sql in triggers:
        connection.exec_driver_sql(sql)
    return result
