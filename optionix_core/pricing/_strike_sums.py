"""Sums over a contour for the strikes of a group: how far, how fine, and with what error."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from optionix_core.pricing._contour import Contour
from optionix_core.pricing._fourier_sums import add_node, add_weighted, control_values
from optionix_core.pricing._fourier_variance import BLOCK, LOGARITHM, ORDINATE, W

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Block = NDArray[np.float64]
    Places = NDArray[np.int64]

FINEST_STEP = 1e-3
VANISHING = 1e-16
"""Derivatives, over the forward, of which all in a group are smaller need not be known to their own size."""
AGAINST_WEIGHTS = 1e-3
"""An error of a weighted sum, over the group's largest, counts so much against the aim for values."""


def group_edges(k: Array, start: int, end: int, deviation: float, first: Places, last: Places, depth: Places) -> int:
    """Ranges of ascending strikes on one side of the forward within 0-3, 3-8 and more deviations; how many."""
    count, begin = 0, start
    for bound in (-8.0, -3.0, 0.0, 3.0, 8.0, math.inf):
        stop = end if bound == math.inf else place_of(k, start, end, bound * deviation)
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

    Errors are judged against the largest sum of the group; the largest is returned, as it counts against the aim.
    """
    crossing, width = contour[0], contour[1]
    worst = 0.0
    n = k.size
    for g in range(1, active.size):
        if active[g] == 0.0:
            continue
        tallest, gap, largest = 0.0, 0.0, 0.0
        for i in range(size):
            fine = (coarse[g * n + i] + added[g * n + i]) * step
            tallest = max(tallest, abs(fine))
            largest = max(largest, abs(fine) * math.exp(scale[i] + k[i]) * width / math.pi)
            gap = max(gap, abs(fine - coarse[g * n + i] * 2.0 * step))
        relative = gap / tallest if tallest > 0.0 else 0.0
        relative = (min(relative, relative**power) + 4e-16) * min(1.0, largest / VANISHING)
        worst = max(worst, relative)
        for i in range(size):
            factor = math.exp(scale[i] + k[i]) * width / math.pi
            base = 1.0 if g == 1 and 0.0 < crossing < 1.0 and k[i] >= 0.0 else 0.0
            values[g * rows + place + i] = base + (coarse[g * n + i] + added[g * n + i]) * step * factor
            errors[place + i] = max(errors[place + i], relative)
    return worst * AGAINST_WEIGHTS


def bases(k: Array, contour: Contour, height: float, base: Array, scale: Array) -> int:
    """What is added to the sums: what the path passes on its other side, or the value of the control.

    And the logarithm of the first summand, `height` without strike, for each k.
    """
    for i in range(k.size):
        base[i], scale[i] = 0.0, height - contour[0] * k[i]
    if contour[4] > 0.0:
        control_values(k, contour[4], base)
    elif 0.0 < contour[0] < 1.0:
        for i in range(k.size):
            base[i] = 1.0 if k[i] >= 0.0 else math.exp(k[i])
    return k.size


def within_reach(x: Block, crossing: float, lowest: float, highest: float, negligible: float, found: Array) -> int:
    """Look for the end of the sums in a block; 1 where it is found.

    `found` holds the logarithm of the largest summand so far, the y from which on they are negligible, and the first.
    """
    if x[ORDINATE] == 0.0:
        found[0], found[2] = -math.inf, x[LOGARITHM]
    for j in range(BLOCK):
        offset = x[W + j] - crossing
        height = x[LOGARITHM + j] - min(lowest * offset, highest * offset)
        found[0] = max(found[0], height)
        found[1] = x[ORDINATE + j]
        if height < found[0] - negligible:
            return 1
    return 0


def is_felt(x: Block, j: int, crossing: float, farthest: float, floor: float, lowest: float, highest: float) -> bool:
    """Whether the j-th summand lies up to the ordinate `farthest` and exceeds exp(floor) for some strike."""
    offset = x[W + j] - crossing
    high: bool = x[LOGARITHM + j] - min(lowest * offset, highest * offset) > floor
    return high and bool(x[ORDINATE + j] <= farthest)


def add_block(
    x: Block, crossing: float, farthest: float, floor: float, k: Array, scale: Array, even: Array, odd: Array
) -> int:
    """Add a block's summands that are felt to the two sums in turn."""
    for j in range(BLOCK):
        if is_felt(x, j, crossing, farthest, floor, k[0], k[-1]):
            out = even if j % 2 == 0 else odd
            add_node(x[W + j], x[W + BLOCK + j], x[LOGARITHM + j], x[LOGARITHM + BLOCK + j], k, scale, out)
    return BLOCK


def add_weighted_block(
    x: Block, crossing: float, farthest: float, floor: float, k: Array, scale: Array, active: Array, wave: Array,
    even: Array, odd: Array,
) -> int:  # fmt: skip
    """As `add_block`, with weights."""
    for j in range(BLOCK):
        if is_felt(x, j, crossing, farthest, floor, k[0], k[-1]):
            add_weighted(x, j, k, scale, active, wave, even if j % 2 == 0 else odd)
    return BLOCK


def pour(source: Array, target: Array) -> int:
    """Add `source` to `target`, and empty it."""
    for i in range(source.size):
        target[i] += source[i]
        source[i] = 0.0
    return source.size


def place_of(k: Array, start: int, end: int, bound: float) -> int:
    """The first place from `start` to `end` of ascending values that is not below `bound`."""
    while start < end:
        middle = (start + end) // 2
        if k[middle] < bound:
            start = middle + 1
        else:
            end = middle
    return start


def observed_power(sparse: Array, coarse: Array, added: Array, step: float, size: int) -> float:
    """To what power of the last gap the error has fallen, of the sums at four, two and one steps; 1 to 1.7.

    The gaps of an analytic summand square with each halving; where they do not, the error claimed must not either.
    """
    first, second = 1e-300, 1e-300
    for i in range(size):
        amplitude = max(abs(coarse[i]) * 2.0 * step, step)
        first = max(first, abs(coarse[i] * 2.0 - sparse[i] * 4.0) * step / amplitude)
        second = max(second, abs(added[i] - coarse[i]) * step / amplitude)
    if first >= 0.5 or second >= 0.5:
        return 1.0
    return max(1.0, min(math.log(second) / math.log(first), 2.0) - 0.3)
