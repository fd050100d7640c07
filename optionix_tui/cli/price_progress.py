"""A line on stderr that tells how far a long computation is, in a terminal alone; gone when it is done."""

from __future__ import annotations

import sys
import time

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
