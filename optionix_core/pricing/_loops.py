"""The loops over rows that are compiled: one function, one kernel (`_kernels`).

Blocks of rows go through the vector instructions of `_blocks` and `_greek_blocks`; rows that are marked there, and all
rows of Greeks with discrete dividends, through `_exact_rows`. Each argument's annotation names the compiled type, so it
is spelled exactly as `_compile.KINDS` lists it. A column with one element is shared by all rows. The rows [first, last)
are done, by blocks that start at `first`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing._blocks import BLOCK, REDO, escrow_block, price_block
from optionix_core.pricing._columns import opened, part
from optionix_core.pricing._exact_rows import exact_greeks, exact_prices, exact_volatilities
from optionix_core.pricing._greek_blocks import GREEK_BLOCK, GREEK_ROOM, greek_block, greek_column
from optionix_core.pricing._implied_blocks import (
    SOLVE_BLOCK,
    SOLVE_ROOM,
    discount_legs,
    finish_block,
    guess_deviations,
    improve_deviations,
    mark_solvable,
    measure_distances,
    normalise_prices,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Output = NDArray[np.float64]
    Table = NDArray[np.float64]
    Picks = NDArray[np.int64]
    Codes = NDArray[np.int8]


def price_rows(  # noqa: PLR0917 - a kernel takes columns, not values
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
    first: int,
    last: int,
    out: Output,
    faults: Codes,
) -> int:
    """Prices into `out`. A bad row becomes nan with its code in `faults`; with no room there, it ends the loop.

    Returns the row that ended the loop, -1 where none did.
    """
    room = np.empty((7, min(last - first, BLOCK)))
    net = np.empty(BLOCK)
    net_all = opened(sign[:0], net)
    w_all, s_all, k_all, t_all = (
        opened(sign, room[0]),
        opened(spot, room[1]),
        opened(strike, room[2]),
        opened(expiry, room[3]),
    )
    r_all, q_all, v_all = opened(rate, room[4]), opened(dividend_yield, room[5]), opened(volatility, room[6])
    for start in range(first, last, BLOCK):
        stop = min(start + BLOCK, last)
        w, s, k = part(w_all, start, stop, last), part(s_all, start, stop, last), part(k_all, start, stop, last)
        t, r, q = part(t_all, start, stop, last), part(r_all, start, stop, last), part(q_all, start, stop, last)
        v = part(v_all, start, stop, last)
        prices = out[start:stop]
        paying = s
        if times.size > 0:
            escrow_block(s, t, r, q, times, amounts, proportional, net[: stop - start])
            paying = net_all[: stop - start]
        unsafe = price_block(w, paying, k, t, r, q, v, prices)
        if unsafe > 0:
            bad = exact_prices(w, s, k, t, r, q, v, times, amounts, proportional, prices, faults[start:stop])
            if bad >= 0:
                return start + bad
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
    first: int,
    last: int,
    out: Table,
    faults: Codes,
) -> int:
    """As `price_rows`; row j of `out` gets the value that `picks[j]` numbers in `black_scholes.Greeks`, price first."""
    columns = np.empty((7, min(last - first, GREEK_BLOCK)))
    room = np.empty(GREEK_ROOM)
    w_all, s_all, k_all = opened(sign, columns[0]), opened(spot, columns[1]), opened(strike, columns[2])
    t_all, r_all, q_all = opened(expiry, columns[3]), opened(rate, columns[4]), opened(dividend_yield, columns[5])
    v_all = opened(volatility, columns[6])
    for start in range(first, last, GREEK_BLOCK):
        stop = min(start + GREEK_BLOCK, last)
        w, s, k = part(w_all, start, stop, last), part(s_all, start, stop, last), part(k_all, start, stop, last)
        t, r, q = part(t_all, start, stop, last), part(r_all, start, stop, last), part(q_all, start, stop, last)
        v = part(v_all, start, stop, last)
        if times.size == 0:
            unsafe = greek_block(w, s, k, t, r, q, v, room)
            for j in range(picks.size):
                greek_column(picks[j], s, k, t, r, q, v, room, out[j, start:stop])
        else:
            out[0, start:stop] = REDO
            unsafe = stop - start
        if unsafe > 0:
            bad = exact_greeks(w, s, k, t, r, q, v, times, amounts, proportional, picks, start, out, faults[start:stop])
            if bad >= 0:
                return start + bad
    return -1


def implied_volatility_rows(
    sign: Column,
    price: Column,
    spot: Column,
    strike: Column,
    expiry: Column,
    rate: Column,
    dividend_yield: Column,
    first: int,
    last: int,
    out: Output,
    statuses: Codes,
) -> int:
    """Implied volatilities into `out`, `status.VolatilityStatus` codes into `statuses`; returns how many are there."""
    columns = np.empty((7, min(last - first, SOLVE_BLOCK)))
    room = np.empty(SOLVE_ROOM)
    w_all, p_all, s_all = opened(sign, columns[0]), opened(price, columns[1]), opened(spot, columns[2])
    k_all, t_all, r_all = opened(strike, columns[3]), opened(expiry, columns[4]), opened(rate, columns[5])
    q_all = opened(dividend_yield, columns[6])
    found = 0
    for start in range(first, last, SOLVE_BLOCK):
        stop = min(start + SOLVE_BLOCK, last)
        w, p, s = part(w_all, start, stop, last), part(p_all, start, stop, last), part(s_all, start, stop, last)
        k, t, r = part(k_all, start, stop, last), part(t_all, start, stop, last), part(r_all, start, stop, last)
        q = part(q_all, start, stop, last)
        volatilities, codes = out[start:stop], statuses[start:stop]
        discount_legs(s, k, t, r, q, room)
        measure_distances(s, k, t, r, q, room)
        normalise_prices(w, p, room)
        mark_solvable(w, p, s, k, t, r, q, room)
        guess_deviations(stop - start, room)
        improve_deviations(stop - start, room)
        improve_deviations(stop - start, room)
        codes[:] = 0
        found += stop - start
        if finish_block(t, room, volatilities) > 0:
            found -= exact_volatilities(w, p, s, k, t, r, q, volatilities, codes)
    return found
