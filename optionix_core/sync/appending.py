"""What an append would do, decided before anything is written: the same for every store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from optionix_core.errors import ConflictingEventError
from optionix_core.sync.canonical import encode
from optionix_core.sync.chain import Link, link
from optionix_core.sync.event import Event, Head, Record, contained


class Plan(NamedTuple):
    """New records in order, the answer for each event that was handed in, and the head afterwards."""

    new: tuple[Record, ...]
    answers: tuple[Record, ...]
    head: Head


def plan(
    events: Sequence[Event],
    head: Head,
    find: Callable[[Sequence[str]], Mapping[str, Record]],
    *,
    link: Link = link,
    encoded: Sequence[bytes] | None = None,
) -> Plan:
    """Place `events` after `head`, chained by `link`; `encoded` are their canonical bytes, where these are known.

    `find` gives the records that exist for a sequence of ids, as their own or contained. An id that exists with the
    same bytes is answered with its record; with other bytes ConflictingEventError, and so where a new event contains
    an id that exists. InvalidValueError where an event has no canonical form.
    """
    if encoded is None:
        encoded = [encode(event) for event in events]
    inner = [contained(event) for event in events]
    ids = [event.id for event in events]
    for names in inner:
        ids += names
    known = dict(find(ids)) if ids else {}
    new: list[Record] = []
    answers: list[Record] = []
    seq, previous = head.seq, head.hash
    for event, data, names in zip(events, encoded, inner, strict=True):
        record = known.get(event.id)
        if record is None:
            seq += 1
            previous = link(seq, previous, data)
            record = Record(seq, event, data, previous)
            known[event.id] = record
            for name in names:
                if known.setdefault(name, record) is not record:
                    raise ConflictingEventError(f"event id {name!r}, which {event.id!r} contains, is taken", seq)
            new.append(record)
        elif record.data != data:
            raise ConflictingEventError(f"event id {event.id!r} came again with other bytes", record.seq)
        answers.append(record)
    return Plan(tuple(new), tuple(answers), Head(seq, previous))
