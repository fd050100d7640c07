"""Cboe's quote table as its web pages hand it out: one row for each expiry and strike, calls left, puts right.

    Standard & Poors 500 Index,Last: 4164,Change:  52.92
    "Date: February 7, 2023 at 5:34 PM EST",Bid: 4099.96,Ask: 4203.0601,Size: 1*1,Volume: 0
    Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,Puts,Last Sale, ...

The older header of two lines is read too: `SPX (S&P 500 INDEX),2747.71,+4.56,` and
`Feb 16 2018 @ 14:42 ET,Bid,2747.4,Ask,2748.05, ...` with `Vol` and `Open Int` for column names. Tables
from before 2017, whose rows have no expiry and no OSI symbol, are refused.

A last price or an ask of 0 is how the table says that there is none, and so is an implied volatility
of 0 ("not computed") and a delta of 0 beside it. A bid of 0 stays: it is the bid that the exchange
shows for an option that nobody bids for. Rows that have expired stay. When the quotes are of, see
`moments`; the moment at which the table was saved becomes `received_at`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from optionix_core.errors import MalformedFileError
from optionix_core.feeds.files.assembly import FlatQuotes, Listing, listed, slices
from optionix_core.feeds.files.moments import close_delay, quotes_moment, written_moment
from optionix_core.feeds.files.osi_columns import OsiColumn, check_dates, read_symbols
from optionix_core.feeds.files.tables import Row, Table, absent_where_zero, decode, read_bytes, rows, table
from optionix_core.market.chain import OptionChain

FORMAT = "cboe-table"

_NAMES = {
    "standard & poors 500 index": "SPX",
    "s&p 500 index": "SPX",
    "mini-spx index": "XSP",
    "nasdaq 100": "NDX",
    "nasdaq 100 index": "NDX",
    "nasdaq-100 index": "NDX",
    "russell 2000 index": "RUT",
    "cboe volatility index": "VIX",
    "dow jones industrial average index": "DJX",
    "s&p 100 index": "OEX",
}
_FIELDS: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    ("last", ("Last Sale",), True),
    ("bid", ("Bid",), True),
    ("ask", ("Ask",), True),
    ("volume", ("Volume", "Vol"), True),
    ("vendor_iv", ("IV",), False),
    ("vendor_delta", ("Delta",), False),
    ("open_interest", ("Open Interest", "Open Int"), True),
)
"""Field, the column's names over the years, and whether a table must have it."""
_SYMBOL_FIRST = re.compile(r"\^?([A-Z0-9]{1,6}) \(")
_ROW_DATE = re.compile(r"(?:[A-Za-z]{3} )?([A-Za-z]{3}) (\d{1,2}) (\d{4})|(\d{1,2})/(\d{1,2})/(\d{4})")
_HEADER_WITHIN = 8


class _Head(NamedTuple):
    """What stands above the column names."""

    name: str
    spot: float | None
    change: float | None
    saved_at: datetime


def recognises(text: str) -> bool:
    """Whether the text starts as such a table does."""
    return any(_is_header(line.split(",")) for line in text[:4096].splitlines()[:_HEADER_WITHIN])


def _is_header(cells: Sequence[str]) -> bool:
    names = {cell.strip().casefold() for cell in cells}
    return {"calls", "puts", "last sale"} <= names


def read(path: Path) -> OptionChain:
    """The chain in the table at `path`.

    Raises MalformedFileError with line and column for anything that does not fit: a short row, a word
    for a number, a missing column, a strike given twice, a symbol that contradicts its row.
    """
    lines = rows(path, decode(path, read_bytes(path)))
    at = next((place for place, row in enumerate(lines[:_HEADER_WITHIN]) if _is_header(row.cells)), None)
    if at is None:
        raise MalformedFileError(str(path), "has no line of column names with Calls and Puts", 1, 1)
    if at < 2:
        raise MalformedFileError(str(path), "lacks the two lines above its column names", lines[at].line, 1)
    head = _head(path, lines[at - 2], lines[at - 1])
    quotes = table(path, lines[at], lines[at + 1 :])
    columns, flat, listings = _quotes(quotes)
    underlying = _underlying(path, head.name, columns, quotes.lines)
    as_of = quotes_moment(head.saved_at, "XNYS", after_close=close_delay(underlying))
    return OptionChain(
        underlying=underlying,
        source=path.name,
        as_of=as_of,
        spot=head.spot,
        currency="USD",
        slices=slices(path, listings, flat),
        received_at=head.saved_at,
        spot_change=head.change,
    )


def _head(path: Path, first: Row, second: Row) -> _Head:
    name = first.cells[0].strip()
    spot = _labelled(path, first, 1, "Last")
    change = _labelled(path, first, 2, "Change")
    return _Head(name, spot or None, change, written_moment(path, second.cells[0], second.line))


def _labelled(path: Path, row: Row, place: int, label: str) -> float | None:
    """`Last: 4164` or, in older tables, `4164`; None where the cell is absent or empty."""
    cell = row.cells[place].strip() if place < len(row.cells) else ""
    text = re.sub(rf"^{label}:?\s*", "", cell)
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise MalformedFileError(str(path), f"{label} must be a number (got {cell!r})", row.line, place + 1) from None
    if not np.isfinite(value):
        raise MalformedFileError(str(path), f"{label} must be finite (got {cell!r})", row.line, place + 1)
    return value


def _quotes(quotes: Table) -> tuple[tuple[OsiColumn, OsiColumn], FlatQuotes, list[Listing]]:
    path, lines = quotes.path, quotes.lines
    if quotes.find("Strike") is None:
        raise MalformedFileError(str(path), "has no column 'Strike'", quotes.header_line, "Strike")
    dates = _dates(quotes)
    strikes = quotes.numbers(quotes.index("Strike"))
    starts = {"Calls": quotes.index("Calls"), "Puts": quotes.index("Puts")}
    sides = []
    numbers: dict[str, list[np.ndarray[tuple[int], np.dtype[np.float64]]]] = {}
    for name, letter in (("Calls", "C"), ("Puts", "P")):
        column = read_symbols(path, quotes.columns[starts[name]], lines, name)
        _check_side(quotes, column, letter, strikes, name)
        check_dates(path, column, dates, lines, "Expiration Date")
        end = min((place for place in starts.values() if place > starts[name]), default=len(quotes.names))
        for field, values in _side_numbers(quotes, starts[name], end, name).items():
            numbers.setdefault(field, []).append(values)
        sides.append(column)
    listings: dict[tuple[str, date], int] = {}
    indices = []
    for column in sides:
        own = [listings.setdefault((kind.root, kind.expiry), len(listings)) for kind in column.kinds]
        indices.append(np.array(own, np.int64)[column.kind])
    flat = FlatQuotes(
        listing=np.concatenate(indices),
        sign=np.repeat(np.array([1, -1]), quotes.height),
        strike=np.tile(strikes, 2),
        symbols=sides[0].keys + sides[1].keys,
        lines=np.tile(np.array(lines, np.int64), 2),
        numbers={field: np.concatenate(parts) for field, parts in numbers.items()},
    )
    return (sides[0], sides[1]), flat, [listed(root, expiry) for root, expiry in listings]


def _dates(quotes: Table) -> list[date]:
    """Expiry of each row; each spelling is read once."""
    known: dict[str, date] = {}
    found = []
    for cell, line in zip(quotes.cells("Expiration Date"), quotes.lines, strict=True):
        day = known.get(cell)
        if day is None:
            day = known[cell] = _row_date(quotes.path, cell, line)
        found.append(day)
    return found


def _row_date(path: Path, cell: str, line: int) -> date:
    matched = _ROW_DATE.fullmatch(cell.strip())
    reason = f"must be a date such as Fri Jun 17 2022 or 06/17/2022 (got {cell!r})"
    if matched is None:
        raise MalformedFileError(str(path), reason, line, "Expiration Date")
    name, day, year, month, month_day, last_year = matched.groups()
    try:
        if name is None:
            return date(int(last_year), int(month), int(month_day))
        months = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
        return date(int(year), months.index(name.lower()) + 1, int(day))
    except ValueError:
        raise MalformedFileError(str(path), reason, line, "Expiration Date") from None


def _check_side(
    quotes: Table, column: OsiColumn, letter: str, strikes: np.ndarray[tuple[int], np.dtype[np.float64]], name: str
) -> None:
    other = np.array([kind.option_type.letter != letter for kind in column.kinds])[column.kind]
    far = ~(np.abs(column.strikes - strikes) < 5e-4)
    for bad, reason in ((other, "is not among {}"), (far, "has another strike than its row, {:g}")):
        if bad.any():
            row = int(np.argmax(bad))
            said = reason.format(name.lower() if bad is other else strikes[row])
            raise MalformedFileError(str(quotes.path), f"{column.keys[row]} {said}", quotes.lines[row], name)


def _side_numbers(
    quotes: Table, start: int, end: int, side: str
) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Numbers of one side, whose columns stand between its symbols and the other side's."""
    found = {}
    for field, names, needed in _FIELDS:
        places = [quotes.find(name, start) for name in names]
        place = next((place for place in places if place is not None and place < end), None)
        if place is None:
            if needed:
                reason = f"has no column {names[0]!r} for its {side.lower()}"
                raise MalformedFileError(str(quotes.path), reason, quotes.header_line, names[0])
            continue
        label = f"{quotes.names[place]} ({side.lower()})"
        found[field] = quotes.numbers(place, label, signed=field == "vendor_delta")
    for field in ("last", "ask", "vendor_iv"):
        if field in found:
            found[field] = absent_where_zero(found[field])
    if "vendor_delta" in found and "vendor_iv" in found:
        nothing = np.isnan(found["vendor_iv"]) & (found["vendor_delta"] == 0.0)
        found["vendor_delta"] = np.where(nothing, np.nan, found["vendor_delta"])
    return found


def _underlying(path: Path, name: str, columns: Sequence[OsiColumn], lines: Sequence[int]) -> str:
    """From the symbol before a parenthesis, from the name, or else from the roots; every root must be its option."""
    from optionix_core.market.products import Symbology, product

    written = _SYMBOL_FIRST.match(name)
    told = written[1] if written is not None else _NAMES.get(name.casefold())
    for side, column in zip(("Calls", "Puts"), columns, strict=True):
        of_root = {kind.root: product(kind.root, Symbology.OSI).underlying for kind in column.kinds}
        for index, kind in enumerate(column.kinds):
            told = told or of_root[kind.root]
            if of_root[kind.root] != told:
                row = int(np.argmax(column.kind == index))
                reason = f"{column.keys[row]} is an option on {of_root[kind.root]}, not on {told}"
                raise MalformedFileError(str(path), reason, lines[row], side)
    if told is None:
        raise MalformedFileError(str(path), "has no options", lines[0], "Calls")
    return told
