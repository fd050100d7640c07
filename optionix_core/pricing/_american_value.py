"""An American option from its boundaries: the put with strike one and, by symmetry, calls.

Source of the symmetry of puts and calls: R. McDonald and M. Schroder, J. Comput. Finance 1 (1998) 5; of the sum of a
European price and an integral over exercise: `_american_premium`. Refuses discrete dividends (`_american_grid`).
Arguments were admitted by `_formulas.first_fault`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optionix_core.pricing._american_boundary import (
    MET,
    NEVER,
    SERIES,
    TWO_BOUNDARIES,
    exercise_regime,
    level_at,
    level_at_expiry,
)
from optionix_core.pricing._american_premium import exercise_integrals
from optionix_core.pricing._formulas import TINY_DEVIATION, price_row
from optionix_core.pricing._special import normal_cdf, normal_density

NO_RATE = 1e-14
"""A rate that changes less than this over the life of an option is none."""
SPREADER = -7046029254386353131
"""An odd multiplier that spreads bits: 2^64 over the golden ratio, as a signed number."""


def market_hash(expiry: float, rate: float, dividend_yield: float, volatility: float) -> int:
    """Of their bits."""
    mixed = np.int64(0)
    for number in (expiry, rate, dividend_yield, volatility):
        mixed = (mixed ^ np.float64(number).view(np.int64)) * np.int64(SPREADER)
        mixed ^= (mixed >> np.int64(29)) & np.int64(0x7FFFFFFFF)
    return int(mixed)


def put_part(
    spot: float, expiry: float, rate: float, dividend_yield: float, volatility: float, record: Any, panel: Any, w: Any
) -> tuple[float, float, float, float]:
    """What is added, with its two derivatives in spot, to the European put (first number 1) or to 1 - spot (0)."""
    two = exercise_regime(rate, dividend_yield) == TWO_BOUNDARIES
    met = record[MET]
    ended = met < expiry
    root = math.sqrt(met / record[SERIES])
    log_spot = math.log(spot)
    upper_anchor = level_at_expiry(1.0, rate, dividend_yield)
    upper = upper_anchor + level_at(1.0, root, record)
    lower_anchor = 0.0
    lower = 0.0
    if two:
        lower_anchor = level_at_expiry(-1.0, rate, dividend_yield)
        lower = lower_anchor + level_at(-1.0, root, record)
    upon = 1.0
    below = False
    if not ended and log_spot <= upper:
        if not two or log_spot >= lower:
            return 0.0, 0.0, 0.0, 0.0
        upon = 0.0
        below = True
    value = 0.0
    first = 0.0
    second = 0.0
    for side in range(2):
        direction = 1.0 - 2.0 * side
        if (side == 0 and below) or (side == 1 and not (below or ended)):
            continue
        part, part_first, part_second = exercise_integrals(
            direction,
            spot,
            upper_anchor if side == 0 else lower_anchor,
            upper if side == 0 else lower,
            met,
            expiry,
            rate,
            dividend_yield,
            volatility,
            record,
            panel,
            w,
        )
        value += direction * part
        first += direction * part_first
        second += direction * part_second
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


def market_of_put(sign: float, expiry: float, rate: float, dividend_yield: float) -> tuple[float, float]:
    """Rate and yield of the put that is the twin of an option, those that act for nothing being nothing."""
    cash, asset = (rate, dividend_yield) if sign < 0.0 else (dividend_yield, rate)
    if abs(cash * expiry) < NO_RATE:
        cash = 0.0
    if abs(asset * expiry) < NO_RATE:
        asset = 0.0
    return cash, asset


def american_shape(
    sign: float,
    spot: float,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
    panel: Any,
    record: Any,
    w: Any,
) -> tuple[float, float, float]:
    """Price, delta and gamma, given the record of the twin's boundaries where it has any."""
    if volatility * math.sqrt(expiry) < TINY_DEVIATION:
        value, delta = certain_value(sign, spot, strike, expiry, rate, dividend_yield)
        return value, delta, 0.0
    european, delta, gamma = european_shape(sign, spot, strike, expiry, rate, dividend_yield, volatility)
    cash, asset = market_of_put(sign, expiry, rate, dividend_yield)
    if exercise_regime(cash, asset) == NEVER:
        return european, delta, gamma
    intrinsic = max(sign * (spot - strike), 0.0)
    x = spot / strike if sign < 0.0 else strike / spot
    upon, value, first, second = put_part(x, expiry, cash, asset, volatility, record, panel, w)
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
    return max(price, intrinsic), delta, gamma


def boundary_levels(
    sign: float, time: float, expiry: float, rate: float, dividend_yield: float, record: Any
) -> tuple[float, float]:
    """Upper and lower end, over the strike, of the spots at which exercise is right with `time` left; nan for none.

    A put with one boundary is exercised down to zero, a call up to infinity.
    """
    cash, asset = market_of_put(sign, expiry, rate, dividend_yield)
    if exercise_regime(cash, asset) == NEVER or not time <= record[MET] * (1.0 + 1e-12):
        return math.nan, math.nan
    root = math.sqrt(time / record[SERIES])
    upper = math.exp(level_at_expiry(1.0, cash, asset) + level_at(1.0, root, record))
    lower = 0.0
    if exercise_regime(cash, asset) == TWO_BOUNDARIES:
        lower = math.exp(level_at_expiry(-1.0, cash, asset) + level_at(-1.0, root, record))
    if sign < 0.0:
        return upper, lower
    return (1.0 / lower if lower > 0.0 else math.inf), 1.0 / upper
