"""Coverage in simulated worlds of known law, fixed seeds: the right method holds, delta-normal does not."""

from __future__ import annotations

import numpy as np
import pytest

from optionix_core.risk import backtest, value_at_risk
from tests.core.risk.straddle_book import DAY, FloatArray, Straddle, covariance, exposures, law, short_pnl
from tests.core.risk.test_volatility_filter import garch_path

WORLDS, DAYS = 20, 1_000
HELD, LIFE = 15, 21
"""Days that a straddle is held before it is sold anew at the money, and days to expiry when it is sold."""
SCENARIOS = 10_000


def straddle_world(seed: int, scenarios: FloatArray, variances: FloatArray) -> tuple[int, int]:
    """Exceptions in 1,000 days to full revaluation and to delta-normal, both at 99% and told before the day."""
    outcomes = law(1_000 + seed).moves(DAYS)
    held = np.arange(DAYS) % HELD
    spot = 100.0 * np.exp(np.concatenate([[0.0], np.cumsum(outcomes[0])[:-1]]))
    since = np.concatenate([[0.0], np.cumsum(outcomes[1])[:-1]])
    sold = np.arange(DAYS) - held
    book = Straddle(spot, spot[sold], (LIFE - held) * DAY, 0.2 * np.exp(since - since[sold]))
    losses = -short_pnl(book, outcomes)
    views = exposures(book).T
    days = zip(*book, strict=True)
    told = [value_at_risk.historical(short_pnl(Straddle(*day), scenarios), 0.99) for day in days]
    approximated = [value_at_risk.parametric(view, variances, 0.99).total for view in views]
    return int((losses > told).sum()), int((losses > approximated).sum())


def test_full_revaluation_holds_on_a_short_straddle_and_delta_normal_does_not() -> None:
    scenarios, variances = law(5).moves(SCENARIOS), covariance()
    counts = [straddle_world(seed, scenarios, variances) for seed in range(WORLDS)]
    full = [backtest.kupiec(count, DAYS, 0.01) for count, _ in counts]
    linear = [backtest.kupiec(count, DAYS, 0.01) for _, count in counts]
    assert sum(not test.is_rejected() for test in full) >= 17
    assert sum(test.is_rejected() for test in linear) >= 18
    # Delta-normal fails by telling too little, not too much.
    assert min(test.exceptions for test in linear) > 10


@pytest.mark.soak
def test_filtered_simulation_holds_where_volatility_clusters() -> None:
    """GARCH(1,1) worlds, a linear book: VaR from 750 days before, the model fitted anew every 50 days."""
    held = plain = 0
    for seed in range(WORLDS):
        returns = garch_path(3_000 + seed, 750 + DAYS)
        filtered = backtest.rolling_forecasts(returns, 750, 0.99, weighting="filtered", model="garch")
        history = backtest.rolling_forecasts(returns, 750, 0.99)
        held += not backtest.run_all(filtered.pnl, filtered.value_at_risk, 0.01).kupiec.is_rejected()
        plain += backtest.run_all(history.pnl, history.value_at_risk, 0.01).independence.is_rejected()
    assert held >= 17
    assert plain >= 3
