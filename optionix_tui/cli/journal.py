"""`optionix journal`: notes on orders, positions and days."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.files import DASH, check_target
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_core.services.journal import NoteFilter

app = group(
    "journal",
    "The trading journal: add notes, find them, export them.",
    "optionix journal add 'Sold too early: the spread was still wide' --order entry-1 --tag exit",
    "optionix journal list --find spread",
)

OrderOption = Annotated[str | None, typer.Option("--order", help="About an order of this id.", metavar="ID")]
PositionOption = Annotated[
    str | None, typer.Option("--position", help="About the position in this instrument.", metavar="SYMBOL")
]
DayOption = Annotated[date | None, typer.Option("--day", help="About a day.", metavar="DATE")]
FindOption = Annotated[
    str | None, typer.Option("--find", help="Notes with this in their text, in any letter case.", metavar="TEXT")
]
TagOption = Annotated[str | None, typer.Option("--tag", help="Notes with this tag.", metavar="TAG")]


@app.command(
    cls=Command,
    epilog=examples(
        "optionix journal add 'Sold too early: the spread was still wide' --order entry-1 --tag exit",
        "optionix journal add - --day 2026-11-20 --json < note.txt",
    ),
)
def add(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="The note, or - to read it from stdin.", metavar="TEXT")],
    *,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", help="A tag; may be given several times.", metavar="TAG")
    ] = None,
    order: OrderOption = None,
    position: PositionOption = None,
    day: DayOption = None,
    note_id: Annotated[
        str | None,
        typer.Option("--id", help="Your own id: sent again it is the same note, never a second.", metavar="ID"),
    ] = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Write a note, about an order, a position, a day or nothing. Notes are never changed."""
    from optionix_core.services import journal

    about = journal.subject_of(order=order, position=position, day=day)
    words = _piped() if text == DASH else text
    with face_of(context).workspace() as workspace:
        note = journal.add(workspace, words, tags=tag or (), subject=about, note_id=note_id)
    record: dict[str, Any] = journal.to_json(note)
    title = f"noted: {note.note_id}{'' if about is None else f', {about.words}'}"
    emit(chosen(format_, as_json), {"schema_version": 1, **record}, [record], Table(title=title))


@app.command(
    "list",
    cls=Command,
    epilog=examples(
        "optionix journal list --tag exit", "optionix journal list --find spread --json | jq '.notes[].text'"
    ),
)
def list_(
    context: typer.Context,
    *,
    find: FindOption = None,
    tag: TagOption = None,
    order: OrderOption = None,
    position: PositionOption = None,
    day: DayOption = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Notes of all accounts in order of time."""
    from optionix_core.services import journal

    wanted = _filter(find, tag, order, position, day)
    with face_of(context).workspace() as workspace:
        found = journal.notes(workspace.store, wanted)
    records: list[dict[str, Any]] = [dict(journal.to_json(note)) for note in found]
    rows = [
        (
            f"{note.time:%Y-%m-%d %H:%M:%S}",
            "" if note.subject is None else note.subject.words,
            " ".join(note.tags),
            " ".join(note.text.split()),
        )
        for note in found
    ]
    headings = ("time (UTC)", "about", "tags", "note")
    table = Table(headings, rows, left=frozenset(range(4))) if rows else Table(title="no notes")
    emit(chosen(format_, as_json), {"schema_version": 1, "notes": records}, records, table)


@app.command(
    cls=Command,
    epilog=examples("optionix journal export --to journal.md", "optionix journal export --to - --tag exit | less"),
)
def export(
    context: typer.Context,
    to: Annotated[Path, typer.Option("--to", help="File to write, or - for stdout.", metavar="FILE")],
    *,
    find: FindOption = None,
    tag: TagOption = None,
    order: OrderOption = None,
    position: PositionOption = None,
    day: DayOption = None,
) -> None:
    """Notes as Markdown, a chapter a day. An existing file is replaced."""
    from optionix_core.services import journal

    if str(to) != DASH:
        check_target(to, "--to")
    wanted = _filter(find, tag, order, position, day)
    with face_of(context).workspace() as workspace:
        found = journal.notes(workspace.store, wanted)
    text = journal.markdown(found)
    if str(to) == DASH:
        sys.stdout.write(text)
        return
    with to.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    say(f"{len(found):,} {'note' if len(found) == 1 else 'notes'} written to {to}")


def _filter(find: str | None, tag: str | None, order: str | None, position: str | None, day: date | None) -> NoteFilter:
    from optionix_core.services import journal

    subject = journal.subject_of(order=order, position=position, day=day)
    return journal.NoteFilter(find, None if tag is None else tag.lower(), subject)


def _piped() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("- reads standard input, and nothing is piped into it")
    return sys.stdin.read()
