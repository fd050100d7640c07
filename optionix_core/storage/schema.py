"""Versions of the database: made fresh at the newest one, brought up from older ones by migrations.

A fresh database is made from `tables` and stamped, which spares the import of Alembic (0.4 s of CPU) on
the way to the first trade; a test proves that it equals what the migrations make. Alembic is imported
only where a database is really older.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import URL, create_engine, insert
from sqlalchemy.pool import NullPool

from optionix_core.errors import ConfigurationError, IntegrityError
from optionix_core.storage import durable
from optionix_core.storage.connections import driver_of, translated
from optionix_core.storage.tables import home, metadata

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006")
"""All revisions, oldest first; a test compares them with the migrations."""
REVISION: Final = REVISIONS[-1]

_VERSION_TABLE: Final = (
    "CREATE TABLE alembic_version ( "
    "version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num) )"
)


def create(database: Path, created_at: str) -> None:
    """Make a complete empty database appear at `database`, whole and durable. The caller holds the home's lock.

    It is built under another name and renamed, so that no reader ever sees half of it.
    """
    fresh = database.with_name(f"{database.name}.new")
    for stale in (fresh, *beside(fresh), *beside(database)):
        stale.unlink(missing_ok=True)  # a write-ahead log of a vanished database would be played into the new one
    address = URL.create("sqlite", database=str(fresh))
    engine = create_engine(address, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with translated(fresh), engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA synchronous=OFF")  # synced once below, before it gets its name
        connection.exec_driver_sql("BEGIN")
        metadata.create_all(connection)
        connection.exec_driver_sql(_VERSION_TABLE)
        connection.exec_driver_sql("INSERT INTO alembic_version (version_num) VALUES (?)", (REVISION,))
        born = [{"name": "created_at", "value": created_at}, {"name": "device", "value": os.urandom(16).hex()}]
        connection.execute(insert(home), born)
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    durable.sync_file(fresh)
    durable.rename(fresh, database)


def beside(database: Path) -> tuple[Path, Path]:
    """The write-ahead log and its shared index."""
    return database.with_name(f"{database.name}-wal"), database.with_name(f"{database.name}-shm")


def is_current(connection: Connection, database: Path) -> bool:
    """Whether the schema is the newest; False where it is older.

    Raises ConfigurationError where a newer Optionix made it, IntegrityError where it is none of ours.
    """
    driver = driver_of(connection)
    known = driver.execute(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"
    ).fetchone()
    versions = driver.execute("SELECT version_num FROM alembic_version").fetchall() if known != (0,) else []
    if len(versions) != 1:
        raise IntegrityError(f"{database} is not a database of Optionix")
    ((version,),) = versions
    if version not in REVISIONS:
        raise ConfigurationError(
            f"{database} has schema {version}, this Optionix knows up to {REVISION}: use the newer Optionix"
        )
    return bool(version == REVISION)


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the schema up to `revision`, in the caller's transaction."""
    from alembic import command

    command.upgrade(_configuration(connection), revision)


def downgrade(connection: Connection, revision: str) -> None:
    """Bring the schema down to `revision` (`base` for none), in the caller's transaction."""
    from alembic import command

    command.downgrade(_configuration(connection), revision)


def _configuration(connection: Connection) -> Config:
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    configuration.attributes["connection"] = connection
    if not connection.in_transaction():
        connection.begin()  # Alembic leaves alone the transaction that it finds, which the driver has begun
    return configuration
