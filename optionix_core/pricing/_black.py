"""The normalised Black function of an out-of-the-money option, accurate relative to its own size.

With x = ln(F / K) <= 0 and s = sigma sqrt(T), an out-of-the-money call is worth its asset leg times

    c(x, s) = N(d1) - exp(-x) N(d2) = exp(-d1^2 / 2) / 2 * (erfcx(-d1 / sqrt 2) - erfcx(-d2 / sqrt 2)),

d1 = h + t, d2 = h - t, h = x / s, t = s / 2; an out-of-the-money put is worth its strike leg times the same function.
The idea of working with this one function, in scaled form and by regions, is P. Jaeckel's ("Let's Be Rational",
Wilmott 2015, section 6); the regions and expansions here are our own. Nothing here checks its arguments: x <= 0, s > 0.
"""

from __future__ import annotations

import math

from optionix_core.pricing._fractions import lane_fraction_denominator, lane_fraction_numerator
from optionix_core.pricing._special import INVERSE_SQRT_TWO_PI, SQRT_HALF, half_square_exponential, scaled_erfc

MILLS = 1.2533141373155003
"""sqrt(pi / 2): Y(z) = N(z) / n(z) is MILLS * erfcx(-z / sqrt 2)."""


def mills_difference(h: float, t: float) -> float:
    """Y(h + t) - Y(h - t) for h <= 0 < t and h + t <= 1, without the cancellation of the plain difference.

    By the chord of `_fractions`; near the money by the odd Taylor series about h, whose terms are all positive. In
    between the plain difference loses less than a digit.
    """
    if h > -0.5 and t < 1.0:
        return _difference_by_derivatives(h, t)
    near, far, gap = -h - t, t - h, 2.0 * t
    if near > 1e9:
        return gap / near / far
    if near < -0.5 or far > 1e10:
        return MILLS * (scaled_erfc(-(h + t) * SQRT_HALF) - scaled_erfc((t - h) * SQRT_HALF))
    top, top_slope = lane_fraction_numerator(near, far)
    bottom, bottom_slope = lane_fraction_denominator(near, far)
    other = bottom + gap * bottom_slope
    whole, other_whole = near * bottom + top, far * other + (top + gap * top_slope)
    return gap * (bottom * other - (top * bottom_slope - top_slope * bottom)) / (whole * other_whole)


def _difference_by_derivatives(h: float, t: float) -> float:
    """By Y^(n+1) = h Y^(n) + n Y^(n-1)."""
    even = MILLS * scaled_erfc(-h * SQRT_HALF)
    odd = 1.0 + h * even
    even += h * odd
    scale = 2.0 * t
    total = scale * odd
    n = 1.0
    while n < 60.0:
        odd = h * even + (n + 1.0) * odd
        even = h * odd + (n + 2.0) * even
        n += 2.0
        scale *= t * t / (n * (n - 1.0))
        term = scale * odd
        total += term
        if abs(term) < 1e-17 * total:
            break
    return total


def black_ratio(x: float, x_low: float, s: float) -> float:
    """c(x + x_low, s) of the module's head: price over the largest price possible, in [0, 1]."""
    h = x / s + x_low / s
    t = 0.5 * s
    d1 = h + t
    if d1 > 1.0:
        return 1.0 - black_gap(x, x_low, s)
    return INVERSE_SQRT_TWO_PI * half_square_exponential(d1) * mills_difference(h, t)


def black_gap(x: float, x_low: float, s: float) -> float:
    """1 - c(x + x_low, s), with full relative accuracy where c comes close to one (d1 > -1)."""
    h = x / s + x_low / s
    t = 0.5 * s
    d1 = h + t
    tail = 0.5 * half_square_exponential(d1)
    return tail * (scaled_erfc(d1 * SQRT_HALF) + scaled_erfc((t - h) * SQRT_HALF))


def log_black_ratio(x: float, x_low: float, s: float) -> float:
    """Logarithm of c(x + x_low, s), also where c itself underflows. Needs d1 <= 1."""
    h = x / s + x_low / s
    t = 0.5 * s
    d1 = h + t
    return math.log(INVERSE_SQRT_TWO_PI * mills_difference(h, t)) - 0.5 * d1 * d1
