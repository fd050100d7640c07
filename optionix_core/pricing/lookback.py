"""Lookback options under Black-Scholes-Merton, the extreme watched continuously and its running value given.

Conventions of `black_scholes`: arguments broadcast, scalars give floats; InvalidValueError names field, value, bound
and row. A running maximum below the spot, or a minimum above it, is an error. Floating: M. Goldman, H. Sosin and M.
Gatto, J. Finance 34 (1979) 1111-1127; fixed: A. Conze and Viswanathan, J. Finance 46 (1991) 1893-1907. The limit of
rate equal to yield is taken exactly: the quotient that is 0/0 there is a divided difference, integrated from its
derivative. No time or no volatility are limits.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from scipy.special import erfcx, ndtr

from optionix_core.pricing._lognormal import ROOT_HALF, TINY, weighted_cdf
from optionix_core.pricing._rows import MARKET, OPTION_TYPE, Columns, Inputs, Mask, Rule, Value, evaluate, positive

FloatArray = NDArray[np.float64]

_NODES, _WEIGHTS = leggauss(24)


def floating_price(
    option_type: object,
    spot: Inputs,
    running_extreme: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
) -> Value:
    """Price of the right to buy at the lowest price (call) or to sell at the highest (put) of the whole life.

    `running_extreme` is the lowest (call) or highest (put) price up to now.
    """
    fields = {
        "option_type": option_type,
        "spot": spot,
        "running_extreme": running_extreme,
        "expiry": expiry,
        "rate": rate,
        "dividend_yield": dividend_yield,
        "volatility": volatility,
    }
    level = Rule(
        "running_extreme",
        "at most spot for a call (a minimum), at least spot for a put (a maximum)",
        lambda c: _on_its_side(c, -1.0),
    )
    return evaluate(_floating, fields, (OPTION_TYPE, positive("spot"), positive("running_extreme"), level, *MARKET))


def fixed_price(
    option_type: object,
    spot: Inputs,
    running_extreme: Inputs,
    strike: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
) -> Value:
    """Price of the highest price less the strike (call), or the strike less the lowest price (put), of the whole life.

    `running_extreme` is the highest (call) or lowest (put) price up to now.
    """
    fields = {
        "option_type": option_type,
        "spot": spot,
        "running_extreme": running_extreme,
        "strike": strike,
        "expiry": expiry,
        "rate": rate,
        "dividend_yield": dividend_yield,
        "volatility": volatility,
    }
    level = Rule(
        "running_extreme",
        "at least spot for a call (a maximum), at most spot for a put (a minimum)",
        lambda c: _on_its_side(c, 1.0),
    )
    levels = (positive("spot"), positive("running_extreme"), level, positive("strike"))
    return evaluate(_fixed, fields, (OPTION_TYPE, *levels, *MARKET))


def _on_its_side(c: Columns, side: float) -> Mask:
    return side * c["option_type"] * (c["running_extreme"] - c["spot"]) >= 0.0


def _floating(
    sign: FloatArray,
    spot: FloatArray,
    extreme: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    beyond = excess(-sign, spot, extreme, expiry, rate, dividend_yield, volatility)
    asset, cash = spot * np.exp(-dividend_yield * expiry), extreme * np.exp(-rate * expiry)
    return np.maximum(sign * (asset - cash) + beyond, 0.0)


def _fixed(
    sign: FloatArray,
    spot: FloatArray,
    extreme: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    level = np.where(sign > 0.0, np.maximum(extreme, strike), np.minimum(extreme, strike))
    earned = np.exp(-rate * expiry) * np.maximum(sign * (extreme - strike), 0.0)
    return earned + excess(sign, spot, level, expiry, rate, dividend_yield, volatility)


def excess(
    phi: FloatArray,
    spot: FloatArray,
    level: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    """Value of how far the maximum from now on exceeds a level above (phi +1), or the minimum one below (-1)."""
    s = volatility * np.sqrt(expiry)
    growth = (rate - dividend_yield) * expiry
    discount = np.exp(-rate * expiry)
    safe = np.where(s > TINY, s, 1.0)
    x = np.log(spot / level)
    d1 = (x + growth) / safe + 0.5 * safe
    asset = spot * np.exp(-dividend_yield * expiry)
    plain = phi * (asset * ndtr(phi * d1) - level * discount * ndtr(phi * (d1 - safe)))
    moving = plain + spot * discount * _reflection(phi, x, growth, safe)
    still = discount * np.maximum(phi * (spot * np.exp(phi * np.maximum(phi * growth, 0.0)) - level), 0.0)
    return np.where(s > TINY, np.maximum(moving, 0.0), still)


def _reflection(phi: FloatArray, x: FloatArray, growth: FloatArray, s: FloatArray) -> FloatArray:
    """The term phi s^2 / (2 g) (exp(g) N(phi d1) - w N(phi (d1 - 2g / s))), w = exp(-2 g x / s^2), at any growth g."""
    centre = x / s + 0.5 * s
    shift = growth / s
    exponent = -0.5 * centre * centre - growth * x / (s * s) + 0.5 * growth - 0.5 * shift * shift
    middle = -phi * centre * ROOT_HALF
    shallow = np.abs(shift) < 1.4
    near = shallow & (middle > -18.0)
    slope = np.zeros_like(x)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        point = np.where(near, middle + shift * ROOT_HALF * node, 0.0)
        slope += weight * (2.0 * point * erfcx(point) - 2.0 / np.sqrt(np.pi))
    quotient = -0.25 * ROOT_HALF * s * np.exp(np.where(near, exponent, 0.0)) * slope

    log_weight = -2.0 * growth * x / (s * s)
    change = growth - log_weight
    ratio = np.where(change == 0.0, 1.0, np.expm1(change) / np.where(change == 0.0, 1.0, change))
    certain = phi * np.exp(log_weight) * (0.5 * s * s + x) * ratio

    free = weighted_cdf(growth, phi * (centre + shift), exponent)
    image = weighted_cdf(log_weight, phi * (centre - shift), exponent)
    plain = phi * 0.5 * s * s / np.where(growth == 0.0, 1.0, growth) * (free - image)
    return np.where(near, quotient, np.where(shallow, certain, plain))
