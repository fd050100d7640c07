"""Intervals of figures of a sample."""

from __future__ import annotations

import math

import numpy as np
import pytest

from optionix_core.errors import DomainError, InvalidValueError
from optionix_core.risk import value_at_risk


def test_ranks_of_the_median_are_those_of_the_sign_test() -> None:
    # n = 10: the second and the ninth order statistic hold the median with 1 - 2 (1 + 10) / 1024 = 97.85% (David and
    # Nagaraja 2003, sec. 7.1; any table of the sign test).
    found = value_at_risk.quantile_interval(np.arange(1.0, 11.0), 0.5)
    assert (found.lower, found.upper) == (-9.0, -2.0)
    assert found.coverage == pytest.approx(1.0 - 22.0 / 1024.0, abs=1e-12)


def test_an_end_that_no_scenario_reaches_is_infinite() -> None:
    # The worst of 100 days lies above the 1% quantile with probability 0.99^100 = 36.6%.
    found = value_at_risk.quantile_interval(np.arange(100.0), 0.99)
    assert found.upper == math.inf
    assert math.isnan(found.standard_error)
    assert math.isfinite(found.lower)


def test_intervals_hold_the_quantile_as_often_as_they_say() -> None:
    normals = np.random.default_rng(2).standard_normal((400, 1_000))
    found = [value_at_risk.quantile_interval(row, 0.95, 0.9) for row in normals]
    hits = sum(each.lower <= 1.6448536 <= each.upper for each in found)
    assert all(each.coverage >= 0.9 for each in found)
    # Binomial of 400 at the exact coverage: three deviations.
    expected = found[0].coverage
    assert abs(hits / 400 - expected) < 3.0 * math.sqrt(expected * (1.0 - expected) / 400)


def test_standard_errors_are_those_of_the_normal_law() -> None:
    # sqrt(p (1 - p) / n) / n(z) at 95%: 2.113 / sqrt(n). Shortfall by simulation of 2,000 samples of the same size.
    generator = np.random.default_rng(4)
    pnl = generator.standard_normal(20_000)
    quantile = value_at_risk.quantile_interval(pnl, 0.95)
    assert quantile.standard_error == pytest.approx(2.113 / math.sqrt(20_000), rel=0.15)
    samples = np.sort(generator.standard_normal((2_000, 2_000)), axis=1)[:, :100].mean(axis=1)
    shortfall = value_at_risk.shortfall_interval(pnl, 0.95)
    assert shortfall.standard_error == pytest.approx(samples.std() / math.sqrt(10.0), rel=0.1)
    assert shortfall.lower < 2.0627 < shortfall.upper


def test_the_bootstrap_agrees_with_both() -> None:
    pnl = np.random.default_rng(6).standard_normal(2_000)
    quantile, shortfall = value_at_risk.bootstrap_intervals(pnl, 0.95, seed=9)
    assert quantile.standard_error == pytest.approx(value_at_risk.quantile_interval(pnl, 0.95).standard_error, rel=0.35)
    assert shortfall.standard_error == pytest.approx(
        value_at_risk.shortfall_interval(pnl, 0.95).standard_error, rel=0.15
    )
    assert quantile.lower <= value_at_risk.historical(pnl, 0.95) <= quantile.upper
    again = value_at_risk.bootstrap_intervals(pnl, 0.95, seed=9)
    assert again == (quantile, shortfall)
    assert value_at_risk.bootstrap_intervals(pnl, 0.95, seed=10) != again


def test_what_has_no_interval_is_an_error() -> None:
    with pytest.raises(DomainError, match="without positions loses nothing"):
        value_at_risk.quantile_interval(np.zeros((0, 10)), 0.99)
    with pytest.raises(DomainError, match="one scenario of 50"):
        value_at_risk.shortfall_interval(np.arange(50.0), 0.99)
    with pytest.raises(InvalidValueError, match="level must be between 0 and 1"):
        value_at_risk.quantile_interval(np.arange(50.0), 0.9, 95)
    with pytest.raises(InvalidValueError, match="resamples must be at least 2"):
        value_at_risk.bootstrap_intervals(np.arange(50.0), 0.9, resamples=1)
