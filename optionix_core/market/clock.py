"""Time is a value that is handed in: nothing in the engine reads the machine's clock by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Says what time it is, as an aware datetime in UTC."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The machine's present moment, in UTC."""
        return datetime.now(UTC)


@dataclass(slots=True)
class ManualClock:
    """A clock that stands still until it is moved; for tests, replays and pictures."""

    moment: datetime

    def now(self) -> datetime:
        """The moment that was set."""
        return self.moment

    def advance(self, step: timedelta) -> None:
        """Move on by `step`."""
        self.moment += step
