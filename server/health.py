"""Whether a server can do its work: each part is really asked, with a deadline, and says how long it took.

What others cannot do without (database, audit log, disk) makes the whole 503; a Redis that does not answer is
`degraded`, and the server goes on without it.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import structlog

from optionix_core.errors import OptionixError, StorageError
from server import crowding

if TYPE_CHECKING:
    from server.context import Server

DEADLINE: Final = 2.0
KEPT: Final = 0.5
"""Seconds for which an answer is given again, so that many who ask cost no more than one."""
LEAST_FREE: Final = 64 << 20
"""Bytes of disk below which nothing durable can be promised."""

State = Literal["ok", "degraded", "failed"]


@dataclass(frozen=True, slots=True)
class Check:
    """One part that is asked."""

    name: str
    ask: Callable[[], Mapping[str, Any]]
    """Raises an OptionixError where the part cannot do its work; what it returns is told."""


class Health:
    """All checks of a server."""

    def __init__(self, checks: tuple[Check, ...], version: str, jobs: Callable[[], Mapping[str, Any]]) -> None:
        self._checks = checks
        self._jobs = jobs
        self._version = version
        self._started = time.monotonic()
        self._asking: asyncio.Task[dict[str, Any]] | None = None
        self._told_at = float("-inf")
        self._states: dict[str, str] = {}
        self._log = structlog.get_logger()

    async def document(self, server: Server) -> dict[str, Any]:
        """The answer of `GET /health`; `status` is `ok`, `degraded` or `failed`."""
        if self._asking is None or (self._asking.done() and time.monotonic() - self._told_at > KEPT):
            self._asking = asyncio.get_running_loop().create_task(self._ask_all(server))
        return await asyncio.shield(self._asking)

    async def _ask_all(self, server: Server) -> dict[str, Any]:
        answers = await asyncio.gather(*(self._ask(check) for check in self._checks))
        checks: dict[str, Any] = {check.name: answer for check, answer in zip(self._checks, answers, strict=True)}
        cache = server.cache.state
        checks["cache"] = {"status": "degraded" if cache == "degraded" else "ok", "state": cache, "ms": 0.0}
        alone = cache == "degraded" or crowding.counts_alone(server.settings)
        checks["limits"] = {"status": "ok", "counted": "by each worker" if alone else "together", "ms": 0.0}
        states = {answer["status"] for answer in checks.values()}
        self._told_at = time.monotonic()
        return {
            "status": next(state for state in ("failed", "degraded", "ok") if state in states),
            "version": self._version,
            "environment": server.settings.environment.value,
            "time": server.clock.now().isoformat(),
            "uptime_seconds": round(time.monotonic() - self._started, 1),
            "checks": checks,
            "jobs": {} if checks["database"]["status"] == "failed" else await asyncio.to_thread(self._jobs),
        }

    async def _ask(self, check: Check) -> dict[str, Any]:
        started = time.perf_counter()
        told: dict[str, Any]
        why = ""
        try:
            async with asyncio.timeout(DEADLINE):
                told = {"status": "ok", **await asyncio.to_thread(check.ask)}
        except TimeoutError:
            why = f"no answer within {DEADLINE:g} s"
            told = {"status": "failed", "reason": why}
        except OptionixError as error:
            why = str(error)
            told = {"status": "failed", "reason": error.problem}
        self._tell(check.name, told["status"], why)
        return {**told, "ms": round((time.perf_counter() - started) * 1000, 2)}

    def _tell(self, name: str, state: str, why: str) -> None:
        """A line of the log where a part fails or comes back: whoever asks hears the problem alone, the log why."""
        if self._states.get(name, "ok") != state:
            if state == "ok":
                self._log.info("check passes again", check=name)
            else:
                self._log.warning("check fails", check=name, why=why)
        self._states[name] = state


def disk(folder: str) -> Check:
    """Free bytes where `folder` lies."""

    def ask() -> Mapping[str, Any]:
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            raise StorageError(f"{folder} cannot be looked at: {error.strerror}") from error
        if free < LEAST_FREE:
            raise StorageError(f"{free} bytes are free; {LEAST_FREE} are needed")
        return {"free_bytes": free}

    return Check("disk", ask)
