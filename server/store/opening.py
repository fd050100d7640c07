"""Opens the database that the settings name, with its schema brought up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import uuid4

from sqlalchemy import Connection, create_engine, func, insert, select
from sqlalchemy.pool import NullPool

from optionix_core.errors import ConfigurationError, StorageError
from optionix_core.sync.canonical import time_text
from server.store import row_security, schema
from server.store.postgres import PostgresDatabase, PostgresOptions
from server.store.postgres_connections import (
    APP_ROLE,
    CONNECT_SECONDS,
    SERVER,
    USER_SETTING,
    checked,
    set_local,
    translated,
)
from server.store.sqlite import SqliteDatabase
from server.store.tables import settings as facts

if TYPE_CHECKING:
    from pathlib import Path

    from optionix_core.market.clock import Clock
    from server.settings import ServerSettings
    from server.store.database import Database

FILE: Final = "server.db"
"""SQLite's, in the data folder."""
OLDEST_POSTGRES: Final = 14
_MIGRATING: Final = 0x6F707469786F6E
"""Of the advisory lock under which workers that start at once migrate one after the other."""
_PATIENCE: Final = "120s"


def open_database(settings: ServerSettings, clock: Clock) -> Database:
    """PostgreSQL where one is named, else SQLite in the data folder, which is made where there is none.

    ConfigurationError for several workers on SQLite, for an address of another kind and for a schema that a newer
    Optionix made; HomeLockedError where another server has the SQLite file; StorageError where nothing answers.
    """
    url = None if settings.database_url is None else settings.database_url.get_secret_value()
    if url is not None:
        checked(url)  # before anything is made
    _make(settings.data_folder)
    if url is None:
        return _sqlite(settings, clock)
    role = migrate(url, clock)
    replica = None if settings.replica_url is None else settings.replica_url.get_secret_value()
    options = PostgresOptions(settings.database_connections, pooled=settings.database_pooler, role=role)
    return PostgresDatabase(url, replica, options)


def migrate(url: str, clock: Clock) -> str | None:
    """Bring a PostgreSQL up to date; the role that its connections take on, None where there is none to take on."""
    engine = create_engine(
        checked(url).set(drivername="postgresql+psycopg"),
        poolclass=NullPool,
        connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "optionix", "prepare_threshold": None},
    )
    with translated(), engine.begin() as connection:
        _refuse_old(connection)
        set_local(connection, {"lock_timeout": _PATIENCE, "statement_timeout": "0", USER_SETTING: SERVER})
        connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))
        _bring_up(connection, clock)
        return APP_ROLE if row_security.may_be(connection) else None


def _make(folder: Path) -> None:
    """On PostgreSQL too: keys, heads of the audit log and folds of books lie there."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StorageError(f"the server's data folder {folder} cannot be made: {error.strerror}") from error


def _sqlite(settings: ServerSettings, clock: Clock) -> Database:
    if settings.workers > 1:
        raise ConfigurationError(
            f"workers must be 1 on SQLite (got {settings.workers}): for more name a PostgreSQL by database_url"
        )
    if settings.replica_url is not None:
        raise ConfigurationError("replica_url must be unset on SQLite: it is a replica of what database_url names")
    database = SqliteDatabase(settings.data_folder / FILE, clock)
    try:
        database.write(lambda connection: _bring_up(connection, clock))
    except BaseException:
        database.close()
        raise
    return database


def _bring_up(connection: Connection, clock: Clock) -> None:
    schema.prepare(connection)
    known = set(connection.execute(select(facts.c.name)).scalars())
    born = {"created_at": time_text(clock.now()), "server_id": str(uuid4())}
    missing = [{"name": name, "value": value} for name, value in born.items() if name not in known]
    if missing:
        connection.execute(insert(facts), missing)


def _refuse_old(connection: Connection) -> None:
    number = int(connection.execute(select(func.current_setting("server_version_num"))).scalar_one())
    if number < OLDEST_POSTGRES * 10000:
        shown = connection.execute(select(func.current_setting("server_version"))).scalar_one()
        raise ConfigurationError(f"PostgreSQL must be {OLDEST_POSTGRES} or newer (got {shown})")
