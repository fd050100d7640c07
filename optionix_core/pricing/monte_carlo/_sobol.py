"""Sobol points of a block by their index, their normals, and Brownian bridges over them, in lanes.

Points: I. Sobol, USSR Comput. Math. Math. Phys. 7 (1967) 86, with the direction numbers of S. Joe and F. Kuo, SIAM J.
Sci. Comput. 30 (2008) 2635; the n-th is the exclusive or of the directions at the binary digits of n, so that a block
of 256 is filled by doubling. Directions come scrambled and with a digital shift (`directions`). The bridge fixes the
last time first, then the middle of the widest gap (P. Glasserman, "Monte Carlo Methods in Financial Engineering"
(2004), section 3.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing.monte_carlo._layout import BLOCK, ROOT_TIME
from optionix_core.pricing.monte_carlo._philox import BELOW_ONE, ONE_BITS
from optionix_core.pricing.monte_carlo._quantile import (
    central_denominator,
    central_numerator,
    far_denominator,
    far_numerator,
    near_denominator,
    near_numerator,
    tail_root,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Grid = NDArray[np.float64]
    Output = NDArray[np.float64]
    Picks = NDArray[np.int64]
    Places = NDArray[np.int64]

DIGITS = 32
"""Binary digits of an index."""
ROW_OF_DIRECTIONS = 33
"""Directions of one dimension, and its shift."""
LANE_DIGITS = 8
"""Digits that count the lanes of a block."""


def fill_points(block: int, dimension: int, directions: Picks, words: Places) -> int:
    """52-bit coordinates of the block's points in one dimension."""
    first = dimension * ROW_OF_DIRECTIONS
    word = directions[first + DIGITS]
    for digit in range(LANE_DIGITS, DIGITS):
        if (block >> (digit - LANE_DIGITS)) & 1:
            word ^= directions[first + digit]
    words[0] = word
    for digit in range(LANE_DIGITS):
        size = 1 << digit
        direction = directions[first + digit]
        for lane in range(size):
            words[size + lane] = words[lane] ^ direction
    return -1


def fill_quantiles(row: int, words: Places, points: Output) -> int:
    """Normals of 52-bit coordinates into `points` from `row` on; `_quantile.quantile`, written out for the compiler."""
    out = points[row : row + BLOCK]
    for lane in range(BLOCK):
        scaled: float = np.int64(words[lane] | ONE_BITS).view(np.float64)
        u = scaled - BELOW_ONE
        q = u - 0.5
        root = tail_root(u)
        central = abs(q) <= 0.425
        near = root <= 5.0
        r = 0.180625 - q * q
        s = root - 1.6
        t = root - 5.0
        outer = near_numerator(s) if near else far_numerator(t)
        bottom = near_denominator(s) if near else far_denominator(t)
        outer = -outer if q < 0.0 else outer
        inner = central_numerator(r) * q
        out[lane] = (inner if central else outer) / (central_denominator(r) if central else bottom)
    return -1


def bridge_point(
    node: int, left: int, right: int, by_left: float, by_right: float, spread: float, row: int, points: Output
) -> int:
    """Turn the normals of row `node` into the motion at that time, given those of `left` and `right` (-1: none)."""
    here = points[(row + node) * BLOCK : (row + node + 1) * BLOCK]
    for lane in range(BLOCK):
        here[lane] *= spread
    if left >= 0:
        there = points[(row + left) * BLOCK : (row + left + 1) * BLOCK]
        for lane in range(BLOCK):
            here[lane] += by_left * there[lane]
    if right >= 0:
        beyond = points[(row + right) * BLOCK : (row + right + 1) * BLOCK]
        for lane in range(BLOCK):
            here[lane] += by_right * beyond[lane]
    return -1


def motion_increments(count: int, row: int, steps: Grid, points: Output) -> int:
    """Turn the motion at `count` times into standard normals of its steps."""
    for j in range(count - 1, -1, -1):
        scale = 1.0 / steps[ROOT_TIME, j]
        here = points[(row + j) * BLOCK : (row + j + 1) * BLOCK]
        if j > 0:
            before = points[(row + j - 1) * BLOCK : (row + j) * BLOCK]
            for lane in range(BLOCK):
                here[lane] = (here[lane] - before[lane]) * scale
        else:
            for lane in range(BLOCK):
                here[lane] *= scale
    return -1


def sobol_normals(
    block: int,
    count: int,
    factors: int,
    steps: Grid,
    order: Picks,
    weights: Grid,
    directions: Picks,
    words: Places,
    points: Output,
) -> int:
    """Normals of every step and factor for the block's points: factor f of step j in row f * count + j.

    `order` holds, for each construction step, the time's index and its neighbours' (3 * count); `weights` their weights
    and the deviation (3, count).
    """
    for i in range(count):
        node = order[3 * i]
        for factor in range(factors):
            fill_points(block, i * factors + factor, directions, words)
            fill_quantiles((factor * count + node) * BLOCK, words, points)
            bridge_point(
                node,
                order[3 * i + 1],
                order[3 * i + 2],
                weights[0, i],
                weights[1, i],
                weights[2, i],
                factor * count,
                points,
            )
    for factor in range(factors):
        motion_increments(count, factor * count, steps, points)
    return -1
