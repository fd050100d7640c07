"""Real index chains where the shared data lies beside the checkout: parse, forwards, volatilities, Greeks."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measure import Figure, cpu_of_call
from optionix_core.feeds import files
from optionix_core.services import chains

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "chains"


def figures(_environment: dict[str, str]) -> list[Figure]:
    """CPU seconds a chain with the kernels loaded."""
    rows = []
    for path in sorted(DATA.glob("*.csv")):
        chain = files.read(path)
        seconds = cpu_of_call(lambda path=path: chains.solve_chain(files.read(path)), runs=3)
        rows.append(Figure(path.name, seconds, "s", 2.0, note=f"{chain.row_count} quotes"))
    return rows
