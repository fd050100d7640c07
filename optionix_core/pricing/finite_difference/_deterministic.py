"""Claims on a price that moves without chance: no volatility, or no time left.

The price grows at rate less yield and falls at dividends; levels are met at the first moment that it reaches them, and
exercise is at the best moment of the path: an end of a stretch between dividends, or where the discounted payoff is
stationary inside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from optionix_core.pricing.finite_difference._claims import Claim, Level
from optionix_core.pricing.finite_difference._settings import Underlying

BUMP = 1e-4
"""Of the spot, for derivatives."""
BEND = 1e-2
"""Relative change of slope within a bump that is a kink."""


@dataclass(frozen=True, slots=True)
class _Part:
    start: float
    end: float
    spot: float
    """At the start, after any fall."""


def greeks(claim: Claim, market: Underlying) -> tuple[float, float, float, float]:
    """Price, delta, gamma, theta; on a kink the mean slope and an infinite gamma."""
    spot = market.spot
    price, at_once = _value(claim, market, spot)
    low, _ = _value(claim, market, spot * (1.0 - BUMP))
    high, _ = _value(claim, market, spot * (1.0 + BUMP))
    before, after = (price - low) / (BUMP * spot), (high - price) / (BUMP * spot)
    delta = 0.5 * (before + after)
    gamma = (after - before) / (BUMP * spot)
    if abs(after - before) <= 1e-9 * (abs(after) + abs(before)) + 1e-10:
        gamma = 0.0
    elif abs(after - before) > BEND * (abs(after) + abs(before)):
        gamma = math.copysign(math.inf, gamma)
    theta = 0.0 if at_once else market.rate * price - market.drift * spot * delta
    return price, delta, gamma, theta


def _value(claim: Claim, market: Underlying, spot: float) -> tuple[float, bool]:
    """And whether it is had at once."""
    ended = _ended(claim, market, spot)
    if ended is not None:
        when, level = ended
        paid = claim.expiry if level.at_expiry else when
        return level.amount * math.exp(-market.rate * paid), when == 0.0 and not level.at_expiry
    parts = _path(market, spot, claim.expiry)
    final = _grown(parts[-1], market.drift, claim.expiry)
    value = math.exp(-market.rate * claim.expiry) * _paid(claim, final)
    if not claim.american:
        return value, False
    first = _paid(claim, spot)
    return max(value, first, *(_best(claim, market, part) for part in parts)), first >= value and _is_best(
        claim, market, parts, first
    )


def _is_best(claim: Claim, market: Underlying, parts: list[_Part], first: float) -> bool:
    return all(_best(claim, market, part) <= first for part in parts)


def _best(claim: Claim, market: Underlying, part: _Part) -> float:
    """Highest discounted payoff within a part."""
    times = [part.start, part.end]
    carry = market.rate - market.dividend_yield
    for constant, slope in (claim.payoff.below, claim.payoff.above):
        # d/dt of constant e^(-r t) + slope S e^((r - q) (t - start) - r t) vanishes
        cost, yielded = market.rate * constant, -market.dividend_yield * slope * part.spot
        if carry != 0.0 and cost * yielded > 0.0:
            times.append(part.start + math.log(cost / yielded) / carry)
    inside = [time for time in times if part.start <= time <= part.end]
    return max(math.exp(-market.rate * time) * _paid(claim, _grown(part, carry, time)) for time in inside)


def _paid(claim: Claim, spot: float) -> float:
    return float(claim.payoff.at(np.array([spot]))[0])


def _grown(part: _Part, drift: float, time: float) -> float:
    return part.spot * math.exp(drift * (time - part.start))


def _path(market: Underlying, spot: float, expiry: float) -> list[_Part]:
    """Stretches between dividends; one at expiry falls before the payoff."""
    parts, start = [], 0.0
    plan = market.dividends
    for time, amount in zip(plan.times, plan.amounts, strict=True):
        if time > expiry:
            break
        parts.append(_Part(start, time, spot))
        spot = _grown(parts[-1], market.drift, time)
        spot = spot * (1.0 - amount) if plan.proportional else max(spot - amount, 0.0)
        start = time
    parts.append(_Part(start, expiry, spot))
    return parts


def _ended(claim: Claim, market: Underlying, spot: float) -> tuple[float, Level] | None:
    """When the claim first meets a level, and which."""
    parts = _path(market, spot, claim.expiry)
    if claim.watched is not None:
        for time in claim.watched:
            part = next(part for part in reversed(parts) if part.start <= time)
            level = claim.touched(_grown(part, market.drift, time))
            if level is not None:
                return time, level
        return None
    for part in parts:
        level = claim.touched(part.spot)
        if level is not None:
            return part.start, level
        level = claim.touched(_grown(part, market.drift, part.end))
        if level is not None:
            return part.start + math.log(level.price / part.spot) / market.drift, level
    return None
