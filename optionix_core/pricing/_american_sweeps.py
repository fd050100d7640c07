"""One pass of the collocation equations over all points: residuals, Jacobian, Newton's step; branch-free loops.

`z` and `w` are workspaces, columns of which are named here; arrays start with the shortest time. The equations and
their source are in `_american_boundary`, the tables in `_american_rules`. Compiled with fast-math flags: numbers that
are not finite may come out of here, but nothing here may depend on whether one is.

A boundary is stored as SQUARE, H(y) = y^2 (2 - c y^2) of its distance y = |ln(B / B(0+))|. With c = 0 that is the
square of Andersen, Lake and Offengenden (up to the factor two). With c = 1 / Y^2, Y = |ln(yield / rate)|, H is smooth
also where an upper boundary reaches the level at which exercise stops to pay, since there it moves like a root.
"""

from __future__ import annotations

import math
from typing import Any

from optionix_core.pricing._lanes import DENSITY_AT_ZERO, lane_cdf, lane_exponential

LANES = 64
"""Most collocation points."""
STRIDE = 3112
"""Room of one workspace column over all points; its bytes are no multiple of a page, lest columns share cache sets."""

GAP, INVERSE, DRIFT, DEVIATION, CASH, ASSET = 0, STRIDE, 2 * STRIDE, 3 * STRIDE, 4 * STRIDE, 5 * STRIDE
TOP, BOTTOM, TOP_SLOPE, BOTTOM_SLOPE, ROOT_SLOPE = 6 * STRIDE, 7 * STRIDE, 8 * STRIDE, 9 * STRIDE, 10 * STRIDE
"""Columns over quadrature point times collocation point; where they start in the workspace."""
POINT_WORKSPACE = 11 * STRIDE
LEVEL, SQUARE, TIME, SUM_TOP, SUM_BOTTOM, SUM_TOP_SLOPE, SUM_BOTTOM_SLOPE, MISS, OWN, LIFTED = (
    0,
    LANES,
    2 * LANES,
    3 * LANES,
    4 * LANES,
    5 * LANES,
    6 * LANES,
    7 * LANES,
    8 * LANES,
    9 * LANES,
)
"""Columns over collocation points; LEVEL is ln(B / B(0+)), LIFTED the one that fewer points gave."""
JACOBIAN = 10 * LANES
SHEET = JACOBIAN + LANES * LANES
NODE_WORKSPACE = SHEET + STRIDE
CLUSTER = 0.35
HALF = 0.5 * CLUSTER / (1.0 - CLUSTER)
"""Series are in the variable x of root = CLUSTER x + (1 - CLUSTER) x^2, which draws points towards expiry, where the
boundary has a logarithm in it; x = sqrt(root / (1 - CLUSTER) + HALF^2) - HALF."""
LEVEL_FLOOR = 1e-4
"""Where a polynomial dips to zero between points, its root is kept at this fraction of a straight line."""
HIGHEST = 1.0 - 1e-8
"""Of c H, which is one at the end of its range."""


def fill_squares(n: int, curve: float, z: Any) -> None:
    """SQUARE from LEVEL."""
    for i in range(n):
        square = z[LEVEL + i] * z[LEVEL + i]
        z[SQUARE + i] = square * (2.0 - curve * square)


def lift_levels(direction: float, curve: float, terms: int, n: int, lift: Any, series: Any, z: Any) -> None:
    """LEVEL and LIFTED at `n` points from a series of that many terms."""
    for i in range(n):
        z[LIFTED + i] = 0.0
    for j in range(terms):
        coefficient = series[j]
        row = j * n
        for i in range(n):
            z[LIFTED + i] += lift[row + i] * coefficient
    least = LEVEL_FLOOR * max(z[LIFTED + n - 1], 1e-20) / (n * n)
    for i in range(n):
        square = max(z[LIFTED + i], least * (i + 1.0) * (i + 1.0))
        bent = math.sqrt(1.0 - min(curve * square, HIGHEST))
        level = -direction * math.sqrt(square / (1.0 + bent))
        z[LIFTED + i] = level
        z[LEVEL + i] = level


def bend_levels(n: int, curve: float, share: float, z: Any) -> None:
    """Draw LEVEL smoothly below a share of the distance at which an upper boundary ends."""
    most = share / math.sqrt(curve)
    for i in range(n):
        z[LEVEL + i] = z[LEVEL + i] / math.sqrt(1.0 + z[LEVEL + i] * z[LEVEL + i] / (most * most))


def advance(direction: float, n: int, curve: float, largest: float, z: Any) -> None:
    """Take the step in MISS, of no more than `largest` in the logarithm of a level."""
    highest = math.sqrt((1.0 - 1e-6) / curve) if curve > 0.0 else 1e3
    for i in range(n):
        relative = min(max(-z[MISS + i] / z[LEVEL + i], -largest), largest)
        size = min(abs(z[LEVEL + i]) * lane_exponential(relative), highest)
        z[LEVEL + i] = -direction * size


def lay_out(
    horizon: float, rate: float, dividend_yield: float, volatility: float, nodes: Any, spans: Any, w: Any, z: Any
) -> None:
    """Fill what no iteration changes: deviations, drifts, discounted weights."""
    n = len(nodes)
    m = len(spans) // 3
    carry = rate - dividend_yield
    root = volatility * math.sqrt(horizon)
    for i in range(n):
        z[TIME + i] = horizon * nodes[i] * nodes[i]
    for k in range(m):
        a = spans[k]
        weight = spans[2 * m + k]
        at = k * n
        for i in range(n):
            v = z[TIME + i] * (a * a)
            deviation = root * nodes[i] * a
            w[DEVIATION + at + i] = deviation
            w[INVERSE + at + i] = 1.0 / deviation
            w[DRIFT + at + i] = carry * v / deviation - 0.5 * deviation
            w[CASH + at + i] = rate * weight * z[TIME + i] * lane_exponential(-rate * v)
            w[ASSET + at + i] = dividend_yield * weight * z[TIME + i] * lane_exponential(-dividend_yield * v)


def interpolate(  # noqa: C901 - loops without branches, one after the other
    direction: float, curve: float, n: int, m: int, spans: Any, matrix: Any, w: Any, z: Any
) -> None:
    """GAP: level at the collocation point less level at the quadrature point, and the slope of the latter in SQUARE."""
    count = n * m
    for x in range(count):
        w[GAP + x] = 0.0
    for j in range(n):
        square = z[SQUARE + j]
        row = j * count
        for x in range(count):
            w[GAP + x] += matrix[row + x] * square
    for k in range(m):
        at = k * n
        b = LEVEL_FLOOR * spans[m + k]
        for i in range(n):
            least = b * b * z[SQUARE + i]
            w[BOTTOM + at + i] = 1.0 if w[GAP + at + i] > least else 0.0
            w[GAP + at + i] = max(w[GAP + at + i], least)
    if curve > 0.0:
        for x in range(count):
            bent = math.sqrt(1.0 - min(curve * w[GAP + x], HIGHEST))
            w[TOP + x] = math.sqrt(w[GAP + x] / (1.0 + bent))
            w[ROOT_SLOPE + x] = 0.25 * w[BOTTOM + x] / (w[TOP + x] * bent)
    else:
        for x in range(count):
            w[TOP + x] = math.sqrt(0.5 * w[GAP + x])
            w[ROOT_SLOPE + x] = 0.25 * w[BOTTOM + x] / w[TOP + x]
    for k in range(m):
        at = k * n
        for i in range(n):
            w[GAP + at + i] = z[LEVEL + i] + direction * w[TOP + at + i]


def integrands(direction: float, count: int, w: Any) -> None:
    """Of numerator and denominator, and their derivatives in GAP; densities lack their 1 / sqrt(2 pi)."""
    for i in range(count):
        inverse = w[INVERSE + i]
        low = w[GAP + i] * inverse + w[DRIFT + i]
        high = low + w[DEVIATION + i]
        bell = lane_exponential(-0.5 * high * high)
        asset = w[ASSET + i]
        cash_part = w[CASH + i] * lane_exponential(-0.5 * low * low) * inverse
        asset_part = asset * bell * inverse
        inside = lane_cdf(direction * high, bell) * direction / DENSITY_AT_ZERO
        w[TOP + i] = cash_part
        w[BOTTOM + i] = asset_part + asset * inside
        w[TOP_SLOPE + i] = -cash_part * low * inverse
        w[BOTTOM_SLOPE + i] = asset_part - asset_part * high * inverse


def fold(place: int, n: int, m: int, w: Any, z: Any) -> None:
    """Sum into `place` the m rows of n that SHEET holds; m is a multiple of four.

    Rows are halved between two arrays, since only long loops between different arrays become vector instructions.
    """
    count = n * m // 2
    for x in range(count):
        w[TOP + x] = z[SHEET + x] + z[SHEET + count + x]
    count //= 2
    for x in range(count):
        z[SHEET + x] = w[TOP + x] + w[TOP + count + x]
    for i in range(n):
        z[place + i] = z[SHEET + i]
    for k in range(1, m // 4):
        row = SHEET + k * n
        for i in range(n):
            z[place + i] += z[row + i]


def sum_rows(source: int, place: int, n: int, m: int, w: Any, z: Any) -> None:
    """Sum into `place` the m rows of n, a multiple of four, that `w` holds from `source` on."""
    for i in range(0, n, 4):
        a = b = c = d = 0.0
        for k in range(m):
            x = source + k * n + i
            a += w[x]
            b += w[x + 1]
            c += w[x + 2]
            d += w[x + 3]
        z[place + i] = a
        z[place + i + 1] = b
        z[place + i + 2] = c
        z[place + i + 3] = d


def miss_and_slope(
    direction: float, n: int, anchor: float, rate: float, dividend_yield: float, volatility: float, z: Any
) -> None:
    """MISS: ln B - ln(N / D), with the terms of expiry that the upper boundary has; OWN: its derivative in LEVEL.

    The logarithm is the first two terms of its series in (q - 1) / (q + 1), which vanishes where it does.
    """
    upon = 0.5 * (1.0 + direction)
    for i in range(n):
        time = z[TIME + i]
        deviation = volatility * math.sqrt(time)
        inverse = 1.0 / deviation
        low = (z[LEVEL + i] + anchor + (rate - dividend_yield) * time) * inverse - 0.5 * deviation
        high = low + deviation
        bell = upon * lane_exponential(-0.5 * high * high)
        growth = lane_exponential(-dividend_yield * time)
        cash_part = upon * lane_exponential(-rate * time - 0.5 * low * low) * inverse
        asset_part = growth * bell * inverse
        inside = upon * lane_cdf(high, lane_exponential(-0.5 * high * high)) / DENSITY_AT_ZERO
        top = z[SUM_TOP + i] + cash_part
        bottom = z[SUM_BOTTOM + i] + asset_part + growth * inside
        top_slope = z[SUM_TOP_SLOPE + i] - cash_part * low * inverse
        bottom_slope = z[SUM_BOTTOM_SLOPE + i] + asset_part - asset_part * high * inverse
        ratio = max(top / bottom * lane_exponential(-(z[LEVEL + i] + anchor)), 1e-6)
        series = (ratio - 1.0) / (ratio + 1.0)
        z[SUM_TOP + i] = 1.0 / top
        z[SUM_BOTTOM + i] = 1.0 / bottom
        z[MISS + i] = -2.0 * series * (1.0 + series * series * 0.3333333333333333)
        z[OWN + i] = 1.0 - top_slope / top + bottom_slope / bottom


def jacobian(direction: float, curve: float, n: int, m: int, matrix: Any, w: Any, z: Any) -> None:
    """Derivatives of MISS in LEVEL, column by column."""
    count = n * m
    for k in range(m):
        at = k * n
        for i in range(n):
            slope = w[BOTTOM_SLOPE + at + i] * z[SUM_BOTTOM + i] - w[TOP_SLOPE + at + i] * z[SUM_TOP + i]
            w[GAP + at + i] = direction * slope * w[ROOT_SLOPE + at + i]
    half = count // 2
    for j in range(n):
        row = j * count
        for x in range(half):
            z[SHEET + x] = w[GAP + x] * matrix[row + x] + w[GAP + half + x] * matrix[row + half + x]
        fold(JACOBIAN + j * n, n, m // 2, w, z)
    for j in range(n):
        steepness = 4.0 * z[LEVEL + j] * (1.0 - curve * z[LEVEL + j] * z[LEVEL + j])
        for i in range(n):
            z[JACOBIAN + j * n + i] *= steepness
        z[JACOBIAN + j * n + j] += z[OWN + j]


def factorise(n: int, w: Any, z: Any) -> None:
    """The Jacobian into triangular factors in place. It is close to triangular with ones: no pivoting."""
    for c in range(n):
        column = JACOBIAN + c * n
        pivot = 1.0 / z[column + c]
        for i in range(c + 1, n):
            w[GAP + i] = z[column + i] * pivot
        for i in range(c + 1, n):
            z[column + i] = w[GAP + i]
        for j in range(c + 1, n):
            other = JACOBIAN + j * n
            factor = z[other + c]
            for i in range(c + 1, n):
                z[other + i] -= w[GAP + i] * factor


def substitute(n: int, z: Any) -> None:
    """Replace MISS by the step that the factors give."""
    for c in range(n):
        column = JACOBIAN + c * n
        right = z[MISS + c]
        for i in range(c + 1, n):
            z[MISS + i] -= z[column + i] * right
    for c in range(n - 1, -1, -1):
        column = JACOBIAN + c * n
        right = z[MISS + c] / z[column + c]
        z[MISS + c] = right
        for i in range(c):
            z[MISS + i] -= z[column + i] * right
