"""Long computations take turns: one at a time, a few wait, more are told to come back.

A computation uses every core by itself, so that several at once would only make each slower and everything else wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

import anyio
import anyio.to_thread

from server.problems import Problem

if TYPE_CHECKING:
    from fastapi import FastAPI

Found = TypeVar("Found")

AT_ONCE: Final = 1
MOST_WAITING: Final = 8
RETRY_SECONDS: Final = 2

WHEN_BUSY: Final = {503: "Too many computations wait already; `Retry-After` says when to come back."}
"""For `problems(when=...)` of a route that takes turns."""


class Turns:
    """Of one application; used from its event loop alone."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(AT_ONCE)
        self._asked = 0
        """Computations that run or wait."""

    async def take(self, work: Callable[[], Found]) -> Found:
        """See `in_turn`."""
        if self._asked >= AT_ONCE + MOST_WAITING:
            headers = {"Retry-After": str(RETRY_SECONDS)}
            raise Problem(503, "busy", f"{MOST_WAITING} computations wait already", headers=headers)
        self._asked += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._asked -= 1


async def in_turn(app: FastAPI, work: Callable[[], Found]) -> Found:
    """What `work` answers, in a thread, once it is its turn. Raises Problem 503 where too many wait."""
    turns: Turns | None = getattr(app.state, "turns", None)
    if turns is None:
        turns = app.state.turns = Turns()
    return await turns.take(work)
