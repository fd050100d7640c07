"""A real terminal for tests: the program on a pseudo-terminal, its screen read as a person would see it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pexpect
import pyte

PROGRAM = Path(sys.executable).with_name("optionix")


class Terminal:
    """`optionix` in a terminal of a given size. Waiting is for a sight, never for a time."""

    def __init__(self, home: Path, *arguments: str, size: tuple[int, int] = (120, 36)) -> None:
        columns, lines = size
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        environment = {
            **os.environ,
            "OPTIONIX_HOME": str(home),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "COLUMNS": str(columns),
            "LINES": str(lines),
        }
        self.process = pexpect.spawn(
            str(PROGRAM), list(arguments), env=environment, dimensions=(lines, columns), timeout=30
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.close(force=True)

    def read(self, seconds: float = 0.05) -> str:
        """Take in what the program wrote within `seconds`; the whole screen as lines."""
        try:
            self._stream.feed(self.process.read_nonblocking(1 << 16, timeout=seconds))
        except (pexpect.TIMEOUT, pexpect.EOF):
            pass
        return "\n".join(self._screen.display)

    def wait_for(self, *sights: str, seconds: float = 60) -> str:
        """The screen once it shows every one of `sights`; AssertionError with the screen otherwise."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            shown = self.read()
            if all(sight in shown for sight in sights):
                return shown
            if not self.process.isalive():
                break
        missing = [sight for sight in sights if sight not in self.read()]
        raise AssertionError(f"never saw {missing} within {seconds} s; the screen is:\n{self.read()}")

    def send(self, *keys: str) -> None:
        """Type keys one by one."""
        for key in keys:
            self.process.send(key)
            self.read(0.1)

    def wait_for_end(self, seconds: float = 20) -> int | None:
        """Exit status once the program has left."""
        deadline = time.monotonic() + seconds
        while self.process.isalive() and time.monotonic() < deadline:
            self.read()
        self.process.close(force=True)
        return self.process.exitstatus
