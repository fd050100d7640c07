"""Hagan's expansion and the constant elasticity of variance."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.pricing import black_scholes
from optionix_core.pricing.models.cev import CevModel
from optionix_core.pricing.models.sabr import SabrModel
from tests.core.pricing.models.contract import ModelContract

STRIKES = np.linspace(50.0, 200.0, 31)


def hagan(alpha: float, beta: float, rho: float, nu: float, f: float, k: float, t: float) -> float:
    """Eq. 2.17 as printed, at 50 digits, away from the money."""
    with mp.workdps(50):
        a, b, r, v, f_, k_ = map(mp.mpf, (alpha, beta, rho, nu, f, k))
        x, mean = mp.log(f_ / k_), (f_ * k_) ** ((1 - b) / 2)
        z = v / a * mean * x
        chi = mp.log((mp.sqrt(1 - 2 * r * z + z * z) + z - r) / (1 - r))
        bottom = mean * (1 + (1 - b) ** 2 / 24 * x**2 + (1 - b) ** 4 / 1920 * x**4)
        growth = (1 - b) ** 2 / 24 * a**2 / mean**2 + r * b * v * a / mean / 4 + (2 - 3 * r**2) / 24 * v**2
        return float(a / bottom * z / chi * (1 + growth * t))


@settings(max_examples=100, deadline=None)
@given(
    alpha=st.floats(0.05, 1.0),
    beta=st.floats(0.0, 1.0),
    rho=st.floats(-0.99, 0.99),
    nu=st.floats(0.01, 2.0),
    strike=st.floats(0.2, 5.0).filter(lambda k: k != 1.0),
)
def test_sabr_is_hagans_formula(alpha: float, beta: float, rho: float, nu: float, strike: float) -> None:
    model = SabrModel(alpha=alpha, beta=beta, rho=rho, nu=nu)
    expected = hagan(alpha, beta, rho, nu, 1.0, strike, 2.0)
    assert model.black_volatility(1.0, strike, 2.0) == pytest.approx(expected, rel=2e-13)


def test_sabr_is_smooth_through_the_money() -> None:
    model = SabrModel(alpha=0.2, beta=0.5, rho=-0.3, nu=0.6)
    # eq. 2.18, the at-the-money limit as printed
    exact = 0.2 * (1 + (0.25 / 24 * 0.04 - 0.3 * 0.5 * 0.6 * 0.2 / 4 + (2 - 3 * 0.09) / 24 * 0.36))
    assert model.black_volatility(1.0, 1.0, 1.0) == pytest.approx(exact, rel=1e-15)
    near = np.asarray(model.black_volatility(1.0, 1.0 + np.linspace(-1e-6, 1e-6, 201), 1.0))
    assert np.abs(np.diff(near, 2)).max() < 1e-15


def test_normal_sabr_without_volatility_of_volatility_is_bachelier() -> None:
    model = SabrModel(alpha=0.01, beta=0.0, rho=0.0, nu=0.0)
    # the ratio of series in B.69a is ln(f/k) sqrt(f k) / (f - k) to sixth order in ln(f/k)
    np.testing.assert_allclose(model.normal_volatility(0.05, [0.045, 0.05, 0.055], 3.0), 0.01, rtol=1e-9)


def test_sabr_says_where_its_density_is_negative() -> None:
    region = SabrModel(alpha=0.2, beta=0.5, rho=-0.3, nu=0.6).arbitrage_region(0.03, 20.0)
    assert region.found
    assert region.lowest < 0.001 < region.highest < 0.1
    calm = SabrModel(alpha=0.2, beta=1.0, rho=0.0, nu=0.1)
    assert not calm.arbitrage_region(100.0, 0.5, 0.5, 2.0).found


def test_sabr_density_is_the_second_difference_of_prices() -> None:
    model = SabrModel(alpha=0.3, beta=0.7, rho=-0.4, nu=0.5)
    step, strikes = 1e-3, np.array([0.7, 1.0, 1.4])
    calls = [np.asarray(model.price("call", 1.0, strikes + n * step, 1.0, 0.0, 0.0)) for n in (-1, 0, 1)]
    np.testing.assert_allclose(
        model.density(1.0, strikes, 1.0), (calls[0] - 2 * calls[1] + calls[2]) / step**2, rtol=2e-5
    )


def absorbed_normal(spot: float, strike: float, deviation: float) -> float:
    """Call on a Brownian motion absorbed at zero, by reflection."""

    def plain(s: float) -> mp.mpf:
        d = (mp.mpf(s) - strike) / deviation
        return (mp.mpf(s) - strike) * mp.ncdf(d) + deviation * mp.npdf(d)

    return float(plain(spot) - plain(-spot))


@pytest.mark.parametrize("strike", [1.0, 50.0, 100.0, 130.0, 250.0])
@pytest.mark.parametrize("expiry", [1.0 / 365.0, 1.0, 25.0])
def test_cev_without_elasticity_is_an_absorbed_brownian_motion(strike: float, expiry: float) -> None:
    price = CevModel(delta=20.0, beta=0.0).price("call", 100.0, strike, expiry, 0.0, 0.0)
    assert price == pytest.approx(absorbed_normal(100.0, strike, 20.0 * expiry**0.5), abs=1e-11)


def square_root_call(spot: float, strike: float, delta: float, expiry: float) -> float:
    """Call under beta = 1/2 by the Poisson mixture of gamma tails, 30 digits: Cox (1975)."""
    with mp.workdps(30):
        x, y = 2 * mp.mpf(spot) / (delta**2 * expiry), 2 * mp.mpf(strike) / (delta**2 * expiry)
        first = mp.nsum(
            lambda n: mp.exp(-x) * x**n / mp.factorial(n) * mp.gammainc(n + 2, y, regularized=True), [0, 400]
        )
        second = mp.nsum(
            lambda n: mp.exp(-x) * x ** (n + 1) / mp.factorial(n + 1) * mp.gammainc(n + 1, y, regularized=True),
            [0, 400],
        )
        return float(spot * first - strike * second)


@pytest.mark.parametrize("strike", [60.0, 100.0, 150.0])
def test_cev_with_half_elasticity_is_the_square_root_process(strike: float) -> None:
    price = CevModel(delta=2.0, beta=0.5).price("call", 100.0, strike, 1.0, 0.0, 0.0)
    assert price == pytest.approx(square_root_call(100.0, strike, 2.0, 1.0), abs=1e-10)


@pytest.mark.parametrize("beta", [0.99, 0.9999, 0.9999999, 1.0])
@pytest.mark.parametrize("expiry", [1e-4, 1.0 / 365.0, 1.0])
def test_cev_goes_to_black_scholes(beta: float, expiry: float) -> None:
    prices = CevModel(delta=0.2 * 100.0 ** (1 - beta), beta=beta).price("put", 100.0, STRIKES, expiry, 0.0, 0.0)
    plain = black_scholes.price("put", 100.0, STRIKES, expiry, 0.0, 0.0, 0.2)
    assert np.abs(prices - np.asarray(plain)).max() <= 1.2 * (1 - beta) * expiry + 1e-11


def test_cev_does_not_jump_where_its_method_changes() -> None:
    # at these total variances either (1 - beta) variance or the noncentrality crosses its bound
    for beta, variance in ((0.999, 3e-3), (0.5, 4e-7), (0.0, 1e-7)):
        around = variance * np.array([0.999, 0.9999, 1.0001, 1.001])
        price = CevModel(delta=100.0 ** (1 - beta), beta=beta).price("call", 100.0, 100.0, around, 0.0, 0.0)
        scaled = np.asarray(price) / np.sqrt(around)
        line = np.polynomial.Polynomial.fit(around, scaled, 1)(around)
        np.testing.assert_allclose(price, line * np.sqrt(around), rtol=0, atol=1e-10)


class TestCev(ModelContract):
    models = st.builds(
        lambda beta, volatility: CevModel(delta=volatility * 100.0 ** (1.0 - beta), beta=beta),
        beta=st.floats(0.0, 1.0),
        volatility=st.floats(0.01, 0.8),
    )
    bad_fields = {"beta": 1.2, "delta": -1.0}  # noqa: RUF012 - as the contract has it
    black_scholes_limit = CevModel(delta=0.2, beta=1.0)
    tolerance = 1e-9


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    alpha=st.floats(0.05, 0.5),
    beta=st.floats(0.0, 1.0),
    rho=st.floats(-0.9, 0.9),
    nu=st.floats(0.0, 0.5),
    expiry=st.floats(0.01, 2.0),
)
def test_sabr_keeps_parity_and_bounds(alpha: float, beta: float, rho: float, nu: float, expiry: float) -> None:
    model = SabrModel(alpha=alpha * 100.0 ** (1.0 - beta), beta=beta, rho=rho, nu=nu)
    strikes = np.linspace(70.0, 140.0, 15)
    calls, puts = (np.asarray(model.price(kind, 100.0, strikes, expiry, 0.03, 0.01)) for kind in ("call", "put"))
    spot, cash = 100.0 * np.exp(-0.01 * expiry), strikes * np.exp(-0.03 * expiry)
    np.testing.assert_allclose(calls - puts, spot - cash, rtol=0, atol=1e-10)
    assert np.all(calls >= np.maximum(spot - cash, 0.0) - 1e-10)
    assert np.all(calls <= spot)


def test_sabr_without_volatility_of_volatility_and_lognormal_is_black_scholes() -> None:
    model = SabrModel(alpha=0.2, beta=1.0, rho=-0.3, nu=0.0)
    np.testing.assert_allclose(
        model.price("put", 100.0, STRIKES, 2.0, 0.03, 0.01),
        black_scholes.price("put", 100.0, STRIKES, 2.0, 0.03, 0.01, 0.2),
        rtol=1e-13,
    )
