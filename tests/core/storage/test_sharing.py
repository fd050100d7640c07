"""Several processes share one home: writers take turns, readers follow, strangers are refused."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from optionix_core.errors import DeadlineError, HomeLockedError, RefusedError, StorageError
from optionix_core.storage import SqliteEventStore, log_writer, open_store
from optionix_core.sync.event import EMPTY_HEAD, Event, Verification
from optionix_core.sync.follower import Follower

Worker = Callable[..., "subprocess.Popen[str]"]
NumberedEvent = Callable[[int], Event]

HOLDER = """
import sys
from pathlib import Path
from optionix_core.storage import open_store
with open_store(Path(sys.argv[1])).writing("venue run"):
    print("held", flush=True)
    sys.stdin.read()
"""

INTRUDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("in", flush=True)
sys.stdin.read()
"""


def test_processes_that_make_the_home_at_once_lose_nothing(folder: Path, worker: Worker) -> None:
    started = [worker(name, turns=15) for name in ("a", "b", "c")]
    answers = [process.communicate(timeout=60) for process in started]
    assert [error for _, error in answers] == ["", "", ""]
    acknowledged = {line for out, _ in answers for line in out.split() if line != "ready"}
    store = open_store(folder)
    assert store.verify() == Verification(store.head(), 45, 0)
    assert {record.event.id for record in store.read()} == acknowledged
    assert [record.seq for record in store.read()] == list(range(1, 46))
    with closing(open_store(folder)) as other:
        assert store.device() == other.device() is not None
    store.close()


def test_a_read_of_a_home_that_does_not_exist_creates_nothing(folder: Path) -> None:
    store = open_store(folder)
    assert store.head() == EMPTY_HEAD
    assert list(store.read()) == []
    assert store.find("e-1") is None
    assert store.device() is None
    assert store.verify() == Verification(EMPTY_HEAD, 0, 0)
    store.close()
    assert not folder.exists()


def test_a_follower_that_began_before_the_home_sees_another_process_within_a_second(
    folder: Path, worker: Worker
) -> None:
    store = open_store(folder)
    follower = Follower(store)
    process = worker("late", turns=3)
    assert process.stdout is not None
    seen: set[str] = set()
    for line in process.stdout:
        if line.strip() == "ready":
            continue
        acknowledged = time.monotonic()
        while line.strip() not in seen and time.monotonic() - acknowledged < 1.0:
            seen.update(record.event.id for record in follower.poll())
        assert line.strip() in seen
    assert follower.seq == 3
    store.close()


def test_who_waits_is_told_which_process_holds_the_lock_and_since_when(folder: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "held"
        waiting = open_store(folder)
        with pytest.raises(HomeLockedError) as caught, waiting.writing("buy", timeout=0.1):
            pass
        message = str(caught.value)
        assert f"process {holder.pid} on " in message
        assert "(venue run, since 20" in message
        assert message.endswith("waited 0.1 s")
        assert waiting.head() == EMPTY_HEAD
        waiting.close()
    finally:
        holder.kill()
        holder.communicate()
    after = open_store(folder)
    with after.writing("buy", timeout=5.0):
        pass
    after.close()


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("INSERT INTO events VALUES (2, 'x', x'7b7d', zeroblob(32))", "optionix_home_lock_is_held"),
        ("INSERT OR REPLACE INTO events VALUES (1, 'x', x'7b7d', zeroblob(32))", "optionix_home_lock_is_held"),
        ("UPDATE events SET data = x'7b7d'", "append-only: no update"),
        ("DELETE FROM events", "append-only: no deletion"),
    ],
)
def test_another_client_of_sqlite_may_not_write_events(
    store: SqliteEventStore, numbered: NumberedEvent, statement: str, why: str
) -> None:
    with store.writing("filling") as writer:
        writer.append([numbered(1)])
    with closing(sqlite3.connect(store.database)) as client, pytest.raises(sqlite3.Error, match=why):
        client.execute(statement)
    assert store.verify().events == 1


def test_the_writers_own_connection_may_not_skip_a_number_or_write_from_elsewhere(
    store: SqliteEventStore, numbered: NumberedEvent
) -> None:
    with store.writing("filling") as writer:
        writer.append([numbered(1)])
        inner = writer._connection
        with pytest.raises(Exception, match="numbered without gaps"):
            inner.exec_driver_sql("INSERT INTO events VALUES (3, 'x', x'7b7d', zeroblob(32))")
        store._lock._owner = -1
        with pytest.raises(Exception, match="only while the home lock is held"):
            inner.exec_driver_sql("INSERT INTO events VALUES (2, 'x', x'7b7d', zeroblob(32))")


def test_a_writer_without_the_lock_is_named(
    store: SqliteEventStore, numbered: NumberedEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.writing("filling") as writer:
        writer.append([numbered(1)])
    monkeypatch.setattr("optionix_core.storage.connections.WRITER_WAIT", 0.05)
    intruder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            INTRUDER,
            str(store.database),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert intruder.stdout is not None
        assert intruder.stdout.readline().strip() == "in"
        with pytest.raises(HomeLockedError, match="does not hold the home's lock") as caught, store.writing("buy"):
            pass
        assert str(store.database) in str(caught.value)
        if sys.platform == "linux":
            assert f"process {intruder.pid} (python" in str(caught.value)
        assert store.head().seq == 1
    finally:
        intruder.kill()
        intruder.communicate()
    with store.writing("buy") as writer:
        assert writer.append([numbered(2)])[0].seq == 2


def test_readers_are_read_only(store: SqliteEventStore, numbered: NumberedEvent) -> None:
    with store.writing("filling") as writer:
        writer.append([numbered(1)])
    with store._reading() as connection:
        assert connection is not None
        connection.exec_driver_sql("PRAGMA query_only=OFF")
        with pytest.raises(Exception, match="readonly"):
            connection.exec_driver_sql("DELETE FROM fold_checkpoints")


def test_readers_never_checkpoint_and_the_last_writer_leaves_one_file(folder: Path, numbered: NumberedEvent) -> None:
    store, reader = open_store(folder), open_store(folder)
    with store.writing("filling") as writer:
        writer.append([numbered(1)])
    database, log = folder / "optionix.db", folder / "optionix.db-wal"
    untouched, pending = database.read_bytes(), log.read_bytes()
    assert pending
    assert reader.head().seq == 1
    reader.close()
    assert (database.read_bytes(), log.read_bytes()) == (untouched, pending)
    store.close()
    assert database.read_bytes() != untouched
    assert sorted(path.name for path in folder.iterdir()) == ["home.lock", "optionix.db", "optionix.head"]
    again = open_store(folder)
    assert again.verify().events == 1
    again.close()


def test_a_long_write_keeps_the_write_ahead_log_small(
    store: SqliteEventStore, numbered: NumberedEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_writer, "CHECKPOINT_BYTES", 64 << 10)
    log = store.database.with_name("optionix.db-wal")
    with store.writing("filling") as writer:
        for number in range(1, 101):
            writer.append([numbered(number)])
            assert log.stat().st_size <= 96 << 10
    assert store.verify().events == 100


def test_a_reader_in_the_middle_does_not_stop_a_writer(store: SqliteEventStore, numbered: NumberedEvent) -> None:
    with store.writing("filling") as writer:
        writer.append([numbered(number) for number in range(1, 1_501)])
    half = store.read()
    assert [next(half).seq for _ in range(3)] == [1, 2, 3]
    with store.writing("more") as writer:
        writer.append([numbered(1_501)])
    assert [record.seq for record in half][-1] == 1_501


def test_the_lock_is_given_back_when_closing_meets_another_writer(folder: Path, numbered: NumberedEvent) -> None:
    one, other = open_store(folder), open_store(folder)
    with one.writing("filling") as writer:
        writer.append([numbered(1)])
    with other.writing("filling") as writer:
        one.close()
        writer.append([numbered(2)])
    other.close()
    store = open_store(folder)
    assert store.verify().events == 2
    store.close()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="file modes bind neither root nor Windows")
def test_a_home_that_may_not_be_written_is_refused(folder: Path) -> None:
    folder.parent.mkdir()
    folder.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(StorageError), open_store(folder).writing("buy"):
        pass
    folder.parent.chmod(stat.S_IRWXU)


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(StorageError, match="could not be made"), open_store(tmp_path / "data").writing("buy"):
        pass


def test_errors_keep_to_the_tree() -> None:
    assert issubclass(HomeLockedError, DeadlineError)
    assert (HomeLockedError.exit_code, StorageError.exit_code, RefusedError.exit_code) == (4, 1, 5)
