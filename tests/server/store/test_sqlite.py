"""SQLite: the promises of a database, group commit, and what goes wrong with files."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from optionix_core.errors import HomeLockedError, IntegrityError, StorageError
from optionix_core.market.clock import ManualClock
from server.store.database import Database
from server.store.sqlite import SqliteDatabase
from server.store.tables import metadata
from tests.server.conftest import Backend
from tests.server.store.database_contract import ContractOfSeparateReaders, DatabaseContract, names, put


class TestFile(ContractOfSeparateReaders):
    @pytest.fixture
    def database(self, sqlite_backend: Backend) -> Iterator[Database]:
        opened = sqlite_backend.open()
        yield opened
        opened.close()


class TestMemory(DatabaseContract):
    @pytest.fixture
    def database(self) -> Iterator[Database]:
        opened = SqliteDatabase(None)
        opened.write(metadata.create_all)
        yield opened
        opened.close()

    def test_a_reading_cannot_write_though_a_write_stands_inside_it(self, database: Database) -> None:
        with database.reading() as connection:
            database.write(lambda c: put(c, "a"))
            with pytest.raises(Exception, match="readonly"):
                put(connection, "b")
        assert names(database) == ["a"]


@pytest.fixture
def file(sqlite_backend: Backend) -> Iterator[SqliteDatabase]:
    opened = SqliteDatabase(sqlite_backend.folder / "server.db")
    yield opened
    opened.close()


def _commits(database: SqliteDatabase) -> list[str]:
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement == "COMMIT":
            found.append(statement)

    event.listen(database._writer, "before_cursor_execute", note)
    return found


def _held(database: SqliteDatabase) -> tuple[threading.Event, Any]:
    """Keep the writer busy until the event is set."""
    entered, leave = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        entered.set()
        assert leave.wait(20)

    future = database.submit(hold)
    assert entered.wait(20)
    return leave, future


def test_what_waits_together_shares_a_commit(file: SqliteDatabase) -> None:
    leave, held = _held(file)
    commits = _commits(file)
    futures = [file.submit(lambda connection, n=n: put(connection, str(n))) for n in range(100)]
    leave.set()
    for future in futures:
        future.result(20)
    assert held.result(20) is None
    assert len(commits) <= 2


def test_nothing_is_acknowledged_before_the_commit(file: SqliteDatabase) -> None:
    leave, _ = _held(file)
    done: list[bool] = []
    future = file.submit(lambda connection: put(connection, "a"))

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement == "COMMIT":
            done.append(future.done())

    event.listen(file._writer, "before_cursor_execute", note)
    leave.set()
    future.result(20)
    assert done
    assert not any(done)


def test_who_gave_up_is_not_written(file: SqliteDatabase) -> None:
    leave, _ = _held(file)
    given_up = file.submit(lambda connection: put(connection, "a"))
    kept = file.submit(lambda connection: put(connection, "b"))
    assert given_up.cancel()
    leave.set()
    assert kept.result(20) == "b"
    assert names(file) == ["b"]


def test_a_full_disk_is_told_to_all_who_share_the_commit_and_room_lets_it_go_on(file: SqliteDatabase) -> None:
    def limit(pages: int) -> int:
        with file._writer.connect() as connection:
            return int(connection.exec_driver_sql(f"PRAGMA max_page_count={pages}").scalar_one())

    file.write(lambda connection: put(connection, "first"))
    leave, _ = _held(file)
    small = file.submit(lambda connection: put(connection, "small"))
    big = file.submit(lambda connection: put(connection, "big", "x" * 4_000_000))
    after = file.submit(lambda connection: put(connection, "after"))
    leave.set()
    for future in (small, big, after):
        future.result(20)
    used = limit(1)  # no less than what is used already
    leave, _ = _held(file)
    small = file.submit(lambda connection: put(connection, "second"))
    big = file.submit(lambda connection: put(connection, "too big", "x" * 4_000_000))
    leave.set()
    with pytest.raises(StorageError, match="full"):
        big.result(20)
    told = small.exception(20)
    assert told is None or isinstance(told, StorageError)
    limit(used * 10)
    file.write(lambda connection: put(connection, "later"))
    kept = {"first", "small", "big", "after", "later"} | ({"second"} if told is None else set())
    assert set(names(file)) == kept


def test_a_writer_that_dies_leaves_nobody_waiting(file: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(_: object) -> None:
        raise MemoryError

    leave, held = _held(file)
    monkeypatch.setattr(file, "_commit", dies)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    waiting = [file.submit(lambda connection, n=n: put(connection, str(n))) for n in range(600)]
    leave.set()
    held.result(20)
    file._thread.join(20)  # type: ignore[union-attr]
    rest = [future for future in waiting if future.done()]
    assert len(rest) == 600
    for future in rest:
        with pytest.raises(StorageError, match=r"writer .* ended"):
            future.result(0)
    with pytest.raises(StorageError, match="ended"):
        file.write(lambda connection: put(connection, "late"))


def test_a_second_server_on_the_file_is_refused_by_name(file: SqliteDatabase, sqlite_backend: Backend) -> None:
    path = sqlite_backend.folder / "server.db"
    clock = ManualClock(datetime(2026, 3, 2, tzinfo=UTC))
    with pytest.raises(HomeLockedError, match=f"server.db is being written by process {os.getpid()} .*database"):
        SqliteDatabase(path, clock)
    file.close()
    SqliteDatabase(path, clock).close()


def test_the_lock_is_given_back_whichever_thread_closes(sqlite_backend: Backend) -> None:
    path = sqlite_backend.folder / "server.db"
    opened = SqliteDatabase(path)
    thread = threading.Thread(target=opened.close)
    thread.start()
    thread.join()
    SqliteDatabase(path).close()


def test_a_file_that_is_no_database_is_told_as_damaged(tmp_path: Path) -> None:
    path = tmp_path / "server.db"
    path.write_bytes(b"not a database, though long enough to be one" * 100)
    opened = SqliteDatabase(path)
    with pytest.raises(IntegrityError, match=r"server\.db is damaged"):
        opened.write(lambda connection: put(connection, "a"))
    opened.close()


@pytest.mark.fault
def test_what_was_acknowledged_outlives_a_kill(sqlite_backend: Backend) -> None:
    script = (
        "import sys, pathlib\n"
        "from server.store.sqlite import SqliteDatabase\n"
        "from tests.server.store.database_contract import put\n"
        "database = SqliteDatabase(pathlib.Path(sys.argv[1]))\n"
        "for n in range(100000):\n"
        "    print(database.write(lambda connection: put(connection, f'{n:06}')), flush=True)\n"
    )
    path = sqlite_backend.folder / "server.db"
    with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline().strip() for _ in range(50)]
        process.kill()
        told += [line.strip() for line in process.stdout.read().split("\n") if len(line) == 6]
    opened = SqliteDatabase(path)
    kept = names(opened)
    opened.close()
    assert kept[: len(told)] == told
    assert len(kept) <= len(told) + 1
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
