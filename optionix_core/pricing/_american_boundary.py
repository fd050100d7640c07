"""The exercise boundaries of a put with strike one, by spectral collocation and Newton's method.

Source: L. Andersen, M. Lake, D. Offengenden, "High-performance American option pricing", J. Comput. Finance 20 (2016)
39: the boundary solves B = N / D, their fixed-point system A (smooth pasting), with ln(B / B(0+))^2 as a polynomial in
the root of the time to expiry, collocated at Chebyshev points. Ours differs: all integrals use the split of
`_american_rules`; the equations are solved together by Newton's method with their exact Jacobian; and a row climbs a
ladder of rules, each started from the one before, until the distance between two of them says that the error is small
enough. So most rows stop early, and what a row did not reach is known.

Two boundaries (dividend yield < rate < 0): L. Andersen, M. Lake, "Fast American option pricing: the double-boundary
case", Wilmott (2021). As long as they have not met, the upper one solves its own equation, in which all below it is
exercised, and the lower one its own, in which all above it is exercised: no path leaves one side of a boundary without
touching it. `direction` is +1 for the upper boundary, below its limit at expiry, and -1 for the lower one, above it.
Each goes on smoothly, as a solution of its own equation, past the time at which they meet; beyond that time nothing is
exercised, so that integrals end there. The upper one ends a little later, with infinite slope, where it reaches the
level at which exercise stops to pay: hence the other polynomial of `_american_sweeps` for it.

A record holds what was found for one option, as RECORD numbers whose places are named here.
"""

from __future__ import annotations

import math
from typing import Any

from optionix_core.pricing._american_sweeps import (
    CLUSTER,
    HALF,
    LANES,
    LEVEL,
    MISS,
    SQUARE,
    STRIDE,
    SUM_TOP,
    TOP,
    advance,
    bend_levels,
    factorise,
    fill_squares,
    integrands,
    interpolate,
    jacobian,
    lay_out,
    lift_levels,
    miss_and_slope,
    substitute,
    sum_rows,
)

SERIES, MET, CURVE, UPPER_COUNT, LOWER_COUNT, UPPER_APART, LOWER_APART, ESTIMATE, UPPER = 0, 1, 2, 3, 4, 5, 6, 7, 8
"""Of a record: the time that the series are over; the time to expiry at which the boundaries meet, or the expiry;
`curve` of the upper series; highest degrees (0 for no boundary); how far, in price over the strike, each boundary is
from that of the rule before, infinite after the first; estimate of the price's error over the strike; then Chebyshev
coefficients of SQUARE by degree in the root of the time."""
MOST_POINTS = 56
LOWER = UPPER + MOST_POINTS + 1
RECORD = LOWER + MOST_POINTS + 1

MOST_STEPS = 24
LARGEST_CHANGE, LARGEST_BENT_CHANGE = 0.7, 0.15
"""Of the logarithm of a level in one Newton step; of the upper of two boundaries, which Newton's method overshoots."""
ROUGH = 0.02
"""Relative change below which a rule that another one follows may stop."""
CLOSE = 3e-3
"""Relative change below which a rule may stop, however little it matters to the price."""
ATTEMPTS = 2
"""At a boundary, from different guesses."""
BENT = 0.75
"""Share of the distance at which an upper boundary ends, below which a second guess stays."""
KEPT = 0.1
"""Relative change below which the Jacobian is kept."""
SHORT_TIME_SLOPE = 0.6387850000000000
"""sqrt(2) * 0.4517: ln(B(0+) / B) is this times sigma sqrt(tau) near expiry where rate < yield (Evans, Kuske, Keller,
Math. Finance 12 (2002) 219)."""
NEVER, ONE_BOUNDARY, TWO_BOUNDARIES = 0, 1, 2
REACH = 0.004
"""How far beyond their time two series may be continued to where they meet, relative to its root."""


def exercise_regime(rate: float, dividend_yield: float) -> int:
    """How many boundaries a put has: none where r S - q K cannot pay for waiting, two where yield < rate < 0."""
    if rate > 0.0 or (rate == 0.0 and dividend_yield < 0.0):
        return ONE_BOUNDARY
    if dividend_yield < rate:
        return TWO_BOUNDARIES
    return NEVER


def level_at_expiry(direction: float, rate: float, dividend_yield: float) -> float:
    """Logarithm of the boundary just before expiry."""
    if direction < 0.0 or 0.0 < rate < dividend_yield:
        return math.log(rate / dividend_yield)
    return 0.0


def perpetual_distance(direction: float, rate: float, dividend_yield: float, volatility: float) -> float:
    """Of the logarithms of the boundary without expiry and just before it; a bound on it where there is none."""
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
    return min(max(far, 1e-8), 50.0)


def guess_levels(
    direction: float, horizon: float, rate: float, dividend_yield: float, volatility: float, nodes: Any, z: Any
) -> None:
    """Fill LEVEL: the limits near expiry of Evans, Kuske and Keller (2002), bent towards the perpetual boundary."""
    anchor = level_at_expiry(direction, rate, dividend_yield)
    far = perpetual_distance(direction, rate, dividend_yield, volatility)
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


ERROR_OF_DISTANCE = 0.03
"""Of a price, of the distance from the rule before: what ninety-nine in a hundred random options stay below."""


def error_size(
    direction: float,
    place: int,
    less: int,
    n: int,
    horizon: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    shares: Any,
    z: Any,
) -> float:
    """How much a price may change by the change `place` of levels (less that of column `less`, where not negative).

    The premium changes by the density at the boundary times r - q B times the change. `shares` are those of the
    points in the time spent there until the horizon, of which a path with drift spends little.
    """
    anchor = level_at_expiry(direction, rate, dividend_yield)
    size = 0.0
    for i in range(n):
        change = z[place + i] - (z[less + i] if less >= 0 else 0.0)
        flow = rate - dividend_yield * math.exp(anchor + z[LEVEL + i])
        size += shares[i] * abs(flow * change)
    drift = abs(rate - dividend_yield - 0.5 * volatility * volatility)
    stay = min(0.8 * math.sqrt(horizon) / volatility, 1.0 / max(drift, 1e-300))
    return size * stay * math.exp(max(-rate, 0.0) * horizon)


def solve_rule(  # noqa: PLR0917 - a kernel has as many arguments as it reads
    direction: float,
    curve: float,
    horizon: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    nodes: Any,
    shares: Any,
    spans: Any,
    matrix: Any,
    settled: float,
    rough: float,
    w: Any,
    z: Any,
) -> bool:
    """Improve LEVEL until what is left is below `settled` in price, or the change below `rough`; whether it came.

    What is left after a step is taken as the step times the ratio of it to the one before.
    """
    n = len(nodes)
    m = len(spans) // 3
    anchor = level_at_expiry(direction, rate, dividend_yield)
    lay_out(horizon, rate, dividend_yield, volatility, nodes, spans, w, z)
    change = 1.0
    before = 1.0
    for _ in range(MOST_STEPS):
        fill_squares(n, curve, z)
        interpolate(direction, curve, n, m, spans, matrix, w, z)
        integrands(direction, n * m, w)
        for column in range(4):
            sum_rows(TOP + column * STRIDE, SUM_TOP + column * LANES, n, m, w, z)
        miss_and_slope(direction, n, anchor, rate, dividend_yield, volatility, z)
        if change > KEPT or change > 0.2 * before:
            jacobian(direction, curve, n, m, matrix, w, z)
            factorise(n, w, z)
        substitute(n, z)
        before = change
        change = 0.0
        for i in range(n):
            relative = abs(z[MISS + i] / z[LEVEL + i])
            if not relative < 1e6:
                return False
            change = max(change, relative)
        size = error_size(direction, MISS, -1, n, horizon, rate, dividend_yield, volatility, shares, z)
        advance(direction, n, curve, LARGEST_CHANGE if curve == 0.0 else LARGEST_BENT_CHANGE, z)
        if change < rough or (change < CLOSE and size * min(change / before, 1.0) < settled):
            fill_squares(n, curve, z)
            return True
    return False


def start_row(
    attempt: int,
    direction: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    nodes: Any,
    lift: Any,
    record: Any,
    z: Any,
) -> bool:
    """Fill LEVEL from the record's series, if it is that of the rule before, or by a guess; whether it was a series.

    `lift` takes coefficients to levels at the nodes.
    """
    n = len(nodes)
    place = UPPER if direction > 0.0 else LOWER
    curve = record[CURVE] if direction > 0.0 else 0.0
    known = record[UPPER_COUNT if direction > 0.0 else LOWER_COUNT]
    lifted = attempt == 0 and len(lift) > n and known * n == len(lift) - n
    if lifted:
        lift_levels(direction, curve, len(lift) // n, n, lift, record[place : place + MOST_POINTS + 1], z)
    else:
        guess_levels(direction, record[SERIES], rate, dividend_yield, volatility, nodes, z)
        if attempt > 0 and curve > 0.0:
            bend_levels(n, curve, BENT, z)
    return lifted


def keep_row(direction: float, found: float, apart: float, n: int, transform: Any, record: Any, z: Any) -> None:
    """Store SQUARE as Chebyshev coefficients, and the distance from the rule before. `found` is one or zero."""
    place = UPPER if direction > 0.0 else LOWER
    record[UPPER_APART if direction > 0.0 else LOWER_APART] = apart
    record[UPPER_COUNT if direction > 0.0 else LOWER_COUNT] = n * found
    for degree in range(n + 1):
        record[place + degree] = 0.0
    for j in range(n):
        square = z[SQUARE + j]
        for degree in range(n + 1):
            record[place + degree] += transform[j * (n + 1) + degree] * square


def level_at(direction: float, root: float, record: Any) -> float:
    """ln(B / B(0+)) where the root of the time to expiry is `root` of the series' (Clenshaw's sum)."""
    place = UPPER if direction > 0.0 else LOWER
    curve = record[CURVE] if direction > 0.0 else 0.0
    x = 2.0 * (math.sqrt(root / (1.0 - CLUSTER) + HALF * HALF) - HALF) - 1.0
    later = 0.0
    last = 0.0
    for degree in range(int(record[UPPER_COUNT if direction > 0.0 else LOWER_COUNT]), 0, -1):
        later, last = 2.0 * x * later - last + record[place + degree], later
    square = max(x * later - last + record[place], 0.0)
    return -direction * math.sqrt(square / (1.0 + math.sqrt(max(1.0 - curve * square, 0.0))))


def meeting_root(distance: float, record: Any) -> float:
    """Root of the time at which the gap between the boundaries first vanishes, over the series'; 2 if after REACH."""
    low = 0.0
    high = 1.0 + REACH
    if distance + level_at(1.0, high, record) - level_at(-1.0, high, record) > 0.0:
        return 2.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        gap = distance + level_at(1.0, middle, record) - level_at(-1.0, middle, record)
        if gap > 0.0:
            low = middle
        else:
            high = middle
    return high
