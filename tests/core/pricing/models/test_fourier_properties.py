"""What every price must obey, whatever the model and its parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import black_scholes
from optionix_core.pricing.models.bates import BatesModel
from optionix_core.pricing.models.double_heston import DoubleHestonModel
from optionix_core.pricing.models.heston import HestonModel
from optionix_core.pricing.models.merton import MertonModel
from optionix_core.pricing.models.variance_gamma import VarianceGammaModel

STRIKES = np.linspace(50.0, 200.0, 61)
TOLERANCE = 1e-10

variances = st.fixed_dictionaries(
    {
        "v0": st.floats(1e-4, 0.5),
        "kappa": st.floats(0.0, 8.0),
        "theta": st.floats(1e-3, 0.5),
        "sigma": st.floats(0.0, 4.0),
        "rho": st.floats(-0.999, 0.999),
    }
)
jumps = st.fixed_dictionaries(
    {
        "jump_intensity": st.floats(0.0, 4.0),
        "jump_mean": st.floats(-0.5, 0.3),
        "jump_volatility": st.one_of(st.just(0.0), st.floats(0.0, 0.5)),
    }
)
heston_models = variances.map(lambda fields: HestonModel(**fields))
models: st.SearchStrategy[Any] = st.one_of(
    heston_models,
    st.tuples(variances, jumps).map(lambda pair: BatesModel(**pair[0], **pair[1])),
    st.tuples(st.floats(0.05, 0.6), jumps).map(lambda pair: MertonModel(volatility=pair[0], **pair[1])),
    st.builds(VarianceGammaModel, volatility=st.floats(0.05, 0.6), nu=st.floats(0.0, 1.0), theta=st.floats(-0.5, 0.3)),
    st.builds(DoubleHestonModel, first=heston_models, second=heston_models),
)
expiries = st.sampled_from([1.0 / 365.0, 7.0 / 365.0, 0.1, 0.5, 1.0, 3.0, 10.0])


@settings(max_examples=120, deadline=None)
@given(model=models, expiry=expiries, rate=st.floats(-0.05, 0.1), dividend_yield=st.floats(-0.02, 0.08))
def test_prices_keep_parity_bounds_order_and_convexity(
    model: Any, expiry: float, rate: float, dividend_yield: float
) -> None:
    calls = model.price("call", 100.0, STRIKES, expiry, rate, dividend_yield)
    puts = model.price("put", 100.0, STRIKES, expiry, rate, dividend_yield)
    spot, strikes = 100.0 * np.exp(-dividend_yield * expiry), STRIKES * np.exp(-rate * expiry)
    np.testing.assert_allclose(calls - puts, spot - strikes, rtol=0, atol=TOLERANCE)
    assert np.all(calls >= np.maximum(spot - strikes, 0.0) - TOLERANCE)
    assert np.all(calls <= spot + TOLERANCE)
    assert np.all(puts <= strikes + TOLERANCE)
    assert np.all(np.diff(calls) <= TOLERANCE)
    assert np.all(np.diff(puts) >= -TOLERANCE)
    assert np.all(np.diff(calls, 2) >= -4.0 * TOLERANCE)


@settings(max_examples=60, deadline=None)
@given(model=models, expiry=expiries)
def test_the_log_return_has_mass_one_and_the_forward_is_its_mean(model: Any, expiry: float) -> None:
    mass, mean = model.characteristic_function([0.0, -1j], expiry)
    assert mass == pytest.approx(1.0, abs=1e-14)
    assert mean == pytest.approx(1.0, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(model=models, expiry=expiries)
def test_a_surface_prices_each_strike_as_it_would_alone(model: Any, expiry: float) -> None:
    years = np.array([[expiry], [0.33], [0.0]])
    surface = model.price("call", 100.0, STRIKES[::10], years, 0.03, 0.01)
    alone = [[model.price("call", 100.0, k, t, 0.03, 0.01) for k in STRIKES[::10]] for t in years[:, 0]]
    np.testing.assert_allclose(surface, alone, rtol=0, atol=TOLERANCE)
    np.testing.assert_array_equal(surface[2], np.maximum(100.0 - STRIKES[::10], 0.0))


@pytest.mark.parametrize("expiry", [1.0 / 365.0, 1.0, 10.0])
@pytest.mark.parametrize(
    "model",
    [
        HestonModel(v0=0.04, kappa=1.0, theta=0.04, sigma=0.0, rho=-0.9),
        HestonModel(v0=0.04, kappa=0.0, theta=9.0, sigma=0.0, rho=0.5),
        HestonModel(v0=0.04, kappa=1e-308, theta=0.5, sigma=1e-200, rho=-0.999),
        MertonModel(volatility=0.2, jump_intensity=0.0, jump_mean=-0.3, jump_volatility=0.2),
        MertonModel(volatility=0.2, jump_intensity=5.0, jump_mean=0.0, jump_volatility=0.0),
        VarianceGammaModel(volatility=0.2, nu=0.0, theta=-0.3),
    ],
)
def test_models_with_nothing_but_diffusion_are_black_scholes(model: Any, expiry: float) -> None:
    expected = black_scholes.price("call", 100.0, STRIKES, expiry, 0.03, 0.01, 0.2)
    np.testing.assert_allclose(model.price("call", 100.0, STRIKES, expiry, 0.03, 0.01), expected, rtol=0, atol=1e-11)


def test_a_small_volatility_of_variance_approaches_black_scholes() -> None:
    plain = black_scholes.price("put", 100.0, STRIKES, 1.0, 0.0, 0.0, 0.2)
    gaps = []
    for sigma in (1e-3, 1e-5, 1e-7):
        model = HestonModel(v0=0.04, kappa=1.0, theta=0.04, sigma=sigma, rho=-0.999)
        gaps.append(np.abs(model.price("put", 100.0, STRIKES, 1.0, 0.0, 0.0) - plain).max())
    assert gaps[0] < 1e-2
    assert gaps[1] < 1e-4
    assert gaps[2] < 1e-6


def test_merton_is_its_poisson_mixture() -> None:
    # Merton (1976), eq. 19: Black-Scholes prices weighted by the chance of n jumps
    model = MertonModel(volatility=0.15, jump_intensity=1.3, jump_mean=-0.1, jump_volatility=0.25)
    expiry, rate, drift = 0.75, 0.04, np.expm1(-0.1 + 0.5 * 0.25**2)
    total, weight = np.zeros(STRIKES.size), np.exp(-1.3 * expiry)
    for n in range(60):
        spot = 100.0 * np.exp(-1.3 * drift * expiry + n * (-0.1 + 0.5 * 0.25**2))
        volatility = np.sqrt(0.15**2 + n * 0.25**2 / expiry)
        total += weight * np.asarray(black_scholes.price("call", spot, STRIKES, expiry, rate, 0.0, volatility))
        weight *= 1.3 * expiry / (n + 1)
    np.testing.assert_allclose(model.price("call", 100.0, STRIKES, expiry, rate, 0.0), total, rtol=0, atol=1e-11)


@pytest.mark.parametrize("expiry", [1.0 / 365.0, 1.0, 10.0])
def test_narrow_jumps_are_summed_to_what_wide_ones_are_integrated_to(expiry: float) -> None:
    fields = {"v0": 0.03, "kappa": 2.0, "theta": 0.04, "sigma": 0.6, "rho": -0.8}
    # up to 0.02 numbers of jumps are summed, beyond all are integrated on one contour
    below, above = (
        np.asarray(
            BatesModel(**fields, jump_intensity=2.0, jump_mean=-0.1, jump_volatility=spread).price(
                "call", 100.0, STRIKES, expiry, 0.02, 0.0
            )
        )
        for spread in (0.02, 0.02 + 1e-12)
    )
    np.testing.assert_allclose(below, above, rtol=0, atol=1e-9)


def test_variance_gamma_is_black_scholes_over_its_gamma_clock() -> None:
    # Madan, Carr, Chang (1998): given the clock the return is Gaussian; Gauss-Jacobi over the clock's density
    from scipy.special import roots_genlaguerre

    volatility, nu, theta, expiry = 0.2, 0.15, -0.25, 1.0
    clock, weight = roots_genlaguerre(120, expiry / nu - 1.0)
    clock, weight = clock * nu, weight / weight.sum()
    omega = np.log1p(-nu * (theta + 0.5 * volatility**2)) / nu
    spot = 100.0 * np.exp(omega * expiry + (theta + 0.5 * volatility**2) * clock[:, None])
    conditional = black_scholes.price("put", spot, STRIKES, 1.0, 0.0, 0.0, volatility * np.sqrt(clock[:, None]))
    model = VarianceGammaModel(volatility=volatility, nu=nu, theta=theta)
    np.testing.assert_allclose(
        model.price("put", 100.0, STRIKES, expiry, 0.0, 0.0), weight @ np.asarray(conditional), rtol=0, atol=1e-9
    )


def test_implied_volatilities_lean_against_the_correlation() -> None:
    model = HestonModel(v0=0.04, kappa=1.5, theta=0.04, sigma=0.5, rho=-0.7)
    smile = model.implied_volatility(100.0, np.array([70.0, 85.0, 100.0, 115.0]), 0.5, 0.02, 0.0)
    assert np.all(np.diff(smile) < 0.0)


def test_feller_is_said_and_allowed() -> None:
    assert HestonModel(v0=0.04, kappa=2.0, theta=0.04, sigma=0.39, rho=0.0).feller
    assert not HestonModel(v0=0.04, kappa=2.0, theta=0.04, sigma=0.41, rho=0.0).feller


@pytest.mark.parametrize(
    ("field", "value"), [("v0", -0.1), ("kappa", float("nan")), ("theta", -1e-9), ("sigma", 1e9), ("rho", -1.01)]
)
def test_parameters_outside_their_bounds_are_named(field: str, value: float) -> None:
    fields = {"v0": 0.04, "kappa": 1.0, "theta": 0.04, "sigma": 0.3, "rho": -0.5} | {field: value}
    with pytest.raises(InvalidValueError, match=field) as caught:
        HestonModel(**fields)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("spot", (-1.0, 100.0, 1.0, 0.0, 0.0)),
        ("strike", (100.0, [90.0, float("nan")], 1.0, 0.0, 0.0)),
        ("expiry", (100.0, [90.0, 95.0], [1.0, -1.0], 0.0, 0.0)),
        ("rate", (100.0, 90.0, 1.0, float("inf"), 0.0)),
    ],
)
def test_rows_outside_their_bounds_are_named(field: str, arguments: tuple[Any, ...]) -> None:
    model = MertonModel(volatility=0.2, jump_intensity=1.0, jump_mean=0.0, jump_volatility=0.1)
    with pytest.raises(InvalidValueError, match=field):
        model.price("call", *arguments)


def test_a_forward_that_would_be_infinite_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="nu"):
        VarianceGammaModel(volatility=0.3, nu=2.0, theta=0.6)
