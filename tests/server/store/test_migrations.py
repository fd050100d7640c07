"""The schema: migrations up and down on both databases, a fresh SQLite, workers that start at once."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect, select, text
from sqlalchemy.pool import NullPool

from optionix_core.errors import ConfigurationError, HomeLockedError, IntegrityError, StorageError
from optionix_core.market.clock import ManualClock
from server.settings import ServerSettings
from server.store import schema
from server.store.opening import migrate, open_database
from server.store.tables import accounts, metadata
from tests.server.conftest import Backend
from tests.server.services import Postgres, free_port
from tests.server.store.filling import fill

CLOCK = ManualClock(datetime(2026, 3, 2, 15, tzinfo=UTC))
PARTS = re.compile(r", (?![^(]*\))")
"""What parts columns and constraints: a column that a later revision adds stands behind the constraints."""
PARTITION = re.compile(r"market_data_(rest|\d{6})")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        engine = create_engine(f"sqlite:///{tmp_path / 'empty.db'}", poolclass=NullPool)
    else:
        url = request.getfixturevalue("empty_postgres_url").replace("postgresql:", "postgresql+psycopg:", 1)
        engine = create_engine(url, poolclass=NullPool)
    yield engine
    engine.dispose()


def _is_ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
    return kind != "table" or name is None or PARTITION.fullmatch(name) is None


def _differences(connection: Connection) -> list[Any]:
    options = {"compare_type": True, "version_table": schema.VERSION_TABLE, "include_object": _is_ours}
    return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)


def _objects(connection: Connection) -> dict[str, list[str]]:
    """All that an SQLite holds, by name: as it was written, without blanks; columns and constraints in one order."""
    found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
    return {name: sorted(PARTS.split(_words(sql))) for name, sql in found}


def _words(sql: str) -> str:
    plain = " ".join(sql.split()).replace("( ", "(").replace(" )", ")")
    return plain.removesuffix(")") if plain.startswith("CREATE TABLE") else plain


def test_all_revisions_are_named_in_order(empty: Engine) -> None:
    with empty.connect() as connection:
        scripts = ScriptDirectory.from_config(schema.configuration(connection))
    assert tuple(reversed([one.revision for one in scripts.walk_revisions()])) == schema.REVISIONS


def test_the_newest_revision_is_what_the_tables_say(empty: Engine) -> None:
    with empty.begin() as connection:
        schema.upgrade(connection)
    with empty.connect() as connection:
        assert _differences(connection) == []
        assert schema.version(connection) == schema.REVISION


def test_every_step_can_be_undone_and_done_again(empty: Engine) -> None:
    with empty.begin() as connection:
        before = set(inspect(connection).get_table_names())
    for revision in schema.REVISIONS:
        for act, to in ((schema.upgrade, revision), (schema.downgrade, "-1"), (schema.upgrade, revision)):
            with empty.begin() as connection:
                act(connection, to)
    with empty.begin() as connection:
        assert _differences(connection) == []
        schema.downgrade(connection, "base")
        assert set(inspect(connection).get_table_names()) - before == {schema.VERSION_TABLE}
        if connection.dialect.name == "postgresql":
            assert connection.execute(text("SELECT proname FROM pg_proc WHERE proname LIKE 'optionix%'")).all() == []
        else:
            assert set(_objects(connection)) == {schema.VERSION_TABLE}
        assert schema.version(connection) is None
        schema.prepare(connection)
    with empty.connect() as connection:
        assert _differences(connection) == []


def test_walls_come_and_go_without_what_they_guard(empty: Engine) -> None:
    with empty.begin() as connection:
        schema.upgrade(connection)
        connection.execute(text("INSERT INTO server_settings VALUES ('kept', 'yes')"))
        schema.downgrade(connection, "s0004")
        schema.upgrade(connection)
        assert connection.execute(text("SELECT value FROM server_settings")).scalars().all() == ["yes"]


def test_accounts_outlive_columns_that_nobody_wrote(empty: Engine) -> None:
    """Down they are there again with what all accounts had, which the program of that revision reads."""
    with empty.begin() as connection:
        schema.upgrade(connection)
        fill(connection, UUID(int=1))
        kept = connection.execute(select(accounts)).all()
        assert len(kept) == 1
        schema.downgrade(connection, "s0007")
        told = connection.execute(text("SELECT id, status, lease_hours FROM accounts")).one()
        assert tuple(told) == (kept[0].id, "active", None)
        schema.upgrade(connection)
        assert connection.execute(select(accounts)).all() == kept


def test_a_fresh_sqlite_is_what_the_migrations_make(tmp_path: Path) -> None:
    found = []
    for name, make in (("migrated", schema.upgrade), ("fresh", schema.create)):
        engine = create_engine(f"sqlite:///{tmp_path / name}", poolclass=NullPool)
        with engine.begin() as connection:
            make(connection)
            found.append(_objects(connection))
    assert len(found[0]) > 50
    assert found[0] == found[1]


def test_what_is_up_to_date_is_left_alone(empty: Engine) -> None:
    with empty.begin() as connection:
        assert schema.prepare(connection)
        assert not schema.prepare(connection)


def test_a_schema_of_a_newer_optionix_is_refused(backend: Backend) -> None:
    database = backend.open()
    bump = text("UPDATE server_alembic_version SET version_num = 's9999'")
    if backend.url is None:
        database.write(lambda connection: connection.execute(bump).rowcount)
    else:
        engine = create_engine(database.engines[0].url, poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(bump)
    database.close()
    try:
        with pytest.raises(ConfigurationError, match=r"has schema s9999.*use the newer"):
            backend.open()
        with pytest.raises(ConfigurationError, match="s9999"):
            backend.open()  # a lock that was left behind would be told instead
    finally:
        if backend.url is not None:
            with engine.begin() as connection:
                connection.execute(
                    text("UPDATE server_alembic_version SET version_num = :old"), {"old": schema.REVISION}
                )


def test_tables_without_a_version_are_not_taken_for_ours(empty: Engine) -> None:
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE users (id int)"))
        with pytest.raises(IntegrityError, match="no version of their schema"):
            schema.prepare(connection)


def test_what_is_fixed_at_birth_stays(backend: Backend) -> None:
    found = []
    for _ in range(2):
        database = backend.open()
        with database.reading() as connection:
            found.append(dict(connection.execute(text("SELECT name, value FROM server_settings")).all()))
        database.close()
    assert set(found[0]) == {"created_at", "server_id"}
    assert found[0] == found[1]


def test_workers_that_start_at_once_migrate_once(empty_postgres_url: str) -> None:
    together = threading.Barrier(4)

    def start(_: int) -> str | None:
        together.wait(20)
        return migrate(empty_postgres_url, CLOCK)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(start, range(4))) == {"optionix_app"}


def test_several_workers_on_sqlite_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"workers must be 1 on SQLite \(got 2\)"):
        open_database(ServerSettings(data_folder=tmp_path, workers=2), CLOCK)
    with pytest.raises(ConfigurationError, match="replica_url"):
        open_database(ServerSettings(data_folder=tmp_path, replica_url="postgresql://x/y"), CLOCK)
    assert list(tmp_path.iterdir()) == []


def test_a_second_server_is_told_who_has_the_database(sqlite_backend: Backend) -> None:
    first = sqlite_backend.open()
    with pytest.raises(HomeLockedError, match=r"server\.db is being written by process"):
        sqlite_backend.open()
    first.close()


@pytest.mark.parametrize("url", ["mysql://root@localhost/x", "nonsense"])
def test_an_address_of_another_kind_is_refused_without_telling_it(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError, match="postgresql://") as caught:
        open_database(ServerSettings(data_folder=tmp_path, database_url=url), CLOCK)
    assert "localhost" not in str(caught.value)


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    url = f"postgresql://optionix:secret@127.0.0.1:{free_port()}/x"
    with pytest.raises(StorageError, match="does not answer") as caught:
        open_database(ServerSettings(data_folder=tmp_path, database_url=url), CLOCK)
    assert "secret" not in str(caught.value)


def test_a_role_that_may_make_roles_and_nothing_else_is_enough(postgres: Postgres, fresh_postgres_url: str) -> None:
    """A managed server gives no superuser; the role of the other databases steps aside meanwhile."""
    postgres.execute("ALTER ROLE optionix_app RENAME TO optionix_app_aside")
    postgres.execute("CREATE ROLE managed LOGIN CREATEROLE")
    postgres.execute("CREATE DATABASE of_managed OWNER managed")
    try:
        url = postgres.url("of_managed", "managed")
        assert migrate(url, CLOCK) == "optionix_app"
        assert migrate(url, CLOCK) == "optionix_app"
    finally:
        postgres.drop("of_managed")
        postgres.execute("DROP ROLE IF EXISTS optionix_app")
        postgres.execute("DROP ROLE managed")
        postgres.execute("ALTER ROLE optionix_app_aside RENAME TO optionix_app")


PUBLISHED = {
    "users": "id email hashed_password full_name role kyc_status mfa_enabled created_at last_login",
    "positions": "id user_id symbol option_type strike_price expiration_date quantity entry_price current_price "
    "created_at",
    "market_data": "timestamp symbol price volume bid ask implied_volatility",
    "trades": "id user_id position_id trade_type quantity price fee timestamp blockchain_tx_hash",
    "audit_logs": "id user_id action resource details ip_address user_agent timestamp",
}
"""Tables and columns that are told to the outside."""
REFERENCES = {
    ("positions", "user_id", "users"),
    ("trades", "user_id", "users"),
    ("trades", "position_id", "positions"),
    ("audit_logs", "user_id", "users"),
}


def test_published_tables_have_all_their_columns_keys_and_references(backend: Backend) -> None:
    database = backend.open()
    with database.reading() as connection:
        known = inspect(connection)
        for table, columns in PUBLISHED.items():
            assert set(columns.split()) <= {column["name"] for column in known.get_columns(table)}, table
        found = {
            (table, key["constrained_columns"][0], key["referred_table"])
            for table in PUBLISHED
            for key in known.get_foreign_keys(table)
        }
        assert found >= REFERENCES
        assert known.get_pk_constraint("market_data")["constrained_columns"] == ["timestamp", "symbol"]
        assert ["email"] in [unique["column_names"] for unique in known.get_unique_constraints("users")]
    database.close()
