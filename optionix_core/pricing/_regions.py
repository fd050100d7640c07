"""Which rows the vector instructions of `_blocks` price with full accuracy.

Compiled without fast-math flags, so that nan and infinity fail the comparisons as they should. What passes here passes
`_formulas.first_fault` too. Refuses to say what is wrong with a row.
"""

from __future__ import annotations

import math

SMALLEST_DEVIATION = 0.0009765625
"""2^-10: below it the difference of two near values would cost more than three digits of a small price."""
LARGEST_DEVIATION = 16.0
LARGEST_DECAY = 22.0
"""Of rate times expiry; growth, down to minus two, would make a leg larger than the amount it discounts."""

LARGEST_LAST_STEP = 3e-5
"""Relative step of fourth order that leaves an error of 20 times its fourth power at most, 2e-17."""


def is_safe(
    sign: float, spot: float, strike: float, expiry: float, rate: float, dividend_yield: float, volatility: float
) -> bool:
    """Whether every argument is inside its bound and the row is an ordinary one. No branch: `and` would be one."""
    deviation = volatility * math.sqrt(expiry)
    moneyness = spot / strike
    middle = 0.5 * LARGEST_DECAY - 1.0
    return (
        (abs(sign) == 1.0)
        & (spot >= 1e-100)
        & (spot <= 1e100)
        & (moneyness >= 1e-20)
        & (moneyness <= 1e20)
        & (expiry >= 1e-6)
        & (expiry <= 1e4)
        & (abs(rate * expiry - middle) <= middle + 2.0)
        & (abs(dividend_yield * expiry - middle) <= middle + 2.0)
        & (deviation >= SMALLEST_DEVIATION)
        & (deviation <= LARGEST_DEVIATION)
    )


def has_safe_greeks(expiry: float, volatility: float) -> bool:
    """Whether a row of `is_safe` keeps the accuracy of its Greeks too, which divide by volatility and by expiry."""
    deviation = volatility * math.sqrt(expiry)
    return (deviation >= 0.00390625) & (volatility >= 1e-4) & (volatility <= 1e4)


def is_solvable(
    sign: float, price: float, spot: float, strike: float, expiry: float, rate: float, dividend_yield: float
) -> bool:
    """Whether every argument of an implied volatility is inside its bound and the row is an ordinary one."""
    moneyness = spot / strike
    return (
        (abs(sign) == 1.0)
        & (price > 0.0)
        & (spot >= 1e-100)
        & (spot <= 1e100)
        & (moneyness >= 1e-12)
        & (moneyness <= 1e12)
        & (expiry >= 1e-9)
        & (expiry <= 1e4)
        & (abs(rate * expiry) <= LARGEST_DECAY)
        & (abs(dividend_yield * expiry) <= LARGEST_DECAY)
    )


def is_time_value(time_value: float, lacking: float, rounding: float, leg: float) -> bool:
    """Whether a price is clearly above its floor and below its ceiling, `lacking` to it."""
    return (time_value > 2.0 * rounding) & (time_value > 1e-200 * leg) & (lacking > 1e-14 * leg)


def is_converged(good: float, deviation: float, change: float) -> bool:
    """Whether a row that was good to solve came to its deviation by a last step whose own error is below rounding."""
    return (good > 0.5) & (deviation > 1e-9) & (deviation < 40.0) & (abs(change) < LARGEST_LAST_STEP)
