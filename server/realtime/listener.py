"""One WebSocket that was let in: reads what the client asks, sends what it listens to, and ends for a reason.

Nothing is queued without a bound: of quotes the latest of each symbol is kept, events are read where the client
stands. A client that does not take what is sent for `stall` seconds is dropped.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from starlette.websockets import WebSocketDisconnect

from optionix_core.errors import IntegrityError, OptionixError
from server.problems import Problem, problem_of
from server.realtime.messages import (
    MOST_BYTES,
    PONG,
    Code,
    Ping,
    Subscribe,
    cursor_text,
    error_text,
    parse,
    subscribed_text,
)

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

    from server.auth.identity import Identity
    from server.realtime.hub import StreamHub
    from server.realtime.tails import Tail

FIRST_SECONDS: Final = 10.0
"""Within which a client subscribes."""
CLOSE_SECONDS: Final = 5.0
"""For a client to take the last message."""
MESSAGES: Final = 20
MESSAGES_SECONDS: Final = 10.0
"""How many messages a client may send within how long."""


class Closing(Exception):  # noqa: N818 - no error: the socket is to end
    """Ends the socket with a code."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Listener:
    """A client that listens. Used from one event loop."""

    def __init__(self, socket: WebSocket, identity: Identity, hub: StreamHub, stall: float) -> None:
        self.identity = identity
        self.tail: Tail | None = None
        self.foreign = False
        """Whether it listens to somebody else's stream."""
        self._socket = socket
        self._hub = hub
        self._stall = stall
        self._channels: frozenset[str] = frozenset()
        self._cursor = 0
        self._told = 0
        self._quotes: dict[str, str] = {}
        self._answers: deque[str] = deque(maxlen=2 * MESSAGES)
        self._woken = asyncio.Event()
        self._ended: asyncio.Future[Closing] = asyncio.get_running_loop().create_future()

    def wake(self) -> None:
        """There may be something new in its stream."""
        self._woken.set()

    def quote(self, symbol: str, text: str) -> None:
        """The latest quote of a symbol; one that was not sent yet is replaced."""
        self._quotes[symbol] = text
        self._woken.set()

    def end(self, code: Code, reason: str) -> None:
        """Close, from outside."""
        if not self._ended.done():
            self._ended.set_result(Closing(code, reason))

    async def serve(self) -> None:
        """Until it ends."""
        tasks = [asyncio.ensure_future(self._read()), asyncio.ensure_future(self._write())]
        waiting: list[asyncio.Future[Any]] = [*tasks, self._ended]
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        closing = self._ended.result() if self._ended in done else _first_closing(results)
        if closing is not None:
            await self._close(closing)

    async def _close(self, closing: Closing) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                while self._answers:
                    await self._socket.send_text(self._answers.popleft())
                await self._socket.close(closing.code, closing.reason)
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            return  # it takes nothing, or is gone: returning cuts the connection

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        times: deque[float] = deque(maxlen=MESSAGES)
        while True:
            try:
                async with asyncio.timeout(None if self._channels else FIRST_SECONDS):
                    message = await self._socket.receive()
            except TimeoutError:
                raise Closing(Code.TOO_SLOW, f"subscribe within {FIRST_SECONDS:g} s") from None
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                raise Closing(Code.BAD_MESSAGE, "messages are text")
            if len(text.encode("utf-8", "replace")) > MOST_BYTES:
                raise Closing(Code.TOO_LONG, f"messages have at most {MOST_BYTES} bytes")
            now = loop.time()
            if len(times) == MESSAGES and now - times[0] < MESSAGES_SECONDS:
                raise Closing(Code.TOO_MANY, f"at most {MESSAGES} messages in {MESSAGES_SECONDS:g} s")
            times.append(now)
            await self._hear(text)

    async def _hear(self, text: str) -> None:
        try:
            asked = parse(text)
            if isinstance(asked, Ping):
                self._answer(PONG)
            else:
                await self._subscribe(asked)
        except Problem as problem:
            if problem.status == 400 or not self._channels:
                self._answer(error_text(problem))
                raise Closing(Code.BAD_MESSAGE, problem.kind) from None
            self._answer(error_text(problem))
        except OptionixError as error:
            self._answer(error_text(problem_of(error)))

    async def _subscribe(self, asked: Subscribe) -> None:
        """Take up what was asked, all of it or nothing. Problem where it may not be."""
        events = set(asked.channels) - {"market"}
        if asked.symbols and "market" not in asked.channels:
            raise Problem(422, "invalid-value", "symbols go with the channel market")
        tail = await self._hub.tail(self.identity, asked.stream_id) if events else None
        after = None
        try:
            if tail is not None:
                after = tail.head if asked.after is None else asked.after
                if after > tail.head and after > (end := await tail.end()):
                    raise Problem(409, "ahead", f"after must be at most {end}, where the stream ends (got {after})")
            await self._hub.market.listen(self, asked.symbols)
            self._hub.move(self, tail)
        finally:
            if tail is not None:
                self._hub.forget(tail)  # unless somebody listens
        self._channels = frozenset(asked.channels)
        self.foreign = asked.stream_id is not None
        self._quotes = {name: told for name, told in self._quotes.items() if name in asked.symbols}
        if after is not None:
            self._cursor = self._told = after
        stream = None if tail is None else str(tail.stream_id)
        head = None if tail is None or after is None else max(tail.head, after)
        self._answer(subscribed_text(asked, stream, after, head))

    def _answer(self, text: str) -> None:
        self._answers.append(text)
        self._woken.set()

    async def _write(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._answers:
                await self._send(self._answers.popleft())
            for name in tuple(self._quotes):  # those that come meanwhile have their turn after the events
                told = self._quotes.pop(name, None)
                if told is not None:
                    await self._send(told)
            if self.tail is not None:
                await self._write_events(self.tail)

    async def _write_events(self, tail: Tail) -> None:
        try:
            lines = await self._hub.page(tail, self._cursor)
        except IntegrityError as error:
            raise Closing(Code.BROKEN, "the stream does not verify") from error
        if self.tail is not tail or self._answers:
            self._woken.set()  # it listens to something else by now
            return
        for line in lines:
            if line.seq != self._cursor + 1:
                raise Closing(Code.BROKEN, "the stream has a gap")
            self._cursor = line.seq  # before it is sent: what is subscribed meanwhile sets it too
            if line.channels & self._channels:
                self._told = line.seq
                await self._send(line.text)
                if self.tail is not tail or self._answers:
                    self._woken.set()
                    return
        if self._cursor < tail.head:
            self._woken.set()
        elif self._told < self._cursor:
            self._told = self._cursor
            await self._send(cursor_text(self._cursor))

    async def _send(self, text: str) -> None:
        try:
            async with asyncio.timeout(self._stall):
                await self._socket.send_text(text)
        except TimeoutError:
            raise Closing(Code.TOO_SLOW, f"nothing was taken for {self._stall:g} s") from None


def _first_closing(results: Sequence[object]) -> Closing | None:
    """Why reading or writing ended; None where the client went. Raises what is a fault of ours."""
    for result in results:
        if isinstance(result, Closing):
            return result
        if isinstance(result, BaseException) and not isinstance(result, (asyncio.CancelledError, WebSocketDisconnect)):
            raise result
    return None
