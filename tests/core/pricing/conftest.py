"""References of 50 digits, computed here by mpmath from the definition: the price formula and its derivatives."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator

import mpmath as mp
import pytest

Option = tuple[int, float, float, float, float, float, float]
"""Sign, spot, strike, expiry, rate, dividend yield, volatility."""

DERIVATIVES = {
    # name: (sign, orders in spot, strike, expiry, rate, yield, volatility); calendar time runs against expiry
    "price": (1, (0, 0, 0, 0, 0, 0)),
    "delta": (1, (1, 0, 0, 0, 0, 0)),
    "gamma": (1, (2, 0, 0, 0, 0, 0)),
    "vega": (1, (0, 0, 0, 0, 0, 1)),
    "theta": (-1, (0, 0, 1, 0, 0, 0)),
    "rho": (1, (0, 0, 0, 1, 0, 0)),
    "epsilon": (1, (0, 0, 0, 0, 1, 0)),
    "vanna": (1, (1, 0, 0, 0, 0, 1)),
    "volga": (1, (0, 0, 0, 0, 0, 2)),
    "charm": (-1, (1, 0, 1, 0, 0, 0)),
    "veta": (-1, (0, 0, 1, 0, 0, 1)),
    "speed": (1, (3, 0, 0, 0, 0, 0)),
    "zomma": (1, (2, 0, 0, 0, 0, 1)),
    "color": (-1, (2, 0, 1, 0, 0, 0)),
    "ultima": (1, (0, 0, 0, 0, 0, 3)),
    "dual_delta": (1, (0, 1, 0, 0, 0, 0)),
    "dual_gamma": (1, (0, 2, 0, 0, 0, 0)),
}


@pytest.fixture(autouse=True)
def digits() -> Iterator[None]:
    with mp.workdps(50):
        yield


def exact_price(sign: int, *arguments: object) -> mp.mpf:
    """Merton (1973), section 6, at the working precision."""
    spot, strike, expiry, rate, dividend_yield, volatility = (mp.mpf(value) for value in arguments)
    deviation = volatility * mp.sqrt(expiry)
    d1 = (mp.log(spot / strike) + (rate - dividend_yield) * expiry) / deviation + deviation / 2
    asset = spot * mp.exp(-dividend_yield * expiry) * mp.ncdf(sign * d1)
    cash = strike * mp.exp(-rate * expiry) * mp.ncdf(sign * (d1 - deviation))
    return sign * (asset - cash)


def exact_greek(name: str, sign: int, *arguments: float) -> mp.mpf:
    """A derivative of `exact_price` by high-precision differences, in coordinates scaled by the deviation."""
    factor, orders = DERIVATIVES[name]
    point = [mp.mpf(value) for value in arguments]
    spread = point[5] * mp.sqrt(point[2])
    scales = [point[0] * spread, point[1] * spread, point[2], mp.mpf(1), mp.mpf(1), point[5]]
    moved = [axis for axis in range(6) if orders[axis]]

    def shifted(*steps: mp.mpf) -> mp.mpf:
        there = list(point)
        for axis, step in zip(moved, steps, strict=True):
            there[axis] += scales[axis] * step
        return exact_price(sign, *there)

    if not moved:
        return shifted()
    if len(moved) == 1:
        derivative = mp.diff(shifted, 0, orders[moved[0]])
    else:
        derivative = mp.diff(shifted, (0,) * len(moved), tuple(orders[axis] for axis in moved))
    for axis in moved:
        derivative /= scales[axis] ** orders[axis]
    return factor * derivative


def sampled(seed: int, rows: int, reach: float) -> list[Option]:
    """Options over one hour to thirty years and 0.1% to 500%, up to `reach` deviations from the forward."""
    draw = random.Random(seed)
    options: list[Option] = []
    while len(options) < rows:
        expiry = math.exp(draw.uniform(math.log(1 / 8766), math.log(30)))
        volatility = math.exp(draw.uniform(math.log(0.001), math.log(5)))
        rate = draw.choice([0.0, draw.uniform(-0.03, 0.15)])
        dividend_yield = draw.choice([0.0, draw.uniform(-0.03, 0.1)])
        spot = draw.uniform(1, 1000)
        distance = draw.uniform(-reach, reach) * volatility * math.sqrt(expiry)
        if abs(distance) < 300:
            strike = spot * math.exp((rate - dividend_yield) * expiry + distance)
            options.append((draw.choice([1, -1]), spot, strike, expiry, rate, dividend_yield, volatility))
    return options


@pytest.fixture
def reference_price() -> Callable[..., mp.mpf]:
    return exact_price


@pytest.fixture
def reference_greek() -> Callable[..., mp.mpf]:
    return exact_greek


@pytest.fixture
def sample() -> Callable[[int, int, float], list[Option]]:
    return sampled
