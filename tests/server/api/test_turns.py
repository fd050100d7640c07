"""Long computations: one at a time, a few that wait, and the others are told to come back."""

from __future__ import annotations

import threading

import anyio
import pytest
from fastapi import FastAPI

from server.api.turns import AT_ONCE, MOST_WAITING, in_turn
from server.problems import Problem


async def test_one_runs_a_few_wait_and_more_are_told_to_come_back() -> None:
    app, go, running, most = FastAPI(), threading.Event(), 0, 0
    counting = threading.Lock()

    def work() -> str:
        nonlocal running, most
        with counting:
            running += 1
            most = max(most, running)
        assert go.wait(30)
        with counting:
            running -= 1
        return "done"

    answers: list[str] = []
    refused: list[Problem] = []

    async def ask() -> None:
        try:
            answers.append(await in_turn(app, work))
        except Problem as problem:
            refused.append(problem)
        if len(refused) == 3:
            go.set()

    async with anyio.create_task_group() as group:
        for _ in range(AT_ONCE + MOST_WAITING + 3):
            group.start_soon(ask)
    assert (len(answers), most) == (AT_ONCE + MOST_WAITING, AT_ONCE)
    assert [(one.status, one.headers["Retry-After"]) for one in refused] == [(503, "2")] * 3


async def test_a_computation_that_fails_gives_its_turn_on() -> None:
    app = FastAPI()

    def broken() -> None:
        raise LookupError("as wanted")

    for _ in range(3):
        with pytest.raises(LookupError):
            await in_turn(app, broken)
    assert await in_turn(app, lambda: 7) == 7
