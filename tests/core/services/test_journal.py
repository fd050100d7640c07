"""The journal: notes tied to orders, positions and days, found again and exported."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from steady_feed import CALL

from optionix_core.errors import IntegrityError, InvalidValueError, UnknownNameError
from optionix_core.services import journal, trading
from optionix_core.services.journal import NoteFilter, Subject, SubjectKind
from optionix_core.sync.canonical import decode, encode
from optionix_core.sync.event import Event
from optionix_core.trading.orders import Side

DAY = date(2026, 3, 10)


def test_notes_are_found_by_a_piece_of_their_text_by_tag_and_by_what_they_are_about(workspace, clock):
    trading.submit(workspace, Side.BUY, 1, CALL, client_order_id="entry")
    first = journal.add(
        workspace, " Too early: the SPREAD was wide. ", tags=["Exit", "exit"], subject=about(order="entry")
    )
    clock.advance(timedelta(minutes=1))
    second = journal.add(workspace, "Straße gesperrt", subject=about(position="testi 20mar26 100 c"))
    third = journal.add(workspace, "Quiet", subject=about(day=DAY), tags=["calm"])
    assert (first.text, first.tags) == ("Too early: the SPREAD was wide.", ("exit",))
    assert second.subject == Subject(SubjectKind.POSITION, CALL)
    assert journal.notes(workspace.store) == tuple(sorted((first, second, third), key=lambda n: (n.time, n.note_id)))
    assert found(workspace, find="spread") == [first]
    assert found(workspace, find="STRASSE") == [second]
    assert found(workspace, find="s.*d") == []
    assert found(workspace, tag="calm") == [third]
    assert found(workspace, subject=about(order="entry")) == [first]
    assert found(workspace, subject=about(day=DAY)) == [third]
    assert found(workspace, find="quiet", tag="exit") == []
    assert found(workspace, account="other") == []


def about(**named):
    return journal.subject_of(**named)


def found(workspace, **wanted):
    return list(journal.notes(workspace.store, NoteFilter(**wanted)))


def test_the_same_id_is_the_same_note_and_never_another(workspace, clock):
    note = journal.add(workspace, "one", note_id="a")
    clock.advance(timedelta(minutes=1))
    assert journal.add(workspace, "one", note_id="a") == note
    with pytest.raises(InvalidValueError, match="unused, or repeat its note"):
        journal.add(workspace, "two", note_id="a")
    assert workspace.store.head().seq == 1


@pytest.mark.parametrize(
    ("text", "terms", "error", "told"),
    [
        ("  ", {}, InvalidValueError, "text must be 1 to 20000 characters"),
        ("x" * 20_001, {}, InvalidValueError, "20001 characters"),
        ("bell \a", {}, InvalidValueError, "printable"),
        ("x", {"tags": ["two words"]}, InvalidValueError, "tag must be 1 to 32"),
        ("x", {"tags": [f"t{n}" for n in range(21)]}, InvalidValueError, "tags must be at most 20"),
        ("x", {"note_id": "a/b"}, InvalidValueError, "note_id must be 1 to 64"),
        ("x", {"subject": Subject(SubjectKind.ORDER, "nobody")}, UnknownNameError, "unknown order 'nobody'"),
    ],
)
def test_what_cannot_be_noted_is_named_and_nothing_is_written(text, terms, error, told, workspace):
    with pytest.raises(error, match=told):
        journal.add(workspace, text, **terms)
    assert workspace.store.head().seq == 0


def test_a_note_is_about_one_thing():
    with pytest.raises(InvalidValueError, match="one order, one position or one day"):
        about(order="a", day=DAY)
    assert about() is None


def test_a_note_comes_back_from_its_bytes_as_it_was(workspace):
    note = journal.add(workspace, "line\n\ttwo", tags=["b", "a"], subject=about(position=CALL))
    event = journal.noted_event(note)
    assert journal.note_of(decode(encode(event))) == note
    wrong = Event(event.id, event.type, event.time, {**event.payload, "subject": {"kind": "mood", "key": "x"}})
    with pytest.raises(IntegrityError, match="field kind must be one of order, position, day"):
        journal.note_of(wrong)


def test_the_export_is_a_chapter_a_day_with_the_text_quoted(workspace, clock):
    journal.add(workspace, "# no heading\n\nsecond", tags=["b", "a"], subject=about(position=CALL))
    clock.advance(timedelta(days=1))
    journal.add(workspace, "next day")
    assert journal.markdown(journal.notes(workspace.store)) == (
        "# Journal\n"
        "\n## 2026-03-10\n"
        "\n### 15:00:00 UTC, position TESTI 20MAR26 100 C\n"
        "\npaper-1: `a` `b`\n"
        "\n> # no heading\n>\n> second\n"
        "\n## 2026-03-11\n"
        "\n### 15:00:00 UTC\n"
        "\npaper-1\n"
        "\n> next day\n"
    )
    assert journal.markdown(()) == "# Journal\n\nNo notes.\n"
