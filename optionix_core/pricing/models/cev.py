"""Constant elasticity of variance: dS = (r - q) S dt + delta S^beta dW, absorbed at zero.

Source: M. Schroder, "Computing the Constant Elasticity of Variance Option Pricing Formula", J. Finance 44 (1989) 211:
noncentral chi-square probabilities. exp(-(r - q) t) S is the driftless process on a deterministic clock, so that rate
and yield enter by the clock alone. Refuses beta above one: the discounted price is then no martingale and parity fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optionix_core.pricing import _arrays, black_scholes
from optionix_core.pricing._fourier_rows import FIELDS, check_rows
from optionix_core.pricing.implied_volatility import implied_volatility
from optionix_core.pricing.models._fields import check_not_negative, check_range
from optionix_core.pricing.models.sabr import SabrModel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

LARGE, HUGE = 1e7, 1e9
"""Noncentralities from which chi-square probabilities lose digits, and from which they fail."""
EXPANDED = 3e-6
"""Where (1 - beta) times total variance is below this, the implied volatility's expansion neglects 1e-13 of itself."""
HOPELESS = 25.0
"""Deviations beyond which a time value is below 1e-130 of the spot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CevModel:
    """Raises InvalidValueError, naming field, value and bound, for parameters outside their range."""

    delta: float
    """Local volatility is delta S^(beta - 1), per root year."""
    beta: float
    """Elasticity: 1 lognormal, 1/2 square root, 0 normal absorbed at zero."""

    def __post_init__(self) -> None:
        check_not_negative(self, "delta")
        check_range(self, "beta", 0.0, 1.0)

    def price(
        self,
        option_type: object,
        spot: ArrayLike,
        strike: ArrayLike,
        expiry: ArrayLike,
        rate: ArrayLike,
        dividend_yield: ArrayLike,
    ) -> float | FloatArray:
        """Present value; arguments and errors as in `fourier.price`. A put includes what absorption at zero pays."""
        arguments = (option_type, spot, strike, expiry, rate, dividend_yield)
        if self.beta == 1.0:
            plain: float | FloatArray = black_scholes.price(*arguments, self.delta)
            return plain
        columns, shape = _arrays.columns(FIELDS, arguments)
        size = int(np.prod(shape, dtype=np.int64))
        check_rows(columns, size)
        sign, s, k, t, r, q = (np.broadcast_to(column, size) for column in columns)
        drift = r - q
        target = k * np.exp(-drift * t)
        value = self._driftless(s, target, self._clock(drift, t))
        value = np.exp(-q * t) * (value + np.maximum(sign * (s - target), 0.0))
        return float(value[0]) if shape == () else value.reshape(shape)

    def implied_volatility(
        self, spot: ArrayLike, strike: ArrayLike, expiry: ArrayLike, rate: ArrayLike, dividend_yield: ArrayLike
    ) -> float | FloatArray:
        """Black-Scholes volatility of the out-of-the-money option; nan where its time value determines none."""
        forward = np.asarray(spot) * np.exp((np.asarray(rate) - np.asarray(dividend_yield)) * np.asarray(expiry))
        side = np.where(np.asarray(strike) >= forward, 1.0, -1.0)
        value = self.price(side, spot, strike, expiry, rate, dividend_yield)
        return implied_volatility(side, value, spot, strike, expiry, rate, dividend_yield)

    def _clock(self, drift: FloatArray, expiry: FloatArray) -> FloatArray:
        """Integral of delta^2 exp(2 (beta - 1) drift t) to expiry."""
        x = 2.0 * (self.beta - 1.0) * drift * expiry
        still = np.abs(x) < 1e-12
        growth = np.where(still, 1.0 + 0.5 * x, np.expm1(x) / np.where(still, 1.0, x))
        clock: FloatArray = self.delta**2 * expiry * growth
        return clock

    def _driftless(self, s: FloatArray, k: FloatArray, clock: FloatArray) -> Any:
        """Out-of-the-money value: a call where k >= s, a put below."""
        back = 1.0 - self.beta
        value = np.zeros(s.size)
        variance = clock * s ** (-2.0 * back)
        size = 1.0 / (back * back * np.where(clock > 0.0, variance, np.inf))
        near = ((size > LARGE) & (back * variance < EXPANDED)) | (size > HUGE)
        if near.any():
            s_near, k_near, total = s[near], k[near], clock[near]
            expansion = SabrModel(alpha=1.0, beta=self.beta, rho=0.0, nu=0.0)
            deviation = np.asarray(expansion.black_volatility(s_near, k_near, total)) * np.sqrt(total)
            side = np.where(k_near >= s_near, 1.0, -1.0)
            value[near] = black_scholes.forward_price(side, s_near, k_near, 1.0, 1.0, deviation)
        apart = np.abs((k / s) ** back - 1.0) * np.sqrt(size)
        far = (clock > 0.0) & ~near & (apart < HOPELESS)
        if far.any():
            value[far] = _chi_square(s[far], k[far], clock[far], back)
        return value


def _chi_square(s: FloatArray, k: FloatArray, clock: FloatArray, back: float) -> FloatArray:
    from scipy.stats import ncx2

    a, b, c = k ** (2.0 * back) / (back * back * clock), 1.0 / back, s ** (2.0 * back) / (back * back * clock)
    call = s * ncx2.sf(a, b + 2.0, c) - k * ncx2.cdf(c, b, a)
    put = k * ncx2.sf(c, b, a) - s * ncx2.cdf(a, b + 2.0, c)
    return np.clip(np.where(k >= s, call, put), 0.0, np.minimum(s, k))
