"""What a request adds to the appends of the services that it calls, and what it has seen of streams.

Services of the engine append to a store and know nothing of the server's tables. Whoever calls one says before, for his
own request alone, what is written in the transaction of the event that he waits for: `beside`, by its id, or
`beside_first`, by what it says. And a request that reads
asks where a stream ends once: `one_look`. What it then sees was true while it ran; the next request looks anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from optionix_core.sync.event import Head

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Connection

    from optionix_core.sync.appending import Plan
    from optionix_core.sync.event import Event
    from server.store.stream_rows import StreamRow


class Beside:
    """What is written with one event, as an effect of every append."""

    def __init__(self, is_it: Callable[[Event], bool], effect: Callable[[Connection], None]) -> None:
        self._is_it = is_it
        self._effect = effect
        self.event_id: str | None = None
        """Of the event that it is written with, once that was to be appended."""

    def __call__(self, connection: Connection, planned: Plan) -> None:
        """Write it where `planned` appends the event; again where that transaction is repeated, and with no other."""
        for record in planned.new:
            if record.event.id == self.event_id or (self.event_id is None and self._is_it(record.event)):
                self.event_id = record.event.id
                self._effect(connection)
                return


_waiting: Final[ContextVar[Beside | None]] = ContextVar("beside", default=None)


def _any(_: Event) -> bool:
    return True


@contextmanager
def beside(
    event_id: str, effect: Callable[[Connection], None], counts: Callable[[Event], bool] = _any
) -> Iterator[None]:
    """Within the block `effect` is written in the transaction that appends the event, last; where none does, not.

    `counts`: whether an event of that id is the one that was waited for.
    """
    with beside_first(lambda event: event.id == event_id and counts(event), effect):
        yield


@contextmanager
def beside_first(is_it: Callable[[Event], bool], effect: Callable[[Connection], None]) -> Iterator[Beside]:
    """As `beside`, with the first event that is appended of which `is_it` is true."""
    made = Beside(is_it, effect)
    token = _waiting.set(made)
    try:
        yield made
    finally:
        _waiting.reset(token)


def waiting() -> Beside | None:
    """What the present request wants to be written with an event."""
    return _waiting.get()


class _Heads:
    """Ends of streams as one request saw them. What outlives the request looks for itself."""

    def __init__(self) -> None:
        self.by_stream: dict[UUID, Head] = {}
        self.live = True


_heads: Final[ContextVar[_Heads | None]] = ContextVar("heads", default=None)


@contextmanager
def one_look() -> Iterator[None]:
    """Within the block, in its threads too, each stream is asked once where it ends."""
    heads = _Heads()
    token = _heads.set(heads)
    try:
        yield
    finally:
        heads.live = False
        _heads.reset(token)


def seen(stream: UUID) -> Head | None:
    """Where the present request saw the stream end; None where it did not look, or there is none in `one_look`."""
    heads = _heads.get()
    return heads.by_stream.get(stream) if heads is not None and heads.live else None


def see(stream: UUID, head: Head) -> Head:
    """Keep where a stream ends, unless a later end was seen; the head that was given."""
    heads = _heads.get()
    if heads is not None:
        before = heads.by_stream.get(stream)
        if before is None or head.seq > before.seq:
            heads.by_stream[stream] = head
    return head


def see_on(stream: UUID, row: StreamRow) -> None:
    """A stream was read beyond the end that the request saw: it knows of that much more."""
    before = seen(stream)
    if before is not None and row.seq > before.seq:
        see(stream, Head(row.seq, row.hash))
