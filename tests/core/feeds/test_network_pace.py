"""How fast a venue is asked and how long a failure is waited out: by numbers, with no waiting."""

from __future__ import annotations

import asyncio
import threading

import pytest

from optionix_core.errors import VenueError
from optionix_core.feeds.network.background import Background
from optionix_core.feeds.network.pace import RetryPolicy, TokenBucket
from optionix_core.feeds.network.wire import Wire, parse


def test_waits_double_up_to_the_longest_and_chance_takes_at_most_half() -> None:
    policy = RetryPolicy(first=0.5, factor=2.0, longest=60.0)
    longest = [policy.delay(failures, lambda: 1.0) for failures in range(1, 10)]
    assert longest == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    assert [policy.delay(failures, lambda: 0.0) for failures in range(1, 4)] == [0.25, 0.5, 1.0]
    assert policy.delay(10_000, lambda: 1.0) == 60.0
    assert len({policy.delay(3) for _ in range(20)}) > 1


async def test_a_bucket_lets_a_burst_through_and_then_keeps_the_rate() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    now = [100.0]
    bucket = TokenBucket(rate=2.0, burst=3, sleep=sleep, seconds=lambda: now[0])
    for _ in range(6):
        await bucket.take()
    assert waits == [0.5, 1.0, 1.5]
    now[0] += 60.0
    for _ in range(4):
        await bucket.take()
    assert waits == [0.5, 1.0, 1.5, 0.5]  # however long nobody asked, no more than the burst


def test_a_background_is_cancelled_by_closing_and_closing_again_changes_nothing() -> None:
    began, cancelled = threading.Event(), threading.Event()

    async def main() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    background = Background("test", main)
    background.start()
    background.start()
    assert began.wait(10)
    background.close()
    background.close()
    assert cancelled.is_set()
    assert not background.running
    assert background.failure is None


def test_a_background_keeps_what_broke_it_and_one_closed_before_its_start_never_starts() -> None:
    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(broken())

    async def broken() -> None:
        raise ZeroDivisionError("a bug")

    background = Background("test", main)
    background.start()
    assert background.ended.wait(10)
    assert isinstance(background.failure, ZeroDivisionError)
    closed = Background("test", main)
    closed.close()
    closed.start()
    closed.call(lambda: None)
    assert not closed.running
    assert closed.failure is None


@pytest.mark.parametrize("content", [b"{", b"", b'{"a": Infinity}', b"[" * 100_000, b"\xff"])
def test_what_is_no_json_is_an_error_of_the_venue(content: bytes) -> None:
    with pytest.raises(VenueError, match="test: the answer is not JSON"):
        parse("test", content)


@pytest.mark.parametrize(
    ("value", "ask", "told"),
    [
        (True, "number", "must be a number"),
        ("1", "number", "must be a number"),
        (-1, "number", "must not be negative"),
        (1e400, "number", "must be finite"),
        (10**400, "number", "must be finite"),
        (0, "positive", "must be positive"),
        (1.5, "whole", "must be a whole number"),
        (True, "whole", "must be a whole number"),
        (10**18, "moment", "must be milliseconds since 1970"),
        ("", "text", "must be a text"),
        ({}, "items", "must be a list"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_its_place(value: object, ask: str, told: str) -> None:
    with pytest.raises(VenueError, match=rf"venue: a\.b {told}"):
        getattr(Wire("venue", "", {"a": {"b": value}}).get("a").get("b"), ask)()
