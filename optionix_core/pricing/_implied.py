"""Implied volatility of one option to the last attainable digit, from plain floats.

After P. Jaeckel, "Let's Be Rational" (Wilmott 2015): invert the out-of-the-money option, normalised, by third-order
steps on an objective that is nearly linear, from a closed first guess. Ours differs in its pieces. Below half of the
largest price the objective is ln c in ln s, which is concave, so that steps cannot run away; above, it is ln(1 - c) in
s, which is concave too. Steps solve a local model exactly: a power law below (the far tail, ln c ~ -x^2 / 2s^2, is
one), a parabola above (ln(1 - c) ~ -s^2 / 8). A price that no single volatility gives gets none.
"""

from __future__ import annotations

import math

from optionix_core.pricing._black import black_gap, black_ratio, log_black_ratio
from optionix_core.pricing._formulas import first_fault
from optionix_core.pricing._special import (
    INVERSE_SQRT_TWO_PI,
    discounted,
    exact_sum,
    half_square_exponential,
    log_moneyness,
)

NAN = math.nan
EPSILON = 2.220446049250313e-16
SQRT_TWO_PI = 2.5066282746310002
CONVERGED = 1e-7
"""Relative step after which a third-order iteration has nothing left to correct."""


def implied_volatility_row(
    sign: float, price: float, spot: float, strike: float, expiry: float, rate: float, dividend_yield: float
) -> tuple[float, int]:
    """Volatility and `status.VolatilityStatus`; the volatility is nan unless the status is 0."""
    if expiry <= 0.0:
        return NAN, 5 if first_fault(sign, spot, strike, 0.0, rate, dividend_yield, 0.0) else 4
    if first_fault(sign, spot, strike, expiry, rate, dividend_yield, 0.0) or math.isnan(price):
        return NAN, 5
    asset, asset_low = discounted(spot, dividend_yield, expiry)
    cash, cash_low = discounted(strike, rate, expiry)
    x, x_low = log_moneyness(spot, strike, rate, dividend_yield, expiry)
    ceiling, ceiling_low = (asset, asset_low) if sign > 0.0 else (cash, cash_low)
    if price >= ceiling:
        return NAN, 2
    time_value = price
    rounding = 0.0
    if sign * x > 0.0:
        floor, floor_low = exact_sum(sign * asset, -sign * cash)
        floor_low += sign * (asset_low - cash_low)
        time_value = (price - floor) - floor_low
        rounding = EPSILON * (price + max(asset, cash))
    if time_value < -rounding:
        return NAN, 1
    if time_value <= rounding:
        return NAN, 3
    leg = min(asset, cash)
    ratio = time_value / leg
    if ratio < 1e-305:
        return NAN, 3
    gap = ((ceiling - price) + ceiling_low) / leg
    if x > 0.0:
        x, x_low = -x, -x_low
    deviation = _deviation_below(ratio, x, x_low) if ratio < 0.5 else _deviation_above(gap, x, x_low)
    return deviation / math.sqrt(expiry), 0


def _deviation_below(ratio: float, x: float, x_low: float) -> float:
    """Total deviation s with c(x, s) = ratio < 1/2."""
    target = math.log(ratio)
    s = _first_guess(ratio, target, x)
    for _ in range(40):
        h = x / s + x_low / s
        t = 0.5 * s
        value = log_black_ratio(x, x_low, s) if h + t < 1.0 else math.log(black_ratio(x, x_low, s))
        miss = value - target
        if abs(miss) < 0.5 and value > -600.0:
            miss = math.log1p((black_ratio(x, x_low, s) - ratio) / ratio)
        slope = s * INVERSE_SQRT_TWO_PI * math.exp(-0.5 * (h + t) * (h + t) - value)
        power = slope - 1.0 - h * h + t * t
        step = miss / slope
        bend = power * step
        change = math.expm1(-step) if abs(bend) < 1e-9 or bend <= -1.0 else math.expm1(-math.log1p(bend) / power)
        s += s * change
        if abs(change) < CONVERGED:
            break
    return s


def _first_guess(ratio: float, target: float, x: float) -> float:
    """A total deviation below the inflection, from the limit of small deviations or from the far tail.

    Small deviations: c / |x| is n(h) / |h| - N(-|h|), about (1 / |h| + |h| / 2) / sqrt(2 pi) - 1/2 for |h| up to one.
    Far tail: d1 is about -sqrt(-2 ln c), and s follows from x = s d1 - s^2 / 2.
    """
    if ratio > 0.08 * -x:
        c = SQRT_TWO_PI * (ratio - 0.5 * x)
        discriminant = c * c + 2.0 * x
        return 0.5 * (c + math.sqrt(max(discriminant, 0.0)))
    d1 = math.sqrt(-2.0 * target)
    return -2.0 * x / (d1 + math.sqrt(d1 * d1 - 2.0 * x))


def _deviation_above(gap: float, x: float, x_low: float) -> float:
    """Total deviation s with 1 - c(x, s) = gap <= 1/2."""
    target = math.log(gap)
    s = math.sqrt(-2.0 * x) + 0.5
    for _ in range(40):
        h = x / s + x_low / s
        t = 0.5 * s
        value = black_gap(x, x_low, s)
        miss = math.log1p((value - gap) / gap) if 0.5 * gap < value < 2.0 * gap else math.log(value) - target
        slope = INVERSE_SQRT_TWO_PI * half_square_exponential(h + t) / value
        curvature = slope * (slope + (h * h - t * t) / s)
        discriminant = slope * slope + 2.0 * curvature * miss
        change = 2.0 * miss / (slope + math.sqrt(discriminant)) if discriminant > 0.0 else miss / slope
        s = max(s + change, 0.25 * s)
        if abs(change) < CONVERGED * s:
            break
    return s
