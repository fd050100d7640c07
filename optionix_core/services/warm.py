"""Make ahead of time what the first use would wait for: compiled kernels, and the sessions of exchanges.

Both stay beside the installed package, or in the user's cache where that is read-only; a fresh home never makes
them again. `is_warm` reads a few small files and loads no compiler, so that every start can ask it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from optionix_core.market import sessions
from optionix_core.pricing._american_kernels import KERNELS as AMERICAN
from optionix_core.pricing._compile import KernelLibrary
from optionix_core.pricing._fourier_kernels import KERNELS as FOURIER
from optionix_core.pricing._kernels import KERNELS as PRICING
from optionix_core.pricing._threads import processors
from optionix_core.pricing.finite_difference._kernels import LINE, PLANE
from optionix_core.pricing.monte_carlo._lsm_kernels import KERNELS as EXERCISE
from optionix_core.pricing.monte_carlo._path_kernels import KERNELS as SIMULATION
from optionix_core.pricing.monte_carlo._path_kernels import PARTICLES
from optionix_core.risk._kernels import CURVES
from optionix_core.risk._kernels import KERNELS as REVALUATION
from optionix_core.trading.matching._book_kernels import KERNELS as MATCHING
from optionix_core.volatility.surface._svi_kernels import KERNELS as SMILES

FIRST = (PRICING,)
"""The kernels that a first screen waits for."""
LIBRARIES = (
    *FIRST,
    AMERICAN,
    FOURIER,
    LINE,
    PLANE,
    SIMULATION,
    PARTICLES,
    EXERCISE,
    SMILES,
    REVALUATION,
    CURVES,
    MATCHING,
)
"""The kernels of every room that has some."""
EXCHANGES = ("XNYS",)
"""Exchanges whose sessions options of this program follow; the other calendar, 24/7, needs no table."""


@dataclass(frozen=True, slots=True)
class StepTiming:
    """How long one kernel, or one table of sessions, took to be ready."""

    name: str
    seconds: float
    """Wall time."""
    from_cache: bool
    """Whether it had been made before."""


def is_warm(libraries: Sequence[KernelLibrary] = LIBRARIES) -> bool:
    """Whether every kernel is compiled for these sources, this compiler and this processor."""
    return all(library.is_cached(name) for library in libraries for name in library.names)


def warm(
    progress: Callable[[str, float], None] | None = None, libraries: Sequence[KernelLibrary] = LIBRARIES
) -> tuple[StepTiming, ...]:
    """Make every kernel ready in this process and on disk; `progress` hears the name and seconds of each.

    The first line is the compiler itself. Kernels that are not compiled yet are compiled in other processes, as many
    at a time as there are processors, since the compiler holds one lock a process. Safe in a worker thread; other
    threads that need a kernel meanwhile wait for that kernel alone to be compiled.
    """
    timings = [_timed("compiler", _load_compiler, from_cache=True)]
    _report(progress, timings[-1])
    cold = [library for library in libraries if library in LIBRARIES and not is_warm((library,))]
    made = _compiled_apart(cold, progress) if cold and processors() > 1 else {}
    for library in libraries:
        for name in library.names:
            cached = library.is_cached(name)
            timing = _timed(name, partial(library.load, name), from_cache=cached)
            timings.append(made.get(name, timing))
            if name not in made:
                _report(progress, timing)
    return tuple(timings)


def _compiled_apart(
    libraries: Sequence[KernelLibrary], progress: Callable[[str, float], None] | None
) -> dict[str, StepTiming]:
    """What other processes have compiled; a kernel that one of them failed at is left to the caller."""
    made: dict[str, StepTiming] = {}
    lock = threading.Lock()

    def follow(job: tuple[int, Sequence[str]]) -> None:
        place, names = job
        command = [sys.executable, "-P", "-m", __name__, str(place), *names]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:  # noqa: S603 - our own module
            for line in child.stdout or ():
                name, seconds = json.loads(line)
                timing = StepTiming(name, seconds, from_cache=False)
                with lock:
                    made[name] = timing
                    _report(progress, timing)

    with ThreadPoolExecutor(max_workers=processors()) as pool:
        list(pool.map(follow, _jobs(libraries)))
    return made


def _jobs(libraries: Sequence[KernelLibrary]) -> list[tuple[int, Sequence[str]]]:
    """Libraries by place and their cold kernels, the heaviest first; in parts where they are fewer than processors.

    What kernels of a library share is compiled again in each part.
    """
    parts = max(1, processors() // len(libraries))
    jobs: list[tuple[int, Sequence[str]]] = []
    for library in sorted(libraries, key=lambda one: -one.weight):
        cold = [name for name in library.names if not library.is_cached(name)]
        jobs += [(LIBRARIES.index(library), cold[part::parts]) for part in range(min(parts, len(cold)))]
    return jobs


def _main() -> None:
    """In a process of its own: compile kernels of a library, and write name and seconds of each as a line of JSON."""
    library = LIBRARIES[int(sys.argv[1])]
    for name in sys.argv[2:]:
        timing = _timed(name, partial(library.load, name), from_cache=False)
        sys.stdout.write(json.dumps([name, timing.seconds]) + "\n")
        sys.stdout.flush()


def prepare_sessions(progress: Callable[[str, float], None] | None = None) -> tuple[StepTiming, ...]:
    """Store the sessions of every exchange, so that no later process loads exchange_calendars for them."""
    timings = []
    for exchange in EXCHANGES:
        stored = sessions.is_prepared(exchange)
        timings.append(_timed(f"sessions {exchange}", partial(sessions.prepare, exchange), from_cache=stored))
        _report(progress, timings[-1])
    return tuple(timings)


def _load_compiler() -> object:
    import numba

    return numba


def _timed(name: str, work: Callable[[], object], *, from_cache: bool) -> StepTiming:
    started = time.perf_counter()
    work()
    return StepTiming(name, time.perf_counter() - started, from_cache)


def _report(progress: Callable[[str, float], None] | None, timing: StepTiming) -> None:
    if progress is not None:
        progress(timing.name, timing.seconds)


if __name__ == "__main__":
    _main()
