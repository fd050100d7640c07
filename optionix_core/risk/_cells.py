"""One option in a block of scenarios as vector instructions, for cells inside a safe region.

A cell is one option in one scenario. Whatever scenarios share (discounting, roots of time, logarithms of forwards) is
computed once a block by `lay_scenarios`; a cell then costs one exponential, two normal tails and two divisions. The
price is that of `pricing._blocks`, whose head has the formula; its logarithm of moneyness here is a difference of two
logarithms over the spot of today, which leaves prices an error of 1e-15 of the larger leg. No loop branches, calls a
library, reads more than seven columns or writes more than one. Cells outside the region are marked for the caller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.pricing._lanes import (
    lane_exponential,
    lane_logarithm,
    lane_tail_denominator,
    lane_tail_numerator,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

BLOCK = 256
"""Scenarios of a block: its columns fit the first-level cache."""
REDO = -1.0
"""Stands for a price that is to be computed otherwise; no price is negative."""
VANISHED = 1410.0
"""Square of a deviate at which the normal density is below the smallest double of full precision."""
SMALLEST_DEVIATION = 0.0009765625
LARGEST_DEVIATION = 16.0
FARTHEST = 40.0
"""Of ln(F / K)."""


def lay_scenarios(
    years: float,
    spot_now: float,
    spot: FloatArray,
    passed: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    asset: FloatArray,
    cash: FloatArray,
    forward: FloatArray,
    root: FloatArray,
) -> int:
    """Discounted spots, discount factors, ln(F / spot of today) and roots of time; zero root marks what is not safe.

    `years` is the time to expiry of today, of which `passed` goes by; `rate` and `dividend_yield` are the scenario's.
    """
    for i in range(asset.size):
        left = max(years - passed[i], 0.0)
        asset[i] = spot[i] * lane_exponential(min(max(-dividend_yield[i] * left, -700.0), 700.0))
    for i in range(cash.size):
        left = max(years - passed[i], 0.0)
        cash[i] = lane_exponential(min(max(-rate[i] * left, -700.0), 700.0))
    for i in range(forward.size):
        left = max(years - passed[i], 0.0)
        forward[i] = lane_logarithm(spot[i] / spot_now) + (rate[i] * left - dividend_yield[i] * left)
    for i in range(root.size):
        left = max(years - passed[i], 0.0)
        decay, growth = abs(rate[i] * left - 10.0), abs(dividend_yield[i] * left - 10.0)
        root[i] = left**0.5 if (left >= 1e-6) & (left <= 1e4) & (decay <= 12.0) & (growth <= 12.0) else 0.0
    return asset.size


def lay_logarithms(spot_now: float, spot: FloatArray, out: FloatArray) -> int:
    """ln(spot / spot of today)."""
    for i in range(out.size):
        out[i] = lane_logarithm(spot[i] / spot_now)
    return out.size


def scale_by(root: FloatArray, factor: FloatArray, out: FloatArray) -> int:
    """Products of two columns."""
    for i in range(out.size):
        out[i] = root[i] * factor[i]
    return out.size


def deviations(
    volatility: float,
    log_strike: float,
    forward: FloatArray,
    level: FloatArray,
    change: FloatArray,
    skew: FloatArray,
    curvature: FloatArray,
    out: FloatArray,
) -> int:
    """Total deviations v' sqrt(T), the rule of `scenarios` with its shocks already times the root of time."""
    for i in range(out.size):
        k = log_strike - forward[i]
        out[i] = volatility * level[i] + change[i] + (skew[i] + curvature[i] * k) * k
    return out.size


def price_cells(
    sign: float,
    strike: float,
    log_strike: float,
    asset: FloatArray,
    cash: FloatArray,
    forward: FloatArray,
    deviation: FloatArray,
    out: FloatArray,
) -> int:
    """Prices of a European option into `out`, REDO where a cell is not safe; returns how many of these there are."""
    unsafe = 0
    for i in range(out.size):
        s = deviation[i]
        x = forward[i] - log_strike
        leg, owed = asset[i], strike * cash[i]
        safe = (s >= SMALLEST_DEVIATION) & (s <= LARGEST_DEVIATION) & (abs(x) <= FARTHEST)
        h = -abs(x) / s
        d1 = h + 0.5 * s
        d2 = h - 0.5 * s
        bell = lane_exponential(-0.5 * d1 * d1)
        lower, lower_1 = lane_tail_denominator(abs(d1)), lane_tail_numerator(abs(d1))
        other, lower_2 = lane_tail_denominator(abs(d2)), lane_tail_numerator(abs(d2))
        scale = (bell if d1 * d1 < VANISHED else 0.0) / (lower * other)
        first, second = lower_1 * other, lower_2 * lower
        ratio = 1.0 - (first + second) * scale if d1 > 0.0 else (first - second) * scale
        value = max(sign * (leg - owed), 0.0) + min(leg, owed) * max(ratio, 0.0)
        out[i] = value if safe else REDO
        unsafe += 0 if safe else 1
    return unsafe
