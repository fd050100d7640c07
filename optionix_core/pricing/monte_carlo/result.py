"""What a simulation answers. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from optionix_core.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class GreekEstimate:
    """One derivative of the price, estimated on the price's own paths."""

    name: str
    value: float
    standard_error: float
    method: str
    """How it was estimated, and the step where it is a difference."""


@dataclass(frozen=True, slots=True)
class MonteCarloResult:
    """A price with its error. All money is in the market's units."""

    price: float
    standard_error: float
    """Standard deviation of the estimate; of the sampling alone, without `bias`."""
    interval_95: tuple[float, float]
    """Student's t with `degrees_of_freedom`."""
    degrees_of_freedom: int
    paths: int
    """Used for the price, both of an antithetic pair and all randomisations counted; a pilot for controls is not."""
    steps: int
    """Of each path."""
    seconds: float
    """Wall time."""
    method: str
    """Scheme and variance reduction."""
    bias: str | None
    """What does not vanish with more paths; None where nothing is left."""
    greeks: tuple[GreekEstimate, ...] = ()

    def greek(self, name: str) -> GreekEstimate:
        """The estimate of that name; UnknownNameError where it was not asked for."""
        for estimate in self.greeks:
            if estimate.name == name:
                return estimate
        raise UnknownNameError("Greek of this result", name, tuple(estimate.name for estimate in self.greeks))
