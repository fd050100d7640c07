"""Two dimensions against Fourier prices, published American values and limits of one dimension."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from optionix_core.pricing import CashDividends, ProportionalDividends, american, barrier
from optionix_core.pricing.contracts import (
    AmericanOption,
    BarrierOption,
    CashOrNothingOption,
    DoubleBarrierOption,
    EuropeanOption,
    OneTouchOption,
)
from optionix_core.pricing.models import HestonModel

Priced = Callable[..., Any]

HOUT_FOULON = {
    # K. in 't Hout and S. Foulon (2010), cases 1 to 4: kappa, theta, sigma, rho, rate, yield, expiry
    "bloomberg": (1.5, 0.04, 0.3, -0.9, 0.025, 0.0, 1.0),
    "low volatility of variance": (3.0, 0.12, 0.04, 0.6, 0.01, 0.04, 1.0),
    "three years": (0.6067, 0.0707, 0.2928, -0.7571, 0.03, 0.0, 3.0),
    "quarter": (2.5, 0.06, 0.5, -0.1, 0.0507, 0.0469, 0.25),
}
SCHEMES = ("craig-sneyd", "modified-craig-sneyd", "hundsdorfer-verwer")
STEEP = HestonModel(v0=0.04, kappa=2.5, theta=0.04, sigma=0.66, rho=-0.8)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", HOUT_FOULON)
def test_european_prices_agree_with_fourier(priced: Priced, name: str, scheme: str) -> None:
    kappa, theta, sigma, rho, rate, dividend_yield, expiry = HOUT_FOULON[name]
    model = HestonModel(v0=0.04, kappa=kappa, theta=theta, sigma=sigma, rho=rho)
    strike = 100.0 if scheme == "modified-craig-sneyd" else 110.0
    exact = model.price("call", 90.0, strike, expiry, rate, dividend_yield)
    contract = EuropeanOption(option_type="call", strike=strike, expiry=expiry)
    result = priced(contract, model, 90.0, rate, dividend_yield, scheme=scheme, variance_points=80)
    assert result.price == pytest.approx(exact, abs=2e-4)
    assert abs(result.price - exact) <= max(4.0 * result.error, 1e-5)


def test_digitals_agree_with_the_difference_of_fourier_prices_in_the_strike(priced: Priced) -> None:
    low, high = (STEEP.price("put", 100.0, strike, 1.0, 0.05, 0.02) for strike in (99.99, 100.01))
    contract = CashOrNothingOption(option_type="put", strike=100.0, expiry=1.0)
    assert priced(contract, STEEP).price == pytest.approx((float(high) - float(low)) / 0.02, abs=3e-5)


def test_the_error_is_of_second_order(priced: Priced) -> None:
    model = HestonModel(v0=0.0625, kappa=5.0, theta=0.16, sigma=0.9, rho=0.1)
    exact = model.price("put", 10.0, 10.0, 0.25, 0.1, 0.0)
    contract = EuropeanOption(option_type="put", strike=10.0, expiry=0.25)
    errors = [
        abs(
            priced(
                contract, model, 10.0, 0.1, 0.0, space_points=n, variance_points=n, time_steps=n, extrapolate=False
            ).price
            - exact
        )
        for n in (50, 100, 200)
    ]
    assert all(1.7 < math.log2(coarse / fine) < 2.4 for coarse, fine in pairwise(errors)), errors


def test_greeks_agree_with_differences_of_fourier_prices(priced: Priced) -> None:
    result = priced(EuropeanOption(option_type="call", strike=100.0, expiry=1.0), STEEP, variance_points=96)
    low, mid, high = (STEEP.price("call", spot, 100.0, 1.0, 0.05, 0.02) for spot in (99.5, 100.0, 100.5))
    sooner, later = (STEEP.price("call", 100.0, 100.0, expiry, 0.05, 0.02) for expiry in (0.999, 1.001))
    assert result.delta == pytest.approx(float(high - low), abs=1e-4)
    assert result.gamma == pytest.approx(float(high - 2.0 * mid + low) / 0.25, abs=1e-4)
    assert result.theta == pytest.approx(float(sooner - later) / 0.002, abs=2e-3)


IKONEN_TOIVANEN = {
    # S. Ikonen and J. Toivanen, report B12/2005 of the University of Jyvaskyla: strike 10, kappa 5, theta 0.16,
    # sigma 0.9, rho 0.1, rate 10%, a quarter; spots 8 to 12; error and price
    0.0625: (3e-5, (2.0, 1.10763, 0.520038, 0.213681, 0.082046)),
    # the same authors, Numer. Math. 113 (2009) 299, table 4.3, four digits
    0.25: (1.3e-4, (2.0785, 1.3336, 0.7959, 0.4482, 0.2427)),
}


@pytest.mark.parametrize("v0", IKONEN_TOIVANEN)
def test_american_puts_have_their_published_prices(priced: Priced, v0: float) -> None:
    model = HestonModel(v0=v0, kappa=5.0, theta=0.16, sigma=0.9, rho=0.1)
    contract = AmericanOption(option_type="put", strike=10.0, expiry=0.25)
    bound, prices = IKONEN_TOIVANEN[v0]
    for spot, published in zip((8.0, 9.0, 10.0, 11.0, 12.0), prices, strict=True):
        assert priced(contract, model, spot, 0.1, 0.0).price == pytest.approx(published, abs=bound + 1e-4)
        if spot in {9.0, 11.0}:
            assert priced(contract, model, spot, 0.1, 0.0, time_steps=400).price == pytest.approx(published, abs=bound)


def test_an_independent_engine_agrees(priced: Priced) -> None:
    # QuantLib 1.40, FdHestonVanillaEngine and FdHestonBarrierEngine, 400 x 400 x 200: 5.672738, 7.401707 and 9.153575,
    # whose first-order exercise and barrier leave an error of about 3e-3 (half of the change from 200 x 200 x 100)
    paid = CashDividends((184 / 365,), (5.0,))
    put = AmericanOption(option_type="put", strike=100.0, expiry=1.0)
    out = BarrierOption(option_type="call", strike=100.0, expiry=1.0, barrier_type="up-out", barrier=135.0)
    assert priced(put, STEEP, dividend_yield=0.0).price == pytest.approx(5.672738, abs=4e-3)
    assert priced(put, STEEP, dividend_yield=0.0, dividends=paid).price == pytest.approx(7.401707, abs=4e-3)
    assert priced(out, STEEP, dividend_yield=0.0).price == pytest.approx(9.153575, abs=4e-3)


def test_with_a_variance_that_hardly_moves_it_is_black_scholes(priced: Priced) -> None:
    still = HestonModel(v0=0.04, kappa=1.0, theta=0.04, sigma=1e-5, rho=-0.5)
    put = AmericanOption(option_type="put", strike=105.0, expiry=1.0)
    exact = american.price("put", 100.0, 105.0, 1.0, 0.05, 0.02, 0.2, accuracy="high")
    assert priced(put, still).price == pytest.approx(exact, abs=6e-4)
    for barrier_type, level in (("down-out", 90.0), ("up-in", 115.0)):
        terms = {"option_type": "call", "strike": 100.0, "expiry": 1.0, "barrier": level, "rebate": 2.0}
        closed = barrier.price("call", barrier_type, 100.0, 100.0, level, 2.0, 1.0, 0.05, 0.02, 0.2)
        assert priced(BarrierOption(barrier_type=barrier_type, **terms), still).price == pytest.approx(closed, abs=2e-4)


def test_without_volatility_of_variance_it_is_a_volatility_of_time(priced: Priced) -> None:
    model = HestonModel(v0=0.04, kappa=1.0, theta=0.09, sigma=0.0, rho=0.5)
    exact = model.price("call", 100.0, 100.0, 1.0, 0.05, 0.02)
    result = priced(EuropeanOption(option_type="call", strike=100.0, expiry=1.0), model)
    assert result.price == pytest.approx(exact, abs=1e-5)
    assert result.variance_points == 0


def test_proportional_dividends_lower_the_forward(priced: Priced) -> None:
    paid = ProportionalDividends((0.5,), (0.04,))
    exact = STEEP.price("call", 96.0, 100.0, 1.0, 0.05, 0.0)
    contract = EuropeanOption(option_type="call", strike=100.0, expiry=1.0)
    result = priced(contract, STEEP, dividend_yield=0.0, dividends=paid, variance_points=96)
    assert result.price == pytest.approx(exact, abs=3e-4)


@pytest.mark.parametrize("change", [{"v0": 0.0}, {"kappa": 0.0}, {"rho": -1.0}, {"rho": 1.0}, {"theta": 0.0}])
def test_parameters_at_their_ends_are_limits(priced: Priced, change: dict[str, float]) -> None:
    model = HestonModel(**({"v0": 0.04, "kappa": 1.5, "theta": 0.04, "sigma": 0.3, "rho": -0.5} | change))
    exact = model.price("put", 100.0, 95.0, 0.5, 0.05, 0.02)
    contract = EuropeanOption(option_type="put", strike=95.0, expiry=0.5)
    result = priced(contract, model)
    assert result.price == pytest.approx(exact, abs=1e-3)
    assert abs(result.price - exact) <= result.error


def test_feller_broken_far_keeps_the_error_estimate_honest(priced: Priced) -> None:
    # L. Andersen, J. Comp. Finance 11 (2008), cases I and III
    for v0, kappa, theta, sigma, rho, expiry in ((0.04, 0.5, 0.04, 1.0, -0.9, 10.0), (0.09, 1.0, 0.09, 1.0, -0.3, 5.0)):
        model = HestonModel(v0=v0, kappa=kappa, theta=theta, sigma=sigma, rho=rho)
        exact = model.price("call", 100.0, 100.0, expiry, 0.0, 0.0)
        contract = EuropeanOption(option_type="call", strike=100.0, expiry=expiry)
        result = priced(contract, model, 100.0, 0.0, 0.0)
        assert abs(result.price - exact) <= result.error < 0.1


def test_options_that_barriers_end_and_bring_to_life_add_up(priced: Priced) -> None:
    whole = STEEP.price("put", 100.0, 100.0, 1.0, 0.05, 0.02)
    for kind in ("knock-out", "knock-in"):
        terms = {"option_type": "put", "strike": 100.0, "expiry": 1.0, "lower": 80.0, "upper": 125.0}
        whole -= priced(DoubleBarrierOption(barrier_type=kind, **terms), STEEP).price
    assert whole == pytest.approx(0.0, abs=5e-4)


def test_a_touch_is_worth_more_the_nearer_its_level(priced: Priced) -> None:
    prices = [priced(OneTouchOption(barrier=level, expiry=1.0), STEEP).price for level in (80.0, 90.0, 95.0)]
    assert np.all(np.diff(prices) > 0.05)
    assert 0.0 < prices[0] < prices[-1] < 1.0
