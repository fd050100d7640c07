"""Eight recorded hours played through the workstation at sixty times their pace, with keys all along: memory stays."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from contextlib import suppress
from statistics import median
from typing import TYPE_CHECKING

import pexpect
import psutil
import pytest

if os.name == "nt":
    pytest.skip("a pseudo-terminal is POSIX's", allow_module_level=True)

from real_home import PROGRAM
from terminal import Terminal

if TYPE_CHECKING:
    from real_home import RealHome

pytestmark = [pytest.mark.e2e, pytest.mark.soak]

HOURS, SPEED, INTERVAL = 8, 60, 30
MOST_GROWTH = 20e6
SCREENS = ("c", "p", "v", "b", "r", "o", "y", "h", "w", "d")
KEYS = ("j", "k", "l", "h", "]", "[", "i", "\x1b", "+", "+", "\t", "/", "\x1b", "?", "\x1b")


def test_eight_hours_at_sixty_times_their_pace_leave_memory_where_it_was(home: RealHome) -> None:
    recorded = subprocess.run(
        [
            str(PROGRAM), "feed", "record", "day", "--underlying", "ORBIT", "--expiries", "3",
            "--start", "2026-03-02T14:30", "--interval", str(INTERVAL), "--duration", str(HOURS * 3600),
        ],
        env={**os.environ, "OPTIONIX_HOME": str(home.root)}, check=False, capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert recorded.returncode == 0, recorded.stderr
    generator = random.Random(5)
    with Terminal(home.root, "--replay", "day", "--speed", str(SPEED), size=(200, 55)) as terminal:
        terminal.wait_for("REPLAY", "NLV", seconds=120)
        began = time.monotonic()
        process = psutil.Process(terminal.process.pid)
        for name in (*SCREENS, *SCREENS):  # what is loaded once, and kept, is there before anything is measured
            _press(terminal, "\x1b", "g", name)
            _take(terminal, 1.5)
        settled = time.monotonic() - began
        played = HOURS * 3600 / SPEED
        sizes: list[tuple[float, int]] = []
        while (passed := time.monotonic() - began) < played:
            _press(terminal, "\x1b", "g", generator.choice(SCREENS))
            for _ in range(6):
                _press(terminal, generator.choice(KEYS))
                _take(terminal, generator.uniform(0.02, 0.2))
            assert terminal.process.isalive()
            sizes.append((passed, process.memory_info().rss))
        terminal.send("\x1b", "\x1b", "\x1b", "g", "c")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    early = median(size for passed, size in sizes if passed < settled + 60)
    late = median(size for passed, size in sizes if passed >= played - 60)
    told = f"memory {early / 1e6:.0f} MB after {settled:.0f} s, {late / 1e6:.0f} MB at the end, {len(sizes)} rounds"
    sys.stdout.write(told + "\n")
    assert late - early < MOST_GROWTH, told


def _press(terminal: Terminal, *keys: str) -> None:
    for key in keys:
        terminal.process.send(key)
        _take(terminal, 0.02)


def _take(terminal: Terminal, seconds: float) -> None:
    """Take what the terminal is sent and throw it away: reading a screen of that size takes longer than drawing it."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        with suppress(pexpect.TIMEOUT):
            terminal.process.read_nonblocking(1 << 16, timeout=left)
