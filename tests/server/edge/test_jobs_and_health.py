"""Periodic work is done by one worker once it is due; health asks each part and says which one fails."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from optionix_core.errors import StorageError
from optionix_core.market.clock import ManualClock
from server.health import Check, Health, disk
from server.jobs import Job, Jobs
from server.observing import Metrics
from server.store.database import Database
from tests.server.conftest import Backend

NOON = datetime(2026, 9, 18, 12, tzinfo=UTC)


class Work:
    """Something to be done that counts its runs."""

    def __init__(self) -> None:
        self.runs = 0
        self.broken = False

    def __call__(self) -> dict[str, int]:
        if self.broken:
            raise StorageError("no room")
        self.runs += 1
        return {"runs": self.runs}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def work() -> Work:
    return Work()


def jobs_of(database: Database, clock: ManualClock, *jobs: Job) -> Jobs:
    return Jobs(database, clock, Metrics(), jobs)


def test_a_job_is_run_once_in_its_period_whoever_looks(database: Database, clock: ManualClock, work: Work) -> None:
    job = Job("sweep", 60.0, work)
    first, second = (jobs_of(database, clock, job) for _ in range(2))
    assert first.last_run(job).result == "never"
    assert [first.run_due(job), second.run_due(job), first.run_due(job)] == [True, False, False]
    clock.advance(timedelta(seconds=59))
    assert not second.run_due(job)
    clock.advance(timedelta(seconds=1))
    assert second.run_due(job)
    last = first.last_run(job)
    assert (last.result, last.at, last.told) == ("done", NOON + timedelta(seconds=60), {"runs": 2})


def test_a_clock_that_was_set_back_does_not_stop_a_job(database: Database, clock: ManualClock, work: Work) -> None:
    job = Job("sweep", 60.0, work)
    jobs = jobs_of(database, clock, job)
    jobs.run_due(job)
    clock.advance(timedelta(days=-1))
    assert jobs.run_due(job)


def test_a_failure_is_kept_and_the_job_is_tried_again(database: Database, clock: ManualClock, work: Work) -> None:
    job = Job("sweep", 60.0, work)
    jobs = jobs_of(database, clock, job)
    work.broken = True
    assert jobs.run_due(job)
    assert jobs.documents()["sweep"] == {
        "result": "failed",
        "at": NOON.isoformat(),
        "seconds": jobs.last_run(job).document()["seconds"],
        "told": {"problem": "storage"},
    }
    work.broken = False
    clock.advance(timedelta(seconds=60))
    assert jobs.run_due(job)
    assert jobs.last_run(job).result == "done"


async def test_a_fault_of_ours_in_a_job_is_told_and_it_is_tried_again(
    sqlite_backend: Backend, clock: ManualClock
) -> None:
    ran: list[int] = []

    def faulty() -> None:
        ran.append(len(ran))
        if len(ran) == 1:
            raise ZeroDivisionError

    database = sqlite_backend.open()
    job = Job("sweep", 0.01, faulty)
    jobs = jobs_of(database, clock, job)
    with capture_logs() as logs:
        assert await asyncio.to_thread(jobs.run_due, job)
    last = jobs.last_run(job)
    assert (last.result, last.told) == ("failed", {"problem": "internal"})
    assert [line["event"] for line in logs] == ["job failed", "job"]
    ran.clear()
    jobs.start()
    async with asyncio.timeout(10):
        while len(ran) < 2:
            clock.advance(timedelta(seconds=1))
            await asyncio.sleep(0.005)
    await jobs.stop()
    database.close()


def test_two_workers_do_not_run_a_job_at_once(database: Database, clock: ManualClock) -> None:
    inside, go = threading.Event(), threading.Event()
    runs: list[int] = []

    def slow() -> None:
        runs.append(1)
        inside.set()
        assert go.wait(30)

    job = Job("slow", 60.0, slow)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(jobs_of(database, clock, job).run_due, job)
        assert inside.wait(30)
        assert not jobs_of(database, clock, job).run_due(job)
        go.set()
        assert running.result(30)
    assert runs == [1]


async def test_jobs_are_looked_after_until_they_are_stopped(
    sqlite_backend: Backend, clock: ManualClock, work: Work
) -> None:
    database = sqlite_backend.open()
    ran = asyncio.Event()
    loop = asyncio.get_running_loop()

    def run() -> dict[str, int]:
        done = work()
        loop.call_soon_threadsafe(ran.set)
        return done

    jobs = jobs_of(database, clock, Job("often", 0.01, run))
    jobs.start()
    async with asyncio.timeout(30):
        await ran.wait()
    await jobs.stop()
    runs = work.runs
    await asyncio.sleep(0.05)
    assert work.runs == runs >= 1
    database.close()


async def test_health_is_failed_where_a_part_fails_and_names_the_problem_alone(make_server, client_of) -> None:
    server = make_server()

    def broken() -> dict[str, object]:
        raise StorageError("secret path /srv/x is full")

    server.health = Health((Check("database", dict), Check("disk", broken)), "1", dict)
    async with client_of(server) as client:
        answer = await client.get("/health")
    assert answer.status_code == 503
    told = answer.json()
    assert told["status"] == "failed"
    assert told["checks"]["disk"]["reason"] == "storage"
    assert told["checks"]["database"]["status"] == "ok"
    assert "secret" not in answer.text


async def test_the_log_says_once_why_a_part_fails_and_that_it_is_back(make_server, monkeypatch) -> None:
    monkeypatch.setattr("server.health.KEPT", -1.0)
    failing = [True]

    def sometimes() -> dict[str, object]:
        if failing[0]:
            raise StorageError("/srv/x is full")
        return {}

    server = make_server()
    with capture_logs() as lines:
        health = Health((Check("database", dict), Check("disk", sometimes)), "1", dict)
        await health.document(server)
        await health.document(server)
        failing[0] = False
        await health.document(server)
        await health.document(server)
    assert lines == [
        {"event": "check fails", "check": "disk", "why": "/srv/x is full", "log_level": "warning"},
        {"event": "check passes again", "check": "disk", "log_level": "info"},
    ]


async def test_a_part_that_does_not_answer_fails_in_time(make_server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.health.DEADLINE", 0.05)
    never = threading.Event()
    server = make_server()
    health = Health((Check("database", dict), Check("feed", lambda: {"answered": never.wait(30)})), "1", dict)
    async with asyncio.timeout(5):
        told = await health.document(server)
    never.set()
    assert told["checks"]["feed"] == {**told["checks"]["feed"], "status": "failed", "reason": "no answer within 0.05 s"}


async def test_many_who_ask_at_once_cost_one_look(make_server) -> None:
    looks: list[int] = []
    health = Health((Check("database", lambda: looks.append(1) or {}),), "1", dict)
    server = make_server()
    told = await asyncio.gather(*(health.document(server) for _ in range(20)))
    assert len(looks) == 1
    assert all(one == told[0] for one in told)


async def test_a_redis_that_is_gone_is_degraded_and_still_healthy(make_server, client_of) -> None:
    from tests.server.services import free_port

    server = make_server(redis_url=f"redis://127.0.0.1:{free_port()}/0")
    async with client_of(server) as client:
        answer = await client.get("/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        assert answer.json()["checks"]["cache"]["state"] == "degraded"
        assert int(answer.headers["x-ratelimit-remaining"]) >= 0


def test_a_disk_that_is_nearly_full_fails(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    check = disk(str(tmp_path))
    assert check.ask()["free_bytes"] > 0
    monkeypatch.setattr("server.health.LEAST_FREE", 1 << 62)
    with pytest.raises(StorageError, match="bytes are free"):
        check.ask()
    with pytest.raises(StorageError, match="cannot be looked at"):
        disk(str(tmp_path / "none")).ask()
