"""`optionix config`: settings, where each came from, and the files they live in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say

app = typer.Typer(help="Settings: show, find, make and check them.", no_args_is_help=True)


@app.command()
def show(
    context: typer.Context,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value came from.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Every setting in force.

    Example: optionix config show --origin
    """
    rows = face_of(context).settings.describe()
    records = [{"key": row.key, "value": row.value, "origin": row.origin} for row in rows]
    cells = [(row.key, str(row.value), *((row.origin,) if origin else ()), row.description) for row in rows]
    headings = ("setting", "value", *(("origin",) if origin else ()), "meaning")
    document = {"schema_version": 1, "settings": records}
    emit(chosen(format_, as_json), document, records, Table(headings, cells, left=frozenset({0, 1, 2, 3})))


@app.command()
def path(context: typer.Context, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """The folders and files of this home.

    Example: optionix config path --json | jq -r .data
    """
    paths = face_of(context).paths
    places = {
        "settings": str(paths.settings_file),
        "config": str(paths.config),
        "data": str(paths.data),
        "state": str(paths.state),
        "cache": str(paths.cache),
    }
    table = Table(("what", "where"), list(places.items()), left=frozenset({0, 1}))
    emit(chosen(format_, as_json), {"schema_version": 1, **places}, [places], table)


@app.command()
def init(
    context: typer.Context,
    print_: Annotated[bool, typer.Option("--print", help="Print the file instead of writing it.")] = False,
) -> None:
    """Write a commented settings file with every default; refuses to overwrite one.

    Example: optionix config init
    """
    from config.settings import initial_text

    if print_:
        sys.stdout.write(initial_text())
        return
    target = face_of(context).paths.settings_file
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("x", encoding="utf-8", newline="\n") as file:
            file.write(initial_text())
    except FileExistsError as error:
        raise UsageError(f"settings file must not exist yet (got {target}); --print shows the defaults") from error
    say(f"wrote {target}")


@app.command()
def validate(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="A settings file; the user's own without one.")] = None,
) -> None:
    """Check a settings file; an error names file, line, key and the nearest valid name.

    Example: optionix config validate optionix.toml
    """
    from config.settings import validate as check

    target = file or face_of(context).paths.settings_file
    if file is None and not target.exists():
        say(f"no settings file at {target}: the defaults are in force")
        return
    check(target)
    say(f"{target} is valid")
