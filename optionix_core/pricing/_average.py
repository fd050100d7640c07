"""Averages of a lognormal price: moments, and the prices that `asian` hands out, by rows.

Logarithms are taken relative to the spot. With fixings t_1 < ... < t_n of weight 1 / n, all double sums are single
passes, because cov(ln S_i, ln S_j) depends on the earlier time alone. The continuous average is an integral over the
life, by a Gauss rule that is exact to rounding where its exponents are moderate, in closed form elsewhere. Nothing here
checks its arguments.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from scipy.special import ndtr

from optionix_core.pricing._lognormal import TINY, black

FloatArray = NDArray[np.float64]

_NODES, _WEIGHTS = leggauss(48)
_TIMES, _SHARES = 0.5 * (1.0 + _NODES), 0.5 * _WEIGHTS
"""The continuous average as a weighted sum over fractions of the life."""
MODERATE = 20.0
"""Exponents up to this are integrated, larger ones taken in closed form."""


def geometric(
    times: FloatArray | None,
    sign: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
    past_average: FloatArray,
    past_share: FloatArray,
) -> FloatArray:
    """Black's formula on the geometric average of what is known and what is to come."""
    drift = rate - dividend_yield - 0.5 * volatility * volatility
    if times is None:
        mean, variance = 0.5 * drift * expiry, volatility * volatility * expiry / 3.0
    else:
        mean, variance = drift * times.mean(), volatility * volatility * _mean_of_earlier(times)
    left = 1.0 - past_share
    discount = np.exp(-rate * expiry)
    known = np.exp(past_share * np.log(past_average / spot))
    forward = spot * known * np.exp(left * mean + 0.5 * left * left * variance)
    return black(sign, discount * forward, discount * strike, left * np.sqrt(variance))


def seasoned(
    kernel: Callable[..., FloatArray],
    times: FloatArray | None,
    sign: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
    past_average: FloatArray,
    past_share: FloatArray,
) -> FloatArray:
    """The price on an arithmetic average of which a share is known: as many fewer options on the rest."""
    left = 1.0 - past_share
    over = left <= 0.0
    rest = (strike - past_share * past_average) / np.where(over, 1.0, left)
    value = left * kernel(times, sign, spot, np.where(over, spot, rest), expiry, rate, dividend_yield, volatility)
    return np.where(over, np.exp(-rate * expiry) * np.maximum(sign * (past_average - strike), 0.0), value)


def two_moments(
    times: FloatArray | None,
    sign: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    """Black's formula on a lognormal variable of the arithmetic average's mean and variance."""
    carry = rate - dividend_yield
    if times is None:
        mean, excess = _continuous_moments(carry * expiry, volatility * volatility * expiry)
    else:
        mean, excess = _fixed_moments(times, carry, volatility * volatility)
    deviation = np.sqrt(np.log1p(excess / (mean * mean)))
    discount = np.exp(-rate * expiry)
    positive = strike > 0.0
    value = black(sign, discount * spot * mean, discount * np.where(positive, strike, spot), deviation)
    return np.where(positive, value, discount * np.maximum(sign * (spot * mean - strike), 0.0))


def _mean_of_earlier(times: FloatArray) -> float:
    """Mean of min(t_i, t_j) over all pairs."""
    n = len(times)
    return float(np.sum(times * (2.0 * (n - np.arange(n)) - 1.0)) / (n * n))


def _fixed_moments(times: FloatArray, carry: FloatArray, variance_rate: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of the average over the spot: sum_ij F_i F_j expm1(sigma^2 min(t_i, t_j)) / n^2."""
    n = len(times)
    later = np.zeros_like(carry)
    excess = np.zeros_like(carry)
    for time in times[::-1]:
        forward = np.exp(carry * time) / n
        excess += np.expm1(variance_rate * time) * forward * (forward + 2.0 * later)
        later += forward
    return later, excess


def _continuous_moments(growth: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of the continuous average over the spot, from the whole life's growth and variance."""
    mean = _mean_exponential(growth)
    moderate = (np.abs(growth) <= MODERATE) & (variance <= MODERATE)
    g, v = np.where(moderate, growth, 1.0), np.where(moderate, variance, 1.0)
    integrated = np.zeros_like(growth)
    for u, weight in zip(_TIMES, _SHARES, strict=True):
        rest = (1.0 - u) * np.exp(g * u) * _mean_exponential(g * (1.0 - u))
        integrated += 2.0 * weight * np.exp(g * u) * np.expm1(v * u) * rest
    closed = 2.0 * _divided_exponential(growth, 2.0 * growth + variance) - mean * mean
    return mean, np.where(moderate, integrated, np.maximum(closed, 0.0))


def _mean_exponential(x: FloatArray) -> FloatArray:
    """Integral of exp(x u) over u from 0 to 1."""
    return np.where(x == 0.0, 1.0, np.expm1(x) / np.where(x == 0.0, 1.0, x))


def _divided_exponential(x: FloatArray, y: FloatArray) -> FloatArray:
    """Second divided difference of exp at 0, x and y, which are spread over more than one."""
    low, middle, high = np.sort(np.stack([np.zeros_like(x), x, y]), axis=0)
    upper = np.exp(middle) * _mean_exponential(high - middle)
    lower = np.exp(low) * _mean_exponential(middle - low)
    divided: FloatArray = (upper - lower) / (high - low)
    return divided


def conditioned(
    times: FloatArray | None,
    sign: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    """Sum of E[S_i - strike] over geometric averages beyond the one whose expected arithmetic average is the strike.

    With Z the standardised logarithm of the geometric average, S_i given Z has the mean F_i exp(b_i Z - b_i^2 / 2),
    b_i = cov(ln S_i, Z) >= 0, so that the expected average rises in Z and the boundary is one point.
    """
    weights, moments = _loadings(times, expiry)
    earlier = np.sqrt(np.sum(weights[:, None] * moments[1], axis=0))
    safe = np.where(earlier > 0.0, earlier, 1.0)
    loadings = volatility * moments[1] / safe
    forwards = weights[:, None] * spot * np.exp((rate - dividend_yield) * moments[0])
    mean: FloatArray = forwards.sum(axis=0)
    discount = np.exp(-rate * expiry)
    moves = volatility * earlier > TINY
    moves &= strike > 0.0
    boundary = _boundary(forwards, np.where(moves, loadings, 1.0), np.where(strike > 0.0, strike, spot))
    assets = np.sum(forwards * ndtr(sign * (loadings - boundary)), axis=0)
    value = discount * sign * (assets - strike * ndtr(-sign * boundary))
    intrinsic = discount * np.maximum(sign * (mean - strike), 0.0)
    floored: FloatArray = np.maximum(value, intrinsic)
    return np.where(moves, floored, intrinsic)


def _loadings(times: FloatArray | None, expiry: FloatArray) -> tuple[FloatArray, tuple[FloatArray, FloatArray]]:
    """Weights of the fixings, their times, and the mean over all fixings of the earlier time; (fixings, rows)."""
    if times is None:
        u = _TIMES[:, None]
        return _SHARES, (u * expiry, (u - 0.5 * u * u) * expiry)
    n = len(times)
    upto = np.cumsum(times)
    earlier = (upto + times * (n - 1.0 - np.arange(n))) / n
    ones = np.ones_like(expiry)
    return np.full(n, 1.0 / n), (times[:, None] * ones, earlier[:, None] * ones)


def _boundary(forwards: FloatArray, loadings: FloatArray, strike: FloatArray) -> FloatArray:
    """The Z at which sum F_i exp(b_i Z - b_i^2 / 2) is the strike: Newton's steps on the logarithm, which is convex."""
    half = 0.5 * loadings * loadings
    z = np.zeros_like(strike)
    for _ in range(100):
        terms = forwards * np.exp(loadings * z - half)
        total = terms.sum(axis=0)
        change = np.log(total / strike) * total / np.sum(loadings * terms, axis=0)
        z = z - np.clip(change, -5.0, 5.0)
        if np.all(np.abs(change) <= 1e-14 * (1.0 + np.abs(z))):
            break
    return np.asarray(z, dtype=np.float64)
