"""Statistics of a book's profits and losses: tails, parts, scenarios, fits, backtests. CPU seconds of one call.

The matrix is 1,000 positions by 10,000 scenarios, the size that a book is revalued for.
"""

from __future__ import annotations

import numpy as np

from benchmarks.measure import Figure, cpu_of_call
from optionix_core.risk import backtest, value_at_risk

POSITIONS, SCENARIOS = 1_000, 10_000
RUNS = 5


def figures(_environment: dict[str, str]) -> list[Figure]:
    """Each with what it does; no peer does the same."""
    draws = np.random.default_rng(1)
    pnl = draws.standard_normal((POSITIONS, SCENARIOS))
    book = pnl.sum(axis=0)
    returns = np.stack([_clustered(draws, 1_000) for _ in range(2)])
    copula = value_at_risk.StudentCopula(np.array([[1.0, -0.7], [-0.7, 1.0]]), 5.0)
    same = (value_at_risk.StudentMarginal(0.0, 0.01, 5.0), value_at_risk.StudentMarginal(0.0, 0.04, 5.0))
    other = (value_at_risk.StudentMarginal(0.0, 0.01, 4.0), value_at_risk.StudentMarginal(0.0, 0.04, 3.0))
    delta, gamma, covariance = _quadratic(draws, 20)
    told = np.full(250, 2.0)
    jobs = {
        "VaR and ES, 10,000 scenarios": lambda: value_at_risk.estimate(book, (0.95, 0.99)),
        "parts of VaR, 1,000 positions": lambda: value_at_risk.decompose(pnl, 0.99),
        "parts of ES, 1,000 positions": lambda: value_at_risk.decompose(pnl, 0.99, measure="expected-shortfall"),
        "one trade more": lambda: value_at_risk.incremental(book, pnl[0], 0.99),
        "bootstrap, 1,000 resamples": lambda: value_at_risk.bootstrap_intervals(book, 0.99),
        "GARCH(1,1), 1,000 days": lambda: value_at_risk.garch(returns[0]),
        "filtered scenarios, 10,000 of 10 days": lambda: value_at_risk.simulate_filtered(returns, 10, SCENARIOS, 1),
        "t copula, 100,000 scenarios, laws of its degrees": lambda: value_at_risk.MoveGenerator(copula, same, 1).moves(
            100_000
        ),
        "t copula, 100,000 scenarios, other laws": lambda: value_at_risk.MoveGenerator(copula, other, 1).moves(100_000),
        "delta-gamma of 20 factors, inverted": lambda: value_at_risk.delta_gamma(delta, gamma, covariance, 0.99),
        "Acerbi-Szekely Z2, 10,000 histories": lambda: backtest.acerbi_szekely_z2(
            returns[0][:250], told, 1.3 * told, 0.025, backtest.NormalLaw()
        ),
    }
    return [Figure(name, cpu_of_call(job, RUNS), "s CPU") for name, job in jobs.items()]


def _clustered(draws: np.random.Generator, days: int) -> np.ndarray:
    variance, found = 1.0, []
    for normal in draws.standard_normal(days):
        found.append(float(np.sqrt(variance) * normal))
        variance = 0.02 + 0.08 * found[-1] ** 2 + 0.90 * variance
    return np.array(found)


def _quadratic(draws: np.random.Generator, factors: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    root, curvature = draws.normal(size=(2, factors, factors))
    return draws.normal(size=factors), curvature + curvature.T, root @ root.T / factors
