"""Loops over paths of Longstaff and Schwartz's method; compiled by `_lsm_kernels`, never run by the interpreter.

Amounts are in units of the strike. A date's rule is a row of numbers: centre and scale of the price over strike, those
of the second state, and the coefficients of the value of holding on. Sums are kept for each block of `BLOCK` paths, so
that they do not depend on how the blocks are shared between threads.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing.monte_carlo._lsm_columns import (
    BLOCK,
    TILE,
    add_products,
    fill_columns,
    fill_continuation,
    fold_sums,
    pick_in_the_money,
)

Column: TypeAlias = NDArray[np.float64]
Grid: TypeAlias = NDArray[np.float64]
Picks: TypeAlias = NDArray[np.int64]
Output: TypeAlias = NDArray[np.float64]
Table: TypeAlias = NDArray[np.float64]


def regress_rows(  # noqa: PLR0917 - a kernel has as many arguments as it reads
    sign: float,
    strike: float,
    spot: Column,
    second: Column,
    rule: Column,
    discount: float,
    earlier_spot: Column,
    earlier_second: Column,
    earlier_rule: Column,
    degree: int,
    slope: float,
    sources: Picks,
    value: Output,
    sums: Table,
    first: int,
    last: int,
) -> int:
    """One date backwards for the paths [first, last): exercise by `rule`, discount, regress at the earlier date.

    `value` holds what is received at this date or later, seen from this date, and becomes that seen from the earlier
    one. Row b of `sums` receives those of the earlier date over block b. Returns the paths exercised.
    """
    terms = len(rule) - 4
    columns = np.empty((terms, TILE))
    tile = np.empty((4, TILE))
    held = np.empty(TILE)
    places = np.empty(TILE, np.int64)
    gathered = np.zeros((terms * (terms + 3) // 2, TILE))
    exercised = 0
    for start in range(first, last, TILE):
        stop = min(start + TILE, last)
        count = pick_in_the_money(sign, strike, spot, second, start, stop, tile, places)
        fill_columns(count, tile, rule, degree, slope, sources, columns)
        fill_continuation(count, rule, columns, terms, held)
        for i in range(count):
            if tile[1, i] >= held[i]:
                value[places[i]] = tile[1, i]
                exercised += 1
        for i in range(start, stop):
            value[i] *= discount
        if len(earlier_spot) > 0:
            count = pick_in_the_money(sign, strike, earlier_spot, earlier_second, start, stop, tile, places)
            fill_columns(count, tile, earlier_rule, degree, slope, sources, columns)
            for i in range(count):
                held[i] = value[places[i]]
            add_products(count, columns, terms, held, gathered)
            if stop % BLOCK == 0 or stop == last:
                fold_sums(gathered, sums[start // BLOCK])
    return exercised


def stop_rows(  # noqa: PLR0917 - a kernel has as many arguments as it reads
    sign: float,
    strike: float,
    spots: Grid,
    seconds: Grid,
    rules: Grid,
    discounts: Column,
    growths: Column,
    degree: int,
    slope: float,
    sources: Picks,
    out: Table,
    first: int,
    last: int,
) -> int:
    """What the paths [first, last), columns of `spots`, receive under `rules`, one row a date.

    Rows of `out`: the payoff seen from now; the price where the path stops, times that date's growth factor; the price
    seen from now where it is exercised, else zero; the date at which it stops. Returns the paths exercised.
    """
    dates = len(spots)
    terms = rules.shape[1] - 4
    columns = np.empty((terms, TILE))
    tile = np.empty((4, TILE))
    held = np.empty(TILE)
    places = np.empty(TILE, np.int64)
    when = np.empty(TILE, np.int64)
    exercised = 0
    for start in range(first, last, TILE):
        stop = min(start + TILE, last)
        for i in range(stop - start):
            when[i] = dates
        for j in range(dates - 1, -1, -1):
            second = seconds[j] if len(seconds) > 0 else spots[0, :0]
            count = pick_in_the_money(sign, strike, spots[j], second, start, stop, tile, places)
            fill_columns(count, tile, rules[j], degree, slope, sources, columns)
            fill_continuation(count, rules[j], columns, terms, held)
            for i in range(count):
                k = places[i] - start
                when[k] = j if tile[1, i] >= held[i] else when[k]
        for i in range(start, stop):
            j = when[i - start]
            taken = j < dates
            j = min(j, dates - 1)
            x = spots[j, i] / strike
            out[0, i] = sign * (x - 1.0) * discounts[j] if taken else 0.0
            out[1, i] = x * growths[j]
            out[2, i] = x * discounts[j] if taken else 0.0
            out[3, i] = j
            exercised += taken
    return exercised
