"""The recent end of a stream, read and written out once for everybody in this worker who listens to it.

Whoever is further behind than what is kept reads pages of the stream itself: nothing is queued for anybody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol
from uuid import UUID

from server.realtime.messages import channels_of, event_text

if TYPE_CHECKING:
    from optionix_core.sync.event import EventStore, Record

KEPT: Final = 1000
"""Events of a stream that are kept written out."""
KEPT_CHARACTERS: Final = 4 << 20
PAGE: Final = 200
PAGE_CHARACTERS: Final = 1 << 20
"""After which a page ends."""


class Line(NamedTuple):
    """An event as it is sent."""

    seq: int
    channels: frozenset[str]
    text: str


class Woken(Protocol):
    """A listener."""

    def wake(self) -> None:
        """There may be something new."""
        ...


class Tail:
    """The end of one stream. Used from one event loop."""

    def __init__(self, stream_id: UUID, store: EventStore, head: int) -> None:
        self.stream_id = stream_id
        self.head = head
        """All up to here are there to be sent."""
        self.listeners: set[Woken] = set()
        self._store = store
        self._recent: deque[Line] = deque()
        self._characters = 0

    async def grow(self) -> None:
        """Read what is new and wake the listeners. Raises what reading the stream raises."""
        while True:
            lines = await asyncio.to_thread(self._read, self.head)
            for line in lines:
                self._keep(line)
                self.head = line.seq
            if lines:
                for listener in tuple(self.listeners):
                    listener.wake()
            else:
                return

    async def end(self) -> int:
        """Where the stream ends in the database: another worker may have written what is not here yet."""
        return max(self.head, (await asyncio.to_thread(self._store.head)).seq)

    async def after(self, seq: int) -> Sequence[Line]:
        """A page of events after `seq`; empty where there are none up to the head."""
        if seq >= self.head:
            return ()
        if self._recent and self._recent[0].seq <= seq + 1:
            skipped = seq + 1 - self._recent[0].seq
            return [self._recent[at] for at in range(skipped, min(skipped + PAGE, len(self._recent)))]
        return await asyncio.to_thread(self._read, seq)

    def _read(self, seq: int) -> list[Line]:
        page: list[Line] = []
        characters = 0
        for line in lines(self._store.read(seq, PAGE)):
            page.append(line)
            characters += len(line.text)
            if characters > PAGE_CHARACTERS:
                break
        return page

    def _keep(self, line: Line) -> None:
        self._recent.append(line)
        self._characters += len(line.text)
        while len(self._recent) > KEPT or self._characters > KEPT_CHARACTERS:
            self._characters -= len(self._recent.popleft().text)


def lines(records: Iterable[Record]) -> Iterable[Line]:
    """Records as they are sent."""
    for record in records:
        channels = channels_of(record.event.type)
        yield Line(record.seq, channels, event_text(record.seq, record.event, channels))
