"""`optionix screen`: any screen of the terminal as text or picture, with the data of this moment."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from config.screens import NAMES
from optionix_core.errors import InvalidValueError, UsageError
from optionix_tui.cli.arguments import command
from optionix_tui.cli.face import face_of
from optionix_tui.cli.files import check_target
from optionix_tui.cli.output import say

SMALLEST = (40, 12)
LARGEST = (500, 200)


def screen(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=f"{', '.join(NAMES[:-1])} or {NAMES[-1]}.", metavar="NAME")],
    print_: Annotated[bool, typer.Option("--print", help="As text (the default).")] = False,
    svg: Annotated[bool, typer.Option("--svg", help="As an SVG picture.")] = False,
    underlying: Annotated[
        str | None, typer.Option("--underlying", help="Show this one; the feed's first without it.", metavar="NAME")
    ] = None,
    expiry: Annotated[
        date | None, typer.Option("--expiry", help="Show this expiry; the nearest without it.", metavar="YYYY-MM-DD")
    ] = None,
    root: Annotated[
        str | None, typer.Option("--root", help="Its root, where several share the date.", metavar="ROOT")
    ] = None,
    with_: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            help="Set the screen up: layout=greeks, 'filter=delta .2-.4', ...; as often as needed.",
            metavar="NAME=VALUE",
        ),
    ] = None,
    size: Annotated[str, typer.Option("--size", help="Columns and lines.", metavar="COLSxLINES")] = "120x36",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file instead of stdout.", metavar="FILE")
    ] = None,
) -> None:
    """Draw a screen without opening the terminal."""
    if print_ and svg:
        raise UsageError("--print and --svg exclude each other: give one")
    columns_lines = _size(size)
    check_target(output)
    from optionix_tui.picture import render

    face = face_of(context)
    picture = render(
        name,
        columns_lines,
        "svg" if svg else "text",
        face.settings,
        face.paths,
        underlying=underlying,
        expiry=expiry,
        root=root,
        arranged=_arranged(with_ or ()),
        clock=face.given_clock,
    )
    if output is None:
        sys.stdout.write(picture if picture.endswith("\n") else picture + "\n")
        return
    output.write_text(picture, "utf-8", newline="\n")
    say(f"wrote {output}")


def _arranged(words: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in words:
        name, mark, value = word.partition("=")
        if not mark or not name.strip():
            raise UsageError(f"--with takes NAME=VALUE, such as layout=greeks (got {word!r})")
        found[name.strip()] = value
    return found


def _size(text: str) -> tuple[int, int]:
    columns, _, lines = text.lower().partition("x")
    if not (columns.isdecimal() and lines.isdecimal()):
        raise InvalidValueError("--size", repr(text), "COLUMNSxLINES, such as 120x36")
    size = (int(columns), int(lines))
    for value, least, most, name in zip(size, SMALLEST, LARGEST, ("columns", "lines"), strict=True):
        if not least <= value <= most:
            raise InvalidValueError(f"--size {name}", value, f"between {least} and {most}")
    return size


screen_command = command(
    "screen",
    screen,
    "optionix screen chain --print",
    "optionix screen book --print --size 80x24",
    "optionix screen chain --with layout=greeks --with 'filter=+-8 otm' --print",
    "optionix screen chain --underlying ORBIT --svg --size 200x55 -o chain.svg",
)
