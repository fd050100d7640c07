"""Free-form smiles: exact calculus, fits to quotes of a known smile, and order in time without exception."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.volatility.surface import density_fit
from optionix_core.volatility.surface.density_smile import DensitySmile
from optionix_core.volatility.surface.quotes import SliceQuotes
from optionix_core.volatility.svi import Svi, durrleman


def mixture(weights: list[float], log_means: list[float], deviations: list[float]) -> DensitySmile:
    share = np.array(weights) / np.sum(weights)
    centres = np.array(log_means)
    return DensitySmile(share, centres - np.log(share @ np.exp(centres)), np.array(deviations), (-1.2, 1.2))


mixtures = st.integers(2, 5).flatmap(
    lambda count: st.builds(
        mixture,
        st.lists(st.floats(0.05, 1.0), min_size=count, max_size=count),
        st.lists(st.floats(-0.3, 0.2), min_size=count, max_size=count),
        st.lists(st.floats(0.05, 0.3), min_size=count, max_size=count),
    )
)


def quotes(smile: Svi, years: float, spread: float, count: int = 41) -> SliceQuotes:
    """Quotes around a smile, `spread` wide in volatility; deterministic noise of a quarter of it."""
    deviation = float(np.sqrt(smile.total_variance(0.0)))
    k = np.linspace(-2.5 * deviation, 2.0 * deviation, count)
    volatility = np.sqrt(smile.total_variance(k) / years)
    noise = 0.25 * spread * np.sin(37.0 * np.arange(count))
    low, high = volatility + noise - 0.5 * spread, volatility + noise + 0.5 * spread
    expiry = date(2026, 1, 1) + timedelta(days=round(365 * years))
    middle = (volatility + noise) ** 2 * years
    return SliceQuotes("T", expiry, years, 100.0, 0.99, k, low**2 * years, high**2 * years, middle)


def surface_smile(years: float, vertex: float = 0.1) -> Svi:
    return Svi(0.01 * years, 0.04 * years + 0.02 * np.sqrt(years), -0.5, 0.02, vertex + 0.1 * years)


@settings(max_examples=25, derandomize=True, deadline=None)
@given(mixtures)
def test_derivatives_are_those_of_total_variance_and_g_is_never_negative(smile: DensitySmile) -> None:
    k = np.linspace(-0.5, 0.4, 13)
    step = 1e-4
    low, middle, high = (smile.total_variance(k + shift * step) for shift in (-1.0, 0.0, 1.0))
    value, slope, curve = smile.derivatives(k)
    np.testing.assert_allclose(value, middle, rtol=1e-12)
    np.testing.assert_allclose(slope, (high - low) / (2.0 * step), rtol=1e-4, atol=2e-6)
    np.testing.assert_allclose(curve, (high - 2.0 * middle + low) / step**2, rtol=1e-2, atol=1e-3)
    assert durrleman(value, slope, curve, k).min() > -1e-9


@settings(max_examples=25, derandomize=True, deadline=None)
@given(mixtures)
def test_the_density_has_all_probability_and_the_mean_of_the_forward(smile: DensitySmile) -> None:
    x = np.linspace(-3.9, 4.1, 8001)
    density = smile.density(x)
    assert np.trapezoid(density, x) == pytest.approx(1.0, abs=1e-9)
    assert np.trapezoid(np.exp(x) * density, x) == pytest.approx(1.0, abs=1e-9)
    below = x < 0.1001
    assert float(smile.probability_below(0.1)) == pytest.approx(np.trapezoid(density[below], x[below]), abs=1e-5)


def test_one_kernel_is_black_scholes() -> None:
    smile = DensitySmile(np.ones(1), np.zeros(1), np.full(1, 0.2), (-1.0, 1.0))
    np.testing.assert_allclose(smile.total_variance(np.linspace(-0.9, 0.9, 7)), 0.04, rtol=1e-11)


def test_beyond_its_reach_total_variance_is_a_straight_line() -> None:
    smile = mixture([0.3, 0.7], [-0.2, 0.1], [0.2, 0.1])
    edge, out, further = (float(smile.total_variance(k)) for k in (1.2, 1.5, 1.8))
    assert out - edge == pytest.approx(further - out, rel=1e-12)


@settings(max_examples=10, derandomize=True, deadline=None)
@given(mixtures, st.floats(1e-6, 1e-2))
def test_a_broadened_smile_lies_above_everywhere(smile: DensitySmile, variance: float) -> None:
    k = np.linspace(-0.6, 0.6, 25)
    assert (smile.broadened(variance).total_variance(k) > smile.total_variance(k) * (1.0 - 1e-10)).all()


def test_fits_lie_within_the_quotes_of_a_clean_surface_and_near_its_smiles() -> None:
    times = (0.02, 0.1, 0.25, 1.0)
    found = density_fit.fit([quotes(surface_smile(years), years, 0.006) for years in times])
    for years, smile in zip(times, found, strict=True):
        told = quotes(surface_smile(years), years, 0.006)
        assert told.inside(smile.total_variance(told.log_moneyness)).mean() >= 0.95
        true = np.sqrt(surface_smile(years).total_variance(told.log_moneyness) / years)
        assert np.abs(np.sqrt(smile.total_variance(told.log_moneyness) / years) - true).max() < 0.004


def test_an_expiry_whose_quotes_lie_below_the_one_before_is_lifted_above_it() -> None:
    first, second = quotes(surface_smile(0.25), 0.25, 0.004), quotes(surface_smile(0.22), 0.26, 0.004)
    near, far = density_fit.fit([first, second])
    k = np.linspace(-5.0, 5.0, 201) * second.deviation
    assert (far.total_variance(k) > near.total_variance(k)).all()
    assert durrleman(*far.derivatives(k), k).min() > -1e-9


def test_between_two_expiries_total_variance_that_is_linear_in_time_has_no_butterfly() -> None:
    told = [quotes(surface_smile(years), years, 0.02) for years in (0.1, 0.15, 0.25)]
    fits = density_fit.fit(told)
    for one, near, far in zip(told, fits, fits[1:], strict=False):
        k = np.linspace(-5.0, 5.0, 401) * one.deviation
        low, high = near.derivatives(k), far.derivatives(k)
        for share in (0.05, 0.25, 0.5, 0.75, 0.95):
            mixed = [(1.0 - share) * a + share * b for a, b in zip(low, high, strict=True)]
            assert durrleman(*mixed, k).min() > -1e-9


def test_a_long_expiry_after_a_very_short_one_is_compared_where_the_short_one_is_worth_something() -> None:
    told = [quotes(surface_smile(years), years, 0.02) for years in (0.004, 2.0)]
    near, far = density_fit.fit(told)
    k = np.linspace(-0.1, 0.1, 21)
    assert np.all(far.total_variance(k) > near.total_variance(k))
    assert told[1].inside(far.total_variance(told[1].log_moneyness)).mean() > 0.9


def test_the_triangle_of_lots_is_that_of_the_whole() -> None:
    matrix = np.random.default_rng(2).normal(size=(300, 61))
    triangle = density_fit._triangle(matrix)
    assert triangle.shape == (61, 61)
    np.testing.assert_allclose(triangle.T @ triangle, matrix.T @ matrix, rtol=1e-10, atol=1e-10)


def test_the_same_quotes_give_the_same_bits() -> None:
    told = [quotes(surface_smile(years), years, 0.01) for years in (0.1, 0.2)]
    first, second = density_fit.fit(told), density_fit.fit(told)
    for one, other in zip(first, second, strict=True):
        assert one.weights.tobytes() == other.weights.tobytes()
        assert one.log_means.tobytes() == other.log_means.tobytes()


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("weights", {"weights": np.array([0.5, 0.6])}),
        ("weights", {"weights": np.array([1.0])}),
        ("deviations", {"deviations": np.array([0.1, 0.0])}),
        ("log_means", {"log_means": np.array([0.1, 0.1])}),
        ("reach", {"reach": (0.1, 1.0)}),
    ],
)
def test_kernels_that_are_no_distribution_are_refused(field: str, change: dict[str, object]) -> None:
    good: dict[str, object] = {
        "weights": np.array([0.5, 0.5]),
        "log_means": np.zeros(2),
        "deviations": np.array([0.1, 0.2]),
        "reach": (-1.0, 1.0),
    }
    with pytest.raises(InvalidValueError, match=f"^{field} must be"):
        DensitySmile(**{**good, **change})  # type: ignore[arg-type]
