"""Who is let in, what may be said, and when it ends."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
import structlog
from sqlalchemy import update
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from optionix_core.market.clock import ManualClock
from server.auth.identity import Role
from server.caching.local import LocalCache
from server.observing import set_up_logs
from server.problems import Problem
from server.realtime import listener, tickets
from server.realtime.messages import MOST_BYTES, Code
from server.store.tables import users
from tests.server.realtime.station import START, Station, assert_closes, event, read


async def refused(station: Station, query: str = "", **more: Any) -> dict[str, Any]:
    """The problem that a handshake is answered with."""
    with pytest.raises(InvalidStatus) as caught:
        async with connect(station.url + query, proxy=None, **more):
            pass
    problem: dict[str, Any] = json.loads(caught.value.response.body or b"")
    assert problem["status"] == caught.value.response.status_code
    return problem


async def ticket(station: Station, identity: Any) -> str:
    async with httpx.AsyncClient() as client:
        headers = {"Authorization": f"Test {identity.session_id}"}
        answer = await client.post(f"http://127.0.0.1:{station.port}/ws/tickets", headers=headers)
    assert answer.status_code == 201
    assert answer.json()["expires_in"] == 30
    found: str = answer.json()["ticket"]
    return found


async def test_nobody_is_let_in_without_token_or_ticket(light: Station) -> None:
    assert (await refused(light))["type"].endswith("not-signed-in")
    assert (await refused(light, additional_headers={"Authorization": "Bearer x"}))["type"].endswith("invalid-token")
    support = light.user(1, Role.SUPPORT)
    headers = {"Authorization": f"Test {support.session_id}"}
    assert (await refused(light, additional_headers=headers))["status"] == 403


async def test_nobody_hears_anything_before_a_demanded_second_factor_is_on(
    light: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = light.user(1), light.user(2)
    light.known[str(bob.session_id)] = replace(bob, must_enrol=True)
    headers = {"Authorization": f"Test {bob.session_id}"}
    assert (await refused(light, additional_headers=headers))["type"].endswith("mfa-enrolment-required")
    async with light.listen(ada, {"channels": ["log"]}) as socket:
        monkeypatch.setattr(light.hub, "_second_factor", ["trader"])  # as if ada had turned hers off
        await assert_closes(socket, Code.ENDED)


async def test_a_ticket_lets_in_once(light: Station) -> None:
    found = await ticket(light, light.user(1))
    async with connect(f"{light.url}?ticket={found}", proxy=None) as socket:
        await socket.send('{"type": "subscribe", "channels": ["log"]}')
        assert (await read(socket))["type"] == "subscribed"
    assert (await refused(light, f"?ticket={found}"))["type"].endswith("invalid-ticket")
    assert (await refused(light, f"?ticket={found}&ticket={found}"))["status"] == 401
    assert (await refused(light, "?ticket=" + "x" * 5_000))["status"] == 401


async def test_tickets_are_in_no_log(light: Station) -> None:
    """uvicorn logs the address of each WebSocket, and of each that is refused."""
    kept: list[str] = []
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    set_up_logs("info", kept.append)
    try:
        found = await ticket(light, light.user(1))
        async with connect(f"{light.url}?ticket={found}", proxy=None) as socket:
            await socket.send('{"type": "ping"}')
            await read(socket)
        await refused(light, f"?ticket={found}")
    finally:
        root.handlers, root.level = before
        structlog.reset_defaults()
    assert found not in "".join(kept)


async def test_of_many_at_once_one_is_let_in_by_a_ticket(light: Station) -> None:
    found = await ticket(light, light.user(1))

    async def attempt() -> bool:
        try:
            async with connect(f"{light.url}?ticket={found}", proxy=None):
                return True
        except InvalidStatus:
            return False

    assert sum(await asyncio.gather(*(attempt() for _ in range(10)))) == 1


async def test_a_ticket_is_void_after_its_time_and_for_another_address(light: Station) -> None:
    clock = ManualClock(START)
    cache = LocalCache(lambda: clock.now().timestamp())
    ada = light.user(1)
    late = await tickets.issue(cache, ada, "203.0.113.7")
    clock.advance(timedelta(seconds=30))
    with pytest.raises(Problem, match="invalid-ticket"):
        await tickets.redeem(cache, late, "203.0.113.7")
    stolen = await tickets.issue(cache, ada, "203.0.113.7")
    with pytest.raises(Problem, match="invalid-ticket"):
        await tickets.redeem(cache, stolen, "198.51.100.1")
    with pytest.raises(Problem, match="invalid-ticket"):
        await tickets.redeem(cache, stolen, "203.0.113.7")
    good = await tickets.issue(cache, ada, "203.0.113.7")
    clock.advance(timedelta(seconds=29))
    assert await tickets.redeem(cache, good, "203.0.113.7") == ada


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1", "https://127.0.0.1:{port}"])
async def test_pages_of_other_origins_are_refused(origin: str, light: Station) -> None:
    found = await ticket(light, light.user(1))
    given: Any = origin.format(port=light.port)
    assert (await refused(light, f"?ticket={found}", origin=given))["type"].endswith("wrong-origin")
    own: Any = f"http://127.0.0.1:{light.port}"
    async with connect(f"{light.url}?ticket={found}", origin=own, proxy=None) as socket:
        await socket.send('{"type": "ping"}')
        assert await read(socket) == {"type": "pong"}


async def test_a_revoked_session_ends_its_sockets_within_a_second(station: Station) -> None:
    ada, other = station.user(1), station.user(2)
    async with (
        station.listen(ada, {"channels": ["log"]}) as socket,
        station.listen(other, {"channels": ["log"]}) as kept,
    ):
        station.revoke(ada)
        began = asyncio.get_running_loop().time()
        await assert_closes(socket, Code.ENDED)
        assert asyncio.get_running_loop().time() - began < 1.0
        await kept.send('{"type": "ping"}')
        assert await read(kept) == {"type": "pong"}


async def test_a_changed_role_ends_sockets(light: Station) -> None:
    ada = light.user(1)
    async with light.listen(ada, {"channels": ["log"]}) as socket:
        change = update(users).where(users.c.id == ada.user_id).values(role="viewer")
        light.database.write(lambda connection: connection.execute(change).rowcount)
        await assert_closes(socket, Code.ENDED)


BAD = {
    "not json": "{",
    "a key twice": '{"type": "ping", "type": "ping"}',
    "not a number": '{"type": "subscribe", "channels": ["log"], "after": NaN}',
    "unknown field": '{"type": "subscribe", "channels": ["log"], "more": 1}',
    "unknown type": '{"type": "order"}',
    "unknown channel": '{"type": "subscribe", "channels": ["secrets"]}',
    "no channel": '{"type": "subscribe", "channels": []}',
    "text for a number": '{"type": "subscribe", "channels": ["log"], "after": "1"}',
    "before the first": '{"type": "subscribe", "channels": ["log"], "after": -1}',
    "too deep": "[" * 200 + "]" * 200,
    "symbols without market": '{"type": "subscribe", "channels": ["log"], "symbols": ["SPX"]}',
    "no symbol": '{"type": "subscribe", "channels": ["market"], "symbols": ["NOSUCH"]}',
}


@pytest.mark.parametrize("why", BAD)
async def test_a_bad_first_message_is_named_and_ends_the_socket(why: str, light: Station) -> None:
    async with light.listen(light.user(1)) as socket:
        await socket.send(BAD[why])
        answer = await read(socket)
        assert answer["type"] == "error"
        assert answer["status"] in {400, 422}
        await assert_closes(socket, Code.BAD_MESSAGE)


async def test_a_later_mistake_leaves_the_subscription(light: Station) -> None:
    ada = light.user(1)
    async with light.listen(ada, {"channels": ["log"]}) as socket:
        await socket.send(BAD["no symbol"])
        assert (await read(socket))["errors"][0]["value"] == "NOSUCH"
        await asyncio.to_thread(light.append, ada, event(1))
        assert (await read(socket))["seq"] == 1


async def test_messages_are_bounded(light: Station) -> None:
    ada = light.user(1)
    async with light.listen(ada, {"channels": ["log"]}) as socket:
        await socket.send('{"type": "ping"}' + " " * MOST_BYTES)
        await assert_closes(socket, Code.TOO_LONG)
    async with light.listen(ada, {"channels": ["log"]}) as socket:
        await socket.send(b"\x00")
        await assert_closes(socket, Code.BAD_MESSAGE)
    async with light.listen(ada, {"channels": ["log"]}) as socket:
        for _ in range(listener.MESSAGES + 1):
            await socket.send('{"type": "ping"}')
        await assert_closes(socket, Code.TOO_MANY)


async def test_whoever_never_subscribes_is_sent_away(light: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "FIRST_SECONDS", 0.2)
    async with light.listen(light.user(1)) as socket:
        await assert_closes(socket, Code.TOO_SLOW)


async def test_sockets_of_one_user_are_bounded(light: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.realtime.hub.MOST_OF_ONE", 1)
    ada = light.user(1)
    async with light.listen(ada, {"channels": ["log"]}):
        headers = {"Authorization": f"Test {ada.session_id}"}
        assert (await refused(light, additional_headers=headers))["type"].endswith("too-many-sockets")
        async with light.listen(light.user(2), {"channels": ["log"]}):
            pass


async def test_a_server_that_ends_says_so(light: Station) -> None:
    async with light.listen(light.user(1), {"channels": ["log"]}) as socket:
        loop = light.hub._loop
        assert loop is not None
        ended = asyncio.run_coroutine_threadsafe(light.hub.stop(), loop)
        await asyncio.wrap_future(ended)
        await assert_closes(socket, Code.RESTART)


async def test_quotes_are_the_feeds_and_only_the_latest_waits(light: Station) -> None:
    ada = light.user(1)
    symbol = light.books.feed.underlyings()[0].symbol
    async with light.listen(ada, {"channels": ["market"], "symbols": [symbol]}) as socket:
        for minutes in (0, 5):
            light.clock.advance(timedelta(minutes=minutes))
            quote = await read(socket)
            expected = light.books.feed.quote(symbol, light.clock.now())
            assert (quote["type"], quote["symbol"]) == ("quote", symbol)
            assert (quote["bid"], quote["ask"]) == (expected.bid, expected.ask)
        with pytest.raises(TimeoutError):
            await read(socket, 0.4)
    with pytest.raises(ConnectionClosed):
        await socket.recv()
