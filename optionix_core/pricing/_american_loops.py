"""Loops over rows of American options; compiled by `_american_kernels`, never run by the interpreter.

Where a loop fills `codes`, they are the `InputFault` of each row, and rows at fault get nan.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing._american_boundary import (
    ATTEMPTS,
    CURVE,
    ESTIMATE,
    NEVER,
    SERIES,
    error_size,
    exercise_regime,
    keep_row,
    level_at_expiry,
    meeting_root,
    solve_rule,
    start_row,
)
from optionix_core.pricing._american_grid import grid_shape
from optionix_core.pricing._american_sweeps import LEVEL, LIFTED, NODE_WORKSPACE, POINT_WORKSPACE
from optionix_core.pricing._american_value import american_shape, boundary_levels, market_hash, market_of_put
from optionix_core.pricing._formulas import TINY_DEVIATION, first_fault

Column: TypeAlias = NDArray[np.float64]
Grid: TypeAlias = NDArray[np.float64]
Output: TypeAlias = NDArray[np.float64]
Table: TypeAlias = NDArray[np.float64]
Picks: TypeAlias = NDArray[np.int64]
Places: TypeAlias = NDArray[np.int64]
Codes: TypeAlias = NDArray[np.int8]


def american_groups(
    sign: Column,
    spot: Column,
    strike: Column,
    expiry: Column,
    rate: Column,
    dividend_yield: Column,
    volatility: Column,
    slots: Places,
    picks: Places,
    market: Table,
    codes: Codes,
) -> int:
    """Which rows share boundaries: how many different ones there are.

    `slots`, a power of two of them, more than there are rows, come in as -1. `picks` receives each row's boundary, -1
    for none; `market`, of shape (rows, 4), expiry, rate, yield and volatility of each boundary's put.
    """
    mask = len(slots) - 1
    count = 0
    for i in range(len(codes)):
        s = sign[i if len(sign) > 1 else 0]
        t = expiry[i if len(expiry) > 1 else 0]
        r = rate[i if len(rate) > 1 else 0]
        q = dividend_yield[i if len(dividend_yield) > 1 else 0]
        v = volatility[i if len(volatility) > 1 else 0]
        code = first_fault(s, spot[i if len(spot) > 1 else 0], strike[i if len(strike) > 1 else 0], t, r, q, v)
        codes[i] = code
        picks[i] = -1
        if code != 0 or v * math.sqrt(t) < TINY_DEVIATION:
            continue
        cash, asset = market_of_put(s, t, r, q)
        if exercise_regime(cash, asset) == NEVER:
            continue
        slot = market_hash(t, cash, asset, v) & mask
        while True:
            known = slots[slot]
            if known < 0:
                slots[slot] = count
                market[count, 0] = t
                market[count, 1] = cash
                market[count, 2] = asset
                market[count, 3] = v
                picks[i] = count
                count += 1
                break
            if (
                market[known, 0] == t
                and market[known, 1] == cash
                and market[known, 2] == asset
                and market[known, 3] == v
            ):
                picks[i] = known
                break
            slot = (slot + 1) & mask
    return count


def american_boundaries(
    market: Grid,
    picks: Picks,
    direction: float,
    nodes: Column,
    shares: Column,
    spans: Column,
    matrix: Column,
    transform: Column,
    lift: Column,
    settled: float,
    rough: float,
    records: Table,
) -> int:
    """One boundary of each of the picked rows of `market` by one rule, into its record; how many were not found.

    SERIES and CURVE of the records are given, and the series of the rule before, if any.
    """
    w = np.empty(POINT_WORKSPACE)
    z = np.empty(NODE_WORKSPACE)
    missed = 0
    n = len(nodes)
    for pick in picks:
        record = records[pick]
        rate, dividend_yield, volatility = market[pick, 1], market[pick, 2], market[pick, 3]
        curve = record[CURVE] if direction > 0.0 else 0.0
        horizon = record[SERIES]
        found = False
        apart = math.inf
        for attempt in range(ATTEMPTS):
            lifted = start_row(attempt, direction, rate, dividend_yield, volatility, nodes, lift, record, z)
            found = solve_rule(
                direction,
                curve,
                horizon,
                rate,
                dividend_yield,
                volatility,
                nodes,
                shares,
                spans,
                matrix,
                settled,
                rough,
                w,
                z,
            )
            if found:
                if lifted:
                    apart = error_size(
                        direction, LEVEL, LIFTED, n, horizon, rate, dividend_yield, volatility, shares, z
                    )
                break
        keep_row(direction, 1.0 if found else 0.0, apart, n, transform, record, z)
        missed += not found
    return missed


def american_meetings(market: Grid, picks: Picks, records: Grid, out: Output) -> int:
    """Root of the time at which boundaries meet over the root of their series' time, 2 where it is later."""
    for i in range(len(picks)):
        pick = picks[i]
        out[i] = meeting_root(-level_at_expiry(-1.0, market[pick, 1], market[pick, 2]), records[pick])
    return 0


def american_rows(
    sign: Column,
    spot: Column,
    strike: Column,
    expiry: Column,
    rate: Column,
    dividend_yield: Column,
    volatility: Column,
    panel: Column,
    picks: Picks,
    records: Grid,
    codes: Codes,
    out: Table,
) -> int:
    """Price, delta, gamma of each row and the estimated error of its price, in the rows of `out`.

    `picks` are places in `records`, which has at least one. Counts rows without boundary, whose numbers are nan.
    """
    w = np.empty(POINT_WORKSPACE)
    lost = 0
    for i in range(len(codes)):
        price = delta = gamma = error = math.nan
        pick = picks[i]
        if codes[i] == 0:
            s = sign[i if len(sign) > 1 else 0]
            x = spot[i if len(spot) > 1 else 0]
            k = strike[i if len(strike) > 1 else 0]
            t = expiry[i if len(expiry) > 1 else 0]
            r = rate[i if len(rate) > 1 else 0]
            q = dividend_yield[i if len(dividend_yield) > 1 else 0]
            v = volatility[i if len(volatility) > 1 else 0]
            estimate = records[pick, ESTIMATE] if pick >= 0 else 0.0
            if not math.isnan(estimate):
                price, delta, gamma = american_shape(s, x, k, t, r, q, v, panel, records[max(pick, 0)], w)
                error = estimate * (k if s < 0.0 else x)
            else:
                lost += 1
        out[0, i] = price
        out[1, i] = delta
        out[2, i] = gamma
        out[3, i] = error
    return lost


def american_levels(
    sign: float, expiry: float, rate: float, dividend_yield: float, times: Column, record: Column, out: Table
) -> int:
    """Upper and lower boundary over the strike at times to expiry, in the rows of `out`."""
    for j in range(len(times)):
        upper, lower = boundary_levels(sign, times[j], expiry, rate, dividend_yield, record)
        out[0, j] = upper
        out[1, j] = lower
    return 0


def american_grid(  # noqa: PLR0917 - a kernel has as many arguments as it reads
    sign: float,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    times: Column,
    amounts: Column,
    proportional: int,
    steps: int,
    half: int,
    start_time: float,
    axis: Column,
    start: Column,
    out: Output,
) -> int:
    """Price, delta, gamma of one option on the grid of `_american_grid`."""
    g = np.empty((8, len(axis) + 1))
    grid_shape(
        sign,
        strike,
        expiry,
        rate,
        dividend_yield,
        volatility,
        times,
        amounts,
        proportional,
        steps,
        half,
        start_time,
        axis,
        start,
        g,
        out,
    )
    return 0
