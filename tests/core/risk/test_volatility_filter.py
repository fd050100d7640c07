"""Volatility of days past and ahead, and histories brought to it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.risk import expected_shortfall, value_at_risk
from optionix_core.risk.value_at_risk.volatility_filter import (
    ewma_variance,
    garch,
    rescaled,
    simulate_filtered,
    variances,
)


def garch_path(seed: int, days: int, omega: float = 0.02, alpha: float = 0.08, beta: float = 0.90) -> np.ndarray:
    """Returns of a GARCH(1,1) of normals, day by day."""
    normals = np.random.default_rng(seed).standard_normal(days + 500)
    variance = omega / (1.0 - alpha - beta)
    returns = []
    for normal in normals:
        returns.append(math.sqrt(variance) * normal)
        variance = omega + alpha * returns[-1] ** 2 + beta * variance
    return np.array(returns[500:])


def likelihood(returns: np.ndarray, omega: float, alpha: float, beta: float) -> float:
    """Of the same model, written day by day."""
    variance = float(np.mean(returns**2))
    total = 0.0
    for value in returns:
        total -= 0.5 * (math.log(2.0 * math.pi) + math.log(variance) + value * value / variance)
        variance = omega + alpha * value * value + beta * variance
    return total


def test_exponential_weights_by_hand() -> None:
    # Start: the mean square of 1, 2, 3 is 14/3; then 0.9 v + 0.1 r^2.
    found = ewma_variance([1.0, -2.0, 3.0], 0.9)
    second = 0.9 * 14.0 / 3.0 + 0.1
    third = 0.9 * second + 0.4
    assert found == pytest.approx([14.0 / 3.0, second, third, 0.9 * third + 0.9], rel=1e-14)


def test_a_fit_has_the_likelihood_of_its_definition_and_no_neighbour_has_more() -> None:
    returns = garch_path(7, 2_000)
    fit = garch(returns)
    own = (fit.omega, fit.alpha, fit.beta)
    assert fit.log_likelihood == pytest.approx(likelihood(returns, *own), rel=1e-12)
    for row in range(3):
        for factor in (0.97, 1.03):
            moved = [value * (factor if place == row else 1.0) for place, value in enumerate(own)]
            assert likelihood(returns, *moved) < fit.log_likelihood
    assert likelihood(returns, 0.02, 0.08, 0.90) <= fit.log_likelihood


def test_fits_recover_the_law_within_their_standard_errors() -> None:
    truth = np.array([0.02, 0.08, 0.90])
    scores = []
    for seed in range(12):
        fit = garch(garch_path(100 + seed, 3_000))
        scores.append((np.array([fit.omega, fit.alpha, fit.beta]) - truth) / np.array(fit.standard_errors))
    # Of 36 standardised errors about 34 lie within two; more than six outside has probability below 1%.
    assert int((np.abs(scores) > 2.0).sum()) <= 6
    assert np.abs(np.mean(scores, axis=0)).max() < 1.2


def test_a_fit_finds_the_highest_of_several_tops() -> None:
    # Where volatility hardly clusters the likelihood has several: no point of a coarse grid lies above the fit.
    draws = np.random.default_rng(111)
    for returns in (
        np.where(draws.uniform(size=2_000) < 0.9, 0.0, draws.standard_normal(2_000)),
        draws.standard_normal(250),
        draws.standard_t(2.5, 400),
    ):
        fit = garch(returns)
        level = float(np.mean(returns**2))
        for alpha in (0.01, 0.1, 0.3):
            for beta in (0.0, 0.6, 0.85, 0.97):
                if alpha + beta < 1.0:
                    assert likelihood(returns, level * (1.0 - alpha - beta), alpha, beta) <= fit.log_likelihood + 1e-6


def test_a_fit_does_not_depend_on_the_unit() -> None:
    returns = garch_path(9, 1_000)
    one, other = garch(returns), garch(returns * 1e-4)
    assert other.alpha == pytest.approx(one.alpha, rel=1e-6)
    assert other.beta == pytest.approx(one.beta, rel=1e-6)
    assert other.omega == pytest.approx(one.omega * 1e-8, rel=1e-5)
    assert other.long_run_variance == pytest.approx(one.long_run_variance * 1e-8, rel=1e-5)


def test_constant_variance_leaves_history_as_it_is() -> None:
    returns = np.where(np.arange(200) % 2, 1.0, -1.0)
    assert rescaled(returns, "ewma") == pytest.approx(returns, rel=1e-12)


def test_calm_days_are_scaled_up_after_a_storm() -> None:
    returns = np.concatenate([np.tile([1.0, -1.0], 250), np.tile([5.0, -5.0], 25)])
    assert value_at_risk.historical(returns[:500], 0.99) == 1.0
    assert value_at_risk.filtered(returns, 0.95) > 4.0
    assert expected_shortfall.filtered(returns, 0.95) >= value_at_risk.filtered(returns, 0.95)
    assert value_at_risk.filtered(returns, 0.95, model="garch") > 3.0


def test_filtered_scenarios_over_one_day_are_the_rescaled_days() -> None:
    returns = np.stack([garch_path(21, 400), garch_path(22, 400)])
    for model in ("ewma", "garch"):
        moved = simulate_filtered(returns, 1, 2_000, 5, model)
        days = {tuple(day) for day in np.round(rescaled(returns, model).T, 9)}
        assert {tuple(day) for day in np.round(moved.T, 9)} <= days


def test_filtered_scenarios_do_not_depend_on_the_split() -> None:
    returns = garch_path(23, 300)
    whole = simulate_filtered(returns, 5, 1_000, 5)
    parts = [simulate_filtered(returns, 5, 250, 5, first=first) for first in range(0, 1_000, 250)]
    assert np.array_equal(whole, np.concatenate(parts, axis=1))


def test_filtered_variance_over_days_is_the_sum_of_its_forecasts() -> None:
    # E v(h) = long run + persistence^(h-1) (v(1) - long run), with residuals of mean square one.
    returns = garch_path(24, 2_000)
    fit = garch(returns)
    moved = simulate_filtered(returns, 10, 200_000, 3)[0]
    ahead = fit.long_run_variance + fit.persistence ** np.arange(10) * (fit.variance[-1] - fit.long_run_variance)
    assert moved.var() == pytest.approx(ahead.sum(), rel=0.03)


def test_bad_histories_are_named() -> None:
    with pytest.raises(MissingDataError, match="99 days of history where a volatility needs 100"):
        garch(np.ones(99))
    with pytest.raises(InvalidValueError, match="returns must be moving on some day"):
        ewma_variance(np.zeros(200))
    with pytest.raises(InvalidValueError, match=r"returns must be finite .*at row 4"):
        ewma_variance([1.0, 2.0, 3.0, 4.0, math.inf])
    with pytest.raises(UnknownNameError, match="ewma, garch"):
        variances(np.ones(200), "arch")
    with pytest.raises(InvalidValueError, match="scenarios must be at least 1"):
        simulate_filtered(garch_path(1, 200), 1, 0, 1)
    with pytest.raises(InvalidValueError, match="seed must be from 0"):
        simulate_filtered(garch_path(1, 200), 1, 10, -1)
