"""The bivariate normal distribution function, to 1e-15 absolute, and weighted by an exponential to 1e-13 relative.

Own vectorised text of the method of Z. Drezner and G. Wesolowsky (J. Stat. Comput. Simul. 35 (1990) 101-107) with the
expansion of A. Genz near correlations of +-1 (Statistics and Computing 14 (2004) 251-260), by 20-point Gauss-Legendre
rules. Arguments may be infinite and correlations +-1. Nothing here checks its arguments.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr

FloatArray = NDArray[np.float64]

NEARLY_ONE = 0.925
FAR = 40.0
"""Beyond this many deviations the normal distribution is 0 or 1 in doubles, products of two included."""
_NODES, _WEIGHTS = leggauss(20)
_FINE_NODES, _FINE_WEIGHTS = leggauss(40)


def bivariate_cdf(a: FloatArray, b: FloatArray, correlation: FloatArray) -> FloatArray:
    """P(X <= a, Y <= b) for standard normals of this correlation; arrays broadcast."""
    a, b, r = np.broadcast_arrays(np.clip(a, -FAR, FAR), np.clip(b, -FAR, FAR), correlation)
    close = np.abs(r) > NEARLY_ONE
    with np.errstate(all="ignore"):
        value = np.where(close, _near_one(-a, -b, np.where(close, r, 1.0)), _by_angle(-a, -b, np.where(close, 0.0, r)))
    return np.clip(value, 0.0, 1.0)


def _by_angle(h: FloatArray, k: FloatArray, r: FloatArray) -> FloatArray:
    """P(X > h, Y > k): the integral of the density over the correlation, as an angle."""
    angle = np.arcsin(r)
    half = 0.5 * (h * h + k * k)
    total = np.zeros_like(angle)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        sine = np.sin(0.5 * angle * (1.0 + node))
        total += weight * np.exp((sine * h * k - half) / (1.0 - sine * sine))
    return total * angle / (4.0 * np.pi) + ndtr(-h) * ndtr(-k)


def _near_one(h: FloatArray, k: FloatArray, r: FloatArray) -> FloatArray:
    """P(X > h, Y > k) from its value at correlation +-1, the integrand's leading terms taken out exactly."""
    k = np.where(r < 0.0, -k, k)
    hk = h * k
    square = (1.0 - np.abs(r)) * (1.0 + np.abs(r))
    a = np.sqrt(square)
    gap = (h - k) ** 2
    c = (4.0 - hk) / 8.0
    d = (12.0 - hk) / 16.0
    open_ = square > 0.0
    safe = np.where(open_, a, 1.0)
    exponent = -0.5 * (gap / (safe * safe) + hk)
    total = (
        safe
        * np.exp(exponent)
        * (1.0 - c * (gap - square) * (1.0 - d * gap / 5.0) / 3.0 + c * d * square * square / 5.0)
    )
    b = np.sqrt(gap)
    polynomial = b * (1.0 - c * gap * (1.0 - d * gap / 5.0) / 3.0)
    total -= np.where(hk > -100.0, np.exp(-0.5 * hk), 0.0) * np.sqrt(2.0 * np.pi) * ndtr(-b / safe) * polynomial
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        xs = (0.5 * safe * (1.0 + node)) ** 2
        rs = np.sqrt(1.0 - xs)
        exponent = -0.5 * (gap / xs + hk)
        rest = np.exp(-0.5 * hk * xs / (1.0 + rs) ** 2) / rs - (1.0 + c * xs * (1.0 + d * xs))
        total += np.where(exponent > -100.0, 0.5 * safe * weight * np.exp(exponent) * rest, 0.0)
    part = np.where(open_, -total / (2.0 * np.pi), 0.0)
    same = part + ndtr(-np.maximum(h, k))
    opposite = np.where(k > h, np.where(h < 0.0, ndtr(k) - ndtr(h), ndtr(-h) - ndtr(-k)), 0.0) - part
    return np.where(r > 0.0, same, opposite)


def weighted_bivariate_cdf(log_weight: FloatArray, a: FloatArray, b: FloatArray, correlation: FloatArray) -> FloatArray:
    """exp(log_weight) P(X <= a, Y <= b), also where the weight overflows and the probability underflows.

    Where the weight is above ten it goes into the integrand of int phi(x) N((b - r x) / sqrt(1 - r^2)) dx, which is
    log-concave, integrated in panels around its step and its peak.
    """
    log_weight, a, b, r = np.broadcast_arrays(log_weight, a, b, correlation)
    heavy = log_weight > 2.3
    value = np.exp(np.where(heavy, 0.0, log_weight)) * bivariate_cdf(a, b, r)
    if heavy.any():
        value = value.copy()
        value[heavy] = _integrated(log_weight[heavy], a[heavy], b[heavy], r[heavy])
    return value


def _integrated(log_weight: FloatArray, a: FloatArray, b: FloatArray, r: FloatArray) -> FloatArray:
    rest = np.sqrt(np.maximum((1.0 - r) * (1.0 + r), 1e-32))

    def logarithm(x: FloatArray) -> FloatArray:
        return np.asarray(log_weight - 0.5 * x * x + log_ndtr((b - r * x) / rest))

    low, high = np.minimum(a, 0.0) - 40.0 - np.abs(b), np.minimum(a, np.abs(b) + 40.0)
    left, right = low.copy(), high.copy()
    ratio = 0.6180339887498949
    for _ in range(90):
        first, second = right - ratio * (right - left), left + ratio * (right - left)
        rises = logarithm(first) < logarithm(second)
        left, right = np.where(rises, first, left), np.where(rises, right, second)
    peak = 0.5 * (left + right)
    turn = np.where(r == 0.0, peak, b / np.where(r == 0.0, 1.0, r))
    scale = np.minimum(rest / np.maximum(np.abs(r), 1e-300), 1.0)
    points = [low, high]
    for centre, unit in ((turn, scale), (peak, np.minimum(rest, 1.0)), (peak, np.ones_like(rest))):
        points += [centre + unit * step for step in (-40.0, -16.0, -8.0, -4.0, -2.0, 0.0, 2.0, 4.0, 8.0, 16.0, 40.0)]
    edges = np.sort(np.clip(np.stack(points), low, high), axis=0)
    total = np.zeros_like(a)
    for begin, end in pairwise(edges):
        half = 0.5 * (end - begin)
        for node, weight in zip(_FINE_NODES, _FINE_WEIGHTS, strict=True):
            total += weight * half * np.exp(logarithm(begin + half * (1.0 + node)))
    scaled: FloatArray = total / np.sqrt(2.0 * np.pi)
    return scaled
