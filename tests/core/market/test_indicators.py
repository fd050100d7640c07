"""Indicators against published tables and against what they must be by definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.market.indicators import (
    bollinger,
    exponential_average,
    macd,
    relative_strength,
    simple_average,
)

# StockCharts ChartSchool, "Relative Strength Index (RSI)", table of the calculation: closes of QQQQ and RSI of 14.
QQQQ = (
    44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931, 46.0328, 45.6140,
    46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439, 46.2122, 46.2521, 45.7137, 46.4515, 45.7835, 45.3548,
    44.0288, 44.1783, 44.2181, 44.5672, 43.4205, 42.6628, 43.1314,
)  # fmt: skip
RSI_14 = (
    70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93, 63.26, 56.06, 62.38, 54.71, 50.42, 39.99, 41.46, 41.87, 45.46,
    37.30, 33.08, 37.77,
)  # fmt: skip
# StockCharts ChartSchool, "Moving Averages - Simple and Exponential": closes of INTC, ten-day averages.
INTC = (
    22.27, 22.19, 22.08, 22.17, 22.18, 22.13, 22.23, 22.43, 22.24, 22.29, 22.15, 22.39, 22.38, 22.61, 23.36, 24.05,
    23.75, 23.83, 23.95, 23.63,
)  # fmt: skip
SMA_10 = (22.22, 22.21, 22.23, 22.26, 22.30, 22.42, 22.61, 22.77, 22.90, 23.08, 23.21)
EMA_10 = (22.22, 22.21, 22.24, 22.27, 22.33, 22.52, 22.80, 22.97, 23.13, 23.28, 23.34)


def walk(seed: int) -> list[float]:
    """Prices that a seed draws."""
    drawn = np.random.default_rng(seed)
    size = int(drawn.integers(60, 121))
    found: list[float] = (100.0 * np.exp(np.cumsum(drawn.normal(0.0, 0.05, size)))).tolist()
    return found


prices = st.integers(0, 2**32 - 1).map(walk)


def test_rsi_is_the_published_one() -> None:
    found = relative_strength(QQQQ, 14)
    assert np.isnan(found[:14]).all()
    np.testing.assert_allclose(found[14:], RSI_14, atol=0.005)


def test_averages_are_the_published_ones() -> None:
    np.testing.assert_allclose(simple_average(INTC, 10)[9:], SMA_10, atol=0.0051)
    np.testing.assert_allclose(exponential_average(INTC, 10)[9:], EMA_10, atol=0.0051)
    assert np.isnan(exponential_average(INTC, 10)[:9]).all()


def test_bands_are_two_population_deviations_around_the_average() -> None:
    series = np.array([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])  # mean 5, population deviation 2
    found = bollinger(series, 8, 2.0)
    assert (found.middle[-1], found.upper[-1], found.lower[-1]) == (5.0, 9.0, 1.0)
    assert np.isnan(found.upper[:7]).all()


def test_macd_of_a_straight_line_is_the_difference_of_the_lags() -> None:
    found = macd(3.0 * np.arange(120.0) + 10.0)
    # An average of n lags a line by (n - 1) / 2 steps: 12.5 less 5.5, times the slope.
    np.testing.assert_allclose(found.line[25:], 21.0, rtol=1e-12)
    np.testing.assert_allclose(found.signal[33:], 21.0, rtol=1e-12)
    np.testing.assert_allclose(found.histogram[33:], 0.0, atol=1e-10)
    assert np.isnan(found.line[:25]).all()
    assert np.isnan(found.signal[:33]).all()


@given(prices)
def test_the_sum_by_doubling_is_the_recursion(series: list[float]) -> None:
    window, weight = 9, 0.2
    expected = sum(series[:window]) / window
    found = exponential_average(series, window)
    for place in range(window, len(series)):
        expected += weight * (series[place] - expected)
        assert found[place] == pytest.approx(expected, rel=1e-12)


@given(prices, st.floats(0.1, 10.0), st.floats(-0.5, 50.0))
def test_indicators_follow_the_scale_of_prices_and_rsi_does_not_know_it(
    series: list[float], scale: float, shift: float
) -> None:
    moved = [scale * price + shift for price in series]
    np.testing.assert_allclose(
        simple_average(moved, 20)[19:], scale * simple_average(series, 20)[19:] + shift, rtol=1e-9, atol=1e-9
    )
    np.testing.assert_allclose(macd(moved).line[25:], scale * macd(series).line[25:], rtol=1e-6, atol=1e-7)
    mine = relative_strength(series)
    known = mine[~np.isnan(mine)]
    assert ((known >= 0.0) & (known <= 100.0)).all()


def test_what_is_missing_stays_missing_and_begins_anew() -> None:
    series = np.arange(1.0, 41.0)
    series[10] = np.nan
    found = exponential_average(series, 5)
    assert np.isnan(found[10:15]).all()
    assert found[15] == pytest.approx(series[11:16].mean())
    assert np.isnan(simple_average(series, 5)[10:15]).all()


def test_rsi_at_its_ends() -> None:
    assert relative_strength(np.arange(30.0))[-1] == 100.0
    assert relative_strength(-np.arange(30.0))[-1] == 0.0
    assert np.isnan(relative_strength(np.ones(30))[-1])


@pytest.mark.parametrize("window", [0, -1, 2.5, True])
def test_a_window_is_a_whole_number(window: object) -> None:
    with pytest.raises(InvalidValueError, match="window must be a whole number"):
        simple_average([1.0, 2.0], window)  # type: ignore[arg-type] # what is tested


def test_terms_that_are_none_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="fast must be below slow, 5"):
        macd(QQQQ, 5, 5)
    with pytest.raises(InvalidValueError, match="width must be positive"):
        bollinger(QQQQ, 5, -1.0)
    with pytest.raises(InvalidValueError, match="one dimension"):
        simple_average([[1.0]], 1)
