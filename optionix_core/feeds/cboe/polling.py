"""Asking Cboe for one underlying's delayed chain, again and again but politely.

The chain is asked for with the marks of the last one that could be read (`ETag`, `Last-Modified`), so that one that
has not changed costs nothing. A payload is taken whole or not at all: what does not fit is told by its field, and the
chain before it stays and grows old. A copy older than the one at hand, as a cache may hand out, changes nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Condition
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError, MalformedFileError, VenueError
from optionix_core.feeds.files import cboe_delayed
from optionix_core.feeds.files.json_values import parse
from optionix_core.feeds.network.asking import ConnectionStatus, Opener, Opening
from optionix_core.feeds.network.http import Answer, PoliteClient
from optionix_core.feeds.network.pace import RetryPolicy, Sleep, Uniform, jitter
from optionix_core.feeds.network.versions import Versions
from optionix_core.market.clock import Clock

if TYPE_CHECKING:
    from optionix_core.market.chain import ChainSlice, OptionChain, QuoteColumns

_FRESH, _UNCHANGED = 200, 304
_NOT_THERE = frozenset({403, 404})
LEAST_INTERVAL = 15.0
"""Seconds; quotes that are a quarter of an hour old do not get younger by asking more often."""

PATIENT = RetryPolicy(first=2.0, longest=600.0)
"""How a request that failed is made again."""


@dataclass(frozen=True, slots=True)
class CboeSettings:
    """Where Cboe's delayed quotes are and how often they are asked for; seconds where nothing else is said."""

    address: str = "https://cdn.cboe.com/api/global/delayed_quotes/options"
    poll_every: float = 60.0
    timeout: float = 30.0
    """For each step of one try: the chain of SPX is some ten megabytes."""
    first_wait: float = 60.0
    """How long a first question may wait for the first chain."""
    stale_after: timedelta = cboe_delayed.DELAY + timedelta(minutes=5)
    """The delay itself, and five polls."""
    keeps: timedelta = timedelta(seconds=60)
    """How far back a question may reach behind the newest chain."""

    def __post_init__(self) -> None:
        if not self.poll_every >= LEAST_INTERVAL:
            raise InvalidValueError("poll_every", self.poll_every, f"at least {LEAST_INTERVAL:g} seconds")
        if not self.timeout > 0:
            raise InvalidValueError("timeout", self.timeout, "positive, in seconds")


class DelayedChains:
    """The chains that came, the newest last; written by the poll, read by any thread."""

    def __init__(self, name: str, clock: Clock, keeps: timedelta) -> None:
        self.changed = Condition()
        self._name = name
        self._clock = clock
        self._keeps = keeps
        self._now = clock.now()
        self._chains: Versions[OptionChain] = Versions()
        self._stamped_at: datetime | None = None
        self._opener = Opener(self._now, keeps)
        self._status = ConnectionStatus(connected=False, since=self._now, reason=None)

    @property
    def opening(self) -> Opening | None:
        """Since when the first chain answers; None before it has come."""
        return self._opener.opening

    @property
    def status(self) -> ConnectionStatus:
        """`connected`: the last request was answered; `since` when; `reason` why it was not."""
        return self._status

    def at(self, moment: datetime) -> OptionChain | None:
        """The chain that was at hand at `moment`; the same value for the same one."""
        with self.changed:
            found = self._chains.at(moment)
            return None if found is None else found[1]

    def newest(self) -> OptionChain | None:
        """The chain that came last."""
        with self.changed:
            return self._chains.last()

    def take(self, chain: OptionChain) -> None:
        """A chain as it was read; its `received_at` is Cboe's own stamp and becomes our time."""
        with self.changed:
            at = self._stamp()
            stamped = chain.received_at
            if stamped is None or self._stamped_at is None or stamped > self._stamped_at:
                self._stamped_at = stamped
                slices = tuple(_dated(item, chain.as_of) for item in chain.slices)
                told = replace(chain, source=self._name, received_at=at, slices=slices)
                self._chains.put(at, told, at - self._keeps)
                self._opener.ready(at)
            self._tell(ConnectionStatus(connected=True, since=at, reason=None))

    def unchanged(self) -> None:
        """Cboe says that nothing has changed."""
        with self.changed:
            self._tell(ConnectionStatus(connected=True, since=self._stamp(), reason=None))

    def failed(self, reason: str) -> None:
        """The chain could not be had or not be read."""
        with self.changed:
            self._tell(ConnectionStatus(connected=False, since=self._stamp(), reason=reason))

    def _tell(self, status: ConnectionStatus) -> None:
        self._status = status
        self.changed.notify_all()

    def _stamp(self) -> datetime:
        self._now = max(self._now, self._clock.now())
        return self._now


class Poll:
    """`run` is the coroutine that a background thread runs."""

    def __init__(
        self,
        underlying: str,
        file: str,
        chains: DelayedChains,
        clock: Clock,
        settings: CboeSettings,
        *,
        policy: RetryPolicy = PATIENT,
        sleep: Sleep = asyncio.sleep,
        uniform: Uniform = jitter,
    ) -> None:
        """`file`: what Cboe calls the chain, `_SPX.json`."""
        self._underlying = underlying
        self._file = file
        self._chains = chains
        self._clock = clock
        self._settings = settings
        self._policy = policy
        self._sleep = sleep
        self._uniform = uniform
        self._marks: dict[str, str] = {}

    async def run(self) -> None:
        """Until it is cancelled."""
        failures = 0
        async with PoliteClient(
            "cboe",
            self._settings.address,
            self._clock,
            timeout=self._settings.timeout,
            policy=self._policy,
            longest_wait=300.0,
            sleep=self._sleep,
            uniform=self._uniform,
        ) as client:
            while True:
                wait = self._settings.poll_every * (1.0 + 0.1 * self._uniform())
                try:
                    self._take(await client.get(self._file, headers=self._marks))
                    failures = 0
                except VenueError as error:
                    failures += 1
                    self._chains.failed(str(error))
                    wait = max(wait, self._policy.delay(failures, self._uniform))
                await self._sleep(wait)

    def _take(self, answer: Answer) -> None:
        source = f"cboe {self._file}"
        if answer.status == _UNCHANGED and self._marks:
            self._chains.unchanged()
            return
        if answer.status in _NOT_THERE:
            raise VenueError(f"{source}: Cboe has no delayed quotes under this name (status {answer.status})")
        if answer.status != _FRESH:
            raise VenueError(f"{source}: answered {answer.status}")
        chain = read(source, self._file, answer.content)
        if chain.underlying != self._underlying:
            raise VenueError(f"{source}: data.symbol: the payload is of {chain.underlying}, not of {self._underlying}")
        marks = {"if-none-match": answer.headers.get("etag"), "if-modified-since": answer.headers.get("last-modified")}
        self._marks = {name: mark for name, mark in marks.items() if mark is not None}
        self._chains.take(chain)


def read(source: str, file: str, content: bytes) -> OptionChain:
    """The chain in a payload. VenueError, with the field, where it does not fit."""
    path = Path(file)
    try:
        document = parse(path, content.decode("utf-8"))
        if not cboe_delayed.recognises(document.root):
            document.refuse("must hold the options", "data.options")
        return cboe_delayed.read(path, document)
    except UnicodeDecodeError as error:
        raise VenueError(f"{source}: the answer is not UTF-8: {error}") from None
    except MalformedFileError as error:
        field = f"{error.column}: " if isinstance(error.column, str) else ""
        raise VenueError(f"{source}: {field}{error.reason}") from None


def _dated(item: ChainSlice, as_of: datetime) -> ChainSlice:
    """With the moment that the payload stamps all its quotes with."""
    return replace(item, call=_stamped(item.call, as_of), put=_stamped(item.put, as_of))


def _stamped(side: QuoteColumns, as_of: datetime) -> QuoteColumns:
    import numpy as np

    listed = np.array([symbol is not None for symbol in side.symbols])
    return replace(side, quoted_at=np.where(listed, as_of.timestamp(), np.nan))
