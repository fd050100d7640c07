"""Generic CSV: flat quotes under named columns, read by a mapping and written for other programs.

The fields and the mapping are described in `generic_fields`. What `write_csv` writes, `read` reads back
to the same bits: numbers are written as the shortest decimal that stands for them, moments to the
microsecond, and what is absent is an empty cell.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from optionix_core.errors import ConfigurationError
from optionix_core.feeds.files.assembly import NUMBER_FIELDS
from optionix_core.feeds.files.generic_chain import chain_of
from optionix_core.feeds.files.generic_fields import CHAIN_FIELDS, FIELDS, LISTING_FIELDS, FieldCells, map_fields
from optionix_core.feeds.files.tables import decode, read_bytes, rows, table

if TYPE_CHECKING:
    from optionix_core.market.chain import ChainSlice, OptionChain

FORMAT = "generic-csv"


def recognises(text: str) -> bool:
    """Whether the first line names an option and the moment of its quotes by our field names."""
    first = text.lstrip("\r\n").splitlines()[0] if text.strip() else ""
    names = {name.strip() for name in first.split(",")}
    return "as_of" in names and ("symbol" in names or {"expiry", "strike", "option_type"} <= names)


def read(path: Path, mapping: Mapping[str, str] | None = None) -> OptionChain:
    """The chain in the file at `path`.

    Raises ConfigurationError for a mapping that names no field, MalformedFileError with line and
    column for what does not fit.
    """
    return chain_of(read_fields(path, mapping))


def read_fields(path: Path, mapping: Mapping[str, str] | None = None) -> FieldCells:
    """The cells of each field, nothing judged yet; errors as those of `read`."""
    lines = rows(path, decode(path, read_bytes(path)))
    quotes = table(path, lines[0], lines[1:])
    return map_fields(path, quotes.header_line, quotes.names, quotes.columns, quotes.lines, mapping)


def write_csv(chain: OptionChain, stream: TextIO, mapping: Mapping[str, str] | None = None) -> None:
    """Write every quote of the chain; `mapping` renames columns, as it does for `read`.

    Raises ConfigurationError for a mapping that names no field or holds a constant.
    """
    names = written_names(mapping)
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    for values in flat_rows(chain):
        writer.writerow([cell(value) for value in values])


def written_names(mapping: Mapping[str, str] | None) -> list[str]:
    """Column names in the order of the fields."""
    for field, name in (mapping or {}).items():
        if field not in FIELDS:
            raise ConfigurationError(f"mapping names {field!r}, which is no field; fields are {', '.join(FIELDS)}")
        if name.startswith("="):
            raise ConfigurationError(f"mapping of {field} must be a column's name to write under (got {name!r})")
    return [(mapping or {}).get(field, field) for field in FIELDS]


def flat_rows(chain: OptionChain) -> Iterator[tuple[object, ...]]:
    """One tuple for each quote, in the order of FIELDS; absent numbers are None."""
    shared = tuple(getattr(chain, field) for field in CHAIN_FIELDS)
    for part in chain.slices:
        terms = shared + tuple(getattr(part, field) for field in LISTING_FIELDS)
        yield from (terms + quote for quote in _quotes(part))


def _quotes(part: ChainSlice) -> Iterator[tuple[object, ...]]:
    strikes = part.strikes.tolist()
    sides = []
    for label, side in (("call", part.call), ("put", part.put)):
        columns = [
            [None if math.isnan(value) else value for value in getattr(side, name).tolist()] for name in NUMBER_FIELDS
        ]
        sides.append((label, side.symbols, columns))
    for row, strike in enumerate(strikes):
        for label, symbols, columns in sides:
            if symbols[row] is not None:
                yield (symbols[row], label, strike, *(column[row] for column in columns))


def cell(value: object) -> str:
    """A value as a cell of text, exact; an absent one is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
