"""Reads are answered two at a time, without anybody waiting long, and a lane is always given back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from server.middleware.lanes import LANES, Lanes


class Held:
    """An application whose requests begin, and end when they are let go."""

    def __init__(self, expected: int = 0) -> None:
        self.expected, self.all_there = expected, asyncio.Event()
        self.inside = self.most = self.begun = 0
        self.go = asyncio.Event()
        self.body = asyncio.Event()
        self.body.set()

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        self.begun += 1
        self.inside += 1
        if self.begun == self.expected:
            self.all_there.set()
        self.most = max(self.most, self.inside)
        try:
            await self.go.wait()
            if scope["path"] == "/fails":
                raise RuntimeError("on purpose")
        finally:
            self.inside -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.body.wait()
        await send({"type": "http.response.body", "body": b""})


async def receive() -> Any:
    raise AssertionError("nothing is read")


async def send(_message: Any) -> None:
    await asyncio.sleep(0)


def ask(app: Lanes, method: str = "GET", path: str = "/") -> asyncio.Task[None]:
    return asyncio.ensure_future(app({"type": "http", "method": method, "path": path}, receive, send))


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.middleware.lanes.PATIENCE", 60.0)


@pytest.mark.usefixtures("patient")
async def test_reads_are_answered_two_at_a_time_and_writes_as_they_come() -> None:
    held = Held()
    app = Lanes(held)
    reads = [ask(app) for _ in range(20)]
    await asyncio.sleep(0)
    assert held.begun == LANES
    writes = [ask(app, method) for method in ("POST", "PATCH", "DELETE")]
    await asyncio.sleep(0)
    assert held.begun == LANES + 3
    held.go.set()
    await asyncio.gather(*reads, *writes)
    assert (held.begun, held.most) == (23, LANES + 3)


@pytest.mark.usefixtures("patient")
async def test_an_answer_that_has_begun_holds_no_lane() -> None:
    held = Held(expected=20)
    held.go.set()
    held.body.clear()
    app = Lanes(held)
    reads = [ask(app) for _ in range(20)]
    await asyncio.wait_for(held.all_there.wait(), 60)
    held.body.set()
    await asyncio.gather(*reads)


@pytest.mark.usefixtures("patient")
async def test_a_lane_is_given_back_by_what_fails_and_by_what_is_cancelled() -> None:
    held = Held()
    app = Lanes(held)
    inside, waits = [ask(app, path="/fails") for _ in range(LANES)], [ask(app) for _ in range(6)]
    await asyncio.sleep(0)
    for one in waits[:2]:
        one.cancel()
    held.go.set()
    assert [type(one) for one in await asyncio.gather(*inside, return_exceptions=True)] == [RuntimeError] * LANES
    waits[2].cancel()  # it may just have been given a lane
    told = await asyncio.gather(*waits, return_exceptions=True)
    assert [one is None for one in told] == [False, False, False, True, True, True]
    held.go.clear()
    again = [ask(app) for _ in range(LANES + 1)]
    await asyncio.sleep(0)
    assert held.inside == LANES, "every lane is free again, and no more than there are"
    held.go.set()
    await asyncio.gather(*again)


async def test_nobody_waits_long_behind_what_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.middleware.lanes.PATIENCE", 0.001)
    held = Held(expected=LANES + 1)
    app = Lanes(held)
    slow = [ask(app) for _ in range(LANES + 1)]
    await asyncio.wait_for(held.all_there.wait(), 60)
    held.go.set()
    await asyncio.gather(*slow)
    held.go.clear()
    monkeypatch.setattr("server.middleware.lanes.PATIENCE", 60.0)
    again = [ask(app) for _ in range(LANES + 1)]
    await asyncio.sleep(0)
    assert held.inside == LANES, "whoever went beside the lanes gave none back"
    held.go.set()
    await asyncio.gather(*again)
