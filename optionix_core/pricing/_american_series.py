"""Series of exercise boundaries, column by column: first guesses, levels at any time, where two boundaries meet.

The equations that the series solve are in `_american_boundary`, the places of numbers in `_american_record`; here is
what needs no loop over points.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing._american_record import CURVE, LOWER, LOWER_COUNT, UPPER, UPPER_COUNT
from optionix_core.pricing._american_sweeps import CLUSTER, HALF

FloatArray = NDArray[np.float64]

EXPIRY, RATE, YIELD, VOLATILITY = range(4)
"""Columns of a market."""

BENT = 0.75
"""Share of the distance at which an upper boundary ends, below which a second guess stays."""
SHORT_TIME_SLOPE = 0.6387850000000000
"""sqrt(2) * 0.4517: ln(B(0+) / B) is this times sigma sqrt(tau) near expiry where rate < yield (Evans, Kuske, Keller,
Math. Finance 12 (2002) 219)."""
REACH = 0.004
"""How far beyond their time two series may be continued to where they meet, relative to its root."""
MOST_GUESSES, MET_GAP = 40, 1e-13
"""Of the search for a meeting: steps, and the gap over the one at expiry at which it ends."""


def has_two(rate: FloatArray, dividend_yield: FloatArray) -> NDArray[np.bool_]:
    """Whether a put has two boundaries."""
    two: NDArray[np.bool_] = (dividend_yield < rate) & (rate < 0.0)
    return two


def has_any(rate: FloatArray, dividend_yield: FloatArray) -> NDArray[np.bool_]:
    """Whether a put has a boundary: not where r S - q K cannot pay for waiting."""
    any_one: NDArray[np.bool_] = (rate > 0.0) | ((rate == 0.0) & (dividend_yield < 0.0)) | has_two(rate, dividend_yield)
    return any_one


def level_at_expiry(direction: float, rate: FloatArray, dividend_yield: FloatArray) -> FloatArray:
    """Logarithm of the boundary just before expiry."""
    apart = (rate < 0.0) if direction < 0.0 else (rate > 0.0) & (rate < dividend_yield)
    return np.log(np.where(apart, rate, 1.0) / np.where(apart, dividend_yield, 1.0))


def perpetual_distance(
    direction: float, anchor: FloatArray, rate: FloatArray, dividend_yield: FloatArray, volatility: FloatArray
) -> FloatArray:
    """Of the logarithms of the boundary without expiry and just before it; a bound on it where there is none."""
    variance = volatility * volatility
    drift = rate - dividend_yield - 0.5 * variance
    discriminant = drift * drift + 2.0 * rate * variance
    exponent = (-drift - direction * np.sqrt(np.maximum(discriminant, 0.0))) / variance
    real = (discriminant >= 0.0) & (exponent < 0.0)
    exponent = np.where(real, exponent, -1.0)
    far = np.where(real, np.abs(np.log(exponent / (exponent - 1.0)) - anchor), 50.0)
    if direction > 0.0:
        complex_ = discriminant < 0.0
        ratio = np.where(complex_, rate, 1.0) / np.where(complex_, dividend_yield, 1.0)
        far = np.where(complex_, np.maximum(np.abs(np.log(ratio)), 1e-3), far)
    return np.clip(far, 1e-8, 50.0)


def guess(
    direction: float,
    nodes: FloatArray,
    anchor: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
    horizon: FloatArray,
) -> FloatArray:
    """Levels (nodes, n): the limits near expiry of Evans, Kuske and Keller (2002), bent towards the perpetual one."""
    far = perpetual_distance(direction, anchor, rate, dividend_yield, volatility)
    deviation = nodes[:, None] * (volatility * np.sqrt(horizon))
    level = SHORT_TIME_SLOPE * deviation
    if direction > 0.0:
        carry = np.maximum(rate - dividend_yield, 0.0) / volatility
        time = horizon * (nodes * nodes)[:, None]
        least = np.maximum(16.0 * np.pi * (np.abs(rate) * time) ** 2, 8.0 * np.pi * time * carry * carry)
        level = np.maximum(level, deviation * np.sqrt(np.log1p(1.0 / np.maximum(least, 1e-260)) + 0.2) + anchor)
    return -direction * far * np.tanh(level / far)


def bend(levels: FloatArray, curve: FloatArray) -> FloatArray:
    """Draw levels smoothly below a share of the distance at which an upper boundary ends."""
    ratio = levels * np.sqrt(curve) / BENT
    return levels / np.sqrt(1.0 + ratio * ratio)


def sharpness(expiry: FloatArray, rate: FloatArray, dividend_yield: FloatArray, volatility: FloatArray) -> FloatArray:
    """Drift over the life of an option, in standard deviations: how sudden what it does in time is."""
    return np.abs(rate - dividend_yield - 0.5 * volatility * volatility) * np.sqrt(expiry) / volatility


def stay(rate: FloatArray, dividend_yield: FloatArray, volatility: FloatArray, horizon: FloatArray) -> FloatArray:
    """What a change of a boundary, times r - q B, does to a price: the time spent near it, little where there is drift.

    The premium changes by the density at the boundary times r - q B times the change.
    """
    drift = np.abs(rate - dividend_yield - 0.5 * volatility * volatility)
    time = np.minimum(0.8 * np.sqrt(horizon) / volatility, 1.0 / np.maximum(drift, 1e-300))
    return time * np.exp(np.maximum(-rate, 0.0) * horizon)


def levels_at(direction: float, root: FloatArray, records: FloatArray) -> FloatArray:
    """ln(B / B(0+)) where the root of the time to expiry is `root` of the series'; (n,) of each, or one record."""
    curve = records[:, CURVE] if direction > 0.0 else np.zeros(1)
    return _levels(direction, root, curve, _coefficients(direction, records))


def _coefficients(direction: float, records: FloatArray) -> FloatArray:
    """Those that any of the records has, by degree: (terms, n)."""
    place, count = (UPPER, UPPER_COUNT) if direction > 0.0 else (LOWER, LOWER_COUNT)
    return records[:, place : place + int(records[:, count].max(initial=0.0)) + 1].T.copy()


def _levels(direction: float, root: FloatArray, curve: FloatArray, coefficients: FloatArray) -> FloatArray:
    """Clenshaw's sum."""
    x = 2.0 * (np.sqrt(root / (1.0 - CLUSTER) + HALF * HALF) - HALF) - 1.0
    later, last = np.zeros(x.shape), np.zeros(x.shape)
    for coefficient in coefficients[:0:-1]:
        later, last = 2.0 * x * later - last + coefficient, later
    square = np.maximum(x * later - last + coefficients[0], 0.0)
    level: FloatArray = -direction * np.sqrt(square / (1.0 + np.sqrt(np.maximum(1.0 - curve * square, 0.0))))
    return level


def meeting_roots(distance: FloatArray, records: FloatArray) -> FloatArray:
    """Root of the time at which the gap between boundaries first vanishes, over the series'; 2 if after REACH.

    By the Illinois variant of false position: near the line, since levels begin like roots of time.
    """
    roots = np.full(len(records), 2.0)
    end = np.full(1, 1.0 + REACH)
    gaps = distance + levels_at(1.0, end, records) - levels_at(-1.0, end, records)
    some = np.flatnonzero(~(gaps > 0.0))
    if not some.size:
        return roots
    upper, lower = _coefficients(1.0, records[some]), _coefficients(-1.0, records[some])
    curve, flat, apart = records[some, CURVE], np.zeros(1), distance[some]
    low, high = np.zeros(some.size), np.full(some.size, 1.0 + REACH)
    above, below = apart.copy(), gaps[some]
    side = np.zeros(some.size)
    root = high
    met = np.zeros(some.size, dtype=np.bool_)
    for _ in range(MOST_GUESSES):
        between = (high * above - low * below) / np.maximum(above - below, 1e-300)
        root = np.where(met, root, between)
        gap = apart + _levels(1.0, root, curve, upper) - _levels(-1.0, root, flat, lower)
        met |= np.abs(gap) <= MET_GAP * apart
        if met.all():
            break
        early = gap > 0.0
        below = np.where(early, np.where(side > 0.0, 0.5 * below, below), gap)
        above = np.where(early, gap, np.where(side < 0.0, 0.5 * above, above))
        low, high = np.where(early, root, low), np.where(early, high, root)
        side = np.where(early, 1.0, -1.0)
    roots[some] = root
    return roots
