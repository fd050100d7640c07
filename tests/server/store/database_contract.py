"""What every `Database` promises; one class of tests for each backend inherits it."""

from __future__ import annotations

import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sqlalchemy import Connection, func, insert, select, text

from optionix_core.errors import HomeLockedError, IntegrityError, RefusedError, StorageError
from server.store.database import Database
from server.store.tables import settings
from tests.server.queries import counting_queries


def put(connection: Connection, name: str, value: str = "") -> str:
    connection.execute(insert(settings).values(name=name, value=value))
    return name


OURS = settings.c.name.not_in(("created_at", "server_id"))
"""Without what every database holds from its beginning."""


def names(database: Database) -> list[str]:
    with database.reading(fresh=True) as connection:
        return list(connection.execute(select(settings.c.name).where(OURS).order_by(settings.c.name)).scalars())


class DatabaseContract:
    def test_a_write_is_read_by_everybody_once_it_returned(self, database: Database) -> None:
        assert database.write(lambda connection: put(connection, "a")) == "a"
        assert names(database) == ["a"]

    def test_a_submitted_write_is_durable_once_its_future_is_done(self, database: Database) -> None:
        futures = [database.submit(lambda connection, n=n: put(connection, f"{n:03}")) for n in range(300)]
        assert [future.result(20) for future in futures] == [f"{n:03}" for n in range(300)]
        assert len(names(database)) == 300

    def test_what_a_write_raises_undoes_it_alone(self, database: Database) -> None:
        def fails(connection: Connection) -> None:
            put(connection, "lost")
            raise LookupError("mine")

        before, bad, after = (
            database.submit(lambda c: put(c, "a")),
            database.submit(fails),
            database.submit(lambda c: put(c, "b")),
        )
        assert (before.result(20), after.result(20)) == ("a", "b")
        with pytest.raises(LookupError, match="mine"):
            bad.result(20)
        assert names(database) == ["a", "b"]

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
    def test_whatever_ends_a_write_goes_to_its_caller_and_the_database_goes_on(
        self, database: Database, kind: type[BaseException]
    ) -> None:
        def ends(connection: Connection) -> None:
            put(connection, "lost")
            raise kind

        with pytest.raises(kind):
            database.write(ends)
        database.write(lambda connection: put(connection, "kept"))
        assert names(database) == ["kept"]

    def test_a_broken_rule_of_a_table_is_told_as_such(self, database: Database) -> None:
        database.write(lambda connection: put(connection, "a"))
        with pytest.raises(IntegrityError, match=r"(?i)unique"):
            database.write(lambda connection: put(connection, "a"))

    def test_what_was_to_be_written_is_in_no_error_and_so_in_no_log(self, database: Database) -> None:
        secret = str(uuid4())

        def twice(connection: Connection) -> None:
            put(connection, "a", secret)
            put(connection, "a", secret)

        with pytest.raises(IntegrityError) as caught:
            database.write(twice)
        assert secret not in "".join(traceback.format_exception(caught.value))

    def test_a_reading_cannot_write(self, database: Database) -> None:
        with pytest.raises((StorageError, IntegrityError), match=r"(?i)read.?only"), database.reading() as connection:
            put(connection, "a")
        assert names(database) == []

    def test_a_write_inside_a_write_is_refused(self, database: Database) -> None:
        with pytest.raises(RefusedError, match="nested-write"):
            database.write(lambda _: database.write(lambda connection: put(connection, "a")))
        assert names(database) == []

    def test_threads_that_add_to_one_number_lose_nothing(self, database: Database) -> None:
        database.write(lambda connection: put(connection, "n", "0"))
        add = settings.update().where(settings.c.name == "n").values(value=_one_more(database))
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: database.write(lambda connection: connection.execute(add).rowcount), range(100)))
        with database.reading(fresh=True) as connection:
            assert connection.execute(select(settings.c.value).where(OURS)).scalar_one() == "100"

    def test_a_lock_lets_one_in_and_turns_the_others_away_in_time(self, database: Database) -> None:
        inside: list[int] = []
        most: list[int] = []

        def visit(number: int) -> None:
            with database.exclusive("stream/1", 20):
                inside.append(number)
                most.append(len(inside))
                database.write(lambda connection: put(connection, str(number)))
                inside.remove(number)

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(visit, range(32)))
        assert max(most) == 1
        assert len(names(database)) == 32

    def test_a_lock_that_is_held_is_told_by_name(self, database: Database) -> None:
        entered, leave = threading.Event(), threading.Event()

        def hold() -> None:
            with database.exclusive("stream/1", 20):
                entered.set()
                assert leave.wait(20)

        holder = threading.Thread(target=hold)
        holder.start()
        assert entered.wait(20)
        with (
            pytest.raises(HomeLockedError, match=r"stream/1 is being written.*waited 0\.05 s"),
            database.exclusive("stream/1", 0.05),
        ):
            pytest.fail("two hold it")
        with database.exclusive("stream/2", 0.05):
            pass
        leave.set()
        holder.join()
        with database.exclusive("stream/1", 20):
            pass

    def test_a_lock_is_free_after_its_block_failed(self, database: Database) -> None:
        with pytest.raises(LookupError), database.exclusive("stream/1", 20):
            raise LookupError
        with database.exclusive("stream/1", 0.05):
            pass

    def test_what_was_submitted_is_done_before_the_end_and_nothing_is_taken_after_it(self, database: Database) -> None:
        futures = [database.submit(lambda connection, n=n: put(connection, str(n))) for n in range(50)]
        database.close()
        assert sorted(future.result(0) for future in futures) == sorted(str(n) for n in range(50))
        database.close()
        for act in (
            lambda: database.write(lambda connection: put(connection, "late")),
            lambda: database.submit(lambda connection: put(connection, "late")),
            database.check,
            lambda: database.exclusive("a", 1).__enter__(),
        ):
            with pytest.raises(StorageError, match="closed"):
                act()

    def test_nobody_waits_for_ever_when_it_is_closed_under_him(self, database: Database) -> None:
        told: list[str] = []

        def write(number: int) -> None:
            try:
                database.write(lambda connection: put(connection, str(number)))
                told.append("done")
            except StorageError:
                told.append("refused")

        with ThreadPoolExecutor(8) as pool:
            results = [pool.submit(write, number) for number in range(200)]
            results[20].result(20)
            database.close()
            for result in results:
                result.result(20)
        assert len(told) == 200

    def test_queries_are_counted(self, database: Database) -> None:
        with counting_queries(database) as queries:
            database.check()
            database.write(lambda connection: put(connection, "a"))
            with database.reading() as connection:
                connection.execute(select(func.count()).select_from(settings))
                connection.execute(text("SELECT 1"))
        assert len(queries) == 4
        database.check()
        assert len(queries) == 4


class ContractOfSeparateReaders(DatabaseContract):
    def test_a_reading_does_not_see_what_was_written_later_in_a_transaction_that_failed(
        self, database: Database
    ) -> None:
        entered, leave = threading.Event(), threading.Event()

        def slow(connection: Connection) -> None:
            put(connection, "a")
            entered.set()
            assert leave.wait(20)
            raise LookupError

        future = database.submit(slow)
        assert entered.wait(20)
        assert names(database) == []
        leave.set()
        assert isinstance(future.exception(20), LookupError)
        assert names(database) == []


def _one_more(database: Database) -> object:
    return text("CAST(CAST(value AS INTEGER) + 1 AS TEXT)")
