"""The second wall: a query without a condition sees one user's rows alone, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection, create_engine, delete, func, insert, select, text, update
from sqlalchemy.pool import NullPool

from optionix_core.errors import IntegrityError
from optionix_core.market.clock import ManualClock
from server.store.append_only import PERSONAL
from server.store.append_only import TABLES as ONLY_GROWING
from server.store.opening import migrate
from server.store.postgres import PostgresDatabase, PostgresOptions
from server.store.postgres_connections import APP_ROLE
from server.store.row_security import OWNERS, THROUGH
from server.store.tables import metadata, positions, trades
from tests.server.services import Postgres
from tests.server.store.filling import fill, identity, row_of

CLOCK = ManualClock(datetime(2026, 3, 2, 15, tzinfo=UTC))
ANNE, BERT, NOBODY = UUID(int=1), UUID(int=2), UUID(int=3)
WALLED = sorted(OWNERS | THROUGH)
NOT_WALLED = {
    "account_members": "whoever shares an account and whoever he shares it with both see it",
    "audit_logs": "the officer's; what a user sees of it is chosen by query",
    "erasures": "the server's own",
}


@pytest.fixture(params=["sessions", "pooler", "owner alone"])
def database(request: pytest.FixtureRequest, postgres: Postgres, postgres_url: str) -> Iterator[PostgresDatabase]:
    if request.param == "owner alone":
        yield from _of_a_plain_owner(postgres)
        return
    options = PostgresOptions(connections=4, pooled=request.param == "pooler", role=APP_ROLE)
    opened = PostgresDatabase(postgres_url, options=options)
    for user in (ANNE, BERT):
        opened.write(lambda connection, user=user: fill(connection, user))
    yield opened
    opened.close()


def _of_a_plain_owner(postgres: Postgres) -> Iterator[PostgresDatabase]:
    """A database whose owner may make no roles, so that the policies are forced upon him."""
    postgres.execute("CREATE ROLE plain LOGIN")
    postgres.execute("CREATE DATABASE of_plain OWNER plain")
    try:
        url = postgres.url("of_plain", "plain")
        assert migrate(url, CLOCK) is None
        opened = PostgresDatabase(url)
        for user in (ANNE, BERT):
            opened.write(lambda connection, user=user: fill(connection, user))
        yield opened
        opened.close()
    finally:
        postgres.drop("of_plain")
        postgres.execute("DROP ROLE plain")


def _owner_of(table: str, row: Any) -> UUID:
    if table in OWNERS:
        return UUID(str(getattr(row, OWNERS[table])))
    owner, column = THROUGH[table]
    return next(user for user in (ANNE, BERT) if identity(owner, user) == getattr(row, column))


def test_a_query_without_a_condition_sees_own_rows_alone(database: PostgresDatabase) -> None:
    for name in WALLED:
        table = metadata.tables[name]
        for user in (ANNE, BERT):
            with database.reading(acting=user) as connection:
                found = connection.execute(select(table)).all()
            assert [_owner_of(name, row) for row in found] == [user], name
        with database.reading(acting=NOBODY) as connection:
            assert connection.execute(select(table)).all() == []


def test_the_server_itself_sees_all(database: PostgresDatabase) -> None:
    for name in WALLED:
        with database.reading() as connection:
            assert connection.execute(select(func.count()).select_from(metadata.tables[name])).scalar_one() == 2, name


def test_whose_rows_are_seen_ends_with_the_transaction(database: PostgresDatabase) -> None:
    for _ in range(5):
        with database.reading(acting=ANNE) as connection:
            assert len(connection.execute(select(positions)).all()) == 1
        with database.reading() as connection:
            assert len(connection.execute(select(positions)).all()) == 2
        with pytest.raises(LookupError), database.reading(acting=ANNE):
            raise LookupError
        assert database.write(lambda connection: len(connection.execute(select(positions)).all())) == 2


def test_a_change_without_a_condition_touches_own_rows_alone(database: PostgresDatabase) -> None:
    changed = database.write(
        lambda connection: connection.execute(update(positions).values(updated_seq=9)).rowcount, acting=ANNE
    )
    assert changed == 1
    gone = database.write(lambda connection: connection.execute(delete(trades)).rowcount, acting=BERT)
    assert gone == 1
    with database.reading() as connection:
        assert dict(connection.execute(select(positions.c.user_id, positions.c.updated_seq)).all()) == {
            ANNE: 9,
            BERT: 1,
        }
        assert connection.execute(select(trades.c.user_id)).scalars().all() == [ANNE]


def test_nobody_writes_a_row_of_somebody_else(database: PostgresDatabase) -> None:
    for name in WALLED:
        table = metadata.tables[name]
        row = row_of(table, BERT) | ({"seq": 2} if name == "stream_events" else {})
        with pytest.raises(IntegrityError, match=r"row-level security|without gaps|nothing at this"):
            database.write(
                lambda connection, table=table, row=row: connection.execute(insert(table).values(row)), acting=ANNE
            )
    with pytest.raises(IntegrityError, match="row-level security"):
        database.write(lambda connection: connection.execute(update(positions).values(user_id=BERT)), acting=ANNE)


def test_where_nobody_is_named_nothing_is_seen(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        engine = create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:", 1), poolclass=NullPool)
        with engine.begin() as connection:
            fill(connection, ANNE)
        owner.execute("SET ROLE optionix_app")
        for name in WALLED:
            assert owner.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))).fetchone() == (0,)
        owner.execute("SET optionix.acting = ''")
        assert owner.execute("SELECT count(*) FROM positions").fetchone() == (0,)


def test_every_table_with_an_owner_is_walled_or_says_why_not() -> None:
    owned = {
        table.name
        for table in metadata.tables.values()
        if {"user_id", "owner_id", "stream_id", "session_id"} & set(table.c.keys())
    }
    assert owned == set(WALLED) | set(NOT_WALLED)


def test_the_role_may_do_what_is_needed_and_no_more(postgres_url: str) -> None:
    def may(connection: Connection, table: str) -> set[str]:
        acts = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES")
        asked = select(*(func.has_table_privilege(APP_ROLE, table, act) for act in acts))
        return {act for act, granted in zip(acts, connection.execute(asked).one(), strict=True) if granted}

    engine = create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:", 1), poolclass=NullPool)
    with engine.connect() as connection:
        for name in metadata.tables:
            expected = {"SELECT", "INSERT"} if name in ONLY_GROWING else {"SELECT", "INSERT", "UPDATE", "DELETE"}
            assert may(connection, name) == expected, name
        assert may(connection, "server_alembic_version") == {"SELECT"}
        columns = [
            name
            for name in sorted(set(metadata.tables["audit_logs"].c.keys()))
            if connection.execute(
                select(func.has_column_privilege(APP_ROLE, "audit_logs", name, "UPDATE"))
            ).scalar_one()
        ]
        assert sorted(columns) == sorted(PERSONAL)
        flags = "rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolbypassrls"
        role = connection.execute(text(f"SELECT {flags} FROM pg_roles WHERE rolname = 'optionix_app'")).one()  # noqa: S608
        assert not any(role)
        owners = set(connection.execute(text("SELECT tableowner FROM pg_tables WHERE schemaname = 'public'")).scalars())
        assert owners == {"optionix"}
