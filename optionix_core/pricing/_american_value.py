"""The American put with strike one as the sum of a closed part and integrals over exercise; calls by symmetry.

Source of the integrals: I. Kim, Rev. Financ. Stud. 3 (1990) 547; of two boundaries: L. Andersen and M. Lake, Wilmott
(2021); of the symmetry of puts and calls: R. McDonald and M. Schroder, J. Comput. Finance 1 (1998) 5. Refuses discrete
dividends (`_american_grid`). Arguments were admitted by `_formulas.first_fault`.
"""

from __future__ import annotations

import math
from typing import Any

from optionix_core.pricing._american_boundary import (
    ASSET,
    CASH,
    DEVIATION,
    DRIFT,
    GAP,
    INVERSE,
    LOWER,
    UPPER,
    guess_levels,
    keep_coefficients,
    level_at,
    level_at_expiry,
    solve_boundary,
)
from optionix_core.pricing._american_lanes import DENSITY_AT_ZERO, lane_cdf, lane_exponential
from optionix_core.pricing._formulas import TINY_DEVIATION, price_row
from optionix_core.pricing._special import normal_cdf, normal_density

BOUNDARY_NOT_FOUND = 11
"""Beside the codes of `InputFault`: of a row that collocation gave up."""
NEVER, ONE_BOUNDARY, TWO_BOUNDARIES = 0, 1, 2
NO_RATE = 1e-14
"""A rate that changes less than this over the life of an option is none."""
SHARPEST_PANEL = 1e-4
"""Of the price's quadrature: the scale, relative to the horizon's root, on which a spot near the boundary acts."""
MEETING_TOLERANCE = 1e-8
"""Between logarithms of boundaries that are taken to meet; its effect on a price is of second order."""
MOST_HORIZONS = 80


def exercise_regime(rate: float, dividend_yield: float) -> int:
    """How many boundaries a put has: none where r S - q K cannot pay for waiting, two where yield < rate < 0."""
    if rate > 0.0 or (rate == 0.0 and dividend_yield < 0.0):
        return ONE_BOUNDARY
    if dividend_yield < rate:
        return TWO_BOUNDARIES
    return NEVER


def find_boundaries(
    expiry: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    nodes: Any,
    spans: Any,
    matrix: Any,
    transform: Any,
    settled: float,
    w: Any,
    z: Any,
) -> float:
    """Coefficients at UPPER, and LOWER where there are two; returns the horizon they are over, nan where it failed.

    The horizon is the expiry, or the time to expiry at which two boundaries meet, beyond which nothing is exercised.
    """
    n = len(nodes)
    two = exercise_regime(rate, dividend_yield) == TWO_BOUNDARIES
    distance = -level_at_expiry(-1.0, rate, dividend_yield) if two else 0.0
    horizon = expiry
    apart = 0.0
    too_far = expiry
    for _ in range(MOST_HORIZONS):
        direction = 1.0
        while True:
            guess_levels(direction, horizon, rate, dividend_yield, volatility, nodes, z)
            found = solve_boundary(
                direction, horizon, rate, dividend_yield, volatility, nodes, spans, matrix, settled, w, z
            )
            keep_coefficients(n, transform, UPPER if direction > 0.0 else LOWER, z)
            if not (two and found and direction > 0.0):
                break
            direction = -1.0
        if not two:
            return horizon if found else math.nan
        if found:
            gap = distance + level_at(1.0, n, UPPER, 1.0, z) - level_at(-1.0, n, LOWER, 1.0, z)
            if abs(gap) < MEETING_TOLERANCE or (
                gap > 0.0 and (horizon == expiry or too_far - horizon < 1e-9 * horizon)
            ):
                return horizon
            if gap < 0.0:
                root = meeting_root(distance, n, z)
                too_far = horizon
                horizon *= root * root
                continue
            apart = horizon
        else:
            too_far = horizon
        horizon = 0.5 * (apart + too_far)
    return math.nan


def meeting_root(distance: float, n: int, z: Any) -> float:
    """Where in (0, 1], as a root of time, the gap between the boundaries first vanishes, by bisection."""
    low = 0.0
    high = 1.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        gap = distance + level_at(1.0, n, UPPER, middle, z) - level_at(-1.0, n, LOWER, middle, z)
        if gap > 0.0:
            low = middle
        else:
            high = middle
    return high


def exercise_integrals(
    direction: float,
    spot: float,
    horizon: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    n: int,
    place: int,
    panel: Any,
    w: Any,
    z: Any,
) -> tuple[float, float, float]:
    """Present value of r K - q S received while the spot is below a boundary, and its two derivatives in spot."""
    p = len(panel) // 2
    anchor = level_at_expiry(direction, rate, dividend_yield)
    log_spot = math.log(spot)
    offset = expiry - horizon
    boundary = anchor + level_at(direction, n, place, 1.0, z)
    near = math.sqrt(((log_spot - boundary) / volatility) ** 2 / horizon + offset / horizon)
    scale = min(max(near, SHARPEST_PANEL), 1.0)
    length = math.asinh(1.0 / scale)
    for i in range(p):
        grown = lane_exponential(length * panel[i])
        t = 0.5 * scale * (grown - 1.0 / grown)
        inverse = 1.0 / (1.0 + t * t)
        a = 2.0 * t * inverse
        slope = 2.0 * (1.0 - t * t) * inverse * inverse
        w[GAP + i] = 2.0 * (1.0 - t * t) * inverse - 1.0
        w[ASSET + i] = 2.0 * a * slope * panel[p + i] * length * math.sqrt(t * t + scale * scale) * horizon
        w[CASH + i] = offset + horizon * a * a
        w[INVERSE + i] = 0.0
        w[DRIFT + i] = 0.0
    for degree in range(n, 0, -1):
        coefficient = z[place + degree]
        for i in range(p):
            later = w[INVERSE + i]
            w[INVERSE + i] = 2.0 * w[GAP + i] * later - w[DRIFT + i] + coefficient
            w[DRIFT + i] = later
    coefficient = z[place]
    for i in range(p):
        square = w[GAP + i] * w[INVERSE + i] - w[DRIFT + i] + coefficient
        w[DEVIATION + i] = log_spot - anchor + direction * math.sqrt(max(square, 0.0))
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
        w[GAP + i] = cash * lane_cdf(-low, low_bell) - asset * spot * below
        w[INVERSE + i] = asset * (high_density - below) - cash * low_density / spot
        w[DRIFT + i] = (
            cash * low_density * (1.0 + low * inverse) / spot + asset * high_density * (1.0 - high * inverse)
        ) / spot
    for i in range(p):
        value += w[GAP + i]
        first += w[INVERSE + i]
        second += w[DRIFT + i]
    return value, first, second


def put_part(
    spot: float,
    horizon: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    n: int,
    panel: Any,
    w: Any,
    z: Any,
) -> tuple[float, float, float, float]:
    """What is added, with its two derivatives in spot, to the European put (first number 1) or to 1 - spot (0)."""
    two = exercise_regime(rate, dividend_yield) == TWO_BOUNDARIES
    met = horizon < expiry
    upon = 1.0
    direction = 1.0
    if not met and spot <= math.exp(level_at_expiry(1.0, rate, dividend_yield) + level_at(1.0, n, UPPER, 1.0, z)):
        if not two:
            return 0.0, 0.0, 0.0, 0.0
        if spot >= math.exp(level_at_expiry(-1.0, rate, dividend_yield) + level_at(-1.0, n, LOWER, 1.0, z)):
            return 0.0, 0.0, 0.0, 0.0
        upon = 0.0
        direction = -1.0
    value = 0.0
    first = 0.0
    second = 0.0
    while True:
        part, part_first, part_second = exercise_integrals(
            direction,
            spot,
            horizon,
            expiry,
            rate,
            dividend_yield,
            volatility,
            n,
            UPPER if direction > 0.0 else LOWER,
            panel,
            w,
            z,
        )
        value += direction * part
        first += direction * part_first
        second += direction * part_second
        if not met or direction < 0.0:
            break
        direction = -1.0
    return upon, max(value, 0.0), first, second


def certain_value(
    sign: float, spot: float, strike: float, expiry: float, rate: float, dividend_yield: float
) -> tuple[float, float]:
    """Value and delta without volatility: the best of exercising now, at expiry, or where the payoff stops growing."""
    best = 0.0
    delta = 0.0
    time = 0.0
    for choice in range(3):
        if choice == 1:
            time = expiry
        elif choice == 2:
            carry = rate - dividend_yield
            if rate * dividend_yield <= 0.0 or carry == 0.0:
                continue
            time = math.log(rate * strike / (dividend_yield * spot)) / carry
            if not 0.0 < time < expiry:
                continue
        value = sign * (spot * math.exp(-dividend_yield * time) - strike * math.exp(-rate * time))
        if value > best:
            best = value
            delta = sign * math.exp(-dividend_yield * time)
    return best, delta


def european_shape(
    sign: float, spot: float, strike: float, expiry: float, rate: float, dividend_yield: float, volatility: float
) -> tuple[float, float, float]:
    """Price, delta and gamma of the European option."""
    deviation = volatility * math.sqrt(expiry)
    d1 = (math.log(spot / strike) + (rate - dividend_yield) * expiry) / deviation + 0.5 * deviation
    growth = math.exp(-dividend_yield * expiry)
    return (
        price_row(sign, spot, strike, expiry, rate, dividend_yield, volatility),
        sign * growth * normal_cdf(sign * d1),
        growth * normal_density(d1) / (spot * deviation),
    )


def american_shape(  # noqa: PLR0917 - a kernel has as many arguments as it reads
    sign: float,
    spot: float,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    nodes: Any,
    spans: Any,
    matrix: Any,
    transform: Any,
    panel: Any,
    settled: float,
    known: float,
    w: Any,
    z: Any,
) -> tuple[float, float, float, float]:
    """Price, delta, gamma, and the horizon of the boundaries now in the workspace (0 where there are none).

    `known` is such a horizon from a call with the same expiry, rates and volatility, or 0. All nan where no boundary
    was found.
    """
    intrinsic = max(sign * (spot - strike), 0.0)
    if volatility * math.sqrt(expiry) < TINY_DEVIATION:
        value, delta = certain_value(sign, spot, strike, expiry, rate, dividend_yield)
        return value, delta, 0.0, 0.0
    european, delta, gamma = european_shape(sign, spot, strike, expiry, rate, dividend_yield, volatility)
    cash, asset = (rate, dividend_yield) if sign < 0.0 else (dividend_yield, rate)
    if abs(cash * expiry) < NO_RATE:
        cash = 0.0
    if abs(asset * expiry) < NO_RATE:
        asset = 0.0
    if exercise_regime(cash, asset) == NEVER:
        return european, delta, gamma, 0.0
    horizon = known
    if not known > 0.0:
        horizon = find_boundaries(expiry, cash, asset, volatility, nodes, spans, matrix, transform, settled, w, z)
    if math.isnan(horizon):
        return math.nan, math.nan, math.nan, 0.0
    x = spot / strike if sign < 0.0 else strike / spot
    upon, value, first, second = put_part(x, horizon, expiry, cash, asset, volatility, len(nodes), panel, w, z)
    if upon == 0.0:
        european, delta, gamma = sign * (spot - strike), sign, 0.0
    if sign < 0.0:
        price = european + strike * value
        delta += first
        gamma += second / strike
    else:
        price = european + spot * value
        delta += value - x * first
        gamma += x * x * second / spot
    return max(price, intrinsic), delta, gamma, horizon


def boundary_levels(
    sign: float, time: float, horizon: float, rate: float, dividend_yield: float, n: int, z: Any
) -> tuple[float, float]:
    """Upper and lower end, over the strike, of the spots at which exercise is right with `time` left; nan for none.

    A put with one boundary is exercised down to zero, a call up to infinity.
    """
    cash, asset = (rate, dividend_yield) if sign < 0.0 else (dividend_yield, rate)
    if time > horizon * (1.0 + 1e-12):
        return math.nan, math.nan
    root = min(math.sqrt(time / horizon), 1.0)
    upper = math.exp(level_at_expiry(1.0, cash, asset) + level_at(1.0, n, UPPER, root, z))
    lower = 0.0
    if exercise_regime(cash, asset) == TWO_BOUNDARIES:
        lower = math.exp(level_at_expiry(-1.0, cash, asset) + level_at(-1.0, n, LOWER, root, z))
    if sign < 0.0:
        return upper, lower
    return (1.0 / lower if lower > 0.0 else math.inf), 1.0 / upper
