"""Heston and Bates prices against published values and against quadrature at 30 digits."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest

from optionix_core.pricing.models.bates import BatesModel
from optionix_core.pricing.models.double_heston import DoubleHestonModel
from optionix_core.pricing.models.heston import HestonModel

DAY = 1.0 / 365.0
SLOW_SEEDS = {9, 13, 16, 19}
Drawn = tuple[float, float, float, float, float, tuple[float, float, float], float, float]


@pytest.mark.parametrize(
    ("model", "rate", "expiry", "published"),
    [
        # M. Broadie, O. Kaya, Oper. Res. 54 (2006) 217, tables 1 and 2: spot and strike 100
        (HestonModel(v0=0.09, kappa=2.0, theta=0.09, sigma=1.0, rho=-0.3), 0.05, 5.0, 34.9998),
        (HestonModel(v0=0.010201, kappa=6.21, theta=0.019, sigma=0.61, rho=-0.7), 0.0319, 1.0, 6.8061),
    ],
)
def test_heston_gives_the_values_of_broadie_and_kaya(
    model: HestonModel, rate: float, expiry: float, published: float
) -> None:
    assert model.price("call", 100, 100, expiry, rate, 0.0) == pytest.approx(published, abs=5e-5)


@pytest.mark.parametrize(
    ("model", "rate", "expiry", "published"),
    [
        # L. Andersen, J. Comput. Finance 11 (2008) 1, table 1: cases I to III, strikes 60, 100, 140
        (HestonModel(v0=0.04, kappa=0.5, theta=0.04, sigma=1.0, rho=-0.9), 0.0, 10.0, (44.330, 13.085, 0.296)),
        (HestonModel(v0=0.04, kappa=0.3, theta=0.04, sigma=0.9, rho=-0.5), 0.0, 15.0, (45.287, 16.649, 5.138)),
        (HestonModel(v0=0.09, kappa=1.0, theta=0.09, sigma=1.0, rho=-0.3), 0.05, 5.0, (56.575, 33.597, 18.157)),
    ],
)
def test_heston_gives_andersens_three_cases(
    model: HestonModel, rate: float, expiry: float, published: tuple[float, ...], quadrature: Callable[..., float]
) -> None:
    prices = model.price("call", 100.0, [60.0, 100.0, 140.0], expiry, rate, 0.0)
    np.testing.assert_allclose(prices, published, rtol=0, atol=5.1e-4)
    forward = 100.0 * np.exp(rate * expiry)
    exact = quadrature(
        model.v0, model.kappa, model.theta, model.sigma, model.rho, (0.0, 0.0, 0.0), expiry, 140.0 / forward
    )
    assert model.price("call", 100.0, 140.0, expiry, rate, 0.0) == pytest.approx(100.0 * exact, abs=1e-11)


def drawn(seed: int) -> Drawn:
    """One hard contract on a forward of 1."""
    source = random.Random(seed)
    v0, kappa = 10 ** source.uniform(-3, -0.5), 10 ** source.uniform(-1, 0.8)
    theta, sigma = 10 ** source.uniform(-2.5, -0.5), 10 ** source.uniform(-1.3, 0.6)
    rho = source.choice([-0.999, -0.99, -0.7, -0.3, 0.0, 0.5, 0.9])
    some = (source.uniform(0.1, 2), source.uniform(-0.3, 0.1), source.uniform(0.05, 0.2))
    jumps = source.choice([(0.0, 0.0, 0.0), some])
    expiry = source.choice([DAY, 7 * DAY, 0.25, 1.0, 3.0, 10.0])
    return v0, kappa, theta, sigma, rho, jumps, expiry, source.uniform(0.5, 2.0)


def bates(contract: Drawn) -> BatesModel:
    v0, kappa, theta, sigma, rho, jumps, _, _ = contract
    intensity, mean, spread = jumps
    return BatesModel(
        v0=v0,
        kappa=kappa,
        theta=theta,
        sigma=sigma,
        rho=rho,
        jump_intensity=intensity,
        jump_mean=mean,
        jump_volatility=spread,
    )


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=pytest.mark.soak) if seed in SLOW_SEEDS else seed for seed in range(20)]
)
def test_hard_contracts_agree_with_quadrature(seed: int, quadrature: Callable[..., float]) -> None:
    contract = drawn(seed)
    price = bates(contract).price("call", 1.0, contract[7], contract[6], 0.0, 0.0)
    assert price == pytest.approx(quadrature(*contract), abs=1e-13)


@pytest.mark.parametrize("strike", [0.95, 0.99, 1.0, 1.02])
@pytest.mark.parametrize("sigma", [0.02, 0.6])
@pytest.mark.parametrize("rho", [-0.999, 0.999])
def test_one_day_with_near_perfect_correlation(
    strike: float, sigma: float, rho: float, quadrature: Callable[..., float]
) -> None:
    contract = (0.04, 2.0, 0.04, sigma, rho, (0.0, 0.0, 0.0), DAY, strike)
    price = bates(contract).price("call", 1.0, strike, DAY, 0.0, 0.0)
    assert price == pytest.approx(quadrature(*contract), abs=1e-13)


def test_two_factors_of_which_one_is_asleep_are_one_factor() -> None:
    lively = HestonModel(v0=0.04, kappa=1.5, theta=0.05, sigma=0.7, rho=-0.8)
    asleep = HestonModel(v0=0.0, kappa=1.0, theta=0.0, sigma=0.3, rho=0.2)
    strikes = np.linspace(50.0, 200.0, 31)
    for both in (DoubleHestonModel(first=lively, second=asleep), DoubleHestonModel(first=asleep, second=lively)):
        np.testing.assert_allclose(
            both.price("put", 100.0, strikes, 0.75, 0.02, 0.01),
            lively.price("put", 100.0, strikes, 0.75, 0.02, 0.01),
            rtol=0,
            atol=1e-11,
        )
    # the same variance cut in two independent halves keeps its characteristic function's square
    half = HestonModel(v0=0.02, kappa=1.5, theta=0.025, sigma=0.7, rho=-0.8)
    u = np.array([0.3, 2.0, 7.5])
    pair = DoubleHestonModel(first=half, second=half).characteristic_function(u, 0.75)
    np.testing.assert_allclose(pair, half.characteristic_function(u, 0.75) ** 2, rtol=1e-13)
