"""A breaker: after several failures in a row a server is left alone for a while, so that nobody waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from optionix_core.errors import VenueError


class Breaker:
    """Closed until `failures` calls in a row have failed; then open for `rest` seconds; then one call may try."""

    def __init__(
        self, name: str, *, failures: int = 5, rest: float = 10.0, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        """`seconds`: a clock that only goes forward. Threads may share one breaker."""
        self._name = name
        self._most = failures
        self._rest = rest
        self._seconds = seconds
        self._failed = 0
        self._open_until: float | None = None
        self._lock = Lock()

    def enter(self) -> None:
        """Before a call. VenueError where the server is left alone."""
        with self._lock:
            if self._open_until is None:
                return
            left = self._open_until - self._seconds()
            if left > 0.0:
                raise VenueError(f"{self._name} failed {self._failed} times in a row: asked again in {left:.0f} s")
            self._open_until = self._seconds() + self._rest  # this call tries; the others go on waiting

    def succeeded(self) -> None:
        """The server has answered."""
        with self._lock:
            self._failed = 0
            self._open_until = None

    def failed(self) -> None:
        """It has not."""
        with self._lock:
            self._failed += 1
            if self._failed >= self._most:
                self._open_until = self._seconds() + self._rest
