"""Hours of the US exchanges, which their rules give in New York's time.

A rule says 15:35, not a moment in UTC. Here an hour is taken as the rule's reader has it: a text, a
`datetime.time` that is New York's already, or an aware datetime, which is carried to New York. A naive
datetime is refused: whose hour it is cannot be told.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from optionix_core.errors import InvalidValueError

NEW_YORK: Final = ZoneInfo("America/New_York")
OPEN: Final = time(9, 30)
"""Start of regular trading hours."""

Hour = str | time | datetime


def hour_of(value: Hour, field: str) -> time:
    """The hour in New York of `"HH:MM"`, `"HH:MM:SS"`, a naive time or an aware datetime.

    Raises InvalidValueError naming the field for anything else.
    """
    if isinstance(value, datetime):
        return aware(value, field).astimezone(NEW_YORK).time()
    if isinstance(value, time) and value.tzinfo is None:
        return value
    if isinstance(value, str):
        try:
            read = time.fromisoformat(value.strip())
        except ValueError:
            read = None
        if read is not None and read.tzinfo is None:
            return read
    raise InvalidValueError(field, repr(value), "an hour in New York as HH:MM or HH:MM:SS, or an aware datetime")


def aware(moment: datetime, field: str) -> datetime:
    """`moment` itself. Raises InvalidValueError where it has no time zone."""
    if moment.tzinfo is None:
        raise InvalidValueError(field, moment, "aware of its time zone")
    return moment


def since_midnight(hour: time) -> timedelta:
    """How far into its day an hour lies, so that hours can be subtracted."""
    return timedelta(hours=hour.hour, minutes=hour.minute, seconds=hour.second, microseconds=hour.microsecond)
