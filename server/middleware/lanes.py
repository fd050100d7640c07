"""Requests that read take one of two lanes, so that threads do not wait for each other's interpreter.

Python runs one thread at a time, and each call of a database lets it go and asks for it again. Sixteen reads at once so
cost 1.6 times the processor time of the same reads two at a time: one in the interpreter, one in the database. Whoever
waits longer than a moment, for something slow is in both lanes, goes on beside them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from server.middleware.asgi import App, Message, Receive, Scope, Send

LANES: Final = 2
PATIENCE: Final = 0.025
"""Seconds that are waited for a lane."""
READS: Final = frozenset({"GET", "HEAD"})


class Lanes:
    """Around each GET, until its answer begins."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._free = LANES
        self._waiting: deque[asyncio.Future[bool]] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] not in READS:
            await self._app(scope, receive, send)
            return
        held = await self._enter()

        async def sending(message: Message) -> None:
            nonlocal held
            if held:
                held = False
                self._leave()
            await send(message)

        try:
            await self._app(scope, receive, sending if held else send)
        finally:
            if held:
                self._leave()

    async def _enter(self) -> bool:
        """Whether a lane was had."""
        if self._free:
            self._free -= 1
            return True
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[bool] = loop.create_future()
        self._waiting.append(turn)
        patience = loop.call_later(PATIENCE, _give_up, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.result():
                self._leave()  # it was given as its request ended
            raise
        finally:
            patience.cancel()

    def _leave(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(True)
                return
        self._free += 1


def _give_up(turn: asyncio.Future[bool]) -> None:
    if not turn.done():
        turn.set_result(False)
