"""A database made fresh is the one that the migrations make, and an old one is brought up where it is found."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from optionix_core.errors import ConfigurationError, IntegrityError
from optionix_core.storage import open_store, schema
from optionix_core.storage.connections import transaction, writer_engine
from optionix_core.sync.event import Event

if TYPE_CHECKING:
    from sqlalchemy import Connection

NumberedEvent = Callable[[int], Event]


@contextmanager
def connected(database: Path) -> Iterator[Connection]:
    engine = writer_engine(database, lambda: True)
    with engine.connect() as connection, transaction(connection, database):
        yield connection


def shape(database: Path) -> dict[str, str]:
    """All objects of a database with their statements, blanks aside."""
    with closing(sqlite3.connect(database)) as opened:
        found = opened.execute("SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_master").fetchall()
    return {name: " ".join(statement.split()) for name, statement in found}


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    database = tmp_path / "migrated.db"
    sqlite3.connect(database).close()
    with connected(database) as connection:
        schema.upgrade(connection)
    return database


def test_a_fresh_database_equals_a_migrated_one(tmp_path: Path, migrated: Path) -> None:
    fresh = tmp_path / "fresh.db"
    schema.create(fresh, "2026-01-16T14:30:00.000000Z")
    assert shape(fresh) == shape(migrated)
    assert len(shape(fresh)) >= 7
    with closing(sqlite3.connect(fresh)) as opened:
        assert opened.execute("SELECT version_num FROM alembic_version").fetchall() == [(schema.REVISION,)]
        assert opened.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_known_revisions_are_those_of_the_migrations() -> None:
    from alembic.script import ScriptDirectory

    folder = Path(schema.__file__).with_name("migrations")
    script = ScriptDirectory(str(folder))
    assert tuple(step.revision for step in reversed([*script.walk_revisions()])) == schema.REVISIONS


def test_each_step_down_and_up_again_gives_the_same_database(migrated: Path) -> None:
    shapes = {schema.REVISION: shape(migrated)}
    for revision in (*reversed(schema.REVISIONS[:-1]), "base"):
        with connected(migrated) as connection:
            schema.downgrade(connection, revision)
        shapes[revision] = shape(migrated)
    assert shapes["base"].keys() == {"table alembic_version", "index sqlite_autoindex_alembic_version_1"}
    for revision in schema.REVISIONS:
        with connected(migrated) as connection:
            schema.upgrade(connection, revision)
        assert shape(migrated) == shapes[revision]


def test_a_migration_that_fails_leaves_the_database_as_it_was(migrated: Path) -> None:
    with connected(migrated) as connection:
        schema.downgrade(connection, "0001")
    before = shape(migrated)

    def interrupted() -> None:
        with connected(migrated) as connection:
            schema.upgrade(connection)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert shape(migrated) == before


@pytest.mark.parametrize("first", ["read", "write"])
def test_an_older_home_is_brought_up_to_date_where_it_is_met(folder: Path, numbered: NumberedEvent, first: str) -> None:
    store = open_store(folder)
    with store.writing("filling") as writer:
        writer.append([numbered(1)])
    store.close()
    newest = shape(folder / "optionix.db")
    with connected(folder / "optionix.db") as connection:
        schema.downgrade(connection, "0001")
    assert shape(folder / "optionix.db") != newest
    later = open_store(folder)
    if first == "read":
        assert [record.event for record in later.read()] == [numbered(1)]
    else:
        with later.writing("more") as writer:
            assert writer.append([numbered(2)])[0].seq == 2
    later.close()
    assert shape(folder / "optionix.db") == newest


def test_a_home_of_a_newer_optionix_is_refused(folder: Path, numbered: NumberedEvent) -> None:
    store = open_store(folder)
    with store.writing("filling") as writer:
        writer.append([numbered(1)])
    store.close()
    with closing(sqlite3.connect(folder / "optionix.db", isolation_level=None)) as hand:
        hand.execute("UPDATE alembic_version SET version_num = '9999'")
    newer = open_store(folder)
    with pytest.raises(ConfigurationError, match="9999"):
        newer.head()
    with pytest.raises(ConfigurationError, match="9999"), newer.writing("buy"):
        pass
    with closing(sqlite3.connect(folder / "optionix.db", isolation_level=None)) as hand:
        hand.execute("DELETE FROM alembic_version")
    with pytest.raises(IntegrityError):
        newer.head()
    newer.close()


def test_a_first_trade_loads_neither_alembic_nor_an_object_mapper(folder: Path) -> None:
    script = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from optionix_core.storage import open_store
from optionix_core.sync.event import Event
store = open_store(Path(sys.argv[1]))
store.head(), store.verify(), list(store.read(limit=0))
assert "sqlalchemy" not in sys.modules, "an empty home needs no database"
with store.writing("buy") as writer:
    writer.append([Event("e-1", "order.filled", datetime(2026, 1, 16, tzinfo=UTC), {})])
store.close()
heavy = {"alembic", "sqlalchemy.orm", "numpy", "pandas", "textual", "sqlalchemy.ext.declarative", "mako"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
