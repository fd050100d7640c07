"""How figures are taken: CPU time, medians of several runs, one row a figure."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Figure:
    """One measured figure beside its budget."""

    name: str
    value: float
    unit: str
    budget: float | None = None
    note: str = ""
    larger_is_better: bool = False

    @property
    def verdict(self) -> str:
        """Whether the budget holds."""
        if self.budget is None:
            return ""
        kept = self.value >= self.budget if self.larger_is_better else self.value <= self.budget
        return "ok" if kept else "OVER"


def cpu_of_python(code: str, environment: dict[str, str], runs: int = 5) -> float:
    """Median CPU seconds of a fresh interpreter running `code`, start and end included; one warm-up run first.

    The child tells its own processor time as it leaves, which works alike on every platform.
    """
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "cpu"
        program = (
            "import atexit, time\n"
            f"atexit.register(lambda: open({str(told)!r}, 'w').write(str(time.process_time())))\n{code}"
        )
        taken = []
        for _ in range(runs + 1):
            done = subprocess.run(
                [sys.executable, "-c", program], env=environment, capture_output=True, check=False, text=True
            )
            if done.returncode != 0:
                raise RuntimeError(f"the measured program failed:\n{done.stderr}")
            taken.append(float(told.read_text("utf-8")))
    return median(taken[1:])


def cpu_of_command(arguments: Sequence[str], environment: dict[str, str], runs: int = 5) -> float:
    """Median CPU seconds of `optionix ARGUMENTS` as a process."""
    code = (
        "from optionix_tui import _origin\n_origin.install()\n"
        "from optionix_tui.cli.boundary import run\n"
        f"status = run({list(arguments)!r})\nassert status == 0, status"
    )
    return cpu_of_python(code, environment, runs)


def cpu_of_call(job: Callable[[], object], runs: int = 7) -> float:
    """Median CPU seconds of `job` in this process, after one warm-up call."""
    job()
    taken = []
    for _ in range(runs):
        started = time.process_time()
        job()
        taken.append(time.process_time() - started)
    return median(taken)


def show(title: str, figures: Sequence[Figure]) -> None:
    """Print one section."""
    print(f"\n{title}")
    for figure in figures:
        budget = "" if figure.budget is None else f"{'>=' if figure.larger_is_better else '<='} {figure.budget:,.6g}"
        measured = f"  {figure.name:<54} {figure.value:>12,.4g} {figure.unit:<12}"
        print(f"{measured} {budget:<12} {figure.verdict:<5} {figure.note}", flush=True)
