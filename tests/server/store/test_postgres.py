"""PostgreSQL: the promises of a database, retries that are safe, and what goes wrong with servers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, event, func, select, text

from optionix_core.errors import ConfigurationError, DeadlineError, HomeLockedError, StorageError
from server.store import postgres_connections
from server.store.database import Database
from server.store.postgres import ATTEMPTS, REPLICA_REST, PostgresDatabase, PostgresOptions
from server.store.tables import metadata, settings
from tests.server.services import Postgres, free_port
from tests.server.store.database_contract import OURS, ContractOfSeparateReaders, names, put


class TestPostgres(ContractOfSeparateReaders):
    @pytest.fixture
    def database(self, postgres_url: str) -> Iterator[Database]:
        opened = PostgresDatabase(postgres_url)
        yield opened
        opened.close()


class TestThroughAPooler(ContractOfSeparateReaders):
    @pytest.fixture
    def database(self, postgres_url: str) -> Iterator[Database]:
        opened = PostgresDatabase(postgres_url, options=PostgresOptions(connections=30, pooled=True))
        yield opened
        opened.close()

    def test_nothing_is_kept_in_a_session(self, database: PostgresDatabase) -> None:
        def prepared(connection: Connection) -> int:
            for _ in range(10):
                connection.execute(select(settings.c.name).where(settings.c.name == "a"))
            return int(connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one())

        def limits(connection: Connection) -> tuple[Any, ...]:
            return tuple(
                connection.execute(select(func.current_setting(name))).scalar_one()
                for name in ("statement_timeout", "optionix.acting", "idle_in_transaction_session_timeout")
            )

        assert database.write(prepared) == 0
        assert database.write(limits) == ("15s", "server", "1min")
        with database._engine.connect() as session:
            assert limits(session) == ("0", "", "0")


@pytest.fixture
def database(postgres_url: str) -> Iterator[PostgresDatabase]:
    opened = PostgresDatabase(postgres_url, wait=lambda _: None)
    yield opened
    opened.close()


@pytest.fixture
def stranger(postgres_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that ends others."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


def _own_pid(connection: Connection) -> int:
    return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_sessions_have_their_time_limits(database: PostgresDatabase) -> None:
    with database.reading() as connection:
        shown = [
            connection.execute(select(func.current_setting(name))).scalar_one()
            for name in postgres_connections.session_settings(None, None)
        ]
    assert shown == ["15s", "1min", "server"]


@pytest.mark.parametrize("url", ["mysql://root@localhost/x", "nonsense", "sqlite:///x.db"])
def test_another_kind_of_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="postgresql://"):
        PostgresDatabase(url)


def test_a_server_that_is_not_there_is_told_at_once() -> None:
    absent = PostgresDatabase(f"postgresql://optionix@127.0.0.1:{free_port()}/x")
    with pytest.raises(StorageError, match="does not answer"):
        absent.check()
    with pytest.raises(StorageError, match="does not answer"):
        absent.write(lambda connection: put(connection, "a"))
    absent.close()


def test_a_connection_lost_before_the_commit_is_tried_again(
    database: PostgresDatabase, stranger: psycopg.Connection[Any]
) -> None:
    tries: list[int] = []

    def work(connection: Connection) -> str:
        tries.append(_own_pid(connection))
        put(connection, "a")
        if len(tries) == 1:
            stranger.execute("SELECT pg_terminate_backend(%s, 5000)", (tries[0],))
        return put(connection, "b")

    assert database.write(work) == "b"
    assert len(set(tries)) == 2
    assert names(database) == ["a", "b"]


def test_a_connection_that_is_always_lost_is_given_up(
    database: PostgresDatabase, stranger: psycopg.Connection[Any]
) -> None:
    tries: list[int] = []

    def work(connection: Connection) -> None:
        tries.append(_own_pid(connection))
        stranger.execute("SELECT pg_terminate_backend(%s, 5000)", (tries[-1],))
        put(connection, "a")

    with pytest.raises(StorageError, match="does not answer"):
        database.write(work)
    assert len(tries) == ATTEMPTS
    assert names(database) == []


def test_a_commit_that_may_have_been_done_is_never_repeated(
    database: PostgresDatabase, stranger: psycopg.Connection[Any]
) -> None:
    tries: list[int] = []

    def work(connection: Connection) -> None:
        tries.append(_own_pid(connection))
        put(connection, "a")

    @event.listens_for(database._engine, "commit")
    def lose(_: Connection) -> None:
        stranger.execute("SELECT pg_terminate_backend(%s, 5000)", (tries[-1],))

    with pytest.raises(StorageError, match="may have"):
        database.write(work)
    assert len(tries) == 1
    event.remove(database._engine, "commit", lose)
    database.write(lambda connection: put(connection, "b"))
    assert names(database) == ["b"]


def test_a_deadlock_is_tried_again_and_both_are_done(database: PostgresDatabase) -> None:
    database.write(lambda connection: (put(connection, "a", "0"), put(connection, "b", "0")))
    both = threading.Barrier(2)
    runs: list[str] = []

    def cross(first: str, second: str) -> None:
        def work(connection: Connection) -> None:
            runs.append(first)
            connection.execute(settings.update().where(settings.c.name == first).values(value=settings.c.value + "+"))
            if len(runs) <= 2:
                both.wait(20)
            connection.execute(settings.update().where(settings.c.name == second).values(value=settings.c.value + "+"))

        database.write(work)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(cross, ("a", "b"), ("b", "a")))
    # the one that was ended may take its first row again before the other one wakes: then they meet once more
    assert 3 <= len(runs) <= 1 + ATTEMPTS
    with database.reading() as connection:
        assert set(connection.execute(select(settings.c.value).where(OURS)).scalars()) == {"0++"}


def test_a_statement_that_takes_too_long_is_ended(database: PostgresDatabase) -> None:
    def slow(connection: Connection) -> None:
        connection.execute(text("SET LOCAL statement_timeout = '20ms'"))
        connection.execute(text("SELECT pg_sleep(60)"))

    with pytest.raises(DeadlineError, match="statement timeout"):
        database.write(slow)
    database.check()


def test_a_connection_that_rested_is_asked_before_it_is_relied_on(
    database: PostgresDatabase, stranger: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.reading() as connection:
        pid = _own_pid(connection)
    stranger.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    monkeypatch.setattr(postgres_connections, "_FRESH", 0.0)
    with database.reading() as connection:
        assert _own_pid(connection) != pid


def test_a_lock_ends_with_its_connection_and_its_block_is_not_failed(
    database: PostgresDatabase, stranger: psycopg.Connection[Any], postgres_url: str
) -> None:
    other = PostgresDatabase(postgres_url)
    with database.exclusive("a", 5):
        with pytest.raises(HomeLockedError), other.exclusive("a", 0.05):
            pytest.fail("two hold it")
        stranger.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'")
        with other.exclusive("a", 5):
            pass
        database.write(lambda connection: put(connection, "a"))
    with database.exclusive("a", 5):
        pass
    other.close()
    assert names(database) == ["a"]


def test_many_who_hold_locks_still_find_connections_to_write_with(postgres_url: str) -> None:
    database = PostgresDatabase(postgres_url, options=PostgresOptions(connections=4))
    together = threading.Barrier(4)

    def visit(number: int) -> None:
        with database.exclusive(f"stream/{number}", 20):
            together.wait(20)
            database.write(lambda connection: put(connection, str(number)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(visit, range(4)))
    assert len(names(database)) == 4
    database.close()


def test_a_replica_is_read_and_a_fresh_answer_comes_from_the_primary(
    postgres: Postgres, postgres_url: str, fresh_postgres_url: str
) -> None:
    """Another database stands for a replica that lags behind."""
    database = PostgresDatabase(postgres_url, fresh_postgres_url)
    database.write(lambda connection: put(connection, "a"))
    with database.reading() as connection:
        assert connection.execute(select(settings.c.name).where(OURS)).all() == []
    assert names(database) == ["a"]
    database.close()


def test_a_replica_that_does_not_answer_rests_and_the_primary_is_read(
    postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    seconds = [100.0]
    database = PostgresDatabase(
        postgres_url, f"postgresql://optionix@127.0.0.1:{free_port()}/x", ticks=lambda: seconds[0]
    )
    database.write(lambda connection: put(connection, "a"))
    for _ in range(3):
        with database.reading() as connection:
            assert connection.execute(select(settings.c.name).where(OURS)).scalars().all() == ["a"]
    assert caplog.text.count("replica does not answer") == 1
    seconds[0] += REPLICA_REST
    with database.reading():
        pass
    assert caplog.text.count("replica does not answer") == 2
    database.close()


@pytest.mark.fault
def test_a_server_that_is_killed_loses_nothing_that_was_acknowledged() -> None:
    server = Postgres(durable=True)
    try:
        database = PostgresDatabase(server.create("killed"))
        database.write(metadata.tables["server_settings"].create)
        acknowledged: list[str] = []
        entered = threading.Event()

        def write_on() -> None:
            for number in range(100_000):
                acknowledged.append(database.write(lambda connection, n=number: put(connection, f"{n:06}")))
                if number == 50:
                    entered.set()

        with ThreadPoolExecutor(1) as pool:
            writer = pool.submit(write_on)
            assert entered.wait(30)
            server.kill()
            assert isinstance(writer.exception(30), StorageError)
        with pytest.raises(StorageError):
            database.check()
        server.start()
        kept = names(database)
        assert kept[: len(acknowledged)] == acknowledged
        assert len(kept) <= len(acknowledged) + 1
        database.write(lambda connection: put(connection, "later"))
        database.close()
    finally:
        server.stop()
