"""The three zones of the Basel Committee for a year of exceptions to value at risk at 99%.

Zones and increases of the multiplication factor: "Supervisory framework for the use of 'backtesting' in conjunction
with the internal models approach to market risk capital requirements", January 1996, table 2; multipliers of the
current text: Basel Framework MAR99, table 2 (MAR32.9). For other numbers of days the zones begin, as the paper defines
them, where the probability of at most that many exceptions reaches 95% and 99.99%; it names no figures for those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optionix_core.errors import InvalidValueError, MissingDataError

Zone = Literal["green", "yellow", "red"]
YELLOW_FROM, RED_FROM = 0.95, 0.9999
"""Cumulative probabilities at which the zones begin."""
YEAR, RATE = 250, 0.01
"""Days and rate that the tables are made for."""
PLUS_FACTORS_1996 = (0.00, 0.00, 0.00, 0.00, 0.00, 0.40, 0.50, 0.65, 0.75, 0.85, 1.00)
"""Increase of the factor 3 by 0 to 9 exceptions, and by ten or more."""
MULTIPLIERS_MAR99 = (1.50, 1.50, 1.50, 1.50, 1.50, 1.70, 1.76, 1.83, 1.88, 1.92, 2.00)
"""Of the same counts."""


@dataclass(frozen=True, slots=True)
class TrafficLight:
    """A zone and what was observed."""

    zone: Zone
    exceptions: int
    observations: int
    probability: float
    """Of an exception, by the model."""
    cumulative_probability: float
    """Of at most as many exceptions by a right model."""
    p_value: float
    """Of as many or more: what the paper calls the type 1 error."""
    plus_factor_1996: float | None
    """What the 1996 rule adds to the factor 3; None other than for 250 days at 99%."""
    multiplier_mar99: float | None
    """Of MAR99; None other than for 250 days at 99%."""

    @property
    def statistic(self) -> float:
        """The number of exceptions."""
        return float(self.exceptions)


def traffic_light(exceptions: int, observations: int = YEAR, probability: float = RATE) -> TrafficLight:
    """The zone of `exceptions` in `observations` days of a value at risk that `probability` of days should exceed.

    Raises InvalidValueError for counts and probabilities that are none, MissingDataError for no observations.
    """
    from scipy.special import bdtr, bdtrc

    if exceptions != int(exceptions) or exceptions < 0:
        raise InvalidValueError("exceptions", exceptions, "a whole number, not negative")
    if observations == 0:
        raise MissingDataError("no observations: there is nothing to test")
    if observations != int(observations) or observations < exceptions:
        raise InvalidValueError("observations", observations, f"a whole number, at least the {exceptions} exceptions")
    if not 0.0 < probability < 1.0:
        raise InvalidValueError("probability", probability, "between 0 and 1, both excluded")
    cumulative = float(bdtr(exceptions, observations, probability))
    zone: Zone = "red" if cumulative >= RED_FROM else "yellow" if cumulative >= YELLOW_FROM else "green"
    tabled = observations == YEAR and probability == RATE
    row = min(exceptions, len(PLUS_FACTORS_1996) - 1)
    return TrafficLight(
        zone=zone,
        exceptions=exceptions,
        observations=observations,
        probability=probability,
        cumulative_probability=cumulative,
        p_value=1.0 if exceptions == 0 else float(bdtrc(exceptions - 1, observations, probability)),
        plus_factor_1996=PLUS_FACTORS_1996[row] if tabled else None,
        multiplier_mar99=MULTIPLIERS_MAR99[row] if tabled else None,
    )
