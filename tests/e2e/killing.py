"""Commands killed by SIGKILL at drawn moments between their durable steps.

A moment is counted from the first write: this process watches the write-ahead log and the head beside the database,
and kills a drawn delay after they first move. The span to draw from is measured on commands that nobody interrupts.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from optionix_core.sync.event import Head

if TYPE_CHECKING:
    from real_home import RealHome

KILLED = 9 if os.name == "nt" else -signal.Signals["SIGKILL"].value
LOOKS = 40
"""At the files, for one look at the process."""
PAUSE = 0.0002
"""Seconds between two looks: short against the steps of an order, and the processor is left to the order."""
DEADLINE = 60.0

BEFORE, BETWEEN, AFTER = "before the first durable step", "between", "after the last durable step"
PACE = {BEFORE: 1.4, BETWEEN: 1.0, AFTER: 0.7}
"""What a kill makes of the delays that follow: the machine is slower or faster than when the span was measured."""


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds from the first write to the first durable step (the intent) and to the last (fill, ledger, end)."""

    first: float
    last: float


def drawn(generator: random.Random, span: Span, *, anywhere: bool) -> float:
    """A delay after the first write: between the durable steps, or anywhere around them."""
    return generator.uniform(0.0, 1.5 * span.last) if anywhere else generator.uniform(0.8 * span.first, span.last)


def placed(*, wanted: bool, answered: bool, head: Head, outside: Head, stood: Head | None) -> str:
    """Where a kill fell, by what it left; the head beside the database is the last durable step."""
    if not wanted:
        assert head == stood
        return BEFORE
    return AFTER if answered and outside == head else BETWEEN


def uninterrupted(home: RealHome, arguments: Sequence[str]) -> Span:
    """A whole order, timed from outside: the head beside the database is replaced after each durable step."""
    first_write, first_step = watch(home), changed(home.head)
    process = home.start(*arguments)
    began = waited_for(process, first_write)
    first = waited_for(process, first_step)
    last = waited_for(process, changed(home.head))
    out, error = process.communicate(timeout=DEADLINE)
    assert (process.returncode, error, bool(out)) == (0, "", True)
    return Span(first - began, last - began)


def killed_after(home: RealHome, arguments: Sequence[str], delay: float) -> bool:
    """Start an order and kill it `delay` seconds after its first write; whether it had given its answer."""
    first_write = watch(home)
    process = home.start(*arguments)
    began = waited_for(process, first_write)
    time.sleep(max(0.0, began + delay - time.perf_counter()))
    process.kill()
    out, error = process.communicate(timeout=DEADLINE)
    assert error == ""
    assert process.returncode in {KILLED, 0}
    return bool(out)


def watch(home: RealHome) -> Callable[[], bool]:
    """Whether the write-ahead log or the head has moved since now."""
    log, head = changed(home.write_ahead_log), changed(home.head)
    return lambda: log() or head()


def changed(path: Path) -> Callable[[], bool]:
    """Whether a file has been written or replaced since now."""
    stood = mark(path)
    return lambda: mark(path) != stood


def mark(path: Path) -> tuple[int, int, int] | None:
    """What of a file changes when it is written or replaced; None while there is nothing in it."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return (status.st_ino, status.st_size, status.st_mtime_ns) if status.st_size else None


def waited_for(process: subprocess.Popen[str], moved: Callable[[], bool]) -> float:
    """When `moved` came true, to a quarter of a millisecond; AssertionError where the process ends without it."""
    deadline, ended = time.monotonic() + DEADLINE, False
    while not ended and time.monotonic() < deadline:
        ended = process.poll() is not None
        for _ in range(LOOKS):
            if moved():
                return time.perf_counter()
            time.sleep(PAUSE)
    process.kill()
    raise AssertionError(f"the order wrote nothing: {process.communicate()}")
