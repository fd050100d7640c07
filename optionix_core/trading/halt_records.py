"""Halts as events, and the board as they leave it.

    halt/SCOPE/NAME/RULE/1/started    halt.started    what is held up, by which rule, until when where that is known
    halt/SCOPE/NAME/RULE/1/ended      halt.ended      lifted before its time, or because it had none

    halt/SCOPE/NAME/RULE/VENUE/TIME/started           a venue's own halt, of its own orders alone

A halt with an end ends by itself: the log need not say so. The venue is brought up to now before a halt is set or
lifted, so that a board says of every moment that is still to be looked at what it said then. Halts of one's own are
numbered and hold up every venue; the venue's own bear its name and the moment at which they began in place of a number,
and hold up its orders. Older logs name no venue: such a halt holds up every one. One that began before anything worked
on what it holds up is written once somebody wants to trade there, with its beginning.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from optionix_core.errors import IntegrityError
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import decimal_text
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event, Json
from optionix_core.trading.halts import Halt, HaltBoard, HaltKey, HaltScope

STARTED: Final = "halt.started"
ENDED: Final = "halt.ended"
HALT_TYPES: Final = frozenset({STARTED, ENDED})


def started_id(halt: Halt, number: int | None) -> str:
    """Id of the event that sets the n-th halt of its scope, name and rule, from 1; None for one of the venue's own."""
    return _id(halt, number, "started")


def started_event(halt: Halt, by: str, number: int | None = 1, time: datetime | None = None) -> Event:
    """The event of a halt; it begins at its `since`, and is written at `time` where that is later."""
    if time is None or time == halt.since:
        return Event(started_id(halt, number), STARTED, halt.since, _payload(halt, by))
    return Event(started_id(halt, number), STARTED, time, {**_payload(halt, by), "since": time_text(halt.since)})


def ended_event(
    halt: Halt, number: int | None, by: str, reason: str, time: datetime, price: Decimal | None = None
) -> Event:
    """The event that lifts a halt; `price` is that of a reopening."""
    payload: dict[str, Json] = {
        "by": by,
        "name": halt.name,
        "reason": reason,
        "rule": halt.rule,
        "scope": str(halt.scope),
        "since": time_text(halt.since),
        **_venue(halt),
    }
    if price is not None:
        payload["price"] = decimal_text(price)
    return Event(_id(halt, number, "ended"), ENDED, time, payload)


def board_after(board: HaltBoard, event: Event) -> HaltBoard:
    """The board once an event of `HALT_TYPES` is in the log; what had ended before it is taken off.

    Raises IntegrityError for an event that lifts what is not set.
    """
    payload = event.payload
    if event.type == STARTED:
        since = fields.moment(payload, "since") if "since" in payload else event.time
        return board.expire(event.time).with_halt(_halt_of(payload, since))
    key = HaltKey(_scope(payload), fields.text(payload, "name"), fields.text(payload, "rule"), _venue_of(payload))
    if key not in {halt.key for halt in board.halts}:
        raise IntegrityError(f"{event.id} lifts a halt that is not set")
    return board.lift(key).expire(event.time)


def board_state(board: HaltBoard) -> list[Json]:
    """The board as plain JSON values."""
    return [{**_payload(halt, ""), "since": time_text(halt.since)} for halt in board.halts]


def board_of_state(state: Mapping[str, Json], name: str) -> HaltBoard:
    """The board whose `board_state` stands in a field. Raises IntegrityError where it is malformed."""
    halts = fields.objects(state, name)
    return HaltBoard(tuple(_halt_of(item, fields.moment(item, "since")) for item in halts))


def _payload(halt: Halt, by: str) -> dict[str, Json]:
    return {
        "by": by,
        "name": halt.name,
        "reason": halt.reason,
        "rule": halt.rule,
        "scope": str(halt.scope),
        "until": None if halt.until is None else time_text(halt.until),
        **_venue(halt),
    }


def _venue(halt: Halt) -> dict[str, Json]:
    return {"venue": halt.venue} if halt.venue else {}


def _venue_of(payload: Mapping[str, Json]) -> str:
    return fields.text(payload, "venue") if "venue" in payload else ""


def _halt_of(payload: Mapping[str, Json], since: datetime) -> Halt:
    return Halt(
        _scope(payload),
        fields.text(payload, "name"),
        fields.text(payload, "rule"),
        since,
        fields.optional_moment(payload, "until"),
        fields.text(payload, "reason"),
        _venue_of(payload),
    )


def _scope(payload: Mapping[str, Json]) -> HaltScope:
    text = fields.text(payload, "scope")
    if text not in tuple(HaltScope):
        raise IntegrityError(f"field scope must be one of {', '.join(HaltScope)} (got {text!r})")
    return HaltScope(text)


def _id(halt: Halt, number: int | None, what: str) -> str:
    named = time_text(halt.since) if number is None else number
    of_venue = f"{halt.venue}/" if halt.venue else ""
    return f"halt/{halt.scope}/{halt.name or 'all'}/{halt.rule}/{of_venue}{named}/{what}"
