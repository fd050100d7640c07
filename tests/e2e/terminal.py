"""A real terminal for tests: the program on a pseudo-terminal, its screen read as a person would see it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import pexpect
import pyte
from real_home import PROGRAM

UP, LEFT, TAB, ENTER, ESCAPE = "\x1b[A", "\x1b[D", "\t", "\r", "\x1b"
_AT_ONCE = 1 << 20
"""Bytes taken in before the screen is looked at again, though more may wait."""


class Waits(Protocol):
    """How a face of the terminal is waited for."""

    def __call__(self, seen: Callable[[str], bool], what: str) -> str: ...


def send_ticket(press: Callable[[], object], wait_until: Waits, *sights: str) -> None:
    """Press the key that sends until every one of `sights` is there; again where the preview was not on screen yet."""

    def sent(shown: str) -> bool:
        return all(sight in shown for sight in sights)

    for _ in range(5):
        press()
        if sent(wait_until(lambda shown: sent(shown) or "Not sent" in shown, repr(sights))):
            return
        wait_until(lambda shown: "Not sent" not in shown, "the end of the notice")
    raise AssertionError(f"five times pressed, and never saw {sights}")


class Terminal:
    """`optionix` in a terminal of a given size. Waiting is for a sight, never for a time."""

    def __init__(
        self,
        home: Path,
        *arguments: str,
        size: tuple[int, int] = (120, 36),
        environ: Mapping[str, str | None] | None = None,
        wrapper: Sequence[str] = (),
    ) -> None:
        """`environ`: variables beside or in place of ours, None takes one away; `wrapper`: a command that runs ours."""
        columns, lines = size
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.written = bytearray()
        """Every byte that the program wrote."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("OPTIONIX_")},
            "OPTIONIX_HOME": str(home),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "COLUMNS": str(columns),
            "LINES": str(lines),
        }
        if environ is not None:
            del environment["COLUMNS"], environment["LINES"]  # a terminal that is resized tells its size itself
            environment = {name: value for name, value in (environment | dict(environ)).items() if value is not None}
        program, *rest = [*wrapper, str(PROGRAM), *arguments]
        self.process = pexpect.spawn(program, rest, env=environment, dimensions=(lines, columns), timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.close(force=True)

    def read(self, seconds: float = 0.05) -> str:
        """Take in what the program wrote, waiting `seconds` for the first of it; the whole screen as lines."""
        taken = 0
        while taken < _AT_ONCE and not self.process.closed:
            try:
                block = self.process.read_nonblocking(1 << 16, timeout=0 if taken else seconds)
            except (pexpect.TIMEOUT, pexpect.EOF):
                break
            self.written += block
            self._stream.feed(block)
            taken += len(block)
        return "\n".join(self._screen.display)

    def wait_until(self, seen: Callable[[str], bool], what: str, seconds: float = 60) -> str:
        """The first screen for which `seen` is true; AssertionError with the screen otherwise."""
        deadline = time.monotonic() + seconds
        alive = True
        while alive and time.monotonic() < deadline:
            alive = self.process.isalive()
            shown = self.read()
            if seen(shown):
                return shown
        ending = f"within {seconds} s" if alive else f"before the program ended ({self.process.exitstatus})"
        raise AssertionError(f"never saw {what} {ending}; the screen is:\n{self.read()}")

    def wait_for(self, *sights: str, seconds: float = 60) -> str:
        """The screen once it shows every one of `sights`; AssertionError with the screen otherwise."""
        return self.wait_until(lambda shown: all(sight in shown for sight in sights), repr(sights), seconds)

    def resize(self, columns: int, lines: int) -> None:
        """Make the terminal another size, as a window that is dragged does."""
        self._screen.resize(lines, columns)
        self.process.setwinsize(lines, columns)

    def send(self, *keys: str) -> None:
        """Type keys one by one."""
        for key in keys:
            self.process.send(key)
            self.read(0.02)

    def send_order(self, *sights: str) -> None:
        """Press the key that sends a ticket until it was sent; the terminal refuses one that its preview was behind."""
        send_ticket(lambda: self.send(ENTER), self.wait_until, *sights)

    def wait_for_end(self, seconds: float = 60) -> int | None:
        """Exit status once the program has left, negative where a signal ended it; None where it had to be killed."""
        deadline = time.monotonic() + seconds
        while self.process.isalive() and time.monotonic() < deadline:
            self.read()
        if self.process.isalive():
            self.process.close(force=True)
            return None
        self.read()
        self.process.close()
        signalled: int | None = self.process.signalstatus
        return self.process.exitstatus if signalled is None else -signalled
