"""Options whose barrier is watched for the first or the last part of their life, by rows.

The law of the price at the window's edge and at expiry together is bivariate normal, and so is its image; see R. Heynen
and H. Kat (1994). Legs that end beyond a point are written for both sides of the barrier at once (eta) and for calls
and puts at once (sign). Nothing here checks its arguments.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from optionix_core.pricing import _single_barrier
from optionix_core.pricing._bivariate import bivariate_cdf, weighted_bivariate_cdf
from optionix_core.pricing._lognormal import TINY, european

FloatArray = NDArray[np.float64]


def price(
    sign: FloatArray,
    kind: FloatArray,
    window: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    barrier: FloatArray,
    barrier_time: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    """Price of each row; `kind` and `window` are places in `barrier.BARRIER_TYPES` and `barrier.WINDOWS`."""
    eta = np.where(kind < 2.0, 1.0, -1.0)
    vanilla = european(sign, spot, strike, expiry, rate, dividend_yield, volatility)
    edge = volatility * np.sqrt(barrier_time)
    rest = volatility * np.sqrt(expiry - barrier_time)
    common = (spot, strike, barrier, barrier_time, expiry, rate, dividend_yield, volatility)
    moves = (edge > TINY) & (rest > TINY)
    times = (np.where(moves, barrier_time, 0.5), np.where(moves, expiry, 1.0))
    safe = (spot, strike, barrier, *times, rate, dividend_yield, np.where(moves, volatility, 1.0))
    both = window == 1.0
    late = _late(sign, eta, *safe) + np.where(both, _late(sign, -eta, *safe), 0.0)
    out = np.where(moves, np.where(window == 0.0, _early(sign, eta, *safe), late), 0.0)
    out = np.where(moves, out, _at_an_end(sign, eta, window, vanilla, *common))
    out = np.clip(out, 0.0, vanilla)
    return np.where(kind % 2.0 == 1.0, vanilla - out, out)


def _at_an_end(
    sign: FloatArray,
    eta: FloatArray,
    window: FloatArray,
    vanilla: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    barrier: FloatArray,
    barrier_time: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    """Out prices where the window is the whole life or a moment, or where nothing moves."""
    whole = np.zeros_like(spot)

    def single(side: FloatArray) -> FloatArray:
        kind = np.where(side > 0.0, 0.0, 2.0)
        return _single_barrier.price(sign, kind, spot, strike, barrier, whole, expiry, rate, dividend_yield, volatility)

    def at_expiry(side: FloatArray) -> FloatArray:
        """The window is the moment of expiry: an end beyond the barrier pays nothing."""
        beyond = np.where(side > 0.0, np.maximum(strike, barrier), np.minimum(strike, barrier))
        same = sign == side
        point = np.where(same, beyond, strike)
        asset, cash = spot * np.exp(-dividend_yield * expiry), np.exp(-rate * expiry)
        far = _gap(sign, asset, cash, point, strike, volatility * np.sqrt(expiry))
        cut = _gap(sign, asset, cash, barrier, strike, volatility * np.sqrt(expiry))
        inside = side * (barrier - strike) < 0.0
        return np.where(same, far, np.where(inside, far - cut, 0.0))

    start = window == 0.0
    growth = (rate - dividend_yield) * expiry
    h = np.log(barrier / spot)
    still = volatility * np.sqrt(expiry) <= TINY
    share = np.where(expiry > 0.0, barrier_time / np.where(expiry > 0.0, expiry, 1.0), 0.0)
    first, last = np.where(start, 0.0, growth * share), np.where(start, growth * share, growth)
    above = np.minimum(first, last) > h
    below = np.maximum(first, last) < h
    clear = np.where(window == 1.0, above | below, np.where(eta > 0.0, above, below))
    empty = barrier_time <= 0.0
    alive = eta * (spot - barrier) > 0.0
    both = window == 1.0
    moment = np.where(start, np.where(alive, vanilla, 0.0), at_expiry(eta) + np.where(both, at_expiry(-eta), 0.0))
    full = single(eta) + np.where(both & ~start, single(-eta), 0.0)
    moving = np.where(start == empty, moment, full)
    return np.where(still, np.where(clear, vanilla, 0.0), moving)


def _gap(
    sign: FloatArray, asset: FloatArray, discount: FloatArray, point: FloatArray, strike: FloatArray, s: FloatArray
) -> FloatArray:
    """Value of sign (S - strike) paid beyond `point`."""
    safe = np.where(s > TINY, s, 1.0)
    d = np.log(asset / (discount * point)) / safe
    return sign * (asset * ndtr(sign * (d + 0.5 * safe)) - discount * strike * ndtr(sign * (d - 0.5 * safe)))


def _early(
    sign: FloatArray,
    eta: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    barrier: FloatArray,
    barrier_time: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    """Not touched before `barrier_time`, an option at expiry."""
    s, edge = volatility * np.sqrt(expiry), volatility * np.sqrt(barrier_time)
    share = barrier_time / expiry
    correlation = eta * sign * np.sqrt(share)
    h = np.log(barrier / spot)
    x = np.log(spot / strike)

    def mass(drift: FloatArray) -> FloatArray:
        free = bivariate_cdf(eta * (drift * share - h) / edge, sign * (x + drift) / s, correlation)
        image = weighted_bivariate_cdf(
            2.0 * drift * h / (s * s),
            eta * (drift * share + h) / edge,
            sign * (x + 2.0 * h + drift) / s,
            correlation,
        )
        return free - image

    growth = (rate - dividend_yield) * expiry
    asset = spot * np.exp(-dividend_yield * expiry) * mass(growth + 0.5 * s * s)
    cash = strike * np.exp(-rate * expiry) * mass(growth - 0.5 * s * s)
    return np.where(eta * h < 0.0, sign * (asset - cash), 0.0)


def _late(
    sign: FloatArray,
    eta: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    barrier: FloatArray,
    barrier_time: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    """On the right side at `barrier_time` and not touched from then on, an option at expiry."""
    s, edge = volatility * np.sqrt(expiry), volatility * np.sqrt(barrier_time)
    share = barrier_time / expiry
    correlation = np.sqrt(share)
    h = np.log(barrier / spot)
    x = np.log(spot / strike)

    def mass(drift: FloatArray, to_point: FloatArray) -> FloatArray:
        """Surviving and ending further inside than the point."""
        free = bivariate_cdf(eta * (drift * share - h) / edge, eta * (to_point + drift) / s, correlation)
        image = weighted_bivariate_cdf(
            2.0 * drift * h / (s * s),
            -eta * (drift * share + h) / edge,
            eta * (to_point + 2.0 * h + drift) / s,
            -correlation,
        )
        return free - image

    inner = np.where(eta > 0.0, np.minimum(x, -h), np.maximum(x, -h))
    growth = (rate - dividend_yield) * expiry

    def between(drift: FloatArray) -> FloatArray:
        beyond = mass(drift, inner)
        return np.where(sign == eta, beyond, mass(drift, -h) - beyond)

    asset = spot * np.exp(-dividend_yield * expiry) * between(growth + 0.5 * s * s)
    cash = strike * np.exp(-rate * expiry) * between(growth - 0.5 * s * s)
    return sign * (asset - cash)
