"""`optionix workspace`: what terminals have kept of how they were set up."""

from __future__ import annotations

from typing import Annotated

import typer

from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say, write_json
from optionix_tui.cli.usage import examples

app = group(
    "workspace",
    "Saved workspaces of the terminal: list, show, rename, delete.",
    "optionix workspace list",
    "optionix workspace show last",
)

Name = Annotated[str, typer.Argument(help="Name of the workspace.", metavar="NAME")]


@app.command(
    "list",
    cls=Command,
    epilog=examples("optionix workspace list", "optionix workspace list --json | jq -r '.workspaces[].name'"),
)
def list_(context: typer.Context, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Every workspace, the one that was saved last first; what cannot be used is told with file and line."""
    from optionix_core.services import saved_workspaces

    records = [saved_workspaces.entry_to_json(entry) for entry in saved_workspaces.listing(face_of(context).folders)]
    rows = [
        tuple("" if row[name] is None else str(row[name]) for name in _COLUMNS)
        for row in ({**one, "saved_at": (one["saved_at"] or "")[:19]} for one in records)
    ]
    document = {"schema_version": saved_workspaces.SCHEMA_VERSION, "workspaces": records}
    table = Table(tuple(name.replace("_", " ") for name in _COLUMNS), rows, left=frozenset(range(len(_COLUMNS))))
    emit(chosen(format_, as_json), document, records, table)


_COLUMNS = ("name", "saved_at", "screen", "underlying", "expiry", "theme", "legs", "feed", "problem")


@app.command(cls=Command, epilog=examples("optionix workspace show last", "optionix workspace show last | jq .stage"))
def show(context: typer.Context, name: Name) -> None:
    """One workspace as JSON, as it is written down."""
    from optionix_core.services import saved_workspaces

    write_json(saved_workspaces.to_json(saved_workspaces.load(face_of(context).folders, name)))


@app.command(cls=Command, epilog=examples("optionix workspace rename last morning"))
def rename(
    context: typer.Context,
    name: Name,
    other: Annotated[str, typer.Argument(help="What it shall be called.", metavar="NEW_NAME")],
) -> None:
    """Give a workspace another name."""
    from optionix_core.services import saved_workspaces

    saved_workspaces.rename(face_of(context).home, name, other)
    say(f"{name} is called {other} now")


@app.command(cls=Command, epilog=examples("optionix workspace delete last"))
def delete(context: typer.Context, name: Name) -> None:
    """Take a workspace away."""
    from optionix_core.services import saved_workspaces

    saved_workspaces.delete(face_of(context).home, name)
    say(f"deleted {name}")
