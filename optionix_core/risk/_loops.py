"""Loops over the options of one underlying and a run of scenarios; compiled by `_kernels`.

Each argument's annotation names the compiled type, as `pricing._compile.KINDS` lists it. Options come in groups of one
expiry; what a scenario says of an expiry has a row for each group, or one row for all. Runs of scenarios are padded to
a multiple of `PAD`, so that every cell goes through the same vector instructions wherever it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optionix_core.risk._cells import BLOCK
from optionix_core.risk._exact_cells import exact_cells, gains
from optionix_core.risk._runs import (
    BOUND,
    LAST,
    LOG_SPOT,
    OUTSIDE,
    PRICE,
    RATE,
    ROOM,
    YIELD,
    european_block,
    lay_group,
    premium_block,
)
from optionix_core.risk._table_cells import finish_cells, free_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Grid = NDArray[np.float64]
    Table = NDArray[np.float64]
    Picks = NDArray[np.int64]
    Places = NDArray[np.int64]

PAD = 64


def european_gains(  # noqa: PLR0917 - a kernel has as many arguments as it reads
    options: Grid,
    rows: Picks,
    edges: Picks,
    groups: Grid,
    spot_now: float,
    spot: Grid,
    scenarios: Grid,
    rate_change: Grid,
    shocks: Grid,
    smiles: Grid,
    count: int,
    first: int,
    out: Table,
    fault: Places,
) -> int:
    """Gains of options added to their rows of `out` from column `first` on; 0, or 1 where `fault` tells of one.

    `options` has a row each of sign, strike, ln(strike / spot of today), volatility, units, base; `groups` of years,
    rate, yield, and group g holds the options [edges[g], edges[g + 1]). `spot` is net of discrete dividends.
    `scenarios` has rows of years passed, change of yield, exchange rate. `shocks` has four rows for each group, or for
    all: 1 + relative change of volatility, change, skew, curvature. `smiles` has volatilities of every option where
    they stay with K / F, else no row. `count` scenarios are wanted of those there are. `fault` receives option,
    scenario, code.
    """
    total = spot.shape[1]
    space = np.empty(ROOM * BLOCK)
    for g in range(edges.size - 1):
        s_row = g if spot.shape[0] > 1 else 0
        v_row = 4 * g if shocks.shape[0] > 4 else 0
        for start in range(0, total, BLOCK):
            stop = min(start + BLOCK, total)
            kept = min(stop, count) - start
            room = space[: ROOM * (stop - start)].reshape(ROOM, stop - start)
            lay_group(g, start, groups, spot_now, spot, scenarios, rate_change, shocks, room)
            for c in range(edges[g], edges[g + 1]):
                if european_block(c, start, options, smiles, room) > 0:
                    own = smiles[c, start:stop] if smiles.shape[0] > 0 else options[3, c : c + 1]
                    place, code = exact_cells(
                        options[0, c],
                        options[1, c],
                        options[2, c],
                        groups[0, g],
                        own,
                        1 if smiles.shape[0] == 0 else 0,
                        spot_now,
                        spot[s_row, start:stop],
                        scenarios[0, start:stop],
                        room[RATE],
                        room[YIELD],
                        shocks[v_row, start:stop],
                        shocks[v_row + 1, start:stop],
                        shocks[v_row + 2, start:stop],
                        shocks[v_row + 3, start:stop],
                        room[PRICE],
                    )
                    if place >= 0:
                        fault[0], fault[1], fault[2] = c, first + min(start + place, count - 1), code
                        return 1
                exchange = scenarios[2, start : start + kept]
                target = out[rows[c], first + start : first + start + kept]
                gains(options[4, c], options[5, c], room[PRICE, :kept], exchange, target)
    return 0


def american_values(  # noqa: PLR0917 - a kernel has as many arguments as it reads
    options: Grid,
    edges: Picks,
    groups: Grid,
    spot_now: float,
    spot: Grid,
    scenarios: Grid,
    rate_change: Grid,
    shocks: Grid,
    smiles: Grid,
    shapes: Picks,
    numbers: Grid,
    coefficients: Column,
    products: int,
    out: Table,
) -> int:
    """Value of one unit of each option in each scenario, nan where a cell is to be asked elsewhere.

    Arguments as in `european_gains`. `shapes` has six numbers for each option: kind (0: exercise never pays, 1: by a
    table, 2: to be asked elsewhere), polynomials in distance, volatility, rate and yield, and the place of its
    coefficients: those of the boundary, then those of the premium by degree in distance. `numbers` has rows of middle
    and half-width of ln v', of rate and of yield, and of the largest distance. `products` bounds the rows of products.
    """
    total = spot.shape[1]
    space = np.empty(ROOM * BLOCK)
    in_rate, in_yield, rows = np.empty((8, BLOCK)), np.empty((8, BLOCK)), np.empty((products, BLOCK))
    for g in range(edges.size - 1):
        s_row = g if spot.shape[0] > 1 else 0
        for start in range(0, total, BLOCK):
            stop = min(start + BLOCK, total)
            room = space[: ROOM * (stop - start)].reshape(ROOM, stop - start)
            spots, passed = spot[s_row, start:stop], scenarios[0, start:stop]
            lay_group(g, start, groups, spot_now, spot, scenarios, rate_change, shocks, room)
            for c in range(edges[g], edges[g + 1]):
                kind, sign, strike = shapes[6 * c], options[0, c], options[1, c]
                if kind == 2:
                    out[c, start:stop] = np.nan
                    continue
                european_block(c, start, options, smiles, room)
                if kind == 0:
                    out[c, start:stop] = room[PRICE]
                    free_cells(groups[0, g], sign, strike, spots, passed, out[c, start:stop])
                    continue
                premium_block(c, options, shapes, numbers, coefficients, in_rate, in_yield, rows, room)
                finish_cells(
                    sign,
                    strike,
                    options[2, c],
                    groups[0, g],
                    room[OUTSIDE],
                    spots,
                    passed,
                    room[LOG_SPOT],
                    room[BOUND],
                    room[PRICE],
                    room[LAST],
                    out[c, start:stop],
                )
    return 0
