"""`make check`, `make test` and `make soak`: every step by name, with its time, and a sum at the end.

All steps run even where one fails, so that one call shows everything that is wrong; the exit status
is then 1.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTEST = (sys.executable, "-m", "pytest", "-q", "--no-header")
PARALLEL = ("-n", "2", "--dist", "loadfile")


@dataclass(frozen=True)
class Step:
    """One command of a run and the minutes that it is meant to stay within."""

    name: str
    command: tuple[str, ...]
    minutes: float


def tests(name: str, minutes: float, *folders: str) -> Step:
    """A test suite over `folders`, without the soak tests."""
    return Step(name, (*PYTEST, *PARALLEL, "-m", "not soak", *folders), minutes)


CHECK = (
    Step("ruff check", (str(BIN / "ruff"), "check", "."), 0.1),
    Step("ruff format", (str(BIN / "ruff"), "format", "--check", "."), 0.1),
    Step("mypy --strict", (str(BIN / "mypy"),), 1.0),
    Step("import directions", (str(BIN / "lint-imports"),), 0.1),
    Step("generated documents", (sys.executable, "scripts/documents.py", "--check"), 0.2),
    Step("generated reference", (sys.executable, "scripts/api.py", "--check"), 0.1),
)
TEST = (
    Step("compile kernels", (str(BIN / "optionix"), "warm"), 1.0),
    tests(
        "core",
        3,
        "tests/config",
        "tests/core/market",
        "tests/core/pricing",
        "tests/core/volatility",
        "tests/core/feeds",
        "tests/project",
    ),
    tests("trading", 2, "tests/core/services", "tests/core/trading", "tests/core/portfolio"),
    tests("processes", 2, "tests/e2e"),
    tests("risk", 1, "tests/core/risk", "tests/core/reporting"),
    tests("terminal", 2.5, "tests/tui", "tests/cli"),
    tests("sync", 3, "tests/core/sync", "tests/core/storage"),
)
SOAK = (
    Step("compile kernels", (str(BIN / "optionix"), "warm"), 1.0),
    Step("soak", (*PYTEST, "-m", "soak", "tests"), 60),
)
RUNS = {"check": CHECK, "test": TEST, "soak": SOAK}


def main() -> int:
    """Run the steps of one run; returns the exit status."""
    steps = RUNS[sys.argv[1]]
    results: list[tuple[Step, int, float]] = []
    for step in steps:
        print(f"\n== {step.name}", flush=True)
        started = time.monotonic()
        status = subprocess.run(step.command, check=False, cwd=ROOT).returncode
        results.append((step, status, time.monotonic() - started))
    print(f"\n== times of make {sys.argv[1]}")
    for step, status, seconds in results:
        verdict = "ok" if status == 0 else f"FAILED ({status})"
        print(f"{step.name:<22} {seconds:7.1f} s of {step.minutes * 60:5.0f} s   {verdict}")
    print(f"{'all':<22} {sum(seconds for *_, seconds in results):7.1f} s", flush=True)
    return int(any(status for _, status, _ in results))


if __name__ == "__main__":
    raise SystemExit(main())
