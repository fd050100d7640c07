"""What an append would do, decided before anything is written: the same for every store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from optionix_core.errors import ConflictingEventError
from optionix_core.sync.canonical import encode
from optionix_core.sync.chain import link
from optionix_core.sync.event import Event, Head, Record


class Plan(NamedTuple):
    """New records in order, the answer for each event that was handed in, and the head afterwards."""

    new: tuple[Record, ...]
    answers: tuple[Record, ...]
    head: Head


def plan(events: Sequence[Event], head: Head, find: Callable[[Sequence[str]], Mapping[str, Record]]) -> Plan:
    """Place `events` after `head`.

    `find` gives the records that exist for a sequence of ids. An id that exists with the same bytes is
    answered with its record; with other bytes ConflictingEventError. InvalidValueError where an event
    has no canonical form.
    """
    encoded = [encode(event) for event in events]
    known = dict(find([event.id for event in events])) if events else {}
    new: list[Record] = []
    answers: list[Record] = []
    seq, previous = head.seq, head.hash
    for event, data in zip(events, encoded, strict=True):
        record = known.get(event.id)
        if record is None:
            seq += 1
            previous = link(seq, previous, data)
            record = Record(seq, event, data, previous)
            known[event.id] = record
            new.append(record)
        elif record.data != data:
            raise ConflictingEventError(f"event id {event.id!r} came again with other bytes", record.seq)
        answers.append(record)
    return Plan(tuple(new), tuple(answers), Head(seq, previous))
