"""The loops of `fourier` that are compiled: one function, one kernel (`_fourier_kernels`).

`weighted_values` has four variants, each without what its models or its caller do not need. The long functions are
called from one place each and none of them calls another: every level above one would have all below it compiled again.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing._contour import (
    FARTHEST,
    LOOSE,
    MOST_SPLITS,
    NARROW,
    NEAREST,
    STRAIGHT,
    better_crossing,
    bursts,
    contour_of,
    crossing_points,
    deviation_of,
    line_of,
    slants,
    tail_of,
)
from optionix_core.pricing._fourier_exponents import (
    FIRST,
    GAMMA,
    JUMPS,
    SECOND,
    diffusion_block,
    gamma_block,
    gamma_slopes,
    jump_block,
    jump_slopes,
    weight_block,
)
from optionix_core.pricing._fourier_formulas import parts_in_use
from optionix_core.pricing._fourier_sums import add_node, less_control, path_block
from optionix_core.pricing._fourier_variance import (
    BLOCK,
    LOGARITHM,
    ROWS,
    SUM,
    W,
    square_root_block,
    square_root_decay,
    square_root_quotients,
    square_root_slopes,
)
from optionix_core.pricing._strike_sums import (
    FINEST_STEP,
    add_block,
    add_weighted_block,
    bases,
    group_edges,
    observed_power,
    place_of,
    pour,
    settle,
    settle_weights,
    within_reach,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Output = NDArray[np.float64]
    Picks = NDArray[np.int64]

WEIGHTED, ROOTED, CLOCKED = 1, 1, 1
"""Whether derivatives, square-root variances and a gamma clock are compiled."""
SUFFICIENT = 100.0
"""Derivatives that miss the aim by no more than this are not tried on the straight line, which would lose digits."""
CROSSING, REACH, COARSE, ADDED, DONE = 0, 1, 2, 3, 4
"""What a block of points is evaluated for: where to cross, how far to go, the sum at twice the step, the rest."""


def exponent_nodes(
    parameters: Column, expiry: Column, real: Column, imaginary: Column, out_real: Output, out_imaginary: Output
) -> int:
    """Log characteristic function at w = real + i imaginary."""
    x = np.zeros(ROWS * BLOCK)
    mask = parts_in_use(parameters)
    years = expiry[0]
    for begin in range(0, real.size, BLOCK):
        n = min(BLOCK, real.size - begin)
        for j in range(n):
            x[W + j], x[W + BLOCK + j] = real[begin + j], imaginary[begin + j]
        diffusion_block(x, years, parameters)
        for start in range(0, 10, 5):
            if mask & (FIRST if start == 0 else SECOND):
                square_root_decay(x, years, parameters, start)
                square_root_quotients(x, years, parameters, start)
                square_root_block(x, years, parameters, start)
        if mask & JUMPS:
            jump_block(x, years, parameters[10], parameters[11], parameters[12], 0.0)
        if mask & GAMMA:
            gamma_block(x, years, parameters[14], parameters[15], parameters[16])
        for j in range(n):
            out_real[begin + j], out_imaginary[begin + j] = x[SUM + j], x[SUM + BLOCK + j]
    return -1


def strike_sums(
    real: Column, imaginary: Column, size: Column, phase: Column, log_moneyness: Column, scale: Column, out: Output
) -> int:
    """Add sum_j exp(size_j - real_j k - scale) cos(phase_j - imaginary_j k) to `out` for every k."""
    k, shift = log_moneyness.copy(), scale.copy()
    for j in range(real.size):
        add_node(real[j], imaginary[j], size[j], phase[j], k, shift, out)
    return -1


def weighted_values(  # noqa: C901, PLR0912, PLR0915 - see the module's head
    parameters: Column,
    expiry: Column,
    starts: Picks,
    log_moneyness: Column,
    aim: float,
    asked: int,
    level: int,
    active: Column,
    values: Output,
    errors: Output,
) -> int:
    """Undiscounted out-of-the-money values over the forward, with weights, and their errors, for a whole surface.

    Strikes ascend within each expiry; those of the i-th lie from starts[i] to starts[i + 1]. A call where k >= 0, a put
    below. `values` is a flat table of one row for each weight of `active`; the first alone where it is not WEIGHTED.
    Parts of the mask `asked` count as in use. Each contour's step is halved until the estimated errors are below `aim`;
    without jumps the finer step's error is about the square of the coarser one's, and three halves are claimed. Returns
    how many contours were used.
    """
    used, total = 0, log_moneyness.size
    first, last, depth = np.empty(64, np.int64), np.empty(64, np.int64), np.empty(64, np.int64)
    x, search, found = np.zeros(ROWS * BLOCK), np.empty(5), np.empty(3)
    mask = parts_in_use(parameters) | asked
    digits = -math.log(aim)
    negligible = digits + 9.0 + 7.0 * WEIGHTED
    values[:] = 0.0
    errors[:] = 0.0
    for i in range(expiry.size):
        years = expiry[i]
        deviation = deviation_of(years, parameters)
        if deviation == 0.0:
            continue
        tail = tail_of(years, parameters, mask, digits)
        loose = aim >= LOOSE and (active.size == 1 or active[1] == 0.0) and not bursts(years, parameters)
        stack = 1
        first[0], last[0], depth[0] = starts[i], starts[i + 1], 0
        if not loose:
            stack = group_edges(log_moneyness, starts[i], starts[i + 1], deviation, first, last, depth)
        while stack > 0:
            stack -= 1
            a, b, before = first[stack], last[stack], depth[stack]
            lowest, highest = log_moneyness[a], log_moneyness[b - 1]
            low, high, split = slants(tail, lowest, highest)
            middle = a if math.isnan(split) else place_of(log_moneyness, a, b, split)
            if high - low < NARROW and before < MOST_SPLITS and a < middle < b:
                first[stack], last[stack], depth[stack] = a, middle, before + 1
                first[stack + 1], last[stack + 1], depth[stack + 1] = middle, b, before + 1
                stack += 2
                continue
            size = b - a
            padded = (size + 3) // 4 * 4
            k, wave = np.empty(padded), np.empty(2 * padded)
            for j in range(padded):
                k[j] = log_moneyness[min(a + j, b - 1)]
            scale, base = np.empty(padded), np.zeros(padded)
            coarse, added = np.zeros(active.size * padded), np.zeros(active.size * padded)
            sparse = np.zeros(active.size * padded)
            right = 1 if lowest >= 0.0 else 0
            distance = max(12.0 / deviation, 0.25)
            search[:] = math.inf
            path = line_of(deviation, tail, lowest, highest, before, digits)
            phase = REACH if loose else CROSSING
            y, spacing, step, power, count, straight = 0.0, 0.5, path[3], 1.0, 0, False
            while phase != DONE:
                if phase == CROSSING:
                    count = crossing_points(x, distance, years, parameters, right)
                else:
                    path_block(x, y, spacing, path)
                diffusion_block(x, years, parameters)
                for start in range(0, 10, 5):
                    if ROOTED and mask & (FIRST if start == 0 else SECOND):
                        square_root_decay(x, years, parameters, start)
                        square_root_quotients(x, years, parameters, start)
                        square_root_block(x, years, parameters, start)
                        if WEIGHTED and phase >= COARSE:
                            square_root_slopes(x, years, parameters, start)
                if mask & JUMPS:
                    ceiling = 1.0 if phase == REACH else 0.0
                    jump_block(x, years, parameters[10], parameters[11], parameters[12], ceiling)
                    if WEIGHTED and phase >= COARSE:
                        jump_slopes(x, years, parameters[10], parameters[11], parameters[12])
                if CLOCKED and mask & GAMMA:
                    gamma_block(x, years, parameters[14], parameters[15], parameters[16])
                    if WEIGHTED and phase >= COARSE:
                        gamma_slopes(x, years, parameters[14], parameters[15], parameters[16])
                if phase == CROSSING:
                    goal = lowest + deviation if right > 0 else highest - deviation
                    distance = better_crossing(x, count, distance, goal, search, right)
                    if distance <= NEAREST:
                        path = contour_of(search, tail, lowest, highest, digits)
                        phase, y, spacing = REACH, 0.0, 1.0
                    continue
                if WEIGHTED and phase >= COARSE:
                    weight_block(x, parameters, float(level))
                if path[4] > 0.0 and phase >= COARSE:
                    less_control(x, path[4], WEIGHTED)
                for j in range(BLOCK):
                    x[LOGARITHM + j] += x[SUM + j]
                    x[LOGARITHM + BLOCK + j] += x[SUM + BLOCK + j]
                if phase == REACH:
                    ended = within_reach(x, path[0], lowest, highest, negligible, found)
                    y += BLOCK * spacing
                    if ended > 0 or y > FARTHEST:
                        bases(k, path, found[2], base, scale)
                        coarse[:] = 0.0
                        sparse[:] = 0.0
                        step, power = path[3], 1.5 if parameters[10] == 0.0 else 1.0
                        used += 1
                        phase, y, spacing = COARSE, 0.0, 2.0 * step
                    continue
                even, odd = (sparse, coarse) if phase == COARSE else (added, added)
                farthest, floor = found[1] + spacing, found[0] - negligible
                if WEIGHTED:
                    add_weighted_block(x, path[0], farthest, floor, k, scale, active, wave, even, odd)
                else:
                    add_block(x, path[0], farthest, floor, k, scale, even, odd)
                y += BLOCK * spacing
                if y <= found[1] + spacing:
                    continue
                if phase == COARSE:
                    for j in range(coarse.size):
                        coarse[j] += sparse[j]
                        added[j] = 0.0
                    phase, y = ADDED, step
                    continue
                if path[4] > 0.0 and step == path[3]:
                    power = observed_power(sparse, coarse, added, step, size)
                worst = settle(k, scale, coarse, added, step, power, path[1], base, values[a:b], errors[a:b])
                if WEIGHTED:
                    steady = 1.5 if parameters[10] == 0.0 else 1.0
                    other = settle_weights(
                        k, scale, active, coarse, added, step, steady, path, size, values, errors, a, total
                    )
                    worst = max(worst, other)
                if worst <= (0.01 * aim if path[4] == 0.0 and aim >= LOOSE else aim):
                    phase = DONE
                elif step >= FINEST_STEP:
                    pour(added, coarse)
                    step, power = 0.5 * step, 1.0
                    y, spacing = step, 2.0 * step
                elif loose:
                    loose = False
                    stack = group_edges(log_moneyness, starts[i], starts[i + 1], deviation, first, last, depth)
                    phase = DONE
                elif straight or (WEIGHTED and worst <= SUFFICIENT * aim):
                    phase = DONE
                else:
                    straight = True
                    path = STRAIGHT
                    phase, y, spacing = REACH, 0.0, 1.0
    return used
