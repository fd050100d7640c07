"""Quantiles and tail means of scenarios: conventions, weights, horizons, what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.risk import expected_shortfall, value_at_risk
from optionix_core.risk._tails import rank_of
from optionix_core.risk.value_at_risk.scenario_tails import age_weights, over_horizon
from tests.core.risk.ore_history import CLASSES, ore_expected, ore_pnl

PNL = hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6))
CONFIDENCE = st.sampled_from([0.5, 0.9, 0.95, 0.975, 0.99])


@pytest.mark.parametrize(
    ("count", "confidence", "rank"),
    [(500, 0.99, 5), (715, 0.99, 8), (715, 0.95, 36), (100, 0.99, 1), (250, 0.975, 7), (1_000, 0.9, 100), (7, 0.3, 5)],
)
def test_the_rank_is_the_exact_ceiling_of_the_decimal_fraction(count: int, confidence: float, rank: int) -> None:
    # 500 * (1 - 0.99) is 5.0000000000000044 in floating point: a ceiling of that would be 6.
    assert rank_of(count, confidence) == rank


def test_order_statistic_of_ten_known_days() -> None:
    # By hand: sorted -9, -7, -4, -1, 0, 1, 2, 3, 5, 8; ceil(10 * 0.25) = 3.
    pnl = [3.0, -7.0, 1.0, 8.0, -4.0, 0.0, 5.0, -9.0, 2.0, -1.0]
    assert value_at_risk.historical(pnl, 0.75) == 4.0
    assert expected_shortfall.historical(pnl, 0.75) == pytest.approx((9.0 + 7.0 + 4.0) / 3.0, abs=1e-15)
    assert value_at_risk.historical(pnl, 0.99) == 9.0


def test_interpolated_is_linear_between_order_statistics() -> None:
    # By hand: place 9 * 0.25 = 2.25 between -4 and -1; tail mean (9 + 7 + 4 / 2) / 2.5.
    pnl = [3.0, -7.0, 1.0, 8.0, -4.0, 0.0, 5.0, -9.0, 2.0, -1.0]
    assert value_at_risk.historical(pnl, 0.75, "interpolated") == pytest.approx(3.25, abs=1e-15)
    assert expected_shortfall.historical(pnl, 0.75, "interpolated") == pytest.approx(7.2, abs=1e-15)


@given(PNL, CONFIDENCE)
def test_interpolated_agrees_with_numpys_default_quantile(pnl: np.ndarray, confidence: float) -> None:
    expected = -np.quantile(pnl, 1.0 - confidence)
    assert value_at_risk.historical(pnl, confidence, "interpolated") == pytest.approx(expected, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("risk_class", CLASSES)
def test_quantiles_and_shortfalls_of_the_open_source_risk_engine(shared_reference: Path, risk_class: str) -> None:
    pnl = ore_pnl(shared_reference, risk_class)
    figures = value_at_risk.estimate(pnl, (0.99, 0.95, 0.05, 0.01))
    found = [-each.value_at_risk for each in figures] + [-each.expected_shortfall for each in figures]
    # Printed to six decimals.
    assert found == pytest.approx(ore_expected(shared_reference, risk_class), abs=6e-7)


@given(PNL, CONFIDENCE, st.sampled_from(["order-statistic", "interpolated"]))
def test_laws_of_both_figures(pnl: np.ndarray, confidence: float, convention: str) -> None:
    var = value_at_risk.historical(pnl, confidence, convention)
    es = expected_shortfall.historical(pnl, confidence, convention)
    slack = 1e-9 * (1.0 + np.abs(pnl).max())
    assert es >= var - slack
    assert -pnl.max() - slack <= var <= -pnl.min() + slack
    assert value_at_risk.historical(pnl + 5.0, confidence, convention) == pytest.approx(var - 5.0, abs=slack * 10)
    assert value_at_risk.historical(3.0 * pnl, confidence, convention) == pytest.approx(3.0 * var, abs=slack * 10)
    assert value_at_risk.historical(pnl, 0.995, convention) >= var - slack


@given(hnp.arrays(np.float64, (2, 40), elements=st.floats(-1e3, 1e3)), CONFIDENCE)
def test_expected_shortfall_is_subadditive(pnl: np.ndarray, confidence: float) -> None:
    for convention in ("order-statistic", "interpolated"):
        parts = sum(expected_shortfall.historical(row, confidence, convention) for row in pnl)
        assert expected_shortfall.historical(pnl, confidence, convention) <= parts + 1e-9


def test_value_at_risk_is_not_subadditive() -> None:
    # Two loans that fail on other days: each is safe at 95% (4 of 100), together they are not (8 of 100).
    pnl = np.ones((2, 100))
    pnl[0, :4] = -100.0
    pnl[1, 4:8] = -100.0
    assert value_at_risk.historical(pnl, 0.95) == 99.0
    assert value_at_risk.historical(pnl[0], 0.95) == value_at_risk.historical(pnl[1], 0.95) == -1.0


def test_positions_are_summed_before_the_quantile() -> None:
    pnl = np.random.default_rng(3).normal(size=(4, 200))
    assert value_at_risk.historical(pnl, 0.95) == value_at_risk.historical(pnl.sum(axis=0), 0.95)


def test_an_empty_book_has_no_risk_and_says_why() -> None:
    for scenarios in (0, 500):
        figures = value_at_risk.estimate(np.zeros((0, scenarios)), (0.95, 0.99), (1, 10))
        assert [each.value_at_risk for each in figures] == [0.0] * 4
        assert [each.expected_shortfall for each in figures] == [0.0] * 4
        assert all("no positions" in each.notes[0] for each in figures)


@pytest.mark.parametrize("pnl", [np.zeros(0), np.zeros((3, 0))])
def test_a_book_without_history_is_an_error(pnl: np.ndarray) -> None:
    with pytest.raises(MissingDataError, match="no history"):
        value_at_risk.historical(pnl, 0.99)


def test_bad_input_is_named() -> None:
    with pytest.raises(InvalidValueError, match=r"confidence must be between 0 and 1.*99"):
        value_at_risk.historical([1.0, 2.0], 99)
    with pytest.raises(InvalidValueError, match=r"pnl must be finite .*at row 1"):
        value_at_risk.historical([1.0, math.nan], 0.9)
    with pytest.raises(UnknownNameError, match="order-statistic, interpolated"):
        value_at_risk.historical([1.0, 2.0], 0.9, "nearest")
    with pytest.raises(UnknownNameError, match="square-root, overlapping, separate"):
        value_at_risk.historical([1.0, 2.0], 0.9, horizon_days=2, horizon_rule="root")
    with pytest.raises(InvalidValueError, match="horizon_days must be at least 1"):
        value_at_risk.historical([1.0, 2.0], 0.9, horizon_days=0)


def test_too_few_scenarios_are_said() -> None:
    [few] = value_at_risk.estimate(np.arange(50.0), (0.99,))
    assert few.rank == 1
    assert "50 scenarios reach no further than their worst" in few.notes[0]
    assert value_at_risk.estimate(np.arange(100.0), (0.99,))[0].notes == ()


# Boudoukh, Richardson and Whitelaw, Risk 11 (1998) 64, the example with K = 100 and decay 0.98: the six lowest returns
# in per cent and how many periods ago they came.
LOWEST = ((-3.30, 3), (-2.90, 2), (-2.70, 65), (-2.50, 45), (-2.40, 5), (-2.30, 30))


def hybrid_returns() -> np.ndarray:
    returns = np.full(100, 1.0)
    for value, ago in LOWEST:
        returns[100 - ago] = value
    return returns


def test_age_weights_of_the_hybrid_approach() -> None:
    weights = age_weights(100, 0.98)
    found = [weights[100 - ago] for _, ago in LOWEST]
    # The paper's column of hybrid weights, four decimals.
    assert found == pytest.approx([0.0221, 0.0226, 0.0063, 0.0095, 0.0213, 0.0128], abs=5e-5)
    assert weights.sum() == pytest.approx(1.0, abs=1e-15)


def test_interpolated_quantiles_of_the_hybrid_approach() -> None:
    # The paper: 2.63% at 5% by the hybrid approach, 2.35% by equal weights (halfway between the fifth and the sixth).
    returns = hybrid_returns()
    assert value_at_risk.age_weighted(returns, 0.95, "interpolated") == pytest.approx(2.63, abs=5e-3)
    assert value_at_risk.age_weighted(returns, 0.95, "interpolated", decay=1.0) == pytest.approx(2.35, abs=1e-12)
    # 0.0447 is reached by the second lowest, 0.0511 by the third.
    assert value_at_risk.age_weighted(returns, 0.95) == 2.70


def test_equal_weights_are_the_plain_figures() -> None:
    pnl = np.random.default_rng(11).normal(size=(3, 500))
    for confidence in (0.9, 0.95, 0.99):
        assert value_at_risk.age_weighted(pnl, confidence, decay=1.0) == value_at_risk.historical(pnl, confidence)
        assert expected_shortfall.age_weighted(pnl, confidence, decay=1.0) == pytest.approx(
            expected_shortfall.historical(pnl, confidence), rel=1e-12
        )


def test_scenarios_with_probabilities_by_hand() -> None:
    # Sorted -10 (2%), -5 (1%), -2 (7%), 3 (90%): at 95% the third, beyond it (0.2 + 0.05 + 0.14) / 0.1.
    pnl, weights = [3.0, -10.0, -2.0, -5.0], [0.90, 0.02, 0.07, 0.01]
    assert value_at_risk.weighted(pnl, weights, 0.95) == 2.0
    assert expected_shortfall.weighted(pnl, weights, 0.95) == pytest.approx(3.9, rel=1e-14)
    assert value_at_risk.weighted(pnl, weights, 0.975) == 5.0
    assert value_at_risk.weighted(np.zeros((0, 4)), weights, 0.95) == 0.0
    with pytest.raises(InvalidValueError, match="weights must be positive, with a sum of 1"):
        expected_shortfall.weighted(pnl, [0.5, 0.5, 0.5, 0.5], 0.95)


def test_a_recent_loss_weighs_more_than_an_old_one() -> None:
    pnl = np.zeros(300)
    pnl[-1] = -50.0
    assert value_at_risk.age_weighted(pnl, 0.99) == 50.0
    assert value_at_risk.age_weighted(pnl[::-1], 0.99) == 0.0
    with pytest.raises(InvalidValueError, match="decay must be above 0, at most 1"):
        value_at_risk.age_weighted(pnl, 0.99, decay=1.2)


def test_horizons_by_each_rule() -> None:
    pnl = np.array([1.0, -2.0, 3.0, -4.0, 5.0, -6.0, 7.0])
    assert over_horizon(pnl, 3, "overlapping").tolist() == [2.0, -3.0, 4.0, -5.0, 6.0]
    # Counted back from the newest day; the oldest is left out.
    assert over_horizon(pnl, 3, "separate").tolist() == [-3.0, 6.0]
    assert value_at_risk.historical(pnl, 0.9, horizon_days=4) == 12.0
    assert value_at_risk.historical(pnl, 0.9, horizon_days=3, horizon_rule="overlapping") == 5.0
    with pytest.raises(MissingDataError, match="7 days of history for a horizon of 10 days"):
        value_at_risk.historical(pnl, 0.9, horizon_days=10, horizon_rule="overlapping")


def test_the_report_names_horizon_rule_and_what_it_assumes() -> None:
    pnl = np.random.default_rng(5).normal(size=750)
    figures = value_at_risk.estimate(pnl, (0.95, 0.99), (1, 10))
    assert [(each.horizon_days, each.confidence) for each in figures] == [(1, 0.95), (1, 0.99), (10, 0.95), (10, 0.99)]
    assert figures[2].value_at_risk == pytest.approx(math.sqrt(10.0) * figures[0].value_at_risk, rel=1e-15)
    assert "square root" in figures[2].notes[0]
    [overlapping] = value_at_risk.estimate(pnl, (0.95,), (10,), horizon_rule="overlapping")
    assert overlapping.scenarios == 741
    assert "share days" in overlapping.notes[0]
