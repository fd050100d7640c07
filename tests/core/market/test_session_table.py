"""The stored table is whole or made anew, and reading it loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from optionix_core.market import session_table
from optionix_core.market.session_table import SessionTable


def columns(table: SessionTable) -> tuple[list[int], list[int], list[int], int]:
    return list(table.days), list(table.opens), list(table.closes), table.regular_minutes


def stored(folder: Path) -> Path:
    (path,) = folder.glob("sessions-XNYS-*.bin")
    return path


def test_a_stored_table_is_the_one_that_was_made(tmp_path: Path) -> None:
    made = session_table.load("XNYS", (tmp_path,))
    assert columns(session_table.load("XNYS", (tmp_path,))) == columns(made)
    assert columns(session_table.build("XNYS")) == columns(made)
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "longer", "other version", "no header"])
def test_a_damaged_table_is_made_anew(tmp_path: Path, damage: str) -> None:
    sound = columns(session_table.load("XNYS", (tmp_path,)))
    path = stored(tmp_path)
    content = path.read_bytes()
    middle = len(content) // 2
    broken = {
        "empty": b"",
        "cut": content[:-7],
        "flipped": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "longer": content + b"\0\0\0\0",
        "other version": content.replace(b'"version": "', b'"version": "0', 1),
        "no header": content[:20] + b"{}\n" + content[20:],
    }[damage]
    path.write_bytes(broken)
    assert columns(session_table.load("XNYS", (tmp_path,))) == sound
    assert path.read_bytes() == content


def test_where_the_first_folder_cannot_be_written_the_next_one_is(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where a folder should be", encoding="utf-8")
    spare = tmp_path / "spare"
    session_table.load("XNYS", (blocked / "below", spare))
    assert stored(spare).is_file()


def test_where_no_folder_can_be_written_the_table_is_still_right(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where a folder should be", encoding="utf-8")
    assert columns(session_table.load("XNYS", (blocked,))) == columns(session_table.build("XNYS"))


def test_reading_a_stored_table_loads_nothing_heavy() -> None:
    session_table.load("XNYS")
    code = (
        "import sys, datetime\n"
        "from optionix_core.market import sessions\n"
        "assert sessions.is_prepared('XNYS')\n"
        "assert sessions.session(datetime.date(2026, 12, 24)).early_close\n"
        "print(*sorted({'exchange_calendars', 'pandas', 'numpy', 'scipy', 'importlib.metadata'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
