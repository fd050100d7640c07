"""Quotes of the server's feed for everybody in this worker who listens: asked once, handed on where they changed.

Who is slow gets the latest quote of each symbol and misses those between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from optionix_core.errors import MissingDataError, OptionixError
from optionix_core.market import symbols
from server.problems import FieldError, Problem
from server.realtime.messages import quote_text

if TYPE_CHECKING:
    from optionix_core.market.clock import Clock
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.market.quote import Quote

PERIOD: Final = 0.1
"""Seconds between two looks."""
AFTER_FAULT: Final = 1.0
"""Seconds before the next one after a fault of ours."""
MOST_SYMBOLS: Final = 2000
"""Of one worker."""


class Quoted(Protocol):
    """Who listens to quotes."""

    def quote(self, symbol: str, text: str) -> None:
        """The latest quote of a symbol."""
        ...


class MarketPump:
    """Asks the feed as long as somebody listens. Used from one event loop."""

    def __init__(self, feed: Callable[[], QuoteSource], clock: Clock, period: float = PERIOD) -> None:
        self._feed = feed
        self._clock = clock
        self._period = period
        self._wanted: dict[str, set[Quoted]] = {}
        self._keys: dict[str, str] = {}
        self._last: dict[str, tuple[object, ...]] = {}
        self._texts: dict[str, str] = {}
        self._task: asyncio.Task[None] | None = None

    async def listen(self, listener: Quoted, names: Iterable[str]) -> None:
        """Hear of `names` and no others from now on. Problem 422 for one that the feed does not quote."""
        wanted = list(dict.fromkeys(names))
        keys = await asyncio.to_thread(self._resolved, wanted) if wanted else {}
        others = {name for name, listeners in self._wanted.items() if listeners != {listener}}
        if len(others | keys.keys()) > MOST_SYMBOLS:
            raise Problem(
                503, "too-many-symbols", "too many symbols are listened to here", headers={"Retry-After": "60"}
            )
        self.leave(listener)
        for name, key in keys.items():
            self._keys[name] = key
            self._wanted.setdefault(name, set()).add(listener)
            if name in self._texts:
                listener.quote(name, self._texts[name])
        if self._wanted and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def leave(self, listener: Quoted) -> None:
        """Hear no more."""
        for name in [name for name, listeners in self._wanted.items() if listener in listeners]:
            self._wanted[name].discard(listener)
            if not self._wanted[name]:
                del self._wanted[name], self._keys[name]
                self._last.pop(name, None)
                self._texts.pop(name, None)

    async def stop(self) -> None:
        """Ask no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def _resolved(self, names: list[str]) -> Mapping[str, str]:
        feed, now = self._feed(), self._clock.now()
        own = {one.symbol for one in feed.underlyings()}
        found = {}
        for name in names:
            try:
                found[name] = name if name in own else symbols.resolve(name)
                feed.quote(found[name], now)
            except MissingDataError:
                continue  # known, and without a quote at this moment
            except OptionixError as error:
                bound = FieldError("symbols", name, str(error))
                raise Problem(422, "unknown-name", f"{name} is not quoted here", [bound]) from None
        return found

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._wanted:
            began = loop.time()
            try:
                await self._look()
            except Exception:  # noqa: BLE001 - everybody in this worker who listens hangs on this one task
                structlog.get_logger().exception("quotes cannot be asked now")
                await asyncio.sleep(AFTER_FAULT)
            await asyncio.sleep(max(0.0, began + self._period - loop.time()))
        self._task = None

    async def _look(self) -> None:
        found = await asyncio.to_thread(self._changed, dict(self._keys), dict(self._last))
        for name, (seen, told) in found.items():
            if name not in self._wanted:
                continue  # nobody listens to it any more: it would be kept, and be told to the next one as new
            self._last[name], self._texts[name] = seen, told
            for listener in tuple(self._wanted[name]):
                listener.quote(name, told)

    def _changed(
        self, asked: Mapping[str, str], last: Mapping[str, tuple[object, ...]]
    ) -> Mapping[str, tuple[tuple[object, ...], str]]:
        """What was seen of those that are other than `last`, and its text."""
        feed, now = self._feed(), self._clock.now()
        found = {}
        for name, key in asked.items():
            try:
                quote = feed.quote(key, now)
            except OptionixError as error:
                structlog.get_logger().debug("no quote", symbol=name, reason=str(error))
                continue
            seen = _seen(quote)
            if last.get(name) != seen:
                found[name] = seen, quote_text(name, quote)
        return found


def _seen(quote: Quote) -> tuple[object, ...]:
    """What makes a quote another one: not its time alone."""
    return (
        quote.bid,
        quote.ask,
        quote.last,
        quote.bid_size,
        quote.ask_size,
        quote.volume,
        quote.vendor_iv,
        quote.source,
    )
