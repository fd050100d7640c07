"""A breaker: after a failure nothing is asked of a service until a probe in the background has found it well again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 2.0


class Breaker:
    """Closed while the service answers. Used from one event loop.

    One failure opens it: it costs a caller one timeout, and everybody after him none. Probes come after `FIRST_PAUSE`
    and then ever later, up to `LONGEST_PAUSE`, so that a service that came back is used again within that time.
    """

    def __init__(
        self,
        probe: Callable[[], Awaitable[object]],
        failures: tuple[type[Exception], ...],
        *,
        changed: Callable[[bool], None] = lambda _: None,
        wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._probe = probe
        self._failures = failures
        self._changed = changed
        self._wait = wait
        self._probing: asyncio.Task[None] | None = None
        self.open = False

    def fail(self) -> None:
        """The service did not answer: open, and look after it."""
        if self.open:
            return
        self.open = True
        self._changed(self.open)
        self._probing = asyncio.get_running_loop().create_task(self._until_well())

    async def stop(self) -> None:
        """Look no longer."""
        if self._probing is not None:
            self._probing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._probing

    async def _until_well(self) -> None:
        pause = FIRST_PAUSE
        while True:
            await self._wait(pause)
            try:
                await self._probe()
            except self._failures:
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            self.open = False
            self._changed(self.open)
            return
