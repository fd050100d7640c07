"""The eight single-barrier prices from four option legs and two rebate legs, by rows.

A and B are the European legs beyond the strike and beyond the barrier, C and D their images; which of them make up a
price is the table of E. G. Haug (2007), 4.17.1. Nothing here checks its arguments.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from optionix_core.pricing._first_passage import discounted_hit, reflected_mass, survival
from optionix_core.pricing._lognormal import TINY, european

FloatArray = NDArray[np.float64]


def price(
    sign: FloatArray,
    kind: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    barrier: FloatArray,
    rebate: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    """Price of each row; `kind` is the place in `barrier.BARRIER_TYPES`."""
    knocks_in = kind % 2.0 == 1.0
    eta = np.where(kind < 2.0, 1.0, -1.0)
    touched = eta * (spot - barrier) <= 0.0
    vanilla = european(sign, spot, strike, expiry, rate, dividend_yield, volatility)
    moves = volatility * np.sqrt(expiry) > TINY
    common = (sign, eta, knocks_in, spot, strike, np.where(touched, spot, barrier), rebate, expiry, rate)
    alive = np.where(
        moves,
        _moving(*common, dividend_yield, np.where(moves, volatility, 1.0)),
        _still(eta, knocks_in, spot, barrier, rebate, expiry, rate, dividend_yield, vanilla),
    )
    return np.where(touched, np.where(knocks_in, vanilla, rebate), alive)


def _moving(
    sign: FloatArray,
    eta: FloatArray,
    knocks_in: NDArray[np.bool_],
    spot: FloatArray,
    strike: FloatArray,
    barrier: FloatArray,
    rebate: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    s = volatility * np.sqrt(expiry)
    h = np.log(barrier / spot)
    drift = (rate - dividend_yield) * expiry - 0.5 * s * s
    asset = spot * np.exp(-dividend_yield * expiry)
    cash = strike * np.exp(-rate * expiry)
    to_strike = np.log(spot / strike)
    inner = np.where(eta > 0.0, np.minimum(to_strike, -h), np.maximum(to_strike, -h))

    def direct(x: FloatArray) -> FloatArray:
        over = ndtr(sign * (x + drift + s * s) / s)
        return sign * (asset * over - cash * ndtr(sign * (x + drift) / s))

    def image(x: FloatArray) -> FloatArray:
        over = reflected_mass(eta, x, h, drift + s * s, s)
        return sign * (asset * over - cash * reflected_mass(eta, x, h, drift, s))

    a, b, c, d = direct(to_strike), direct(-h), image(inner), image(-h)
    out_of_reach = sign == eta
    strike_inside = eta * (strike - barrier) > 0.0
    came_in = np.where(out_of_reach, np.where(strike_inside, c, a - b + d), np.where(strike_inside, b - c + d, a))
    went_out = np.where(
        out_of_reach, np.where(strike_inside, a - c, b - d), np.where(strike_inside, a - b + c - d, 0.0)
    )
    paid_at_expiry = rebate * np.exp(-rate * expiry) * survival(eta, h, drift, s)
    paid_at_hit = rebate * discounted_hit(eta, h, drift, s, rate * expiry)
    return np.where(knocks_in, np.maximum(came_in, 0.0) + paid_at_expiry, np.maximum(went_out, 0.0) + paid_at_hit)


def _still(
    eta: FloatArray,
    knocks_in: NDArray[np.bool_],
    spot: FloatArray,
    barrier: FloatArray,
    rebate: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    vanilla: FloatArray,
) -> FloatArray:
    """Prices of a path that only drifts: it meets the barrier at a known time or never."""
    h = np.log(barrier / spot)
    growth = (rate - dividend_yield) * expiry
    meets = eta * (growth - h) <= 0.0
    paid_at_hit = rebate * np.exp(-rate * expiry * np.where(meets, h / growth, 0.0))
    paid_at_expiry = rebate * np.exp(-rate * expiry)
    return np.where(knocks_in, np.where(meets, vanilla, paid_at_expiry), np.where(meets, paid_at_hit, vanilla))
