"""A line on stderr that tells how far a long computation is, in a terminal alone; gone when it is done."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from optionix_core.errors import InterruptedByUserError

EVERY = 0.1
"""Seconds between two drawings."""


class ProgressLine:
    """Given to the engine as `progress`. Draws nothing where stderr is no terminal."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._drawn = 0
        self._last = time.monotonic()
        self._shows = sys.stderr.isatty()

    def __call__(self, done: int, total: int) -> None:
        """`done` of `total` pieces of work."""
        now = time.monotonic()
        if not self._shows or now - self._last < EVERY:
            return
        self._last = now
        line = f"{self._what}: {done / max(total, 1):.0%}"
        before, self._drawn = self._drawn, max(self._drawn, len(line))  # first: ctrl+c may come while it is drawn
        sys.stderr.write("\r" + line.ljust(before))
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            sys.stderr.write("\r" + " " * self._drawn + "\r")
            sys.stderr.flush()
            self._drawn = 0


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Ctrl+c raises KeyboardInterrupt and makes what is yielded true.

    An exception that a signal raises inside a callback of the compiler or of the collector is swallowed there; the
    computation then ends where it next asks.
    """
    asked = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        asked.set()
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set  # signals reach the main thread alone
        return
    former = signal.signal(signal.SIGINT, stop)
    try:
        yield asked.is_set
    except InterruptedByUserError:
        raise KeyboardInterrupt from None
    finally:
        signal.signal(signal.SIGINT, former)
