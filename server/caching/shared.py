"""The cache, hints and token buckets in a Redis, shared by all workers.

Every call has 0.2 s and no second try. What fails opens the breaker: until the Redis answers again values are missing,
hints reach this worker alone, and requests are counted in process, each worker for itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from server.caching.breaker import Breaker
from server.caching.local import Listeners, LocalRates, rate_of
from server.parts import Rate

T = TypeVar("T")

TIMEOUT: Final = 0.2
MOST_CONNECTIONS: Final = 64
PREFIX: Final = "optionix:"
_FAILURES: Final = (RedisError, OSError, TimeoutError)
_LISTEN_PAUSE: Final = 0.5
_SILENT_SECONDS: Final = 5.0
"""After which a connection that says nothing is asked whether it lives: one that a network cut in half never ends."""
_CANCEL_PAUSE: Final = 0.05
_SENDER_BYTES: Final = 8

TAKE: Final = """
local per_minute = tonumber(ARGV[1])
local cost = tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'counted')
local tokens = tonumber(bucket[1])
if tokens == nil then
  tokens = per_minute
else
  tokens = math.min(per_minute, tokens + math.max(0, now - tonumber(bucket[2])) * per_minute / 60)
end
local allowed = 0
if tokens >= cost then
  tokens = tokens - cost
  allowed = 1
end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'counted', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], 120)
return {allowed, string.format('%.6f', tokens)}
"""
"""A token bucket in one step, by the Redis server's own clock: workers on several machines need not agree on the time.
`limits`, the usual library, counts in windows, which let twice the rate pass where two windows meet."""

_TAKE_DIGEST: Final = hashlib.sha1(TAKE.encode(), usedforsecurity=False).hexdigest()
"""The name by which a Redis knows it."""


class SharedCache:
    """A `Cache` in a Redis; `rates` are its token buckets."""

    def __init__(self, url: str, now: Callable[[], float], *, changed: Callable[[bool], None] = lambda _: None) -> None:
        self._redis = connected(url)
        self._sender = secrets.token_bytes(_SENDER_BYTES)
        self._listeners = Listeners()
        self._listening: asyncio.Task[None] | None = None
        self._new_channel = asyncio.Event()
        self.breaker = Breaker(self._redis.ping, _FAILURES, changed=changed)
        self.rates = SharedRates(self._redis, self.breaker, LocalRates(now))

    @property
    def state(self) -> Literal["redis", "degraded"]:
        """`degraded` while the breaker is open."""
        return "degraded" if self.breaker.open else "redis"

    async def get(self, key: str) -> bytes | None:
        """None where it is not there or the Redis does not answer."""
        return await self._asked(lambda: self._command("GET", PREFIX + key))

    async def set(self, key: str, value: bytes, seconds: float) -> None:
        """Keep for `seconds`, where the Redis answers."""
        await self._asked(lambda: self._redis.set(PREFIX + key, value, px=max(1, round(seconds * 1000))))

    async def delete(self, key: str) -> None:
        """Forget it."""
        await self._asked(lambda: self._redis.delete(PREFIX + key))

    async def take(self, key: str) -> bytes | None:
        """Get and forget in one step."""
        return await self._asked(lambda: self._command("GETDEL", PREFIX + key))

    async def publish(self, channel: str, message: bytes) -> None:
        """Tell this worker's listeners at once and those of the others by the Redis."""
        self._listeners.tell(channel, message)
        await self._asked(lambda: self._redis.publish(PREFIX + channel, self._sender + message))

    def subscribe(self, channel: str, heard: Callable[[bytes], None]) -> Callable[[], None]:
        """Hear of a channel until what is returned was called."""
        end = self._listeners.add(channel, heard)
        self._new_channel.set()
        return end

    async def start(self) -> None:
        """Ask the Redis once, and listen to the other workers."""
        await self._asked(self._redis.ping)
        self._listening = asyncio.get_running_loop().create_task(self._listen())

    async def stop(self) -> None:
        """Let go of all connections."""
        if self._listening is not None:
            while not self._listening.done():  # the client may take a cancellation for a timeout of its own
                self._listening.cancel()
                await asyncio.wait((self._listening,), timeout=_CANCEL_PAUSE)
        await self.breaker.stop()
        await self._redis.aclose()

    async def _asked(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        if self.breaker.open:
            return None
        try:
            return await ask()
        except _FAILURES:
            self.breaker.fail()
            return None

    async def _command(self, *parts: str) -> bytes | None:
        found: bytes | None = await _run(self._redis, *parts)
        return found

    async def _listen(self) -> None:
        """Follow the channels that have listeners; connect anew whenever the connection is lost."""
        while True:
            try:
                await self._follow()
            except _FAILURES:
                self.breaker.fail()
            await asyncio.sleep(_LISTEN_PAUSE)

    async def _follow(self) -> None:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as heard:
            followed: set[str] = set()
            seconds = asyncio.get_running_loop().time
            last, asked = seconds(), False
            while True:
                self._new_channel.clear()
                wanted = self._listeners.channels
                if wanted - followed:
                    await heard.subscribe(*(PREFIX + channel for channel in wanted - followed))
                if followed - wanted:
                    await heard.unsubscribe(*(PREFIX + channel for channel in followed - wanted))
                followed = set(wanted)
                if not followed:
                    await self._new_channel.wait()
                    last, asked = seconds(), False
                    continue
                message = await heard.get_message(timeout=_LISTEN_PAUSE)
                if message is not None:
                    last, asked = seconds(), False
                    if message["type"] == "message":
                        self._told(message)
                elif asked:
                    raise TimeoutError("the connection to the Redis is cut")
                elif seconds() - last > _SILENT_SECONDS:
                    await heard.ping()
                    asked = True

    def _told(self, message: dict[str, Any]) -> None:
        sender, content = message["data"][:_SENDER_BYTES], message["data"][_SENDER_BYTES:]
        if sender != self._sender:
            self._listeners.tell(message["channel"].decode().removeprefix(PREFIX), content)


class SharedRates:
    """A `RateLimiter` in a Redis; in process while it does not answer, so that a limit is never open."""

    def __init__(self, redis: Redis, breaker: Breaker, instead: LocalRates) -> None:
        self._redis = redis
        self._breaker = breaker
        self._instead = instead

    async def take(self, key: str, per_minute: int, cost: int = 1) -> Rate:
        """Take `cost` tokens, if they are there."""
        if not self._breaker.open:
            try:
                allowed, tokens = await self._bucket(PREFIX + "rate:" + key, per_minute, cost)
                return rate_of(float(tokens), per_minute, cost, allowed=bool(allowed))
            except _FAILURES:
                self._breaker.fail()
        return self._instead.taken(key, per_minute, cost)

    async def _bucket(self, key: str, per_minute: int, cost: int) -> Any:
        try:
            return await _run(self._redis, "EVALSHA", _TAKE_DIGEST, 1, key, per_minute, cost)
        except NoScriptError:  # the Redis is new, or was started anew
            return await _run(self._redis, "EVAL", TAKE, 1, key, per_minute, cost)


async def _run(redis: Redis, *parts: str | int) -> Any:
    """One command; what the client gives is untyped."""
    return await redis.execute_command(*parts)  # type: ignore[no-untyped-call]


def connected(url: str) -> Redis:
    """A client without second tries; it connects when it is first used. ValueError where `url` is none."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=MOST_CONNECTIONS,
        timeout=TIMEOUT,  # to wait for a free one
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
        client_name="optionix",
    )
    return Redis.from_pool(pool)
