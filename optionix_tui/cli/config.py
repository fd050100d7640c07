"""`optionix config`: settings, where each came from, and the files they live in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.files import DASH, SHOWN, as_file
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.usage import examples

app = group(
    "config",
    "Settings: show, find, make and check them.",
    "optionix config show --origin",
    "optionix config init",
)


@app.command(
    cls=Command,
    epilog=examples(
        "optionix config show --origin",
        "optionix --seed 7 config show --json | jq '.settings[] | select(.origin != \"default\")'",
    ),
)
def show(
    context: typer.Context,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value came from.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Every setting in force."""
    rows = face_of(context).settings.describe()
    records = [
        {"key": row.key, "value": row.value, "origin": row.origin, "description": row.description} for row in rows
    ]
    cells = [(row.key, _shown(row.value), *((row.origin,) if origin else ()), row.description) for row in rows]
    headings = ("setting", "value", *(("origin",) if origin else ()), "meaning")
    document = {"schema_version": 1, "settings": records}
    emit(chosen(format_, as_json), document, records, Table(headings, cells, left=frozenset({0, 1, 2, 3})))


@app.command(cls=Command, epilog=examples("optionix config path", 'cd "$(optionix config path --json | jq -r .data)"'))
def path(context: typer.Context, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """The folders and files of this home."""
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


@app.command(cls=Command, epilog=examples("optionix config init", "optionix config init --print > optionix.toml"))
def init(
    context: typer.Context,
    print_: Annotated[bool, typer.Option("--print", help="Print the file instead of writing it.")] = False,
) -> None:
    """Write a commented settings file with every default; refuses to overwrite one."""
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


@app.command(
    cls=Command,
    epilog=examples(
        "optionix config validate",
        "optionix config validate optionix.toml",
        "optionix config init --print | optionix config validate -",
    ),
)
def validate(
    context: typer.Context,
    file: Annotated[
        str | None,
        typer.Argument(help="A settings file, - for standard input; the user's own without one.", metavar="FILE"),
    ] = None,
) -> None:
    """Check a settings file; an error names file, line, key and the nearest valid name."""
    from config.settings import validate as check

    target = str(face_of(context).paths.settings_file) if file is None else file
    if file is None and not Path(target).exists():
        say(f"no settings file at {target}: the defaults are in force")
        return
    with as_file(target) as readable:
        check(readable)
    say(f"{SHOWN if target == DASH else target} is valid")


def _shown(value: object) -> str:
    """As the settings file spells it, without quotes."""
    return str(value).lower() if isinstance(value, bool) else str(value)
