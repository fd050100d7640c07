"""Options on options and choosers against integrals of the European price, parity and limits."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import black_scholes, chooser, compound

NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)


def prices_at(
    time: float, rate: float, dividend: float, vol: float, kinks: list[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Prices of spot 100 at a time, and discounted risk-neutral masses; panels close in on the kinks."""
    s = vol * math.sqrt(time)
    edges = [*np.linspace(-10, 10 + 2 * s, 80)]
    for kink in kinks:
        at = (math.log(kink / 100) - (rate - dividend - vol * vol / 2) * time) / s
        edges += [at, *(at + side * 0.5**k for k in range(24) for side in (1, -1))]
    ordered = np.unique(np.clip(edges, -10, 10 + 2 * s))
    half = 0.5 * np.diff(ordered)[:, None]
    z = (ordered[:-1, None] + half * (1 + NODES)).ravel()
    mass = (half * WEIGHTS).ravel() * np.exp(-z * z / 2 - rate * time) / math.sqrt(2 * math.pi)
    return 100 * np.exp((rate - dividend - vol * vol / 2) * time + s * z), mass


def crossing(gap: object, low: float, high: float) -> float:
    assert callable(gap)
    for _ in range(200):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if gap(middle) < 0 else (low, middle)
    return low


def test_published_compounds() -> None:
    # Haug (2007), options on options, prints 21.1965; the integral over the call's price at the first expiry
    # says 21.19635
    assert compound.price("put", "call", 500, 50, 520, 0.25, 0.5, 0.08, 0.03, 0.35) == pytest.approx(21.1965, abs=2e-4)
    # compoundoption of the published QuantLib suite: spot 1.20, two years, 1%, volatility 11%
    assert compound.price("call", "call", 1.2, 0.05, 1.14, 0.5, 2, 0.01, 0, 0.11) == pytest.approx(0.0729, abs=1e-4)


def test_the_last_digit_of_a_published_compound_is_contradicted_by_integration() -> None:
    kink = crossing(lambda x: black_scholes.price("call", x, 520.0, 0.25, 0.08, 0.03, 0.35) - 50, 1.0, 1e5) / 5
    spots, mass = prices_at(0.25, 0.08, 0.03, 0.35, [kink])
    worth = black_scholes.price("call", 5 * spots, 520.0, 0.25, 0.08, 0.03, 0.35)
    integral = float(np.sum(mass * np.maximum(50 - worth, 0)))
    price = compound.price("put", "call", 500, 50, 520, 0.25, 0.5, 0.08, 0.03, 0.35)
    assert price == pytest.approx(integral, abs=1e-10)
    assert integral == pytest.approx(21.19635, abs=1e-5)


@pytest.mark.parametrize("seed", range(16))
def test_compounds_agree_with_the_integral_over_the_underlying_options_price(seed: int) -> None:
    draw = random.Random(seed)
    vol, rate, dividend = draw.uniform(0.08, 0.7), draw.uniform(-0.04, 0.1), draw.uniform(-0.02, 0.08)
    last = draw.uniform(0.1, 4)
    first = last * draw.choice([draw.uniform(0.02, 0.98), 0.999])
    strike, inner_strike = draw.choice([0.5, 4.0, 12.0, 150.0]), draw.uniform(80, 120)
    rest = last - first
    for inner in (1, -1):

        def worth(spot: object, inner: int = inner) -> np.ndarray:
            return black_scholes.price(inner, spot, inner_strike, rest, rate, dividend, vol)  # type: ignore[return-value, call-overload]

        kink = crossing(lambda x: inner * (worth(x) - strike), 1e-6, 1e6)  # noqa: B023 - used at once
        spots, mass = prices_at(first, rate, dividend, vol, [kink, inner_strike])
        for sign in (1, -1):
            expected = float(np.sum(mass * np.maximum(sign * (worth(spots) - strike), 0)))
            price = compound.price(sign, inner, 100, strike, inner_strike, first, last, rate, dividend, vol)
            assert price == pytest.approx(expected, abs=2e-11)


def test_compound_parity_and_limits() -> None:
    rng = np.random.default_rng(3)
    n = 600
    last = rng.uniform(0.0, 3, n)
    first = last * rng.choice([0.0, 0.3, 0.7, 1.0], n)
    rate, dividend, vol = rng.uniform(-0.03, 0.1, n), rng.uniform(-0.03, 0.1, n), rng.uniform(0.0, 0.6, n)
    strike, inner_strike = rng.uniform(0, 20, n), rng.uniform(70, 130, n)
    for inner in ("call", "put"):
        vanilla = black_scholes.price(inner, 100.0, inner_strike, last, rate, dividend, vol)
        call, put = (
            compound.price(kind, inner, 100.0, strike, inner_strike, first, last, rate, dividend, vol)
            for kind in ("call", "put")
        )
        assert call - put == pytest.approx(vanilla - strike * np.exp(-rate * first), abs=1e-11)
        assert (call <= vanilla + 1e-11).all()
        free = compound.price("call", inner, 100.0, 0.0, inner_strike, first, last, rate, dividend, vol)
        assert free == pytest.approx(vanilla, abs=1e-11)
        now = compound.price("call", inner, 100.0, strike, inner_strike, 0.0, last, rate, dividend, vol)
        assert now == pytest.approx(np.maximum(vanilla - strike, 0), abs=1e-11)
    together = compound.price("call", "call", 100, 5, 98, 1, 1, 0.05, 0.01, 0.2)
    assert together == pytest.approx(black_scholes.price("call", 100, 103, 1, 0.05, 0.01, 0.2), abs=1e-12)


def test_published_choosers() -> None:
    # Haug (2007), simple and complex choosers
    assert chooser.simple_price(50, 50, 0.25, 0.5, 0.08, 0, 0.25) == pytest.approx(6.1071, abs=1e-4)
    assert chooser.complex_price(50, 55, 48, 0.25, 0.5, 0.5833, 0.1, 0.05, 0.35) == pytest.approx(6.0508, abs=1e-4)


@pytest.mark.parametrize("seed", range(16))
def test_choosers_agree_with_the_integral_over_the_better_option(seed: int) -> None:
    draw = random.Random(seed)
    vol, rate, dividend = draw.uniform(0.08, 0.7), draw.uniform(-0.04, 0.1), draw.uniform(-0.02, 0.08)
    choice = draw.uniform(0.05, 1)
    lives = [choice + draw.uniform(0.02, 2) for _ in range(2)]
    strikes = [draw.uniform(70, 130) for _ in range(2)]

    def pair(spot: object) -> list[np.ndarray]:
        return [
            black_scholes.price(sign, spot, strike, life - choice, rate, dividend, vol)  # type: ignore[misc, call-overload]
            for sign, strike, life in zip((1, -1), strikes, lives, strict=True)
        ]

    kink = crossing(lambda x: float(np.subtract(*pair(x))), 1.0, 1e4)
    spots, mass = prices_at(choice, rate, dividend, vol, [kink, *strikes])
    expected = float(np.sum(mass * np.maximum(*pair(spots))))
    price = chooser.complex_price(100, *strikes, choice, *lives, rate, dividend, vol)
    assert price == pytest.approx(expected, abs=2e-11)
    alike = chooser.complex_price(100, strikes[0], strikes[0], choice, lives[0], lives[0], rate, dividend, vol)
    simple = chooser.simple_price(100, strikes[0], choice, lives[0], rate, dividend, vol)
    assert simple == pytest.approx(alike, abs=1e-11)


def test_a_chooser_lies_between_the_better_option_and_the_straddle() -> None:
    times = np.linspace(0, 1, 21)
    price = chooser.simple_price(100.0, 105.0, times, 1.0, 0.05, 0.02, 0.3)
    call, put = (black_scholes.price(kind, 100.0, 105.0, 1.0, 0.05, 0.02, 0.3) for kind in ("call", "put"))
    assert price[0] == pytest.approx(max(call, put), abs=1e-12)
    assert price[-1] == pytest.approx(call + put, abs=1e-12)
    assert (np.diff(price) > 0).all()
    ends = [chooser.complex_price(100.0, 105.0, 105.0, t, 1.0, 1.0, 0.05, 0.02, 0.3) for t in (0.0, 1.0)]
    assert ends == pytest.approx([max(call, put), call + put], abs=1e-12)
    assert chooser.complex_price(100, 90, 95, 1, 1, 1, 0.05, 0, 0) == pytest.approx(100 - 90 * math.exp(-0.05))


def test_bad_input_is_named() -> None:
    with pytest.raises(
        InvalidValueError, match=r"expiry must be zero or more years, at most underlying_expiry .*row 1"
    ):
        compound.price("call", "call", 100, 5, 100, [0.5, 2.0], 1, 0, 0, 0.2)
    with pytest.raises(InvalidValueError, match="underlying_option_type must be"):
        compound.price("call", "straddle", 100, 5, 100, 0.5, 1, 0, 0, 0.2)
    with pytest.raises(InvalidValueError, match=r"choice_time must be .*at most put_expiry \(got 0.7\)"):
        chooser.complex_price(100, 100, 100, 0.7, 1, 0.5, 0, 0, 0.2)
