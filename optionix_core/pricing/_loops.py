"""The loops over rows that are compiled: one function, one kernel (`_kernels`).

Written as plain Python over the functions of `_formulas` and `_implied`. Each argument's annotation names the compiled
type, so it is spelled exactly as `_compile.KINDS` lists it. A column with one element is shared by all rows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from optionix_core.pricing._formulas import (
    escrow,
    first_fault,
    forward_fault,
    forward_row,
    greeks_row,
    greeks_with_dividends,
    price_row,
)
from optionix_core.pricing._implied import implied_volatility_row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Output = NDArray[np.float64]
    Table = NDArray[np.float64]
    Picks = NDArray[np.int64]
    Codes = NDArray[np.int8]


def price_rows(
    sign: Column,
    spot: Column,
    strike: Column,
    expiry: Column,
    rate: Column,
    dividend_yield: Column,
    volatility: Column,
    times: Column,
    amounts: Column,
    proportional: int,
    out: Output,
    faults: Codes,
) -> int:
    """Prices into `out`. A bad row becomes nan with its code in `faults`; with no room there, it ends the loop.

    Returns the row that ended the loop, -1 where none did.
    """
    signs, spots, strikes = min(sign.size - 1, 1), min(spot.size - 1, 1), min(strike.size - 1, 1)
    expiries, rates = min(expiry.size - 1, 1), min(rate.size - 1, 1)
    yields, volatilities = min(dividend_yield.size - 1, 1), min(volatility.size - 1, 1)
    for i in range(out.size):
        w, s, k, t = sign[i * signs], spot[i * spots], strike[i * strikes], expiry[i * expiries]
        r, q, v = rate[i * rates], dividend_yield[i * yields], volatility[i * volatilities]
        fault = first_fault(w, s, k, t, r, q, v)
        if fault == 0 and times.size > 0:
            s = escrow(s, r, q, t, times, amounts, proportional)[0]
            if not s > 0.0:
                fault = 8
        if fault != 0:
            if faults.size == 0:
                return i
            faults[i] = fault
            out[i] = math.nan
        else:
            out[i] = price_row(w, s, k, t, r, q, v)
    return -1


def forward_rows(
    sign: Column,
    forward: Column,
    strike: Column,
    expiry: Column,
    discount_factor: Column,
    volatility: Column,
    out: Output,
    faults: Codes,
) -> int:
    """As `price_rows`, on forwards."""
    signs, forwards, strikes = min(sign.size - 1, 1), min(forward.size - 1, 1), min(strike.size - 1, 1)
    expiries, factors = min(expiry.size - 1, 1), min(discount_factor.size - 1, 1)
    volatilities = min(volatility.size - 1, 1)
    for i in range(out.size):
        w, f, k = sign[i * signs], forward[i * forwards], strike[i * strikes]
        t, d, v = expiry[i * expiries], discount_factor[i * factors], volatility[i * volatilities]
        fault = forward_fault(w, f, k, t, d, v)
        if fault != 0:
            if faults.size == 0:
                return i
            faults[i] = fault
            out[i] = math.nan
        else:
            out[i] = forward_row(w, f, k, t, d, v)
    return -1


def greeks_rows(  # noqa: PLR0917 - a kernel takes columns, not values
    sign: Column,
    spot: Column,
    strike: Column,
    expiry: Column,
    rate: Column,
    dividend_yield: Column,
    volatility: Column,
    times: Column,
    amounts: Column,
    proportional: int,
    picks: Picks,
    out: Table,
    faults: Codes,
) -> int:
    """As `price_rows`; row j of `out` gets the value that `picks[j]` numbers in `black_scholes.Greeks`."""
    signs, spots, strikes = min(sign.size - 1, 1), min(spot.size - 1, 1), min(strike.size - 1, 1)
    expiries, rates = min(expiry.size - 1, 1), min(rate.size - 1, 1)
    yields, volatilities = min(dividend_yield.size - 1, 1), min(volatility.size - 1, 1)
    for i in range(out.shape[1]):
        w, s, k, t = sign[i * signs], spot[i * spots], strike[i * strikes], expiry[i * expiries]
        r, q, v = rate[i * rates], dividend_yield[i * yields], volatility[i * volatilities]
        fault = first_fault(w, s, k, t, r, q, v)
        factor, rate_slope, time_slope = 1.0, 0.0, 0.0
        if fault == 0 and times.size > 0:
            s, factor, rate_slope, time_slope = escrow(s, r, q, t, times, amounts, proportional)
            if not s > 0.0:
                fault = 8
        if fault != 0:
            if faults.size == 0:
                return i
            faults[i] = fault
            for j in range(picks.size):
                out[j, i] = math.nan
        elif times.size > 0:
            row = greeks_with_dividends(w, s, k, t, r, q, v, factor, rate_slope, time_slope)
            for j in range(picks.size):
                out[j, i] = row[picks[j]]
        else:
            row = greeks_row(w, s, k, t, r, q, v)
            for j in range(picks.size):
                out[j, i] = row[picks[j]]
    return -1


def implied_volatility_rows(
    sign: Column,
    price: Column,
    spot: Column,
    strike: Column,
    expiry: Column,
    rate: Column,
    dividend_yield: Column,
    out: Output,
    statuses: Codes,
) -> int:
    """Implied volatilities into `out`, `status.VolatilityStatus` codes into `statuses`; returns how many are there."""
    signs, prices, spots = min(sign.size - 1, 1), min(price.size - 1, 1), min(spot.size - 1, 1)
    strikes, expiries = min(strike.size - 1, 1), min(expiry.size - 1, 1)
    rates, yields = min(rate.size - 1, 1), min(dividend_yield.size - 1, 1)
    found = 0
    for i in range(out.size):
        volatility, status = implied_volatility_row(
            sign[i * signs],
            price[i * prices],
            spot[i * spots],
            strike[i * strikes],
            expiry[i * expiries],
            rate[i * rates],
            dividend_yield[i * yields],
        )
        out[i] = volatility
        statuses[i] = status
        if status == 0:
            found += 1
    return found
