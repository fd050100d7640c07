"""What happens between two steps of a listener, the hub and the pump of quotes: no network, every step by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from optionix_core.errors import VenueError
from optionix_core.market.clock import ManualClock
from optionix_core.market.quote import Quote
from optionix_core.sync.memory import MemoryEventStore
from server.auth.identity import Identity, Role, Tier
from server.caching.local import LocalCache
from server.problems import Problem
from server.realtime import market, tickets
from server.realtime.hub import StreamHub
from server.realtime.listener import Listener
from server.realtime.market import MarketPump
from server.realtime.messages import Code
from tests.server.realtime.station import START, event

STREAM = UUID(int=7)
ADA = Identity(UUID(int=1), Role.TRADER, Tier.STANDARD, UUID(int=2))


async def until(holds: Callable[[], object]) -> None:
    """Let the others run until something holds."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.001)


class Socket:
    """A client's end."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.heard: list[dict[str, Any]] = []
        self.closed: int | None = None
        self.taking: Callable[[dict[str, Any]], Any] = lambda _: None
        """Called with each message; what it returns is awaited before the message is taken."""

    def say(self, **message: Any) -> None:
        self.said.put_nowait({"type": "websocket.receive", "text": json.dumps({"type": "subscribe", **message})})

    async def receive(self) -> dict[str, Any]:
        return await self.said.get()

    async def send_text(self, text: str) -> None:
        message = json.loads(text)
        self.heard.append(message)
        await asyncio.sleep(0)
        waiting = self.taking(message)
        if waiting is not None:
            await waiting

    async def close(self, code: int, reason: str) -> None:
        del reason
        self.closed = code

    async def until(self, count: int, kind: str = "event") -> list[int]:
        """Sequences of the messages of a kind, once there are so many."""

        def found() -> list[int]:
            return [one["seq"] for one in self.heard if one["type"] == kind]

        await until(lambda: len(found()) >= count)
        return found()


class World:
    """A hub over one stream in memory; nothing tells it of what is appended."""

    def __init__(self) -> None:
        self.store = MemoryEventStore()
        books: Any = SimpleNamespace(stream_seen=lambda *_: STREAM, store=lambda _: self.store)
        database: Any = None
        clock = ManualClock(START)
        cache = LocalCache(lambda: clock.now().timestamp())
        self.hub = StreamHub(database, cache, clock, books, look=3600.0)

    def append(self, *numbers: int) -> None:
        with self.store.writing("a test") as log:
            log.append([event(number) for number in numbers])

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[tuple[Socket, Listener]]:
        socket = Socket()
        listener = Listener(socket, ADA, self.hub, 10.0)  # type: ignore[arg-type] # as much of it as is used
        serving = asyncio.ensure_future(listener.serve())
        try:
            yield socket, listener
        finally:
            listener.end(Code.RESTART, "the test ends")
            await serving


@pytest.fixture
def world() -> World:
    made = World()
    made.append(1, 2, 3, 4, 5)
    return made


async def test_a_subscription_that_comes_while_an_event_waits_to_be_taken_begins_where_it_asked(world: World) -> None:
    go = asyncio.Event()
    async with world.listening() as (socket, listener):
        socket.taking = lambda message: go.wait() if message.get("seq") == 2 else None
        socket.say(channels=["log"], after=0)
        assert await socket.until(2) == [1, 2]
        socket.say(channels=["log"], after=0)
        await until(lambda: listener._answers)
        go.set()
        assert await socket.until(7) == [1, 2, 1, 2, 3, 4, 5]


async def test_quotes_that_never_end_keep_no_event_from_a_slow_client(world: World) -> None:
    async with world.listening() as (socket, listener):

        def taken(message: dict[str, Any]) -> None:
            if message["type"] == "quote":
                listener.quote("SPX", '{"type": "quote"}')  # the next one is there before this one was taken

        socket.taking = taken
        listener.quote("SPX", '{"type": "quote"}')
        socket.say(channels=["log"], after=0)
        assert await socket.until(5) == [1, 2, 3, 4, 5]


async def test_whoever_comes_back_to_a_worker_that_has_not_read_as_far_is_let_in(world: World) -> None:
    """Another worker sent the sixth event; this one has not looked yet."""
    async with world.listening() as (first, _), world.listening() as (second, _):
        first.say(channels=["log"], after=5)
        await asyncio.sleep(0.01)
        world.append(6)
        second.say(channels=["log"], after=6)
        await until(lambda: second.heard)
        assert second.heard == [
            {"type": "subscribed", "channels": ["log"], "symbols": [], "stream_id": str(STREAM), "after": 6, "head": 6}
        ]
        world.append(7)
        world.hub._tails[STREAM].head = 5
        await world.hub._tails[STREAM].grow()
        assert await first.until(2) == [6, 7]
        assert await second.until(1) == [7]


async def test_all_who_listen_to_a_stream_share_the_tail_that_grows(world: World) -> None:
    """One socket leaves while the two that replace it are subscribing."""

    class Someone:
        tail: Any = None

        def wake(self) -> None:
            """Nobody is there."""

    hub: Any = world.hub
    one, two, three = Someone(), Someone(), Someone()
    hub.move(one, await hub.tail(ADA, None))
    found = await hub.tail(ADA, None)
    hub.move(one, None)
    hub.move(three, await hub.tail(ADA, None))
    hub.move(two, found)
    assert two.tail is three.tail is hub._tails[STREAM]
    assert two.tail.listeners == {two, three}


async def test_a_subscription_that_fails_leaves_no_tail_behind(world: World) -> None:
    async def silent(*_: Any) -> None:
        raise VenueError("the feed does not answer")

    world.hub.market.listen = silent  # type: ignore[method-assign] # stands for a feed that is away
    async with world.listening() as (socket, _):
        socket.say(channels=["log", "market"], symbols=["SPX"], after=0)
        await until(lambda: socket.heard)
        assert socket.heard[0]["type"] == "error"
        assert world.hub._tails == {}


def test_a_listener_that_leaves_while_it_is_looked_after_is_no_fault(world: World) -> None:
    """The look runs beside the event loop, which takes a listener's tail away between two steps of it."""

    class Leaving:
        identity = ADA
        foreign = True
        tails = [SimpleNamespace(stream_id=STREAM), None]  # noqa: RUF012 - one test has one

        @property
        def tail(self) -> Any:
            return self.tails.pop(0)

    hub: Any = world.hub
    assert not hub._is_gone(Leaving(), {ADA.session_id}, {ADA.user_id: ADA.role})


async def test_a_fault_in_one_look_is_not_the_end_of_all_looks(world: World) -> None:
    """Else whoever is shut out after it would go on listening."""
    hub: Any = world.hub
    hub._look_seconds = 0.001
    ended: list[Code] = []
    listener = SimpleNamespace(end=lambda code, _: ended.append(code))
    looks = iter([ZeroDivisionError(), ({}, [listener])])

    def look(*_: Any) -> Any:
        found = next(looks)
        if isinstance(found, Exception):
            raise found
        hub._listeners.clear()
        return found

    hub._look = look
    hub._listeners = {Ear()}
    await hub.start()
    await until(lambda: ended)
    assert ended == [Code.ENDED]
    await hub.stop()


async def test_places_are_counted_before_sockets_are_open(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.realtime.hub.MOST_OF_ONE", 1)
    await world.hub.start()
    try:
        place = world.hub.admit(ADA)
        with pytest.raises(Problem, match="too-many-sockets"):
            world.hub.admit(ADA)
        with place:
            pass
        with world.hub.admit(ADA):
            pass
    finally:
        await world.hub.stop()


async def test_a_socket_that_is_accepted_while_the_server_ends_is_told_so(world: World) -> None:
    await world.hub.start()
    socket: Any = Socket()
    with world.hub.admit(ADA):
        await world.hub.stop()
        async with asyncio.timeout(5):
            await world.hub.serve(socket, ADA)
    assert socket.closed == Code.RESTART


class Feed:
    """A feed of two symbols, whose quotes a test makes."""

    def __init__(self) -> None:
        self.asked = 0
        self.told: Callable[[int], None] = lambda _: None
        """Called with how many were asked for, before each answer."""

    def underlyings(self) -> Any:
        return [SimpleNamespace(symbol=name) for name in ("AAA", "BBB", "CCC")]

    def quote(self, symbol: str, now: Any) -> Quote:
        self.asked += 1
        self.told(self.asked)
        return Quote(symbol=symbol, bid=1.0 + self.asked, ask=200.0, received_at=now, source="test")


class Ear:
    """Who listens to quotes."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def quote(self, symbol: str, text: str) -> None:
        del text
        self.heard.append(symbol)


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
async def pump(feed: Feed) -> AsyncIterator[MarketPump]:
    made = MarketPump(lambda: feed, ManualClock(START), 0.001)  # type: ignore[arg-type, return-value] # as much as is used
    yield made
    await made.stop()


async def heard(ear: Ear, count: int) -> None:
    await until(lambda: len(ear.heard) >= count)


async def test_symbols_that_are_too_many_leave_those_from_before(
    pump: MarketPump, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market, "MOST_SYMBOLS", 1)
    ear = Ear()
    await pump.listen(ear, ["AAA"])
    with pytest.raises(Problem, match="too-many-symbols"):
        await pump.listen(ear, ["AAA", "BBB"])
    await heard(ear, 3)
    assert set(ear.heard) == {"AAA"}
    await pump.listen(ear, ["BBB"])  # in place of the one before: there is room
    assert set(pump._wanted) == {"BBB"}


async def test_a_quote_that_nobody_waits_for_any_more_is_not_kept_for_the_next(pump: MarketPump, feed: Feed) -> None:
    ear = Ear()

    def left(asked: int) -> None:
        if asked == 2:  # the first look; before that the symbol was tried
            pump.leave(ear)

    feed.told = left
    await pump.listen(ear, ["AAA"])
    await until(lambda: pump._task is None)
    assert (pump._texts, pump._last, ear.heard) == ({}, {}, [])


async def test_a_fault_in_one_look_is_not_the_end_of_all_quotes(
    pump: MarketPump, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market, "AFTER_FAULT", 0.0)

    def broken(asked: int) -> None:
        if asked == 2:
            raise ZeroDivisionError

    feed.told = broken
    ear = Ear()
    await pump.listen(ear, ["AAA"])
    await heard(ear, 1)


async def test_a_ticket_that_was_not_kept_is_not_given_and_one_that_nobody_can_look_for_is_not_refused() -> None:
    class Lost(LocalCache):
        """A Redis that goes away with the first call, and is found out by it."""

        async def set(self, key: str, value: bytes, seconds: float) -> None:
            del key, value, seconds
            self.state = "degraded"  # type: ignore[assignment] # as a Redis's

        async def take(self, key: str) -> bytes | None:
            del key
            self.state = "degraded"  # type: ignore[assignment] # as a Redis's
            return None

    with pytest.raises(Problem, match="no-tickets"):
        await tickets.issue(Lost(lambda: 0.0), ADA, "203.0.113.7")
    with pytest.raises(Problem, match="no-tickets") as caught:
        await tickets.redeem(Lost(lambda: 0.0), "x" * 43, "203.0.113.7")
    assert caught.value.status == 503
