"""The trading journal: notes with tags, each tied to an order, a position, a day or nothing, kept in the log.

A note is a fact and is never changed: what was thought then stays. Notes are found by a plain piece of their text, in
any letter case, by tag and by what they are tied to, and exported as Markdown. Refuses an empty note, tags that are no
words, and orders that the log does not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from optionix_core.errors import IntegrityError, InvalidValueError, UnknownNameError
from optionix_core.portfolio import fields
from optionix_core.portfolio.deliverables import label_of
from optionix_core.services.watchlists import resolve
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event, Json
from optionix_core.trading.records import intent_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import LogReader

NOTED: Final = "journal.noted"
MAX_TEXT: Final = 20_000
MAX_TAGS: Final = 20
_TAG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


class SubjectKind(StrEnum):
    """What a note may be tied to."""

    ORDER = "order"
    POSITION = "position"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a note is about."""

    kind: SubjectKind
    key: str
    """A client order id, an instrument's key, or a date such as 2026-11-20."""

    @property
    def words(self) -> str:
        """`order first`, `position ORBIT 15JAN27 230 C`, `day 2026-11-20`."""
        return f"{self.kind} {label_of(self.key) if self.kind is SubjectKind.POSITION else self.key}"


@dataclass(frozen=True, slots=True)
class Note:
    """One entry of the journal."""

    note_id: str
    time: datetime
    account: str
    text: str
    tags: tuple[str, ...] = ()
    subject: Subject | None = None


@dataclass(frozen=True, slots=True)
class NoteFilter:
    """Which notes are asked for; what is None is not asked."""

    find: str | None = None
    """A piece of the text, in any letter case."""
    tag: str | None = None
    subject: Subject | None = None
    account: str | None = None

    def takes(self, note: Note) -> bool:
        """Whether a note is one of them."""
        return (
            (self.find is None or self.find.casefold() in note.text.casefold())
            and (self.tag is None or self.tag in note.tags)
            and (self.subject is None or self.subject == note.subject)
            and (self.account is None or self.account == note.account)
        )


EVERYTHING: Final = NoteFilter()


def add(
    workspace: Workspace,
    text: str,
    *,
    tags: Sequence[str] = (),
    subject: Subject | None = None,
    note_id: str | None = None,
) -> Note:
    """Write a note. The same id with the same words is the same note.

    Raises InvalidValueError for text, tags or an id out of bounds and for an id that was used for another note,
    UnknownNameError for an order that the log does not know.
    """
    name = workspace.new_order_id() if note_id is None else note_id
    if not _ID.fullmatch(name):
        bound = "1 to 64 letters, digits, '.', '-' or '_', beginning with a letter or digit"
        raise InvalidValueError("note_id", repr(name), bound)
    words, marks = _checked_text(text), _checked_tags(tags)
    with workspace.store.writing("write a note", workspace.lock_timeout) as log:
        note = Note(name, workspace.clock.now(), workspace.account, words, marks, subject)
        earlier = log.find(_event_id(name))
        if earlier is not None:
            known = note_of(earlier.event)
            if (known.text, known.tags, known.subject) != (words, marks, subject):
                raise InvalidValueError("note_id", repr(name), "unused, or repeat its note")
            return known
        if subject is not None and subject.kind is SubjectKind.ORDER and log.find(intent_id(subject.key)) is None:
            raise UnknownNameError("order", subject.key)
        log.append((noted_event(note),))
    return note


def subject_of(*, order: str | None = None, position: str | None = None, day: date | None = None) -> Subject | None:
    """What at most one of the three names. Raises InvalidValueError for more, and for a symbol that is none."""
    named = [item for item in (order, position, day) if item is not None]
    if len(named) > 1:
        raise InvalidValueError("subject", f"{len(named)} given", "one order, one position or one day")
    if order is not None:
        return Subject(SubjectKind.ORDER, order)
    if position is not None:
        return Subject(SubjectKind.POSITION, resolve(position))
    return None if day is None else Subject(SubjectKind.DAY, day.isoformat())


def notes(log: LogReader, wanted: NoteFilter = EVERYTHING) -> tuple[Note, ...]:
    """Those that are asked for, in order of time; each once."""
    found = [note for note in _all(log) if wanted.takes(note)]
    return tuple(sorted(found, key=lambda note: (note.time, note.note_id)))


def markdown(found: Sequence[Note]) -> str:
    """Notes as Markdown, a chapter a day (UTC), each with time, subject and tags above its text."""
    if not found:
        return "# Journal\n\nNo notes.\n"
    parts, day = ["# Journal\n"], None
    for note in found:
        if note.time.date() != day:
            day = note.time.date()
            parts.append(f"\n## {day:%Y-%m-%d}\n")
        about = "" if note.subject is None else f", {note.subject.words}"
        parts.append(f"\n### {note.time:%H:%M:%S} UTC{about}\n")
        marks = " ".join(f"`{tag}`" for tag in note.tags)
        parts.append(f"\n{note.account}{f': {marks}' if marks else ''}\n")
        parts.append(f"\n{_quoted(note.text)}\n")
    return "".join(parts)


def noted_event(note: Note) -> Event:
    """The event of a note."""
    payload: dict[str, Json] = {
        "account": note.account,
        "note": note.note_id,
        "tags": list(note.tags),
        "text": note.text,
    }
    if note.subject is not None:
        payload["subject"] = {"key": note.subject.key, "kind": str(note.subject.kind)}
    return Event(_event_id(note.note_id), NOTED, note.time, payload)


def note_of(event: Event) -> Note:
    """The note of its event. Raises IntegrityError where the event is malformed."""
    payload = event.payload
    subject = _subject(fields.mapping(payload, "subject")) if "subject" in payload else None
    return Note(
        note_id=fields.text(payload, "note"),
        time=event.time,
        account=fields.text(payload, "account"),
        text=fields.text(payload, "text"),
        tags=fields.texts(payload, "tags"),
        subject=subject,
    )


def to_json(note: Note) -> dict[str, Json]:
    """A note as JSON."""
    subject = note.subject
    return {
        "id": note.note_id,
        "time": time_text(note.time),
        "account": note.account,
        "subject_kind": None if subject is None else str(subject.kind),
        "subject": None if subject is None else subject.key.strip(),
        "tags": list(note.tags),
        "text": note.text,
    }


def _all(log: LogReader) -> Iterator[Note]:
    return (note_of(record.event) for record in log.read() if record.event.type == NOTED)


def _event_id(note_id: str) -> str:
    return f"journal/{note_id}"


def _subject(payload: Mapping[str, Json]) -> Subject:
    kind = fields.text(payload, "kind")
    if kind not in tuple(SubjectKind):
        raise IntegrityError(f"field kind must be one of {', '.join(SubjectKind)} (got {kind!r})")
    return Subject(SubjectKind(kind), fields.text(payload, "key"))


def _checked_text(text: str) -> str:
    words = text.strip()
    if not 0 < len(words) <= MAX_TEXT:
        raise InvalidValueError("text", f"{len(words)} characters", f"1 to {MAX_TEXT} characters")
    if any(not (sign.isprintable() or sign in "\n\t") for sign in words):
        raise InvalidValueError("text", repr(words[:60]), "printable characters, tabs and line ends")
    return words


def _checked_tags(tags: Sequence[str]) -> tuple[str, ...]:
    found = tuple(sorted({tag.strip().lower() for tag in tags}))
    for tag in found:
        if not _TAG.fullmatch(tag):
            raise InvalidValueError("tag", repr(tag), "1 to 32 lower-case letters, digits and dashes")
    if len(found) > MAX_TAGS:
        raise InvalidValueError("tags", len(found), f"at most {MAX_TAGS}")
    return found


def _quoted(text: str) -> str:
    """The text as a block quotation, so that headings within it make no chapters."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())
