"""Cells that vector instructions leave, and gains from prices; compiled without fast-math flags.

Without those flags no product melts into a sum, so that a scenario in which nothing happens gains exactly nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from optionix_core.pricing._formulas import first_fault, price_row
from optionix_core.risk._cells import REDO

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

BAD_VOLATILITY = 20
"""A fault beside those of `InputFault`: the shocks leave no volatility."""


def exact_cells(  # noqa: PLR0917 - a loop over columns, not values
    sign: float,
    strike: float,
    log_strike: float,
    years: float,
    volatility: FloatArray,
    shared: int,
    spot_now: float,
    spot: FloatArray,
    passed: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    level: FloatArray,
    change: FloatArray,
    skew: FloatArray,
    curvature: FloatArray,
    out: FloatArray,
) -> tuple[int, int]:
    """Marked cells of `price_cells`; place and code of the first fault, (-1, 0) where there is none.

    Past its expiry an option is worth its payoff at the scenario's spot. `volatility` has one number where `shared`.
    """
    for i in range(out.size):
        if out[i] == REDO:
            left = years - passed[i]
            if left <= 0.0:
                out[i] = max(sign * (spot[i] - strike), 0.0)
            else:
                k = log_strike - (math.log(spot[i] / spot_now) + (rate[i] - dividend_yield[i]) * left)
                v = volatility[0] if shared else volatility[i]
                v = v * level[i] + change[i] + (skew[i] + curvature[i] * k) * k
                if not v > 0.0:
                    return i, BAD_VOLATILITY
                fault = first_fault(sign, spot[i], strike, left, rate[i], dividend_yield[i], v)
                if fault != 0:
                    return i, fault
                out[i] = price_row(sign, spot[i], strike, left, rate[i], dividend_yield[i], v)
    return -1, 0


def gains(units: float, base: float, price: FloatArray, exchange: FloatArray, out: FloatArray) -> int:
    """Adds `units` times the change of worth in the reporting currency, `base` being one unit's worth of today."""
    for i in range(out.size):
        worth = price[i] * exchange[i]
        gain = worth - base
        out[i] += units * gain
    return out.size
