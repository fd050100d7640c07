"""The exercise boundary of a put with strike one, by spectral collocation and Newton's method.

Source: L. Andersen, M. Lake, D. Offengenden, "High-performance American option pricing", J. Comput. Finance 20 (2016)
39: the boundary solves B = N / D, their fixed-point system A (smooth pasting), with ln(B / B(0+))^2 as a polynomial in
the root of the time to expiry, collocated at Chebyshev points. Ours differs in three pieces: all integrals use the
split of `_american_rules`, the equations are solved together by Newton's method with their exact Jacobian instead of
one at a time, and the first guess is the boundary's short-time limit bent towards its perpetual level.

Two boundaries (dividend yield < rate < 0): L. Andersen, M. Lake, "Fast American option pricing: the double-boundary
case", Wilmott (2021). As long as they have not met, the upper one solves its own equation, in which all below it is
exercised, and the lower one its own, in which all above it is exercised: no path leaves one side of a boundary without
touching it. `direction` is +1 for the upper boundary, below its limit at expiry, and -1 for the lower one, above it.
"""

from __future__ import annotations

import math
from typing import Any

from optionix_core.pricing._american_lanes import DENSITY_AT_ZERO, lane_cdf, lane_exponential

LANES = 64
"""Most collocation points."""
STRIDE = 6184
"""Room of one workspace column over all points; its bytes are no multiple of a page, lest columns share cache sets."""

GAP, INVERSE, DRIFT, DEVIATION, CASH, ASSET = 0, STRIDE, 2 * STRIDE, 3 * STRIDE, 4 * STRIDE, 5 * STRIDE
TOP, BOTTOM, TOP_SLOPE, BOTTOM_SLOPE, ROOT_SLOPE = 6 * STRIDE, 7 * STRIDE, 8 * STRIDE, 9 * STRIDE, 10 * STRIDE
"""Columns over quadrature point times collocation point; where they start in the workspace."""
POINT_WORKSPACE = 11 * STRIDE
LEVEL, SQUARE, TIME, SUM_TOP, SUM_BOTTOM, SUM_TOP_SLOPE, SUM_BOTTOM_SLOPE, MISS, OWN = (
    0,
    LANES,
    2 * LANES,
    3 * LANES,
    4 * LANES,
    5 * LANES,
    6 * LANES,
    7 * LANES,
    8 * LANES,
)
"""Columns over collocation points; LEVEL is ln(B / B(0+)), SQUARE its square."""
JACOBIAN = 9 * LANES
UPPER = JACOBIAN + LANES * LANES
LOWER = UPPER + 2 * LANES
SHEET = LOWER + 2 * LANES
NODE_WORKSPACE = SHEET + STRIDE
"""UPPER and LOWER hold Chebyshev coefficients of SQUARE, by degree, in the root of the time to expiry."""

MOST_STEPS = 30
LARGEST_CHANGE = 0.7
"""Of the logarithm of a level in one Newton step."""
SAME_SLOPE = 0.02
"""After a relative step below this, and well below the one before, the Jacobian is kept."""
LEVEL_FLOOR = 1e-4
"""Where a polynomial dips to zero between points, its root is kept at this fraction of a straight line."""
SHORT_TIME_SLOPE = 0.6387850000000000
"""sqrt(2) * 0.4517: ln(B(0+) / B) is this times sigma sqrt(tau) near expiry where rate < yield (Evans, Kuske, Keller,
Math. Finance 12 (2002) 219)."""


def guess_levels(
    direction: float, horizon: float, rate: float, dividend_yield: float, volatility: float, nodes: Any, z: Any
) -> None:
    """Fill LEVEL: the limits near expiry of Evans, Kuske and Keller (2002), bent towards the perpetual boundary."""
    anchor = level_at_expiry(direction, rate, dividend_yield)
    drift = rate - dividend_yield - 0.5 * volatility * volatility
    discriminant = drift * drift + 2.0 * rate * volatility * volatility
    far = 50.0
    if discriminant >= 0.0:
        exponent = (-drift - direction * math.sqrt(discriminant)) / (volatility * volatility)
        if exponent < 0.0:
            far = abs(math.log(exponent / (exponent - 1.0)) - anchor)
    elif direction > 0.0:
        far = max(abs(math.log(rate / dividend_yield)), 1e-3)
    far = min(max(far, 1e-8), 50.0)
    for i in range(len(nodes)):
        time = horizon * nodes[i] * nodes[i]
        deviation = volatility * math.sqrt(time)
        level = SHORT_TIME_SLOPE * deviation
        if direction > 0.0:
            quick = -2.0 * math.log(4.0 * math.sqrt(math.pi) * max(abs(rate), 1e-12) * time)
            carry = rate - dividend_yield
            if carry > 0.0:
                ratio = carry / volatility
                quick = min(quick, -math.log(8.0 * math.pi * time * ratio * ratio))
            level = max(level, deviation * math.sqrt(math.log1p(math.exp(min(quick, 600.0))) + 0.2) + anchor)
        z[LEVEL + i] = -direction * far * math.tanh(level / far)


def level_at_expiry(direction: float, rate: float, dividend_yield: float) -> float:
    """Logarithm of the boundary just before expiry."""
    if direction < 0.0 or 0.0 < rate < dividend_yield:
        return math.log(rate / dividend_yield)
    return 0.0


def solve_boundary(
    direction: float,
    horizon: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    nodes: Any,
    spans: Any,
    matrix: Any,
    settled: float,
    w: Any,
    z: Any,
) -> bool:
    """Improve LEVEL until a step is relatively smaller than `settled`; whether that came about."""
    n = len(nodes)
    m = len(spans) // 3
    anchor = level_at_expiry(direction, rate, dividend_yield)
    lay_out(horizon, rate, dividend_yield, volatility, nodes, spans, w, z)
    change = 1.0
    before = 1.0
    for _ in range(MOST_STEPS):
        for i in range(n):
            z[SQUARE + i] = z[LEVEL + i] * z[LEVEL + i]
        interpolate(direction, n, m, spans, matrix, w, z)
        integrands(direction, n * m, w)
        sum_up(n, m, w, z)
        miss_and_slope(direction, n, anchor, rate, dividend_yield, volatility, z)
        if change > SAME_SLOPE or change > 0.2 * before:
            jacobian(direction, n, m, matrix, w, z)
            factorise(n, w, z)
        substitute(n, z)
        before = change
        change = 0.0
        for i in range(n):
            level = z[LEVEL + i]
            relative = -z[MISS + i] / level
            if not abs(relative) < 1e6:
                return False
            change = max(change, abs(relative))
            z[LEVEL + i] = level * math.exp(min(max(relative, -LARGEST_CHANGE), LARGEST_CHANGE))
        if change < settled:
            for i in range(n):
                z[SQUARE + i] = z[LEVEL + i] * z[LEVEL + i]
            return True
    return False


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


def interpolate(direction: float, n: int, m: int, spans: Any, matrix: Any, w: Any, z: Any) -> None:
    """GAP: level at the collocation point less level at the quadrature point, and the slope of the latter's root."""
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
            square = w[GAP + at + i]
            root = math.sqrt(max(square, least))
            w[ROOT_SLOPE + at + i] = 0.5 / root if square > least else 0.0
            w[GAP + at + i] = z[LEVEL + i] + direction * root


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


def sum_up(n: int, m: int, w: Any, z: Any) -> None:
    """Integrals over the quadrature points of each collocation point; m is a multiple of eight."""
    count = n * m // 2
    for x in range(count):
        z[SHEET + x] = w[TOP + x] + w[TOP + count + x]
    fold(SUM_TOP, n, m // 2, w, z)
    for x in range(count):
        z[SHEET + x] = w[BOTTOM + x] + w[BOTTOM + count + x]
    fold(SUM_BOTTOM, n, m // 2, w, z)
    for x in range(count):
        z[SHEET + x] = w[TOP_SLOPE + x] + w[TOP_SLOPE + count + x]
    fold(SUM_TOP_SLOPE, n, m // 2, w, z)
    for x in range(count):
        z[SHEET + x] = w[BOTTOM_SLOPE + x] + w[BOTTOM_SLOPE + count + x]
    fold(SUM_BOTTOM_SLOPE, n, m // 2, w, z)


def miss_and_slope(
    direction: float, n: int, anchor: float, rate: float, dividend_yield: float, volatility: float, z: Any
) -> None:
    """MISS: ln B - ln(N / D), with the terms of expiry that the upper boundary has; OWN: its derivative in LEVEL."""
    for i in range(n):
        time = z[TIME + i]
        top = z[SUM_TOP + i]
        bottom = z[SUM_BOTTOM + i]
        top_slope = z[SUM_TOP_SLOPE + i]
        bottom_slope = z[SUM_BOTTOM_SLOPE + i]
        if direction > 0.0:
            deviation = volatility * math.sqrt(time)
            low = (z[LEVEL + i] + anchor + (rate - dividend_yield) * time) / deviation - 0.5 * deviation
            high = low + deviation
            bell = lane_exponential(-0.5 * high * high)
            growth = lane_exponential(-dividend_yield * time)
            cash_part = lane_exponential(-rate * time) * lane_exponential(-0.5 * low * low) / deviation
            asset_part = growth * bell / deviation
            top += cash_part
            bottom += asset_part + growth * lane_cdf(high, bell) / DENSITY_AT_ZERO
            top_slope -= cash_part * low / deviation
            bottom_slope += asset_part - asset_part * high / deviation
        z[SUM_TOP + i] = 1.0 / top
        z[SUM_BOTTOM + i] = 1.0 / bottom
        z[MISS + i] = z[LEVEL + i] + anchor - math.log(top / bottom)
        z[OWN + i] = 1.0 - top_slope / top + bottom_slope / bottom


def jacobian(direction: float, n: int, m: int, matrix: Any, w: Any, z: Any) -> None:
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
        twice = 2.0 * z[LEVEL + j]
        for i in range(n):
            z[JACOBIAN + j * n + i] *= twice
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


def keep_coefficients(n: int, transform: Any, place: int, z: Any) -> None:
    """Store SQUARE as Chebyshev coefficients at `place`."""
    for degree in range(n + 1):
        z[place + degree] = 0.0
    for j in range(n):
        square = z[SQUARE + j]
        for degree in range(n + 1):
            z[place + degree] += transform[j * (n + 1) + degree] * square


def level_at(direction: float, n: int, place: int, root: float, z: Any) -> float:
    """ln(B / B(0+)) where the root of the time to expiry is `root` of the horizon's (Clenshaw's sum)."""
    x = 2.0 * root - 1.0
    later = 0.0
    last = 0.0
    for degree in range(n, 0, -1):
        later, last = 2.0 * x * later - last + z[place + degree], later
    square = x * later - last + z[place]
    return -direction * math.sqrt(max(square, 0.0))
