"""Surfaces of real index chains where the shared data lies beside the checkout: quotes met, distance, CPU seconds.

The peer is what unconstrained least squares gets from the same quotes: five free SVI parameters for each expiry, fitted
to mid volatilities by SciPy from one start, with whatever arbitrage they have.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from benchmarks.measure import Figure
from optionix_core.feeds import files
from optionix_core.volatility.solve import solve
from optionix_core.volatility.surface.check import check
from optionix_core.volatility.surface.quotes import SliceQuotes, of_chain
from optionix_core.volatility.surface.smiles import SurfaceSlice, metrics_of
from optionix_core.volatility.surface.surface import MODELS, VolatilitySurface
from optionix_core.volatility.svi import Svi

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "chains"
GOALS = {"NDX_2022-02-05_lucacastelli": 0.96}
GOAL = 0.72
"""On the other chains, where the peer below reaches 29% to 56%."""
SECONDS_PER_EXPIRY = 1.0 / 40.0


def figures(_environment: dict[str, str]) -> list[Figure]:
    """Shares within bid and ask, and CPU seconds with the kernels loaded, beside unconstrained least squares."""
    rows: list[Figure] = []
    np.seterr(over="ignore")  # smiles of the peer may have no variance at all
    for path in sorted(DATA.glob("*.csv")):
        solved = solve(files.read(path))
        quotes, _ = of_chain(solved)
        started = time.process_time()
        free = [_free_svi(one) for one in quotes]
        seconds = time.process_time() - started
        peer = [
            SurfaceSlice(
                one.root, one.expiry, one.years, one.forward, one.discount_factor, smile, metrics_of(one, smile)
            )
            for one, smile in zip(quotes, free, strict=True)
        ]
        _row(rows, path.stem, "free SVI", peer, seconds, None)
        for model in MODELS:
            VolatilitySurface.fit(solved, model)  # type: ignore[arg-type]
            started = time.process_time()
            surface = VolatilitySurface.fit(solved, model)  # type: ignore[arg-type]
            seconds = time.process_time() - started
            wanted = {"svi": GOALS.get(path.stem, GOAL), "spline": 0.95}.get(model)
            _row(rows, path.stem, model, surface.slices, seconds, wanted)
    return rows


def _row(rows: list[Figure], chain: str, model: str, slices: Any, seconds: float, goal: float | None) -> None:
    count = sum(item.metrics.quotes for item in slices)
    inside: float = sum(item.metrics.quotes * item.metrics.inside_bid_ask for item in slices) / count
    rmse = (sum(item.metrics.quotes * item.metrics.rmse_vol_points**2 for item in slices) / count) ** 0.5
    report = check(slices)
    note = f"rmse {rmse:.2f} vol points, {len(report.butterflies)} butterflies, {len(report.calendars)} calendars"
    rows.append(Figure(f"{chain[:14]} {model}, inside", inside, "", goal, note, larger_is_better=True))
    budget = None if goal is None else SECONDS_PER_EXPIRY * len(slices)
    rows.append(Figure(f"{chain[:14]} {model}, {len(slices)} expiries", seconds, "s CPU", budget))


def _free_svi(quotes: SliceQuotes) -> Svi:
    k, root = quotes.log_moneyness, np.sqrt(quotes.middle)
    level = quotes.deviation**2

    def smile(x: Any) -> Svi:
        a, b, rho, m = x[0] * level, np.exp(min(x[1], 5.0)), np.tanh(np.clip(x[2], -8.0, 8.0)), x[3]
        width = np.exp(np.clip(x[4], -10.0, 5.0))
        return Svi(a, float(b) * quotes.deviation, float(rho), m * quotes.deviation, float(width) * quotes.deviation)

    def residual(x: Any) -> Any:
        return np.sqrt(np.maximum(smile(x).total_variance(k), 1e-12)) - root

    start = np.array([0.5, np.log(0.3), -0.5, 0.2, np.log(1.0)])
    return smile(least_squares(residual, start, method="lm", max_nfev=2000).x)
