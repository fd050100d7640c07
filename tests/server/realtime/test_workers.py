"""Two workers on one database and one Redis: what one of them wrote or gave, the other tells and takes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from server.caching.shared import SharedCache
from tests.server.conftest import Backend
from tests.server.realtime.station import event, read, running
from tests.server.realtime.test_door import ticket

NEVER = 3600.0
"""Seconds between two looks of its own: only hints wake a worker."""


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_a_hint_wakes_listeners_of_the_other_worker(backend: Backend, redis_url: str, tmp_path: Path) -> None:
    def shared(now: Any) -> SharedCache:
        return SharedCache(redis_url, now)

    first, second = backend.open(), backend.open()
    try:
        with (
            running(first, tmp_path / "1", shared, look=NEVER) as here,
            running(second, tmp_path / "2", shared) as there,
        ):
            ada = here.user(1)
            there.known.update(here.known)
            async with here.listen(ada, {"channels": ["log"], "after": 0}) as socket:
                for number in range(1, 6):
                    await asyncio.to_thread(there.append, ada, event(number))
                    assert (await read(socket, 5.0))["seq"] == number
            given = await ticket(there, ada)
            async with connect(f"{here.url}?ticket={given}", proxy=None) as socket:
                await socket.send('{"type": "subscribe", "channels": ["log"], "after": 4}')
                assert [(await read(socket))["type"] for _ in range(2)] == ["subscribed", "event"]
    finally:
        first.close()
        second.close()


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_without_any_hint_a_worker_looks_for_itself(backend: Backend, tmp_path: Path) -> None:
    first, second = backend.open(), backend.open()
    try:
        with running(first, tmp_path / "1") as here, running(second, tmp_path / "2") as there:
            ada = here.user(1)
            async with here.listen(ada, {"channels": ["log"], "after": 0}) as socket:
                await asyncio.to_thread(there.append, ada, event(1))
                assert (await read(socket, 5.0))["seq"] == 1
    finally:
        first.close()
        second.close()
