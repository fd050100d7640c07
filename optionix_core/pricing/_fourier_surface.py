"""The surface of a model: which contour serves which strikes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing._contour import (
    LOOSE,
    MOST_SPLITS,
    NARROW,
    STRAIGHT,
    contour_of,
    deviation_of,
    line_of,
    slants,
    tail_of,
)
from optionix_core.pricing._fourier_formulas import parts_in_use
from optionix_core.pricing._fourier_variance import BLOCK, ROWS, Row
from optionix_core.pricing._strike_sums import group_edges, integrate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Places = NDArray[np.int64]


def surface_values(
    p: Row,
    expiry: Array,
    starts: Places,
    log_moneyness: Array,
    aim: float,
    asked: int,
    level: float | None,
    active: Array,
    values: Array,
    errors: Array,
) -> int:
    """Undiscounted out-of-the-money values over the forward, with weights, and their errors, for a whole surface.

    Strikes ascend within each expiry; those of the i-th lie from starts[i] to starts[i + 1]. A call where k >= 0, a put
    below. `values` is a flat table of one row for each weight of `active`. Parts of the mask `asked` count as in use.
    Returns how many contours were used.
    """
    used = 0
    rows = log_moneyness.size
    first, last, depth = np.empty(64, np.int64), np.empty(64, np.int64), np.empty(64, np.int64)
    x = np.zeros(ROWS * BLOCK)
    mask = parts_in_use(p) | asked
    digits = -math.log(aim)
    values[:] = 0.0
    errors[:] = 0.0
    for i in range(expiry.size):
        years = expiry[i]
        deviation = deviation_of(years, p)
        if deviation == 0.0:
            continue
        tail = tail_of(years, p, mask, digits)
        begin, end = starts[i], starts[i + 1]
        loose = aim >= LOOSE and (active.size == 1 or active[1] == 0.0)
        if loose:
            first[0], last[0], depth[0] = begin, end, 0
            stack = 1
        else:
            stack = group_edges(log_moneyness, begin, end, deviation, first, last, depth)
        while stack > 0:
            stack -= 1
            a, b, before = first[stack], last[stack], depth[stack]
            k = log_moneyness[a:b]
            low, high, split = slants(tail, k[0], k[-1])
            middle = a if math.isnan(split) else a + np.searchsorted(k, split)
            if high - low < NARROW and before < MOST_SPLITS and a < middle < b:
                first[stack], last[stack], depth[stack] = a, middle, before + 1
                first[stack + 1], last[stack + 1], depth[stack + 1] = middle, b, before + 1
                stack += 2
                continue
            if loose:
                path = line_of(deviation, tail, k[0], k[-1], before, digits)
            else:
                path = contour_of(x, years, p, mask, deviation, tail, k[0], k[-1], digits)
            for _ in range(2):
                used += 1
                worst = integrate(x, path, years, p, mask, level, k, aim, active, values, errors, a, rows)
                if worst <= aim or loose:
                    break
                path = STRAIGHT
            if loose and worst > aim:
                loose = False
                stack = group_edges(log_moneyness, begin, end, deviation, first, last, depth)
    return used
