from __future__ import annotations

from pathlib import Path

import pytest

from optionix_core.errors import IntegrityError, StorageError
from optionix_core.market.clock import ManualClock, SystemClock
from optionix_core.storage import durable, head_file, open_store, schema, tables
from optionix_core.storage.home_lock import HomeLock
from optionix_core.storage.intruder import writer_of
from optionix_core.sync.event import EMPTY_HEAD, Head
from optionix_core.sync.follower import Follower


def test_a_head_comes_back_from_its_one_line(tmp_path: Path) -> None:
    path = tmp_path / "optionix.head"
    assert head_file.read(path) is None
    for head in (EMPTY_HEAD, Head(12, bytes(range(32)))):
        head_file.write(path, head)
        assert head_file.read(path) == head
    assert path.read_bytes() == b"optionix-head 1 12 " + bytes(range(32)).hex().encode() + b"\n"
    assert [each.name for each in tmp_path.iterdir()] == ["optionix.head"]


@pytest.mark.parametrize(
    "line", [b"", b"optionix-head 2 1 " + b"0" * 64 + b"\n", b"optionix-head 1 -1 " + b"0" * 64 + b"\n", b"\xff" * 80]
)
def test_a_head_of_another_form_is_refused(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "optionix.head").write_bytes(line)
    with pytest.raises(IntegrityError, match="not a head"):
        head_file.read(tmp_path / "optionix.head")


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="could not be written"):
        durable.replace(tmp_path / "folder", b"x")
    with pytest.raises(StorageError, match="could not be written"):
        durable.replace(tmp_path / "nowhere" / "file", b"x")
    with pytest.raises(StorageError, match="could not be read"):
        head_file.read(tmp_path / "folder")


def test_the_lock_says_who_holds_it_while_it_is_held(tmp_path: Path) -> None:
    lock = HomeLock(tmp_path, SystemClock())
    assert lock.holder() is None
    with lock.held("buy", 1.0):
        assert lock.held_here
        holder = lock.holder()
        assert holder is not None
        assert holder.purpose == "buy"
    assert not lock.held_here
    assert lock.holder() is None


def test_nobody_is_named_where_nobody_writes(tmp_path: Path) -> None:
    assert writer_of(tmp_path / "optionix.db") is None
    schema.create(tmp_path / "optionix.db", "2026-01-16T14:30:00.000000Z")
    assert writer_of(tmp_path / "optionix.db") is None


def test_the_insert_trigger_asks_the_writers_function() -> None:
    assert f"WHERE NOT {tables.LOCK_FUNCTION}();" in tables.TRIGGERS["events_insert_by_lock_holder"]


def test_a_closed_store_may_be_used_again(tmp_path: Path) -> None:
    store = open_store(tmp_path / "data", ManualClock(SystemClock().now()))
    with store.writing("first"):
        pass
    device = store.device()
    assert device is not None
    assert len(device) == 32
    store.close()
    store.close()
    assert store.device() == device
    assert Follower(store).poll() == ()
    store.close()


def test_a_home_stays_where_it_was_opened_when_the_process_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store(Path("data"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with store.writing("first"):
        pass
    store.close()
    assert (tmp_path / "data" / "optionix.db").exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []
