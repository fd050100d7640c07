"""Loops over rows of American options; compiled by `_american_kernels`, never run by the interpreter."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing._american_boundary import (
    LARGEST_BENT_CHANGE,
    LARGEST_CHANGE,
    advance,
    at_rest,
    gather,
    release,
    square_levels,
)
from optionix_core.pricing._american_grid import grid_shape
from optionix_core.pricing._american_premium import (
    FIRST,
    SECOND,
    VALUE,
    X,
    exercise_integral,
    lay_panel,
    sum_series,
)
from optionix_core.pricing._american_record import LOWER, LOWER_COUNT, UPPER, UPPER_COUNT
from optionix_core.pricing._american_sweeps import (
    LANES,
    compare,
    integrate,
    lay_out,
    linearise,
    solve,
)

Column: TypeAlias = NDArray[np.float64]
Grid: TypeAlias = NDArray[np.float64]
Output: TypeAlias = NDArray[np.float64]
Table: TypeAlias = NDArray[np.float64]
Picks: TypeAlias = NDArray[np.int64]
Places: TypeAlias = NDArray[np.int64]
Codes: TypeAlias = NDArray[np.int8]


def american_boundaries(  # noqa: PLR0917 - a kernel has as many arguments as it reads
    market: Grid,
    start: Grid,
    lift: Column,
    direction: float,
    curved: int,
    nodes: Column,
    shares: Column,
    spans: Column,
    matrix: Column,
    transform: Column,
    thin: Column,
    settled: float,
    close: float,
    rough: float,
    steps: int,
    z: Output,
    w: Output,
    s: Output,
    g: Output,
    series: Table,
    apart: Table,
    found: Codes,
) -> int:
    """One boundary of each option by one rule; how many steps were taken.

    `market` has a row for each of the GIVEN columns of options, `start` levels at the nodes or, with `lift`, the series
    of the rule before; `z`, `w`, `s` and `g` are workspaces. Where an option is found, so marked, `series` receives
    coefficients, and `apart`, which comes in as zero, the distance in price from `start` or, with `thin`, from what
    half of the nodes say, and the last level.
    """
    n = len(nodes)
    m = len(spans) // 3
    largest = LARGEST_BENT_CHANGE if curved else LARGEST_CHANGE
    taken = 0
    for first in range(0, len(found), LANES):
        lanes = min(LANES, len(found) - first)
        gather(first, direction, market, start, lift, nodes, shares, z, s, g, lanes)
        lay_out(n, m, nodes, spans, z, w, g, lanes)
        for _ in range(steps):
            square_levels(n, z, g, lanes)
            for i in range(n):
                integrate(i, direction, curved, n, m, spans, matrix, z, w, s, g, lanes)
                compare(i, n, direction, z, g, lanes)
                linearise(i, n, m, matrix, z, s, g, lanes)
            solve(n, z, lanes)
            advance(direction, largest, n, z, g, lanes)
            taken += 1
            if at_rest(first, settled, close, rough, g, found, lanes) == 0:
                break
        release(first, direction, n, transform, thin, z, s, g, series, apart, lanes)
    return taken


def american_premiums(
    direction: float, picks: Picks, given: Grid, panel: Column, records: Grid, w: Output, out: Table
) -> int:
    """What exercise at one boundary adds, with two derivatives in spot, to each put; how many puts there are.

    `given` has the rows that `_american_premium` names, `picks` are places in `records`, `w` is a workspace.
    """
    p = len(panel) // 2
    for i in range(len(picks)):
        pick = picks[i]
        lay_panel(i, given, panel, w)
        if direction > 0.0:
            sum_series(p, int(records[pick, UPPER_COUNT]), UPPER, pick, records, w)
        else:
            sum_series(p, int(records[pick, LOWER_COUNT]), LOWER, pick, records, w)
        exercise_integral(i, direction, given, p, w)
        value = first = second = 0.0
        for j in range(p):
            value += w[VALUE + j]
            first += w[FIRST + j]
            second += w[SECOND + j]
        spot = given[X, i]
        out[0, i] = value
        out[1, i] = first / spot
        out[2, i] = second / (spot * spot)
    return len(picks)


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
