"""Log characteristic functions of the models of `pricing.models`, and the exponentials of the strike loop.

`w` is the exponent of the moment E[exp(w X)], X = ln(S_T / F): the characteristic function at u is taken at w = i u.
Square-root variance: S. Heston, Rev. Financ. Stud. 6 (1993) 327, in the form of H. Albrecher, P. Mayer, W. Schoutens
and J. Tistaert, "The little Heston trap" (Wilmott, January 2007), rearranged so that nothing is divided by sigma: with
E = 1 + (b - d)(1 - exp(-d T)) / (2 d) no term cancels as sigma goes to zero, and sigma = 0 is the limit itself.
All singularities lie on the real axis of w (V. Lucic, "On singularities in the Heston model", 2007), which is what lets
the contours of `fourier` bend.

Refuses to check anything: models check their fields, `fourier` checks the rows.
"""

from __future__ import annotations

import cmath
import math
from typing import Protocol

import numpy as np


class Row(Protocol):
    """A model's parameters; layout in `models._parameters`."""

    def __getitem__(self, place: int, /) -> float:
        """One of them."""
        ...


INVERSE_LN_2 = 1.4426950408889634
LN_2_HIGH = 0.6931471803691238
LN_2_LOW = 1.9082149292705877e-10
INVERSE_TWO_PI = 0.15915494309189535
TWO_PI_HIGH = 6.283185303211212
TWO_PI_LOW = 3.968374318722162e-09
ROUNDER = 6755399441055744.0
"""1.5 * 2^52: adding it leaves a double rounded to an integer in its low bits."""


def decaying_exponential(x: float) -> float:
    """exp(x), as products and sums alone; x outside -700 to 700 is taken as that bound."""
    y = min(max(x, -700.0), 700.0)
    shifted = y * INVERSE_LN_2 + ROUNDER
    n = shifted - ROUNDER
    r = (y - n * LN_2_HIGH) - n * LN_2_LOW
    p = 1.0 + r * (1.0 / 12.0) * (1.0 + r * (1.0 / 13.0))
    p = 1.0 + r * (1.0 / 10.0) * (1.0 + r * (1.0 / 11.0) * p)
    p = 1.0 + r * (1.0 / 8.0) * (1.0 + r * (1.0 / 9.0) * p)
    p = 1.0 + r * (1.0 / 6.0) * (1.0 + r * (1.0 / 7.0) * p)
    p = 1.0 + r * (1.0 / 4.0) * (1.0 + r * (1.0 / 5.0) * p)
    p = 1.0 + r * (1.0 / 2.0) * (1.0 + r * (1.0 / 3.0) * p)
    p = 1.0 + r * p
    bits = np.float64(shifted).view(np.int64)
    power = np.int64((bits + np.int64(1023)) << np.int64(52)).view(np.float64)
    return float(p * power)


def cosine(x: float) -> float:
    """cos(x) to 1e-15 + 1e-16 |x|, as products and sums alone; |x| up to 1e9."""
    n = (x * INVERSE_TWO_PI + ROUNDER) - ROUNDER
    r = 0.5 * ((x - n * TWO_PI_HIGH) - n * TWO_PI_LOW)
    z = r * r
    p = 1.0 - z * (1.0 / 420.0)
    p = 1.0 - z * (1.0 / 342.0) * p
    p = 1.0 - z * (1.0 / 272.0) * p
    p = 1.0 - z * (1.0 / 210.0) * p
    p = 1.0 - z * (1.0 / 156.0) * p
    p = 1.0 - z * (1.0 / 110.0) * p
    p = 1.0 - z * (1.0 / 72.0) * p
    p = 1.0 - z * (1.0 / 42.0) * p
    p = 1.0 - z * (1.0 / 20.0) * p
    p = 1.0 - z * (1.0 / 6.0) * p
    s = r * p
    return 1.0 - 2.0 * s * s


def log1p_ratio(z: complex) -> complex:
    """log(1 + z) / z, 1 at zero."""
    if abs(z) < 0.03:
        total = 0j
        for n in range(12, 0, -1):
            total = 1.0 / n - z * total
        return total
    return cmath.log(1.0 + z) / z


def decay_ratio(x: complex) -> complex:
    """(1 - exp(-x)) / x, 1 at zero; Re(x) >= 0."""
    if abs(x) < 0.1:
        total = 1.0 + 0j
        for n in range(11, 1, -1):
            total = 1.0 - x / n * total
        return total
    if x.real > 40.0:
        return 1.0 / x
    return (1.0 - cmath.exp(-x)) / x


def square_root_exponent(
    w: complex, expiry: float, v0: float, kappa: float, theta: float, sigma: float, rho: float
) -> complex:
    """Ln E[exp(w X)] of one Heston factor; kappa and sigma below 1e-14 change no digit and are zero."""
    kappa = kappa if kappa > 1e-14 else 0.0
    sigma = sigma if sigma > 1e-14 else 0.0
    product = w * w - w
    b = kappa - rho * sigma * w
    d = cmath.sqrt(b * b - sigma * sigma * product)
    if b.real * d.real + b.imag * d.imag >= 0.0:
        total = b + d
        quotient = product / total if abs(total) > 0.0 else 0j
        gap = sigma * sigma * quotient
    else:
        gap = b - d
        quotient = gap / (sigma * sigma)
    ratio = decay_ratio(d * expiry)
    z = 0.5 * gap * expiry * ratio
    level = 0.5 * product * expiry * ratio / (1.0 + z)
    return v0 * level + kappa * theta * expiry * quotient * (1.0 - ratio * log1p_ratio(z))


def complex_expm1(z: complex) -> complex:
    """exp(z) - 1 without loss near zero."""
    growth = math.expm1(z.real)
    half = math.sin(0.5 * z.imag)
    drop = -2.0 * half * half
    return complex(growth + drop + growth * drop, (1.0 + growth) * math.sin(z.imag))


def jump_exponent(w: complex, expiry: float, intensity: float, mean: float, volatility: float) -> complex:
    """Ln E[exp(w X)] of compensated Merton jumps: R. Merton, J. Financ. Econ. 3 (1976) 125."""
    variance = volatility * volatility
    jump = complex_expm1(w * mean + 0.5 * variance * w * w)
    return intensity * expiry * (jump - w * math.expm1(mean + 0.5 * variance))


def jump_ceiling(w: complex, expiry: float, intensity: float, mean: float, volatility: float) -> float:
    """What the real part of `jump_exponent` never exceeds where Re(w) is the same; it falls as |w| grows."""
    variance = volatility * volatility
    jump = math.expm1(w.real * mean + 0.5 * variance * (w * w).real)
    return intensity * expiry * (jump - w.real * math.expm1(mean + 0.5 * variance))


def gamma_exponent(w: complex, expiry: float, volatility: float, nu: float, theta: float) -> complex:
    """Ln E[exp(w X)] of a compensated Variance Gamma: Madan, Carr, Chang, Eur. Finance Rev. 2 (1998) 79, eq. 22."""
    half = 0.5 * volatility * volatility
    drift = math.log1p(-nu * (theta + half)) / nu
    z = -nu * w * (theta + half * w)
    return expiry * (w * drift - z * log1p_ratio(z) / nu)


def total_exponent(w: complex, expiry: float, p: Row, ceiling: int) -> complex:
    """Sum over the parts in use, with `jump_ceiling` for the jumps where `ceiling` is 1."""
    total = 0.5 * p[13] * p[13] * expiry * (w * w - w)
    for start in (0, 5):
        if p[start] > 0.0 or p[start + 1] * p[start + 2] > 0.0:
            total += square_root_exponent(w, expiry, p[start], p[start + 1], p[start + 2], p[start + 3], p[start + 4])
    if p[10] > 0.0:
        if ceiling:
            total += jump_ceiling(w, expiry, p[10], p[11], p[12])
        else:
            total += jump_exponent(w, expiry, p[10], p[11], p[12])
    if p[15] > 0.0:
        total += gamma_exponent(w, expiry, p[14], p[15], p[16])
    return total


def explosion_time(w: float, kappa: float, sigma: float, rho: float) -> float:
    """When E[exp(w X)] of a Heston factor becomes infinite.

    Source: L. Andersen, V. Piterbarg, Finance Stoch. 11 (2007) 29, prop. 3.1.
    """
    product = w * w - w
    b = kappa - rho * sigma * w
    square = b * b - sigma * sigma * product
    if product <= 0.0 or sigma == 0.0:
        return math.inf
    if square >= 0.0:
        if b >= 0.0:
            return math.inf
        d = math.sqrt(square)
        if d < 1e-8 * -b:
            return -2.0 / b
        return math.log((b - d) / (b + d)) / d if b + d < 0.0 else math.inf
    root = math.sqrt(-square)
    return 2.0 / root * math.atan2(root, -b)


def log_moment(w: float, expiry: float, p: Row) -> float:
    """Ln E[exp(w X)] for real w; infinite where the moment is, or overflows."""
    for start in (0, 5):
        in_use = p[start] > 0.0 or p[start + 1] * p[start + 2] > 0.0
        if in_use and not explosion_time(w, p[start + 1], p[start + 3], p[start + 4]) > expiry:
            return math.inf
    if p[10] > 0.0 and w * p[11] + 0.5 * p[12] * p[12] * w * w > 300.0:
        return math.inf
    if p[15] > 0.0 and not p[15] * w * (p[16] + 0.5 * p[14] * p[14] * w) < 1.0:
        return math.inf
    value = total_exponent(complex(w, 0.0), expiry, p, 0).real
    return value if value < 300.0 else math.inf
