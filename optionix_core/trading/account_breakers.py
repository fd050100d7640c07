"""Breakers of an account in the log: that one tripped, and what the account was worth now and then.

    account/NAME/breaker/RULE/TIME    account.breaker-tripped    by how much, and what follows

What follows (a state, ends of orders) are events of their own in the same transaction. Values that the drawdown is
measured by are noted with `venue.advanced`, so that whoever goes on from there knows the peak.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from optionix_core.errors import IntegrityError
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import decimal_text
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event, Json

TRIPPED: Final = "account.breaker-tripped"


class Note(NamedTuple):
    """What an account had earned at a moment, up to a constant: its value without what was paid in and out."""

    at: datetime
    earned: Decimal


Notes = Mapping[str, tuple[Note, ...]]
"""By account, oldest first, each above all later ones."""


class Trip(NamedTuple):
    """A breaker that tripped."""

    account: str
    rule: str
    at: datetime


def tripped_event(trip: Trip, action: str, detail: str) -> Event:
    """The event of a breaker that tripped."""
    payload: dict[str, Json] = {
        "account": trip.account,
        "action": action,
        "detail": detail,
        "rule": trip.rule,
    }
    return Event(f"account/{trip.account}/breaker/{trip.rule}/{time_text(trip.at)}", TRIPPED, trip.at, payload)


def trip_of(event: Event) -> Trip:
    """The trip of its event. Raises IntegrityError where it is malformed."""
    return Trip(fields.text(event.payload, "account"), fields.text(event.payload, "rule"), event.time)


def with_note(notes: Sequence[Note], note: Note, oldest: datetime) -> tuple[Note, ...]:
    """Notes with one more: those before `oldest`, and those that the new one is above, can be no peak any more."""
    return (*(one for one in notes if one.at >= oldest and one.earned > note.earned), note)


def notes_payload(notes: Notes) -> dict[str, Json]:
    """Notes as plain JSON values."""
    return {
        account: [[time_text(note.at), decimal_text(note.earned)] for note in found]
        for account, found in sorted(notes.items())
    }


def notes_of(payload: Mapping[str, Json], name: str) -> Notes:
    """The notes of a field. Raises IntegrityError where they are malformed."""
    found: dict[str, tuple[Note, ...]] = {}
    for account, rows in fields.mapping(payload, name).items():
        if not isinstance(rows, list):
            raise IntegrityError(f"field {name} must hold lists (got {rows!r})")
        found[account] = tuple(_note(row, name) for row in rows)
    return found


def _note(row: Json, name: str) -> Note:
    if not isinstance(row, list) or len(row) != 2:
        raise IntegrityError(f"field {name} must hold pairs of a moment and an amount (got {row!r})")
    pair = {"at": row[0], "earned": row[1]}
    return Note(fields.moment(pair, "at"), fields.decimal(pair, "earned"))
