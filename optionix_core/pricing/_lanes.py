"""Exponential, logarithm and normal distribution in a form that a compiler turns into vector instructions.

No branch and no library call, so that a loop over contiguous arrays becomes SIMD code: name this module among the
`lanes` of a `KernelLibrary`, after no other. Under those flags an argument may be neither nan nor infinite; a loop
selects such rows away. The loop itself should do the composing: a compiled function of more than some eighty
operations is called rather than inlined, and a call stops vectorisation. Relative errors, compiled, against high
precision over the stated domains:

    lane_exponential, lane_exponential_of_sum   2.3e-16   |x| up to 708
    lane_logarithm                              2.3e-16   positive normal x
    lane_bell                                   3e-16     |x| up to 37.6
    lane_tail_ratio, lane_scaled_erfc           7e-16     x from 0 to 1e15
    lane_cdf                                    8e-16     x from -37.6, with `lane_bell`

Coefficients are our own fits: those of the exponential and the logarithm interpolate at Chebyshev points (the logarithm
arranged as in fdlibm's `e_log.c`), the tail ratio is a rational of near minimax relative error on the half line, whose
own error is 1e-17. Refuses tables and branches: they stop vectorisation.
"""

from __future__ import annotations

import numpy as np

LOG2_E = 1.4426950408889634
LN2_TOP = 0.6931471803691238
"""ln 2 cut after 33 bits, so that its product with an exponent is exact."""
LN2_REST = 1.9082149292705877e-10
ROUNDING_SHIFT = 6755399441055744.0
"""1.5 * 2^52: adding it leaves the nearest integer in the low bits."""
COARSE_SHIFT = 6442450944.0
"""1.5 * 2^32: adding and subtracting it rounds to a multiple of 2^-20."""
EXPONENT_OF_ONE = 1023 << 52
MANTISSA = (1 << 52) - 1
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
TO_SQRT_HALF = EXPONENT_OF_ONE - SQRT_HALF_BITS
EXPONENT_SHIFT_BITS = 0x4330000000000000
"""Bits of 2^52, whose low bits then count in ones."""
EXPONENT_SHIFT = 4503599627371519.0
"""2^52 + 1023."""
SQRT_TWO = 1.4142135623730951
DENSITY_AT_ZERO = 0.3989422804014327


def lane_exponential(x: float) -> float:
    """exp(x) for x up to 709; below -708 it is exp(-708), 3e-308."""
    return lane_exponential_of_sum(x, 0.0)


def lane_exponential_of_sum(x: float, low: float) -> float:
    """exp(x + low) without rounding the sum, |low| small beside one; x as in `lane_exponential`.

    2^k (1 + r + r^2 q(r)), k the integer nearest x / ln 2, r = x + low - k ln 2, q of degree nine, |r| <= ln(2) / 2.
    """
    x = max(x, -708.0)
    shifted = x * LOG2_E + ROUNDING_SHIFT
    k = shifted - ROUNDING_SHIFT
    r = ((x - k * LN2_TOP) - k * LN2_REST) + low
    w = r * r
    even = 2.7620138719733994e-07 * w + 2.480152119021773e-05
    odd = 2.5100424157005067e-08 * w + 2.7557268378684192e-06
    even = even * w + 0.0013888888917281794
    odd = odd * w + 0.00019841269863105968
    even = even * w + 0.04166666666662399
    odd = odd * w + 0.008333333333330051
    even = even * w + 0.5
    odd = odd * w + 0.16666666666666669
    p = (r + w * (odd * r + even)) + 1.0
    bits = np.float64(shifted).view(np.int64)
    power: float = np.int64((bits << 52) + EXPONENT_OF_ONE).view(np.float64)
    return p * power


def lane_logarithm(x: float) -> float:
    """Natural logarithm of positive, normal x.

    x = 2^k m with m from sqrt(1/2) to sqrt(2), f = m - 1, s = f / (2 + f): ln(1 + f) = f - s (f - R(s^2)), arranged so
    that f is added last.
    """
    bits = np.float64(x).view(np.int64) + np.int64(TO_SQRT_HALF)
    scaled: float = np.int64((bits >> np.int64(52)) | np.int64(EXPONENT_SHIFT_BITS)).view(np.float64)
    k = scaled - EXPONENT_SHIFT
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
    rest = z * (even * z + odd)
    half_square = 0.5 * f * f
    return k * LN2_TOP - ((half_square - (s * (half_square + rest) + k * LN2_REST)) - f)


def lane_bell(x: float) -> float:
    """exp(-x^2 / 2), with the square's rounding error kept, for |x| up to 37.6; beyond it is about 3e-308."""
    coarse = (x + COARSE_SHIFT) - COARSE_SHIFT
    return lane_exponential_of_sum(-0.5 * coarse * coarse, -0.5 * (x - coarse) * (x + coarse))


def lane_tail_ratio(x: float) -> float:
    """N(-x) exp(x^2 / 2) for x from 0 to 1e15: Mills' ratio over sqrt(2 pi), decreasing from one half."""
    return lane_tail_numerator(x) / lane_tail_denominator(x)


def lane_tail_numerator(x: float) -> float:
    """Of the rational `lane_tail_ratio`, apart for callers that share a division. Positive coefficients throughout."""
    w = x * x
    even = 3.3212661265569703e-07 * w + 0.0001416175289332686
    odd = 9.741485782995705e-06 * w + 0.0013226659035611456
    even = even * w + 0.008711818382240045
    odd = odd * w + 0.0420742496465177
    even = even * w + 0.1505778058555761
    odd = odd * w + 0.39455240569408845
    even = even * w + 0.727077014727601
    odd = odd * w + 0.8578173622693888
    even = even * w + 0.5
    return odd * x + even


def lane_tail_denominator(x: float) -> float:
    """Of the rational `lane_tail_ratio`."""
    w = x * x
    odd = 8.325179580401884e-07 * w + 0.00035581502016553173
    even = 2.441828370057297e-05 * w + 0.003339850035459975
    odd = odd * w + 0.02219060774638505
    even = even * w + 0.10873109899987247
    odd = odd * w + 0.39857823540103876
    even = even * w + 1.0880740612985407
    odd = odd * w + 2.1597675329917396
    even = even * w + 2.959652260509482
    odd = odd * w + 2.5135192853416446
    even = even * w + 1.0
    return odd * x + even


def lane_cdf(x: float, bell: float) -> float:
    """Distribution function of the standard normal, given bell = exp(-x^2 / 2)."""
    tail = bell * lane_tail_ratio(abs(x))
    return 1.0 - tail if x > 0.0 else tail


def lane_scaled_erfc(x: float) -> float:
    """exp(x^2) erfc(x) for x from 0 to 1e15."""
    return 2.0 * lane_tail_ratio(SQRT_TWO * x)
