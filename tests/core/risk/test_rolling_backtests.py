"""Figures told day by day, and all backtests of them."""

from __future__ import annotations

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.risk import backtest, expected_shortfall, value_at_risk
from tests.core.risk.test_volatility_filter import garch_path

SERIES = garch_path(41, 400)


@pytest.mark.parametrize(
    ("weighting", "model", "function"),
    [("plain", "ewma", "historical"), ("age", "ewma", "age_weighted"), ("filtered", "ewma", "filtered")],
)
def test_each_day_is_told_by_the_days_before_it(weighting: str, model: str, function: str) -> None:
    found = backtest.rolling_forecasts(SERIES, 250, 0.95, weighting=weighting, model=model)
    assert (found.first, found.pnl.size) == (250, 150)
    assert np.array_equal(found.pnl, SERIES[250:])
    for day in (0, 77, 149):
        before = SERIES[day : day + 250]
        assert found.value_at_risk[day] == pytest.approx(getattr(value_at_risk, function)(before, 0.95), rel=1e-12)
        assert found.expected_shortfall[day] == pytest.approx(
            getattr(expected_shortfall, function)(before, 0.95), rel=1e-12
        )


def test_tomorrow_changes_nothing_told_today() -> None:
    other = SERIES.copy()
    other[320:] *= 50.0
    for weighting, model in (("plain", "ewma"), ("age", "ewma"), ("filtered", "ewma"), ("filtered", "garch")):
        one, two = (
            backtest.rolling_forecasts(series, 250, 0.95, weighting=weighting, model=model)
            for series in (SERIES, other)
        )
        assert np.array_equal(one.value_at_risk[:71], two.value_at_risk[:71])
        assert not np.array_equal(one.value_at_risk[71:], two.value_at_risk[71:])


def test_a_fit_stands_between_its_days() -> None:
    found = backtest.rolling_forecasts(SERIES, 250, 0.95, weighting="filtered", model="garch", refit_days=100)
    fit = value_at_risk.garch(SERIES[100:350])
    assert found.value_at_risk[100] == pytest.approx(
        value_at_risk.filtered(SERIES[100:350], 0.95, model="garch"), rel=1e-12
    )
    sample = SERIES[130:380]
    variance = fit.filtered(sample)
    expected = value_at_risk.historical(sample * np.sqrt(variance[-1] / variance[:-1]), 0.95)
    assert found.value_at_risk[130] == pytest.approx(expected, rel=1e-12)
    assert fit.filtered(SERIES[100:350]) == pytest.approx(fit.variance, rel=1e-12)


def test_all_tests_agree_with_each_alone() -> None:
    told = backtest.rolling_forecasts(SERIES, 150, 0.975)
    found = backtest.run_all(
        told.pnl,
        told.value_at_risk,
        0.025,
        expected_shortfall=told.expected_shortfall,
        null=backtest.NormalLaw(),
        simulations=500,
    )
    hits = backtest.exceptions_of(told.pnl, told.value_at_risk)
    assert found.exceptions == tuple(np.flatnonzero(hits))
    assert found.kupiec == backtest.kupiec(int(hits.sum()), 250, 0.025)
    assert found.joint == backtest.christoffersen_joint(*backtest.transitions_of(hits), 0.025)
    assert found.traffic_light.exceptions == found.kupiec.exceptions
    assert found.z2 is not None
    assert found.z2.verdict in {"accepted", "doubtful", "rejected"}
    assert found.notes == ()


def test_what_is_left_out_is_told() -> None:
    quiet = backtest.run_all(
        np.ones(250), 1.0, 0.01, expected_shortfall=1.3, null=backtest.StudentLaw(5.0), simulations=200
    )
    assert quiet.z1 is None
    assert quiet.z2 is not None
    assert "Z1" in quiet.notes[0]
    alone = backtest.run_all(np.ones(250), 1.0, 0.01)
    assert alone.z2 is None
    assert "no expected shortfall" in alone.notes[0]
    with pytest.raises(InvalidValueError, match="given together"):
        backtest.run_all(np.ones(250), 1.0, 0.01, expected_shortfall=1.3)


def test_bad_input_is_named() -> None:
    with pytest.raises(MissingDataError, match="400 days of history leave none to test after a window of 400"):
        backtest.rolling_forecasts(SERIES, 400, 0.99)
    with pytest.raises(InvalidValueError, match="window must be at least 1"):
        backtest.rolling_forecasts(SERIES, 0, 0.99)
    with pytest.raises(UnknownNameError, match="plain, age, filtered"):
        backtest.rolling_forecasts(SERIES, 250, 0.99, weighting="newest")
    with pytest.raises(MissingDataError, match="50 days of history where a volatility needs 100"):
        backtest.rolling_forecasts(SERIES, 50, 0.99, weighting="filtered", model="garch")
