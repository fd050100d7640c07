"""How fast variance gathers between expiries: calendar time, with weekends that count less and events that count more.

Total variance is interpolated in the time of this clock. Only what lies between two expiries depends on it; at the
expiries themselves the quotes have the say. Days are those of UTC. Refuses clocks that stand still.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

DAYS_PER_YEAR = 365.0


@dataclass(frozen=True, slots=True)
class VarianceClock:
    """Raises InvalidValueError for weights outside their bounds."""

    weekend_weight: float = 1.0
    """What a Saturday or a Sunday counts, in ordinary days; positive."""
    events: tuple[tuple[date, float], ...] = ()
    """Dates that count for more, and by how many ordinary days each; zero or more."""

    def __post_init__(self) -> None:
        if not 0.0 < self.weekend_weight < np.inf:
            raise InvalidValueError("weekend_weight", self.weekend_weight, "positive and finite")
        for place, (_, extra) in enumerate(self.events):
            if not 0.0 <= extra < np.inf:
                raise InvalidValueError("events", extra, "zero or more and finite", place)

    @property
    def is_calendar(self) -> bool:
        """Whether all days count the same."""
        return self.weekend_weight == 1.0 and not any(extra for _, extra in self.events)

    def time(self, as_of: datetime, years: ArrayLike) -> FloatArray:
        """Ordinary days over 365 from `as_of` (aware) to that many calendar years later, of the shape of `years`."""
        asked = np.asarray(years, dtype=np.float64)
        if self.is_calendar:
            return asked.copy()
        start = as_of.astimezone(UTC)
        midnight = datetime(start.year, start.month, start.day, tzinfo=UTC)
        lost = (start - midnight) / timedelta(days=1)
        count = int(np.ceil(float(asked.max(initial=0.0)) * DAYS_PER_YEAR + lost)) + 1
        weekday = (midnight.weekday() + np.arange(count)) % 7
        weight = np.where(weekday >= 5, self.weekend_weight, 1.0)
        for day, extra in self.events:
            place = (day - midnight.date()).days
            if 0 <= place < count:
                weight[place] += extra
        ends = np.concatenate([[0.0], np.cumsum(weight)])
        edges = np.arange(count + 1.0)
        passed = np.interp(asked * DAYS_PER_YEAR + lost, edges, ends) - np.interp(lost, edges, ends)
        found: FloatArray = passed / DAYS_PER_YEAR
        return found
