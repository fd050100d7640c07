"""Forward starts, quantos and jumps: published values, integrals by other routes, parity and limits."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import barrier, black_scholes, forward_start, merton, quanto


def test_published_forward_starts() -> None:
    # Haug (2007), forward start options: spot 60, strike 110% of the price in a quarter, a year, 8%, yield
    # 4%, volatility 30%
    assert forward_start.price("call", 60, 1.1, 0.25, 1, 0.08, 0.04, 0.3) == pytest.approx(4.4064, abs=1e-4)
    assert forward_start.price("put", 60, 1.1, 0.25, 1, 0.08, 0.04, 0.3) == pytest.approx(8.2971, abs=1e-4)


def test_a_forward_start_is_the_integral_over_the_price_at_its_start() -> None:
    z, weights = np.polynomial.hermite_e.hermegauss(80)
    spots = 60 * np.exp((0.08 - 0.04 - 0.045) * 0.25 + 0.15 * z)
    later = black_scholes.price("put", spots, 1.1 * spots, 0.75, 0.08, 0.04, 0.3)
    mass = math.exp(-0.02) * weights / math.sqrt(2 * math.pi)
    price = forward_start.price("put", 60, 1.1, 0.25, 1, 0.08, 0.04, 0.3)
    assert price == pytest.approx(float(np.sum(mass * later)), abs=1e-12)
    ratio = forward_start.performance_price("put", 1.1, 0.25, 1, 0.08, 0.04, 0.3)
    assert ratio == pytest.approx(float(np.sum(mass * later / spots)), abs=1e-14)


def test_a_forward_start_that_starts_now_is_european_and_one_that_starts_at_the_end_pays_its_intrinsic_value() -> None:
    now = forward_start.price("call", 60, 1.1, 0, 1, 0.08, 0.04, 0.3)
    assert now == pytest.approx(black_scholes.price("call", 60, 66, 1, 0.08, 0.04, 0.3), abs=1e-13)
    assert forward_start.price("put", 60, 1.1, 1, 1, 0.08, 0.04, 0.3) == pytest.approx(6 * math.exp(-0.04), rel=1e-14)
    with pytest.raises(InvalidValueError, match=r"start must be zero or more years, at most expiry \(got 2.0\)"):
        forward_start.price("call", 60, 1.1, 2, 1, 0.08, 0.04, 0.3)


def test_published_quantos() -> None:
    # Haug (2007), fixed exchange rate foreign-equity options: spot 100, strike 105, half a year
    market = (0.5, 0.08, 0.05, 0.04, 0.2, 0.1, 0.3)
    assert quanto.price("call", 100, 105, *market, exchange_rate=1.5) == pytest.approx(5.3280, abs=1e-4)
    assert quanto.price("put", 100, 105, *market) == pytest.approx(8.1636, abs=1e-4)
    # a double barrier made a quanto by its yield: spot and strike 100, 50 to 150, a quarter, volatility 15%
    apparent = quanto.adjusted_dividend_yield(0.1, 0.05, 0.0, 0.15, 0.2, 0.3)
    price = barrier.double_price("call", "knock-out", 100, 100, 50, 150, 0.25, 0.1, apparent, 0.15)
    assert price == pytest.approx(3.4623, abs=1e-4)


def test_a_quanto_is_the_foreign_payoff_weighted_by_the_exchange_rate() -> None:
    """In the foreign measure the payoff is worth E[payoff / X_T] X_0 home units per unit of home money."""
    spot, strike, expiry, rate, foreign, dividend, vol, fx, rho = 100.0, 95.0, 1.3, 0.03, 0.07, 0.02, 0.3, 0.15, -0.6
    root = math.sqrt(expiry)
    z, weights = np.polynomial.legendre.leggauss(400)
    kink = (math.log(strike / spot) - (foreign - dividend - vol * vol / 2) * expiry) / (vol * root)
    z = kink + 0.5 * (10 - kink) * (1 + z)
    ending = spot * np.exp((foreign - dividend - vol * vol / 2) * expiry + vol * root * z)
    # 1 / X, home money seen from abroad, drifts at foreign less home rate and moves against X
    inverse = np.exp((foreign - rate) * expiry - fx * fx * expiry / 2 * rho * rho - rho * fx * root * z)
    mass = weights * 0.5 * (10 - kink) * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    expected = math.exp(-foreign * expiry) * float(np.sum(mass * inverse * (ending - strike)))
    assert quanto.price("call", spot, strike, expiry, rate, foreign, dividend, vol, fx, rho) == pytest.approx(
        expected, abs=1e-11
    )


def test_quanto_parity_and_limits() -> None:
    call, put = (quanto.price(k, 100, 90, 2, 0.03, 0.05, 0.01, 0.2, 0.1, -1.0) for k in ("call", "put"))
    forward = 100 * math.exp((0.05 - 0.01 + 0.02) * 2)
    assert call - put == pytest.approx(math.exp(-0.06) * (forward - 90), abs=1e-12)
    home = quanto.price("call", 100, 90, 2, 0.03, 0.03, 0.01, 0.2, 0.0, 0.5)
    assert home == pytest.approx(black_scholes.price("call", 100, 90, 2, 0.03, 0.01, 0.2), abs=1e-13)
    assert quanto.price("call", 100, 90, 0, 0.03, 0.05, 0.01, 0.2, 0.1, 0.5, 2.0) == 20.0
    with pytest.raises(InvalidValueError, match=r"correlation must be from -1 to 1 \(got -1.1\)"):
        quanto.price("call", 100, 90, 2, 0.03, 0.03, 0.01, 0.2, 0.0, -1.1)


def by_fourier(
    sign: int, strike: float, market: tuple[float, float, float, float], jumps: tuple[float, float, float]
) -> float:
    """A. Lewis (2001): S - sqrt(S K) exp(-r T) / pi times the integral of Re[e^(iuk) phi(u - i/2)] / (u^2 + 1/4)."""
    expiry, rate, dividend, vol = market
    intensity, mean, deviation = jumps
    nodes, weights = np.polynomial.legendre.leggauss(32)
    edges = np.linspace(0, 12 / (vol * math.sqrt(expiry)), 120)
    half = 0.5 * np.diff(edges)[:, None]
    u = (edges[:-1, None] + half * (1 + nodes)).ravel() - 0.5j
    mass = (half * weights).ravel()
    growth = math.exp(mean + deviation**2 / 2) - 1
    drift = -vol * vol / 2 - intensity * growth
    jump = intensity * (np.exp(1j * u * mean - 0.5 * deviation**2 * u * u) - 1)
    phi = np.exp(expiry * (1j * u * drift - 0.5 * vol**2 * u * u + jump))
    k = math.log(100 / strike) + (rate - dividend) * expiry
    integral = float(np.sum(mass * np.real(np.exp(1j * np.real(u) * k) * phi) / (np.real(u) ** 2 + 0.25)))
    asset, cash = 100 * math.exp(-dividend * expiry), strike * math.exp(-rate * expiry)
    call = asset - math.sqrt(asset * cash) * integral / math.pi
    return call if sign > 0 else call - asset + cash


@pytest.mark.parametrize("seed", range(16))
def test_jump_prices_agree_with_a_fourier_integral(seed: int) -> None:
    draw = random.Random(seed)
    market = (draw.uniform(0.1, 3), draw.uniform(-0.03, 0.1), draw.uniform(-0.02, 0.08), draw.uniform(0.1, 0.5))
    jumps = (draw.choice([0.1, 1.0, 8.0, 40.0]), draw.uniform(-0.3, 0.1), draw.uniform(0.0, 0.3))
    strike = draw.uniform(70, 140)
    for sign in (1, -1):
        price = merton.price(sign, 100, strike, *market, *jumps)
        assert price == pytest.approx(by_fourier(sign, strike, market, jumps), abs=1e-10)


def test_published_jump_price() -> None:
    # Haug (2007), Merton's jump-diffusion model: total volatility 25%, a quarter of its variance in one jump a year
    deviation = math.sqrt(0.25 * 0.25**2 / 1.0)
    price = merton.price("call", 100, 100, 0.5, 0.08, 0, 0.25 * math.sqrt(0.75), 1.0, -(deviation**2) / 2, deviation)
    assert price == pytest.approx(8.95, abs=1e-2)


def test_jump_parity_and_limits() -> None:
    rng = np.random.default_rng(8)
    n = 300
    strike, expiry = rng.uniform(60, 150, n), rng.uniform(0, 2, n)
    rate, dividend, vol = rng.uniform(-0.03, 0.1, n), rng.uniform(-0.03, 0.1, n), rng.uniform(0, 0.6, n)
    jumps = (rng.uniform(0, 10, n), rng.uniform(-0.4, 0.2, n), rng.uniform(0, 0.3, n))
    call, put = (merton.price(k, 100.0, strike, expiry, rate, dividend, vol, *jumps) for k in ("call", "put"))
    forward = 100 * np.exp(-dividend * expiry) - strike * np.exp(-rate * expiry)
    assert call - put == pytest.approx(forward, abs=1e-11)
    none = merton.price("call", 100.0, strike, expiry, rate, dividend, vol, 0.0, -0.1, 0.2)
    assert none == pytest.approx(black_scholes.price("call", 100.0, strike, expiry, rate, dividend, vol), abs=1e-12)
    assert (call >= np.maximum(forward, 0) - 1e-11).all()
    empty = merton.price("put", np.empty(0), 100.0, 1.0, 0.0, 0.0, 0.2, 1.0, 0.0, 0.1)
    assert empty.shape == (0,)
    with pytest.raises(InvalidValueError, match=r"jump_intensity must be zero or more, .*\(got -1.0\)"):
        merton.price("call", 100, 100, 1, 0, 0, 0.2, -1.0, 0, 0.1)
