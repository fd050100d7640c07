"""Keys that are typed faster than they are handled wait their turn: each meets what the ones before it made.

Textual hands a key to whatever has the focus when the key arrives, although the key before it may be about to open a
line to write on. `/b` in one burst would so be a filter that opens and an order ticket, and a trader who types ahead
would trade. Here the next key is handed on once the one before it has gone through its widgets and their application,
what it opened is mounted, and the focus has moved.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from textual import events
from textual.app import App
from textual.message import Message

if TYPE_CHECKING:
    from textual.message_pump import MessagePump

LOOK_SECONDS: Final = 0.05
"""How often it is asked whether what has to pass a turn on still takes messages."""


class KeysInTurn(App[None]):
    """An application that hands on one key, or one paste, at a time."""

    class Turn(Message, namespace="keys"):
        """Follows a key on its way through widgets, screen and application."""

        def __init__(self, number: int, step: int) -> None:
            super().__init__()
            self.number = number
            self.step = step
            """0 behind the key; 1 once it has done what it does, through whatever screen is shown by then."""

    def __init__(self) -> None:
        super().__init__()
        self._typed: deque[events.Key | events.Paste] = deque()
        self._turn, self._step = 0, 0
        self._goes_on = False
        """Whether a key is on its way."""
        self._look: asyncio.TimerHandle | None = None
        self.urgent_keys: frozenset[str] = frozenset()
        """Keys, as Textual names them, that wait for nothing."""
        self.pressed_at = 0.0
        """When the key or button was pressed that was handed on last, on the clock of messages."""

    async def on_event(self, event: events.Event) -> None:
        """Hold keys back while one is on its way; all else as ever.

        An urgent key goes at once, and what was typed before it and still waits is forgotten: it was meant for what
        was there before.
        """
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            if isinstance(event, events.MouseDown | events.MouseUp):
                self.pressed_at = event.time
            await super().on_event(event)
        elif isinstance(event, events.Key) and event.key in self.urgent_keys:
            self._typed.clear()
            self.pressed_at = event.time
            await super().on_event(event)
        elif self._goes_on:
            self._typed.append(event)
        else:
            await self._hand_on(event)

    async def _hand_on(self, event: events.Key | events.Paste) -> None:
        self._goes_on, self.pressed_at = True, event.time
        self._turn, self._step = self._turn + 1, 0
        target = self.focused or self.screen
        try:
            await super().on_event(event)
        finally:
            self._follow(target, 0)

    def _follow(self, target: MessagePump, step: int) -> None:
        """Send a turn behind what `target` was handed; past it where it ends, with what it was handed or before."""
        turn = self.Turn(self._turn, step)
        if target.post_message(turn):
            self._look = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._follow_again, target, turn)
        else:
            self.post_message(turn)

    def _follow_again(self, target: MessagePump, turn: Turn) -> None:
        if turn.number == self._turn and turn.step == self._step:
            self._follow(target, turn.step)

    def on_keys_turn(self, turn: Turn) -> None:
        """A turn has come back."""
        turn.stop()
        if (turn.number, turn.step) != (self._turn, self._step):
            return  # it was sent twice
        self._step += 1
        if self._look is not None:
            self._look.cancel()
        if turn.step == 0:
            self._follow(self.screen, 1)
        else:
            self.call_later(self._next)

    async def _next(self) -> None:
        self._goes_on = False
        if self._typed:
            await self._hand_on(self._typed.popleft())
