"""Heston's stochastic volatility, with calls and puts to about 1e-13 of the forward at any expiry and correlation.

dS / S = (r - q) dt + sqrt(v) dW, dv = kappa (theta - v) dt + sigma sqrt(v) dZ, d<W, Z> = rho dt. Source: S. Heston,
"A Closed-Form Solution for Options with Stochastic Volatility", Rev. Financ. Stud. 6 (1993) 327. Refuses nothing for
breaking Feller's condition: the variance then touches zero, which prices allow; `feller` says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from optionix_core.pricing._fourier_exponents import FIRST
from optionix_core.pricing.models._fields import check_not_negative, check_range
from optionix_core.pricing.models._fourier_model import FourierModel
from optionix_core.pricing.models._parameters import ROOT_OF_VARIANCE, Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class HestonModel(FourierModel):
    """Raises InvalidValueError, naming field, value and bound, for parameters outside their range."""

    v0: float
    """Variance now, per year."""
    kappa: float
    """Speed of reversion, per year."""
    theta: float
    """Variance in the long run, per year."""
    sigma: float
    """Volatility of the variance."""
    rho: float
    """Correlation of return and variance, -1 to 1."""

    def __post_init__(self) -> None:
        check_not_negative(self, "v0", "kappa", "theta", "sigma")
        check_range(self, "rho", -1.0, 1.0)

    @property
    def feller(self) -> bool:
        """Whether 2 kappa theta >= sigma^2, so that the variance never touches zero."""
        return 2.0 * self.kappa * self.theta >= self.sigma * self.sigma

    @property
    def parts(self) -> Parts:
        """What the log return is the sum of."""
        return Parts(first=(self.v0, self.kappa, self.theta, self.sigma, self.rho))

    @property
    def mask(self) -> int:
        """The parts that the parameters belong to."""
        return FIRST

    @property
    def level(self) -> int:
        """What vega is the derivative in."""
        return ROOT_OF_VARIANCE

    @property
    def level_now(self) -> float:
        """Volatility at time zero without jumps, per root year."""
        return math.sqrt(self.v0)

    @property
    def places(self) -> tuple[int, ...]:
        """Where the parameters stand in the row of `parts`."""
        return (0, 1, 2, 3, 4)
