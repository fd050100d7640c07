"""Digitals and touches: published values, quadrature over the first-passage density, parity and limits."""

from __future__ import annotations

import math
import random

import mpmath as mp
import numpy as np
import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import digital


def first_hit(
    spot: float, barrier: float, expiry: float, rate: float, carry: float, vol: float, discount: float
) -> mp.mpf:
    """E[exp(-discount tau); tau <= expiry] over the inverse Gaussian density of the first passage."""
    with mp.workdps(25):
        h, m = mp.log(mp.mpf(barrier) / spot), mp.mpf(carry) - mp.mpf(vol) ** 2 / 2

        def density(t: mp.mpf) -> mp.mpf:
            return (
                abs(h)
                / (vol * mp.sqrt(2 * mp.pi * t**3))
                * mp.exp(-((h - m * t) ** 2) / (2 * vol**2 * t) - discount * t)
            )

        peak = min(h * h / (3 * mp.mpf(vol) ** 2), mp.mpf(expiry))
        return mp.quad(density, [0, peak / 16, peak / 4, peak, *(peak + (expiry - peak) * k / 8 for k in range(1, 9))])


def test_published_values() -> None:
    # Haug (2007), The Complete Guide to Option Pricing Formulas, binary options
    assert digital.cash_or_nothing("put", 100, 80, 0.75, 0.06, 0.06, 0.35, 10) == pytest.approx(2.6710, abs=5e-5)
    assert digital.asset_or_nothing("put", 70, 65, 0.5, 0.07, 0.05, 0.27) == pytest.approx(20.2069, abs=5e-5)
    # the same: a gap option is an asset digital less the second strike's cash digital
    gap = digital.asset_or_nothing("call", 50, 50, 0.5, 0.09, 0, 0.2) - digital.cash_or_nothing(
        "call", 50, 50, 0.5, 0.09, 0, 0.2, 57
    )
    assert gap == pytest.approx(-0.0053, abs=5e-5)
    # the same, binary barriers: cash 15, barrier 100, half a year, 10%, 20%
    assert digital.one_touch(105, 100, 0.5, 0.1, 0, 0.2, 15) == pytest.approx(9.7264, abs=5e-5)
    assert digital.one_touch(95, 100, 0.5, 0.1, 0, 0.2, 15) == pytest.approx(11.6553, abs=5e-5)
    assert digital.one_touch(105, 100, 0.5, 0.1, 0, 0.2, 15, "expiry") == pytest.approx(9.3604, abs=5e-5)
    assert digital.one_touch(95, 100, 0.5, 0.1, 0, 0.2, 15, pay_at="expiry") == pytest.approx(11.2223, abs=5e-5)
    assert digital.no_touch(105, 100, 0.5, 0.1, 0, 0.2, 15) == pytest.approx(4.9081, abs=5e-5)
    assert digital.asset_one_touch(105, 100, 0.5, 0.1, 0, 0.2) == pytest.approx(64.8426, abs=5e-5)


@pytest.mark.parametrize("seed", range(12))
def test_touches_agree_with_quadrature_over_the_first_passage(seed: int) -> None:
    draw = random.Random(seed)
    spot, vol, expiry = 100.0, draw.uniform(0.1, 0.6), draw.uniform(0.1, 4)
    rate, dividend = draw.choice([-0.12, -0.02, 0.0, 0.05, 0.15]), draw.uniform(-0.03, 0.1)
    barrier = spot * math.exp(draw.choice([-1, 1]) * draw.uniform(0.05, 1.5) * vol * math.sqrt(expiry))
    at_hit = first_hit(spot, barrier, expiry, rate, rate - dividend, vol, rate)
    touched = first_hit(spot, barrier, expiry, rate, rate - dividend, vol, 0.0)
    arguments = (spot, barrier, expiry, rate, dividend, vol)
    assert digital.one_touch(*arguments) == pytest.approx(float(at_hit), abs=1e-12)
    discount = math.exp(-rate * expiry)
    assert digital.one_touch(*arguments, pay_at="expiry") == pytest.approx(discount * float(touched), abs=1e-12)
    assert digital.no_touch(*arguments) == pytest.approx(discount * (1 - float(touched)), abs=1e-12)
    asset = first_hit(spot, barrier, expiry, rate, rate - dividend + vol * vol, vol, 0.0)
    assert digital.asset_one_touch(*arguments) == pytest.approx(
        spot * math.exp(-dividend * expiry) * float(asset), abs=1e-10
    )


def test_call_and_put_digitals_add_up_and_are_bounded() -> None:
    rng = np.random.default_rng(3)
    spot, strike = rng.uniform(50, 150, 500), rng.uniform(50, 150, 500)
    market = (
        rng.uniform(0, 3, 500),
        rng.uniform(-0.05, 0.1, 500),
        rng.uniform(-0.05, 0.1, 500),
        rng.uniform(0, 1, 500),
    )
    cash = [digital.cash_or_nothing(kind, spot, strike, *market, cash=7) for kind in ("call", "put")]
    asset = [digital.asset_or_nothing(kind, spot, strike, *market) for kind in (1, -1)]
    assert cash[0] + cash[1] == pytest.approx(7 * np.exp(-market[1] * market[0]), rel=1e-14)
    assert asset[0] + asset[1] == pytest.approx(spot * np.exp(-market[2] * market[0]), rel=1e-14)
    touch = digital.one_touch(spot, strike, *market, pay_at="expiry")
    both = touch + digital.no_touch(spot, strike, *market)
    assert both == pytest.approx(np.exp(-market[1] * market[0]), rel=1e-13)
    assert (touch >= 0).all()
    beyond = digital.cash_or_nothing(np.where(strike > spot, 1, -1), spot, strike, *market)
    assert (touch >= beyond - 1e-14).all()


def test_limits_without_time_or_volatility() -> None:
    assert digital.cash_or_nothing("call", 101, 100, 0, 0.05, 0, 0.2, 3) == 3.0
    assert digital.cash_or_nothing("put", 101, 100, 0, 0.05, 0, 0.2, 3) == 0.0
    assert digital.cash_or_nothing("call", 100, 100, 0, 0.05, 0, 0.2, 3) == 1.5
    assert digital.asset_or_nothing("call", 100, 104, 1, 0.05, 0, 0) == 100.0
    # a path that grows at 5% meets 102 after ln(1.02) / 0.05 years
    assert digital.one_touch(100, 102, 1, 0.05, 0, 0) == pytest.approx(1 / 1.02, rel=1e-15)
    assert digital.one_touch(100, 106, 1, 0.05, 0, 0) == 0.0
    assert digital.no_touch(100, 106, 1, 0.05, 0, 0) == pytest.approx(math.exp(-0.05), rel=1e-15)
    assert digital.one_touch(100, 102, 1, 0.05, 0, 1e-7) == pytest.approx(1 / 1.02, rel=1e-6)
    assert digital.one_touch(100, 100, 1, 0.05, 0, 0.2, 5) == 5.0
    assert digital.one_touch(100, 90, 0, 0.05, 0, 0.2, 5) == 0.0


def test_tiny_volatility_neither_overflows_nor_loses_bounds() -> None:
    vol = np.array([1e-8, 1e-5, 1e-3, 0.01, 0.02])
    for barrier in (99.0, 101.0):
        for rate in (-0.5, 0.0, 0.5):
            value = digital.one_touch(100.0, barrier, 1.0, rate, 0.0, vol)
            assert ((value >= 0) & (value <= math.exp(0.5))).all()


def test_a_bad_row_is_named() -> None:
    with pytest.raises(InvalidValueError, match=r"barrier must be positive.*got -1.0 at row 1"):
        digital.one_touch(100, [90.0, -1.0], 1, 0, 0, 0.2)
    with pytest.raises(InvalidValueError, match=r'pay_at must be one of "hit", "expiry"'):
        digital.one_touch(100, 90, 1, 0, 0, 0.2, pay_at="never")  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match=r"option_type must be .*'straddle'"):
        digital.cash_or_nothing("straddle", 100, 90, 1, 0, 0, 0.2)
    with pytest.raises(InvalidValueError, match=r"volatility must be zero or more.*got nan"):
        digital.no_touch(100, 90, 1, 0, 0, math.nan)
