"""Regressors of an exercise policy on one tile of paths, and the sums that least squares needs of them.

Loops over contiguous arrays without branches or library calls, so that each becomes vector instructions; the one that
picks the paths in the money cannot. Refuses anything but the layout of `_regression.Basis`: columns of the price first,
products with the second state after them.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing._lanes import lane_exponential

Column: TypeAlias = NDArray[np.float64]
Picks: TypeAlias = NDArray[np.int64]
Table: TypeAlias = NDArray[np.float64]

TILE = 256
"""Paths that are worked on together: ten columns of them stay in the first cache."""
BLOCK = 2048
"""Paths whose sums are kept apart; a multiple of TILE."""
CENTRE, SCALE, SECOND_CENTRE, SECOND_SCALE, FIRST_COEFFICIENT = range(5)
"""Places in the row of numbers that one date's rule is."""


def pick_in_the_money(
    sign: float, strike: float, spot: Column, second: Column, start: int, stop: int, tile: Table, places: Picks
) -> int:
    """Price and payoff over strike and the second state of paths with a positive payoff, into rows 0 to 2 of `tile`."""
    count = 0
    inverse = 1.0 / strike
    two = len(second) > 0
    for i in range(start, stop):
        x = spot[i] * inverse
        payoff = sign * (x - 1.0)
        tile[0, count] = x
        tile[1, count] = payoff
        places[count] = i
        if two:
            tile[2, count] = second[i]
        count += 1 if payoff > 0.0 else 0
    return count


def fill_products(count: int, u: Column, rule: Column, degree: int, sources: Picks, columns: Table) -> None:
    """The regressors with the second state `u`, which becomes centred and scaled."""
    middle = rule[SECOND_CENTRE]
    spread = rule[SECOND_SCALE]
    for i in range(count):
        u[i] = (u[i] - middle) * spread
    for k in range(len(sources)):
        factor = columns[sources[k]]
        product = columns[degree + 1 + k]
        for i in range(count):
            product[i] = factor[i] * u[i]


def fill_columns(
    count: int, tile: Table, rule: Column, degree: int, slope: float, sources: Picks, columns: Table
) -> None:
    """Regressors of `count` paths: 1, then w z^(k-1) (weighted) or z^k, then products with the second state.

    z is the price over strike, centred and scaled; w = exp(-slope x), and w z^(k-1) is meant where slope is not zero.
    Column `degree + 1 + k` is column `sources[k]` times the second state, centred and scaled.
    """
    centre = rule[CENTRE]
    scale = rule[SCALE]
    x = tile[0]
    z = tile[3]
    first = columns[0]
    for i in range(count):
        z[i] = (x[i] - centre) * scale
        first[i] = 1.0
    if degree > 0:
        second = columns[1]
        if slope > 0.0:
            for i in range(count):
                second[i] = lane_exponential(-slope * x[i])
        else:
            for i in range(count):
                second[i] = z[i]
    for k in range(2, degree + 1):
        last = columns[k - 1]
        this = columns[k]
        for i in range(count):
            this[i] = last[i] * z[i]
    if len(sources) > 0:
        fill_products(count, tile[2], rule, degree, sources, columns)


def fill_continuation(count: int, rule: Column, columns: Table, terms: int, out: Column) -> None:
    """Value of holding on, over strike."""
    for i in range(count):
        out[i] = 0.0
    for k in range(terms):
        coefficient = rule[FIRST_COEFFICIENT + k]
        column = columns[k]
        for i in range(count):
            out[i] += coefficient * column[i]


def add_products(count: int, columns: Table, terms: int, target: Column, gathered: Table) -> None:
    """Add products of columns, then of columns and `target`, to the rows of `gathered`, element by element.

    The rows are those of the lower triangle, row by row. Sums stay apart for each place in a tile, so that the loop is
    one of vector instructions without a change in the order of any sum.
    """
    place = 0
    for k in range(terms):
        left = columns[k]
        for m in range(k + 1):
            right = columns[m]
            row = gathered[place]
            for i in range(count):
                row[i] += left[i] * right[i]
            place += 1
    for k in range(terms):
        left = columns[k]
        row = gathered[place]
        for i in range(count):
            row[i] += left[i] * target[i]
        place += 1


def fold_sums(gathered: Table, sums: Column) -> None:
    """Each row of `gathered`, TILE wide, into one sum by halves; `gathered` becomes zero."""
    for k in range(len(sums)):
        row = gathered[k]
        width = TILE
        while width > 1:
            width //= 2
            for i in range(width):
                row[i] += row[i + width]
        sums[k] = row[0]
        for i in range(TILE):
            row[i] = 0.0
