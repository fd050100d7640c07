"""What is kept of sessions and keys: never older than a second, read together, and a revocation is never overtaken."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.auth import states
from server.auth.states import FRESH, FreshStates
from tests.server.auth.house import House
from tests.server.queries import counting_queries


class Source:
    """The truth, which counts how often it is asked, and may be held up."""

    def __init__(self) -> None:
        self.truth: dict[str, int] = {}
        self.asked: list[set[str]] = []
        self.held = threading.Event()
        self.held.set()
        self.reading = threading.Event()
        self.now = 0.0
        self.states = FreshStates(self.load, lambda: self.now)

    def load(self, keys: Collection[str]) -> Mapping[str, int]:
        self.asked.append(set(keys))
        found = {key: self.truth[key] for key in keys if key in self.truth}
        self.reading.set()
        assert self.held.wait(30)
        return found


async def test_what_was_read_answers_for_a_second_and_no_longer() -> None:
    source = Source()
    source.truth["a"] = 1
    assert await source.states.get("a") == 1
    source.truth["a"] = 2
    source.now += FRESH * 0.999
    assert await source.states.get("a") == 1
    source.now += FRESH * 0.001
    assert await source.states.get("a") == 2
    assert source.asked == [{"a"}, {"a"}]


async def test_many_who_ask_at_once_are_one_read() -> None:
    source = Source()
    source.truth = {str(number): number for number in range(50)}
    found = await asyncio.gather(*(source.states.get(str(number % 50)) for number in range(500)))
    assert found == [number % 50 for number in range(500)]
    assert len(source.asked) == 1


async def test_what_is_in_use_is_read_together_and_what_is_not_is_let_go() -> None:
    source = Source()
    source.truth = {"a": 1, "b": 2, "c": 3}
    for key in "abc":
        await source.states.get(key)
    source.now += 0.9
    await source.states.get("b")
    source.now += 0.1
    await source.states.get("a")
    assert source.asked[-1] == {"a", "b"}
    await source.states.get("b")
    assert source.asked[-1] == {"a", "b"}


async def test_what_is_forgotten_is_read_anew() -> None:
    source = Source()
    source.truth["a"] = 1
    assert await source.states.get("a") == 1
    source.truth["a"] = 2
    source.states.forget("a")
    assert await source.states.get("a") == 2
    del source.truth["a"]
    source.states.forget_all()
    assert await source.states.get("a") is None


async def test_a_read_that_had_begun_before_a_revocation_does_not_answer_after_it() -> None:
    source = Source()
    source.truth["a"] = 1
    source.held.clear()
    asked = asyncio.create_task(source.states.get("a"))
    await asyncio.to_thread(source.reading.wait, 30)
    source.truth["a"] = 2  # it has read 1 already
    source.states.forget("a")
    source.held.set()
    assert await asked == 2
    assert len(source.asked) == 2


async def test_forgetting_everything_counts_for_a_read_that_had_begun_too() -> None:
    source = Source()
    source.truth["a"] = 1
    assert await source.states.get("a") == 1
    source.now += FRESH
    source.reading.clear()
    source.held.clear()
    asked = asyncio.create_task(source.states.get("a"))
    await asyncio.to_thread(source.reading.wait, 30)
    source.truth["a"] = 2
    source.states.forget_all()
    source.held.set()
    assert await asked == 2


async def test_a_slow_read_does_not_overtake_a_quick_one_that_began_after_a_revocation() -> None:
    source = Source()
    source.truth["a"] = 1
    first = threading.Event()

    def load(keys: Collection[str]) -> Mapping[str, int]:
        found = source.load(keys)
        if len(source.asked) == 1:
            assert first.wait(30)
        return found

    source.states = FreshStates(load, lambda: source.now)
    slow = asyncio.create_task(source.states.get("a"))
    await asyncio.to_thread(source.reading.wait, 30)
    source.truth["a"] = 2
    source.states.forget("a")
    source.now += 0.1
    assert await source.states.get("a") == 2
    first.set()
    assert await slow == 2
    assert await source.states.get("a") == 2


async def test_a_slow_database_answers_whoever_came_before_the_read() -> None:
    source = Source()
    source.truth["a"] = 1
    load = source.load

    def slow(keys: Collection[str]) -> Mapping[str, int]:
        source.now += 5.0
        return load(keys)

    source.states = FreshStates(slow, lambda: source.now)
    assert await asyncio.wait_for(source.states.get("a"), 30) == 1


async def test_a_failing_database_fails_everybody_who_waits_and_nobody_after() -> None:
    source = Source()

    def broken(keys: Collection[str]) -> Mapping[str, int]:
        raise ConnectionError(f"no answer about {sorted(keys)}")

    source.states = FreshStates(broken, lambda: source.now)
    found = await asyncio.gather(*(source.states.get("a") for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in found] == [ConnectionError] * 3
    source.states._load = source.load
    source.truth["a"] = 1
    assert await source.states.get("a") == 1


async def test_whoever_leaves_does_not_take_the_read_with_him() -> None:
    source = Source()
    source.truth["a"] = 1
    source.held.clear()
    leaving, staying = (asyncio.create_task(source.states.get("a")) for _ in range(2))
    await asyncio.to_thread(source.reading.wait, 30)
    leaving.cancel()
    await asyncio.sleep(0)
    source.held.set()
    assert await staying == 1
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_what_is_kept_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "KEPT", 10)
    source = Source()
    await asyncio.gather(*(source.states.get(str(number)) for number in range(100)))
    assert len(source.states._known) == 10


steps = st.lists(
    st.tuples(st.sampled_from(["set", "forget", "wait", "ask"]), st.sampled_from("ab"), st.floats(0, 1.5)),
    max_size=30,
)


@settings(deadline=None, max_examples=50)
@given(steps)
def test_an_answer_is_never_older_than_a_second_nor_than_its_last_forgetting(
    taken: list[tuple[str, str, float]],
) -> None:
    async def run() -> None:
        source = Source()
        history: dict[str, list[tuple[float, int]]] = {"a": [(-9.0, 0)], "b": [(-9.0, 0)]}
        source.truth = {"a": 0, "b": 0}
        forgotten = {"a": 0, "b": 0}
        for number, (step, key, seconds) in enumerate(taken, 1):
            if step == "set":
                source.truth[key] = number
                history[key].append((source.now, number))
            elif step == "forget":
                source.states.forget(key)
                forgotten[key] = source.truth[key]
            elif step == "wait":
                source.now += seconds
            else:
                found = await source.states.get(key)
                old_enough = [value for at, value in history[key] if at <= source.now - FRESH]
                assert found is not None
                assert found >= max(old_enough[-1], forgotten[key])

    asyncio.run(run())


def test_a_request_whose_session_is_known_asks_the_database_nothing(house: House) -> None:
    house.add()
    token = f"Bearer {house.token()}"
    house.portal.call(house.auth.identify, token, "192.0.2.1")
    with counting_queries(house.server.database) as queries:
        for _ in range(10):
            house.portal.call(house.auth.identify, token, "192.0.2.1")
        assert len(queries) == 0
        house.seconds[0] += 1.0
        for _ in range(10):
            house.portal.call(house.auth.identify, token, "192.0.2.1")
        assert len(queries) == 1
