"""An alert and how it stands: waiting, snoozed, fired, dismissed or expired.

An alert that fires once waits no more after that; one that repeats goes on and fires anew each time that its condition
came about anew. Snoozing one that fired lets it wait again from the end of the snooze on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from optionix_core.errors import InvalidValueError
from optionix_core.trading.alerts.conditions import Condition

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
MAX_NOTE: Final = 500


class AlertStatus(StrEnum):
    """Where an alert stands."""

    WAITING = "waiting"
    SNOOZED = "snoozed"
    FIRED = "fired"
    """It has fired and nobody has said that it was seen."""
    DISMISSED = "dismissed"
    """It has fired once and is done with."""
    EXPIRED = "expired"
    """Its time is over without anything new to tell."""


@dataclass(frozen=True, slots=True)
class Alert:
    """What was asked for; it never changes."""

    alert_id: str
    condition: Condition
    account: str
    feed: str
    """Name of the feed that it was set on: no other feed's quotes fire it."""
    set_at: datetime
    repeats: bool = False
    expires_at: datetime | None = None
    """From then on it does not fire any more."""
    note: str = ""

    def __post_init__(self) -> None:
        check_alert_id(self.alert_id)
        if self.expires_at is not None and self.expires_at <= self.set_at:
            raise InvalidValueError("expires_at", self.expires_at.isoformat(), f"after {self.set_at.isoformat()}")
        if len(self.note) > MAX_NOTE:
            raise InvalidValueError("note", f"{len(self.note)} characters", f"at most {MAX_NOTE} characters")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the value was when it was last looked at."""

    armed: bool = True
    """False from a fire until the value has gone back beyond the hysteresis."""
    side: int = 0
    """Of `crosses`: 1 above the bound, -1 below it, 0 where no value was off the bound yet."""


FRESH: Final = Standing()
"""Nothing seen yet."""


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert's condition came about."""

    alert_id: str
    number: int
    """1 for its first."""
    time: datetime
    """When it came about: the quote's own time, where a quote brought it."""
    text: str
    """For a person: the value and the bound."""
    value: Decimal | None
    """None of an event."""


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that was not removed."""

    alert: Alert
    standing: Standing = FRESH
    looked_until: datetime | None = None
    """Up to when its values have been looked at; None where they never were."""
    looked_seq: int = 0
    """Place in the log of the look, or of its setting: what the log tells later was not looked at."""
    last: Firing | None = None
    """Its last fire."""
    dismissed: int = 0
    """How many of its fires were dismissed."""
    snoozes: int = 0
    snoozed_until: datetime | None = None
    reopened: int = 0
    """How many fires it had when it was last snoozed."""

    @property
    def fires(self) -> int:
        """How often it has fired."""
        return 0 if self.last is None else self.last.number

    @property
    def watches(self) -> bool:
        """Whether it may still fire, were its time not over."""
        return self.alert.repeats or self.fires <= self.reopened

    @property
    def over(self) -> bool:
        """Whether nothing that is seen later can fire it."""
        ends = self.alert.expires_at
        return not self.watches or (ends is not None and self.looked_until is not None and self.looked_until >= ends)

    def status(self, now: datetime) -> AlertStatus:
        """Where it stands at `now`."""
        if self.snoozed_until is not None and now < self.snoozed_until:
            return AlertStatus.SNOOZED
        if self.fires > max(self.dismissed, self.reopened):
            return AlertStatus.FIRED
        if not self.watches:
            return AlertStatus.DISMISSED
        if self.alert.expires_at is not None and now >= self.alert.expires_at:
            return AlertStatus.EXPIRED
        return AlertStatus.WAITING


def check_alert_id(alert_id: str) -> None:
    """Raise InvalidValueError unless the id is 1 to 64 letters, digits, dots, dashes and underscores."""
    if not _ID.fullmatch(alert_id):
        bound = "1 to 64 letters, digits, '.', '-' or '_', beginning with a letter or digit"
        raise InvalidValueError("alert_id", repr(alert_id), bound)
