"""Named values of which the last writer wins, as a fold of the log: watchlists and the like.

Every writing is one event with the whole value, or with its deletion. The one with the latest time holds, of two of the
same time the one with the greater id, so that two logs that are brought together in any order come to the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from optionix_core.portfolio import fields
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event, Json, Record

STATE_VERSION: Final = 1
_STEP: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Written:
    """The last writing under a name."""

    event_id: str
    time: datetime
    value: Mapping[str, Json] | None
    """None where it was deleted."""


class RegisterFold:
    """The last writings by name. Not safe to apply from two threads at once."""

    saved: ClassVar[str]
    """Type of the event that writes a value; `name` is the field that names it."""
    deleted: ClassVar[str]
    """Type of the event that deletes one."""

    __slots__ = ("_written",)

    def __init__(self) -> None:
        self._written: dict[str, Written] = {}

    def apply(self, record: Record) -> None:
        """Take the next record. Raises IntegrityError where it is malformed."""
        event = record.event
        if event.type not in (self.saved, self.deleted):
            return
        name = fields.text(event.payload, "name")
        known = self._written.get(name)
        if known is None or (event.time, event.id) > (known.time, known.event_id):
            value = event.payload if event.type == self.saved else None
            self._written[name] = Written(event.id, event.time, value)

    def names(self) -> tuple[str, ...]:
        """Of the values that there are, in order of the alphabet."""
        return tuple(sorted(name for name, written in self._written.items() if written.value is not None))

    def value(self, name: str) -> Mapping[str, Json] | None:
        """The payload of the last writing; None where there is none or it was deleted."""
        written = self._written.get(name)
        return None if written is None else written.value

    def next_time(self, name: str, now: datetime) -> datetime:
        """A time for the next writing under a name: now, and after the last one."""
        written = self._written.get(name)
        return now if written is None else max(now, written.time + _STEP)

    def state(self) -> dict[str, Json]:
        """The state as plain JSON values; it does not depend on the order of the log."""
        written: dict[str, Json] = {
            name: {"id": one.event_id, "time": time_text(one.time), "value": one.value}
            for name, one in sorted(self._written.items())
        }
        return {"version": STATE_VERSION, "written": written}

    @classmethod
    def of_state(cls, state: Mapping[str, Json]) -> Self:
        """The fold whose `state` it is. Raises IntegrityError for a state of another version."""
        fields.expect_version(state, STATE_VERSION, f"state of {cls.saved}")
        fold, named = cls(), fields.mapping(state, "written")
        for name in named:
            one = fields.mapping(named, name)
            value = None if one.get("value") is None else fields.mapping(one, "value")
            fold._written[name] = Written(fields.text(one, "id"), fields.moment(one, "time"), value)
        return fold


def saved_event(kind: str, event_id: str, time: datetime, payload: dict[str, Json]) -> Event:
    """An event of `RegisterFold`; `payload` has the `name`."""
    return Event(event_id, kind, time, payload)
