"""SABR for each expiry by itself: Hagan's smile, with the arbitrage that it has.

Three parameters for each expiry, alpha, rho and nu, with beta given. Distances count in half spreads, and a quote far
from the smile loses its say, as in `svi_fit`. Nothing keeps the expansion from a negative density at low strikes, nor
expiries from crossing: `VolatilitySurface.arbitrage` says where they do. Refuses to repair it.

Source: P. Hagan, D. Kumar, A. Lesniewski, D. Woodward, "Managing Smile Risk", Wilmott (September 2002), eq. 2.17.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import DomainError, InvalidValueError
from optionix_core.pricing.models.sabr import SabrModel
from optionix_core.volatility.surface._ssvi_terms import TRUST
from optionix_core.volatility.surface.essvi_fit import check
from optionix_core.volatility.surface.quotes import SliceQuotes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

BETA = 1.0
STEP = 1e-3
"""In log-moneyness, for derivatives of total variance: (h^4 of the fourth derivative remains)."""
STARTS = ((-0.6, 1.5), (-0.3, 0.6))
"""rho, and nu times the root of time over the deviation at the money."""


@dataclass(frozen=True, slots=True)
class SabrSmile:
    """One expiry of a SABR model."""

    model: SabrModel
    forward: float
    """Positive."""
    years: float
    """Positive."""

    def total_variance(self, log_moneyness: ArrayLike) -> FloatArray:
        """At any log-moneyness, of its shape; raises DomainError where the expansion gives no volatility."""
        k = np.asarray(log_moneyness, dtype=np.float64)
        volatility = np.asarray(self.model.black_volatility(self.forward, self.forward * np.exp(k), self.years))
        if not (np.all(np.isfinite(volatility)) and np.all(volatility > 0.0)):
            raise DomainError(f"the expansion of SABR gives no volatility at {self.years:.6g} years")
        found: FloatArray = volatility**2 * self.years
        return found

    def derivatives(self, log_moneyness: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Total variance and its first two derivatives in log-moneyness, by central differences of fourth order."""
        k = np.asarray(log_moneyness, dtype=np.float64)
        step = STEP * max(
            1.0, 10.0 * math.sqrt(self.years) * self.model.alpha * self.forward ** (self.model.beta - 1.0)
        )
        a, b, w, c, d = (self.total_variance(k + shift * step) for shift in (-2.0, -1.0, 0.0, 1.0, 2.0))
        return (
            w,
            (a - 8.0 * b + 8.0 * c - d) / (12.0 * step),
            (-a + 16.0 * b - 30.0 * w + 16.0 * c - d) / (12.0 * step**2),
        )


def fit(slices: Sequence[SliceQuotes], beta: float = BETA) -> tuple[SabrSmile, ...]:
    """One smile for each expiry, in their order, which is that of time.

    Raises InvalidValueError where an expiry has too few quotes, is not later than the one before, or for a beta outside
    0 to 1.
    """
    check(slices)
    if not 0.0 <= beta <= 1.0:
        raise InvalidValueError("beta", beta, "between 0 and 1")
    return tuple(_fit_one(quotes, beta) for quotes in slices)


def _fit_one(quotes: SliceQuotes, beta: float) -> SabrSmile:
    middle = 0.5 * (quotes.bid + quotes.ask)
    weight = 1.0 / quotes.half_width
    best, score = None, -math.inf
    for rho, steepness in STARTS:
        level = math.log(quotes.deviation / math.sqrt(quotes.years)) + (1.0 - beta) * math.log(quotes.forward)
        nu = max(steepness * 0.5 / math.sqrt(quotes.years), 0.05)
        z = np.array([level, math.atanh(rho), math.log(nu)])
        say = np.ones(quotes.count)
        for scale in TRUST[::2].tolist():
            z = _descend(quotes, beta, z, weight * np.sqrt(say), middle)
            distance = weight * (_variance(quotes, beta, z) - middle)
            say = (1.0 + (distance / scale) ** 2) ** -2.0
        found = float(np.count_nonzero(np.abs(distance) <= 1.0) - 0.05 * np.log1p(distance**2).sum())
        if best is None or found > score:
            best, score = z, found
    assert best is not None  # noqa: S101 - there are starts
    return SabrSmile(_model(beta, best), quotes.forward, quotes.years)


def _model(beta: float, z: FloatArray) -> SabrModel:
    return SabrModel(
        alpha=math.exp(z[0]), beta=beta, rho=math.tanh(min(max(z[1], -5.0), 5.0)), nu=math.exp(min(z[2], 6.0))
    )


def _variance(quotes: SliceQuotes, beta: float, z: FloatArray) -> FloatArray:
    strike = quotes.forward * np.exp(quotes.log_moneyness)
    volatility = np.asarray(_model(beta, z).black_volatility(quotes.forward, strike, quotes.years))
    found: FloatArray = volatility * np.abs(volatility) * quotes.years  # negative where the expansion is
    return found


def _descend(quotes: SliceQuotes, beta: float, z: FloatArray, scale: FloatArray, middle: FloatArray) -> FloatArray:
    """Levenberg and Marquardt's method with derivatives by differences."""
    residual = scale * (_variance(quotes, beta, z) - middle)
    loss = float(residual @ residual)
    damping = 1e-3
    for _ in range(8):
        rows = (
            np.stack([scale * (_variance(quotes, beta, z + 1e-6 * unit) - middle) - residual for unit in np.eye(3)])
            / 1e-6
        )
        matrix, gradient = rows @ rows.T, rows @ residual
        gained = 0.0
        while damping < 1e8:
            step = np.linalg.solve(matrix + damping * np.diag(np.diagonal(matrix)) + 1e-12 * np.eye(3), -gradient)
            tried = z + np.clip(step, -1.0, 1.0)
            fresh = scale * (_variance(quotes, beta, tried) - middle)
            if np.all(np.isfinite(fresh)) and float(fresh @ fresh) < loss:
                gained = loss - float(fresh @ fresh)
                z, residual, loss = tried, fresh, float(fresh @ fresh)
                damping = max(0.2 * damping, 1e-9)
                break
            damping *= 6.0
        if gained < 1e-4 * loss:
            break
    return z
