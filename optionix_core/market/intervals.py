"""How long a bar of prices is. Plain names, so that a face may know them without loading arrays."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum


class Interval(StrEnum):
    """How long a bar is."""

    MINUTE = "1min"
    FIVE_MINUTES = "5min"
    QUARTER_HOUR = "15min"
    HALF_HOUR = "30min"
    HOUR = "1h"
    DAY = "1d"
    WEEK = "1w"
    MONTH = "1mo"
    QUARTER = "1q"
    YEAR = "1y"

    @property
    def step(self) -> timedelta | None:
        """Length of a bar within a day; None of a day or more."""
        return _STEPS.get(self)


_STEPS = {
    Interval.MINUTE: timedelta(minutes=1),
    Interval.FIVE_MINUTES: timedelta(minutes=5),
    Interval.QUARTER_HOUR: timedelta(minutes=15),
    Interval.HALF_HOUR: timedelta(minutes=30),
    Interval.HOUR: timedelta(hours=1),
}
