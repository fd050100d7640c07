"""The kernels of simulation: paths, what contracts pay along them, and prices of several underlyings at expiry.

Every block of 256 paths goes through all its steps before the next one starts, so that what is kept of a path never
leaves the cache. One function, one kernel (`_path_kernels`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing.monte_carlo._layout import (
    ASSET_COUNT,
    BLOCK,
    CASH,
    FACTORS,
    LEVEL,
    OBSERVER,
    PAID,
    PROPORTION,
    RECORD,
    RECORDED,
    SAMPLER,
    SCRATCH,
    STEPS,
    TIMES,
    WEIGHT,
)
from optionix_core.pricing.monte_carlo._observers import observe, settle, watch
from optionix_core.pricing.monte_carlo._schemes import pay_dividend
from optionix_core.pricing.monte_carlo._several import draw_assets, settle_assets
from optionix_core.pricing.monte_carlo._sobol import sobol_normals
from optionix_core.pricing.monte_carlo._stepping import advance, copy_out, draw, start_block

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Grid = NDArray[np.float64]
    Picks = NDArray[np.int64]
    Table = NDArray[np.float64]


def sobol_blocks(
    first: int, last: int, codes: Picks, steps: Grid, order: Picks, weights: Grid, directions: Picks, points: Table
) -> int:
    """Normals of blocks [first, last) from Sobol points, a row of `points` for each: see `sobol_normals`."""
    words = np.empty(BLOCK, np.int64)
    for block in range(first, last):
        row = points[block - first]
        sobol_normals(block, codes[STEPS], codes[FACTORS], steps, order, weights, directions, words, row)
    return -1


def path_blocks(
    first: int,
    last: int,
    origin: int,
    codes: Picks,
    numbers: Column,
    steps: Grid,
    surface: Grid,
    points: Grid,
    out: Table,
) -> int:
    """Paths of one underlying, blocks [first, last) into columns from (first - origin) * BLOCK on.

    `points` are the normals of these blocks under a Sobol sampler. Rows of `out`: the payment; then, as there are rows,
    the control and the three that likelihood ratios need. Under RECORD instead the price at each step with a weight,
    then the variance at each where there are twice as many rows.
    """
    lanes = np.empty(SCRATCH)
    for block in range(first, last):
        start_block(numbers, lanes)
        column = (block - origin) * BLOCK
        row = 0
        for j in range(codes[STEPS]):
            draw(block, j, codes, steps, points[(block - first) * codes[SAMPLER]], lanes)
            advance(j, codes, numbers, steps, surface, lanes)
            watch(j, codes, numbers, steps, lanes)
            if steps[CASH, j] > 0.0 or steps[PROPORTION, j] != 0.0:
                pay_dividend(steps[CASH, j], steps[PROPORTION, j], lanes)
            if steps[WEIGHT, j] != 0.0:
                observe(j, codes, numbers, steps, lanes)
                if codes[OBSERVER] == RECORD:
                    for part in range(codes[RECORDED]):
                        copy_out(LEVEL + part * BLOCK, column, codes, lanes, out[row + part * codes[TIMES]])
                    row += 1
        if codes[OBSERVER] != RECORD:
            settle(codes, numbers, lanes)
            for part in range(out.shape[0]):
                copy_out(PAID + part * BLOCK, column, codes, lanes, out[part])
    return -1


def asset_payments(
    first: int,
    last: int,
    origin: int,
    codes: Picks,
    numbers: Column,
    drifts: Column,
    spreads: Grid,
    holdings: Column,
    points: Grid,
    out: Table,
) -> int:
    """Discounted payments on several prices at expiry, then the controls: the discounted price of each.

    `drifts` are the means of the log prices, `spreads` the lower triangular root of their covariance, `holdings` the
    weights of a basket; `points` the normals of these blocks under a Sobol sampler.
    """
    count = codes[ASSET_COUNT]
    lanes = np.empty(SCRATCH)
    prices = np.empty(2 * count * BLOCK)
    for block in range(first, last):
        draw_assets(block, codes, drifts, spreads, points[(block - first) * codes[SAMPLER]], prices)
        settle_assets(codes, numbers, holdings, prices, lanes)
        column = (block - origin) * BLOCK
        for row in range(out.shape[0]):
            if row == 0:
                copy_out(PAID + row, column, codes, lanes, out[row])
            else:
                copy_out((count + row - 1) * BLOCK, column, codes, prices, out[row])
    return -1
