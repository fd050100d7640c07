"""A real Dask cluster on the loopback gives the bits that threads give, also where a worker is killed in the middle."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from optionix_core.errors import DomainError, InterruptedByUserError, InvalidValueError, VenueError
from optionix_core.pricing.contracts import CashOrNothingOption
from optionix_core.risk import dask_executor
from optionix_core.risk.book import Position, PositionKind, RiskBook
from optionix_core.risk.dask_executor import DaskExecutor
from optionix_core.risk.executors import ThreadExecutor, map_chunks
from optionix_core.risk.process_executor import ProcessExecutor
from optionix_core.risk.revaluation import revalue
from optionix_core.risk.scenario_builders import from_moves
from optionix_core.risk.scenarios import ScenarioSet

from .risk_books import book, mixed_options, stock, wild_scenarios
from .test_executors import DiesOnce, Squares

dask = pytest.importorskip("dask", reason="the extra `cluster` is not installed")
distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two worker processes, each watched by one that starts it anew; the dead are not waited for as long as usual."""
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "5s"}),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            memory_limit=0,
        ) as found,
    ):
        yield found


def some_book() -> RiskBook:
    digital = CashOrNothingOption(expiry=0.25, option_type="call", strike=52.0)
    exotic = Position(
        id="X", underlying="COMET", quantity=2.0, kind=PositionKind.EXOTIC, contract=digital, volatility=0.3
    )
    late = mixed_options(4, seed=3, kind=PositionKind.AMERICAN)
    renamed = tuple(_named(one, f"A{number}") for number, one in enumerate(late))
    return book(*mixed_options(12), *renamed, exotic, stock("S"))


def _named(one: Position, name: str) -> Position:
    terms = {field: getattr(one, field) for field in Position.__dataclass_fields__}
    return Position(**(terms | {"id": name}))


def some_scenarios() -> ScenarioSet:
    return wild_scenarios(900, days=np.resize([0.0, 2.0], 900), rates={})


def test_threads_processes_and_a_cluster_give_the_same_bits(cluster: Any) -> None:
    held, scenarios = some_book(), some_scenarios()
    for executor, kept in ((ProcessExecutor(2), "position"), (DaskExecutor(cluster.scheduler_address), "group")):
        expected = revalue(held, scenarios, ThreadExecutor(1), kept=kept)  # type: ignore[arg-type]
        found = revalue(held, scenarios, executor, kept=kept)  # type: ignore[arg-type]
        assert np.array_equal(found.values, expected.values), executor
        assert np.array_equal(found.base, expected.base)


@pytest.mark.fault
@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_worker_killed_in_the_middle_changes_no_bit(cluster: Any) -> None:
    held, scenarios = some_book(), some_scenarios()
    expected = revalue(held, scenarios, ThreadExecutor(1))
    with distributed.Client(cluster) as client:
        before = client.run(os.getpid)
        killed: list[int] = []

        def kill_one(done: int, _: int) -> None:
            if done == 3 and not killed:
                killed.append(next(iter(before.values())))
                os.kill(killed[0], signal.SIGKILL)

        found = revalue(held, scenarios, DaskExecutor(cluster.scheduler_address), progress=kill_one)
        client.wait_for_workers(2, timeout=30)
        after = client.run(os.getpid)
    assert killed
    assert killed[0] not in after.values()
    assert np.array_equal(found.values, expected.values)


@pytest.mark.fault
@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_chunk_that_kills_its_worker_once_is_done_by_another(cluster: Any, tmp_path: Any) -> None:
    work = DiesOnce(str(tmp_path / "died"), 2)
    assert map_chunks(DaskExecutor(cluster.scheduler_address), work, range(6)) == [-n for n in range(6)]
    assert (tmp_path / "died").exists()


def test_answers_errors_and_cancelling_are_those_of_any_executor(cluster: Any) -> None:
    executor = DaskExecutor(cluster.scheduler_address)
    heard: list[int] = []
    answers = map_chunks(executor, Squares(), range(20), lambda done, _: heard.append(done))
    assert [square for square, _ in answers] == [n * n for n in range(20)]
    assert os.getpid() not in {pid for _, pid in answers}
    assert heard == list(range(1, 21))
    with pytest.raises(InvalidValueError, match=r"number must be another one \(got 5\)"):
        map_chunks(executor, Squares(worst=5), range(9))
    with pytest.raises(InterruptedByUserError, match="of 500 parts"):
        map_chunks(executor, Squares(), range(500), cancel=lambda: True)


def test_an_error_of_a_scenario_comes_back_whole(cluster: Any) -> None:
    held = book(*mixed_options(3, volatility=0.2))
    scenarios = from_moves(
        ("calm", "gone"),
        {name: [0.0, 0.0] for name in ("ORBIT", "COMET")},
        volatility_changes={name: [0.0, -0.5] for name in ("ORBIT", "COMET")},
    )
    with pytest.raises(InvalidValueError, match="in scenario 'gone' must be above 0") as caught:
        revalue(held, scenarios, DaskExecutor(cluster.scheduler_address))
    assert caught.value.bound == "above 0"
    assert isinstance(caught.value, DomainError)


@pytest.mark.fault
@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_work_that_always_kills_its_worker_is_given_up(tmp_path: Any) -> None:
    work = DiesOnce(str(tmp_path / "died"), 1, always=True)
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", memory_limit=0
        ) as small,
        pytest.raises(DomainError, match=r"workers of the Dask cluster died again and again with [123] of 3"),
    ):
        map_chunks(DaskExecutor(small.scheduler_address), work, range(3))


@pytest.mark.fault
@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_the_work_is_sent_again_where_the_only_worker_dies_with_it(tmp_path: Any) -> None:
    work = DiesOnce(str(tmp_path / "died"), 3)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", memory_limit=0
    ) as small:
        assert map_chunks(DaskExecutor(small.scheduler_address), work, range(6)) == [-n for n in range(6)]


def test_a_cluster_without_workers_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_executor, "PATIENCE", 1)
    with (
        distributed.LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as bare,
        pytest.raises(VenueError, match="no worker of the Dask cluster answers within 1 s"),
    ):
        map_chunks(DaskExecutor(bare.scheduler_address), Squares(), range(3))


def test_a_cluster_of_one_call_is_started_and_ended() -> None:
    held, scenarios = book(stock("S")), wild_scenarios(300)
    found = revalue(held, scenarios, DaskExecutor(workers=1))
    assert np.array_equal(found.values, revalue(held, scenarios).values)
