"""`optionix screen`: any screen of the terminal as text or picture, with the data of this moment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from optionix_core.errors import InvalidValueError, UsageError
from optionix_tui.cli.face import face_of

SMALLEST = (40, 12)
LARGEST = (500, 200)


def _size(text: str) -> tuple[int, int]:
    columns, _, lines = text.lower().partition("x")
    if not (columns.isdecimal() and lines.isdecimal()):
        raise InvalidValueError("--size", repr(text), "COLUMNSxLINES, such as 120x36")
    size = (int(columns), int(lines))
    for value, least, most, name in zip(size, SMALLEST, LARGEST, ("columns", "lines"), strict=True):
        if not least <= value <= most:
            raise InvalidValueError(f"--size {name}", value, f"between {least} and {most}")
    return size


def screen(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="chain or book.")],
    print_: Annotated[bool, typer.Option("--print", help="As text (the default).")] = False,
    svg: Annotated[bool, typer.Option("--svg", help="As an SVG picture.")] = False,
    size: Annotated[str, typer.Option("--size", help="Columns and lines.", metavar="COLSxLINES")] = "120x36",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file instead of stdout.")] = None,
) -> None:
    """Draw a screen without opening the terminal.

    Example: optionix screen chain --svg --size 200x55 -o chain.svg
    """
    if print_ and svg:
        raise UsageError("--print and --svg exclude each other: give one")
    columns_lines = _size(size)
    from optionix_tui.picture import render

    face = face_of(context)
    picture = render(name, columns_lines, "svg" if svg else "text", face.settings, face.paths)
    if output is None:
        sys.stdout.write(picture if picture.endswith("\n") else picture + "\n")
    else:
        output.write_text(picture, "utf-8", newline="\n")
