from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from optionix_core.sync.faultpoints import POINTS, VARIABLE, reach

SCRIPT = f"""
from optionix_core.sync.faultpoints import reach
for turn in (1, 2, 3):
    for point in {POINTS!r}:
        print(turn, point, flush=True)
        reach(point)
"""


def run(value: str | None) -> subprocess.CompletedProcess[str]:
    environment = {name: text for name, text in os.environ.items() if name != VARIABLE}
    if value is not None:
        environment[VARIABLE] = value
    return subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_nothing_happens_without_the_variable() -> None:
    for point in POINTS:
        reach(point)
    done = run(None)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 12


@pytest.mark.fault
@pytest.mark.parametrize(
    ("value", "last"), [("inside-transaction", "1 inside-transaction"), ("after-intent:2", "2 after-intent")]
)
def test_the_process_dies_at_the_point_without_a_farewell(value: str, last: str) -> None:
    done = run(value)
    assert done.stdout.splitlines()[-1] == last
    assert done.stderr == ""
    assert done.returncode == (9 if os.name == "nt" else -signal.Signals["SIGKILL"].value)


@pytest.mark.parametrize("value", ["after-comit", "after-commit:x", ""])
def test_a_point_that_does_not_exist_is_refused(value: str) -> None:
    done = run(value)
    assert done.returncode == 1
    assert "must be one of" in done.stderr
