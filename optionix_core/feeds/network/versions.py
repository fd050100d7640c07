"""A value that changes, with its last few versions: what it was at a moment that has just passed.

Whoever asks a live feed names a moment and gets what stood then, though more has come since.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")


class Versions(Generic[T]):
    """Versions in the order in which they came; at one moment the last counts."""

    __slots__ = ("_times", "_values")

    def __init__(self) -> None:
        self._times: list[datetime] = []
        self._values: list[T] = []

    def put(self, at: datetime, value: T, forget_before: datetime) -> None:
        """Add a version that holds from `at` on, no earlier than the last one.

        The version that stood at `forget_before` is kept, and those before it go.
        """
        if self._times and at <= self._times[-1]:
            self._values[-1] = value
            return
        self._times.append(at)
        self._values.append(value)
        gone = bisect_right(self._times, forget_before) - 1
        if gone > 0:
            del self._times[:gone], self._values[:gone]

    def at(self, moment: datetime) -> tuple[datetime, T] | None:
        """(since when, value) of what stood at `moment`; None before the first version that is kept."""
        place = bisect_right(self._times, moment) - 1
        return None if place < 0 else (self._times[place], self._values[place])

    def last(self) -> T | None:
        """The newest value."""
        return self._values[-1] if self._values else None
