"""Model parameters as the compiled kernels take them, and the law of X = ln(S_T / F) that follows from them.

Layout: two square-root variances (v0, kappa, theta, sigma, rho), jumps (intensity, mean, volatility), a constant
volatility, Variance Gamma (volatility, nu, theta). A part with nothing in it is all zeros.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from optionix_core.pricing._contour import ComplexArray, Decay, FloatArray
from optionix_core.pricing._fourier_kernels import KERNELS

Variance = tuple[float, float, float, float, float]
Jumps = tuple[float, float, float]
Gamma = tuple[float, float, float]
NO_VARIANCE: Variance = (0.0, 0.0, 0.0, 0.0, 0.0)
ENOUGH = 160.0
"""exp(-80): what is left of a Gaussian before its other behaviour shows does not count, at half its decay neither."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What X is the sum of. Its law is infinitely divisible, so that the log characteristic functions add."""

    first: Variance = NO_VARIANCE
    second: Variance = NO_VARIANCE
    jumps: Jumps = (0.0, 0.0, 0.0)
    volatility: float = 0.0
    gamma: Gamma = (0.0, 0.0, 0.0)

    @property
    def row(self) -> FloatArray:
        """All of them, in the kernels' order, read-only."""
        row = np.array((*self.first, *self.second, *self.jumps, self.volatility, *self.gamma))
        row.flags.writeable = False
        return row


class PartsLaw:
    """The law at one expiry in years."""

    __slots__ = ("_expiry", "_row", "decay", "deviation")

    def __init__(self, parts: Parts, expiry: float) -> None:
        self._row = parts.row
        self._expiry = np.array([expiry])
        self._expiry.flags.writeable = False
        self.deviation = math.sqrt(total_variance(parts, expiry))
        self.decay = _decay(parts, expiry)

    def exponents(self, w: ComplexArray) -> ComplexArray:
        """As `Law` says."""
        return self._evaluated(w, 0)

    def ceilings(self, w: ComplexArray) -> FloatArray:
        """As `Law` says."""
        return self._evaluated(w, 1).real

    def _evaluated(self, w: ComplexArray, ceiling: int) -> ComplexArray:
        real, imaginary = np.empty(w.size), np.empty(w.size)
        places = np.ascontiguousarray(w.real), np.ascontiguousarray(w.imag)
        KERNELS.load("exponent_nodes")(self._row, self._expiry, ceiling, *places, real, imaginary)
        result = np.empty(w.size, dtype=np.complex128)
        result.real, result.imag = real, imaginary
        return result

    def moments(self, w: FloatArray) -> FloatArray:
        """As `Law` says."""
        out = np.empty(w.size)
        KERNELS.load("moment_nodes")(self._row, self._expiry, w, out)
        return out


def mean_variance(variance: Variance, expiry: float) -> float:
    """Expected integral of a square-root variance to expiry."""
    v0, kappa, theta, _, _ = variance
    x = kappa * expiry
    weight = -math.expm1(-x) / x if x > 0.0 else 1.0
    return expiry * (theta * (1.0 - weight) + v0 * weight) if x > 1e-4 else expiry * (v0 + 0.5 * x * (theta - v0))


def total_variance(parts: Parts, expiry: float) -> float:
    """Of X, without what the variance's own variance adds."""
    intensity, mean, spread = parts.jumps
    volatility, nu, theta = parts.gamma
    jumps = intensity * (mean * mean + spread * spread)
    gamma = volatility * volatility + nu * theta * theta
    steady = (parts.volatility * parts.volatility + jumps + gamma) * expiry
    return steady + mean_variance(parts.first, expiry) + mean_variance(parts.second, expiry)


def _decay(parts: Parts, expiry: float) -> Decay:
    """Linear decay of square-root variances once the Gaussian beginning is over, one entry for each number of jumps."""
    linear, shift = 0.0, 0.0
    gaussian = parts.volatility * parts.volatility * expiry
    for variance in (parts.first, parts.second):
        v0, kappa, theta, sigma, rho = variance
        mass = v0 + kappa * theta * expiry
        if mass > ENOUGH * sigma * sigma * expiry:
            gaussian += mean_variance(variance, expiry)
        elif mass > 0.0:
            linear += mass / sigma * math.sqrt(1.0 - rho * rho)
            shift -= mass / sigma * rho
    volatility, nu, theta = parts.gamma
    if nu > 0.0:
        shift += expiry * math.log1p(-nu * (theta + 0.5 * volatility * volatility)) / nu
    intensity, mean, spread = parts.jumps
    jumps = _jump_numbers(intensity * expiry)
    shift -= intensity * expiry * math.expm1(mean + 0.5 * spread * spread)
    return Decay(linear + 4.0 * np.sqrt(gaussian + jumps * spread * spread), shift + jumps * mean)


def _jump_numbers(expected: float) -> FloatArray:
    """How many jumps there can be, all but about exp(-ENOUGH)."""
    if expected == 0.0:
        return np.zeros(1)
    spread = math.sqrt(expected)
    most = expected + 9.0 * spread + 12.0
    least = max(0.0, expected - 9.0 * spread)
    return np.linspace(math.floor(least), math.ceil(most), min(int(most - least) + 2, 200))
