"""Every executor gives the same answers in the same order, says how far it is, stops when asked, and raises errors."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import pytest

from optionix_core.errors import (
    ConfigurationError,
    DomainError,
    InterruptedByUserError,
    InvalidValueError,
    UnknownNameError,
    VenueError,
)
from optionix_core.risk import dask_executor
from optionix_core.risk.dask_executor import DaskExecutor
from optionix_core.risk.executor_names import executor_of
from optionix_core.risk.executors import Executor, StoppableExecutor, ThreadExecutor, map_chunks
from optionix_core.risk.process_executor import ProcessExecutor


class Squares:
    """Work that can be pickled."""

    def __init__(self, worst: int = -1) -> None:
        self.worst = worst

    def __call__(self, number: int) -> tuple[int, int]:
        if number == self.worst:
            raise InvalidValueError("number", number, "another one")
        return number * number, os.getpid()


class DiesOnce:
    """Kills its own process the first time it meets a chunk, marked by a file."""

    def __init__(self, mark: str, chunk: int, always: bool = False) -> None:
        self.mark, self.chunk, self.always = mark, chunk, always

    def __call__(self, number: int) -> int:
        if number == self.chunk:
            try:
                with open(self.mark, "x"):  # noqa: PTH123
                    pass
            except FileExistsError:
                if not self.always:
                    return -number
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        return -number


EXECUTORS = [ThreadExecutor(1), ThreadExecutor(3), ProcessExecutor(2)]


@pytest.mark.parametrize("executor", EXECUTORS, ids=repr)
def test_answers_stand_in_the_order_of_the_chunks(executor: Executor) -> None:
    heard: list[tuple[int, int]] = []
    answers = map_chunks(executor, Squares(), range(9), lambda done, count: heard.append((done, count)))
    assert [square for square, _ in answers] == [n * n for n in range(9)]
    assert heard == [(n, 9) for n in range(1, 10)]
    pids = {pid for _, pid in answers}
    assert (pids == {os.getpid()}) == executor.is_local


@pytest.mark.parametrize("executor", EXECUTORS, ids=repr)
def test_an_error_of_a_chunk_is_raised_as_it_is(executor: Executor) -> None:
    with pytest.raises(InvalidValueError, match=r"number must be another one \(got 5\)"):
        map_chunks(executor, Squares(worst=5), range(9))


@pytest.mark.parametrize("executor", EXECUTORS, ids=repr)
def test_cancelling_stops_between_chunks(executor: Executor) -> None:
    done: list[int] = []
    with pytest.raises(InterruptedByUserError, match="of 500 parts"):
        map_chunks(executor, Squares(), range(500), lambda n, _: done.append(n), lambda: len(done) >= 2)
    assert 2 <= len(done) < 50


@pytest.mark.parametrize("executor", EXECUTORS, ids=repr)
def test_an_executor_that_can_be_stopped_ends_what_offers_no_way_to_cancel(executor: Executor) -> None:
    done: list[int] = []
    stopping = StoppableExecutor(executor, lambda: len(done) >= 2)
    assert stopping.is_local == executor.is_local
    with stopping.session() as where, pytest.raises(InterruptedByUserError, match="of 500 parts"):
        map_chunks(where, Squares(), range(500), lambda n, _: done.append(n))
    assert 2 <= len(done) < 50
    done.clear()
    with pytest.raises(InterruptedByUserError):
        map_chunks(stopping, Squares(), range(500), None, lambda: True)
    assert map_chunks(stopping, Squares(), range(3))[2][0] == 4


@pytest.mark.parametrize("executor", [*EXECUTORS, DaskExecutor()], ids=repr)
def test_no_chunks_need_no_workers(executor: Executor) -> None:
    assert map_chunks(executor, Squares(), []) == []


@pytest.mark.parametrize("kind", [ThreadExecutor, ProcessExecutor, lambda n: DaskExecutor(workers=n)])
def test_no_workers_are_refused(kind: Any) -> None:
    with pytest.raises(InvalidValueError, match="workers must be at least 1"):
        kind(0)


@pytest.mark.fault
@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_process_killed_in_the_middle_changes_no_answer(tmp_path: Any) -> None:
    work = DiesOnce(str(tmp_path / "died"), 4)
    assert map_chunks(ProcessExecutor(2), work, range(9)) == [-n for n in range(9)]
    assert (tmp_path / "died").exists()


@pytest.mark.fault
@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_work_that_always_kills_its_process_is_given_up(tmp_path: Any) -> None:
    work = DiesOnce(str(tmp_path / "died"), 1, always=True)
    with pytest.raises(DomainError, match="worker processes died 3 times"):
        map_chunks(ProcessExecutor(1), work, range(3))


def test_without_the_extra_a_cluster_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigurationError, match=r"needs the extra `cluster`: pip install 'optionix\[cluster\]'"):
        map_chunks(DaskExecutor(), Squares(), range(3))


def test_an_address_where_nobody_answers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(dask_executor, "PATIENCE", 1)
    with pytest.raises(VenueError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9"):
        map_chunks(DaskExecutor("tcp://127.0.0.1:9"), Squares(), range(3))


def test_executors_have_names() -> None:
    assert executor_of("threads", 2) == ThreadExecutor(2)
    assert executor_of("processes") == ProcessExecutor()
    assert executor_of("dask", address="tcp://127.0.0.1:8786") == DaskExecutor("tcp://127.0.0.1:8786")
    with pytest.raises(UnknownNameError, match="unknown executor 'cluster'; known: threads, processes, dask"):
        executor_of("cluster")
    with pytest.raises(InvalidValueError, match="address must be absent: threads run on this machine"):
        executor_of("threads", address="tcp://127.0.0.1:8786")
    with pytest.raises(InvalidValueError, match="workers must be absent: the cluster at an address has its own"):
        executor_of("dask", 2, "tcp://127.0.0.1:8786")


def test_importing_executors_loads_no_cluster() -> None:
    import subprocess

    words = "import sys, optionix_core.risk.dask_executor as d; sys.exit('distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == 0
