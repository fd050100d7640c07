"""How fast a venue may be asked, and how long to wait after it did not answer.

Waiting is handed in, so that tests do not wait.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Sleep = Callable[[float], Awaitable[None]]
Uniform = Callable[[], float]
"""A number in [0, 1), each time another."""


def jitter() -> float:
    """Spreads clients that lost their connection at one moment; nothing that is computed depends on it."""
    return random.random()  # noqa: S311 - no secret hangs on it


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential back-off: each wait is between half of its full length and the whole."""

    first: float = 0.5
    """Seconds, the full length after the first failure."""
    factor: float = 2.0
    longest: float = 60.0
    """Seconds, the most that any wait is."""
    attempts: int = 3
    """How often one request is made at most."""

    def delay(self, failures: int, uniform: Uniform = jitter) -> float:
        """Seconds to wait after so many failures in a row, 1 or more."""
        full = min(self.longest, self.first * self.factor ** min(failures - 1, 64))
        return full * (0.5 + 0.5 * uniform())


class TokenBucket:
    """Lets `burst` requests through at once and `rate` a second after that."""

    def __init__(
        self, rate: float, burst: int, sleep: Sleep = asyncio.sleep, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        """`seconds`: a clock that only goes forward."""
        self._rate = rate
        self._burst = float(burst)
        self._tokens = float(burst)
        self._filled_at: float | None = None
        self._sleep = sleep
        self._seconds = seconds

    async def take(self) -> None:
        """Wait for one's turn."""
        now = self._seconds()
        if self._filled_at is not None:
            self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        self._tokens -= 1.0
        if self._tokens < 0.0:
            await self._sleep(-self._tokens / self._rate)
