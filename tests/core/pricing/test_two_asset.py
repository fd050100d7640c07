"""Two assets: published values, quadrature by other routes, parity, symmetry and limits of correlation."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import black_scholes, two_asset
from optionix_core.pricing._bivariate import bivariate_cdf

NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)


def composite(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    half = 0.5 * np.diff(edges)[:, None]
    return (edges[:-1, None] + half * (1 + NODES)).ravel(), (half * WEIGHTS).ravel()


def test_published_values() -> None:
    # Haug (2007), options on the minimum or maximum of two assets: spots 100 and 105, strike 98, half a year,
    # 5%, yields 6% and 9%
    market = (100, 105, 98, 0.5, 0.05, 0.06, 0.09, 0.11, 0.16, 0.63)
    assert two_asset.minimum("call", *market) == pytest.approx(2.9340, abs=1e-4)
    assert two_asset.maximum("call", *market) == pytest.approx(8.0701, abs=1e-4)
    assert two_asset.minimum("put", *market) == pytest.approx(3.5224, abs=1e-4)
    assert two_asset.maximum("put", *market) == pytest.approx(1.2181, abs=1e-4)
    # the same, spread options on futures by Kirk's approximation; futures carry at zero
    kirk = two_asset.spread("call", 122, 120, 3, 0.1, 0.1, 0.1, 0.1, 0.2, 0.2, -0.5, method="kirk")
    assert kirk == pytest.approx(4.7530, abs=1e-4)


def draws(seed: int) -> tuple[float, ...]:
    draw = random.Random(seed)
    expiry, rate = draw.uniform(0.1, 3), draw.uniform(-0.03, 0.1)
    yields = (draw.uniform(-0.02, 0.08), draw.uniform(-0.02, 0.08))
    vols = (draw.uniform(0.08, 0.6), draw.uniform(0.08, 0.6))
    correlation = draw.choice([draw.uniform(-0.95, 0.95), 0.999, -0.9999, 1.0, -1.0])
    return draw.uniform(70, 130), draw.uniform(70, 130), expiry, rate, *yields, *vols, correlation


@pytest.mark.parametrize("seed", range(10))
def test_the_lesser_is_the_integral_of_its_distribution(seed: int) -> None:
    spot_1, spot_2, expiry, rate, q1, q2, v1, v2, rho = draws(seed)
    strike = 95.0
    s1, s2 = v1 * math.sqrt(expiry), v2 * math.sqrt(expiry)
    middle_1 = math.log(spot_1) + (rate - q1) * expiry - s1 * s1 / 2
    middle_2 = math.log(spot_2) + (rate - q2) * expiry - s2 * s2 / 2
    highest = max(middle_1, middle_2) + 10 * max(s1, s2)
    kink = (middle_1 - middle_2) / (s2 - s1)
    grades = [middle_1 + s1 * kink * sign + side * 0.5**k for k in range(30) for sign in (1, -1) for side in (1, -1)]
    grades += [
        (middle_1 / s1 + middle_2 / s2) / (1 / s1 + 1 / s2) + side * 0.5**k for k in range(30) for side in (1, -1)
    ]
    edges = np.unique(np.clip([*np.linspace(math.log(strike), highest, 60), *grades], math.log(strike), highest))
    y, mass = composite(edges)
    above = bivariate_cdf((middle_1 - y) / s1, (middle_2 - y) / s2, np.array(rho))
    expected = math.exp(-rate * expiry) * float(np.sum(mass * np.exp(y) * above))
    market = (expiry, rate, q1, q2, v1, v2, rho)
    assert two_asset.minimum("call", spot_1, spot_2, strike, *market) == pytest.approx(expected, abs=2e-11)


@pytest.mark.parametrize("seed", range(10))
def test_a_spread_is_the_same_when_the_other_asset_is_given(seed: int) -> None:
    spot_1, spot_2, expiry, rate, q1, q2, v1, v2, rho = draws(seed)
    strike = random.Random(seed).uniform(-30, 30)
    s1, s2 = v1 * math.sqrt(expiry), v2 * math.sqrt(expiry)
    grid = np.linspace(-11, 11, 400)
    if abs(rho) > 0.99:
        payoff = spot_1 * np.exp((rate - q1) * expiry - s1 * s1 / 2 + s1 * (w := np.linspace(-10, 10, 400001)))
        payoff -= spot_2 * np.exp((rate - q2) * expiry - s2 * s2 / 2 + math.copysign(1, rho) * s2 * w) + strike
        turns = w[:-1][np.diff(np.sign(payoff)) != 0]
        grid = np.unique([*grid, *(t + side * 0.5**k for t in turns for k in range(20) for side in (1, -1))])
    z, mass = composite(grid)
    mass = mass * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    given = spot_1 * np.exp((rate - q1) * expiry - s1 * s1 / 2 + s1 * z) - strike
    forward = spot_2 * np.exp((rate - q2) * expiry - rho * rho * s2 * s2 / 2 + rho * s2 * z)
    rest = np.full_like(z, s2 * math.sqrt(1 - rho * rho))
    floor = np.where(given > 0, given, 1.0)
    for sign in (1, -1):
        worth = np.where(given > 0, black_scholes.price(-sign, forward, floor, 1.0, 0.0, 0.0, rest), 0.0)
        if sign < 0:
            worth = np.where(given > 0, worth, forward - given)
        expected = math.exp(-rate * expiry) * float(np.sum(mass * worth))
        price = two_asset.spread(sign, spot_1, spot_2, strike, expiry, rate, q1, q2, v1, v2, rho)
        assert price == pytest.approx(expected, abs=1e-10 if abs(rho) < 0.99 else 1e-7)


def test_a_spread_of_strike_zero_is_an_exchange() -> None:
    for seed in range(12):
        spot_1, spot_2, *market = draws(seed)
        for sign in (1, -1):
            exchange = two_asset.exchange(sign, spot_1, spot_2, 0, *market)
            assert two_asset.spread(sign, spot_1, spot_2, 0, *market) == pytest.approx(exchange, abs=2e-12)
            assert two_asset.spread(sign, spot_1, spot_2, 0, *market, method="kirk") == pytest.approx(
                exchange, abs=1e-12
            )


def test_parity_symmetry_and_bounds() -> None:
    rng = np.random.default_rng(2)
    n = 800
    s1, s2, strike = rng.uniform(60, 140, (3, n))
    rate, q1, q2 = rng.uniform(-0.03, 0.1, (3, n))
    v1, v2 = rng.uniform(0.0, 0.7, (2, n))
    rho, expiry = rng.uniform(-1, 1, n), rng.uniform(0.01, 3, n)
    market, mirrored = (expiry, rate, q1, q2, v1, v2, rho), (expiry, rate, q2, q1, v2, v1, rho)
    discount = np.exp(-rate * expiry)
    f1, f2 = s1 * np.exp(-q1 * expiry), s2 * np.exp(-q2 * expiry)
    for kind in ("call", "put"):
        lesser, greater = (f(kind, s1, s2, strike, *market) for f in (two_asset.minimum, two_asset.maximum))
        single = (
            black_scholes.price(kind, s1, strike, expiry, rate, q1, v1),
            black_scholes.price(kind, s2, strike, expiry, rate, q2, v2),
        )
        assert lesser + greater == pytest.approx(single[0] + single[1], abs=1e-11)
        assert lesser == pytest.approx(two_asset.minimum(kind, s2, s1, strike, *mirrored), abs=1e-11)
        bound = np.minimum(*single) if kind == "call" else np.maximum(*single)
        assert ((lesser <= bound + 1e-11) if kind == "call" else (lesser >= bound - 1e-11)).all()
    call, put = (two_asset.spread(kind, s1, s2, strike - 100, *market) for kind in ("call", "put"))
    assert call - put == pytest.approx(f1 - f2 - (strike - 100) * discount, abs=1e-11)
    swapped = two_asset.spread("put", s2, s1, 100 - strike, *mirrored)
    assert call == pytest.approx(swapped, abs=1e-11)
    dearer = two_asset.spread("call", s1, s2, 0.0, expiry, rate, q1, q2, v1, v2, -1.0)
    assert (dearer >= two_asset.spread("call", s1, s2, 0.0, *market) - 1e-11).all()


def test_limits() -> None:
    same = two_asset.minimum("call", 100, 100, 95, 1, 0.05, 0, 0, 0.2, 0.2, 1.0)
    vanilla = black_scholes.price("call", 100, 95, 1, 0.05, 0, 0.2)
    assert same == pytest.approx(vanilla, abs=1e-12)
    assert two_asset.maximum("put", 100, 100, 95, 1, 0.05, 0, 0, 0.2, 0.2, 1.0) == pytest.approx(
        black_scholes.price("put", 100, 95, 1, 0.05, 0, 0.2), abs=1e-12
    )
    assert two_asset.spread("call", 100, 1e-100, 95, 1, 0.05, 0, 0, 0.2, 0.3, 0.4) == pytest.approx(vanilla, abs=1e-12)
    assert two_asset.spread("call", 110, 100, 3, 0, 0.05, 0, 0, 0.2, 0.3, 0.4) == pytest.approx(7.0, abs=1e-13)
    assert two_asset.minimum("put", 110, 100, 103, 0, 0.05, 0, 0, 0.2, 0.3, 0.4) == 3.0
    assert two_asset.minimum("call", 110, 100, 0, 1, 0.05, 0, 0, 0, 0, 0.4) == 100.0
    assert two_asset.exchange("call", 110, 100, 0, 0, 0.05, 0, 0, 0.2, 0.3, 1) == 10.0
    assert two_asset.spread("call", 110, 100, -120, 1, 0, 0, 0, 0, 0, 0) == pytest.approx(130.0, abs=1e-12)


def test_bad_input_is_named() -> None:
    with pytest.raises(InvalidValueError, match=r"correlation must be from -1 to 1 \(got 1.5 at row 1\)"):
        two_asset.minimum("call", 100, 100, 95, 1, 0, 0, 0, 0.2, 0.2, [0.5, 1.5])
    with pytest.raises(InvalidValueError, match=r"strike must be zero for an exchange \(got 5.0\)"):
        two_asset.exchange("call", 100, 100, 5, 1, 0, 0, 0, 0.2, 0.2, 0.5)
    with pytest.raises(InvalidValueError, match="strike must be above minus the forward of asset 2"):
        two_asset.spread("call", 100, 100, -101, 1, 0, 0, 0, 0.2, 0.2, 0.5, method="kirk")


def test_spreads_of_huge_deviations_neither_overflow_nor_leave_their_bounds() -> None:
    deviation = np.array([5.0, 15.0, 26.0, 35.0])
    for rho in (-0.9, 0.0, 0.9):
        price = two_asset.spread("call", 100.0, 30.0, 5.0, 1.0, 0.02, 0.0, 0.0, deviation, 0.3, rho)
        assert ((price > 90) & (price <= 100 + 1e-9)).all()
