"""The error function and exact sums against 50 digits."""

from __future__ import annotations

import math
import random

import mpmath as mp
import pytest

from optionix_core.pricing import _black, _special


def arguments(count: int) -> list[float]:
    draw = random.Random(31)
    return [
        draw.choice([draw.uniform(-5, 5), draw.uniform(-0.6, 0.6), 10 ** draw.uniform(-8, 2)]) for _ in range(count)
    ]


def test_the_scaled_error_function_is_right_to_a_few_ulps() -> None:
    for z in arguments(3000):
        exact = mp.exp(mp.mpf(z) ** 2) * mp.erfc(z)
        conditioning = 1.0 + 2.0 * max(-z, 0.0) ** 2
        assert abs(_special.scaled_erfc(z) / exact - 1) < 6e-16 * conditioning, z


def test_the_normal_distribution_keeps_its_digits_in_the_tail() -> None:
    for z in arguments(2000):
        if abs(z) < 37:
            assert abs(_special.normal_cdf(-abs(z)) / mp.ncdf(-abs(z)) - 1) < 2e-15, z
            assert abs(_special.normal_cdf(z) - mp.ncdf(z)) < 3e-16, z


def test_log_moneyness_is_right_beyond_double_precision() -> None:
    draw = random.Random(32)
    for _ in range(2000):
        spot = 10 ** draw.uniform(-5, 5)
        strike = spot * math.exp(draw.choice([draw.uniform(-8, 8), draw.gauss(0, 1e-9)]))
        rate, dividend_yield, expiry = draw.uniform(-0.1, 0.2), draw.uniform(-0.1, 0.2), 10 ** draw.uniform(-4, 1.5)
        high, low = _special.log_moneyness(spot, strike, rate, dividend_yield, expiry)
        exact = mp.log(mp.mpf(spot) / strike) + (mp.mpf(rate) - dividend_yield) * expiry
        assert abs(mp.mpf(high) + low - exact) < 6e-17
        assert abs(low) <= math.ulp(high)


def test_discounting_is_right_beyond_double_precision() -> None:
    draw = random.Random(33)
    for _ in range(2000):
        amount, rate, expiry = 10 ** draw.uniform(-3, 4), draw.uniform(-0.2, 0.3), 10 ** draw.uniform(-4, 1.5)
        high, low = _special.discounted(amount, rate, expiry)
        exact = amount * mp.exp(-mp.mpf(rate) * expiry)
        assert abs((mp.mpf(high) + low) / exact - 1) < 1e-16


@pytest.mark.parametrize("seed", range(4))
def test_the_normalised_black_function_is_as_right_as_its_argument_allows(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(600):
        s = 10 ** draw.uniform(-5, 1.5)
        h = -draw.choice([draw.uniform(0, 37), 10 ** draw.uniform(-4, 1.5), 0.0])
        x = h * s
        d1 = mp.mpf(x) / s + mp.mpf(s) / 2
        exact = mp.ncdf(d1) - mp.exp(-mp.mpf(x)) * mp.ncdf(d1 - s)
        if not 1e-290 < exact < 0.7:
            continue
        conditioning = max(float(s * mp.npdf(d1) / exact), 1.0)
        assert abs(_black.black_ratio(x, 0.0, s) / exact - 1) < 1.2e-15 * conditioning, (x, s)
        assert abs(_black.black_gap(x, 0.0, s) / (1 - exact) - 1) < 1e-14 * (1.0 + float(d1) ** 2), (x, s)
