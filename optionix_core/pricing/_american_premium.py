"""What exercise adds to an option: Kim's integral over a boundary, in loops that compile to vector instructions.

Source: I. Kim, Rev. Financ. Stud. 3 (1990) 547. Refuses to solve for the boundary (`_american_boundary`).
"""

from __future__ import annotations

import math
from typing import Any

from optionix_core.pricing._american_lanes import (
    DENSITY_SCALE,
    brief_exponential,
    tail_denominator,
    tail_numerator,
)
from optionix_core.pricing._american_sweeps import CLUSTER, HALF, LARGEST_SQUARE

PANEL = 328
"""Most quadrature points."""
PLACE, SPAN, MEASURE, SUM, LAST, VALUE, FIRST, SECOND = (
    0,
    PANEL,
    2 * PANEL,
    3 * PANEL,
    4 * PANEL,
    5 * PANEL,
    6 * PANEL,
    7 * PANEL,
)
PANEL_WORKSPACE = 8 * PANEL
X, DISTANCE, SCALE, LENGTH, TIME, OFFSET, STRETCH, CASH_RATE, ASSET_RATE, DEVIATION_RATE, BEND = range(11)
"""Rows of what `exercise_integral` takes of an option: spot, and logarithm of spot over the boundary just before
expiry; of the quadrature, the scale on which the spot acts and the length of its parameter; the time to expiry at which
exercise ends, how much earlier than now that is, and its root over that of the series; the market; `curve`."""
TAKEN = 11


def lay_panel(i: int, given: Any, panel: Any, w: Any) -> None:
    """Fill PLACE in the series, SPAN of time since exercise and the MEASURE of each point."""
    p = len(panel) // 2
    scale = given[SCALE, i]
    length = given[LENGTH, i]
    met = given[TIME, i]
    offset = given[OFFSET, i]
    stretch = given[STRETCH, i] / (1.0 - CLUSTER)
    measure = 2.0 * length * met * scale
    for j in range(p):
        grown = brief_exponential(length * panel[j])
        less = 1.0 / grown
        t = 0.5 * scale * (grown - less)
        inverse = 1.0 / (1.0 + t * t)
        a = 2.0 * t * inverse
        b = (1.0 - t * t) * inverse
        w[PLACE + j] = 2.0 * (math.sqrt(stretch * b + HALF * HALF) - HALF) - 1.0
        w[SPAN + j] = offset + met * a * a
        w[MEASURE + j] = a * b * inverse * panel[p + j] * measure * (grown + less)
        w[SUM + j] = 0.0
        w[LAST + j] = 0.0


def sum_series(p: int, n: int, place: int, i: int, records: Any, w: Any) -> None:
    """SUM becomes SQUARE at each PLACE (Clenshaw's sum)."""
    for degree in range(n, 0, -1):
        coefficient = records[i, place + degree]
        for j in range(p):
            later = w[SUM + j]
            w[SUM + j] = 2.0 * w[PLACE + j] * later - w[LAST + j] + coefficient
            w[LAST + j] = later
    coefficient = records[i, place]
    for j in range(p):
        w[SUM + j] = max(w[PLACE + j] * w[SUM + j] - w[LAST + j] + coefficient, 0.0)


def exercise_integral(i: int, direction: float, given: Any, p: int, w: Any) -> None:
    """Fill VALUE, FIRST and SECOND: of r K - q S received while the spot is below the boundary, and derivatives."""
    spot = given[X, i]
    distance = given[DISTANCE, i]
    rate = given[CASH_RATE, i]
    dividend_yield = given[ASSET_RATE, i]
    carry = rate - dividend_yield
    volatility = given[DEVIATION_RATE, i]
    curve = given[BEND, i]
    if curve > 0.0:
        for j in range(p):
            w[SUM + j] *= 2.0 / (1.0 + math.sqrt(1.0 - min(curve * w[SUM + j], LARGEST_SQUARE)))
    for j in range(p):
        v = w[SPAN + j]
        deviation = volatility * math.sqrt(v)
        inverse = 1.0 / deviation
        low = (distance + direction * math.sqrt(0.5 * w[SUM + j]) + carry * v) * inverse - 0.5 * deviation
        high = low + deviation
        cash = rate * w[MEASURE + j] * brief_exponential(-rate * v)
        asset = dividend_yield * w[MEASURE + j] * brief_exponential(-dividend_yield * v) * spot
        low_bell = brief_exponential(-0.5 * low * low) / DENSITY_SCALE
        high_bell = brief_exponential(-0.5 * high * high) / DENSITY_SCALE
        under, over = tail_denominator(abs(low)), tail_denominator(abs(high))
        both = 1.0 / (under * over)
        low_tail = low_bell * tail_numerator(abs(low)) * over * both
        high_tail = high_bell * tail_numerator(abs(high)) * under * both
        below = 1.0 - high_tail if high < 0.0 else high_tail
        low_bell *= inverse
        high_bell *= inverse
        w[VALUE + j] = cash * (1.0 - low_tail if low < 0.0 else low_tail) - asset * below
        w[FIRST + j] = asset * (high_bell - below) - cash * low_bell
        w[SECOND + j] = cash * low_bell * (1.0 + low * inverse) + asset * high_bell * (1.0 - high * inverse)
