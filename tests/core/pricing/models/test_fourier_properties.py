"""Models priced by their characteristic function: the contract of all, and what each law alone must obey."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import black_scholes
from optionix_core.pricing.models.bates import BatesModel
from optionix_core.pricing.models.double_heston import DoubleHestonModel
from optionix_core.pricing.models.heston import HestonModel
from optionix_core.pricing.models.merton import MertonModel
from optionix_core.pricing.models.variance_gamma import VarianceGammaModel
from tests.core.pricing.models.contract import STRIKES, FourierContract

variances = st.fixed_dictionaries(
    {
        "v0": st.one_of(st.just(0.0), st.floats(1e-4, 0.5)),
        "kappa": st.one_of(st.just(0.0), st.floats(1e-3, 8.0)),
        "theta": st.floats(1e-3, 0.5),
        "sigma": st.one_of(st.just(0.0), st.floats(1e-3, 5.0)),
        "rho": st.sampled_from([-1.0, -0.999, -0.7, -0.2, 0.0, 0.5, 0.999, 1.0]),
    }
)
jumps = st.fixed_dictionaries(
    {
        "jump_intensity": st.floats(0.0, 4.0),
        "jump_mean": st.floats(-0.5, 0.3),
        "jump_volatility": st.one_of(st.just(0.0), st.floats(0.0, 0.5)),
    }
)
hestons = variances.map(lambda fields: HestonModel(**fields))
PLAIN = {"v0": 0.04, "kappa": 1.0, "theta": 0.04, "sigma": 0.0, "rho": -0.9}
NO_JUMPS = {"jump_intensity": 0.0, "jump_mean": -0.3, "jump_volatility": 0.2}
BAD_VARIANCE = {"v0": -0.1, "kappa": float("nan"), "theta": -1e-9, "sigma": 1e9, "rho": -1.01}
BAD_JUMPS = {"jump_intensity": -1.0, "jump_mean": 9.0, "jump_volatility": -0.1}


class TestHeston(FourierContract):
    models = hestons
    bad_fields = BAD_VARIANCE
    black_scholes_limit = HestonModel(**PLAIN)


class TestBates(FourierContract):
    models = st.tuples(variances, jumps).map(lambda pair: BatesModel(**pair[0], **pair[1]))
    bad_fields = BAD_VARIANCE | BAD_JUMPS
    black_scholes_limit = BatesModel(**PLAIN, **NO_JUMPS)


class TestMerton(FourierContract):
    models = st.tuples(st.floats(0.05, 0.6), jumps).map(lambda pair: MertonModel(volatility=pair[0], **pair[1]))
    bad_fields = {"volatility": -0.2} | BAD_JUMPS
    black_scholes_limit = MertonModel(volatility=0.2, **NO_JUMPS)


class TestVarianceGamma(FourierContract):
    models = st.builds(
        VarianceGammaModel, volatility=st.floats(0.05, 0.6), nu=st.floats(0.0, 1.0), theta=st.floats(-0.5, 0.3)
    )
    bad_fields = {"volatility": 0.0, "nu": -0.1, "theta": float("inf")}  # noqa: RUF012 - as the contract has it
    black_scholes_limit = VarianceGammaModel(volatility=0.2, nu=0.0, theta=-0.3)


class TestDoubleHeston(FourierContract):
    models = st.builds(DoubleHestonModel, first=hestons, second=hestons)
    bad_fields = {"first": 0.04, "second": None}  # noqa: RUF012 - as the contract has it
    black_scholes_limit = DoubleHestonModel(
        first=HestonModel(**PLAIN | {"v0": 0.03, "theta": 0.03}),
        second=HestonModel(v0=0.01, kappa=0.0, theta=9.0, sigma=0.0, rho=0.5),
    )


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


def test_a_forward_that_would_be_infinite_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="nu"):
        VarianceGammaModel(volatility=0.3, nu=2.0, theta=0.6)
