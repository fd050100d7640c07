"""The long form: 200 clients hear ten events a second for a minute, and one that stalls harms none of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from server.auth.identity import Role
from tests.server.realtime.station import Station, event, read

CLIENTS = 200
TOTAL = 600


@pytest.mark.soak
async def test_two_hundred_clients_hear_a_minute_without_a_gap(light: Station) -> None:
    owner = light.user(1, desk=1)
    viewers = [light.user(number, Role.VIEWER, desk=1) for number in range(2, 14)]
    stream = str(light.books.own_stream(owner.user_id))
    asked = {"channels": ["log"], "after": 0, "stream_id": stream}

    async def client(who: Any) -> list[int]:
        async with light.listen(who, asked, max_queue=None) as socket:
            return [(await read(socket, 60))["seq"] for _ in range(TOTAL)]

    async with light.listen(viewers[-1], asked, max_queue=1):
        clients = [asyncio.ensure_future(client(viewers[number % 11])) for number in range(CLIENTS)]
        for number in range(1, TOTAL + 1):
            await asyncio.to_thread(light.append, owner, event(number, text="x" * 1_000))
            await asyncio.sleep(0.1)
        found = await asyncio.wait_for(asyncio.gather(*clients), 60)
    assert found == [list(range(1, TOTAL + 1))] * CLIENTS
