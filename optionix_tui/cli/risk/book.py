"""Where a command of `risk` takes its book from: `--book FILE`, `-`, or the account."""

from __future__ import annotations

from typing import Annotated

import typer

from optionix_core.errors import MalformedFileError, UnknownNameError
from optionix_tui.cli.files import DASH, SHOWN, as_file

BookOption = Annotated[
    str | None,
    typer.Option(
        "--book", help="A CSV file of positions, or - for standard input; the account's own without it.", metavar="FILE"
    ),
]


def text_of(name: str) -> tuple[str, str]:
    """The file's text and its name in messages."""
    shown = SHOWN if name == DASH else name
    with as_file(name) as path:
        if not path.is_file():
            raise UnknownNameError("file", shown)
        try:
            return path.read_text("utf-8-sig"), shown
        except UnicodeDecodeError as error:
            raise MalformedFileError(shown, f"is not UTF-8: {error.reason}") from error
