"""What folds see of events that a server has judged: quarantined facts masked, accepted ones in their new place.

A fact that breaks a rule is stored with its bytes, numbered and quarantined; whoever reads the log for its effects
reads an event of type `sync.quarantined` in its place. Its owner then resolves it by a `sync.resolved` event: where it
is accepted or reversed, readers find the fact itself at the place of the resolution; where it is discarded, nothing.
A fact of a device whose id another fact has taken meanwhile travels as `sync.contested`, and is quarantined at once.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal, cast

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.sync.canonical import decode
from optionix_core.sync.event import Event

if TYPE_CHECKING:
    from datetime import datetime

QUARANTINED: Final = "sync.quarantined"
"""What folds see of a quarantined fact; they know no such type."""
RESOLVED: Final = "sync.resolved"
CONTESTED: Final = "sync.contested"
OWN: Final = frozenset({RESOLVED, QUARANTINED})
"""Types that the server alone writes."""

Status = Literal["accepted", "quarantined"]
Resolution = Literal["accept", "reverse", "discard"]
RESOLUTIONS: Final[tuple[Resolution, ...]] = ("accept", "reverse", "discard")


def masked(event: Event, data: bytes, reason: str) -> Event:
    """What a fold sees of a quarantined fact with canonical bytes `data`."""
    return Event(
        event.id,
        QUARANTINED,
        event.time,
        {"reason": reason, "sha256": sha256(data).hexdigest(), "type": event.type},
    )


def resolved_id(event_id: str) -> str:
    """Id of the event that resolves a fact."""
    return f"resolved/{sha256(event_id.encode()).hexdigest()[:32]}"


def resolved_event(event: Event, data: bytes, resolution: Resolution, by: str, time: datetime) -> Event:
    """The event that resolves a quarantined fact with canonical bytes `data`."""
    return Event(
        resolved_id(event.id),
        RESOLVED,
        time,
        {"by": by, "event": event.id, "resolution": resolution, "sha256": sha256(data).hexdigest()},
    )


def contested_event(device: str, device_seq: int, event: Event, data: bytes) -> Event:
    """What a device sends in place of its fact whose id is taken by other bytes."""
    return Event(
        f"contested/{device}/{device_seq}",
        CONTESTED,
        event.time,
        {"event": event.id, "fact": data.decode("utf-8"), "sha256": sha256(data).hexdigest(), "type": event.type},
    )


def resolution_of(event: Event) -> tuple[str, Resolution, str]:
    """Id of the resolved fact, the resolution, and the fact's digest. IntegrityError where it is malformed."""
    told = [event.payload.get(name) for name in ("event", "resolution", "sha256")]
    if not all(isinstance(item, str) for item in told) or told[1] not in RESOLUTIONS:
        raise IntegrityError(f"{event.id} is no resolution")
    return cast("tuple[str, Resolution, str]", tuple(told))


def effective(
    event: Event, data: bytes, status: str, reason: str | None, original: Callable[[str], tuple[Event, bytes] | None]
) -> Event:
    """What a fold sees in the place of an event.

    `original` gives a quarantined fact and its bytes by its id. IntegrityError where a resolution names a fact that is
    not there, or another than the one that was resolved.
    """
    if status == "quarantined":
        return masked(event, data, reason or "")
    if event.type != RESOLVED:
        return event
    named, resolution, digest = resolution_of(event)
    if resolution == "discard":
        return event
    found = original(named)
    if found is None or sha256(found[1]).hexdigest() != digest:
        raise IntegrityError(f"{event.id} resolves {named!r}, which is not there as it was")
    return unwrapped(found[0])


def unwrapped(event: Event) -> Event:
    """The fact that a contested event carries, under the id of that event; every other event as it is."""
    if event.type != CONTESTED:
        return event
    fact = event.payload.get("fact")
    if not isinstance(fact, str):
        raise IntegrityError(f"{event.id} carries no fact")
    try:
        inner = decode(fact.encode("utf-8"))
    except InvalidValueError as error:
        raise IntegrityError(f"{event.id} carries no fact: {error}") from error
    return Event(event.id, inner.type, inner.time, inner.payload)
