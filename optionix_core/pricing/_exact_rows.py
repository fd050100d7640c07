"""Rows that vector instructions cannot price as exactly: one at a time, by `_formulas`.

Each function goes over one block, does the rows whose price is marked REDO, and answers -1. A faulty row becomes nan
with its code in `faults`; where `faults` has no room, it ends the block, and its place is the answer.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from optionix_core.pricing._blocks import REDO
from optionix_core.pricing._formulas import (
    escrow,
    first_fault,
    greeks_with_dividends,
    price_row,
)
from optionix_core.pricing._implied import implied_volatility_row
from optionix_core.pricing._implied_blocks import UNSOLVED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    Picks = NDArray[np.int64]
    Codes = NDArray[np.int8]


def exact_prices(
    sign: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
    times: FloatArray,
    amounts: FloatArray,
    proportional: int,
    out: FloatArray,
    faults: Codes,
) -> int:
    """Marked rows of `black_scholes.price`."""
    for i in range(out.size):
        if out[i] == REDO:
            w, s, k, t, r, q, v = sign[i], spot[i], strike[i], expiry[i], rate[i], dividend_yield[i], volatility[i]
            fault = first_fault(w, s, k, t, r, q, v)
            if fault == 0 and times.size > 0:
                s = escrow(s, r, q, t, times, amounts, proportional)[0]
                if not s > 0.0:
                    fault = 8
            if fault != 0 and faults.size == 0:
                return i
            if fault != 0:
                faults[i] = fault
                out[i] = math.nan
            else:
                out[i] = price_row(w, s, k, t, r, q, v)
    return -1


def exact_greeks(  # noqa: PLR0917 - a loop over columns, not values
    sign: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
    times: FloatArray,
    amounts: FloatArray,
    proportional: int,
    picks: Picks,
    first: int,
    out: FloatArray,
    faults: Codes,
) -> int:
    """Marked rows of `black_scholes.greeks`; those of the block start at `first` in the table `out`."""
    for i in range(sign.size):
        if out[0, first + i] == REDO:
            w, s, k, t, r, q, v = sign[i], spot[i], strike[i], expiry[i], rate[i], dividend_yield[i], volatility[i]
            fault = first_fault(w, s, k, t, r, q, v)
            factor, rate_slope, time_slope = 1.0, 0.0, 0.0
            if fault == 0 and times.size > 0:
                s, factor, rate_slope, time_slope = escrow(s, r, q, t, times, amounts, proportional)
                if not s > 0.0:
                    fault = 8
            if fault != 0 and faults.size == 0:
                return i
            if fault != 0:
                faults[i] = fault
                for j in range(picks.size):
                    out[j, first + i] = math.nan
            else:
                row = greeks_with_dividends(w, s, k, t, r, q, v, factor, rate_slope, time_slope)
                for j in range(picks.size):
                    out[j, first + i] = row[picks[j]]
    return -1


def exact_volatilities(
    sign: FloatArray,
    price: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    out: FloatArray,
    statuses: Codes,
) -> int:
    """Rows of `implied_volatility` that are marked UNSOLVED; returns how many have no volatility."""
    missing = 0
    for i in range(out.size):
        if out[i] == UNSOLVED:
            volatility, status = implied_volatility_row(
                sign[i], price[i], spot[i], strike[i], expiry[i], rate[i], dividend_yield[i]
            )
            out[i] = volatility
            statuses[i] = status
            missing += 0 if status == 0 else 1
    return missing
