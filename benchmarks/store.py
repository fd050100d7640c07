"""The log in memory of one process and as whole commands: appends, verification, orders."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Figure, cpu_of_call, cpu_of_command
from optionix_core.storage import open_store
from optionix_core.sync.event import Event

APPENDS = 200
BATCHED = 20_000


def figures(environment: dict[str, str]) -> list[Figure]:
    """Durable appends, verification, and `optionix buy` as a process."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        store = open_store(Path(folder))
        single = _appends(folder)
        with store.writing("benchmark") as log:
            for start in range(0, BATCHED, 1000):
                log.append([_event(start + index) for index in range(1000)])
        started = time.process_time()
        events = store.verify().events
        verified = events / (time.process_time() - started)
        look = cpu_of_call(store.head)
        store.close()
    symbol = _a_symbol(environment)
    return [
        Figure("durable append, one event, lock taken each time", single, "events/s"),
        Figure("log verified", verified / 1e3, "k events/s", note=f"{events} events"),
        Figure("a follower's look at the head (CPU)", look * 1e6, "us"),
        Figure("optionix buy, a process (CPU)", cpu_of_command(["buy", "1", symbol], environment) * 1e3, "ms"),
    ]


def _event(number: int) -> Event:
    return Event(f"benchmark/{number}", "benchmark.tick", datetime(2026, 1, 2, tzinfo=UTC), {"number": number})


def _appends(folder: str) -> float:
    store = open_store(Path(folder) / "single")
    started = time.perf_counter()
    for number in range(APPENDS):
        with store.writing("benchmark") as log:
            log.append([_event(number)])
    taken = time.perf_counter() - started
    store.close()
    return APPENDS / taken


def _a_symbol(environment: dict[str, str]) -> str:
    """An option of the simulated venue that is quoted now."""
    command = [sys.executable, "-m", "optionix_tui", "chain", "show", "ORBIT", "--json"]
    shown = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, check=True, text=True)
    expiry = json.loads(shown.stdout)["expiries"][2]
    quoted = [row["call"]["symbol"] for row in expiry["rows"] if row["call"]["rejected"] is None]
    return quoted[len(quoted) // 2]
