"""Implied volatilities of a block of rows as vector instructions, for rows whose solution is ordinary.

Method: the option out of the money, normalised as c(x, s) of `_black`, is inverted from a closed guess by two
fourth-order steps (A. Householder, "The Numerical Treatment of a Single Nonlinear Equation", 1970) on ln c below a half
and on ln(1 - c) above; with f = ln c,

    s c' / c = A = s n(d1) / c,    s^2 c'' / c = A q,    s^3 c''' / c = A r,    q = h^2 - t^2,    r = q^2 - 3 h^2 - t^2.

c comes from the chord of `_fractions`, in which small deviations cost no digits, and near the money from N - 1/2. A row
whose last step was not small enough to leave an error below rounding, or whose arguments `_regions.is_solvable` does
not admit, is marked for the caller to solve one at a time; statuses other than OK arise only there. Loops are written
as in `_blocks`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from optionix_core.pricing._fractions import lane_fraction_denominator, lane_fraction_numerator
from optionix_core.pricing._implied_lanes import (
    lane_central_mass,
    lane_deviate,
    lane_growth,
    lane_logarithm_parts,
    lane_share,
    lane_small_growth,
)
from optionix_core.pricing._lanes import DENSITY_AT_ZERO, LN2_REST, LN2_TOP, lane_exponential, lane_logarithm
from optionix_core.pricing._regions import is_converged, is_solvable, is_time_value
from optionix_core.pricing._special import exact_product, exact_sum

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

SOLVE_BLOCK = 256
"""Rows of a block."""
TARGET, DISTANCE, BELOW, GOOD, DEVIATION, REST, CHANGE, ASSET, ASSET_LOW, CASH, CASH_LOW = (
    SOLVE_BLOCK * place for place in range(11)
)
"""Where the room keeps c or 1 - c, -|x|, which of the two (1 for c), whether to solve (1), s as a rounded value and a
correction, its last relative change, and the discounted legs."""
SOLVE_ROOM = 11 * SOLVE_BLOCK
UNSOLVED = -1.0
"""Stands for the volatility of a row that is to be solved otherwise."""
EPSILON = 2.220446049250313e-16
UPPER_LIMIT = 0.5
"""Largest d1 at which the rational W is used beyond zero, as W(-d1)."""


def discount_legs(
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    room: FloatArray,
) -> int:
    """Discounted spot and strike, each as a rounded value and a correction, as `_special.discounted` has them."""
    for i in range(spot.size):
        exponent, error = exact_product(-dividend_yield[i], expiry[i])
        base, growth, growth_low = lane_growth(spot[i], exponent, error)
        change, change_low = exact_product(base, growth)
        value, low = exact_sum(base, change)
        room[i + ASSET], room[i + ASSET_LOW] = exact_sum(value, low + (change_low + base * growth_low))
    for i in range(spot.size):
        exponent, error = exact_product(-rate[i], expiry[i])
        base, growth, growth_low = lane_growth(strike[i], exponent, error)
        change, change_low = exact_product(base, growth)
        value, low = exact_sum(base, change)
        room[i + CASH], room[i + CASH_LOW] = exact_sum(value, low + (change_low + base * growth_low))
    return spot.size


def measure_distances(
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    room: FloatArray,
) -> int:
    """Log moneyness of the forward, as `_special.log_moneyness` has it, with its sign."""
    for i in range(spot.size):
        s, k = spot[i], strike[i]
        quotient = s / k
        product, error = exact_product(quotient, k)
        remainder = ((s - product) - error) / s
        exponent, log_mantissa = lane_logarithm_parts(quotient)
        carry, carry_error = exact_sum(rate[i], -dividend_yield[i])
        drift, drift_error = exact_product(carry, expiry[i])
        total, first = exact_sum(exponent * LN2_TOP, log_mantissa)
        total, second = exact_sum(total, drift)
        low = first + second + remainder + drift_error + carry_error * expiry[i] + exponent * LN2_REST
        room[i + DISTANCE] = total + low
    return spot.size


def normalise_prices(sign: FloatArray, price: FloatArray, room: FloatArray) -> int:
    """The normalised price, or what it lacks to its maximum, whichever is less than a half."""
    for i in range(sign.size):
        w, p, x = sign[i], price[i], room[i + DISTANCE]
        asset, cash = room[i + ASSET], room[i + CASH]
        spread, spread_low = exact_sum(w * asset, -w * cash)
        inside = w * x > 0.0
        floor = spread if inside else 0.0
        floor_low = spread_low + w * (room[i + ASSET_LOW] - room[i + CASH_LOW]) if inside else 0.0
        time_value = (p - floor) - floor_low
        ceiling = asset if w > 0.0 else cash
        ceiling_low = room[i + ASSET_LOW] if w > 0.0 else room[i + CASH_LOW]
        lacking = (ceiling - p) + ceiling_low
        leg = min(asset, cash)
        below = time_value < 0.5 * leg
        rounding = EPSILON * (p + max(asset, cash)) if inside else 0.0
        leg_low = room[i + ASSET_LOW] if asset < cash else room[i + CASH_LOW]
        target = (time_value if below else lacking) / leg
        room[i + TARGET] = target - target * (leg_low / leg)
        room[i + BELOW] = 1.0 if below else 0.0
        room[i + DISTANCE] = -abs(x)
        room[i + GOOD] = 1.0 if is_time_value(time_value, lacking, rounding, leg) else 0.0
    return sign.size


def mark_solvable(
    sign: FloatArray,
    price: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    room: FloatArray,
) -> int:
    """Take rows out that are not ordinary."""
    for i in range(sign.size):
        good = is_solvable(sign[i], price[i], spot[i], strike[i], expiry[i], rate[i], dividend_yield[i])
        room[i + GOOD] = room[i + GOOD] if good else 0.0
    return sign.size


def guess_deviations(rows: int, room: FloatArray) -> int:
    """Total deviations to a few percent.

    Below: as if prices were normally distributed, c exp(x / 2) / |x| = n(h) / h - N(-h), inverted by a rational in
    sqrt(ln(1 + q^2)), q = |x| n(0) / (c exp(x / 2)), then corrected by a polynomial. Above: 1 - c = N(-d1) (1 + rho),
    rho = Y(d2) / Y(-d1), twice around, with the inverse distribution of Abramowitz and Stegun, 26.2.23.
    """
    for i in range(rows):
        target, x, below = room[i + TARGET], room[i + DISTANCE], room[i + BELOW] > 0.5
        bell_price = target * lane_exponential(0.5 * x)
        q = -x * DENSITY_AT_ZERO / bell_price
        far = q > 1e8
        log = lane_logarithm((q if far else 1.0 + q * q) if below else target)
        v = math.sqrt((2.0 * log if far else log) if below else -2.0 * log)
        top = ((0.32904825410817046 * v - 0.3470524198967953) * v + 0.9143044489482615) * v + 1.0009346707201427
        bottom = ((0.32755869386742553 * v - 0.23494711909678045) * v + 2.2068066110697746) * v + 1.0
        near = q < 1e-4
        h = q if near else v * top / bottom
        normal = bell_price / DENSITY_AT_ZERO if near else -x / h
        u = 1.0 / (1.0 + h)
        t = 0.5 * normal * u
        g = (8.11338609588036 * t - 8.96329007283646 * u - 1.34158518782207) * t
        g = (g + (1.8867903080321131 * u + 2.0138158435864373) * u + 0.13225449886953233) * t
        g = (g + ((1.3271713051813327 * u - 2.486673891026225) * u + 0.8168011759267733) * u + 0.004900528058591653) * t
        lower = normal * (1.0 + g * (1.0 + g * (0.5 + g * (1.0 / 6.0))))
        d1 = lane_deviate(v)
        width = d1 + math.sqrt(d1 * d1 - 2.0 * x)
        d1 = lane_deviate(math.sqrt(v * v + 2.0 * lane_share(d1, width)))
        width = d1 + math.sqrt(d1 * d1 - 2.0 * x)
        d1 = lane_deviate(math.sqrt(v * v + 2.0 * lane_share(d1, width)))
        upper = d1 + math.sqrt(d1 * d1 - 2.0 * x)
        room[i + DEVIATION] = lower if below else upper
    return rows


def improve_deviations(rows: int, room: FloatArray) -> int:
    """One step of fourth order for every deviation."""
    for i in range(rows):
        target, x, below, s = room[i + TARGET], room[i + DISTANCE], room[i + BELOW] > 0.5, room[i + DEVIATION]
        h = x / s
        t = 0.5 * s
        d1 = h + t
        over = d1 > (UPPER_LIMIT if below else 0.0)
        a = abs(d1) if over else -d1
        b = t - h
        gap = -2.0 * h if over else s
        top, top_slope = lane_fraction_numerator(a, b)
        bottom, bottom_slope = lane_fraction_denominator(a, b)
        other = bottom + gap * bottom_slope
        whole = a * bottom + top
        other_whole = b * other + (top + gap * top_slope)
        together = bottom * other_whole + other * whole
        apart = s * (bottom * other - (top * bottom_slope - top_slope * bottom))
        density = DENSITY_AT_ZERO * lane_exponential(-0.5 * d1 * d1)
        value = density * (together if over else apart) / (whole * other_whole)
        value = 1.0 - value if over == below else value
        other_mass = lane_central_mass(b)
        growth = lane_small_growth(-0.25 * x)
        growth = growth * (growth + 2.0)
        growth = growth * (growth + 2.0)
        central = lane_central_mass(d1) + other_mass - growth * (0.5 - other_mass)
        value = central if below & (d1 > 0.0) & (b < 1.7) & (x > (-1.38 if d1 > 0.3 else -0.69)) else value
        inverse = 1.0 / value
        ratio = value / target
        miss = lane_logarithm(ratio) + (value - ratio * target) * inverse
        slope = s * density * inverse
        slope = slope if below else -slope
        q = h * h - t * t
        r = q * q - 3.0 * h * h - t * t
        bend = q - slope
        twist = r - 3.0 * slope * q + 2.0 * slope * slope
        step = -miss / slope
        change = step * (1.0 + 0.5 * bend * step) / (1.0 + step * (bend + step * twist * (1.0 / 6.0)))
        better = s + s * change
        room[i + DEVIATION] = better
        room[i + REST] = (s - better) + s * change
        room[i + CHANGE] = change
    return rows


def finish_block(expiry: FloatArray, room: FloatArray, out: FloatArray) -> int:
    """Volatilities into `out`, UNSOLVED where a row is to be solved otherwise; returns how many these are.

    The rounding errors of s, of the root and of the quotient are put back, so that only the last addition rounds.
    """
    unsolved = 0
    for i in range(out.size):
        s = room[i + DEVIATION]
        good = is_converged(room[i + GOOD], s, room[i + CHANGE])
        root = math.sqrt(expiry[i])
        volatility = s / root
        rest = room[i + REST] + (s - volatility * root) - 0.5 * volatility * ((expiry[i] - root * root) / root)
        out[i] = volatility + rest / root if good else UNSOLVED
        unsolved += 0 if good else 1
    return unsolved
