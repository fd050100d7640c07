"""Versions of the server's database: brought up by migrations; a fresh SQLite is made at the newest one at once.

Making it from `tables` spares the import of Alembic on the way to a first start; a test proves that it equals what the
migrations make. PostgreSQL always goes through them: its partitions, policies and rights are made nowhere else.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import inspect, text

from optionix_core.errors import ConfigurationError, IntegrityError
from server.store.append_only import TABLES, sqlite_triggers
from server.store.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

REVISIONS: Final = ("s0001", "s0002", "s0003", "s0004", "s0005", "s0006", "s0007", "s0008")
"""All revisions, oldest first; a test compares them with the migrations."""
REVISION: Final = REVISIONS[-1]
VERSION_TABLE: Final = "server_alembic_version"

_VERSIONS: Final = (
    f"CREATE TABLE {VERSION_TABLE} ( "
    f"version_num VARCHAR(32) NOT NULL, CONSTRAINT {VERSION_TABLE}_pkc PRIMARY KEY (version_num) )"
)


def version(connection: Connection) -> str | None:
    """The schema's revision; None where there is none of ours.

    ConfigurationError where a newer Optionix made it, IntegrityError where it has tables and no version.
    """
    names = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in names:
        if names & set(metadata.tables):
            raise IntegrityError("the database has tables of a server and no version of their schema")
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalars().all()  # noqa: S608 - ours
    if not found:
        return None
    if len(found) > 1:
        raise IntegrityError(f"the database has {len(found)} versions of its schema: {', '.join(found)}")
    if found[0] not in REVISIONS:
        raise ConfigurationError(
            f"the database has schema {found[0]}, this Optionix knows up to {REVISION}: use the newer Optionix"
        )
    return str(found[0])


def prepare(connection: Connection) -> bool:
    """Bring the schema up to REVISION in the caller's transaction; whether there was something to do."""
    found = version(connection)
    if found == REVISION:
        return False
    if found is None and connection.dialect.name == "sqlite" and not inspect(connection).has_table(VERSION_TABLE):
        create(connection)
    else:
        upgrade(connection)
    return True


def create(connection: Connection) -> None:
    """Make a complete empty SQLite schema."""
    metadata.create_all(connection)
    for table in TABLES:
        for trigger in sqlite_triggers(table).values():
            connection.exec_driver_sql(trigger)
    connection.exec_driver_sql(_VERSIONS)
    connection.exec_driver_sql(f"INSERT INTO {VERSION_TABLE} (version_num) VALUES ('{REVISION}')")  # noqa: S608 - ours


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the schema up to `revision`, in the caller's transaction."""
    from alembic import command

    command.upgrade(configuration(connection), revision)


def downgrade(connection: Connection, revision: str) -> None:
    """Bring the schema down to `revision` (`base` for none), in the caller's transaction. What it held is lost."""
    from alembic import command

    command.downgrade(configuration(connection), revision)


def configuration(connection: Connection) -> Config:
    """Alembic's, for `connection`."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made
