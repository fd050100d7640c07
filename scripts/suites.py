"""`make check`, `make test` and `make soak`: every step by name, with its time, and a sum at the end.

All steps run even where one fails, so that one call shows everything that is wrong; the exit status
is then 1.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTEST = (sys.executable, "-m", "pytest", "-q", "--no-header")


@dataclass(frozen=True)
class Step:
    """One command of a run and the minutes that it is meant to stay within."""

    name: str
    command: tuple[str, ...]
    minutes: float


def suite(name: str, minutes: float, *folders: str, dist: str = "loadfile", workers: int = 2) -> Step:
    """A test suite over `folders`, without the soak tests; `worksteal` where few files hold most of the work.

    Three `workers` for two cores where tests wait for other processes.
    """
    return Step(name, (*PYTEST, "-n", str(workers), "--dist", dist, "-m", "not soak", *folders), minutes)


COMMANDS = sorted((ROOT / "tests" / "cli").glob("test_*.py"))
"""Tests of the command line: each goes with the room that its command is about."""
OF_TRADING = ("account", "alerts", "algo", "expiry", "kill", "ledger", "order", "roll", "shares", "venue")
OF_RISK = ("report", "risk", "what_if")
OF_SERVER = ("admin", "devices", "login", "logout", "mfa", "serve", "sessions", "sync")
PATIENCE = 5
"""A step is ended after so many times its minutes: what hangs fails, and does not hold up everything behind it."""


def commands(*about: str) -> tuple[str, ...]:
    """Files of COMMANDS whose names begin with one of `about`; without any, all that belong to no other suite."""
    wanted = tuple(f"test_{word}" for word in about)
    taken = tuple(f"test_{word}" for word in (*OF_TRADING, *OF_RISK, *OF_SERVER))
    chosen = (one for one in COMMANDS if (one.name.startswith(wanted) if about else not one.name.startswith(taken)))
    return tuple(one.relative_to(ROOT).as_posix() for one in chosen)


CHECK = (
    Step("ruff check", (str(BIN / "ruff"), "check", "."), 0.1),
    Step("ruff format", (str(BIN / "ruff"), "format", "--check", "."), 0.1),
    Step("mypy --strict", (str(BIN / "mypy"),), 1.0),
    Step("import directions", (str(BIN / "lint-imports"),), 0.1),
    Step("generated documents", (sys.executable, "scripts/documents.py", "--check"), 0.2),
    Step("generated reference", (sys.executable, "scripts/api.py", "--check"), 0.1),
)
TEST = (
    Step("browser of the tests", (sys.executable, "scripts/chromium.py"), 0.5),
    Step("compile kernels", (str(BIN / "optionix"), "warm"), 1.0),
    suite(
        "core",
        3,
        "tests/config",
        "tests/core/market",
        "tests/core/pricing",
        "tests/core/volatility",
        "tests/core/feeds",
        "tests/project",
        *commands(),
    ),
    suite("trading", 2, "tests/core/services", "tests/core/trading", "tests/core/portfolio", *commands(*OF_TRADING)),
    suite("processes", 2, "tests/e2e", workers=3),
    suite("risk", 1, "tests/core/risk", "tests/core/reporting", *commands(*OF_RISK)),
    suite("terminal", 2.5, "tests/tui"),
    suite(
        "server and sync",
        3,
        "tests/core/sync",
        "tests/core/storage",
        "tests/server",
        "tests/remote",
        *commands(*OF_SERVER),
        workers=3,
    ),
)
SOAK = (
    Step("compile kernels", (str(BIN / "optionix"), "warm"), 1.0),
    Step("soak", (*PYTEST, "-m", "soak", "tests"), 60),
)
RUNS = {"check": CHECK, "test": TEST, "soak": SOAK}


def _cpu() -> float:
    """CPU seconds of the steps that have ended, where the system counts them: a busy machine does not change them."""
    used = os.times()
    return used.children_user + used.children_system


def main() -> int:
    """Run the steps of one run; returns the exit status."""
    steps = RUNS[sys.argv[1]]
    results: list[tuple[Step, int, float, float]] = []
    for step in steps:
        print(f"\n== {step.name}", flush=True)
        started, before = time.monotonic(), _cpu()
        try:
            status = subprocess.run(
                step.command, check=False, cwd=ROOT, timeout=step.minutes * 60 * PATIENCE
            ).returncode
        except subprocess.TimeoutExpired:
            print(
                f"{step.name} was ended: it took longer than {PATIENCE} times its {step.minutes:g} minutes", flush=True
            )
            status = 124
        results.append((step, status, time.monotonic() - started, _cpu() - before))
    print(f"\n== times of make {sys.argv[1]}")
    for step, status, seconds, cpu in results:
        verdict = "ok" if status == 0 else f"FAILED ({status})"
        print(f"{step.name:<22} {seconds:7.1f} s of {step.minutes * 60:5.0f} s, CPU {cpu:7.1f} s   {verdict}")
    print(f"{'all':<22} {sum(seconds for _, _, seconds, _ in results):7.1f} s", flush=True)
    return int(any(status for _, status, _, _ in results))


if __name__ == "__main__":
    raise SystemExit(main())
