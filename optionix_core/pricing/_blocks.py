"""Black-Scholes prices and Greeks of a block of rows as vector instructions, for rows inside a safe region.

The compiler turns each loop here into SIMD code: nothing branches, calls a library or is too large to be inlined, and
a loop reads at most seven columns and writes one, the most for which the compiler will check that they do not overlap.
Formulas as in `_formulas`. With x = ln(F / K) and s = sigma sqrt(T), the option out of the money is worth its
discounted leg times

    c = n(d1) (Y(d1) - Y(d2)) for d1 <= 0,    1 - n(d1) (Y(-d1) + Y(-d2)) above,    d1, d2 = -|x| / s +- s / 2,

Y = N / n by `_lanes.lane_tail_ratio`: one exponential serves both terms, and values far out keep relative accuracy.
Rows outside the region of `_regions`, and all with a faulty argument, are marked for the caller to redo; no result is
guessed. Errors inside it: prices 5e-16 of the larger leg.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from optionix_core.pricing._lanes import (
    lane_exponential,
    lane_logarithm,
    lane_tail_denominator,
    lane_tail_numerator,
)
from optionix_core.pricing._regions import is_safe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

BLOCK = 512
"""Rows of a block: eight columns of them fit the first-level cache."""
REDO = -1.0
"""Stands for the price of a row that is to be done otherwise; no price is negative."""
VANISHED = 1410.0
"""Square of a deviate at which the normal density is below the smallest double of full precision."""


def price_block(
    sign: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
    out: FloatArray,
) -> int:
    """Prices into `out`, REDO where a row is not safe; returns how many of these there are."""
    unsafe = 0
    for i in range(out.size):
        w, s, k, t, r, q, v = sign[i], spot[i], strike[i], expiry[i], rate[i], dividend_yield[i], volatility[i]
        safe = is_safe(w, s, k, t, r, q, v)
        deviation = v * math.sqrt(t)
        asset = s * lane_exponential(-q * t)
        cash = k * lane_exponential(-r * t)
        x = lane_logarithm(s / k) + (r * t - q * t)
        h = -abs(x) / deviation
        d1 = h + 0.5 * deviation
        d2 = h - 0.5 * deviation
        bell = lane_exponential(-0.5 * d1 * d1)
        lower, lower_1 = lane_tail_denominator(abs(d1)), lane_tail_numerator(abs(d1))
        other, lower_2 = lane_tail_denominator(abs(d2)), lane_tail_numerator(abs(d2))
        scale = (bell if d1 * d1 < VANISHED else 0.0) / (lower * other)
        first, second = lower_1 * other, lower_2 * lower
        ratio = 1.0 - (first + second) * scale if d1 > 0.0 else (first - second) * scale
        value = max(w * (asset - cash), 0.0) + min(asset, cash) * max(ratio, 0.0)
        out[i] = value if safe else REDO
        unsafe += 0 if safe else 1
    return unsafe


def escrow_block(
    spot: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    times: FloatArray,
    amounts: FloatArray,
    proportional: int,
    net: FloatArray,
) -> int:
    """Spots net of the dividends up to expiry into `net`, as `_formulas.escrow` has them."""
    for i in range(net.size):
        net[i] = spot[i]
    for j in range(times.size):
        time, amount = times[j], amounts[j]
        if proportional:
            for i in range(net.size):
                net[i] = net[i] * (1.0 - amount if time <= expiry[i] else 1.0)
        else:
            for i in range(net.size):
                value = amount * lane_exponential((dividend_yield[i] - rate[i]) * time)
                net[i] = net[i] - (value if time <= expiry[i] else 0.0)
    return times.size
