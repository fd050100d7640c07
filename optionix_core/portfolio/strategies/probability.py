"""Probability of profit when the nearest expiry ends: the risk-neutral measure of where the profit is positive.

From a smile it is the integral of the surface's density over those prices, taken exactly by the price of digitals
(`volatility.analysis.probability`). Where there is no smile, a flat volatility serves if the user gives one, and the
answer says so; nothing is assumed. A price at which the profit is zero counts as no profit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from optionix_core.volatility.surface.surface import VolatilitySurface

Stretch = tuple[float, float | None]
"""Open interval of prices, None without end."""


class Probability(NamedTuple):
    """A probability and what it was read off."""

    value: float
    """0 to 1; risk-neutral."""
    method: str
    """`smile (svi)`, `flat volatility 0.25`."""


def from_surface(stretches: Iterable[Stretch], surface: VolatilitySurface, years: float) -> Probability:
    """Probability of ending within `stretches` at `years`, by the surface's smile."""
    from optionix_core.volatility.analysis.probability import probability_above, probability_below

    total = 0.0
    for low, high in stretches:
        if high is None:
            total += 1.0 if low <= 0.0 else float(probability_above(surface, low, years))
        else:
            below = float(probability_below(surface, high, years))
            total += below - (0.0 if low <= 0.0 else float(probability_below(surface, low, years)))
    return Probability(total, f"smile ({surface.model})")


def from_flat_volatility(stretches: Iterable[Stretch], forward: float, years: float, volatility: float) -> Probability:
    """The same under a lognormal price with mean `forward`."""
    for field, number in (("forward", forward), ("years", years), ("volatility", volatility)):
        if not 0.0 < number < math.inf:
            raise InvalidValueError(field, number, "positive and finite")
    deviation = volatility * math.sqrt(years)

    def below(price: float | None) -> float:
        if price is None:
            return 1.0
        if price <= 0.0:
            return 0.0
        d2 = math.log(forward / price) / deviation - 0.5 * deviation
        return 0.5 * math.erfc(d2 / math.sqrt(2.0))

    total = sum(below(high) - below(low) for low, high in stretches)
    return Probability(total, f"flat volatility {volatility:g}")
