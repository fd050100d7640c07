"""Densities, probabilities, variance swaps and figures of the smile, against closed forms and independent sums."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline
from scipy.special import ndtri
from scipy.stats import norm

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.feeds import files
from optionix_core.pricing.digital import one_touch
from optionix_core.pricing.implied_volatility import implied_volatility
from optionix_core.volatility import HestonModel, VolatilitySurface, analysis
from optionix_core.volatility.solve import solve
from optionix_core.volatility.surface.smiles import FitMetrics, SurfaceSlice
from optionix_core.volatility.svi import Svi

AS_OF = datetime(2026, 1, 2, 21, 0, tzinfo=UTC)
# A. Vogt's example in J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces" (2014), eq. 3.8.
VOGT = Svi(-0.0410, 0.1331, 0.3060, 0.3586, 0.4153)


def surface_of(*smiles: tuple[float, object], spot: float | None = 100.0, carry: float = 0.03) -> VolatilitySurface:
    slices = tuple(
        SurfaceSlice(
            "T", AS_OF.date() + timedelta(days=round(365 * t)), t, 100.0 * np.exp(carry * t), np.exp(-0.04 * t), one,
            FitMetrics(10, 1.0, 0.0, 0.0),
        )
        for t, one in smiles
    )  # fmt: skip
    return VolatilitySurface("T", AS_OF, "svi", spot, slices)


def flat(volatility: float, *years: float, **changes: object) -> VolatilitySurface:
    return surface_of(*((t, Svi(volatility**2 * t, 0.0, 0.0, 0.0, 0.1)) for t in years), **changes)


def svi_at(years: float) -> Svi:
    return Svi(0.01 * years, 0.04 * years + 0.02 * np.sqrt(years), -0.5, 0.02, 0.1 + 0.1 * years)


SKEWED = surface_of((0.25, svi_at(0.25)), (1.0, svi_at(1.0)))


class HestonSmile:
    """Total variance of a Heston model by its Fourier prices, splined in log-moneyness, straight beyond them."""

    def __init__(self, model: HestonModel, years: float) -> None:
        k = np.linspace(-3.5, 2.5, 1201)
        side = np.where(k < 0.0, -1, 1)
        price = np.asarray(model.price(side, 1.0, np.exp(k), years, 0.0, 0.0))
        root = np.asarray(implied_volatility(side, price, 1.0, np.exp(k), years, 0.0, 0.0))
        good = np.isfinite(root) & (price > 1e-10)
        self.curve = CubicSpline(k[good], root[good] ** 2 * years)
        self.ends = k[good][[0, -1]]

    def total_variance(self, log_moneyness):
        return self.derivatives(log_moneyness)[0]

    def derivatives(self, log_moneyness):
        k = np.asarray(log_moneyness, dtype=float)
        inside = np.clip(k, *self.ends)
        slope = self.curve(inside, 1)
        return self.curve(inside) + slope * (k - inside), slope, np.where(k == inside, self.curve(inside, 2), 0.0)


HESTON = HestonModel(v0=0.04, kappa=2.0, theta=0.06, sigma=0.5, rho=-0.7)


def test_the_density_of_flat_volatility_is_lognormal() -> None:
    found = analysis.risk_neutral_density(flat(0.2, 1.0), 1.0, points=101)
    law = norm(np.log(found.forward) - 0.02, 0.2)
    np.testing.assert_allclose(found.density, law.pdf(np.log(found.level)) / found.level, rtol=1e-12)
    np.testing.assert_allclose(found.below, law.cdf(np.log(found.level)), rtol=1e-9, atol=1e-15)
    assert found.mass == pytest.approx(1.0, abs=1e-13)
    assert found.mean == pytest.approx(found.forward, rel=1e-13)
    assert found.negative == 0.0
    assert found.error < 1e-13


@pytest.mark.parametrize("years", [0.1, 0.25, 0.6, 1.0, 2.0])
def test_the_mean_of_a_smile_is_its_forward_and_probabilities_are_integrals_of_the_density(years: float) -> None:
    found = analysis.risk_neutral_density(SKEWED, years, points=4001, deviations=6.0)
    assert found.mass == pytest.approx(1.0, abs=1e-10)
    assert found.mean == pytest.approx(float(SKEWED.forward(years)), rel=1e-10)
    assert found.negative == 0.0
    steps = np.diff(found.level)
    area = np.concatenate([[0.0], np.cumsum(0.5 * steps * (found.density[1:] + found.density[:-1]))])
    np.testing.assert_allclose(found.below - found.below[0], area, atol=3e-6)
    np.testing.assert_allclose(found.density, SKEWED.density(found.level, years), rtol=1e-10)


def test_a_probability_is_the_slope_of_the_put() -> None:
    level, step, years = np.array([70.0, 95.0, 110.0]), 1e-3, 0.5

    def put(strike: np.ndarray) -> np.ndarray:
        forward = float(SKEWED.forward(years))
        root = SKEWED.implied_volatility(strike, years) * math.sqrt(years)
        d1 = np.log(forward / strike) / root + 0.5 * root
        return strike * norm.cdf(root - d1) - forward * norm.cdf(-d1)

    slope = (put(level + step) - put(level - step)) / (2.0 * step)
    np.testing.assert_allclose(analysis.probability_below(SKEWED, level, years), slope, rtol=1e-6)
    np.testing.assert_allclose(analysis.probability_above(SKEWED, level, years), 1.0 - slope, rtol=1e-6)
    np.testing.assert_allclose(
        analysis.probability_between(SKEWED, level[:-1], level[1:], years), np.diff(slope), rtol=1e-6
    )


def test_a_butterfly_arbitrage_shows_as_negative_probability() -> None:
    found = analysis.risk_neutral_density(surface_of((1.0, VOGT)), 1.0, deviations=9.0)
    assert found.negative > 1e-5
    assert found.density.min() < 0.0
    assert found.mass == pytest.approx(1.0, abs=1e-10)
    assert found.mean == pytest.approx(found.forward, rel=1e-10)


@given(st.lists(st.floats(1e-4, 1.0 - 1e-4), min_size=1, max_size=6), st.floats(0.05, 1.5))
@settings(max_examples=25, deadline=None)
def test_a_percentile_is_the_level_below_which_that_probability_lies(shares: list[float], years: float) -> None:
    level = analysis.percentile(SKEWED, shares, years)
    np.testing.assert_allclose(analysis.probability_below(SKEWED, level, years), shares, atol=1e-12)


def test_the_median_of_flat_volatility_lies_half_the_variance_below_the_forward() -> None:
    surface = flat(0.3, 1.0)
    expected = float(surface.forward(1.0)) * np.exp(-0.045 + 0.3 * ndtri([0.05, 0.5, 0.95]))
    np.testing.assert_allclose(analysis.percentile(surface, [0.05, 0.5, 0.95], 1.0), expected, rtol=1e-12)
    assert analysis.percentile(surface, 0.5, 1.0).shape == ()


def test_touching_under_flat_volatility_is_the_one_touch() -> None:
    surface = flat(0.2, 0.5, 1.0)
    level = np.array([60.0, 80.0, 99.0, 101.0, 120.0, 200.0])
    exact = [one_touch(100.0, one, 0.75, 0.0, -0.03, 0.2, pay_at="expiry") for one in level.tolist()]
    np.testing.assert_allclose(analysis.probability_touching(surface, level, 0.75), exact, rtol=1e-9)
    assert analysis.probability_touching(surface, 100.0, 0.75) == pytest.approx(1.0, abs=1e-12)


def test_touching_is_no_less_likely_than_ending_beyond_and_falls_with_distance() -> None:
    level = np.linspace(60.0, 160.0, 201)
    touching = analysis.probability_touching(SKEWED, level, 0.5)
    up = level >= 100.0
    assert np.all(touching[up] >= analysis.probability_above(SKEWED, level[up], 0.5))
    assert np.all(touching[~up] >= analysis.probability_below(SKEWED, level[~up], 0.5))
    assert np.all(np.diff(touching[up]) <= 1e-12)
    assert np.all(np.diff(touching[~up]) >= -1e-12)
    assert touching.max() == pytest.approx(1.0)


def test_touching_a_level_under_heston_is_met_within_four_hundredths() -> None:
    model = HestonModel(v0=0.04, kappa=2.0, theta=0.04, sigma=0.5, rho=-0.7)
    years, steps, paths = 0.5, 250, 10_000
    level = np.array([75.0, 85.0, 95.0, 102.0, 110.0, 120.0])
    generator = np.random.default_rng(11)
    x, v, step = np.zeros(paths), np.full(paths, model.v0), years / steps
    missed = np.ones((paths, level.size))
    for _ in range(steps):
        first, second = generator.standard_normal((2, paths))
        held = np.maximum(v, 0.0)
        shock = model.rho * first + math.sqrt(1.0 - model.rho**2) * second
        ahead = x + (0.03 - 0.5 * held) * step + np.sqrt(held * step) * shock
        v = v + model.kappa * (model.theta - held) * step + model.sigma * np.sqrt(held * step) * first
        # The bridge between two times touches with probability exp(-2 a b / variance) where both ends lie on one side
        product = (np.log(level / 100.0) - x[:, None]) * (np.log(level / 100.0) - ahead[:, None])
        bridge = np.exp(np.minimum(-2.0 * product / np.maximum(held * step, 1e-12)[:, None], 0.0))
        missed *= np.where(product <= 0.0, 0.0, 1.0 - bridge)
        x = ahead
    surface = surface_of((years, HestonSmile(model, years)))
    np.testing.assert_allclose(
        analysis.probability_touching(surface, level, years), 1.0 - missed.mean(axis=0), atol=0.04
    )


def test_a_variance_swap_on_flat_volatility_is_struck_at_it() -> None:
    found = analysis.variance_swap_strike(flat(0.25, 0.5, 1.0), 0.7)
    assert found.volatility == pytest.approx(0.25, rel=1e-12)
    assert found.volatility_error < 1e-12
    # What puts give: F N(s/2) weighs more than the calls' part, as E[ln(F / S)] splits at the forward
    assert 0.5 * found.variance < found.puts < found.variance
    assert 0.0 < found.far < 0.03 * found.variance


@pytest.mark.parametrize("years", [0.25, 1.0])
def test_a_variance_swap_on_heston_smiles_is_the_expected_variance(years: float) -> None:
    surface = surface_of((years, HestonSmile(HESTON, years)))
    decay = (1.0 - math.exp(-HESTON.kappa * years)) / (HESTON.kappa * years)
    expected = HESTON.theta + (HESTON.v0 - HESTON.theta) * decay  # Heston 1993, mean of the square-root process
    found = analysis.variance_swap_strike(surface, years)
    assert found.variance == pytest.approx(expected, rel=2e-6)
    assert found.far < 0.15 * found.variance


def test_a_variance_swap_of_a_smile_is_the_mean_of_its_variance_in_d2() -> None:
    # J. Gatheral, "The Volatility Surface" (2006), eq. 11.5: the integral of N'(z) w(k(z)), z = -d2
    k = np.linspace(-8.0, 6.0, 400_001)
    w = svi_at(1.0).total_variance(k)
    z = k / np.sqrt(w) + 0.5 * np.sqrt(w)
    expected = np.trapezoid(norm.pdf(z) * w, z)
    assert analysis.variance_swap_strike(SKEWED, 1.0).variance == pytest.approx(expected, rel=1e-8)


def test_a_wing_that_never_dies_out_has_no_variance_swap() -> None:
    steep = surface_of((1.0, Svi(0.04, 1.25, -0.6, 0.0, 0.3)))
    with pytest.raises(DomainError, match="left wing of the smile does not die out"):
        analysis.variance_swap_strike(steep, 1.0)
    found = analysis.risk_neutral_density(steep, 1.0)
    assert (found.mass, found.mean, found.negative, found.error) == (None, None, None, None)
    assert found.below[-1] < 1.0
    assert analysis.variance_swap_strike(steep, 1.0, deviations=5.0).variance > 0.04


def test_strikes_beyond_a_reach_are_left_out_of_the_variance_swap() -> None:
    whole = analysis.variance_swap_strike(SKEWED, 1.0).variance
    unit = math.sqrt(float(SKEWED.total_variance(0.0, 1.0)))
    # Direct sum of 2 c(k) e^-k over the strikes that are left
    k = np.linspace(-1.5 * unit, 1.5 * unit, 20_001)
    root = np.sqrt(svi_at(1.0).total_variance(k))
    side = np.where(k < 0.0, -1.0, 1.0)
    d1 = -k / root + 0.5 * root
    price = side * (norm.cdf(side * d1) - np.exp(k) * norm.cdf(side * (d1 - root)))
    expected = np.trapezoid(2.0 * price * np.exp(-k), k)
    assert analysis.variance_swap_strike(SKEWED, 1.0, deviations=1.5).variance == pytest.approx(expected, rel=1e-7)
    assert expected < 0.95 * whole
    assert analysis.variance_swap_strike(SKEWED, 1.0, deviations=100.0).variance == pytest.approx(whole, rel=1e-13)


def test_figures_are_those_of_the_smile() -> None:
    found = analysis.smile_figures(SKEWED)
    np.testing.assert_array_equal(found.years, [0.25, 1.0])
    step = 1e-4
    for place, t in enumerate((0.25, 1.0)):
        low, middle, high = np.sqrt(svi_at(t).total_variance(np.array([-step, 0.0, step])) / t)
        assert found.at_the_money[place] == pytest.approx(middle, rel=1e-12)
        assert found.slope[place] == pytest.approx((high - low) / (2.0 * step), rel=1e-6)
        assert found.curvature[place] == pytest.approx((high - 2.0 * middle + low) / step**2, rel=1e-4)
        ninety, hundred_ten = np.sqrt(svi_at(t).total_variance(np.log([0.9, 1.1])) / t)
        assert found.skew_90_110[place] == pytest.approx(ninety - hundred_ten, rel=1e-12)
    assert np.all(found.risk_reversal_25 < 0.0)
    np.testing.assert_allclose(found.risk_reversal_10, found.call_10 - found.put_10)
    np.testing.assert_allclose(found.butterfly_25, 0.5 * (found.call_25 + found.put_25) - found.at_the_money)
    assert np.all(found.butterfly_10 > found.butterfly_25)


@given(st.floats(0.01, 0.99), st.booleans(), st.floats(0.05, 1.5))
@settings(max_examples=40, deadline=None)
def test_the_strike_of_a_delta_has_that_delta(size: float, call: bool, years: float) -> None:
    delta = size if call else -size
    strike = float(analysis.strike_at_delta(SKEWED, delta, years))
    root = float(SKEWED.implied_volatility(strike, years)) * math.sqrt(years)
    d1 = math.log(float(SKEWED.forward(years)) / strike) / root + 0.5 * root
    assert (norm.cdf(d1) if call else -norm.cdf(-d1)) == pytest.approx(delta, rel=1e-9)


def test_a_flat_smile_has_no_skew_and_its_delta_strikes_are_closed() -> None:
    surface = flat(0.2, 1.0)
    found = analysis.smile_figures(surface, 1.0)
    for name in ("slope", "curvature", "risk_reversal_25", "butterfly_25", "risk_reversal_10", "butterfly_10"):
        assert getattr(found, name) == pytest.approx(0.0, abs=1e-12)
    expected = float(surface.forward(1.0)) * np.exp(0.02 - 0.2 * ndtri([0.25, 0.75]))
    np.testing.assert_allclose(analysis.strike_at_delta(surface, [0.25, -0.25], 1.0), expected, rtol=1e-12)


def test_constant_maturities_lie_between_expiries_and_nowhere_else() -> None:
    days = (30.0, 180.0, 500.0)
    with pytest.raises(MissingDataError, match=r"of 30 days: the expiries of T reach from 91\.25 to 365 days"):
        analysis.constant_maturity(SKEWED, days)
    found = analysis.constant_maturity(SKEWED, days, outside="nan")
    assert np.isnan(found.at_the_money).tolist() == [True, False, True]
    near, far = (float(svi_at(t).total_variance(0.0)) for t in (0.25, 1.0))
    share = (180.0 / 365.0 - 0.25) / 0.75
    expected = math.sqrt(((1.0 - share) * near + share * far) / (180.0 / 365.0))
    assert found.at_the_money[1] == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(found.years, np.array(days) / 365.0)


def test_questions_outside_the_domain_are_named() -> None:
    for call, field in (
        (lambda: analysis.probability_below(SKEWED, [100.0, -1.0], 0.5), "level"),
        (lambda: analysis.probability_between(SKEWED, 110.0, 90.0, 0.5), "high"),
        (lambda: analysis.percentile(SKEWED, [0.5, 1.0], 0.5), "probability"),
        (lambda: analysis.risk_neutral_density(SKEWED, 0.5, points=2), "points"),
        (lambda: analysis.risk_neutral_density(SKEWED, 0.5, deviations=0.0), "deviations"),
        (lambda: analysis.risk_neutral_density(SKEWED, -0.5), "expiry"),
        (lambda: analysis.variance_swap_strike(SKEWED, 0.0), "expiry"),
        (lambda: analysis.variance_swap_strike(SKEWED, 0.5, deviations=0.0), "deviations"),
        (lambda: analysis.strike_at_delta(SKEWED, 0.0, 0.5), "delta"),
    ):
        with pytest.raises(InvalidValueError, match=rf"^{field} must be"):
            call()
    with pytest.raises(MissingDataError, match="has no spot"):
        analysis.probability_touching(surface_of((1.0, svi_at(1.0)), spot=None), 90.0, 0.5)


@pytest.mark.parametrize("model", ["svi", "essvi", "spline"])
def test_densities_of_a_real_chain_have_all_probability_and_the_mean_of_the_forward(model: str, shared_data) -> None:
    solved = solve(files.read(shared_data / "chains" / "SPX_2022-02-05_lucacastelli.csv"))
    surface = VolatilitySurface.fit(solved, model)  # type: ignore[arg-type]
    for item in surface.slices[::6]:
        found = analysis.risk_neutral_density(surface, item.years)
        assert found.mass == pytest.approx(1.0, abs=1e-9)
        assert found.mean == pytest.approx(item.forward, rel=1e-9)
        assert found.negative == pytest.approx(0.0, abs=1e-12)
        swap = analysis.variance_swap_strike(surface, item.years)
        at_the_money = float(surface.implied_volatility(item.forward, item.years))
        assert at_the_money < swap.volatility < 1.4 * at_the_money
        assert swap.far < 0.15 * swap.variance
        assert swap.volatility_error < 1e-9
