"""The volatility of an American price, row by row inside a bracket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing._american_shapes import shapes
from optionix_core.pricing.dividends import DividendSchedule
from optionix_core.pricing.implied_volatility import implied_volatility as european_implied_volatility

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

LEAST_VOLATILITY, MOST_VOLATILITY = 1e-3, 10.0
MOST_STEPS = 80
MET = 1e-11
"""Miss of a price, relative to the larger of spot and strike, at which the search ends."""
NARROW = 1e-13
"""Relative width of a bracket at which it ends too."""


def solve_volatility(target: FloatArray, market: list[FloatArray], accuracy: str, paid: DividendSchedule) -> FloatArray:
    """Columns of sign, spot, strike, expiry, rate and yield, admitted ones, of as many rows as there are prices."""
    sign, spot, strike, expiry, rate, dividend_yield = market
    rows = len(target)
    scale = np.maximum(spot, strike)
    active = np.flatnonzero((target > np.maximum(sign * (spot - strike), 0.0)) & (expiry > 0.0))
    result = np.full(rows, np.nan)
    low = np.full(rows, LEAST_VOLATILITY)
    high = np.full(rows, MOST_VOLATILITY)
    volatility = np.asarray(european_implied_volatility(sign, target, spot, strike, expiry, rate, dividend_yield))
    volatility = np.where((volatility > low) & (volatility < high), volatility, 0.3)
    last_volatility = np.full(rows, np.nan)
    last_miss = np.full(rows, np.nan)
    for _ in range(MOST_STEPS):
        if not active.size:
            break
        at = volatility[active]
        some = [np.ascontiguousarray(column[active]) for column in market]
        miss = shapes([*some, at], active.size, accuracy, paid).table[0] - target[active]
        low[active] = np.where(miss < 0.0, at, low[active])
        high[active] = np.where(miss > 0.0, at, high[active])
        met = np.abs(miss) <= MET * scale[active]
        result[active[met]] = at[met]
        moved = at != last_volatility[active]
        slope = np.where(moved, miss - last_miss[active], np.nan) / np.where(moved, at - last_volatility[active], 1.0)
        unknown = ~(slope > 0.0)
        if unknown.any():
            slope[unknown] = np.maximum(_european_vega(*(column[unknown] for column in (*some[1:], at))), 1e-300)
        last_volatility[active] = at
        last_miss[active] = miss
        with np.errstate(over="ignore"):  # a step past every number is outside the bracket, and halved instead
            step = at - miss / slope
        inside = (step > low[active]) & (step < high[active])
        volatility[active] = np.where(inside, step, 0.5 * (low[active] + high[active]))
        narrow = high[active] - low[active] <= NARROW * high[active]
        active = active[~(met | narrow | np.isnan(miss))]
    return result


def _european_vega(
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    """S exp(-q T) n(d1) sqrt(T). A step's slope alone, not worth the kernel of all Greeks."""
    root = volatility * np.sqrt(expiry)
    d1 = (np.log(spot / strike) + (rate - dividend_yield) * expiry) / root + 0.5 * root
    vega: FloatArray = spot * np.sqrt(expiry / (2.0 * np.pi)) * np.exp(-dividend_yield * expiry - 0.5 * d1 * d1)
    return vega
