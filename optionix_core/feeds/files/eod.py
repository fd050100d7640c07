"""End-of-day option records as CSV: one row for each option and day, with the vendor's volatility and Greeks.

Needed are `underlying`, `underlying_last`, `optionroot` (the whole symbol), `type`, `expiration`,
`quotedate`, `strike`, `bid` and `ask`; `last`, `volume`, `openinterest`, `impliedvol` and `delta` are
taken where they are. Quotes are of the day's close. A file of several days is several chains: `read` takes
one day of it by `on`, and refuses to choose one by itself; `days` lists them.

A last price, an ask or a volatility of 0 means that there is none; a bid of 0 stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import numpy as np

from optionix_core.errors import MalformedFileError, MissingDataError, UsageError
from optionix_core.feeds.files.assembly import FlatQuotes, listed, slices
from optionix_core.feeds.files.moments import close_delay
from optionix_core.feeds.files.osi_columns import check_dates, read_symbols
from optionix_core.feeds.files.tables import Row, Table, absent_where_zero, decode, read_bytes, refuse, rows, table
from optionix_core.market.chain import OptionChain

FORMAT = "eod"

_NEEDED = {"bid": "bid", "ask": "ask"}
_TAKEN = {
    "last": "last",
    "volume": "volume",
    "open_interest": "openinterest",
    "vendor_iv": "impliedvol",
    "vendor_delta": "delta",
}


def recognises(text: str) -> bool:
    """Whether the first line has this format's columns."""
    names = {name.strip() for name in text[: text.find("\n")].split(",")}
    return {"optionroot", "quotedate", "underlying_last"} <= names


def days(path: Path) -> tuple[date, ...]:
    """The days that the file holds, in order."""
    lines = rows(path, decode(path, read_bytes(path)))
    quotes = table(path, lines[0], lines[1:])
    return tuple(sorted(set(_dates(quotes, "quotedate"))))


def read(path: Path, on: date | None = None) -> OptionChain:
    """The chain of one day.

    Raises UsageError where the file has several days and `on` is None, MissingDataError where it has
    none of `on`, MalformedFileError with line and column for what does not fit.
    """
    lines = rows(path, decode(path, read_bytes(path)))
    every = table(path, lines[0], lines[1:])
    quoted = _dates(every, "quotedate")
    held = sorted(set(quoted))
    if on is None and len(held) > 1:
        raise UsageError(f"{path} holds {len(held)} days, {held[0]} to {held[-1]}: name one of them")
    day = held[0] if on is None else on
    if day not in held:
        raise MissingDataError(f"{path} holds {held[0]} to {held[-1]}, and no quotes of {day}")
    first = next(place for place, row in enumerate(lines) if row.line == every.header_line)
    chosen = [row for row, own in zip(lines[first + 1 :], quoted, strict=True) if own == day]
    return _chain(path, lines[first], chosen, day)


def _chain(path: Path, header: Row, body: Sequence[Row], day: date) -> OptionChain:
    quotes = table(path, header, body)
    symbols = read_symbols(path, quotes.cells("optionroot"), quotes.lines, "optionroot")
    check_dates(path, symbols, _dates(quotes, "expiration"), quotes.lines, "expiration")
    strikes = quotes.numbers(quotes.index("strike"))
    refuse(
        path,
        ~(np.abs(strikes - symbols.strikes) < 5e-4),
        quotes.lines,
        "strike",
        lambda row: f"{strikes[row]:g} is not the strike of {symbols.keys[row]}",
    )
    signs = np.array([int(kind.option_type) for kind in symbols.kinds], np.int64)[symbols.kind]
    _check_types(quotes, signs)
    numbers = {field: quotes.numbers(quotes.index(name)) for field, name in _NEEDED.items()}
    for field, name in _TAKEN.items():
        place = quotes.find(name)
        if place is not None:
            numbers[field] = quotes.numbers(place, signed=field == "vendor_delta")
    for field in ("last", "ask", "vendor_iv"):
        if field in numbers:
            numbers[field] = absent_where_zero(numbers[field])
    listings: dict[tuple[str, date], int] = {}
    own = [listings.setdefault((kind.root, kind.expiry), len(listings)) for kind in symbols.kinds]
    flat = FlatQuotes(
        listing=np.array(own, np.int64)[symbols.kind],
        sign=signs,
        strike=strikes,
        symbols=symbols.keys,
        lines=np.array(quotes.lines, np.int64),
        numbers=numbers,
    )
    underlying = _same(quotes, "underlying")
    spots = quotes.numbers(quotes.index("underlying_last"))
    refuse(
        path, spots != spots[0], quotes.lines, "underlying_last",
        lambda row: f"{spots[row]:g} differs from {spots[0]:g}, the same day's at line {quotes.lines[0]}",
    )  # fmt: skip
    return OptionChain(
        underlying=underlying,
        source=path.name,
        as_of=_close(quotes, day, underlying),
        spot=float(spots[0]) or None,
        currency="USD",
        slices=slices(path, [listed(root, expiry) for root, expiry in listings], flat),
    )


def _close(quotes: Table, day: date, underlying: str) -> datetime:
    from optionix_core.market.sessions import session

    traded = session(day, "XNYS")
    if traded is None:
        raise MalformedFileError(str(quotes.path), f"no session was held on {day}", quotes.lines[0], "quotedate")
    return traded.close + close_delay(underlying)


def _dates(quotes: Table, name: str) -> list[date]:
    found = []
    for cell, line in zip(quotes.cells(name), quotes.lines, strict=True):
        try:
            found.append(date.fromisoformat(cell.strip()))
        except ValueError:
            reason = f"must be a date such as 2017-03-17 (got {cell!r})"
            raise MalformedFileError(str(quotes.path), reason, line, name) from None
    return found


def _check_types(quotes: Table, signs: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
    for cell, sign, line in zip(quotes.cells("type"), signs, quotes.lines, strict=True):
        wanted = "call" if sign > 0 else "put"
        if cell.strip().lower() != wanted:
            raise MalformedFileError(str(quotes.path), f"{cell!r} is not the symbol's {wanted}", line, "type")


def _same(quotes: Table, name: str) -> str:
    cells = quotes.cells(name)
    first = cells[0].strip()
    for cell, line in zip(cells, quotes.lines, strict=True):
        if cell.strip() != first or not first:
            reason = f"must be the same in all rows (got {cell!r} after {first!r})"
            raise MalformedFileError(str(quotes.path), reason, line, name)
    return first
