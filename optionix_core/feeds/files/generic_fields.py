"""The fields of a flat quote, one row for each option: what generic CSV and Parquet files hold.

Of the whole chain (the same in every row):

    as_of             the moment of the quotes, ISO 8601 with its zone; needed
    underlying        needed, unless the root tells it
    source, currency  default: the file's name; the product's currency
    spot, spot_change, received_at

Of a root and expiry (the same in all of their rows; default: what the product's specification says):

    root, expires_at, settlement (AM, PM), exercise (european, american), multiplier, inverse (true, false)
    underlying_price  the source's own forward

Of the option: `symbol`, or `expiry` (ISO date), `strike` and `option_type` (call, put, C, P) with a root
or underlying, or all of them, in which case they must agree.

Of the quote: bid, ask, bid_size, ask_size, last, volume, open_interest, vendor_iv (a fraction),
vendor_delta, quoted_at (POSIX seconds). Absent columns and empty cells are absent numbers; numbers are
taken as they stand, except that a vendor_iv of 0 is absent.

A mapping says where a file keeps a field under another name, or that a field is the same for the whole
file: `{"bid": "best_bid", "as_of": "=2024-03-15T20:00:00Z"}`. A value after `=` is that constant. Fields
that a mapping does not name are looked for under their own names; columns that are no field are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from optionix_core.errors import ConfigurationError, MalformedFileError
from optionix_core.feeds.files.assembly import NUMBER_FIELDS

Kind = Literal["text", "number", "moment", "date", "flag"]

CHAIN_FIELDS: dict[str, Kind] = {
    "underlying": "text",
    "source": "text",
    "as_of": "moment",
    "spot": "number",
    "currency": "text",
    "received_at": "moment",
    "spot_change": "number",
}
LISTING_FIELDS: dict[str, Kind] = {
    "root": "text",
    "expiry": "date",
    "expires_at": "moment",
    "settlement": "text",
    "exercise": "text",
    "multiplier": "number",
    "inverse": "flag",
    "underlying_price": "number",
}
QUOTE_FIELDS: dict[str, Kind] = {
    "symbol": "text",
    "option_type": "text",
    "strike": "number",
    **dict.fromkeys(NUMBER_FIELDS, "number"),
}
FIELDS: dict[str, Kind] = {**CHAIN_FIELDS, **LISTING_FIELDS, **QUOTE_FIELDS}
"""Every field in the order in which files are written, with its kind."""


@dataclass(frozen=True, slots=True)
class FieldCells:
    """The cells of each field that a file or its mapping gives, as text; shape (rows,) each."""

    path: Path
    header_line: int
    lines: Sequence[int]
    cells: Mapping[str, Sequence[str]]
    columns: Mapping[str, str]
    """The column that each field came from, for errors."""

    def error(self, field: str, row: int, reason: str) -> MalformedFileError:
        """The error for one field of one row."""
        return MalformedFileError(str(self.path), reason, self.lines[row], self.columns.get(field, field))

    def missing(self, field: str) -> MalformedFileError:
        """The error for a field that is needed and that the file does not have."""
        column = self.columns.get(field, field)
        return MalformedFileError(str(self.path), f"has no column for {field}", self.header_line, column)


def map_fields(
    path: Path,
    header_line: int,
    names: Sequence[str],
    columns: Sequence[Sequence[str]],
    lines: Sequence[int],
    mapping: Mapping[str, str] | None,
) -> FieldCells:
    """Which column holds which field.

    Raises ConfigurationError where the mapping names a field that does not exist, MalformedFileError
    where it names a column that the file does not have, or where two columns have the same name.
    """
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        if places.setdefault(name, place) != place and (name in FIELDS or name in (mapping or {}).values()):
            raise MalformedFileError(str(path), f"has two columns called {name!r}", header_line, place + 1)
    cells: dict[str, Sequence[str]] = {}
    found: dict[str, str] = {}
    for field, wanted in (mapping or {}).items():
        if field not in FIELDS:
            raise ConfigurationError(f"mapping names {field!r}, which is no field; fields are {', '.join(FIELDS)}")
        if wanted.startswith("="):
            cells[field], found[field] = [wanted[1:]] * len(lines), f"{field} of the mapping"
        elif wanted in places:
            cells[field], found[field] = columns[places[wanted]], wanted
        else:
            raise MalformedFileError(str(path), f"has no column {wanted!r} for {field}", header_line, wanted)
    for field in FIELDS:
        if field not in cells and field in places:
            cells[field], found[field] = columns[places[field]], field
    return FieldCells(path, header_line, lines, cells, found)
