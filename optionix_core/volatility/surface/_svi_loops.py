"""The loops of the SVI fit that are compiled: one function, one kernel (`_svi_kernels`).

Expiries lie one after the other in flat columns of quotes; those of the i-th are at starts[i] to starts[i + 1]. Rows of
`grid` are the log-moneyness at which each expiry's shape and its order after the one before are looked at; `unit` is
what a lack there is measured in, zero where it does not count.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.volatility.surface._svi_formulas import (
    STARTS,
    free_of,
    neighbour_loss,
    neighbour_terms,
    put,
    quote_loss,
    quote_terms,
    raw_of,
    scan,
    score,
    shape_loss,
    shape_terms,
    trust,
)
from optionix_core.volatility.surface._svi_steps import chain_step, descend, lacks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Grid = NDArray[np.float64]
    Picks = NDArray[np.int64]
    Output = NDArray[np.float64]
    Table = NDArray[np.float64]
    Cube = NDArray[np.float64]


def find_vertices(starts: Picks, k: Column, middle: Column, weight: Column, deviation: Column, places: Cube) -> int:
    """Raw parameters to start from: the best of a scan, (expiries, STARTS, 5); sigma is zero where there are fewer.

    Returns how many expiries there are.
    """
    raw, losses = np.zeros(5), np.zeros(STARTS)
    for i in range(starts.size - 1):
        a, b = starts[i], starts[i + 1]
        scan(k[a:b], middle[a:b], weight[a:b], deviation[i], raw, losses, places[i])
        for j in range(STARTS):
            if losses[j] == math.inf:
                places[i, j, 4] = 0.0
    return starts.size - 1


def improve(  # noqa: PLR0917 - a kernel has as many arguments and branches as its loops need
    starts: Picks,
    k: Column,
    middle: Column,
    weight: Column,
    places: Cube,
    grid: Grid,
    unit: Grid,
    margins: Column,
    pressure: float,
    bound: int,
    scales: Column,
    free: Table,
    say: Output,
    scores: Output,
) -> int:
    """Each smile from each of its `places`, and what is better than `scores` kept in `free`, `say` and `scores`.

    Free of butterflies on its row of the grid; with `bound` also in order between the smiles that its neighbours have
    now: of one, taken in order of time, of two, from the last. Rounds of least squares, each with the say that the one
    before leaves each quote. Returns how many smiles changed.
    """
    raw, near, far, z = np.zeros(5), np.zeros(5), np.zeros(5), np.zeros(5)
    room = np.zeros((28, 5))
    changed = 0
    last = starts.size - 2
    for place in range(last + 1):
        i = last - place if bound == 2 else place
        a, b = starts[i], starts[i + 1]
        x, y, v, u = k[a:b], middle[a:b], weight[a:b], np.ones(b - a)
        sides = 0
        above = grid[i]
        above_unit = unit[i]
        if bound > 0:
            if i > 0:
                sides += 1
                raw_of(free[i - 1], near)
            if i < last:
                sides += 2
                raw_of(free[i + 1], far)
                above = grid[i + 1]
                above_unit = unit[i + 1]
        better = False
        for start in range(places.shape[1]):
            if places[i, start, 4] == 0.0:
                continue
            free_of(places[i, start], z)
            raw_of(z, raw)
            trust(x, y, v, raw, scales[0], u)
            for turn in range(scales.size):
                descend(x, y, v, u, grid[i], unit[i], above, above_unit, near, far, sides, margins, pressure, z, room)
                raw_of(z, raw)
                lack = lacks(raw, grid[i], unit[i], above, above_unit, near, far, sides, 0.0, 0.0, 1.0)
                value = score(x, y, v, raw) - min(margins[2] * math.sqrt(lack), 1e6)
                if value > scores[i]:
                    scores[i] = value
                    put(z, free[i])
                    better = True
                trust(x, y, v, raw, scales[turn], u)
        if better:
            changed += 1
        raw_of(free[i], raw)
        trust(x, y, v, raw, scales[scales.size - 1], say[a:b])
    return changed


def losses_together(
    starts: Picks,
    k: Column,
    middle: Column,
    weight: Column,
    say: Column,
    grid: Grid,
    unit: Grid,
    margins: Column,
    pressure: float,
    free: Grid,
    out: Output,
) -> int:
    """Loss of each smile: its quotes, its shape, and half of what it and each neighbour lack to be in order."""
    raw, before = np.zeros(5), np.zeros(5)
    for i in range(starts.size - 1):
        a, b = starts[i], starts[i + 1]
        raw_of(free[i], raw)
        out[i] = quote_loss(raw, free[i, 2], k[a:b], middle[a:b], weight[a:b], say[a:b])
        out[i] += shape_loss(raw, grid[i], margins[0], pressure)
        if i > 0:
            lack = 0.5 * neighbour_loss(before, raw, grid[i], unit[i], margins[1], pressure)
            out[i] += lack
            out[i - 1] += lack
        put(raw, before)
    return starts.size - 1


def step_together(  # noqa: PLR0917 - a kernel has as many arguments as it reads
    starts: Picks,
    k: Column,
    middle: Column,
    weight: Column,
    say: Column,
    grid: Grid,
    unit: Grid,
    margins: Column,
    pressure: float,
    free: Grid,
    damping: Column,
    fresh: int,
    blocks: Cube,
    crosses: Cube,
    gradients: Table,
    steps: Table,
) -> int:
    """The damped step of Gauss and Newton for all smiles at once; the terms are made anew where `fresh` is one.

    Returns one, or zero where the damped matrix is not positive.
    """
    raw, before, spare, slopes, others, z = (
        np.zeros(5), np.zeros(5), np.zeros(5), np.zeros(5), np.zeros(5), np.zeros(5),
    )  # fmt: skip
    count = starts.size - 1
    if fresh == 1:
        blocks[:] = 0.0
        crosses[:] = 0.0
        gradients[:] = 0.0
        for i in range(count):
            a, b = starts[i], starts[i + 1]
            put(free[i], z)
            raw_of(z, raw)
            quote_terms(raw, z[2], k[a:b], middle[a:b], weight[a:b], say[a:b], slopes, blocks[i], gradients[i])
            shape_terms(z, raw, spare, grid[i], margins[0], pressure, slopes, blocks[i], gradients[i])
            if i > 0:
                neighbour_terms(
                    before, raw, grid[i], unit[i], margins[1], pressure, slopes, others,
                    blocks[i - 1], gradients[i - 1], blocks[i], gradients[i], crosses[i - 1],
                )  # fmt: skip
            put(raw, before)
    if chain_step(blocks, crosses, gradients, damping, steps):
        for i in range(count):
            steps[i, 1] = min(max(steps[i, 1], -1.0), 1.0)
            steps[i, 2] = min(max(steps[i, 2], -1.0), 1.0)
            steps[i, 4] = min(max(steps[i, 4], -1.0), 1.0)
        return 1
    return 0


def trusts(starts: Picks, k: Column, middle: Column, weight: Column, scale: float, free: Grid, say: Output) -> int:
    """The say of every quote at these smiles."""
    raw = np.zeros(5)
    for i in range(starts.size - 1):
        a, b = starts[i], starts[i + 1]
        raw_of(free[i], raw)
        trust(k[a:b], middle[a:b], weight[a:b], raw, scale, say[a:b])
    return starts.size - 1
