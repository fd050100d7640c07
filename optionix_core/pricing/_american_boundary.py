"""The exercise boundaries of puts with strike one, by spectral collocation and Newton's method, in lock step.

Source: L. Andersen, M. Lake, D. Offengenden, "High-performance American option pricing", J. Comput. Finance 20 (2016)
39: the boundary solves B = N / D, their fixed-point system A (smooth pasting), with ln(B / B(0+))^2 as a polynomial in
the root of the time to expiry, collocated at Chebyshev points. Ours differs: all integrals use the split of
`_american_rules`; the equations are solved together by Newton's method with their exact Jacobian; and an option climbs
a ladder of rules, each started from the one before, until the distance between two of them says that the error is small
enough. So most stop early, and what an option did not reach is known.

Two boundaries (dividend yield < rate < 0): L. Andersen, M. Lake, "Fast American option pricing: the double-boundary
case", Wilmott (2021). As long as they have not met, the upper one solves its own equation, in which all below it is
exercised, and the lower one its own, in which all above it is exercised: no path leaves one side of a boundary without
touching it. `direction` is +1 for the upper boundary, below its limit at expiry, and -1 for the lower one, above it.
Each goes on smoothly, as a solution of its own equation, past the time at which they meet; beyond that time nothing is
exercised, so that integrals end there. The upper one ends a little later, with infinite slope, where it reaches the
level at which exercise stops to pay: hence the other polynomial of `_american_sweeps` for it.

What an option does in lock step depends on no other: one that has come to rest is left as it is.
"""

from __future__ import annotations

import math
from typing import Any

from optionix_core.pricing._american_lanes import brief_exponential
from optionix_core.pricing._american_sweeps import (
    ACTIVE,
    ANCHOR,
    BEFORE,
    BENT,
    CHANGE,
    CURVE,
    FIRST,
    GAP,
    GIVEN,
    HIGHEST,
    JACOBIAN,
    LANES,
    LARGEST_SQUARE,
    LEVEL,
    LEVEL_FLOOR,
    LIFTED,
    NEXT,
    RATE,
    SERIES,
    SIZE,
    SQUARE,
    STAY,
    WEIGHT,
    YIELD,
    combine,
)

LARGEST_CHANGE, LARGEST_BENT_CHANGE = 0.7, 0.15
"""Of the logarithm of a level in one Newton step; of the upper of two boundaries, which Newton's method overshoots."""


def lift_levels(direction: float, n: int, terms: int, lift: Any, source: int, z: Any, g: Any, lanes: int) -> None:
    """LIFTED from the rows of a column, by a table of `terms` numbers a node."""
    for i in range(n):
        combine(lift, i * terms, int(NEXT), terms, z, source, z, LIFTED + i * LANES, lanes)
    for i in range(n):
        at = i * LANES
        line = LEVEL_FLOOR * (i + 1.0) * (i + 1.0) / (n * n)
        for lane in range(lanes):
            square = max(z[LIFTED + at + lane], line * max(z[LIFTED + (n - 1) * LANES + lane], 1e-20))
            bent = math.sqrt(1.0 - min(g[CURVE + lane] * square, LARGEST_SQUARE))
            z[LIFTED + at + lane] = -direction * math.sqrt(square / (1.0 + bent))


def gather(
    first: int,
    direction: float,
    market: Any,
    start: Any,
    lift: Any,
    nodes: Any,
    shares: Any,
    z: Any,
    s: Any,
    g: Any,
    lanes: int,
) -> None:
    """Begin with the options from `first` on: LEVEL from `start`, levels or, where there is `lift`, series."""
    n = len(nodes)
    terms = len(lift) // (n + 1)
    for c in range(GIVEN):
        for lane in range(lanes):
            g[c * LANES + lane] = market[c, first + lane]
    for lane in range(lanes):
        curve = g[CURVE + lane]
        g[HIGHEST + lane] = math.sqrt((1.0 - 1e-6) / curve) if curve > 0.0 else 1e3
        g[ACTIVE + lane] = 1.0
        g[BEFORE + lane] = 0.0
        s[BENT + lane] = 1.0
    for j in range(len(start)):
        into = (SERIES if terms else LIFTED) + j * LANES
        for lane in range(lanes):
            z[into + lane] = start[j, first + lane]
    if terms:
        lift_levels(direction, n, terms, lift, int(SERIES), z, g, lanes)
        combine(lift, n * terms, int(NEXT), terms, z, int(SERIES), s, int(GAP), lanes)
        for lane in range(lanes):
            z[LIFTED + lane] = -direction * g[FIRST + lane] * math.sqrt(0.5 * max(s[GAP + lane], 1e-40))
    for i in range(n):
        at = i * LANES
        for lane in range(lanes):
            z[LEVEL + at + lane] = z[LIFTED + at + lane]
            flow = g[RATE + lane] - g[YIELD + lane] * brief_exponential(g[ANCHOR + lane] + z[LEVEL + at + lane])
            z[WEIGHT + at + lane] = shares[i] * abs(flow) * g[STAY + lane]


def square_levels(n: int, z: Any, g: Any, lanes: int) -> None:
    """SQUARE from LEVEL."""
    for i in range(n):
        at = i * LANES
        for lane in range(lanes):
            square = z[LEVEL + at + lane] * z[LEVEL + at + lane]
            z[SQUARE + at + lane] = square * (2.0 - g[CURVE + lane] * square)


def advance(direction: float, largest: float, n: int, z: Any, g: Any, lanes: int) -> None:
    """Take the step that `solve` found, of no more than `largest` in the logarithm of a level, where ACTIVE.

    CHANGE becomes the largest relative step, SIZE what the step does to a price; not a number where one is not.
    """
    for lane in range(lanes):
        g[CHANGE + lane] = 0.0
        g[SIZE + lane] = 0.0
    for i in range(n):
        at = i * LANES
        row = JACOBIAN + (i * (n + 1) + n) * LANES
        for lane in range(lanes):
            level = z[LEVEL + at + lane]
            step = z[row + lane] / (4.0 * level * (1.0 - g[CURVE + lane] * level * level))
            relative = -step / level
            g[SIZE + lane] += z[WEIGHT + at + lane] * abs(step)
            g[CHANGE + lane] = max(g[CHANGE + lane], abs(relative))
            relative = min(max(relative, -largest), largest)
            size = min(abs(level) * brief_exponential(relative), g[HIGHEST + lane])
            z[LEVEL + at + lane] = -direction * size if g[ACTIVE + lane] > 0.0 else level


def at_rest(first: int, settled: float, close: float, rough: float, g: Any, found: Any, lanes: int) -> int:
    """Let those rest whose price the next step would change by less than `settled`, or which `rough` is enough for.

    `close` and `rough` bound the largest relative change in a step. What is left after a step is taken as the step
    times the square of its ratio to the one before. Returns how many go on; those whose numbers are none do not.
    """
    left = 0
    for lane in range(lanes):
        if g[ACTIVE + lane] > 0.0:
            change = g[CHANGE + lane]
            size = g[SIZE + lane]
            ratio = min(size / g[BEFORE + lane] if g[BEFORE + lane] > 0.0 else change, 1.0)
            g[BEFORE + lane] = size
            size *= ratio * ratio
            if not (change < 1e6 and size < 1e300):
                g[ACTIVE + lane] = 0.0
            elif change < rough or (change < close and size < settled):
                g[ACTIVE + lane] = 0.0
                found[first + lane] = 1
            else:
                left += 1
    return left


def release(
    first: int,
    direction: float,
    n: int,
    transform: Any,
    thin: Any,
    z: Any,
    s: Any,
    g: Any,
    series: Any,
    apart: Any,
    lanes: int,
) -> None:
    """Coefficients of SQUARE into `series`; into `apart` what the distance from LIFTED does to a price, and the end.

    Where there is `thin`, LIFTED becomes what half of the nodes say of all.
    """
    square_levels(n, z, g, lanes)
    for d in range(n + 1):
        combine(transform, d * n, int(NEXT), n, z, int(SQUARE), s, int(GAP), lanes)
        for lane in range(lanes):
            series[d, first + lane] = s[GAP + lane]
    if len(thin):
        lift_levels(direction, n, n, thin, int(SQUARE), z, g, lanes)
    for i in range(n):
        at = i * LANES
        for lane in range(lanes):
            apart[0, first + lane] += z[WEIGHT + at + lane] * abs(z[LEVEL + at + lane] - z[LIFTED + at + lane])
            apart[1, first + lane] = z[LEVEL + at + lane]
