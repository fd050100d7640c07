"""Jumps of nearly one size: the law is then nearly atoms, which a sum over their number resolves.

Given n jumps the return is the same model without jumps, with forward and variance that n sets: R. Merton, J. Financ.
Econ. 3 (1976) 125, eq. 16, with any model in place of Black-Scholes. Refuses nothing; wide jumps are only faster by
one contour for all of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing._arrays import FloatArray, constants
from optionix_core.pricing._fourier_kernels import surface_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

NARROW_SPREAD = 0.02
"""Standard deviation of the log jump up to which numbers of jumps are summed."""
INTENSITY, MEAN, SPREAD, VOLATILITY = 10, 11, 12, 13
"""Places in the row of parameters."""


def applies(row: FloatArray) -> bool:
    """Whether the model has jumps of nearly one size."""
    return bool(row[INTENSITY] > 0.0 and row[SPREAD] <= NARROW_SPREAD)


def time_values(
    row: FloatArray, expiry: float, log_moneyness: FloatArray, aim: float, value: FloatArray, error: FloatArray
) -> None:
    """Undiscounted out-of-the-money values over the forward for ascending k of one expiry, into `value` and `error`."""
    expected = max(float(row[INTENSITY]) * expiry, 1e-300)
    growth = float(row[MEAN]) + 0.5 * float(row[SPREAD]) ** 2
    drift = -expected * math.expm1(growth)
    calls = log_moneyness >= 0.0
    value[:], error[:] = 0.0, 0.0
    starts = np.array([0, log_moneyness.size], dtype=np.int64)
    part, part_error = np.empty_like(value), np.empty_like(value)
    kernel = surface_kernel(row)
    for n in _numbers(expected, expected * math.exp(growth)).tolist():
        shift = drift + n * growth
        weight = math.exp(n * math.log(expected) - expected - math.lgamma(n + 1.0) + shift)
        conditional = row.copy()
        conditional[INTENSITY] = 0.0
        conditional[VOLATILITY] = math.sqrt(float(row[VOLATILITY]) ** 2 + n * float(row[SPREAD]) ** 2 / expiry)
        k = log_moneyness - shift
        kernel(conditional, constants((expiry,)), starts, k, aim, 0, -1, constants((1.0,)), part, part_error)
        value += weight * (part + np.maximum(np.where(calls, -np.expm1(k), np.expm1(k)), 0.0))
        error += weight * part_error


def _numbers(expected: float, tilted: float) -> NDArray[np.int64]:
    """Numbers of jumps that matter to probabilities or to the forward."""
    low, high = min(expected, tilted), max(expected, tilted)
    least = math.floor(max(0.0, low - 10.0 * math.sqrt(low)))
    return np.arange(least, math.ceil(high + 10.0 * math.sqrt(high) + 15.0), dtype=np.int64)
