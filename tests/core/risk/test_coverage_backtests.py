"""Kupiec, Christoffersen and the Basel zones, against published tables."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.risk import backtest

# P. Kupiec, J. Derivatives 3 (1995) 73, table of non-rejection regions at 5%, as P. Jorion prints it ("Value at Risk",
# 3rd ed. 2007, table 6-2): the counts N with lower < N < upper.
KUPIEC_TABLE = [
    (255, 0.01, None, 7),
    (510, 0.01, 1, 11),
    (1000, 0.01, 4, 17),
    (255, 0.025, 2, 12),
    (510, 0.025, 6, 21),
    (1000, 0.025, 15, 36),
    (255, 0.05, 6, 21),
    (510, 0.05, 16, 36),
    (1000, 0.05, 37, 65),
    (255, 0.075, 11, 28),
    (510, 0.075, 27, 51),
    (1000, 0.075, 59, 92),
    (255, 0.10, 16, 36),
    (510, 0.10, 38, 65),
    (1000, 0.10, 81, 120),
]


@pytest.mark.parametrize(("observations", "probability", "lower", "upper"), KUPIEC_TABLE)
def test_non_rejection_regions_of_kupiec(observations: int, probability: float, lower: int | None, upper: int) -> None:
    fewest, most = backtest.non_rejection_region(observations, probability)
    assert most == upper - 1
    if lower is not None:
        assert fewest == lower + 1


def test_no_exception_in_255_days_is_rejected_though_the_table_leaves_it_open() -> None:
    # The table prints "N < 7". The statistic of none is -2 * 255 ln 0.99 = 5.126, above 3.841.
    found = backtest.kupiec(0, 255, 0.01)
    assert found.statistic == pytest.approx(-2.0 * 255.0 * math.log(0.99), rel=1e-14)
    assert found.is_rejected()
    assert backtest.non_rejection_region(255, 0.01) == (1, 6)


def test_bank_with_twenty_exceptions() -> None:
    # Jorion, sec. 6.2: 20 exceptions of 252 days at 95%: LR 3.91, beyond 3.84. Six of them came the day after one:
    # LR of independence 9.53.
    found = backtest.kupiec(20, 252, 0.05)
    assert found.statistic == pytest.approx(3.91, abs=5e-3)
    assert found.is_rejected()
    apart = backtest.christoffersen_independence(218, 14, 14, 6)
    assert apart.statistic == pytest.approx(9.53, abs=5e-3)
    assert apart.is_rejected(0.01)
    joint = backtest.christoffersen_joint(218, 14, 14, 6, 0.05)
    assert joint.statistic == pytest.approx(found.statistic + apart.statistic, rel=1e-14)
    assert (joint.degrees_of_freedom, joint.exceptions, joint.observations) == (2, 20, 252)


@pytest.mark.parametrize(
    ("statistic_level", "critical", "freedom"), [(0.05, 3.841459, 1), (0.01, 6.634897, 1), (0.05, 5.991465, 2)]
)
def test_p_values_are_those_of_chi_squared(statistic_level: float, critical: float, freedom: int) -> None:
    # Quantiles of chi-squared, any table. The test's own p-value as a function of its statistic.
    if freedom == 1:
        found = math.erfc(math.sqrt(0.5 * critical))
        assert backtest.kupiec(20, 252, 0.05).p_value == pytest.approx(
            math.erfc(math.sqrt(0.5 * backtest.kupiec(20, 252, 0.05).statistic)), rel=1e-14
        )
    else:
        found = math.exp(-0.5 * critical)
        joint = backtest.christoffersen_joint(218, 14, 14, 6, 0.05)
        assert joint.p_value == pytest.approx(math.exp(-0.5 * joint.statistic), rel=1e-14)
    assert found == pytest.approx(statistic_level, abs=1e-7)


@given(st.integers(1, 2_000), st.floats(0.001, 0.5), st.data())
def test_kupiec_is_zero_at_the_expected_count_alone(observations: int, probability: float, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, observations))
    found = backtest.kupiec(count, observations, probability)
    assert found.statistic >= 0.0
    assert 0.0 <= found.p_value <= 1.0
    assert (found.exceptions, found.observations, found.expected_rate) == (count, observations, probability)
    if abs(count / observations - probability) > 0.01:
        assert found.statistic > 0.0


@given(st.integers(0, 300), st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_independence_is_zero_where_both_rates_agree(n00: int, n01: int, n10: int, n11: int) -> None:
    if not n00 + n01 + n10 + n11:
        with pytest.raises(MissingDataError, match="no pair"):
            backtest.christoffersen_independence(n00, n01, n10, n11)
        return
    found = backtest.christoffersen_independence(n00, n01, n10, n11)
    assert found.statistic >= 0.0
    assert found.transitions == (n00, n01, n10, n11)
    if n00 * n11 == n01 * n10:
        assert found.statistic == pytest.approx(0.0, abs=1e-9)


def test_no_exception_at_all_is_legal_everywhere() -> None:
    assert backtest.kupiec(0, 100, 0.01).statistic == pytest.approx(-200.0 * math.log(0.99), rel=1e-14)
    assert backtest.christoffersen_independence(249, 0, 0, 0).p_value == 1.0
    assert backtest.christoffersen_joint(249, 0, 0, 0, 0.01).statistic == pytest.approx(-498.0 * math.log(0.99))
    assert backtest.kupiec(100, 100, 0.01).p_value < 1e-90


def test_a_series_is_counted_into_pairs() -> None:
    pnl = [1.0, -3.0, -4.0, 2.0, -2.0, -2.1, 0.0]
    days = backtest.exceptions_of(pnl, 2.0)
    assert days.tolist() == [False, True, True, False, False, True, False]  # a loss of just the value at risk is none
    assert backtest.transitions_of(days) == (1, 2, 2, 1)
    assert backtest.exceptions_of(pnl, [0.0, 5.0, 1.0, 1.0, 1.0, 3.0, -1.0]).tolist() == [
        *[False, False, True, False, True],
        *[False, True],
    ]


# Basel Committee, January 1996, table 2: cumulative probabilities in per cent, increases of the factor; MAR99, table 2.
BASEL = [
    (0, "green", 8.11, 0.00, 1.50),
    (1, "green", 28.58, 0.00, 1.50),
    (2, "green", 54.32, 0.00, 1.50),
    (3, "green", 75.81, 0.00, 1.50),
    (4, "green", 89.22, 0.00, 1.50),
    (5, "yellow", 95.88, 0.40, 1.70),
    (6, "yellow", 98.63, 0.50, 1.76),
    (7, "yellow", 99.60, 0.65, 1.83),
    (8, "yellow", 99.89, 0.75, 1.88),
    (9, "yellow", 99.97, 0.85, 1.92),
    (10, "red", 99.99, 1.00, 2.00),
    (25, "red", 100.0, 1.00, 2.00),
]


@pytest.mark.parametrize(("exceptions", "zone", "cumulative", "plus", "multiplier"), BASEL)
def test_zones_of_the_basel_committee(
    exceptions: int, zone: str, cumulative: float, plus: float, multiplier: float
) -> None:
    found = backtest.traffic_light(exceptions)
    assert found.zone == zone
    assert 100.0 * found.cumulative_probability == pytest.approx(cumulative, abs=5.1e-3)
    assert found.plus_factor_1996 == plus
    assert found.multiplier_mar99 == multiplier
    assert found.statistic == exceptions


@pytest.mark.parametrize(
    ("exceptions", "type_1"), [(1, 91.9), (2, 71.4), (3, 45.7), (4, 24.2), (5, 10.8), (6, 4.1), (7, 1.4), (8, 0.4)]
)
def test_type_1_errors_of_the_basel_committee(exceptions: int, type_1: float) -> None:
    # The same paper, table 1, model of true coverage 99%.
    assert 100.0 * backtest.traffic_light(exceptions).p_value == pytest.approx(type_1, abs=0.05)


def test_other_numbers_of_days_have_zones_and_no_factor() -> None:
    found = backtest.traffic_light(12, 500, 0.01)
    assert found.zone == "yellow"
    assert found.plus_factor_1996 is found.multiplier_mar99 is None


def test_bad_counts_are_named() -> None:
    with pytest.raises(InvalidValueError, match="exceptions must be at most the 10 observations"):
        backtest.kupiec(11, 10, 0.01)
    with pytest.raises(InvalidValueError, match="exceptions must be a whole number, not negative"):
        backtest.kupiec(-1, 10, 0.01)
    with pytest.raises(InvalidValueError, match="probability must be between 0 and 1"):
        backtest.kupiec(1, 10, 1.0)
    with pytest.raises(MissingDataError, match="no observations"):
        backtest.kupiec(0, 0, 0.01)
    with pytest.raises(InvalidValueError, match="n11 must be a whole number"):
        backtest.christoffersen_independence(1, 2, 3, -4)
    with pytest.raises(InvalidValueError, match="observations must be a whole number, at least the 5"):
        backtest.traffic_light(5, 4)
    with pytest.raises(InvalidValueError, match="shapes must be"):
        backtest.exceptions_of([1.0, 2.0], [1.0])
    with pytest.raises(InvalidValueError, match=r"value_at_risk must be finite .*at row 1"):
        backtest.exceptions_of([1.0, 2.0], np.array([1.0, np.nan]))
