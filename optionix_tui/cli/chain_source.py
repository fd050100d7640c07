"""Which chain a command means, and the options that say how a file of one is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optionix_core.errors import InvalidValueError, UnknownNameError, UsageError
from optionix_tui.cli.face import Face
from optionix_tui.cli.files import DASH, as_file

if TYPE_CHECKING:
    from optionix_core.market.chain import OptionChain

Name = Annotated[
    str,
    typer.Argument(help="An imported chain, an underlying of the feed, a file, or - for one piped in.", metavar="NAME"),
]
FileFormat = Annotated[
    str | None,
    typer.Option("--input-format", help="Format of a file; found by its content without it.", metavar="FORMAT"),
]
Mapped = Annotated[
    list[str] | None,
    typer.Option("--map", help="Heading of a field in a CSV or Parquet file; may be repeated.", metavar="FIELD=COLUMN"),
]
On = Annotated[
    date | None, typer.Option("--date", help="The day to take from a file that holds several.", metavar="YYYY-MM-DD")
]
Rate = Annotated[
    float | None,
    typer.Option("--rate", help="Interest rate for expiries whose quotes cannot tell one.", metavar="FRACTION"),
]


def mapping(pairs: list[str] | None) -> Mapping[str, str] | None:
    """Field to column; InvalidValueError for a pair that is none."""
    if not pairs:
        return None
    split = [pair.partition("=") for pair in pairs]
    for (field, mark, column), pair in zip(split, pairs, strict=True):
        if not (field and mark and column):
            raise InvalidValueError("--map", repr(pair), "FIELD=COLUMN")
    return {field: column for field, _, column in split}


def load(
    face: Face, name: str, file_format: str | None = None, mapped: list[str] | None = None, on: date | None = None
) -> OptionChain:
    """A stored chain, else a file, else the present chain of the feed's underlying of that name.

    What tells how to read a file is refused where no file is read.
    """
    from optionix_core.services import chains

    stored = {item.name.casefold() for item in chains.listing(face.home)}
    is_stored = name.casefold() in stored
    if not is_stored and (name == DASH or Path(name).exists()):
        with as_file(name) as path:
            return chains.load(face.home, path, file_format, mapping(mapped), on)
    for option, value in (("--input-format", file_format), ("--map", mapped), ("--date", on)):
        if value is not None:
            raise UsageError(f"{option} is for files, and {name} is not a file")
    if is_stored:
        return chains.load(face.home, name)
    with face.workspace() as workspace:
        quoted = {info.symbol.casefold(): info.symbol for info in workspace.feed.underlyings()}
        if name.casefold() not in quoted:
            raise UnknownNameError("chain, file or underlying", name, (*sorted(stored), *quoted.values()))
        return workspace.feed.chain(quoted[name.casefold()], workspace.clock.now())
