"""A large book on two workers of a real cluster: the bits of threads, each worker within a gigabyte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optionix_core.risk.dask_executor import DaskExecutor
from optionix_core.risk.revaluation import revalue

from .risk_books import book, mixed_options, wild_scenarios

POSITIONS, SCENARIOS = 100_000, 1_000


def peak() -> float:
    """Largest resident size of this process, bytes."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(float(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


@pytest.mark.soak
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is told by /proc")
def test_a_hundred_thousand_positions_on_two_workers() -> None:
    distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    held, scenarios = book(*mixed_options(POSITIONS)), wild_scenarios(SCENARIOS)
    expected = revalue(held, scenarios)
    assert expected.kept == "group"
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            memory_limit="1GB",
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        found = revalue(held, scenarios, DaskExecutor(cluster.scheduler_address))
        peaks = client.run(peak).values()
    assert np.array_equal(found.values, expected.values)
    assert max(peaks) < 1e9
