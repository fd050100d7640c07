"""What compiled kernels cost: their first compilation, and finding them in the cache in a later process."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile

from benchmarks.measure import Figure

SECONDS_OF_ONE = 10.0
FIRST = 1.5
FURTHER = 30.0

LOAD = """
import json, sys, time
from optionix_core.services.warm import LIBRARIES
told, first = {}, time.process_time()
import numba
for library in LIBRARIES:
    for name in library.names:
        before = time.process_time()
        kernel = library.load(name)
        told[name] = [time.process_time() - before, bool(kernel.stats.cache_misses)]
        if len(told) == 1:
            told[name][0] = time.process_time() - first
json.dump(told, sys.stdout)
"""


def figures(environment: dict[str, str]) -> list[Figure]:
    """CPU seconds of compiling each library, and milliseconds of loading its kernels from the cache."""
    with tempfile.TemporaryDirectory() as folder:
        apart = {**environment, "NUMBA_CACHE_DIR": folder}
        cold, warm = _told(apart), _told(apart)
    first, *further = warm
    slowest = max(cold, key=lambda name: cold[name][0] if name != next(iter(cold)) else 0.0)
    heaviest = max(further, key=lambda name: warm[name][0])
    loads = sorted(warm[name][0] for name in further)
    compiled = [name for name, (_, missed) in warm.items() if missed]
    return [
        Figure("compile every kernel", sum(seconds for seconds, _ in cold.values()), "s", note=f"{len(cold)} kernels"),
        Figure("compile the slowest kernel", cold[slowest][0], "s", SECONDS_OF_ONE, slowest),
        Figure("compiler's import and first cached kernel", warm[first][0], "s", FIRST, first),
        Figure("further cached kernel, median", 1e3 * loads[len(loads) // 2], "ms", FURTHER),
        Figure("further cached kernel, largest", 1e3 * warm[heaviest][0], "ms", FURTHER, heaviest),
        Figure("kernels compiled again in the later process", len(compiled), "", 0.0, ", ".join(compiled)),
    ]


def _told(environment: dict[str, str]) -> dict[str, tuple[float, bool]]:
    done = subprocess.run([sys.executable, "-c", LOAD], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"loading the kernels failed:\n{done.stderr}")
    return {name: (float(seconds), bool(missed)) for name, (seconds, missed) in json.loads(done.stdout).items()}
