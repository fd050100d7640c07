"""Loops over the options of one underlying and a run of scenarios; compiled by `_kernels`.

Each argument's annotation names the compiled type, as `pricing._compile.KINDS` lists it. Options come in groups of one
expiry; what a scenario says of an expiry has a row for each group, or one row for all. Runs of scenarios are padded to
a multiple of `PAD`, so that every cell goes through the same vector instructions wherever it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optionix_core.risk._cells import BLOCK, deviations, lay_scenarios, price_cells, scale_by
from optionix_core.risk._exact_cells import exact_cells, gains

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
    volatility_shocks: Grid,
    smiles: Grid,
    count: int,
    first: int,
    out: Table,
    fault: Places,
) -> int:
    """Gains of options added to their rows of `out` from column `first` on; 0, or 1 where `fault` tells of one.

    `options` has a row each of sign, strike, ln(strike / spot of today), volatility, units, base; `groups` of years,
    rate, yield, and group g holds the options [edges[g], edges[g + 1]). `spot` is net of discrete dividends.
    `scenarios` has rows of years passed, change of yield, exchange rate. `volatility_shocks` has four rows for each
    group, or for all: 1 + relative change, change, skew, curvature. `smiles` has volatilities of every option where
    they stay with K / F, else no row. `count` scenarios are wanted of those there are. `fault` receives option,
    scenario, code.
    """
    total = spot.shape[1]
    room = np.empty((13, BLOCK))
    for g in range(edges.size - 1):
        years, rate_now, yield_now = groups[0, g], groups[1, g], groups[2, g]
        s_row = g if spot.shape[0] > 1 else 0
        r_row = g if rate_change.shape[0] > 1 else 0
        v_row = 4 * g if volatility_shocks.shape[0] > 4 else 0
        for start in range(0, total, BLOCK):
            stop = min(start + BLOCK, total)
            size = stop - start
            asset, cash, forward, root = room[0, :size], room[1, :size], room[2, :size], room[3, :size]
            rate, dividend_yield = room[4, :size], room[5, :size]
            level, change, skew, curvature = room[6, :size], room[7, :size], room[8, :size], room[9, :size]
            own, deviation, price = room[10, :size], room[11, :size], room[12, :size]
            spots, passed, exchange = spot[s_row, start:stop], scenarios[0, start:stop], scenarios[2, start:stop]
            for i in range(size):
                rate[i] = rate_now + rate_change[r_row, start + i]
                dividend_yield[i] = yield_now + scenarios[1, start + i]
            lay_scenarios(years, spot_now, spots, passed, rate, dividend_yield, asset, cash, forward, root)
            scale_by(root, volatility_shocks[v_row, start:stop], level)
            scale_by(root, volatility_shocks[v_row + 1, start:stop], change)
            scale_by(root, volatility_shocks[v_row + 2, start:stop], skew)
            scale_by(root, volatility_shocks[v_row + 3, start:stop], curvature)
            kept = min(stop, count) - start
            for c in range(edges[g], edges[g + 1]):
                sign, strike, log_strike, volatility = options[0, c], options[1, c], options[2, c], options[3, c]
                if smiles.shape[0] > 0:
                    scale_by(smiles[c, start:stop], level, own)
                    deviations(1.0, log_strike, forward, own, change, skew, curvature, deviation)
                else:
                    deviations(volatility, log_strike, forward, level, change, skew, curvature, deviation)
                unsafe = price_cells(sign, strike, log_strike, asset, cash, forward, deviation, price)
                if unsafe > 0:
                    volatilities = smiles[c, start:stop] if smiles.shape[0] > 0 else options[3, c : c + 1]
                    place, code = exact_cells(
                        sign,
                        strike,
                        log_strike,
                        years,
                        volatilities,
                        1 if smiles.shape[0] == 0 else 0,
                        spot_now,
                        spots,
                        passed,
                        rate,
                        dividend_yield,
                        volatility_shocks[v_row, start:stop],
                        volatility_shocks[v_row + 1, start:stop],
                        volatility_shocks[v_row + 2, start:stop],
                        volatility_shocks[v_row + 3, start:stop],
                        price,
                    )
                    if place >= 0:
                        fault[0], fault[1], fault[2] = c, first + min(start + place, count - 1), code
                        return 1
                target = out[rows[c], first + start : first + start + kept]
                gains(options[4, c], options[5, c], price[:kept], exchange[:kept], target)
    return 0
