"""Mean-reverting levels that are not prices of traded assets: square root, normal and lognormal.

Their drift is given, under the measure that prices, so that no yield enters: what a contract pays on the level is
discounted at the market's rate, and the market's spot is where the level stands. They have no closed price here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from optionix_core.pricing.models._fields import check_not_negative, check_range


@dataclass(frozen=True, slots=True, kw_only=True)
class CirModel:
    """dX = kappa (theta - X) dt + sigma sqrt(X) dW: J. Cox, J. Ingersoll and S. Ross, Econometrica 53 (1985) 385.

    Raises InvalidValueError, naming field, value and bound, for parameters outside their range.
    """

    kappa: float
    """Speed of reversion, per year."""
    theta: float
    """Level in the long run."""
    sigma: float
    """Volatility, per root year and root level."""

    def __post_init__(self) -> None:
        check_not_negative(self, "kappa", "theta", "sigma")

    @property
    def feller(self) -> bool:
        """Whether 2 kappa theta >= sigma^2, so that the level never touches zero."""
        return 2.0 * self.kappa * self.theta >= self.sigma * self.sigma


@dataclass(frozen=True, slots=True, kw_only=True)
class VasicekModel:
    """dX = kappa (theta - X) dt + sigma dW: O. Vasicek, J. Financ. Econ. 5 (1977) 177. The level may be negative.

    Raises InvalidValueError, naming field, value and bound, for parameters outside their range.
    """

    kappa: float
    """Speed of reversion, per year."""
    theta: float
    """Level in the long run."""
    sigma: float
    """Volatility in units of the level, per root year."""

    def __post_init__(self) -> None:
        check_not_negative(self, "kappa", "sigma")
        check_range(self, "theta", -1e6, 1e6)

    def moments(self, level: float, time: float) -> tuple[float, float]:
        """Mean and variance of the level after `time` years."""
        return ornstein_uhlenbeck(self.kappa, self.theta, self.sigma, level, time)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanRevertingModel:
    """d ln X = kappa (log_mean - ln X) dt + sigma dW: E. Schwartz, J. Finance 52 (1997) 923, model 1.

    Raises InvalidValueError, naming field, value and bound, for parameters outside their range.
    """

    kappa: float
    """Speed of reversion, per year."""
    log_mean: float
    """Mean of the logarithm in the long run, alpha of Schwartz."""
    sigma: float
    """Per root year."""

    def __post_init__(self) -> None:
        check_not_negative(self, "kappa", "sigma")
        check_range(self, "log_mean", -300.0, 300.0)

    def log_moments(self, level: float, time: float) -> tuple[float, float]:
        """Mean and variance of the logarithm after `time` years."""
        return ornstein_uhlenbeck(self.kappa, self.log_mean, self.sigma, math.log(level), time)


def ornstein_uhlenbeck(kappa: float, theta: float, sigma: float, start: float, time: float) -> tuple[float, float]:
    """Mean and variance of dX = kappa (theta - X) dt + sigma dW after `time`."""
    mean = theta + (start - theta) * math.exp(-kappa * time)
    return mean, sigma * sigma * decayed(2.0 * kappa, time)


def decayed(kappa: float, time: float) -> float:
    """(1 - exp(-kappa time)) / kappa, `time` at kappa = 0."""
    return -math.expm1(-kappa * time) / kappa if kappa * time > 1e-300 else time
