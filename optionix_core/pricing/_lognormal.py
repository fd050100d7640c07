"""Vectorised pieces that the closed forms share: Black's formula from two legs, and weighted normal masses.

Barrier formulas multiply huge powers of barrier over spot with tiny normal probabilities. `weighted_cdf` takes the
logarithm of the weight and the exponent that remains once the probability's own exp(-z^2 / 2) is multiplied in, so that
no digit is lost and nothing overflows however small the volatility. Nothing here checks its arguments.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, ndtr

FloatArray = NDArray[np.float64]

ROOT_HALF = 0.7071067811865476
TINY = 1e-100
"""A total deviation sigma sqrt(T) below this is zero: its reciprocals would overflow."""


def black(sign: FloatArray, asset: FloatArray, cash: FloatArray, deviation: FloatArray) -> FloatArray:
    """Option on a discounted asset leg against a discounted cash leg; its intrinsic value where nothing moves.

    F. Black, J. Fin. Econ. 3 (1976) 167, eq. 16.
    """
    moves = deviation > TINY
    spread = np.where(moves, deviation, 1.0)
    d1 = np.log(asset / cash) / spread + 0.5 * spread
    value = sign * (asset * ndtr(sign * d1) - cash * ndtr(sign * (d1 - spread)))
    intrinsic = np.maximum(sign * (asset - cash), 0.0)
    return np.where(moves, np.maximum(value, intrinsic), intrinsic)


def european(
    sign: FloatArray,
    spot: FloatArray,
    strike: FloatArray,
    expiry: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
) -> FloatArray:
    """Black-Scholes-Merton price of each row."""
    asset = spot * np.exp(-dividend_yield * expiry)
    return black(sign, asset, strike * np.exp(-rate * expiry), volatility * np.sqrt(expiry))


def weighted_cdf(log_weight: FloatArray, z: FloatArray, exponent: FloatArray) -> FloatArray:
    """exp(log_weight) N(z), where `exponent` is log_weight - z^2 / 2 computed without cancellation."""
    tail = 0.5 * np.exp(exponent) * erfcx(np.abs(z) * ROOT_HALF)
    return np.where(z < 0.0, tail, np.exp(log_weight) * ndtr(z))


def standardised(x: FloatArray, deviation: FloatArray, tilt: float) -> FloatArray:
    """Sum x / s + tilt s; where nothing moves, infinite on the side of x, or zero."""
    moves = deviation > TINY
    still = np.where(x == 0.0, 0.0, np.copysign(np.inf, x))
    return np.where(moves, x / np.where(moves, deviation, 1.0) + tilt * deviation, still)


def step(z: FloatArray) -> FloatArray:
    """N(z / 0): one above zero, none below, half at zero."""
    return np.heaviside(z, 0.5)
