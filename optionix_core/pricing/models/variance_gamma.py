"""A Brownian motion with drift run on a gamma clock: pure jumps, no continuous part.

Source: D. Madan, P. Carr, E. Chang, "The Variance Gamma Process and Option Pricing", Eur. Finance Rev. 2 (1998) 79.
Refuses parameters under which the forward would be infinite: nu (theta + volatility^2 / 2) must stay below one.
"""

from __future__ import annotations

from dataclasses import dataclass

from optionix_core.errors import InvalidValueError
from optionix_core.pricing._fourier_exponents import GAMMA
from optionix_core.pricing.models._fields import check_not_negative, check_range
from optionix_core.pricing.models._fourier_model import FourierModel
from optionix_core.pricing.models._parameters import CLOCKED_VOLATILITY, Parts

STEADY_CLOCK = 1e-15
"""Years of variance up to which the clock is time itself to all digits of a price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceGammaModel(FourierModel):
    """Raises InvalidValueError, naming field, value and bound, for parameters outside their range."""

    volatility: float
    """Of the Brownian motion, per root year of the gamma clock; positive."""
    nu: float
    """Variance of the clock, years; zero is Black-Scholes."""
    theta: float
    """Drift of the Brownian motion, per year of the clock; negative leans to the left."""

    def __post_init__(self) -> None:
        check_not_negative(self, "volatility", "nu")
        check_range(self, "theta", -1e3, 1e3)
        if not self.volatility > 0.0:
            raise InvalidValueError("volatility", self.volatility, "positive")
        if not self.nu * (self.theta + 0.5 * self.volatility**2) < 1.0:
            raise InvalidValueError("nu", self.nu, "below 1 / (theta + volatility^2 / 2)")

    @property
    def parts(self) -> Parts:
        """What the log return is the sum of."""
        return Parts(gamma=(self.volatility, self.nu if self.nu > STEADY_CLOCK else 0.0, self.theta))

    @property
    def mask(self) -> int:
        """The parts that the parameters belong to."""
        return GAMMA

    @property
    def level(self) -> int:
        """What vega is the derivative in."""
        return CLOCKED_VOLATILITY

    @property
    def level_now(self) -> float:
        """Volatility at time zero without jumps, per root year."""
        return self.volatility

    @property
    def places(self) -> tuple[int, ...]:
        """Where the parameters stand in the row of `parts`."""
        return (14, 15, 16)
