"""What is left of a lognormal price between two absorbing barriers, by images or by sines, and options on it.

With x = ln(spot / lower) and l = ln(upper / lower), the logarithm's density at y is that of a free path under the
drift's exponential tilt, plus images at +-x + 2nl. Each image's mass between two points is taken in tail form, with the
weight inside the exponent, so that it never exceeds the free mass and nothing overflows. Six pairs of images suffice
while s <= l, eight sines beyond: the next term is below 1e-18 of the first. Nothing here checks its arguments.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx

from optionix_core.pricing._lognormal import ROOT_HALF, TINY, european

FloatArray = NDArray[np.float64]

IMAGES = 6
SINES = 8


def price(
    sign: FloatArray,
    kind: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    """Price of each row; `kind` is 0 for knock-out, 1 for knock-in."""
    vanilla = european(sign, spot, strike, expiry, rate, dividend_yield, volatility)
    s = volatility * np.sqrt(expiry)
    width = np.log(upper / lower)
    x = np.clip(np.log(spot / lower), 0.0, width)
    at_strike = np.clip(np.log(strike / lower), 0.0, width)
    start = np.where(sign > 0.0, at_strike, 0.0)
    end = np.where(sign > 0.0, width, at_strike)
    growth = (rate - dividend_yield) * expiry
    safe = np.where(s > TINY, s, width)
    asset = mass_between(x, width, start, end, growth + 0.5 * safe * safe, safe)
    cash = mass_between(x, width, start, end, growth - 0.5 * safe * safe, safe)
    legs = sign * (spot * np.exp(-dividend_yield * expiry) * asset - strike * np.exp(-rate * expiry) * cash)
    inside = (spot > lower) & (spot < upper)
    stays = (x + growth > 0.0) & (x + growth < width)
    alive = np.where(s > TINY, np.maximum(legs, 0.0), np.where(stays, vanilla, 0.0))
    out = np.where(inside, alive, 0.0)
    return np.where(kind == 0.0, out, np.maximum(vanilla - out, 0.0))


def survival(
    spot: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    """Probability that neither barrier is touched."""
    s = volatility * np.sqrt(expiry)
    width = np.log(upper / lower)
    x = np.clip(np.log(spot / lower), 0.0, width)
    growth = (rate - dividend_yield) * expiry
    safe = np.where(s > TINY, s, width)
    moving = mass_between(x, width, np.zeros_like(x), width, growth - 0.5 * safe * safe, safe)
    stays = (x + growth > 0.0) & (x + growth < width)
    inside = (spot > lower) & (spot < upper)
    return np.where(inside, np.where(s > TINY, np.clip(moving, 0.0, 1.0), stays), 0.0)


def mass_between(
    x: FloatArray, width: FloatArray, start: FloatArray, end: FloatArray, drift: FloatArray, s: FloatArray
) -> FloatArray:
    """Probability of surviving and ending with the logarithm between `start` and `end` above the lower barrier."""
    return np.where(s <= width, _by_images(x, width, start, end, drift, s), _by_sines(x, width, start, end, drift, s))


def _by_images(
    x: FloatArray, width: FloatArray, start: FloatArray, end: FloatArray, drift: FloatArray, s: FloatArray
) -> FloatArray:
    mu = drift / (s * s)
    total = np.zeros_like(x)

    def tail(y: FloatArray, source: FloatArray) -> FloatArray:
        exponent = mu * (y - x) - 0.5 * mu * drift - 0.5 * ((y - source) / s) ** 2
        return 0.5 * np.exp(exponent) * erfcx(np.abs(y - source - drift) / s * ROOT_HALF)

    for n in range(-IMAGES, IMAGES + 1):
        for side in (1.0, -1.0):
            source = side * x + 2.0 * n * width
            before, after = tail(start, source), tail(end, source)
            below, above = start - source - drift > 0.0, end - source - drift < 0.0
            across = np.exp(mu * (source - x)) - before - after
            total += side * np.where(below, before - after, np.where(above, after - before, across))
    return total


def _by_sines(
    x: FloatArray, width: FloatArray, start: FloatArray, end: FloatArray, drift: FloatArray, s: FloatArray
) -> FloatArray:
    mu = drift / (s * s)
    total = np.zeros_like(x)
    for k in range(1, SINES + 1):
        frequency = k * np.pi / width
        decay = -0.5 * mu * drift - 0.5 * (frequency * s) ** 2
        upto_end = np.exp(decay + mu * (end - x)) * (mu * np.sin(frequency * end) - frequency * np.cos(frequency * end))
        upto_start = np.exp(decay + mu * (start - x)) * (
            mu * np.sin(frequency * start) - frequency * np.cos(frequency * start)
        )
        total += np.sin(frequency * x) * (upto_end - upto_start) / (mu * mu + frequency * frequency)
    return 2.0 / width * total
