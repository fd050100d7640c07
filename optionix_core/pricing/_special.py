"""Error functions and exact sums that the formulas of this room stand on.

Every function takes and returns plain floats and uses `math` alone, so that one text serves both the interpreter
(scalar calls, which load no array library) and the compiler (see `_kernels`). Nothing here checks its arguments, and
nothing raises within the ranges that `_formulas.first_fault` admits. Fast-math compilation would break the exact sums.
"""

from __future__ import annotations

import math

SQRT_HALF = 0.7071067811865476
INVERSE_SQRT_PI = 0.5641895835477563
INVERSE_SQRT_TWO_PI = 0.3989422804014327
LN_2_HIGH = 0.6931471803691238
"""ln 2 cut after 33 bits, so that its product with any exponent is exact."""
LN_2_LOW = 1.9082149292705877e-10
"""ln 2 minus LN_2_HIGH."""
SPLIT = 134217729.0
"""2^27 + 1, which cuts a double into two halves of 26 bits (Dekker 1971)."""


def exact_sum(a: float, b: float) -> tuple[float, float]:
    """Rounded sum and its rounding error; their sum is exactly a + b (Knuth, TAOCP 2, 4.2.2, theorem B)."""
    total = a + b
    share = total - a
    return total, (a - (total - share)) + (b - share)


def exact_product(a: float, b: float) -> tuple[float, float]:
    """Rounded product and its rounding error (Dekker 1971, section 5), for magnitudes below 1e290."""
    product = a * b
    wide = SPLIT * a
    a_high = wide - (wide - a)
    a_low = a - a_high
    wide = SPLIT * b
    b_high = wide - (wide - b)
    b_low = b - b_high
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def half_square_exponential(z: float) -> float:
    """exp(-z^2 / 2) with full relative accuracy: the square is taken of 16ths, the rest apart (Cody 1969)."""
    if abs(z) > 40.0:
        return 0.0
    if abs(z) < 1.0:
        return math.exp(-0.5 * z * z)
    coarse = math.floor(z * 16.0) / 16.0
    return math.exp(-0.5 * coarse * coarse) * math.exp(-0.5 * (z - coarse) * (z + coarse))


def normal_density(z: float) -> float:
    """Density of the standard normal distribution."""
    return INVERSE_SQRT_TWO_PI * half_square_exponential(z)


def scaled_erfc(z: float) -> float:
    """exp(z^2) erfc(z) for z > -26, to an ulp or two.

    Rational Chebyshev approximations of W. J. Cody, "Rational Chebyshev approximations for the error function", Math.
    Comp. 23 (1969) 631-637: n = 4 for |z| below 0.46875, n = 8 below 4 and n = 5 above.
    """
    y = abs(z)
    if y <= 0.46875:
        w = y * y
        numerator = ((1.85777706184603153e-1 * w + 3.16112374387056560) * w + 1.13864154151050156e2) * w
        numerator = (numerator + 3.77485237685302021e2) * w + 3.20937758913846947e3
        denominator = ((w + 2.36012909523441209e1) * w + 2.44024637934444173e2) * w
        denominator = (denominator + 1.28261652607737228e3) * w + 2.84423683343917062e3
        return math.exp(w) * (1.0 - z * numerator / denominator)
    if y <= 4.0:
        numerator = 2.15311535474403846e-8 * y + 5.64188496988670089e-1
        numerator = ((numerator * y + 8.88314979438837594) * y + 6.61191906371416295e1) * y + 2.98635138197400131e2
        numerator = ((numerator * y + 8.81952221241769090e2) * y + 1.71204761263407058e3) * y + 2.05107837782607147e3
        numerator = numerator * y + 1.23033935479799725e3
        denominator = (y + 1.57449261107098347e1) * y + 1.17693950891312499e2
        denominator = ((denominator * y + 5.37181101862009858e2) * y + 1.62138957456669019e3) * y
        denominator = ((denominator + 3.29079923573345963e3) * y + 4.36261909014324716e3) * y + 3.43936767414372164e3
        value = numerator / (denominator * y + 1.23033935480374942e3)
    else:
        w = 1.0 / (y * y)
        numerator = ((1.63153871373020978e-2 * w + 3.05326634961232344e-1) * w + 3.60344899949804439e-1) * w
        numerator = ((numerator + 1.25781726111229246e-1) * w + 1.60837851487422766e-2) * w + 6.58749161529837803e-4
        denominator = ((w + 2.56852019228982242) * w + 1.87295284992346725) * w + 5.27905102951428412e-1
        denominator = (denominator * w + 6.05183413124413191e-2) * w + 2.33520497626869185e-3
        value = (INVERSE_SQRT_PI - w * numerator / denominator) / y
    if z < 0.0:
        return 2.0 * math.exp(y * y) - value
    return value


def normal_cdf(z: float) -> float:
    """Distribution function of the standard normal, with full relative accuracy in the lower tail."""
    tail = 0.5 * half_square_exponential(z) * scaled_erfc(abs(z) * SQRT_HALF)
    return 1.0 - tail if z > 0.0 else tail


def log_moneyness(spot: float, strike: float, rate: float, dividend_yield: float, expiry: float) -> tuple[float, float]:
    """ln(spot / strike) + (rate - dividend_yield) expiry as a rounded value and a correction, to 1e-16 absolute.

    The quotient keeps its remainder and only the logarithm of a mantissa near one is rounded, because an error in this
    number acts on a volatility as the same relative error of the forward would.
    """
    quotient = spot / strike
    product, error = exact_product(quotient, strike)
    remainder = ((spot - product) - error) / spot
    mantissa, exponent = math.frexp(quotient)
    if mantissa < SQRT_HALF:
        mantissa *= 2.0
        exponent -= 1
    carry, carry_error = exact_sum(rate, -dividend_yield)
    drift, drift_error = exact_product(carry, expiry)
    total, first = exact_sum(exponent * LN_2_HIGH, math.log1p(mantissa - 1.0))
    total, second = exact_sum(total, drift)
    low = first + second + remainder + drift_error + carry_error * expiry + exponent * LN_2_LOW
    high = total + low
    return high, low - (high - total)


def discounted(amount: float, rate: float, expiry: float) -> tuple[float, float]:
    """Amount times exp(-rate * expiry) as a rounded value and a correction, together good to a third of an ulp.

    The exponential is 2^k (1 + expm1(r)) with |r| <= ln(2) / 2, so that what is rounded is the smaller part.
    """
    exponent, error = exact_product(-rate, expiry)
    k = math.floor(exponent / LN_2_HIGH + 0.5)
    rest, rest_low = exact_sum(exponent - k * LN_2_HIGH, error - k * LN_2_LOW)
    growth = math.expm1(rest)
    growth_low = rest_low * (1.0 + growth)
    base = math.ldexp(amount, int(k))
    change, change_low = exact_product(base, growth)
    value, low = exact_sum(base, change)
    low += change_low + base * growth_low
    total = value + low
    return total, low - (total - value)
