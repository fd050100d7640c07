"""Ratios of returns, drawdowns and figures of trades, against textbooks and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.risk import performance

# T. Rollinger, S. Hoffman, "Sortino: a 'sharper' ratio", Red Rock Capital 2013: eight annual returns in per cent.
ANNUAL = [17.0, 15.0, 23.0, -5.0, 12.0, 9.0, 13.0, -4.0]


def test_sortino_ratio_of_rollinger_and_hoffman() -> None:
    # The paper: mean 10%, target downside deviation 2.264% at a target of 0%, ratio 4.417.
    found = performance.sortino_ratio(ANNUAL, 0.0, 1.0)
    assert found.annual == pytest.approx(4.417, abs=5e-4)
    assert 10.0 / found.annual == pytest.approx(2.264, abs=5e-4)


def test_sharpe_ratio_by_hand() -> None:
    # Returns beyond 1%: 2, -1, 3, 0 per cent: mean 1, deviation sqrt(10 / 3).
    found = performance.sharpe_ratio([0.03, 0.0, 0.04, 0.01], 0.01, 12.0)
    assert found.per_period == pytest.approx(1.0 / math.sqrt(10.0 / 3.0), rel=1e-12)
    assert found.annual == pytest.approx(found.per_period * math.sqrt(12.0), rel=1e-14)
    rates = performance.sharpe_ratio([0.03, 0.0, 0.04, 0.01], [0.01] * 4, 12.0)
    assert rates == found


@pytest.mark.parametrize(
    ("ratio", "periods", "error"), [(0.5, 60, 0.137), (1.0, 60, 0.158), (1.5, 60, 0.188), (1.0, 12, 0.354)]
)
def test_standard_errors_of_lo(ratio: float, periods: int, error: float) -> None:
    # A. Lo, Financ. Anal. J. 58 (2002) 36, table 1: asymptotic errors of the ratio for independent returns.
    half = np.ones(periods // 2)
    swings = np.concatenate([half, -half])
    swings /= swings.std(ddof=1)
    found = performance.sharpe_ratio(swings + ratio, 0.0, 1.0)
    assert found.per_period == pytest.approx(ratio, rel=1e-12)
    assert found.standard_error == pytest.approx(error, abs=5e-4)


def test_the_deepest_fall_by_hand() -> None:
    # 100, 120, 90, 110, 130, 117: 25% from 120 to 90, recovered at 130; 13 of 130 is less.
    found = performance.maximum_drawdown([100.0, 120.0, 90.0, 110.0, 130.0, 117.0])
    assert (found.amount, found.fraction, found.peak, found.trough, found.recovered) == (30.0, 0.25, 1, 2, 4)
    # By fraction an early small high falls deeper than a late large one.
    early = performance.maximum_drawdown([10.0, 5.0, 1_000.0, 900.0])
    assert (early.fraction, early.trough, early.recovered) == (0.5, 1, 2)


def test_cumulated_profit_has_a_fall_and_no_fraction() -> None:
    found = performance.maximum_drawdown([0.0, 50.0, -20.0, 10.0])
    assert (found.amount, found.fraction, found.peak, found.trough, found.recovered) == (70.0, None, 1, 2, None)
    flat = performance.maximum_drawdown([1.0, 2.0, 3.0])
    assert (flat.amount, flat.fraction, flat.peak, flat.trough, flat.recovered) == (0.0, 0.0, 0, 0, 0)


@given(hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(0.5, 1e6)))
def test_no_later_fall_is_deeper(worth: np.ndarray) -> None:
    found = performance.maximum_drawdown(worth)
    deepest = max((worth[i] - worth[j]) / worth[i] for i in range(worth.size) for j in range(i, worth.size))
    assert found.fraction == pytest.approx(max(deepest, 0.0), rel=1e-12)
    assert worth[found.peak] - worth[found.trough] == pytest.approx(found.amount, rel=1e-12)
    if found.recovered is not None:
        assert worth[found.recovered] >= worth[found.peak]


def test_calmar_ratio_by_hand() -> None:
    # Doubled in two years with a fall of a quarter: (sqrt 2 - 1) / 0.25.
    assert performance.calmar_ratio([100.0, 75.0, 200.0], 1.0) == pytest.approx(
        (math.sqrt(2.0) - 1.0) / 0.25, rel=1e-12
    )


def test_trades_by_hand() -> None:
    found = performance.trade_figures([100.0, -50.0, 0.0, 200.0, -25.0, -25.0, 40.0, -60.0])
    assert (found.trades, found.wins, found.losses) == (8, 3, 4)
    assert found.win_rate == 3.0 / 8.0
    assert (found.gross_profit, found.gross_loss) == (340.0, 160.0)
    assert found.profit_factor == 340.0 / 160.0
    assert (found.average_win, found.average_loss) == (340.0 / 3.0, 40.0)
    assert found.expectancy == 180.0 / 8.0
    assert found.longest_losing_streak == 2


def test_intervals_of_the_win_rate_are_wilsons() -> None:
    # R. Newcombe, Stat. Med. 17 (1998) 857, table I, method 3: 81 of 263, 0.2553 to 0.3662; 0 of 20, 0 to 0.1611.
    found = performance.trade_figures([1.0] * 81 + [-1.0] * 182)
    assert (found.win_rate_lower, found.win_rate_upper) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    none = performance.trade_figures([-1.0] * 20)
    assert (none.win_rate_lower, none.win_rate_upper) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert none.average_win is None
    assert none.longest_losing_streak == 20
    assert performance.trade_figures([1.0, 2.0]).profit_factor is None


def test_what_has_no_figure_is_an_error() -> None:
    with pytest.raises(MissingDataError, match="0 profits where 1 are needed"):
        performance.trade_figures([])
    with pytest.raises(MissingDataError, match="1 returns where 2 are needed"):
        performance.sharpe_ratio([0.1], 0.0, 252.0)
    with pytest.raises(DomainError, match="no deviation"):
        performance.sharpe_ratio([0.1, 0.1, 0.1], 0.0, 252.0)
    with pytest.raises(DomainError, match="no downside"):
        performance.sortino_ratio([0.01, 0.02], 0.0, 252.0)
    with pytest.raises(DomainError, match="never falls"):
        performance.calmar_ratio([1.0, 2.0], 1.0)
    with pytest.raises(InvalidValueError, match=r"returns must be finite .*at row 1"):
        performance.sharpe_ratio([0.1, math.nan], 0.0, 252.0)
    with pytest.raises(InvalidValueError, match="risk_free_rate must be one number"):
        performance.sharpe_ratio([0.1, 0.2], [0.1], 252.0)
    with pytest.raises(InvalidValueError, match="periods_per_year must be positive"):
        performance.sortino_ratio([0.1, -0.2], 0.0, 0.0)
    with pytest.raises(InvalidValueError, match=r"worth must be positive .*at row 1"):
        performance.calmar_ratio([1.0, 0.0], 1.0)
