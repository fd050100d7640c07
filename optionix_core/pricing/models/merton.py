"""Lognormal jumps on a constant volatility.

Source: R. Merton, "Option Pricing When Underlying Stock Returns Are Discontinuous", J. Financ. Econ. 3 (1976) 125. The
jumps are compensated. `jump_mean` is the mean of the log jump, not the log of the mean jump.
"""

from __future__ import annotations

from dataclasses import dataclass

from optionix_core.pricing._fourier_exponents import DIFFUSION, JUMPS
from optionix_core.pricing.models._fields import check_jumps, check_not_negative
from optionix_core.pricing.models._fourier_model import FourierModel
from optionix_core.pricing.models._parameters import CONSTANT_VOLATILITY, Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class MertonModel(FourierModel):
    """Raises InvalidValueError, naming field, value and bound, for parameters outside their range."""

    volatility: float
    """Of the continuous part, per root year."""
    jump_intensity: float
    """Expected jumps per year."""
    jump_mean: float
    """Mean of the log jump."""
    jump_volatility: float
    """Standard deviation of the log jump."""

    def __post_init__(self) -> None:
        check_not_negative(self, "volatility")
        check_jumps(self)

    @property
    def parts(self) -> Parts:
        """What the log return is the sum of."""
        return Parts(
            volatility=float(self.volatility), jumps=(self.jump_intensity, self.jump_mean, self.jump_volatility)
        )

    @property
    def mask(self) -> int:
        """The parts that the parameters belong to."""
        return JUMPS | DIFFUSION

    @property
    def level(self) -> int:
        """What vega is the derivative in."""
        return CONSTANT_VOLATILITY

    @property
    def level_now(self) -> float:
        """Volatility at time zero without jumps, per root year."""
        return self.volatility

    @property
    def places(self) -> tuple[int, ...]:
        """Where the parameters stand in the row of `parts`."""
        return (13, 10, 11, 12)
