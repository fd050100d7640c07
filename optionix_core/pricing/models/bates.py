"""Heston's variance with Merton's jumps: D. Bates, "Jumps and Stochastic Volatility", Rev. Financ. Stud. 9 (1996) 69.

The jumps are compensated, so that the forward is the spot grown at rate less yield. Refuses jumps that depend on the
variance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from optionix_core.pricing._fourier_exponents import FIRST, JUMPS
from optionix_core.pricing.models._fields import check_jumps, check_not_negative, check_range
from optionix_core.pricing.models._fourier_model import FourierModel
from optionix_core.pricing.models._parameters import ROOT_OF_VARIANCE, Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class BatesModel(FourierModel):
    """Raises InvalidValueError, naming field, value and bound, for parameters outside their range."""

    v0: float
    """Variance now, per year, without jumps."""
    kappa: float
    """Speed of reversion, per year."""
    theta: float
    """Variance in the long run, per year."""
    sigma: float
    """Volatility of the variance."""
    rho: float
    """Correlation of return and variance, -1 to 1."""
    jump_intensity: float
    """Expected jumps per year."""
    jump_mean: float
    """Mean of the log jump."""
    jump_volatility: float
    """Standard deviation of the log jump."""

    def __post_init__(self) -> None:
        check_not_negative(self, "v0", "kappa", "theta", "sigma")
        check_range(self, "rho", -1.0, 1.0)
        check_jumps(self)

    @property
    def feller(self) -> bool:
        """Whether 2 kappa theta >= sigma^2, so that the variance never touches zero."""
        return 2.0 * self.kappa * self.theta >= self.sigma * self.sigma

    @property
    def parts(self) -> Parts:
        """What the log return is the sum of."""
        return Parts(
            first=(self.v0, self.kappa, self.theta, self.sigma, self.rho),
            jumps=(self.jump_intensity, self.jump_mean, self.jump_volatility),
        )

    @property
    def mask(self) -> int:
        """The parts that the parameters belong to."""
        return FIRST | JUMPS

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
        return (0, 1, 2, 3, 4, 10, 11, 12)
