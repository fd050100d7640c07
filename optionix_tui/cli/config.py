"""`optionix config`: settings, where each came from, and the files they live in."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from config.errors import SettingsError
from optionix_core.errors import ConfigurationError, UsageError
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.files import DASH, SHOWN, as_file
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from config.paths import Paths

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


@app.command(
    cls=Command,
    epilog=examples(
        "optionix config themes",
        "optionix config themes --print dark > mine.toml",
        "optionix --theme ./mine.toml",
    ),
)
def themes(
    context: typer.Context,
    print_: Annotated[
        str | None, typer.Option("--print", help="Print a shipped theme, to begin one's own with.", metavar="NAME")
    ] = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """The themes, shipped and in themes/ beside the settings: each is checked, and what is hard to read is told."""
    from config import themes as known

    if print_ is not None:
        sys.stdout.write(known.source(print_))
        return
    paths = face_of(context).paths
    records = [_theme_record(name, paths.themes_folder) for name in known.names(paths.themes_folder)]
    _emit_files("themes", records, chosen(format_, as_json))


@app.command(cls=Command, epilog=examples("optionix config keymaps", "optionix --keymap ./mine.toml"))
def keymaps(context: typer.Context, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """The key maps, shipped and in keymaps/ beside the settings: each is checked, with keymap.toml over it."""
    from config import keymaps as known

    paths = face_of(context).paths
    records = [_keymap_record(name, paths) for name in known.names(paths.keymaps_folder)]
    _emit_files("keymaps", records, chosen(format_, as_json))


def _theme_record(name: str, folder: Path) -> dict[str, object]:
    from config import themes as known

    try:
        spec = known.load(name, folder)
    except SettingsError as error:
        return _record(name, error.source, "", str(error), ())
    return _record(
        name, "shipped" if spec.file is None else str(spec.file), spec.description, None, known.warnings(spec)
    )


def _keymap_record(name: str, paths: Paths) -> dict[str, object]:
    from config import keymaps as known

    try:
        found = known.load(name, paths.keymap_file, paths.keymaps_folder)
    except SettingsError as error:
        return _record(name, error.source, "", str(error), ())
    return _record(name, "shipped" if found.file is None else str(found.file), found.description, None, ())


def _record(
    name: str, origin: str, description: str, problem: str | None, warnings: Sequence[str]
) -> dict[str, object]:
    return {
        "name": name, "origin": origin, "description": description, "problem": problem, "warnings": list(warnings),
    }  # fmt: skip


def _emit_files(what: str, records: list[dict[str, object]], format_: Format) -> None:
    """List files that a user may write; one that cannot be used makes the command fail after the list."""
    rows = [
        (
            str(row["name"]),
            str(row["origin"]),
            str(row["description"]),
            "; ".join([str(row["problem"])] if row["problem"] else cast("list[str]", row["warnings"])),
        )
        for row in records
    ]
    table = Table(("name", "origin", "description", "remarks"), rows, left=frozenset({0, 1, 2, 3}))
    emit(format_, {"schema_version": 1, what: records}, records, table)
    broken = [str(row["problem"]) for row in records if row["problem"]]
    if broken:
        raise ConfigurationError(broken[0])


def _shown(value: object) -> str:
    """As the settings file spells it, without quotes."""
    return str(value).lower() if isinstance(value, bool) else str(value)
