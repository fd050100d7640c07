"""Whatever is done to the files behind the log's back is found, with the first bad sequence where it has one."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optionix_core.errors import IntegrityError, OptionixError
from optionix_core.storage import head_file, open_store
from optionix_core.storage.tables import TRIGGERS
from optionix_core.sync.checkpoints import FoldCheckpoint
from optionix_core.sync.event import EMPTY_HEAD, Event, Head, Record

NumberedEvent = Callable[[int], Event]
COUNT = 30


@pytest.fixture
def full(folder: Path, numbered: NumberedEvent) -> Path:
    """A home with 30 events and nothing open."""
    store = open_store(folder)
    with store.writing("filling") as writer:
        writer.append([numbered(number) for number in range(1, COUNT + 1)])
    store.close()
    return folder


@contextmanager
def tampering(folder: Path) -> Iterator[sqlite3.Connection]:
    """A hand that knows SQLite: it takes the triggers off and puts them back."""
    with closing(sqlite3.connect(folder / "optionix.db", isolation_level=None)) as hand:
        for name in TRIGGERS:
            hand.execute(f"DROP TRIGGER {name}")
        yield hand
        for statement in TRIGGERS.values():
            hand.execute(statement)


def first_bad(folder: Path) -> int | None:
    store = open_store(folder)
    try:
        with pytest.raises(IntegrityError) as caught:
            store.verify()
    finally:
        store.close()
    return caught.value.seq


def write_is_refused(folder: Path) -> bool:
    store = open_store(folder)
    try:
        with pytest.raises(IntegrityError), store.writing("after tampering"):
            pass
    finally:
        store.close()
    return True


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE events SET data = replace(data, '7.25', '7.26') WHERE seq = 7", 7),
        ("UPDATE events SET data = CAST(replace(data, '7.25', '7.26') AS BLOB) WHERE seq = 7", 7),
        ("UPDATE events SET hash = zeroblob(32) WHERE seq = 7", 7),
        ("UPDATE events SET id = 'e-999' WHERE seq = 7", 7),
        ("DELETE FROM events WHERE seq = 7", 7),
        ("DELETE FROM events WHERE seq = 1", 1),
        ("DELETE FROM events WHERE seq = 30", 30),
        ("DELETE FROM events WHERE seq > 21", 22),
        ("DELETE FROM events", 1),
        ("UPDATE events SET seq = CASE seq WHEN 7 THEN 1012 ELSE 1007 END WHERE seq IN (7, 12)", 7),
        ("INSERT INTO events SELECT 31, 'copy', data, hash FROM events WHERE seq = 7", 31),
        ("INSERT INTO events SELECT 0, 'copy', data, hash FROM events WHERE seq = 7", 0),
    ],
)
def test_an_altered_removed_swapped_inserted_or_cut_event_is_named(full: Path, statement: str, seq: int) -> None:
    with tampering(full) as hand:
        hand.execute("PRAGMA ignore_check_constraints=ON")
        hand.execute(statement)
        hand.execute("UPDATE events SET seq = seq - 1000 WHERE seq > 1000")
    assert first_bad(full) == seq


def test_reading_stops_at_the_first_event_that_is_not_its_own(full: Path) -> None:
    with tampering(full) as hand:
        hand.execute("UPDATE events SET data = CAST(replace(data, '7.25', '7.26') AS BLOB) WHERE seq = 7")
    store = open_store(full)
    seen: list[Record] = []
    with pytest.raises(IntegrityError, match="sequence 7"):
        seen.extend(iter(store.read()))
    assert [record.seq for record in store.read(limit=6)] == [1, 2, 3, 4, 5, 6]
    with pytest.raises(IntegrityError, match="sequence 7"):
        store.find("e-7")
    store.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 2**31), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_in_the_file_is_found_or_changes_no_event(full: Path, place: int, bit: int) -> None:
    database = full / "optionix.db"
    whole = database.read_bytes()
    before = records(full)
    spoiled = bytearray(whole)
    spoiled[place % len(whole)] ^= 1 << bit
    database.write_bytes(spoiled)
    try:
        assert records(full) in (None, before)
    finally:
        for beside in ("-wal", "-shm"):
            (full / f"optionix.db{beside}").unlink(missing_ok=True)
        database.write_bytes(whole)


def records(folder: Path) -> list[Record] | None:
    """The verified events; None where a check found damage."""
    store = open_store(folder)
    try:
        store.verify()
        return list(store.read())
    except OptionixError:
        return None
    finally:
        store.close()


def test_an_older_copy_of_the_database_is_found(full: Path, numbered: NumberedEvent, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(full / "optionix.db", copy)
    store = open_store(full)
    with store.writing("more") as writer:
        writer.append([numbered(31), numbered(32)])
    store.close()
    shutil.copy(copy, full / "optionix.db")
    assert first_bad(full) == 31
    assert write_is_refused(full)


def test_a_cut_tail_stops_the_next_write_too(full: Path) -> None:
    with tampering(full) as hand:
        hand.execute("DELETE FROM events WHERE seq > 28")
    assert first_bad(full) == 29
    assert write_is_refused(full)


@pytest.mark.parametrize("head", [Head(31, bytes(32)), Head(30, bytes(32)), Head(12, b"\x07" * 32)])
def test_a_head_outside_that_does_not_fit_is_found(full: Path, head: Head) -> None:
    head_file.write(full / "optionix.head", head)
    assert first_bad(full) == (31 if head.seq == 31 else head.seq)
    assert write_is_refused(full)


@pytest.mark.parametrize("line", [b"", b"optionix-head 1 30 xyz\n", b"optionix-head 1 030 " + b"0" * 64 + b"\n"])
def test_a_head_outside_that_nobody_wrote_is_found(full: Path, line: bytes) -> None:
    (full / "optionix.head").write_bytes(line)
    assert first_bad(full) is None
    assert write_is_refused(full)


def test_a_removed_head_or_database_is_found(full: Path, tmp_path: Path) -> None:
    (full / "optionix.head").rename(tmp_path / "head")
    assert first_bad(full) is None
    assert write_is_refused(full)
    (tmp_path / "head").rename(full / "optionix.head")
    (full / "optionix.db").unlink()
    assert first_bad(full) == 1
    assert write_is_refused(full)
    store = open_store(full)
    with pytest.raises(IntegrityError, match="missing"):
        store.head()


def test_events_that_a_forger_put_behind_the_head_are_checked_before_they_are_taken_in(full: Path) -> None:
    with tampering(full) as hand:
        hand.execute("INSERT INTO events SELECT 31, 'forged', data, hash FROM events WHERE seq = 7")
    assert write_is_refused(full)


@pytest.mark.parametrize(
    "statements",
    [
        ("DROP TRIGGER events_never_update",),
        (
            "DROP TRIGGER events_never_update",
            "CREATE TRIGGER events_never_update BEFORE UPDATE ON events BEGIN SELECT 1; END",
        ),
        ("CREATE TRIGGER stranger AFTER INSERT ON events BEGIN SELECT 1; END",),
    ],
)
def test_missing_changed_and_foreign_triggers_are_found(full: Path, statements: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(full / "optionix.db", isolation_level=None)) as hand:
        for statement in statements:
            hand.execute(statement)
    store = open_store(full)
    with pytest.raises(IntegrityError, match="trigger"):
        store.verify()
    store.close()


def test_a_file_that_is_no_database_of_ours_is_refused(folder: Path) -> None:
    folder.mkdir(parents=True)
    head_file.write(folder / "optionix.head", EMPTY_HEAD)
    (folder / "optionix.db").write_bytes(b"not a database" * 100)
    assert first_bad(folder) is None
    (folder / "optionix.db").unlink()
    with closing(sqlite3.connect(folder / "optionix.db")) as other:
        other.execute("CREATE TABLE events(seq)")
    assert first_bad(folder) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE fold_checkpoints SET state = X'7B7D'",
        "UPDATE fold_checkpoints SET seq = 29",
        "UPDATE fold_checkpoints SET hash = zeroblob(32)",
        "UPDATE fold_checkpoints SET state = 'text'",
    ],
)
def test_a_checkpoint_that_does_not_fit_is_not_handed_out(full: Path, statement: str) -> None:
    store = open_store(full)
    with store.writing("checkpoint") as writer:
        writer.save_checkpoint(FoldCheckpoint("positions-1", writer.head(), b'{"cash":"100"}'))
    assert store.load_checkpoint("positions-1") is not None
    with closing(sqlite3.connect(full / "optionix.db", isolation_level=None)) as hand:
        hand.execute(statement)
    assert store.load_checkpoint("positions-1") is None
    store.close()
