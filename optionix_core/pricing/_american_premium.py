"""What exercise adds to an option: Kim's integral over a boundary, in loops that compile to vector instructions.

Source: I. Kim, Rev. Financ. Stud. 3 (1990) 547. Refuses to solve for the boundary (`_american_boundary`).
"""

from __future__ import annotations

import math
from typing import Any

from optionix_core.pricing._american_boundary import CURVE, LOWER, LOWER_COUNT, SERIES, UPPER, UPPER_COUNT
from optionix_core.pricing._american_sweeps import (
    ASSET,
    BOTTOM,
    CASH,
    CLUSTER,
    DEVIATION,
    DRIFT,
    GAP,
    HALF,
    HIGHEST,
    INVERSE,
    TOP,
)
from optionix_core.pricing._lanes import DENSITY_AT_ZERO, lane_cdf, lane_exponential

SHARPEST_PANEL = 1e-4
"""Of the quadrature: the scale, relative to the root of the time, on which a spot near the boundary acts."""


def exercise_integrals(  # noqa: PLR0915 - one formula, written out for vector instructions
    direction: float,
    spot: float,
    anchor: float,
    boundary: float,
    met: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    record: Any,
    panel: Any,
    w: Any,
) -> tuple[float, float, float]:
    """Present value of r K - q S received while the spot is below a boundary, and its two derivatives in spot.

    Exercise ends at the time `met` to expiry, where the boundary is at exp(`boundary`); `anchor` is its logarithm just
    before expiry.
    """
    p = len(panel) // 2
    log_spot = math.log(spot)
    offset = expiry - met
    near = math.sqrt(((log_spot - boundary) / volatility) ** 2 / met + offset / met)
    scale = min(max(near, SHARPEST_PANEL), 1.0)
    length = math.asinh(1.0 / scale)
    place = UPPER if direction > 0.0 else LOWER
    n = int(record[UPPER_COUNT if direction > 0.0 else LOWER_COUNT])
    stretch = math.sqrt(met / record[SERIES])
    for i in range(p):
        grown = lane_exponential(length * panel[i])
        t = 0.5 * scale * (grown - 1.0 / grown)
        inverse = 1.0 / (1.0 + t * t)
        a = 2.0 * t * inverse
        slope = 2.0 * (1.0 - t * t) * inverse * inverse
        w[GAP + i] = 2.0 * (math.sqrt(stretch * (1.0 - t * t) * inverse / (1.0 - CLUSTER) + HALF * HALF) - HALF) - 1.0
        w[ASSET + i] = 2.0 * a * slope * panel[p + i] * length * math.sqrt(t * t + scale * scale) * met
        w[CASH + i] = offset + met * a * a
        w[INVERSE + i] = 0.0
        w[DRIFT + i] = 0.0
    for degree in range(n, 0, -1):
        coefficient = record[place + degree]
        for i in range(p):
            later = w[INVERSE + i]
            w[INVERSE + i] = 2.0 * w[GAP + i] * later - w[DRIFT + i] + coefficient
            w[DRIFT + i] = later
    coefficient = record[place]
    curve = record[CURVE] if direction > 0.0 else 0.0
    for i in range(p):
        square = max(w[GAP + i] * w[INVERSE + i] - w[DRIFT + i] + coefficient, 0.0)
        bent = math.sqrt(1.0 - min(curve * square, HIGHEST))
        w[DEVIATION + i] = log_spot - anchor + direction * math.sqrt(square / (1.0 + bent))
    carry = rate - dividend_yield
    value = 0.0
    first = 0.0
    second = 0.0
    for i in range(p):
        v = w[CASH + i]
        deviation = volatility * math.sqrt(v)
        inverse = 1.0 / deviation
        low = (w[DEVIATION + i] + carry * v) * inverse - 0.5 * deviation
        high = low + deviation
        cash = rate * lane_exponential(-rate * v) * w[ASSET + i]
        asset = dividend_yield * lane_exponential(-dividend_yield * v) * w[ASSET + i]
        low_bell = lane_exponential(-0.5 * low * low)
        high_bell = lane_exponential(-0.5 * high * high)
        below = lane_cdf(-high, high_bell)
        low_density = DENSITY_AT_ZERO * low_bell * inverse
        high_density = DENSITY_AT_ZERO * high_bell * inverse
        w[TOP + i] = cash * lane_cdf(-low, low_bell) - asset * spot * below
        w[BOTTOM + i] = asset * (high_density - below) - cash * low_density / spot
        w[DRIFT + i] = (
            cash * low_density * (1.0 + low * inverse) / spot + asset * high_density * (1.0 - high * inverse)
        ) / spot
    for i in range(p):
        value += w[TOP + i]
        first += w[BOTTOM + i]
        second += w[DRIFT + i]
    return value, first, second
