"""Events of a stream: each once, in order, without a gap, over reconnects and beside clients that stall."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import update
from websockets.exceptions import ConnectionClosed

from server.auth.identity import Role
from server.realtime.messages import Code
from server.store.tables import stream_events, users
from tests.server.realtime.station import Station, assert_closes, event, read
from tests.server.tampering import tamper

LOG = {"channels": ["log"]}


async def sequences(socket: Any, count: int) -> list[int]:
    found = []
    while len(found) < count:
        message = await read(socket)
        assert message["type"] == "event"
        found.append(message["seq"])
    return found


async def test_what_was_and_what_comes_are_heard_in_order(station: Station) -> None:
    ada = station.user(1)
    station.append(ada, *(event(number) for number in range(1, 451)))
    async with station.listen(ada, {**LOG, "after": 100}) as socket:
        assert await sequences(socket, 350) == list(range(101, 451))
        await asyncio.to_thread(station.append, ada, event(451), event(452))
        message = await read(socket)
        assert (message["seq"], message["event"]["id"]) == (451, "e-451")
        assert message["event"]["payload"] == {"number": 451}
        assert message["channels"] == ["log", "orders", "positions"]
        assert await sequences(socket, 1) == [452]
    async with station.listen(ada, LOG) as socket:
        await asyncio.to_thread(station.append, ada, event(453))
        assert await sequences(socket, 1) == [453]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whoever_comes_back_misses_nothing_and_hears_nothing_twice(seed: int, light: Station) -> None:
    """A client is cut off at random while the stream grows, and takes it up where it was."""
    rng = random.Random(seed)
    ada = light.user(1)
    total, heard, connections = 400, [0], 0

    async def write() -> None:
        number = 1
        while number <= total:
            step = min(rng.randint(1, 40), total + 1 - number)
            await asyncio.to_thread(light.append, ada, *(event(number + at) for at in range(step)))
            number += step

    writing = asyncio.ensure_future(write())
    while heard[-1] < total:
        connections += 1
        async with light.listen(ada, {**LOG, "after": heard[-1]}, close_timeout=0.1) as socket:
            for _ in range(rng.randint(0, 60)):
                if heard[-1] == total:
                    break
                heard.append((await read(socket))["seq"])
            if rng.random() < 0.5:
                socket.transport.abort()
    await writing
    assert heard == list(range(total + 1))
    assert connections > 5


async def test_channels_hear_what_is_theirs_and_the_cursor_tells_the_rest(light: Station) -> None:
    ada = light.user(1)
    kinds = ["alert.fired", "journal.noted", "order.accepted", "ledger.entry", "journal.noted"]
    light.append(ada, *(event(number, kind) for number, kind in enumerate(kinds, 1)))
    async with light.listen(ada, {"channels": ["alerts", "positions"], "after": 0}) as socket:
        messages = [await read(socket) for _ in range(3)]
    assert [(one["type"], one["seq"]) for one in messages] == [("event", 1), ("event", 4), ("cursor", 5)]


async def test_a_subscription_replaces_the_one_before(light: Station) -> None:
    ada = light.user(1)
    light.append(ada, event(1, "alert.fired"), event(2, "order.accepted"))
    async with light.listen(ada, {"channels": ["alerts"], "after": 0}) as socket:
        assert [(await read(socket))["seq"] for _ in range(2)] == [1, 2]
        await socket.send('{"type": "subscribe", "channels": ["orders"], "after": 0}')
        assert (await read(socket))["type"] == "subscribed"
        message = await read(socket)
        assert (message["type"], message["seq"]) == ("event", 2)


async def dropped(station: Station) -> None:
    while station.hub.listening > 1:  # noqa: ASYNC110 - the hub is in another thread
        await asyncio.sleep(0.05)


async def until_cut(socket: Any) -> AsyncIterator[Any]:
    """What is left to be read of a connection that was cut."""
    while True:
        try:
            yield await asyncio.wait_for(socket.recv(), 10)
        except ConnectionClosed:
            return


async def test_a_client_that_stalls_is_dropped_and_harms_nobody(light: Station) -> None:
    ada = light.user(1)
    big = "x" * 100_000
    total = 150
    async with light.listen(ada, {**LOG, "after": 0}, max_queue=1, write_limit=1024) as stalled:
        async with light.listen(ada, {**LOG, "after": 0}) as other:
            for number in range(1, total + 1, 10):
                await asyncio.to_thread(light.append, ada, *(event(number + at, text=big) for at in range(10)))
            assert await sequences(other, total) == list(range(1, total + 1))
            await asyncio.wait_for(dropped(light), 10)
            await asyncio.to_thread(light.append, ada, event(total + 1))
            assert await sequences(other, 1) == [total + 1]
        assert 0 < len([message async for message in until_cut(stalled)]) < total


async def test_a_slow_client_is_told_why(light: Station) -> None:
    """It reads again within the seconds in which the server still tries to say goodbye."""
    ada = light.user(1)
    light.append(ada, *(event(number, text="x" * 100_000) for number in range(1, 151)))
    async with light.listen(ada, {**LOG, "after": 0}, max_queue=1) as slow:
        await asyncio.sleep(2.0)  # longer than a client may stall here
        await assert_closes(slow, Code.TOO_SLOW, 10.0)


async def test_anothers_stream_is_not_there_but_for_the_desk(light: Station) -> None:
    ada, other = light.user(1, desk=1), light.user(2, desk=1)
    manager, stranger = light.user(3, Role.RISK_MANAGER, desk=1), light.user(4, Role.RISK_MANAGER, desk=2)
    light.append(ada, event(1))
    stream = str(light.books.own_stream(ada.user_id))
    for who in (other, stranger):
        async with light.listen(who) as socket:
            await socket.send(f'{{"type": "subscribe", "channels": ["log"], "after": 0, "stream_id": "{stream}"}}')
            refused = await read(socket)
            assert (refused["status"], refused["problem"]) == (404, "urn:optionix:problem:not-found")
            with pytest.raises(ConnectionClosed) as caught:
                await read(socket)
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == Code.BAD_MESSAGE
    async with light.listen(manager, {**LOG, "after": 0, "stream_id": stream}) as socket:
        assert await sequences(socket, 1) == [1]
        moved = update(users).where(users.c.id == manager.user_id).values(desk_id=ada.user_id)
        await asyncio.to_thread(light.database.write, lambda connection: connection.execute(moved).rowcount)
        await assert_closes(socket, Code.ENDED)


async def test_a_stream_that_was_meddled_with_is_not_sent(light: Station) -> None:
    ada = light.user(1)
    light.append(ada, *(event(number) for number in range(1, 4)))
    row = stream_events.c
    altered = update(stream_events).where(row.seq == 2).values(hash=bytes(32))
    tamper(light.database, lambda connection: connection.execute(altered).rowcount)
    async with light.listen(ada, {**LOG, "after": 0}) as socket:
        await assert_closes(socket, Code.BROKEN)


async def test_a_stream_that_ends_before_what_the_client_has_is_refused(light: Station) -> None:
    ada = light.user(1)
    light.append(ada, event(1))
    async with light.listen(ada) as socket:
        await socket.send('{"type": "subscribe", "channels": ["log"], "after": 2}')
        refused = await read(socket)
        assert (refused["status"], refused["problem"]) == (409, "urn:optionix:problem:ahead")


async def test_twenty_clients_hear_ten_a_second_without_a_gap(light: Station) -> None:
    """The short form of what benchmarks/server_websocket.py measures."""
    ada = light.user(1)
    total = 20

    async def client() -> list[int]:
        async with light.listen(ada, {**LOG, "after": 0}) as socket:
            return await sequences(socket, total)

    clients = [asyncio.ensure_future(client()) for _ in range(20)]
    for number in range(1, total + 1):
        await asyncio.to_thread(light.append, ada, event(number))
        await asyncio.sleep(0.1)
    found = await asyncio.wait_for(asyncio.gather(*clients), 10)
    assert found == [list(range(1, total + 1))] * 20
