"""Sine, cosine, arc tangent and differences of exponentials and logarithms as vector lanes, for complex arithmetic.

As `_lanes`: no branch and no library call, neither nan nor infinity. Absolute errors, compiled, against high precision:
sine and cosine 3e-16 + 3e-17 |x| up to 1e9, arc tangent 4e-16; the differences 1e-15 of themselves. Refuses arguments
beyond these: callers bound them where the result does not count.
"""

from __future__ import annotations

import math

import numpy as np

from optionix_core.pricing._lanes import (
    EXPONENT_OF_ONE,
    LN2_REST,
    LN2_TOP,
    LOG2_E,
    ROUNDING_SHIFT,
    lane_logarithm,
)

TWO_OVER_PI = 0.6366197723675814
HALF_PI_TOP = 1.5707963267341256
"""Half of pi cut after 33 bits, then the next 33, then the rest."""
HALF_PI_NEXT = 6.077100506303966e-11
HALF_PI_REST = 2.0222662487959506e-21
HALF_PI = 0.5 * math.pi
QUARTER_PI = 0.25 * math.pi
TANGENT_OF_EIGHTH = 0.41421356237309503
FARTHEST_ANGLE = 1e9


def lane_sine_cosine(x: float) -> tuple[float, float]:
    """sin(x) and cos(x): reduced by quarter turns, Taylor's sums to x^15 and x^16."""
    x = min(max(x, -FARTHEST_ANGLE), FARTHEST_ANGLE)
    shifted = x * TWO_OVER_PI + ROUNDING_SHIFT
    n = shifted - ROUNDING_SHIFT
    r = ((x - n * HALF_PI_TOP) - n * HALF_PI_NEXT) - n * HALF_PI_REST
    z = r * r
    p = 1.0 - z * (1.0 / 210.0)
    p = 1.0 - z * (1.0 / 156.0) * p
    p = 1.0 - z * (1.0 / 110.0) * p
    p = 1.0 - z * (1.0 / 72.0) * p
    p = 1.0 - z * (1.0 / 42.0) * p
    p = 1.0 - z * (1.0 / 20.0) * p
    sine = r - r * z * (1.0 / 6.0) * p
    p = 1.0 - z * (1.0 / 240.0)
    p = 1.0 - z * (1.0 / 182.0) * p
    p = 1.0 - z * (1.0 / 132.0) * p
    p = 1.0 - z * (1.0 / 90.0) * p
    p = 1.0 - z * (1.0 / 56.0) * p
    p = 1.0 - z * (1.0 / 30.0) * p
    p = 1.0 - z * (1.0 / 12.0) * p
    cosine = 1.0 - 0.5 * z * p
    bits = np.float64(shifted).view(np.int64)
    odd = (bits & np.int64(1)) != np.int64(0)
    first, second = (cosine, sine) if odd else (sine, cosine)
    first = -first if (bits & np.int64(2)) != np.int64(0) else first
    second = -second if ((bits + np.int64(1)) & np.int64(2)) != np.int64(0) else second
    return first, second


def lane_angle(y: float, x: float) -> float:
    """The argument of x + i y, -pi to pi; not both zero."""
    across, up = abs(x), abs(y)
    a = min(across, up) / max(across, up)
    steep = a > TANGENT_OF_EIGHTH
    t = (a - 1.0) / (a + 1.0) if steep else a
    z = t * t
    p = 0.03795171422287035 - 0.017790395523194013 * z
    p = -0.05034575594518043 + z * p
    p = 0.058467627400551045 + z * p
    p = -0.06662936116136366 + z * p
    p = 0.07692043965002635 + z * p
    p = -0.0909089673297879 + z * p
    p = 0.11111110742286896 + z * p
    p = -0.14285714279197312 + z * p
    p = 0.1999999999994035 + z * p
    p = -0.3333333333333312 + z * p
    angle = t + t * z * p
    angle = QUARTER_PI + angle if steep else angle
    angle = HALF_PI - angle if up > across else angle
    angle = math.pi - angle if x < 0.0 else angle
    return -angle if y < 0.0 else angle


def lane_logarithm_beyond(t: float) -> float:
    """ln(1 + t) without loss near zero; t above -1."""
    u = 1.0 + t
    return lane_logarithm(u) + (t - (u - 1.0)) / u


def lane_logarithm_of_size(re: float, im: float) -> float:
    """Logarithm of |1 + z|, without loss for z near zero or near -1."""
    size = (1.0 + re) * (1.0 + re) + im * im
    t = re * (2.0 + re) + im * im
    u = 1.0 + t
    near = size < 0.5
    rest = 0.0 if near else (t - (u - 1.0)) / u
    return 0.5 * (lane_logarithm(size if near else u) + rest)


def lane_growth(x: float) -> float:
    """exp(x) - 1 without loss near zero; x outside -700 to 700 is taken as that bound."""
    x = min(max(x, -700.0), 700.0)
    shifted = x * LOG2_E + ROUNDING_SHIFT
    k = shifted - ROUNDING_SHIFT
    r = (x - k * LN2_TOP) - k * LN2_REST
    w = r * r
    even = 2.7620138719733994e-07 * w + 2.480152119021773e-05
    odd = 2.5100424157005067e-08 * w + 2.7557268378684192e-06
    even = even * w + 0.0013888888917281794
    odd = odd * w + 0.00019841269863105968
    even = even * w + 0.04166666666662399
    odd = odd * w + 0.008333333333330051
    even = even * w + 0.5
    odd = odd * w + 0.16666666666666669
    p = r + w * (odd * r + even)
    bits = np.float64(shifted).view(np.int64)
    power: float = np.int64((bits << 52) + EXPONENT_OF_ONE).view(np.float64)
    return power * p + (power - 1.0)
