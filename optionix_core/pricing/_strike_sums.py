"""Sums over a contour for the strikes of a group: how far, how fine, and with what error."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing._contour import FARTHEST, Contour
from optionix_core.pricing._fourier_sums import add_node, add_weighted, control_values, summand_block
from optionix_core.pricing._fourier_variance import BLOCK, LOGARITHM, ORDINATE, Row, W

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Block = NDArray[np.float64]
    Places = NDArray[np.int64]

FINEST_STEP = 1e-3
AGAINST_WEIGHTS = 0.05
"""An error of a weighted sum, over the group's largest, counts so much against the aim for values."""


def group_edges(k: Array, start: int, end: int, deviation: float, first: Places, last: Places, depth: Places) -> int:
    """Ranges of ascending strikes on one side of the forward within 0-3, 3-8 and more deviations; how many."""
    count, begin = 0, start
    for bound in (-8.0, -3.0, 0.0, 3.0, 8.0, math.inf):
        stop = end if bound == math.inf else start + int(np.searchsorted(k[start:end], bound * deviation))
        if stop > begin:
            first[count], last[count], depth[count] = begin, stop, 0
            count += 1
            begin = stop
    return count


def settle(
    k: Array,
    scale: Array,
    coarse: Array,
    added: Array,
    step: float,
    power: float,
    width: float,
    base: Array,
    value: Array,
    error: Array,
) -> float:
    """Values from the sums at 2 * step and between those, added to `base`, and their errors; returns the largest.

    No error is larger than the largest value there can be: 1 for a call, exp(k) for a put.
    """
    worst = 0.0
    for i in range(value.size):
        factor = math.exp(scale[i] + k[i]) * width / math.pi
        fine = (coarse[i] + added[i]) * step
        amplitude = max(abs(coarse[i]) * 2.0 * step, step)
        gap = abs(fine - coarse[i] * 2.0 * step) / amplitude
        estimate, ceiling = base[i] + fine * factor, min(1.0, math.exp(k[i]))
        value[i] = min(estimate, ceiling) if estimate > 0.0 else 0.0
        error[i] = ceiling
        if gap < 1.0:
            error[i] = min(ceiling, amplitude * factor * gap**power + 4e-16 * (amplitude * factor + base[i]))
        worst = max(worst, error[i])
    return worst


def settle_weights(  # noqa: PLR0917 - a compiled function takes no structure
    k: Array, scale: Array, active: Array, coarse: Array, added: Array, step: float, power: float, contour: Contour,
    size: int, values: Array, errors: Array, place: int, rows: int,
) -> float:  # fmt: skip
    """As `settle`, for the weights beyond the first, into flat tables of `rows` columns from column `place` on.

    Errors are judged against the largest sum of the group, of which the largest is returned.
    """
    crossing, width = contour[0], contour[1]
    worst = 0.0
    n = k.size
    for g in range(1, active.size):
        if active[g] == 0.0:
            continue
        tallest, gap = 0.0, 0.0
        for i in range(size):
            fine = (coarse[g * n + i] + added[g * n + i]) * step
            tallest = max(tallest, abs(fine))
            gap = max(gap, abs(fine - coarse[g * n + i] * 2.0 * step))
        relative = gap / tallest if tallest > 0.0 else 0.0
        relative = min(relative, relative**power) + 4e-16
        worst = max(worst, relative)
        for i in range(size):
            factor = math.exp(scale[i] + k[i]) * width / math.pi
            base = 1.0 if g == 1 and 0.0 < crossing < 1.0 and k[i] >= 0.0 else 0.0
            values[g * rows + place + i] = base + (coarse[g * n + i] + added[g * n + i]) * step * factor
            errors[place + i] = max(errors[place + i], relative)
    return worst


def bases(k: Array, contour: Contour) -> Array:
    """What is added to the sums: what the path passes on its other side, or the value of the control."""
    base = np.zeros(k.size)
    if contour[4] > 0.0:
        control_values(k, contour[4], base)
    elif 0.0 < contour[0] < 1.0:
        for i in range(k.size):
            base[i] = 1.0 if k[i] >= 0.0 else math.exp(k[i])
    return base


def reach(
    x: Block, contour: Contour, expiry: float, p: Row, mask: int, lowest: float, highest: float, negligible: float
) -> tuple[float, float, float]:
    """Logarithm of the largest summand for strikes between, the y from which on they are negligible, and the first."""
    peak, first = -math.inf, 0.0
    plain = (contour[0], contour[1], contour[2], contour[3], 0.0)
    spacing = 0.5 if contour[4] > 0.0 else 1.0
    for start in range(0, int(FARTHEST / spacing) + 1, BLOCK):
        summand_block(x, start * spacing, spacing, plain, expiry, p, mask, None, 1.0)
        if start == 0:
            first = x[LOGARITHM]
        for j in range(BLOCK):
            offset = x[W + j] - contour[0]
            height = x[LOGARITHM + j] - min(lowest * offset, highest * offset)
            peak = max(peak, height)
            if height < peak - negligible:
                return peak, x[ORDINATE + j], first
    return peak, FARTHEST, first


def sweep(  # noqa: PLR0917 - a compiled function takes no structure
    x: Block, contour: Contour, expiry: float, p: Row, mask: int, level: float | None, start: float, spacing: float,
    farthest: float, floor: float, k: Array, scale: Array, active: Array, wave: Array, out: Array,
) -> int:  # fmt: skip
    """Add the summands at start, start + spacing, ... that exceed exp(floor) for some strike; returns how many."""
    used = 0
    total = int((farthest + spacing - start) / spacing) + 1
    for begin in range(0, total, BLOCK):
        n = min(BLOCK, total - begin)
        summand_block(x, start + begin * spacing, spacing, contour, expiry, p, mask, level, 0.0)
        for j in range(n):
            offset = x[W + j] - contour[0]
            if x[LOGARITHM + j] - min(k[0] * offset, k[-1] * offset) > floor:
                if level is None:
                    add_node(x[W + j], x[W + BLOCK + j], x[LOGARITHM + j], x[LOGARITHM + BLOCK + j], k, scale, out)
                else:
                    add_weighted(x, j, k, scale, active, wave, out)
                used += 1
    return used


def integrate(  # noqa: PLR0917 - a compiled function takes no structure
    x: Block, contour: Contour, expiry: float, p: Row, mask: int, level: float | None, strikes: Array, aim: float,
    active: Array, values: Array, errors: Array, place: int, rows: int,
) -> float:  # fmt: skip
    """Weighted values of ascending strikes on one contour, halving the step until all errors are below `aim`.

    Without jumps the finer step's error is about the square of the coarser one's; three halves are claimed. Returns the
    largest error; where it exceeds `aim` the finest step did not suffice. `active` marks the weights: the first is the
    time value, for which errors are absolute.
    """
    size = strikes.size
    padded = (size + 3) // 4 * 4
    k = np.empty(padded)
    k[:size] = strikes
    k[size:] = strikes[-1]
    negligible = 9.0 - math.log(aim)
    if level is not None:
        negligible += 7.0
    base = bases(k, contour)
    peak, farthest, first = reach(x, contour, expiry, p, mask, k[0], k[-1], negligible)
    scale = first - contour[0] * k
    coarse, added = np.zeros(active.size * padded), np.zeros(active.size * padded)
    wave = np.empty(2 * padded)
    step = contour[3]
    power = 1.5 if p[10] == 0.0 else 1.0
    if contour[4] > 0.0:
        power += 0.3
    floor = peak - negligible
    sweep(x, contour, expiry, p, mask, level, 0.0, 2.0 * step, farthest, floor, k, scale, active, wave, coarse)
    while True:
        added[:] = 0.0
        sweep(x, contour, expiry, p, mask, level, step, 2.0 * step, farthest, floor, k, scale, active, wave, added)
        value, error = values[place : place + size], errors[place : place + size]
        worst = settle(k, scale, coarse, added, step, power, contour[1], base, value, error)
        if level is not None:
            weighted = settle_weights(
                k, scale, active, coarse, added, step, power, contour, size, values, errors, place, rows
            )
            worst = max(worst, weighted * AGAINST_WEIGHTS)
        if worst <= aim or step < FINEST_STEP:
            return worst
        coarse += added
        step, power = 0.5 * step, 1.0
