"""Examining a home: healthy when fresh, honest when broken, and never changed by the look."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from optionix_core.market.clock import ManualClock
from optionix_core.services import doctor, trading
from optionix_core.services.doctor import Finding, State
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


def found(home: HomeFolders, subject: str, now: datetime = NOW) -> Finding:
    return next(item for item in doctor.examine(home, now) if item.subject == subject)


@pytest.fixture
def home(tmp_path: Path) -> HomeFolders:
    return HomeFolders.of(tmp_path / "home")


@pytest.fixture
def traded(home: HomeFolders) -> HomeFolders:
    """A home with one order in its log."""
    with Workspace.open(home, clock=ManualClock(NOW)) as workspace:
        assert trading.submit(workspace, "buy", 1, "ORBIT 15JAN27 200 C").fills
    return home


def test_a_fresh_home_is_healthy_and_stays_untouched(home: HomeFolders) -> None:
    findings = doctor.examine(home, NOW)
    subjects = ["engine", "kernels", "sessions", "home", "database", "chain", "server", "clock"]
    assert [item.subject for item in findings] == subjects
    assert doctor.worst(findings) in (State.NOT_CONFIGURED, State.ATTENTION)
    assert found(home, "database") == Finding("database", State.NOT_CONFIGURED, "empty: nothing has been written yet")
    assert not home.data.parent.exists()


def test_a_log_that_verifies_is_told_with_its_length(traded: HomeFolders) -> None:
    before = {path: path.stat().st_mtime_ns for path in traded.data.iterdir() if path.suffix == ".db"}
    database = found(traded, "database")
    assert (database.state, database.detail) == (State.OK, "4 events, verified: hash chain, head and structure")
    assert before == {path: path.stat().st_mtime_ns for path in traded.data.iterdir() if path.suffix == ".db"}


def test_a_changed_entry_is_named_and_the_rest_still_examined(traded: HomeFolders) -> None:
    database = sqlite3.connect(traded.data / "optionix.db")
    for (trigger,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
        database.execute(f"drop trigger {trigger}")
    (content,) = database.execute("select data from events where seq = 4").fetchone()
    database.execute("update events set data = ? where seq = 4", (content.replace(b"20", b"21", 1),))
    database.commit()
    database.close()
    finding = found(traded, "database")
    assert finding.state is State.FAILED
    assert "sequence 4" in finding.detail
    assert "backup" in finding.remedy
    assert doctor.worst(doctor.examine(traded, NOW)) is State.FAILED


def test_a_log_that_lost_its_end_is_found(traded: HomeFolders) -> None:
    (traded.data / "optionix.db").unlink()
    for name in ("optionix.db-wal", "optionix.db-shm"):
        (traded.data / name).unlink(missing_ok=True)
    assert found(traded, "database").state is State.FAILED


def test_a_home_that_is_a_file_is_told(home: HomeFolders) -> None:
    home.data.parent.touch()
    finding = found(home, "home")
    assert finding.state is State.FAILED
    assert f"{home.data.parent} is not a folder" in finding.detail
    assert found(home, "database").state is State.FAILED


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions bind neither root nor Windows so")
def test_a_home_that_may_not_be_written_is_told(home: HomeFolders) -> None:
    home.data.parent.mkdir(mode=0o500)
    assert found(home, "home").state is State.FAILED


def test_a_full_disk_and_a_clock_without_battery_are_told(home: HomeFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("usage", (), {"free": doctor.LEAST_FREE_BYTES - 1})
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)
    assert "free space must be at least 67 MB" in found(home, "home").detail
    assert found(home, "clock", datetime(1970, 1, 1, tzinfo=UTC)).state is State.FAILED
    assert found(home, "clock").state is State.OK


def test_what_is_not_made_yet_comes_with_what_makes_it(home: HomeFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optionix_core.services.warm.is_warm", lambda: False)
    monkeypatch.setattr("optionix_core.market.sessions.is_prepared", lambda _exchange: False)
    for subject in ("kernels", "sessions"):
        finding = found(home, subject)
        assert finding.state is State.ATTENTION
        assert "optionix warm" in finding.remedy


def test_json_tells_the_gravest_state(home: HomeFolders) -> None:
    findings = (Finding("one", State.OK, "x"), Finding("two", State.ATTENTION, "y", "do"))
    assert doctor.to_json(findings) == {
        "schema_version": 1,
        "state": "attention",
        "findings": [
            {"subject": "one", "state": "ok", "detail": "x", "remedy": ""},
            {"subject": "two", "state": "attention", "detail": "y", "remedy": "do"},
        ],
    }
