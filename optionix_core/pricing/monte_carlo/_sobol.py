"""Sobol points of a block by their index, scrambled, their normals, and Brownian bridges over them, in lanes.

Points: I. Sobol, USSR Comput. Math. Math. Phys. 7 (1967) 86, with the direction numbers of S. Joe and F. Kuo, SIAM J.
Sci. Comput. 30 (2008) 2635; the n-th is the exclusive or of the directions at the binary digits of n, so that a block
of 256 is filled by doubling.

Scrambling: nested, as A. Owen's ("Randomly permuted (t,m,s)-nets and (t,s)-sequences" (1995)), every binary digit
flipped by a function of the digits before it. The functions are not tables but arithmetic on the reversed digits, where
sums, products and exclusive ors carry from the first digit to the last: the idea of S. Laine and T. Karras, Computer
Graphics Forum 30 (2011) 1265, and B. Burley, J. Computer Graphics Techniques 9 (2020) no. 4, with random multipliers.
The last sum makes every point uniform.

The bridge fixes the last time first, then the middle of the widest gap (P. Glasserman, "Monte Carlo Methods in
Financial Engineering" (2004), section 3.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing.monte_carlo._layout import BLOCK, ROOT_TIME
from optionix_core.pricing.monte_carlo._philox import BELOW_ONE, ONE_BITS, WORD
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
"""Binary digits of an index and, before scrambling, of a coordinate."""
ROW_OF_DIRECTIONS = 39
"""Words of one dimension: reversed directions, then what scrambles them."""
LANE_DIGITS = 8
"""Digits that count the lanes of a block."""
LOW_DIGITS = (1 << 20) - 1


def swapped(x: int, width: int, mask: int) -> int:
    """Neighbouring groups of `width` bits exchanged; `mask` has the lower ones."""
    return ((x >> width) & mask) | ((x & mask) << width)


def fill_points(block: int, dimension: int, directions: Picks, words: Places) -> int:
    """52-bit coordinates of the block's points in one dimension; the last 20 digits are random."""
    first = dimension * ROW_OF_DIRECTIONS
    word = np.int64(0)
    for digit in range(LANE_DIGITS, DIGITS):
        if (block >> (digit - LANE_DIGITS)) & 1:
            word ^= directions[first + digit]
    words[0] = word
    for digit in range(LANE_DIGITS):
        size = 1 << digit
        direction = directions[first + digit]
        for lane in range(size):
            words[size + lane] = words[lane] ^ direction
    start, spread_1, odd_1 = directions[first + 32], directions[first + 33], directions[first + 34]
    spread_2, end, odd_2, low_start = (
        directions[first + 35],
        directions[first + 36],
        directions[first + 37],
        directions[first + 38],
    )
    for lane in range(BLOCK):
        x = (words[lane] + start) & WORD
        x ^= (x * spread_1) & WORD
        x = (x * odd_1) & WORD
        x ^= (x * spread_2) & WORD
        x = (x + end) & WORD
        low = (((x ^ low_start) * odd_2) >> 12) & LOW_DIGITS
        x = swapped(x, 1, 0x55555555)
        x = swapped(x, 2, 0x33333333)
        x = swapped(x, 4, 0x0F0F0F0F)
        x = swapped(x, 8, 0x00FF00FF)
        x = swapped(x, 16, 0x0000FFFF)
        words[lane] = (x << 20) | low
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
