"""The cache and the token buckets of one process: least recently used goes first, what is over its time is gone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Literal

from server.parts import Rate

MOST_VALUES: Final = 10_000
MOST_BYTES: Final = 64 << 20
MOST_BUCKETS: Final = 100_000


class Listeners:
    """Who wants to hear of which channel, in this process."""

    def __init__(self) -> None:
        self._heard: dict[str, list[Callable[[bytes], None]]] = {}

    @property
    def channels(self) -> frozenset[str]:
        """Those with a listener."""
        return frozenset(self._heard)

    def add(self, channel: str, heard: Callable[[bytes], None]) -> Callable[[], None]:
        """Call `heard` for each message; returns what ends it."""
        self._heard.setdefault(channel, []).append(heard)

        def end() -> None:
            others = self._heard.get(channel, [])
            if heard in others:
                others.remove(heard)
            if not others:
                self._heard.pop(channel, None)

        return end

    def tell(self, channel: str, message: bytes) -> None:
        """Everybody on the channel."""
        for heard in tuple(self._heard.get(channel, ())):
            heard(message)


class LocalCache:
    """A `Cache` in process. Used from one event loop."""

    state: Literal["in-process"] = "in-process"

    def __init__(self, now: Callable[[], float], values: int = MOST_VALUES, size: int = MOST_BYTES) -> None:
        self._now = now
        self._most = values
        self._most_bytes = size
        self._bytes = 0
        self._kept: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._listeners = Listeners()

    async def get(self, key: str) -> bytes | None:
        """The value, unless it is over its time."""
        found = self._kept.get(key)
        if found is None:
            return None
        if found[0] <= self._now():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return found[1]

    async def set(self, key: str, value: bytes, seconds: float) -> None:
        """Keep for `seconds`, or until the room is needed."""
        self._drop(key)
        self._kept[key] = (self._now() + seconds, value)
        self._bytes += len(value)
        while len(self._kept) > self._most or self._bytes > self._most_bytes:
            self._drop(next(iter(self._kept)))

    async def delete(self, key: str) -> None:
        """Forget it."""
        self._drop(key)

    async def take(self, key: str) -> bytes | None:
        """Get and forget; nothing else runs in between."""
        found = await self.get(key)
        self._drop(key)
        return found

    async def publish(self, channel: str, message: bytes) -> None:
        """Tell the listeners at once."""
        self._listeners.tell(channel, message)

    def subscribe(self, channel: str, heard: Callable[[bytes], None]) -> Callable[[], None]:
        """Hear of a channel until what is returned was called."""
        return self._listeners.add(channel, heard)

    async def start(self) -> None:
        """Nothing to connect."""

    async def stop(self) -> None:
        """Nothing to let go."""

    def _drop(self, key: str) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._bytes -= len(gone[1])


class LocalRates:
    """A `RateLimiter` in process: a bucket holds a minute's tokens and fills evenly."""

    def __init__(self, now: Callable[[], float], buckets: int = MOST_BUCKETS) -> None:
        self._now = now
        self._most = buckets
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Tokens and the moment they were counted at."""

    async def take(self, key: str, per_minute: int, cost: int = 1) -> Rate:
        """Take `cost` tokens, if they are there."""
        return self.taken(key, per_minute, cost)

    def taken(self, key: str, per_minute: int, cost: int = 1) -> Rate:
        """The same, without an event loop."""
        now = self._now()
        tokens, counted = self._buckets.get(key, (float(per_minute), now))
        since = max(0.0, now - counted)  # a clock that was set back gives nothing and takes nothing
        tokens = min(float(per_minute), tokens + since * per_minute / 60.0)
        allowed = tokens >= cost
        if allowed:
            tokens -= cost
        self._buckets[key] = (tokens, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return rate_of(tokens, per_minute, cost, allowed=allowed)


def rate_of(tokens: float, per_minute: int, cost: int, *, allowed: bool) -> Rate:
    """What is told of a bucket that holds `tokens` after the taking."""
    wanted = per_minute if allowed else cost
    return Rate(allowed, per_minute, int(tokens), max(0.0, (wanted - tokens) * 60.0 / per_minute))
