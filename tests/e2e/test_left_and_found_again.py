"""In a real terminal: a workspace that is there again, a market that is recorded and played, a disk that is full."""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from optionix_core.feeds.replay import ReplayFeed
from optionix_core.services.feeds import open_feed

if os.name == "nt":
    pytest.skip("a pseudo-terminal is POSIX's", allow_module_level=True)

from terminal import ENTER, ESCAPE, Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from real_home import RealHome

pytestmark = pytest.mark.e2e

SAVE = "\x13"
"""ctrl+s."""
BLOCKS = 256
"""Of 512 bytes (POSIX's `ulimit -f`; twice as large in some shells): the most that a file may grow to."""


@pytest.fixture(scope="module")
def second() -> date:
    """The second expiry of the underlying that the workstation opens on."""
    return open_feed("sim").expiries("ORBIT", datetime.now(UTC))[1][0]


def test_a_workspace_is_there_again_and_a_damaged_one_is_told(home: RealHome, second: date) -> None:
    with Terminal(home.root) as terminal:
        terminal.wait_for("ORBIT", "Strike", "NLV", seconds=120)
        terminal.send("]")
        terminal.wait_for(f"ORBIT  {second:%d %b %y}")
        terminal.send(SAVE)
        terminal.wait_for("workspace save last")
        terminal.send(ENTER)
        terminal.wait_for("workspace last is saved")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    with Terminal(home.root) as terminal:
        terminal.wait_for(f"ORBIT  {second:%d %b %y}", "Strike", seconds=120)
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    (file,) = home.root.rglob("last.json")
    text = file.read_text("utf-8").replace('"screen": "chain"', '"screen": 7')
    file.write_text(text, "utf-8")
    with Terminal(home.root) as terminal:
        terminal.wait_for("Workspace not opened", "(got 7)", seconds=120)
        terminal.wait_for("Strike", seconds=120)
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    assert file.read_text("utf-8") == text
    with Terminal(home.root, "--workspace", "none") as terminal:
        assert terminal.wait_for_end() == 2
        assert "unknown workspace 'none'; known: last" in terminal.written.decode()


def test_what_a_terminal_records_another_one_plays(home: RealHome, tmp_path: Path) -> None:
    path = tmp_path / "now.recording.gz"
    with Terminal(home.root, "--record", str(path), "--record-every", "0.2") as terminal:
        terminal.wait_until(lambda shown: bool(re.search(r"REC [3-9]", shown)), "three moments", seconds=120)
        terminal.send("q")
        assert terminal.wait_for_end() == 0
        assert f"optionix --replay {path}" in " ".join(terminal.written.decode()[-400:].split())
    assert len(ReplayFeed(path).tape.moments()) >= 3
    with Terminal(home.root, "--record", str(path)) as terminal:
        assert terminal.wait_for_end() == 2
        assert "exists already" in terminal.written.decode()
    with Terminal(home.root, "--replay", str(path), "--speed", "0.1", size=(160, 36)) as terminal:
        terminal.wait_for("REPLAY x0.1", "pause/go on", "Strike", seconds=120)
        terminal.send("\\", "\\")
        terminal.wait_for("REPLAY paused")
        terminal.send("\\", "/")
        terminal.wait_for("replay ")
        terminal.send(*"end", ENTER)
        terminal.wait_for("100%")
        terminal.send("q")
        assert terminal.wait_for_end() == 0


def test_a_disk_that_is_full_is_told_and_the_terminal_goes_on(home: RealHome, tmp_path: Path) -> None:
    path = tmp_path / "now.recording.gz"
    limited = ("sh", "-c", f'ulimit -f {BLOCKS}; exec "$@"', "sh")
    with Terminal(home.root, "--record", str(path), "--record-every", "0.1", wrapper=limited) as terminal:
        terminal.wait_for("the recording ended", "Strike", seconds=120)
        terminal.send("]")
        terminal.send("g", "b")
        terminal.wait_for("F5 Book", "NLV 100,000.00")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    assert not path.exists()
    part = path.with_name(f"{path.name}.part")
    assert not ReplayFeed(part).tape.complete


def test_an_order_on_a_full_disk_is_told_to_have_failed_and_the_terminal_goes_on(home: RealHome) -> None:
    limited = ("sh", "-c", 'ulimit -f 4; exec "$@"', "sh")  # too little for a log
    with Terminal(home.root, wrapper=limited) as terminal:
        terminal.wait_for("ORBIT", "Strike", "NLV 100,000.00", seconds=120)
        terminal.send("b")
        terminal.wait_for("BUY", "gate", "passed")  # its preview
        terminal.send_order("not sent: ")
        terminal.send(ESCAPE)
        terminal.wait_until(lambda shown: "BUY" not in shown, "the chain")
        terminal.send(SAVE, ENTER)  # at once
        terminal.wait_for("Strike")
        terminal.send("g", "b")
        terminal.wait_for("F5 Book", "NLV 100,000.00")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    assert b"Traceback" not in terminal.written
    assert not home.check().intents
