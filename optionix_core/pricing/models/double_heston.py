"""Two independent Heston variances, one fast and one slow.

Source: P. Christoffersen, S. Heston, K. Jacobs, "The Shape and Term Structure of the Index Option Smirk", Management
Science 55 (2009) 1914. Refuses correlation between the two factors: the characteristic function would not be known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from optionix_core.errors import InvalidValueError
from optionix_core.pricing._fourier_exponents import FIRST, SECOND
from optionix_core.pricing.models._fourier_model import FourierModel
from optionix_core.pricing.models._parameters import ROOT_OF_VARIANCE, SQUARE_ROOT, Parts
from optionix_core.pricing.models.heston import HestonModel


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleHestonModel(FourierModel):
    """The variance of the return is the sum of the two factors' variances."""

    first: HestonModel
    second: HestonModel

    def __post_init__(self) -> None:
        for name in ("first", "second"):
            factor = getattr(self, name)
            if not isinstance(factor, HestonModel):
                raise InvalidValueError(name, factor, "a HestonModel")

    @property
    def feller(self) -> bool:
        """Whether both factors meet Feller's condition."""
        return self.first.feller and self.second.feller

    @property
    def parts(self) -> Parts:
        """What the log return is the sum of."""
        return Parts(first=self.first.parts.first, second=self.second.parts.first)

    @property
    def mask(self) -> int:
        """The parts that the parameters belong to."""
        return FIRST | SECOND

    @property
    def level(self) -> int:
        """What vega is the derivative in."""
        return ROOT_OF_VARIANCE

    @property
    def level_now(self) -> float:
        """Volatility at time zero without jumps, per root year."""
        return math.sqrt(self.first.v0 + self.second.v0)

    @property
    def places(self) -> tuple[int, ...]:
        """Where the parameters stand in the row of `parts`."""
        return tuple(range(10))

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the rows of `gradient`, in its order."""
        return tuple(f"{factor}.{name}" for factor in ("first", "second") for name in SQUARE_ROOT)
