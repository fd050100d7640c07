"""A free-form smile: the price at expiry is a mixture of lognormal kernels, so that its density is positive everywhere.

With weights p_i >= 0 that sum to one and means e^mu_i whose mean is one, the undiscounted call over the forward is
c(k) = sum p_i [e^mu_i N(d1_i) - e^k N(d1_i - s_i)], d1_i = (mu_i - k) / s_i + s_i / 2. Whatever the weights, no
butterfly is worth less than nothing; total variance is Black's of that price. With many narrow kernels the density
takes any shape that quotes can tell, which is what a smoothing spline of prices is for (M. Fengler, "Arbitrage-free
smoothing of the implied volatility surface", Quantitative Finance 9 (2009) 417), and no constraint is left to check.

Beyond `reach` on either side total variance goes on in a straight line, with the slope that it has there where it rises
outwards and level where it falls: no quote says anything of it. Refuses to fit: that is `density_fit`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from optionix_core.errors import DomainError, InvalidValueError
from optionix_core.pricing.implied_volatility import implied_volatility

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

_SUM = 1e-9
"""How far the weights and the mean may be from one."""


@dataclass(frozen=True, slots=True, eq=False)
class DensitySmile:
    """Raises InvalidValueError where the kernels are no distribution with a mean of one."""

    weights: FloatArray
    """Zero or more, their sum is one: (kernels,)."""
    log_means: FloatArray
    """Logarithm of each kernel's mean over the forward: (kernels,)."""
    deviations: FloatArray
    """Standard deviation of the logarithm within each kernel, positive: (kernels,)."""
    reach: tuple[float, float]
    """Log-moneyness beyond which total variance is extrapolated, to the left (negative) and to the right."""

    def __post_init__(self) -> None:
        if not (self.weights.shape == self.log_means.shape == self.deviations.shape and self.weights.ndim == 1):
            raise InvalidValueError("weights", self.weights.shape, "one for each mean and deviation")
        if not (np.all(self.weights >= 0.0) and abs(float(self.weights.sum()) - 1.0) <= _SUM):
            raise InvalidValueError("weights", float(self.weights.sum()), "zero or more, with a sum of one")
        if not np.all(self.deviations > 0.0):
            raise InvalidValueError("deviations", float(self.deviations.min()), "positive")
        mean = float(self.weights @ np.exp(self.log_means))
        if not abs(mean - 1.0) <= _SUM:
            raise InvalidValueError("log_means", mean, "such that the mean is one")
        if not self.reach[0] < 0.0 < self.reach[1]:
            raise InvalidValueError("reach", self.reach, "negative to the left and positive to the right")

    def out_of_the_money(self, log_moneyness: ArrayLike) -> FloatArray:
        """Undiscounted put below the forward, call from it on, over the forward; of the shape of the argument."""
        k = np.asarray(log_moneyness, dtype=np.float64)
        found: FloatArray = kernel_prices(k.reshape(-1), self.log_means, self.deviations) @ self.weights
        return found.reshape(k.shape)

    def density(self, log_moneyness: ArrayLike) -> FloatArray:
        """Density of ln(S_T / F) under the pricing measure, exact for all arguments."""
        k = np.asarray(log_moneyness, dtype=np.float64)
        z = (k.reshape(-1, 1) - self.log_means) / self.deviations + 0.5 * self.deviations
        bells = np.exp(-0.5 * z * z) / (math.sqrt(2.0 * math.pi) * self.deviations)
        found: FloatArray = bells @ self.weights
        return found.reshape(k.shape)

    def probability_below(self, log_moneyness: ArrayLike) -> FloatArray:
        """Probability that ln(S_T / F) ends at or below the argument."""
        k = np.asarray(log_moneyness, dtype=np.float64)
        z = (k.reshape(-1, 1) - self.log_means) / self.deviations + 0.5 * self.deviations
        found: FloatArray = ndtr(z) @ self.weights
        return found.reshape(k.shape)

    def total_variance(self, log_moneyness: ArrayLike) -> FloatArray:
        """At any log-moneyness, of its shape."""
        return self.derivatives(log_moneyness)[0]

    def derivatives(self, log_moneyness: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Total variance and its first two derivatives in log-moneyness."""
        k = np.asarray(log_moneyness, dtype=np.float64)
        flat = k.reshape(-1)
        inside = np.clip(flat, *self.reach)
        value, slope, curve = self._inside(inside)
        beyond = flat - inside
        outwards = np.sign(beyond)
        slope = np.where(beyond == 0.0, slope, outwards * np.maximum(outwards * slope, 0.0))
        value = value + slope * beyond
        curve = np.where(beyond == 0.0, curve, 0.0)
        return value.reshape(k.shape), slope.reshape(k.shape), curve.reshape(k.shape)

    def broadened(self, variance: float) -> DensitySmile:
        """Every kernel wider by `variance` of the logarithm, with its mean kept: worth more at every strike."""
        wider = np.sqrt(self.deviations**2 + variance)
        return DensitySmile(self.weights, self.log_means, wider, self.reach)

    def _inside(self, k: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """By implicit differentiation of Black's price; the second from the density through Durrleman's g."""
        side = np.where(k >= 0.0, 1.0, -1.0)
        root = np.asarray(implied_volatility(side, self.out_of_the_money(k), 1.0, np.exp(k), 1.0, 0.0, 0.0))
        if not np.all(np.isfinite(root)):
            place = float(k[np.flatnonzero(~np.isfinite(root))[0]])
            raise DomainError(f"the density has no volatility at log-moneyness {place:.6g}")
        w = root * root
        d2 = -k / root - 0.5 * root
        z = (k[:, None] - self.log_means) / self.deviations + 0.5 * self.deviations
        # N(d2) of Black less that of the mixture, each taken on the side of its small tail
        excess = side * (ndtr(side * d2) - ndtr(-side[:, None] * z) @ self.weights)
        bell = np.exp(-0.5 * d2 * d2) / math.sqrt(2.0 * math.pi)
        slope = excess * 2.0 * root / bell
        g = self.density(k) * root / bell
        curve = 2.0 * (g - (1.0 - 0.5 * k * slope / w) ** 2 + 0.25 * slope**2 * (1.0 / w + 0.25))
        return w, slope, curve


def kernel_prices(k: FloatArray, log_means: FloatArray, deviations: FloatArray) -> FloatArray:
    """Out-of-the-money options on each kernel alone, over the forward: (strikes, kernels)."""
    mean, strike = np.exp(log_means), np.exp(k)[:, None]
    d1 = (log_means - k[:, None]) / deviations + 0.5 * deviations
    side = np.where(k >= 0.0, 1.0, -1.0)[:, None]
    found: FloatArray = side * (mean * ndtr(side * d1) - strike * ndtr(side * (d1 - deviations)))
    return np.maximum(found, 0.0)
