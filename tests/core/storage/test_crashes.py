"""A process that dies anywhere loses nothing that was acknowledged, and leaves a log that goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from optionix_core.errors import StorageError
from optionix_core.storage import SqliteEventStore, head_file, open_store
from optionix_core.sync.event import EMPTY_HEAD, Event

Worker = Callable[..., "subprocess.Popen[str]"]
NumberedEvent = Callable[[int], Event]

pytestmark = pytest.mark.fault
KILLED = 9 if os.name == "nt" else -signal.Signals["SIGKILL"].value


def acknowledged(process: subprocess.Popen[str]) -> set[str]:
    out, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (KILLED, "")
    return {line for line in out.split() if line != "ready"}


def ids(store: SqliteEventStore) -> list[str]:
    return [record.event.id for record in store.read()]


def test_a_crash_inside_the_transaction_leaves_what_was_before(folder: Path, worker: Worker) -> None:
    done = acknowledged(worker("a", turns=5, batch=3, fault="inside-transaction:3"))
    store = open_store(folder)
    assert set(ids(store)) == done == {f"a-{turn}-{row}" for turn in (0, 1) for row in range(3)}
    assert store.verify().unacknowledged == 0
    with store.writing("retry") as writer:
        assert writer.head() == head_file.read(folder / "optionix.head")
    store.close()


def test_a_crash_after_the_commit_keeps_the_events_and_the_next_write_repairs_the_head(
    folder: Path, worker: Worker, numbered: NumberedEvent
) -> None:
    done = acknowledged(worker("a", turns=5, batch=3, fault="after-commit:3"))
    store = open_store(folder)
    assert len(done) == 6
    assert len(ids(store)) == 9
    outside = head_file.read(folder / "optionix.head")
    assert outside is not None
    assert outside.seq == 6
    verification = store.verify()
    assert (verification.events, verification.unacknowledged) == (9, 3)
    unacknowledged = next(iter(store.read(after=6))).event
    with store.writing("retry") as writer:
        assert head_file.read(folder / "optionix.head") == writer.head() == store.head()
        assert writer.append([unacknowledged])[0].seq == 7
        assert writer.append([numbered(1)])[0].seq == 10
    assert store.verify().unacknowledged == 0
    store.close()


def test_a_crash_at_the_very_first_commit_leaves_a_home_that_goes_on(
    folder: Path, worker: Worker, numbered: NumberedEvent
) -> None:
    assert acknowledged(worker("a", turns=1, fault="after-commit")) == set()
    assert head_file.read(folder / "optionix.head") == EMPTY_HEAD
    store = open_store(folder)
    assert (store.verify().events, store.verify().unacknowledged) == (1, 1)
    with store.writing("next") as writer:
        assert writer.append([numbered(1)])[0].seq == 2
    store.close()


def test_a_crash_between_head_and_database_of_a_new_home_leaves_an_empty_home(
    folder: Path, numbered: NumberedEvent
) -> None:
    folder.mkdir(parents=True)
    head_file.write(folder / "optionix.head", EMPTY_HEAD)
    for leftover in ("optionix.db.new", "optionix.db.new-wal", "optionix.db-wal", "optionix.head.new"):
        (folder / leftover).write_bytes(b"half of something")
    store = open_store(folder)
    assert store.verify().events == 0
    with store.writing("first") as writer:
        assert writer.append([numbered(1)])[0].seq == 1
    assert store.verify().events == 1
    store.close()


def test_kills_at_random_moments_lose_nothing_acknowledged(folder: Path, worker: Worker) -> None:
    generator = random.Random(20260116)
    done: set[str] = set()
    for turn in range(6):
        process = worker(f"w{turn}", turns=100_000, batch=1 + turn % 3)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        first = process.stdout.readline().strip()
        deadline = time.monotonic() + generator.uniform(0.0, 0.05)
        while time.monotonic() < deadline:
            pass
        process.kill()
        done |= acknowledged(process) | {first}
        store = open_store(folder)
        verification = store.verify()
        stored = ids(store)
        assert done <= set(stored)
        assert len(stored) == len(set(stored)) == verification.events
        assert verification.unacknowledged <= 3
        store.close()
    store = open_store(folder)
    with store.writing("after all") as writer:
        assert writer.head() == head_file.read(folder / "optionix.head")
    assert store.verify().unacknowledged == 0
    store.close()


def test_a_head_that_could_not_be_written_is_not_acknowledged_and_stops_the_writer(
    store: SqliteEventStore, numbered: NumberedEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.writing("filling") as writer:
        writer.append([numbered(1)])
    with monkeypatch.context() as patch:

        def full(_descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr("optionix_core.storage.durable.sync", full)
        with store.writing("full") as writer:
            with pytest.raises(StorageError, match="No space left"):
                writer.append([numbered(2)])
            with pytest.raises(Exception, match="after it failed"):
                writer.append([numbered(3)])
    assert store.verify().unacknowledged == 1
    with store.writing("again") as writer:
        assert writer.append([numbered(2)])[0].seq == 2
    assert (store.verify().events, store.verify().unacknowledged) == (2, 0)
