"""Arithmetic averages exactly: the density of their logarithm, built up from the last fixing to the first.

With Z_i the log return into fixing i, the average is spot times exp(X_1), where X_i = Z_i + ln(w_i + exp(X_(i+1))).
Each step bends the axis of a density and smooths it by a normal one: A. Carverhill and L. Clewlow, "Flexible
convolution", Risk 3 (April 1990) 25-29. Every density is analytic and no narrower than the step that made it, so that
sums over equally spaced points are exact to rounding; the last step is Black's formula. The continuous average is the
limit of trapezoidal weights, extrapolated in the number of fixings. Nothing here checks its arguments.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing._lognormal import TINY, black

FloatArray = NDArray[np.float64]

SPACING = 0.72
"""Distance of points, in the narrowest deviation of a product of two densities: sums are off by 1e-16 then."""
WIDEST = 0.5
"""The same where deviations are large: ln(w + exp(z)) has branch points at a distance of pi from the real line."""
REACH = 8.6
"""Deviations of a step beyond which its mass is below 1e-17; the squared deviation more where payments weigh it."""
SMOOTH = (8, 16, 32, 64)
"""Intervals of the trapezoidal rules that are extrapolated to the continuous average."""
BLOCK = 256
"""Rows priced at once on one density."""


def price(
    times: FloatArray | None,
    sign: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    """Price of each row; rows of one carry, volatility and expiry share their density."""
    laws, places = np.unique(np.stack((rate - dividend_yield, volatility, expiry)), axis=1, return_inverse=True)
    places = places.reshape(-1)
    value = np.empty_like(spot)
    for law, (carry, vol, life) in enumerate(laws.T.tolist()):
        rows = np.flatnonzero(places == law)
        found = sign[rows], strike[rows] / spot[rows], carry, vol
        if times is not None:
            value[rows] = _expected(np.full(len(times), 1.0 / len(times)), times, *found)
        elif life > 0.0:
            value[rows] = _extrapolated(life, *found)
        else:
            value[rows] = np.maximum(found[0] * (1.0 - found[1]), 0.0)
    return spot * np.exp(-rate * expiry) * value


def _extrapolated(expiry: float, sign: FloatArray, strike: FloatArray, carry: float, volatility: float) -> FloatArray:
    """Richardson's limit of trapezoidal averages, whose errors go with even powers of the step."""
    found = []
    for intervals in SMOOTH:
        weights = np.full(intervals + 1, 1.0 / intervals)
        weights[[0, -1]] *= 0.5
        times = expiry * np.arange(intervals + 1) / intervals
        found.append(_expected(weights, times, sign, strike, carry, volatility))
    for order in (4.0, 16.0, 64.0):
        found = [(order * fine - rough) / (order - 1.0) for rough, fine in pairwise(found)]
    return np.maximum(found[0], 0.0)


def _expected(
    weights: FloatArray, times: FloatArray, sign: FloatArray, strike: FloatArray, carry: float, volatility: float
) -> FloatArray:
    """Undiscounted prices of the weighted sum of prices at increasing times, for a spot of one."""
    if times[0] == 0.0:
        strike, weights, times = strike - weights[0], weights[1:], times[1:]
    mean = float(np.sum(weights * np.exp(carry * times)))
    intrinsic: FloatArray = np.maximum(sign * (mean - strike), 0.0)
    if len(times) == 0 or volatility * np.sqrt(times[-1]) <= TINY:
        return intrinsic
    steps = np.diff(times, prepend=0.0)
    widths = volatility * np.sqrt(steps)
    masses, logs = _inner(weights, (carry - 0.5 * volatility * volatility) * steps, widths)
    forwards = np.exp(logs + carry * steps[0])
    value = np.empty_like(strike)
    for start in range(0, len(strike), BLOCK):
        rows = slice(start, start + BLOCK)
        struck = np.where(strike[rows] > 0.0, strike[rows], 1.0)
        value[rows] = black(sign[rows, None], forwards, struck[:, None], widths[0]) @ masses
    return np.where(strike > 0.0, np.maximum(value, intrinsic), intrinsic)


def _inner(weights: FloatArray, drifts: FloatArray, widths: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Masses at points of ln(w_1 + exp(X_2)), the logarithm of the average over the first fixing."""
    n = len(weights)
    if n == 1:
        return np.ones(1), np.log(weights)
    lows, highs, deviations = _ranges(weights, drifts, widths)
    spacing = min(SPACING / float(np.max(np.hypot(1.0 / widths[:-1], 1.0 / deviations[1:]))), WIDEST)
    masses, logs = np.ones(1), np.log(weights[-1:])
    for i in range(n - 1, 0, -1):
        points = lows[i] + spacing * np.arange(int(np.ceil((highs[i] - lows[i]) / spacing)) + 1)
        masses = spacing * _smoothed(masses, logs + drifts[i], float(widths[i]), points, spacing)
        logs = np.logaddexp(np.log(weights[i - 1]), points)
    return masses, logs


def _smoothed(masses: FloatArray, at: FloatArray, width: float, points: FloatArray, spacing: float) -> FloatArray:
    """Density at equally spaced points of normal deviates around masses: each mass reaches as many points."""
    reach = int(np.ceil((REACH * width + width * width) / spacing))
    places = np.rint((at - points[0]) / spacing).astype(np.int64)[:, None] + np.arange(-reach, reach + 1)
    distance = (points[0] + spacing * places - at[:, None]) / width
    terms = masses[:, None] / (width * np.sqrt(2.0 * np.pi)) * np.exp(-0.5 * distance * distance)
    inside = (places >= 0) & (places < len(points))
    density: FloatArray = np.bincount(places[inside], weights=terms[inside], minlength=len(points)).astype(np.float64)
    return density


def _ranges(weights: FloatArray, drifts: FloatArray, widths: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Ends of each X_i, and its deviation, as if exp(X_i) were lognormal with its own first two moments.

    Above, the last price alone is as wide as the sum ever is, and payments weigh the density by an exponential.
    """
    n = len(weights)
    first, second = np.empty(n), np.empty(n)
    mean, square = 0.0, 0.0
    for i in range(n - 1, -1, -1):
        growth = np.exp(drifts[i] + 0.5 * widths[i] ** 2)
        square = (weights[i] ** 2 + 2.0 * weights[i] * mean + square) * growth**2 * np.exp(widths[i] ** 2)
        mean = (weights[i] + mean) * growth
        first[i], second[i] = mean, square
    deviations = np.sqrt(np.log(second) - 2.0 * np.log(first))
    centres = np.log(first) - 0.5 * deviations**2
    widest = np.sqrt(np.cumsum(widths[::-1] ** 2)[::-1])
    return centres - (REACH + 1.0) * deviations, centres + REACH * widest + widest**2, deviations
