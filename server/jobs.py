"""Periodic work of a server: each job is run by one worker, whoever comes first once it is due.

When a job last ran and how it ended is kept in the database, under the job's lock, so that workers and restarts share
it. A job may be run again after a crash in its middle: jobs do what is left to do, and nothing twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

import structlog
from sqlalchemy import Connection, delete, insert, select

from optionix_core.errors import HomeLockedError, OptionixError
from server.store.tables import settings

if TYPE_CHECKING:
    from optionix_core.market.clock import Clock
    from server.parts import Observing
    from server.store.database import Database

SPREAD: Final = 0.1
"""Part of a job's period by which workers look at different times."""
LONGEST_LOOK: Final = 60.0
_PREFIX: Final = "job."

Result = Literal["done", "failed", "never"]


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done again and again."""

    name: str
    every: float
    """Seconds between the ends of two runs."""
    run: Callable[[], Mapping[str, int] | None]
    """Does what is due and tells what it did, in numbers. May take long; runs in a thread."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """How a job ended last, on whichever worker."""

    result: Result
    at: datetime | None = None
    seconds: float = 0.0
    told: Mapping[str, int | str] | None = None

    def document(self) -> dict[str, Any]:
        """For health and the database."""
        at = None if self.at is None else self.at.astimezone(UTC).isoformat()
        return {"result": self.result, "at": at, "seconds": round(self.seconds, 3), "told": dict(self.told or {})}


class Jobs:
    """The jobs of one worker."""

    def __init__(self, database: Database, clock: Clock, observing: Observing, jobs: Sequence[Job]) -> None:
        self._database = database
        self._clock = clock
        self._observing = observing
        self.jobs = tuple(jobs)
        self._tasks: list[asyncio.Task[None]] = []
        self._log = structlog.get_logger()

    def start(self) -> None:
        """Look after all of them, in the running event loop."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._look_after(job)) for job in self.jobs]

    async def stop(self) -> None:
        """Begin none any more; one that runs is waited for."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def run_due(self, job: Job) -> bool:
        """Run `job` here if it is due and no other worker runs it; whether it ran. Its failure is kept, not raised."""
        try:
            with self._database.exclusive(_PREFIX + job.name, 0.0):
                last = self.last_run(job)
                now = self._clock.now()
                if last.at is not None and 0 <= (now - last.at).total_seconds() < job.every:
                    return False
                self._run(job)
                return True
        except HomeLockedError:
            return False

    def last_run(self, job: Job) -> LastRun:
        """How it ended last."""
        with self._database.reading(fresh=True) as connection:
            query = select(settings.c.value).where(settings.c.name == _PREFIX + job.name)
            text = connection.execute(query).scalar_one_or_none()
        if text is None:
            return LastRun("never")
        kept = json.loads(text)
        return LastRun(kept["result"], datetime.fromisoformat(kept["at"]), kept["seconds"], kept["told"])

    def documents(self) -> dict[str, Any]:
        """All of them, for health."""
        return {job.name: self.last_run(job).document() for job in self.jobs}

    def _run(self, job: Job) -> None:
        started = time.perf_counter()
        result: Result = "done"
        told: Mapping[str, int | str] | None
        try:
            told = job.run()
        except Exception as error:  # noqa: BLE001 - a fault of ours too is kept and told, and the job is tried again
            result = "failed"
            told = {"problem": error.problem if isinstance(error, OptionixError) else "internal"}
            self._log.exception("job failed", job=job.name)
        seconds = time.perf_counter() - started
        last = LastRun(result, self._clock.now(), seconds, told)
        self._observing.job(job.name, result, seconds)
        self._log.info("job", job=job.name, **last.document())

        def keep(connection: Connection) -> None:
            name = _PREFIX + job.name
            connection.execute(delete(settings).where(settings.c.name == name))
            connection.execute(insert(settings).values(name=name, value=json.dumps(last.document())))

        self._database.write(keep)

    async def _look_after(self, job: Job) -> None:
        look = min(job.every, LONGEST_LOOK)
        while True:
            # Spread over the workers, which are started together; nothing secret hangs on it.
            await asyncio.sleep(look * (1 + random.uniform(-SPREAD, SPREAD)))  # noqa: S311
            try:
                await asyncio.shield(asyncio.to_thread(self.run_due, job))
            except Exception:  # noqa: BLE001 - the database does not answer: health tells it, and the next look may find it
                self._log.exception("job could not be looked after", job=job.name)
