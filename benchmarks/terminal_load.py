"""The workstation under load and at rest: key to paint over a pseudo-terminal, and what standing still costs."""

from __future__ import annotations

import json
import os
import random
import select
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Figure

if TYPE_CHECKING:
    import pexpect

KEYS = int(os.environ.get("KEYS", "500"))
BETWEEN = (0.04, 0.12)
"""Seconds between two keys, uniform: a hand that holds a key and lets it go."""
READY = b"\x1b]777;ready\x07"
"""What the probe writes to its terminal; after a key's frame it writes `keyN` in the same form."""
PATIENCE = 5.0
"""Seconds after which a key counts as unanswered, which is an error."""


def figures(environment: dict[str, str]) -> list[Figure]:
    """Keys among 5,000 quotes a second with value at risk running; then CPU with the feed paused."""
    if os.name == "nt":
        return []
    answered, told = _keys_under_load(environment)
    idle = _idle(environment)
    answered.sort()
    load = f"load average {os.getloadavg()[0]:.1f}"
    return [
        Figure("under load: key to paint, median", 1e3 * answered[len(answered) // 2], "ms", 30, load),
        Figure("under load: key to paint, 99th of 100", 1e3 * answered[int(0.99 * len(answered))], "ms", 100, load),
        Figure("under load: quotes", told["quotes"], "1/s", 5000, "read, solved or shown", larger_is_better=True),
        Figure("under load: value at risk", told["tails"], "runs", 1, larger_is_better=True),
        Figure("at rest, feed paused: CPU", 100 * idle["share"], "%", 2),
    ]


def _spawn(name: str, told: Path, environment: dict[str, str]) -> pexpect.spawn[bytes]:
    import pexpect

    return pexpect.spawn(
        sys.executable,
        ["-m", "benchmarks.load_probes", name, str(told)],
        env={**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        dimensions=(55, 200),
        timeout=120,
    )


def _keys_under_load(environment: dict[str, str]) -> tuple[list[float], dict[str, Any]]:
    generator = random.Random(11)
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told"
        child = _spawn("load", told, environment)
        _until(child, READY, 180.0)
        answered = []
        for number in range(KEYS):
            _drain(child, generator.uniform(*BETWEEN))
            started = time.monotonic()
            child.send("j" if number % 40 < 20 else "k")
            _until(child, b"\x1b]777;key%d\x07" % number, PATIENCE)
            answered.append(time.monotonic() - started)
        child.send("q")
        _until_end(child)
        result: dict[str, Any] = json.loads(told.read_text("utf-8"))
    return answered, result


def _idle(environment: dict[str, str]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told"
        child = _spawn("idle", told, environment)
        _until_end(child)
        result: dict[str, float] = json.loads(told.read_text("utf-8"))
    return result


_BUFFERS: dict[int, bytes] = {}


def _read(child: pexpect.spawn[bytes], wait: float) -> bool:
    """Take what the terminal was sent; whether there was something."""
    if not select.select([child.child_fd], [], [], max(wait, 0.0))[0]:
        return False
    try:
        data = os.read(child.child_fd, 65536)
    except OSError:
        data = b""
    if not data:
        raise EOFError("the workstation has ended")
    _BUFFERS[child.child_fd] = (_BUFFERS.get(child.child_fd, b"") + data)[-262144:]
    return True


def _drain(child: pexpect.spawn[bytes], seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        _read(child, left)


def _until(child: pexpect.spawn[bytes], mark: bytes, patience: float) -> None:
    end = time.monotonic() + patience
    while mark not in _BUFFERS.get(child.child_fd, b""):
        if time.monotonic() > end:
            raise TimeoutError(f"no {mark!r} within {patience:.0f} s")
        _read(child, 0.05)


def _until_end(child: pexpect.spawn[bytes]) -> None:
    end = time.monotonic() + 180.0
    try:
        while time.monotonic() < end:
            _read(child, 0.2)
    except EOFError:
        pass
    _BUFFERS.pop(child.child_fd, None)
    child.close()
