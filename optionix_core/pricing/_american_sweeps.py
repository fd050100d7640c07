"""The collocation equations of sixteen options at a time: residuals, Jacobian, Newton's step; branch-free loops.

Options are solved in lock step, so that vector instructions run across options however few points one has. Numbers of
a point or a node are rows of LANES, one for each option. `z`, `w`, `s` and `g` are workspaces whose columns are named
here: `z` holds numbers of nodes, shortest time first, and the Jacobian; `w` the discounts of all points; `s` numbers of
one point, or of the points of one node; `g` numbers of an option. The equations and their source are in
`_american_boundary`, the tables in `_american_rules`. Compiled with fast-math flags: numbers that are not finite may
come out of here, but nothing here may depend on whether one is.

A boundary is stored as SQUARE, H(y) = y^2 (2 - c y^2) of its distance y = |ln(B / B(0+))|. With c = 0 that is the
square of Andersen, Lake and Offengenden (up to the factor two). With c = 1 / Y^2, Y = |ln(yield / rate)|, H is smooth
also where an upper boundary reaches the level at which exercise stops to pay, since there it moves like a root.
"""

from __future__ import annotations

import math
from typing import Any

from optionix_core.pricing._american_lanes import DENSITY_SCALE, brief_exponential, tail_denominator, tail_numerator

LANES = 32
"""Options in lock step."""
CLUSTER = 0.35
HALF = 0.5 * CLUSTER / (1.0 - CLUSTER)
"""Series are in the variable x of root = CLUSTER x + (1 - CLUSTER) x^2, which draws points towards expiry, where the
boundary has a logarithm in it; x = sqrt(root / (1 - CLUSTER) + HALF^2) - HALF."""
MOST_POINTS = 56
ROOM = MOST_POINTS * LANES
LEVEL, SQUARE, DEVIATION, INVERSE, DRIFT, CASH, ASSET = 0, ROOM, 2 * ROOM, 3 * ROOM, 4 * ROOM, 5 * ROOM, 6 * ROOM
TOP, BOTTOM, TOP_SLOPE, BOTTOM_SLOPE = 7 * ROOM, 8 * ROOM, 9 * ROOM, 10 * ROOM
LIFTED, WEIGHT, SERIES = 11 * ROOM, 12 * ROOM, 13 * ROOM
JACOBIAN = 14 * ROOM + 4 * LANES
"""Columns of `z`: LEVEL is ln(B / B(0+)), CASH and ASSET are rate and yield times the node's time, LIFTED the level
that fewer points gave, WEIGHT what a change of it does to a price, SERIES Chebyshev coefficients of SQUARE."""
NODE_WORKSPACE = JACOBIAN + MOST_POINTS * (ROOM + LANES)
DISCOUNT_WORKSPACE = MOST_POINTS * ROOM
GAP, BENT, CASH_SLOPE, ASSET_SLOPE = 0, LANES, 2 * LANES, 2 * LANES + ROOM
POINT_WORKSPACE = 2 * LANES + 2 * ROOM
GIVEN = 8
CURVE, ANCHOR, RATE, YIELD = 0, LANES, 2 * LANES, 3 * LANES
VOLATILITY, HORIZON, STAY, FIRST = 4 * LANES, 5 * LANES, 6 * LANES, 7 * LANES
ACTIVE, CHANGE, SIZE, BEFORE, HIGHEST = 8 * LANES, 9 * LANES, 10 * LANES, 11 * LANES, 12 * LANES
LANE_WORKSPACE = 13 * LANES
"""Columns of `g`, the first of them GIVEN with the options: STAY is what `_american_series.stay` says, FIRST the
level at the first node over the one at the first node of the rule before, near expiry."""
LEVEL_FLOOR = 1e-4
"""Where a polynomial dips to zero between points, its root is kept at this fraction of a straight line."""
LARGEST_SQUARE = 1.0 - 1e-8
NEXT = 1
"""Step from a row to the next. Numbers are passed on by `int`, since one that the compiler knows makes it compile a
function once more."""
PLACES = 0xFFFFFFFF
"""A mask that tells the compiler that a place is not negative."""
"""Of c H, which is one at the end of its range."""


def lay_out(n: int, m: int, nodes: Any, spans: Any, z: Any, w: Any, g: Any, lanes: int) -> None:
    """Fill what no iteration changes: deviations, drifts, discounts."""
    for i in range(n):
        at = i * LANES
        node = nodes[i]
        for lane in range(lanes):
            time = g[HORIZON + lane] * node * node
            deviation = g[VOLATILITY + lane] * node * math.sqrt(g[HORIZON + lane])
            z[DEVIATION + at + lane] = deviation
            z[INVERSE + at + lane] = 1.0 / deviation
            z[DRIFT + at + lane] = (g[RATE + lane] - g[YIELD + lane]) * time / deviation - 0.5 * deviation
            z[CASH + at + lane] = g[RATE + lane] * time
            z[ASSET + at + lane] = g[YIELD + lane] * time
        for k in range(m):
            share = spans[k] * spans[k]
            weight = spans[2 * m + k]
            row = ((i * m + k) * LANES) & PLACES
            for lane in range(lanes):
                w[row + lane] = weight * brief_exponential(-share * z[ASSET + at + lane])


def combine(table: Any, place: int, step: int, count: int, a: Any, source: int, b: Any, into: int, lanes: int) -> None:
    """Into a row of `b`: the sum of `count` rows of `a` with every `step`th number of a table.

    Taken in fours: a table has zeros for those that are missing, and the row is not wanted.
    """
    into &= PLACES
    for lane in range(lanes):
        b[into + lane] = 0.0
    for j in range(0, count, 4):
        c0 = table[place + j * step]
        c1 = table[place + (j + 1) * step]
        c2 = table[place + (j + 2) * step]
        c3 = table[place + (j + 3) * step]
        row = (source + j * LANES) & PLACES
        for lane in range(lanes):
            b[into + lane] += (
                c0 * a[row + lane]
                + c1 * a[row + LANES + lane]
                + c2 * a[row + 2 * LANES + lane]
                + c3 * a[row + 3 * LANES + lane]
            )


def integrate(
    i: int,
    direction: float,
    curved: int,
    n: int,
    m: int,
    spans: Any,
    matrix: Any,
    z: Any,
    w: Any,
    s: Any,
    g: Any,
    lanes: int,
) -> None:
    """Sums of node i over its points, and the derivatives of their summands in SQUARE there.

    Without the factors rate, yield and time; densities lack their 1 / sqrt(2 pi).
    """
    at = (i * LANES) & PLACES
    for lane in range(lanes):
        z[TOP + at + lane] = 0.0
        z[BOTTOM + at + lane] = 0.0
        z[TOP_SLOPE + at + lane] = 0.0
        z[BOTTOM_SLOPE + at + lane] = 0.0
    for k in range(m):
        point = i * m + k
        combine(matrix, point * n, int(NEXT), n, z, int(SQUARE), s, int(GAP), lanes)
        a = spans[k]
        floor = LEVEL_FLOOR * spans[m + k]
        floor *= floor
        weight = spans[2 * m + k]
        inverse_a = 1.0 / a
        row = k * LANES
        point = (point * LANES) & PLACES
        if curved:
            for lane in range(lanes):
                least = floor * z[SQUARE + at + lane]
                bent = math.sqrt(1.0 - min(g[CURVE + lane] * max(s[GAP + lane], least), LARGEST_SQUARE))
                s[BENT + lane] = bent if s[GAP + lane] > least else 1e30
                s[GAP + lane] = 2.0 * max(s[GAP + lane], least) / (1.0 + bent)
        for lane in range(lanes):
            least = floor * z[SQUARE + at + lane]
            live = 0.25 if s[GAP + lane] > least else 0.0
            root = math.sqrt(0.5 * max(s[GAP + lane], least))
            steep = root * s[BENT + lane]
            inverse = z[INVERSE + at + lane] * inverse_a
            low = (z[LEVEL + at + lane] + direction * root) * inverse + z[DRIFT + at + lane] * a
            high = low + z[DEVIATION + at + lane] * a
            cash = weight * inverse * brief_exponential(-0.5 * low * low - a * a * z[CASH + at + lane])
            bell = w[point + lane] * brief_exponential(-0.5 * high * high)
            asset = bell * inverse
            below = tail_denominator(abs(high))
            both = 1.0 / (steep * below)
            tail = bell * tail_numerator(abs(high)) * steep * both
            slope = live * below * both
            inside = DENSITY_SCALE * w[point + lane] - tail if direction * high > 0.0 else tail
            cash_slope = -cash * low * inverse
            asset_slope = asset - asset * high * inverse
            z[TOP + at + lane] += cash
            z[BOTTOM + at + lane] += asset + direction * inside
            z[TOP_SLOPE + at + lane] += cash_slope
            z[BOTTOM_SLOPE + at + lane] += asset_slope
            s[CASH_SLOPE + row + lane] = cash_slope * slope
            s[ASSET_SLOPE + row + lane] = asset_slope * slope


def compare(i: int, n: int, direction: float, z: Any, g: Any, lanes: int) -> None:
    """Into the last column of the JACOBIAN: ln B - ln(N / D) of node i, with the terms of expiry of an upper boundary.

    TOP_SLOPE becomes its derivative in LEVEL, TOP and BOTTOM the factors of the summands' derivatives. The logarithm is
    the first two terms of its series in (q - 1) / (q + 1), which vanishes where it does.
    """
    at = (i * LANES) & PLACES
    miss = (JACOBIAN + (i * (n + 1) + n) * LANES) & PLACES
    upon = 0.5 * (1.0 + direction)
    for lane in range(lanes):
        level = z[LEVEL + at + lane] + g[ANCHOR + lane]
        inverse = z[INVERSE + at + lane]
        low = level * inverse + z[DRIFT + at + lane]
        high = low + z[DEVIATION + at + lane]
        growth = upon * brief_exponential(-z[ASSET + at + lane])
        cash_part = upon * brief_exponential(-0.5 * low * low - z[CASH + at + lane]) * inverse
        bell = growth * brief_exponential(-0.5 * high * high)
        asset_part = bell * inverse
        tail = bell * tail_numerator(abs(high)) / tail_denominator(abs(high))
        inside = DENSITY_SCALE * growth - tail if high > 0.0 else tail
        top = z[CASH + at + lane] * z[TOP + at + lane] + cash_part
        bottom = z[ASSET + at + lane] * z[BOTTOM + at + lane] + asset_part + inside
        top_slope = z[CASH + at + lane] * z[TOP_SLOPE + at + lane] - cash_part * low * inverse
        bottom_slope = z[ASSET + at + lane] * z[BOTTOM_SLOPE + at + lane] + asset_part - asset_part * high * inverse
        ratio = max(top / bottom * brief_exponential(-level), 1e-6)
        series = (ratio - 1.0) / (ratio + 1.0)
        z[miss + lane] = -2.0 * series * (1.0 + series * series * 0.3333333333333333)
        z[TOP_SLOPE + at + lane] = 1.0 - top_slope / top + bottom_slope / bottom
        z[TOP + at + lane] = direction * z[CASH + at + lane] / top
        z[BOTTOM + at + lane] = direction * z[ASSET + at + lane] / bottom


def linearise(i: int, n: int, m: int, matrix: Any, z: Any, s: Any, g: Any, lanes: int) -> None:
    """Row i of the Jacobian: derivatives of what `compare` finds in SQUARE."""
    at = (i * LANES) & PLACES
    for k in range(m):
        row = k * LANES
        for lane in range(lanes):
            s[CASH_SLOPE + row + lane] = (
                s[ASSET_SLOPE + row + lane] * z[BOTTOM + at + lane] - s[CASH_SLOPE + row + lane] * z[TOP + at + lane]
            )
    for j in range(n):
        combine(matrix, i * m * n + j, n, m, s, int(CASH_SLOPE), z, JACOBIAN + (i * (n + 1) + j) * LANES, lanes)
    own = (JACOBIAN + i * (n + 2) * LANES) & PLACES
    for lane in range(lanes):
        level = z[LEVEL + at + lane]
        z[own + lane] += z[TOP_SLOPE + at + lane] / (4.0 * level * (1.0 - g[CURVE + lane] * level * level))


def reduce(count: int, a: int, b: int, step: int, into: int, z: Any, lanes: int) -> None:
    """Take from a row the products of `count` rows from `a` on with every `step`th row from `b` on."""
    whole = count & ~3
    gap = (step * LANES) & PLACES
    into &= PLACES
    for j in range(0, whole, 4):
        p = (a + j * LANES) & PLACES
        q = (b + j * gap) & PLACES
        for lane in range(lanes):
            z[into + lane] -= (
                z[p + lane] * z[q + lane]
                + z[p + LANES + lane] * z[q + gap + lane]
                + z[p + 2 * LANES + lane] * z[q + 2 * gap + lane]
                + z[p + 3 * LANES + lane] * z[q + 3 * gap + lane]
            )
    for j in range(whole, count):
        p = (a + j * LANES) & PLACES
        q = (b + j * gap) & PLACES
        for lane in range(lanes):
            z[into + lane] -= z[p + lane] * z[q + lane]


def solve(n: int, z: Any, lanes: int) -> None:
    """Put the step in SQUARE in the last column of the JACOBIAN, where MISS was.

    By triangular factors with inverse pivots, in place. Near triangular: no pivoting.
    """
    wide = n + 1
    for i in range(n):
        row = JACOBIAN + i * wide * LANES
        for j in range(wide):
            into = (row + j * LANES) & PLACES
            pivot = (JACOBIAN + j * (wide + 1) * LANES) & PLACES
            reduce(min(i, j), row, JACOBIAN + j * LANES, wide, into, z, lanes)
            if j < i:
                for lane in range(lanes):
                    z[into + lane] *= z[pivot + lane]
            elif j == i:
                for lane in range(lanes):
                    z[into + lane] = 1.0 / z[into + lane]
    for i in range(n - 1, -1, -1):
        own = (JACOBIAN + i * (wide + 1) * LANES) & PLACES
        into = (JACOBIAN + (i * wide + n) * LANES) & PLACES
        reduce(n - 1 - i, own + LANES, into + wide * LANES, wide, into, z, lanes)
        for lane in range(lanes):
            z[into + lane] *= z[own + lane]
