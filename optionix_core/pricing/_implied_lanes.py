"""What implied volatility needs beyond `_lanes`, in the same form: parts of exponentials and logarithms, guesses."""

from __future__ import annotations

import math

import numpy as np

from optionix_core.pricing._lanes import (
    EXPONENT_OF_ONE,
    EXPONENT_SHIFT,
    EXPONENT_SHIFT_BITS,
    LN2_REST,
    LN2_TOP,
    LOG2_E,
    MANTISSA,
    ROUNDING_SHIFT,
    SQRT_HALF_BITS,
    TO_SQRT_HALF,
)
from optionix_core.pricing._special import exact_sum


def lane_growth(amount: float, exponent: float, error: float) -> tuple[float, float, float]:
    """2^k amount, g and its rounding error, so that amount exp(exponent + error) is 2^k amount (1 + g); |g| < 0.42."""
    shifted = exponent * LOG2_E + ROUNDING_SHIFT
    k = shifted - ROUNDING_SHIFT
    r, low = exact_sum(exponent - k * LN2_TOP, error - k * LN2_REST)
    w = r * r
    even = 2.7620138719733994e-07 * w + 2.480152119021773e-05
    odd = 2.5100424157005067e-08 * w + 2.7557268378684192e-06
    even = even * w + 0.0013888888917281794
    odd = odd * w + 0.00019841269863105968
    even = even * w + 0.04166666666662399
    odd = odd * w + 0.008333333333330051
    even = even * w + 0.5
    odd = odd * w + 0.16666666666666669
    growth = r + w * (odd * r + even)
    bits = np.float64(shifted).view(np.int64)
    power: float = np.int64((bits << 52) + EXPONENT_OF_ONE).view(np.float64)
    return amount * power, growth, low + low * growth


def lane_logarithm_parts(x: float) -> tuple[float, float]:
    """The k and ln m of positive, normal x = 2^k m, m from sqrt(1/2) to sqrt(2); as in `lane_logarithm`."""
    bits = np.float64(x).view(np.int64) + np.int64(TO_SQRT_HALF)
    scaled: float = np.int64((bits >> np.int64(52)) | np.int64(EXPONENT_SHIFT_BITS)).view(np.float64)
    mantissa: float = np.int64((bits & np.int64(MANTISSA)) + np.int64(SQRT_HALF_BITS)).view(np.float64)
    f = mantissa - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    odd = 0.1461916613488797 * w + 0.18182895750119193
    even = 0.1533150161114533 * w + 0.22222211043776857
    odd = odd * w + 0.2857142862653362
    even = even * w + 0.3999999999989827
    odd = odd * w + 0.666666666666667
    half_square = 0.5 * f * f
    return scaled - EXPONENT_SHIFT, f - (half_square - s * (half_square + z * (even * z + odd)))


def lane_central_mass(z: float) -> float:
    """N(z) - 1/2 for |z| up to 1.7, with full relative accuracy: our own polynomial in z^2, error 1.4e-17."""
    w = z * z
    square = w * w
    even = 4.179050618256678e-15 * square + 4.9772894569233226e-12
    odd = -1.8278600280004778e-13 * square + -1.1260049017885984e-10
    even = even * square + 2.2726738532746233e-09
    odd = odd * square + -4.122544123519961e-08
    even = even * square + 6.65968129539503e-07
    odd = odd * square + -9.444655444365535e-06
    even = even * square + 0.00011543468726587902
    odd = odd * square + -0.0011873282153905557
    even = even * square + 0.009973557010023783
    odd = odd * square + -0.06649038006690482
    even = even * square + 0.39894228040143265
    return z * (odd * w + even)


def lane_small_growth(x: float) -> float:
    """exp(x) - 1 for |x| up to 0.3466, the polynomial of `lane_growth`."""
    w = x * x
    even = 2.7620138719733994e-07 * w + 2.480152119021773e-05
    odd = 2.5100424157005067e-08 * w + 2.7557268378684192e-06
    even = even * w + 0.0013888888917281794
    odd = odd * w + 0.00019841269863105968
    even = even * w + 0.04166666666662399
    odd = odd * w + 0.008333333333330051
    even = even * w + 0.5
    odd = odd * w + 0.16666666666666669
    return x + w * (odd * x + even)


def lane_deviate(v: float) -> float:
    """The y >= 0 with N(-y) = exp(-v^2 / 2) to 4.5e-4: Abramowitz and Stegun, 26.2.23."""
    top = (0.010328 * v + 0.802853) * v + 2.515517
    bottom = ((0.001308 * v + 0.189269) * v + 1.432788) * v + 1.0
    return max(v - top / bottom, 0.0)


def lane_share(d1: float, width: float) -> float:
    """ln(1 + Y(d2) / Y(-d1)) to a few percent."""
    rest = width - d1
    rho = (d1 + math.sqrt(d1 * d1 + 2.546)) / (rest + math.sqrt(rest * rest + 2.546))
    return rho / (1.0 + 0.44 * rho)
