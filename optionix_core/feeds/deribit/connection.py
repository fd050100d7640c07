"""What keeps a memory of Deribit up to date: polls of the whole, one stream of what is looked at, and their mending.

Runs in a loop of its own (`network.background`). Polls and stream fail apart: quotes of the one stand while the other
is away. After a loss the stream comes back with a back-off whose waits double up to a minute, each cut short by
chance, and begins anew only after a connection that held.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from threading import Lock

from optionix_core.errors import MissingDataError, VenueError
from optionix_core.feeds.deribit.memory import Listing, Memory
from optionix_core.feeds.deribit.messages import Candle, ListedOption
from optionix_core.feeds.deribit.rest import DeribitRest
from optionix_core.feeds.deribit.settings import DeribitSettings
from optionix_core.feeds.deribit.stream import SOURCE, Stream
from optionix_core.feeds.network.http import PoliteClient
from optionix_core.feeds.network.pace import RetryPolicy, Sleep, TokenBucket, Uniform, jitter
from optionix_core.market.clock import Clock
from optionix_core.market.products import ExpiryCycle, Product, Symbology, TickRule, product, register
from optionix_core.market.sessions import CONTINUOUS

HISTORY_DAYS = 370
_BURST = 10
_LOG = logging.getLogger("optionix.feeds.deribit")
_LOG.addHandler(logging.NullHandler())  # a terminal is being painted: what goes wrong is told by the feed's status
_BIGGEST_MESSAGE = 8 * 1024 * 1024


class Watched:
    """Instruments that questions were asked about, the latest first; a bounded number of them is followed."""

    def __init__(self, limit: int) -> None:
        self._lock = Lock()
        self._limit = limit
        self._names: OrderedDict[str, None] = OrderedDict()

    def add(self, names: Iterable[str]) -> bool:
        """Remember the names, the first as the most wanted; whether any was not followed before."""
        with self._lock:
            asked = list(names)[: self._limit]
            fresh = any(name not in self._names for name in asked)
            for name in reversed(asked):
                self._names[name] = None
                self._names.move_to_end(name)
            while len(self._names) > self._limit:
                self._names.popitem(last=False)
            return fresh

    def listed(self, listing: Listing | None) -> tuple[str, ...]:
        """The names to follow, the most wanted first; those that are not listed any more are forgotten."""
        with self._lock:
            known = {} if listing is None else listing.options
            for name in [name for name in self._names if name not in known]:
                del self._names[name]
            return tuple(reversed(self._names))


class Connection:
    """Polls and streams one root into a memory. `run` is the coroutine that a background thread runs."""

    def __init__(
        self,
        root: str,
        memory: Memory,
        watched: Watched,
        clock: Clock,
        settings: DeribitSettings,
        *,
        requests: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        reconnects: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        sleep: Sleep = asyncio.sleep,
        uniform: Uniform = jitter,
    ) -> None:
        self._root = root
        self._memory = memory
        self._watched = watched
        self._clock = clock
        self._settings = settings
        self._requests = requests
        self._reconnects = reconnects
        self._sleep = sleep
        self._uniform = uniform
        self._stream: Stream | None = None
        self._index: str | None = None
        self._listed = asyncio.Event()
        self._relist = False
        self._history_of: date | None = None

    def stir(self) -> None:
        """Look again at what is watched. To be called in the loop."""
        if self._stream is not None:
            self._stream.stir()

    async def run(self) -> None:
        """Until it is cancelled."""
        pace = TokenBucket(self._settings.polls_per_second, _BURST, self._sleep)
        async with PoliteClient(
            "deribit",
            self._settings.rest_address,
            self._clock,
            timeout=self._settings.timeout,
            policy=self._requests,
            pace=pace,
            sleep=self._sleep,
            uniform=self._uniform,
        ) as client:
            rest = DeribitRest(client, self._settings, policy=self._requests, sleep=self._sleep, uniform=self._uniform)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._poll(rest))
                tasks.create_task(self._keep_streaming())

    async def _poll(self, rest: DeribitRest) -> None:
        listed_at = -self._settings.list_every
        failures = 0
        while True:
            now = asyncio.get_running_loop().time()
            try:
                if self._relist or now - listed_at >= self._settings.list_every or not self._listed.is_set():
                    await self._list(rest)
                    listed_at = now
                await self._summarise(rest)
                failures = 0
                await self._tell_history(rest)
                wait = self._settings.poll_every
            except VenueError as error:
                self._memory.poll_failed(str(error))
                failures += 1
                wait = max(self._settings.poll_every, self._reconnects.delay(failures, self._uniform))
            await self._sleep(wait)

    async def _list(self, rest: DeribitRest) -> None:
        listed = await rest.instruments(self._root)
        self._index = listed[0].price_index
        _make_known(listed[0])
        self._memory.take_listing(Listing.of(listed))
        self._memory.take_index(await rest.index(self._index))
        self._relist = False
        self._listed.set()
        self.stir()

    async def _summarise(self, rest: DeribitRest) -> None:
        listing = self._memory.newest_listing()
        if listing is None:
            return
        rows, unlisted = await rest.summaries(self._root, listing.options)
        self._relist = unlisted
        self._memory.take_summaries(rows)
        if not self._memory.status.connected and self._index is not None:
            self._memory.take_index(await rest.index(self._index))

    async def _tell_history(self, rest: DeribitRest) -> None:
        """Daily history, once a day; quotes do not depend on it, and where it is refused there is none."""
        now = self._clock.now()
        if self._history_of == now.date():
            return
        self._history_of = now.date()
        coin = self._root.partition("_")[0]
        perpetual = f"{self._root}-PERPETUAL"
        try:
            prices = _over(await rest.prices(perpetual, now, HISTORY_DAYS), now.date())
            self._memory.take_history(prices, ())
            levels = _over(await rest.volatility_index(coin, now, HISTORY_DAYS), now.date())
            self._memory.take_history(prices, levels)
            self._memory.take_realised(await rest.historical_volatility(coin))
        except VenueError as error:
            self._memory.history_failed(str(error))

    async def _keep_streaming(self) -> None:
        from websockets.asyncio.client import connect
        from websockets.exceptions import InvalidURI, WebSocketException

        await self._listed.wait()
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            began = loop.time()
            try:
                async with connect(
                    self._settings.socket_address,
                    open_timeout=self._settings.timeout,
                    close_timeout=1.0,
                    max_size=_BIGGEST_MESSAGE,
                    user_agent_header="optionix",
                    logger=_LOG,
                ) as socket:
                    began = loop.time()
                    self._stream = Stream(
                        socket, self._memory, self._settings, self._index or "", self._wanted, self._sleep
                    )
                    await self._stream.run()
            except InvalidURI as error:
                raise VenueError(f"{SOURCE}: {error}") from None
            except (OSError, TimeoutError, WebSocketException, VenueError) as error:
                reason = str(error) or type(error).__name__
            finally:
                self._stream = None
            failures = 1 if loop.time() - began >= self._settings.settled_after else failures + 1
            self._memory.disconnected(reason if reason.startswith(SOURCE) else f"{SOURCE}: {reason}")
            await self._sleep(self._reconnects.delay(failures, self._uniform))

    def _wanted(self) -> tuple[str, ...]:
        return self._watched.listed(self._memory.newest_listing())


def _over(candles: tuple[Candle, ...], today: date) -> tuple[Candle, ...]:
    """Days that are over: the candle of a day that goes on has no close."""
    return tuple(candle for candle in candles if candle.day < today)


def _make_known(item: ListedOption) -> None:
    """Tell the engine the terms of a linear root that it does not know yet, as the exchange gives them."""
    option = item.option
    try:
        product(option.root, Symbology.DERIBIT)
    except MissingDataError:
        threshold, above = item.tick_steps[0] if item.tick_steps else (Decimal(0), item.tick)
        register(
            Product(
                option.root,
                option.base,
                exercise="european",
                multiplier=item.contract_size,
                calendar=CONTINUOUS,
                currency=option.currency,
                tick=TickRule(item.tick, above, threshold),
                inverse=option.inverse,
                cycle=ExpiryCycle.DAILY,
                weekdays=tuple(range(7)),
                cash_settled=True,
                settles_utc=item.expires_at.time(),
                symbology=Symbology.DERIBIT,
            )
        )
