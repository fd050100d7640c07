"""One contract for the cache in process and in a Redis, and what is left where the Redis does not answer."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING

import pytest
import redis

from optionix_core.errors import ConfigurationError
from server import cache as choosing
from server.caching import shared
from server.caching.local import LocalCache, LocalRates
from server.caching.shared import PREFIX, SharedCache
from server.settings import ServerSettings
from tests.server.services import Redis

if TYPE_CHECKING:
    from server.parts import Cache, RateLimiter

PATIENCE = 10.0


class Time:
    """Seconds that a test moves on."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


async def until(holds: Callable[[], bool]) -> None:
    """Let the event loop go on until something holds."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - what is waited for is no event
            await asyncio.sleep(0.005)


@pytest.fixture(params=["in-process", "redis"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[Cache]:
    clock = Time()
    made: Cache = (
        LocalCache(clock) if request.param == "in-process" else SharedCache(request.getfixturevalue("redis_url"), clock)
    )
    await made.start()
    yield made
    await made.stop()


@pytest.fixture(params=["in-process", "redis"])
async def rates(request: pytest.FixtureRequest) -> AsyncIterator[RateLimiter]:
    if request.param == "in-process":
        yield LocalRates(time.monotonic)
        return
    made = SharedCache(request.getfixturevalue("redis_url"), time.monotonic)
    await made.start()
    yield made.rates
    await made.stop()


async def test_what_was_set_is_there_until_it_is_deleted(cache: Cache) -> None:
    assert await cache.get("a") is None
    await cache.set("a", b"\x00\xffbytes", 60)
    assert await cache.get("a") == b"\x00\xffbytes"
    await cache.set("a", b"other", 60)
    assert await cache.get("a") == b"other"
    await cache.delete("a")
    await cache.delete("a")
    assert await cache.get("a") is None


async def test_of_many_takers_one_gets_it(cache: Cache) -> None:
    await cache.set("ticket", b"one", 60)
    taken = await asyncio.gather(*(cache.take("ticket") for _ in range(20)))
    assert sorted(taken, key=str) == [None] * 19 + [b"one"] or taken.count(b"one") == 1
    assert await cache.get("ticket") is None


async def test_listeners_hear_each_message_once_until_they_end(cache: Cache) -> None:
    heard: list[bytes] = []
    end = cache.subscribe("news", heard.append)
    await cache.publish("news", b"first")
    await cache.publish("other", b"not for us")
    await until(lambda: bool(heard))
    assert heard == [b"first"]
    end()
    await cache.publish("news", b"second")
    assert heard == [b"first"]


async def test_in_process_values_end_with_their_time_and_with_the_room() -> None:
    clock = Time()
    cache = LocalCache(clock, values=3, size=100)
    await cache.set("short", b"x", 5)
    clock.seconds += 5
    assert await cache.get("short") is None
    for name in "abcd":
        await cache.set(name, name.encode(), 60)
        await cache.get("a")
    assert [await cache.get(name) for name in "abcd"] == [b"a", None, b"c", b"d"]
    await cache.set("large", b"x" * 99, 60)
    assert await cache.get("large") is not None
    assert await cache.get("c") is None
    await cache.set("too large", b"x" * 101, 60)
    assert await cache.get("too large") is None


async def test_in_a_redis_values_end_with_their_time(redis_url: str) -> None:
    cache = SharedCache(redis_url, Time())
    await cache.start()
    await cache.set("short", b"x", 7.5)
    with redis.Redis.from_url(redis_url) as client:
        assert 6_000 < client.pttl(PREFIX + "short") <= 7_500
    await cache.stop()


async def test_a_bucket_gives_what_it_holds_and_no_more(rates: RateLimiter) -> None:
    taken = [await rates.take("key", 5) for _ in range(7)]
    assert [one.allowed for one in taken] == [True] * 5 + [False] * 2
    assert [one.remaining for one in taken] == [4, 3, 2, 1, 0, 0, 0]
    assert all(one.limit == 5 for one in taken)
    assert 11 < taken[-1].reset_seconds <= 12  # the next token comes after a fifth of a minute
    assert (await rates.take("another", 5)).allowed
    assert not (await rates.take("wide", 5, cost=6)).allowed


async def test_a_bucket_fills_evenly(rates: RateLimiter) -> None:
    while (await rates.take("key", 6_000)).allowed:
        pass
    began = time.monotonic()
    async with asyncio.timeout(PATIENCE):
        while not (refused := await rates.take("key", 6_000, cost=20)).allowed:  # noqa: ASYNC110 - time itself
            await asyncio.sleep(min(refused.reset_seconds, 0.05))
    assert 0.15 < time.monotonic() - began < 5  # 20 tokens at 100 a second


async def test_taken_at_once_no_token_is_given_twice(rates: RateLimiter) -> None:
    taken = await asyncio.gather(*(rates.take("key", 10) for _ in range(40)))
    assert sum(one.allowed for one in taken) == 10


def test_a_clock_that_is_set_back_gives_nothing_and_takes_nothing() -> None:
    clock = Time()
    rates = LocalRates(clock)
    for _ in range(10):
        rates.taken("key", 10)
    clock.seconds -= 3_600
    assert not rates.taken("key", 10).allowed
    clock.seconds += 6
    assert rates.taken("key", 10).allowed


def test_buckets_that_nobody_uses_make_room() -> None:
    rates = LocalRates(Time(), buckets=2)
    for key in ("a", "b", "a", "c"):
        rates.taken(key, 10)
    assert rates.taken("a", 10).remaining == 7
    assert rates.taken("b", 10).remaining == 9  # was let go and begins anew


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    """One that may be killed and frozen."""
    server = Redis()
    yield server
    server.stop()


async def _goes_on(cache: SharedCache) -> None:
    """Without its Redis nothing takes longer than 0.3 s, reads miss, and limits still limit."""
    began = time.monotonic()
    assert await cache.get("a") is None
    assert time.monotonic() - began < 0.3
    assert cache.state == "degraded"
    began = time.monotonic()
    for _ in range(50):
        assert await cache.get("a") is None
        await cache.set("a", b"x", 60)
        assert await cache.take("a") is None
    taken = [await cache.rates.take("key", 3) for _ in range(5)]
    heard: list[bytes] = []
    cache.subscribe("news", heard.append)
    await cache.publish("news", b"here")
    assert time.monotonic() - began < 0.1
    assert [one.allowed for one in taken] == [True] * 3 + [False] * 2
    assert heard == [b"here"]


async def test_a_killed_redis_costs_nothing_and_is_used_again_once_it_is_back(own_redis: Redis) -> None:
    told: list[bool] = []
    cache = SharedCache(own_redis.url(0), Time(), changed=told.append)
    await cache.start()
    await cache.set("a", b"x", 60)
    assert (await cache.rates.take("key", 3)).allowed
    own_redis.kill()
    await _goes_on(cache)
    own_redis.start()
    await until(lambda: cache.state == "redis")
    assert told == [True, False]
    await cache.set("a", b"y", 60)
    assert await cache.get("a") == b"y"
    assert (await cache.rates.take("key", 3)).remaining == 2  # its script was loaded anew
    await cache.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be frozen there")
async def test_a_frozen_redis_costs_one_timeout(own_redis: Redis) -> None:
    cache = SharedCache(own_redis.url(0), Time())
    await cache.start()
    await cache.set("a", b"x", 60)
    own_redis.freeze()
    try:
        await _goes_on(cache)
    finally:
        own_redis.thaw()
    await until(lambda: cache.state == "redis")
    assert await cache.get("a") == b"x"
    await cache.stop()


async def test_workers_hear_of_each_other_again_after_the_redis_came_back(own_redis: Redis) -> None:
    one, other = SharedCache(own_redis.url(0), Time()), SharedCache(own_redis.url(0), Time())
    heard: list[bytes] = []
    other.subscribe("news", heard.append)
    await one.start()
    await other.start()

    async def reaches(word: bytes) -> None:
        async with asyncio.timeout(PATIENCE):
            while word not in heard:
                await one.publish("news", word)
                await asyncio.sleep(0.02)

    await reaches(b"before")
    own_redis.kill()
    assert await one.get("a") is None
    own_redis.start()
    await reaches(b"after")
    await one.stop()
    await other.stop()


async def test_a_connection_that_is_cut_in_half_is_given_up_and_hints_come_again(
    own_redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing ends it: whatever was on its way is lost, and nobody says so."""
    monkeypatch.setattr(shared, "_SILENT_SECONDS", 0.1)
    monkeypatch.setattr(shared, "_LISTEN_PAUSE", 0.1)
    cut = asyncio.Event()
    listening: list[asyncio.Task[None]] = []

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, mute: bool) -> None:
        try:
            while data := await reader.read(4096):
                if not (mute and cut.is_set()):
                    writer.write(data)
        finally:
            writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mute = not cut.is_set()  # those from before the cut
        there = await asyncio.open_connection("127.0.0.1", own_redis.port)
        ways = [passed(reader, there[1], mute=mute), passed(there[0], writer, mute=mute)]
        listening.extend(asyncio.ensure_future(way) for way in ways)

    between = await asyncio.start_server(connected, "127.0.0.1", 0)
    url = f"redis://127.0.0.1:{between.sockets[0].getsockname()[1]}/0"
    one, other = SharedCache(own_redis.url(0), Time()), SharedCache(url, Time())
    heard: list[bytes] = []
    other.subscribe("news", heard.append)
    await one.start()
    await other.start()

    async def reaches(word: bytes) -> None:
        async with asyncio.timeout(PATIENCE):
            while word not in heard:
                await one.publish("news", word)
                await asyncio.sleep(0.02)

    await reaches(b"before")
    await asyncio.sleep(0.4)  # longer than it may be silent: it is asked, and its answer is taken
    await reaches(b"meanwhile")
    cut.set()
    await reaches(b"after")
    await one.stop()
    await other.stop()
    between.close()
    for way in listening:
        way.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    await asyncio.sleep(0)  # what was closed is let go


async def test_no_redis_at_the_start_is_found_later(own_redis: Redis) -> None:
    own_redis.kill()
    cache = SharedCache(own_redis.url(0), Time())
    await cache.start()
    assert cache.state == "degraded"
    own_redis.start()
    await until(lambda: cache.state == "redis")
    await cache.stop()


def test_settings_choose_and_a_wrong_address_is_named_without_its_password() -> None:
    kept, _ = choosing.opened(ServerSettings(), Time())
    assert kept.state == "in-process"
    with pytest.raises(ConfigurationError, match="OPTIONIX_SERVER_REDIS_URL must be redis://") as told:
        choosing.opened(ServerSettings(redis_url="http://user:hunter2@host"), Time())
    assert "hunter2" not in str(told.value)
