"""Asian options: exact geometric averages, exact moments, the conditioned bound against quadrature, and limits."""

from __future__ import annotations

import itertools
import math
import random

import mpmath as mp
import numpy as np
import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import asian, black_scholes
from optionix_core.pricing._average import _continuous_moments, _fixed_moments

TABLE = [
    # J. Vecer, "A new PDE approach for pricing arithmetic average Asian options", J. Comp. Finance 4 (2001), table 1:
    # spot, rate, volatility, expiry, price at strike 2 without yield
    (2.0, 0.02, 0.10, 1, 0.055986),
    (2.0, 0.18, 0.30, 1, 0.218388),
    (2.0, 0.0125, 0.25, 2, 0.172269),
    (1.9, 0.05, 0.50, 1, 0.193174),
    (2.0, 0.05, 0.50, 1, 0.246416),
    (2.1, 0.05, 0.50, 1, 0.306220),
    (2.0, 0.05, 0.50, 2, 0.350095),
]


@pytest.mark.parametrize(("spot", "rate", "vol", "expiry", "exact"), TABLE)
def test_the_conditioned_price_is_a_close_lower_bound_of_published_prices(
    spot: float, rate: float, vol: float, expiry: float, exact: float
) -> None:
    price = asian.arithmetic_price("call", spot, 2.0, expiry, rate, 0.0, vol, method="curran")
    assert exact - 4e-4 < price < exact + 1e-6


def test_published_geometric_prices() -> None:
    # Haug (2007), geometric average rate: put, spot 80, strike 85, a quarter, 5%, yield -3%, volatility 20%
    assert asian.geometric_price("put", 80, 85, 0.25, 0.05, -0.03, 0.2) == pytest.approx(4.6922, abs=1e-4)
    # L. Clewlow and C. Strickland, Implementing Derivatives Models (1998), p. 118: ten fixings over a year
    times = [k / 10 for k in range(1, 11)]
    assert asian.geometric_price("call", 100, 100, 1, 0.06, 0.03, 0.2, times) == pytest.approx(5.3425606635, abs=1e-9)


def test_one_fixing_at_expiry_is_the_european_option() -> None:
    vanilla = black_scholes.price("call", 100, 95, 0.7, 0.05, 0.02, 0.3)
    for price in (
        asian.geometric_price("call", 100, 95, 0.7, 0.05, 0.02, 0.3, [0.7]),
        asian.arithmetic_price("call", 100, 95, 0.7, 0.05, 0.02, 0.3, [0.7]),
        asian.arithmetic_price("call", 100, 95, 0.7, 0.05, 0.02, 0.3, [0.7], method="curran"),
    ):
        assert price == pytest.approx(vanilla, abs=1e-12)


def test_geometric_fixings_have_the_variance_of_the_double_sum_and_tend_to_the_continuous_average() -> None:
    times = np.array([0.1, 0.25, 0.3, 0.8, 1.1])
    vol, rate, dividend = 0.35, 0.04, 0.01
    variance = vol**2 * np.minimum.outer(times, times).mean()
    mean = (rate - dividend - vol**2 / 2) * times.mean()
    forward = 100 * math.exp(mean + variance / 2)
    expected = black_scholes.price("put", forward, 97, 1.0, 0.0, 0.0, math.sqrt(variance)) * math.exp(-rate * 1.2)
    price = asian.geometric_price("put", 100, 97, 1.2, rate, dividend, vol, times)
    assert price == pytest.approx(expected, abs=1e-12)
    many = [(k + 0.5) / 20000 for k in range(20000)]
    dense = asian.geometric_price("call", 100, 97, 1.0, rate, dividend, vol, many)
    assert dense == pytest.approx(asian.geometric_price("call", 100, 97, 1.0, rate, dividend, vol), abs=1e-6)


@pytest.mark.parametrize(
    ("growth", "variance"), [(0.05, 0.04), (0.0, 0.25), (-0.04, 0.04), (1e-9, 1e-6), (8.0, 30.0), (-3.0, 25.0)]
)
def test_the_first_two_moments_of_the_continuous_average_are_exact(growth: float, variance: float) -> None:
    with mp.workdps(60):
        g, v = mp.mpf(growth), mp.mpf(variance)
        mean = mp.expm1(g) / g if g else mp.mpf(1)
        inner = lambda u: 2 * mp.exp(g * u) * mp.expm1(v * u) * mp.quad(lambda t: mp.exp(g * t), [u, 1])  # noqa: E731
        with mp.workdps(25):
            excess = mp.quad(inner, [0, 1])
    got = _continuous_moments(np.array([growth]), np.array([variance]))
    assert got[0][0] == pytest.approx(float(mean), rel=1e-14)
    assert got[1][0] == pytest.approx(float(excess), rel=1e-12)


def test_the_first_two_moments_of_fixings_are_exact() -> None:
    times, carry, vol2 = np.array([0.0, 0.2, 0.5, 1.3]), 0.07, 0.09
    forwards = np.exp(carry * times)
    excess = np.mean(np.outer(forwards, forwards) * np.expm1(vol2 * np.minimum.outer(times, times)))
    got = _fixed_moments(times, np.array([carry]), np.array([vol2]))
    assert got[0][0] == pytest.approx(forwards.mean(), rel=1e-15)
    assert got[1][0] == pytest.approx(excess, rel=1e-15)


@pytest.mark.parametrize("seed", range(6))
def test_the_conditioned_price_is_the_integral_over_the_geometric_average(seed: int) -> None:
    draw = random.Random(seed)
    times = np.array(sorted(draw.uniform(0.05, 2) for _ in range(draw.randint(2, 9))))
    rate, dividend, vol = draw.uniform(-0.02, 0.1), draw.uniform(-0.02, 0.1), draw.uniform(0.1, 0.7)
    strike, expiry = draw.uniform(80, 120), float(times[-1])
    covariance = vol**2 * np.minimum.outer(times, times)
    loadings = covariance.mean(axis=0) / math.sqrt(covariance.mean())
    nodes, weights = np.polynomial.legendre.leggauss(60)
    forwards = 100 * np.exp((rate - dividend) * times)

    def conditional(z: np.ndarray) -> np.ndarray:
        return np.mean(forwards * np.exp(np.multiply.outer(z, loadings) - loadings**2 / 2), axis=-1)

    low, high = -10.0, 13.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if conditional(np.array(middle)) < strike else (low, middle)
    for sign, (begin, end) in ((1, (low, 13.0)), (-1, (-10.0, low))):
        total = 0.0
        for left, right in itertools.pairwise(np.linspace(begin, end, 16)):
            z = left + 0.5 * (right - left) * (1 + nodes)
            density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
            total += float(0.5 * (right - left) * np.sum(weights * density * sign * (conditional(z) - strike)))
        price = asian.arithmetic_price(sign, 100, strike, expiry, rate, dividend, vol, times, method="curran")
        assert price == pytest.approx(math.exp(-rate * expiry) * total, abs=1e-11)


def two_fixings(strike: float, times: tuple[float, float], rate: float, vol: float) -> float:
    """A call on the average of two fixings, exactly: Black's formula for the second given the first."""
    first, rest = times[0], times[1] - times[0]
    edges = np.linspace(-10, 10, 201)
    nodes, weights = np.polynomial.legendre.leggauss(20)
    half = 0.5 * np.diff(edges)[:, None]
    z = (edges[:-1, None] + half * (1 + nodes)).ravel()
    mass = (half * weights).ravel() * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    there = 100 * np.exp((rate - vol**2 / 2) * first + vol * math.sqrt(first) * z)
    left = 2 * strike - there
    sure = 0.5 * (there * math.exp(rate * rest) - left) * math.exp(-rate * rest)
    option = 0.5 * black_scholes.price("call", there, np.where(left > 0, left, 1.0), rest, rate, 0.0, vol)
    return float(math.exp(-rate * first) * np.sum(mass * np.where(left > 0, option, sure)))


@pytest.mark.parametrize(("strike", "vol"), [(95, 0.2), (100, 0.3), (110, 0.3), (120, 0.5)])
def test_both_approximations_are_near_the_exact_price_of_two_fixings(strike: float, vol: float) -> None:
    exact = two_fixings(strike, (0.5, 1.0), 0.05, vol)
    arguments = ("call", 100, strike, 1.0, 0.05, 0.0, vol, [0.5, 1.0])
    assert exact - 0.02 < asian.arithmetic_price(*arguments, method="curran") < exact + 1e-10
    assert asian.arithmetic_price(*arguments) == pytest.approx(exact, abs=0.15)


def test_geometric_calls_are_cheapest_and_parity_holds() -> None:
    rng = np.random.default_rng(9)
    n = 500
    strike = rng.uniform(70, 130, n)
    market = (rng.uniform(0.5, 3, n), rng.uniform(-0.03, 0.1, n), rng.uniform(-0.03, 0.1, n), rng.uniform(0.0, 0.6, n))
    for times in (None, [0.1, 0.3, 0.5]):
        geometric = asian.geometric_price("call", 100.0, strike, *market, times)
        prices = {}
        for method in ("turnbull-wakeman", "curran"):
            call, put = (asian.arithmetic_price(k, 100.0, strike, *market, times, method) for k in ("call", "put"))
            carry = market[1] - market[2]
            mean = np.expm1(carry * market[0]) / (carry * market[0])
            if times is not None:
                mean = np.mean([np.exp(carry * t) for t in times], axis=0)
            forward = np.exp(-market[1] * market[0]) * (100.0 * mean - strike)
            assert call - put == pytest.approx(forward, abs=1e-11)
            prices[method] = call
        assert (geometric <= prices["curran"] + 1e-11).all()


def test_no_time_and_no_volatility_are_limits() -> None:
    assert asian.geometric_price("call", 100, 95, 0, 0.05, 0, 0.2) == 5.0
    for method in ("turnbull-wakeman", "curran"):
        assert asian.arithmetic_price("call", 100, 95, 0, 0.05, 0, 0.2, method=method) == 5.0
        still = asian.arithmetic_price("call", 100, 95, 1, 0.05, 0, 0, method=method)
        assert still == pytest.approx(math.exp(-0.05) * (100 * math.expm1(0.05) / 0.05 - 95), rel=1e-13)
        assert asian.arithmetic_price("put", 100, 105, 1, 0, 0, 0.2, [0.0], method=method) == 5.0


def test_bad_input_is_named() -> None:
    with pytest.raises(InvalidValueError, match=r"fixing_times must be .*increasing \(got 0.5 at row 1\)"):
        asian.geometric_price("call", 100, 95, 1, 0.05, 0, 0.2, [0.5, 0.5])
    with pytest.raises(InvalidValueError, match=r"expiry must be at least the last fixing time 2.0 \(got 1.0\)"):
        asian.geometric_price("call", 100, 95, 1, 0.05, 0, 0.2, [0.5, 2])
    with pytest.raises(InvalidValueError, match="paths are simulated by no closed form"):
        asian.arithmetic_price("call", 100, 95, 1, 0.05, 0, 0.2, method="monte-carlo")
    with pytest.raises(InvalidValueError, match='method must be one of "turnbull-wakeman"'):
        asian.arithmetic_price("call", 100, 95, 1, 0.05, 0, 0.2, method="guess")  # type: ignore[arg-type]
