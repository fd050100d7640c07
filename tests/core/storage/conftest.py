"""Events by number, and other processes that write the same home."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from optionix_core.market.clock import ManualClock
from optionix_core.storage import SqliteEventStore, open_store
from optionix_core.sync.event import Event
from optionix_core.sync.faultpoints import VARIABLE

START = datetime(2026, 1, 16, 14, 30, tzinfo=UTC)

WORKER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from optionix_core.storage import open_store
from optionix_core.sync.event import Event

store = open_store(Path(sys.argv[1]))
name, turns, batch = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
print("ready", flush=True)
for turn in range(turns):
    ids = [f"{name}-{turn}-{row}" for row in range(batch)]
    with store.writing(f"worker {name}", timeout=30.0) as writer:
        writer.append([Event(each, "order.filled", datetime(2026, 1, 16, tzinfo=UTC), {"by": name}) for each in ids])
    print(*ids, sep="\\n", flush=True)
store.close()
"""

Worker = Callable[..., "subprocess.Popen[str]"]
NumberedEvent = Callable[[int], Event]


@pytest.fixture
def numbered() -> NumberedEvent:
    """The n-th event; the same every time."""

    def event(number: int) -> Event:
        moment = START + timedelta(seconds=number)
        return Event(f"e-{number}", "order.filled", moment, {"price": f"{number}.25", "legs": [{"quantity": number}]})

    return event


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home folder %20 é" / "data"


@pytest.fixture
def store(folder: Path) -> Iterator[SqliteEventStore]:
    opened = open_store(folder, ManualClock(START))
    yield opened
    opened.close()


@pytest.fixture
def worker(folder: Path) -> Iterator[Worker]:
    """Start a process that appends `turns` batches and prints each id once it is acknowledged."""
    started: list[subprocess.Popen[str]] = []

    def start(name: str, turns: int, batch: int = 1, fault: str | None = None) -> subprocess.Popen[str]:
        environment = {key: value for key, value in os.environ.items() if key != VARIABLE}
        if fault is not None:
            environment[VARIABLE] = fault
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", WORKER, str(folder), name, str(turns), str(batch)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
