"""One life of the connection to Deribit: subscribes, answers heartbeats, and keeps books whole or says they are not.

JSON-RPC over a WebSocket. The exchange is asked for heartbeats; each `test_request` is answered at once, since an
unanswered one costs the connection. A book with a gap is taken off and asked for anew, so that it begins with a
snapshot. Anything that is not understood ends the connection: the next one begins with what is certain.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from websockets.exceptions import ConnectionClosed

from optionix_core.errors import VenueError
from optionix_core.feeds.deribit import messages
from optionix_core.feeds.deribit.book import OrderBook
from optionix_core.feeds.deribit.memory import Memory
from optionix_core.feeds.deribit.rest import error_of
from optionix_core.feeds.deribit.settings import DeribitSettings
from optionix_core.feeds.network.pace import Sleep, TokenBucket
from optionix_core.feeds.network.wire import Wire, parse

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

SOURCE: Final = "deribit connection"
_BOOK, _TICKER, _INDEX = "book", "ticker", "deribit_price_index"
_INTERVAL = "100ms"
_BURST = 5


class Stream:
    """Reads one connection until it ends; `wanted` tells which instruments to follow."""

    def __init__(
        self,
        socket: ClientConnection,
        memory: Memory,
        settings: DeribitSettings,
        index: str,
        wanted: Callable[[], tuple[str, ...]],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._socket = socket
        self._memory = memory
        self._settings = settings
        self._index = index
        self._wanted = wanted
        self._pace = TokenBucket(settings.requests_per_second, _BURST, sleep)
        self._books: dict[str, OrderBook] = {}
        self._refused: set[str] = set()
        self._broken: set[str] = set()
        self._answers: dict[int, asyncio.Future[Wire]] = {}
        self._last_id = 0
        self._stirred = asyncio.Event()
        self._tests: set[asyncio.Task[None]] = set()

    def stir(self) -> None:
        """What is wanted may have changed: look again soon. To be called in the loop."""
        self._stirred.set()

    async def run(self) -> None:
        """Until the connection ends, which is always an error: ConnectionClosed, TimeoutError or VenueError."""
        reading = asyncio.create_task(self._read())
        asking = asyncio.create_task(self._keep_asking())
        try:
            done, _ = await asyncio.wait((reading, asking), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            tasks = (reading, asking, *self._tests)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_asking(self) -> None:
        await self._ask("public/set_heartbeat", {"interval": self._settings.heartbeat})
        await self._subscribe([f"{_INDEX}.{self._index}"])
        self._memory.connected()
        while True:
            self._stirred.clear()
            await self._follow()
            await self._stirred.wait()

    async def _follow(self) -> None:
        """Bring the subscriptions to what is wanted: first mend, then leave, then join."""
        if self._broken:
            broken, self._broken = self._broken & self._books.keys(), set()
            channels = [_channel(_BOOK, name) for name in sorted(broken)]
            await self._unsubscribe(channels)
            await self._subscribe(channels)
        wanted = [name for name in self._wanted() if name not in self._refused][: self._settings.books]
        left = [name for name in self._books if name not in set(wanted)]
        for name in left:
            del self._books[name]
            self._memory.lose_touch(name)
        await self._unsubscribe([_channel(kind, name) for name in left for kind in (_BOOK, _TICKER)])
        joined = [name for name in wanted if name not in self._books]
        for name in joined:
            self._books[name] = OrderBook()
        await self._subscribe([_channel(kind, name) for name in joined for kind in (_BOOK, _TICKER)])

    async def _subscribe(self, channels: list[str]) -> None:
        for part in self._parts(channels):
            result = await self._ask("public/subscribe", {"channels": part})
            taken = {entry.text() for entry in result.items()}
            for channel in part:
                if channel not in taken:
                    self._leave_out(channel)

    def _leave_out(self, channel: str) -> None:
        """The exchange does not know a channel: an option that has expired meanwhile, most likely."""
        kind, _, rest = channel.partition(".")
        if kind == _INDEX:
            raise VenueError(f"{SOURCE}: the exchange refuses the channel {channel}")
        name = rest.rpartition(".")[0]
        if kind == _BOOK:
            self._refused.add(name)
            self._books.pop(name, None)
            self._memory.lose_touch(name)

    async def _unsubscribe(self, channels: list[str]) -> None:
        for part in self._parts(channels):
            await self._ask("public/unsubscribe", {"channels": part})

    def _parts(self, channels: list[str]) -> Iterable[list[str]]:
        step = self._settings.channels_per_request
        return (channels[start : start + step] for start in range(0, len(channels), step))

    async def _ask(self, method: str, params: dict[str, object]) -> Wire:
        """The result of a request; VenueError where the exchange answers with an error or not in time."""
        await self._pace.take()
        self._last_id += 1
        number = self._last_id
        answer: asyncio.Future[Wire] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            await self._send(method, params, number)
            async with asyncio.timeout(self._settings.timeout):
                return await answer
        except TimeoutError:
            raise VenueError(f"{SOURCE}: {method} was not answered within {self._settings.timeout:g} s") from None
        finally:
            del self._answers[number]

    async def _send(self, method: str, params: dict[str, object], number: int) -> None:
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        await self._socket.send(json.dumps(request))

    async def _read(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._settings.silence):
                    content = await self._socket.recv()
            except TimeoutError:
                raise VenueError(f"{SOURCE}: silent for {self._settings.silence:g} s") from None
            self._take(parse(SOURCE, content))

    def _take(self, document: Wire) -> None:
        if document.has("id"):
            self._answered(document)
            return
        method = document.get("method").text()
        params = document.get("params")
        if method == "heartbeat":
            if params.get("type").text() == "test_request":
                self._reply()
            return
        if method != "subscription":
            document.get("method").refuse(f"must be heartbeat or subscription (got {method!r})")
        self._notified(params.get("channel").text(), params.get("data"))

    def _answered(self, document: Wire) -> None:
        number = document.get("id").whole()
        waiting = self._answers.get(number)
        if waiting is None or waiting.done():
            return
        if document.has("error"):
            code, words = error_of(document)
            waiting.set_exception(VenueError(f"{SOURCE}: error {code}, {words}"))
            waiting.exception()  # told by whoever asked; nobody else is to hear of it
        elif not document.has("result"):
            document.get("result").refuse("must be there")
        else:
            waiting.set_result(Wire(SOURCE, "result", document.get("result").value))

    def _reply(self) -> None:
        """Answer a test request without waiting for a turn; what it answers in its turn is not waited for."""
        self._last_id += 1
        task = asyncio.create_task(self._test(self._last_id))
        self._tests.add(task)
        task.add_done_callback(self._tests.discard)

    async def _test(self, number: int) -> None:
        try:
            await self._send("public/test", {}, number)
        except ConnectionClosed:
            return  # whoever reads finds out too

    def _notified(self, channel: str, payload: Wire) -> None:
        kind = channel.partition(".")[0]
        if kind == _BOOK:
            self._change(messages.book_change(payload))
        elif kind == _TICKER:
            listing = self._memory.newest_listing()
            row = None if listing is None else messages.ticker(payload, listing.options)
            if row is not None:
                self._memory.take_ticker(row)
                self._memory.hear(row.made_at)
        elif kind == _INDEX:
            price = messages.index_price(payload)
            self._memory.take_index(price)
            self._memory.hear(price.made_at)

    def _change(self, change: messages.BookChange) -> None:
        book = self._books.get(change.name)
        if book is None:
            return  # taken off a moment ago
        if not book.take(change):
            self._memory.lose_touch(change.name)
            self._broken.add(change.name)
            self._stirred.set()
            return
        touch = book.touch()
        if touch is not None:
            self._memory.take_touch(change.name, touch)
            self._memory.hear(change.made_at)


def _channel(kind: str, name: str) -> str:
    return f"{kind}.{name}.{_INTERVAL}"
