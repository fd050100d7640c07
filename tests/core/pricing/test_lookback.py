"""Lookbacks: published values, quadrature over the law of the extreme, the exact limit of no carry, and bounds."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from scipy.special import ndtr

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import black_scholes, digital, lookback


def test_published_values() -> None:
    # Haug (2007), floating strike: call, spot 120, minimum 100, half a year, 10%, yield 6%, volatility 30%
    assert lookback.floating_price("call", 120, 100, 0.5, 0.1, 0.06, 0.3) == pytest.approx(25.3533, abs=1e-4)
    assert lookback.floating_price("put", 100, 120, 0.5, 0.1, 0, 0.3) == pytest.approx(21.0645, abs=1e-4)
    # the same, fixed strikes (Conze and Viswanathan), spot and extreme 100, 10%
    assert lookback.fixed_price("call", 100, 100, 95, 0.5, 0.1, 0, 0.1) == pytest.approx(13.2687, abs=1e-4)
    assert lookback.fixed_price("put", 100, 100, 95, 0.5, 0.1, 0, 0.1) == pytest.approx(0.6899, abs=1e-4)


def expected_excess(side: int, spot: float, level: float, market: tuple[float, float, float, float]) -> float:
    """Integral of the discounted probability of touching, over all levels beyond."""
    expiry, rate, dividend, vol = market
    s = vol * math.sqrt(expiry)
    reach = abs(rate - dividend) * expiry + 10 * s + s * s
    nodes, weights = np.polynomial.legendre.leggauss(40)
    edges = math.log(level) + side * np.linspace(0, reach, 41)
    half = 0.5 * np.diff(edges)[:, None]
    y = np.exp((edges[:-1, None] + half * (1 + nodes)).ravel())
    mass = (half * weights).ravel()
    touch = digital.one_touch(spot, y, expiry, rate, dividend, vol, pay_at="expiry")
    return float(side * np.sum(mass * y * touch))


@pytest.mark.parametrize("seed", range(24))
def test_prices_agree_with_quadrature_over_the_law_of_the_extreme(seed: int) -> None:
    draw = random.Random(seed)
    rate = draw.uniform(-0.05, 0.12)
    carry = draw.choice([0.0, 1e-13, -1e-9, 1e-5, -0.001, draw.uniform(-0.1, 0.1)])
    market = (draw.uniform(0.02, 4), rate, rate - carry, draw.uniform(0.05, 0.7))
    above, below = 100 * math.exp(draw.choice([0.0, draw.uniform(0, 0.4)])), 100 * math.exp(-draw.uniform(0, 0.4))
    strike = draw.uniform(60, 140)
    asset, discount = 100 * math.exp(-market[2] * market[0]), math.exp(-rate * market[0])
    high = expected_excess(1, 100, above, market)
    low = expected_excess(-1, 100, below, market)
    assert lookback.floating_price("put", 100, above, *market) == pytest.approx(
        discount * above + high - asset, abs=2e-11
    )
    assert lookback.floating_price("call", 100, below, *market) == pytest.approx(
        asset - discount * below + low, abs=2e-11
    )
    further = expected_excess(1, 100, max(above, strike), market)
    expected = discount * max(above - strike, 0) + further
    assert lookback.fixed_price("call", 100, above, strike, *market) == pytest.approx(expected, abs=2e-11)
    further = expected_excess(-1, 100, min(below, strike), market)
    expected = discount * max(strike - below, 0) + further
    assert lookback.fixed_price("put", 100, below, strike, *market) == pytest.approx(expected, abs=2e-11)


def test_the_limit_of_no_carry_is_its_own_closed_form_and_joins_smoothly() -> None:
    # Haug (2007), floating strike with b = 0: S sigma sqrt(T) (n(a1) + a1 (N(a1) - 1)) in place of the quotient
    spot, low, expiry, rate, vol = 110.0, 100.0, 0.5, 0.06, 0.3
    s = vol * math.sqrt(expiry)
    a1 = math.log(spot / low) / s + s / 2
    density = math.exp(-a1 * a1 / 2) / math.sqrt(2 * math.pi)
    legs = spot * float(ndtr(a1)) - low * float(ndtr(a1 - s)) + spot * s * (density + a1 * (float(ndtr(a1)) - 1))
    exact = math.exp(-rate * expiry) * legs
    assert lookback.floating_price("call", spot, low, expiry, rate, rate, vol) == pytest.approx(exact, abs=1e-13)
    carry = np.array([-1e-3, -1e-6, -1e-10, 0.0, 1e-10, 1e-6, 1e-3])
    price = lookback.floating_price("call", spot, low, expiry, rate, rate - carry, vol)
    assert (np.diff(price) > -1e-13).all()
    assert price[2:5] == pytest.approx(exact, abs=1e-8)


@pytest.mark.parametrize("s", [5.0, 12.0, 30.0])
def test_huge_deviations_stay_within_bounds(s: float) -> None:
    for carry in (-0.5, -1e-12, 0.0, 1e-12, 0.5):
        price = lookback.floating_price("call", 100, 80, 1.0, 0.0, -carry, s)
        assert 0 <= price <= 100 * math.exp(carry) * (1 + 1e-12)


def test_bounds_and_monotonicity() -> None:
    rng = np.random.default_rng(6)
    n = 2000
    market = (rng.uniform(0, 3, n), rng.uniform(-0.05, 0.1, n), rng.uniform(-0.05, 0.1, n), rng.uniform(0, 0.8, n))
    strike = rng.uniform(60, 140, n)
    for sign in (1, -1):
        extreme = 100 * np.exp(sign * rng.uniform(0, 0.3, n))
        fixed = lookback.fixed_price(sign, 100.0, extreme, strike, *market)
        assert (fixed >= black_scholes.price(sign, 100.0, strike, *market) - 1e-11).all()
        assert (fixed >= lookback.fixed_price(sign, 100.0, 100.0, strike, *market) - 1e-11).all()
        floating = lookback.floating_price(-sign, 100.0, extreme, *market)
        assert (floating >= black_scholes.price(-sign, 100.0, extreme, *market) - 1e-11).all()


def test_no_time_and_no_volatility_are_limits() -> None:
    assert lookback.floating_price("call", 100, 90, 0, 0.05, 0, 0.2) == 10.0
    assert lookback.fixed_price("put", 100, 90, 95, 0, 0.05, 0, 0.2) == 5.0
    assert lookback.floating_price("put", 100, 100, 1, 0.05, 0, 0) == pytest.approx(0.0, abs=1e-13)
    assert lookback.fixed_price("call", 100, 100, 90, 1, 0.05, 0, 0) == pytest.approx(100 - 90 * math.exp(-0.05))
    assert lookback.fixed_price("call", 100, 100, 90, 1, 0.05, 0, 1e-9) == pytest.approx(100 - 90 * math.exp(-0.05))


def test_an_extreme_on_the_wrong_side_is_named() -> None:
    with pytest.raises(InvalidValueError, match=r"running_extreme must be at most spot .* \(got 101.0 at row 1\)"):
        lookback.floating_price("call", 100, [99.0, 101.0], 1, 0, 0, 0.2)
    with pytest.raises(InvalidValueError, match=r"running_extreme must be at least spot .* \(got 99.0\)"):
        lookback.fixed_price("call", 100, 99, 100, 1, 0, 0, 0.2)
