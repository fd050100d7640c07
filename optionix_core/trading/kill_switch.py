"""The kill switch: armed, fired, re-armed, as events of the log and as the value that they fold to.

    kill/1/armed       kill.armed       from here on it may be fired
    kill/ID/fired      kill.fired       by whom, why, and whether the book is to be closed; working orders end with it
    kill/ID/rearmed    kill.rearmed     confirmed a second time: orders pass the gate again, and it is armed
    kill/2/disarmed    kill.disarmed    paused: it cannot be fired until it is armed

Once fired, nothing passes the gate but the kill's own orders that reduce, and nothing but re-arming ends that. Refuses
every other step: firing what is not armed, disarming what has fired, re-arming what has not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.portfolio import fields
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event, Json

ARMED: Final = "kill.armed"
FIRED: Final = "kill.fired"
REARMED: Final = "kill.rearmed"
DISARMED: Final = "kill.disarmed"
KILL_TYPES: Final = frozenset({ARMED, FIRED, REARMED, DISARMED})


class KillPhase(StrEnum):
    """Where the switch stands."""

    DISARMED = "disarmed"
    """As a home begins, and where it was paused: it cannot be fired."""
    ARMED = "armed"
    FIRED = "fired"
    """No order leaves but the kill's own."""


@dataclass(frozen=True, slots=True)
class KillSwitch:
    """The switch of one home, for all of its accounts."""

    phase: KillPhase = KillPhase.DISARMED
    turns: int = 0
    """How often it was moved."""
    since: datetime | None = None
    """Of the phase; None where it was never moved."""
    by: str | None = None
    reason: str | None = None
    kill_id: str | None = None
    """Of the kill in force, else of the last one."""
    flatten: bool = False
    """Whether that kill closes the positions."""

    @property
    def in_force(self) -> str | None:
        """Id of the kill that is in force."""
        return self.kill_id if self.phase is KillPhase.FIRED else None

    @property
    def confirmation(self) -> str | None:
        """What has to be typed to arm it again; None where it has not fired."""
        return None if self.in_force is None else f"rearm-{self.in_force}"

    def expect(self, phase: KillPhase, act: str) -> None:
        """Raise InvalidValueError where `act` is not to be had in the switch's phase."""
        if self.phase is not phase:
            raise InvalidValueError("kill switch", str(self.phase), f"{phase}, to {act} it")

    def after(self, event: Event) -> KillSwitch:
        """The switch once an event of `KILL_TYPES` is in the log. Raises IntegrityError for one out of turn."""
        before, after = _STEPS[event.type]
        if self.phase is not before:
            raise IntegrityError(f"{event.id} moves the kill switch, which is {self.phase}, not {before}")
        payload = event.payload
        moved = replace(
            self,
            phase=after,
            turns=self.turns + 1,
            since=event.time,
            by=fields.text(payload, "by"),
            reason=fields.text(payload, "reason"),
        )
        if event.type != FIRED:
            return moved
        return replace(moved, kill_id=fields.text(payload, "kill_id"), flatten=fields.boolean(payload, "flatten"))

    def state(self) -> dict[str, Json]:
        """The state as plain JSON values."""
        return {
            "by": self.by,
            "flatten": self.flatten,
            "kill_id": self.kill_id,
            "phase": str(self.phase),
            "reason": self.reason,
            "since": None if self.since is None else time_text(self.since),
            "turns": self.turns,
        }

    @classmethod
    def of_state(cls, state: Mapping[str, Json]) -> Self:
        """The switch whose `state` it is. Raises IntegrityError where it is malformed."""
        phase = fields.text(state, "phase")
        if phase not in tuple(KillPhase):
            raise IntegrityError(f"field phase must be one of {', '.join(KillPhase)} (got {phase!r})")
        return cls(
            KillPhase(phase),
            fields.integer(state, "turns"),
            fields.optional_moment(state, "since"),
            fields.optional_text(state, "by"),
            fields.optional_text(state, "reason"),
            fields.optional_text(state, "kill_id"),
            fields.boolean(state, "flatten"),
        )


_STEPS: Final = {
    ARMED: (KillPhase.DISARMED, KillPhase.ARMED),
    FIRED: (KillPhase.ARMED, KillPhase.FIRED),
    REARMED: (KillPhase.FIRED, KillPhase.ARMED),
    DISARMED: (KillPhase.ARMED, KillPhase.DISARMED),
}


def fired_id(kill_id: str) -> str:
    """Id of the event of a kill."""
    return f"kill/{kill_id}/fired"


def armed_event(switch: KillSwitch, by: str, reason: str, time: datetime) -> Event:
    """The event that arms the switch."""
    return Event(f"kill/{switch.turns + 1}/armed", ARMED, time, {"by": by, "reason": reason})


def disarmed_event(switch: KillSwitch, by: str, reason: str, time: datetime) -> Event:
    """The event that pauses the switch."""
    return Event(f"kill/{switch.turns + 1}/disarmed", DISARMED, time, {"by": by, "reason": reason})


def fired_event(kill_id: str, by: str, reason: str, orders: tuple[str, ...], *, flatten: bool, time: datetime) -> Event:
    """The event of a kill; `orders` are those that end with it."""
    payload: dict[str, Json] = {
        "by": by,
        "flatten": flatten,
        "kill_id": kill_id,
        "orders": list(orders),
        "reason": reason,
    }
    return Event(fired_id(kill_id), FIRED, time, payload)


def rearmed_event(kill_id: str, by: str, reason: str, confirmation: str, time: datetime) -> Event:
    """The event that ends a kill, with what was typed to confirm it."""
    payload: dict[str, Json] = {"by": by, "confirmation": confirmation, "kill_id": kill_id, "reason": reason}
    return Event(f"kill/{kill_id}/rearmed", REARMED, time, payload)
