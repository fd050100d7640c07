"""What the full-screen terminal costs: first frame, switch, tick, slider. Needs a pseudo-terminal (POSIX)."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.measure import Figure

RUNS = 5


def figures(environment: dict[str, str]) -> list[Figure]:
    """Figures of the probes, each in a process on a terminal of 200 x 55."""
    if os.name == "nt":
        return []
    hello = median(_probe("hello", environment)["cpu"] for _ in range(RUNS))
    _probe("first-frame", environment)
    frame = median(_probe("first-frame", environment)["cpu"] for _ in range(RUNS))
    switch = _probe("switch", environment)
    tick = _probe("tick", environment)
    slider = _probe("slider", environment)
    return [
        Figure("first frame of a hello-world Textual app", hello * 1e3, "ms"),
        Figure("first frame of the workstation", frame * 1e3, "ms", 700),
        Figure("screen switch, first time", switch["first"] * 1e3, "ms", 100),
        Figure("screen switch, later", switch["median"] * 1e3, "ms", 100),
        Figure("tick: 45 cells of a 500 x 20 grid", tick["cpu"] * 1e3, "ms", 10),
        Figure("tick: bytes to the terminal", tick["bytes"] / 1e3, "KB", 12),
        Figure("slider drag: a European option redrawn", slider["european"] * 1e3, "ms", 15),
        Figure("slider drag: an American option redrawn", slider["american"] * 1e3, "ms", 15),
        Figure("slider drag: an iron condor redrawn", slider["legs"] * 1e3, "ms", 15),
    ]


def _probe(name: str, environment: dict[str, str]) -> dict[str, float]:
    import pexpect

    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told"
        child = pexpect.spawn(
            sys.executable,
            ["-m", "benchmarks.probes", name, str(told)],
            env={**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            dimensions=(55, 200),
            timeout=120,
        )
        child.expect(pexpect.EOF)
        child.close()
        if not told.exists():
            raise RuntimeError(f"the probe {name} told nothing:\n{child.before!r}")
        result: dict[str, float] = json.loads(told.read_text("utf-8"))
    return result
