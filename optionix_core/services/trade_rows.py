"""Trades of a CSV file, row by row, each cell read strictly: all that is wrong is named before anything is used.

    time,symbol,side,quantity,price,fee,id
    2026-11-18T15:31:07Z,ORBIT270115C00200000,buy,2,21.40,1.30,T-1001

`time` with its zone and not in the future, `symbol` an option in any accepted form or a share, `side` buy or sell,
`quantity` whole and above zero, `price` per unit of the underlying, `fee` zero or more, `id` the trade's own.
`currency` and `multiplier` may follow: they must be the product's where it tells them, and are needed where it does not
(adjusted options).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from optionix_core.errors import InvalidValueError, MalformedFileError, MissingDataError
from optionix_core.market import symbols
from optionix_core.market.products import product
from optionix_core.market.symbols import is_share
from optionix_core.portfolio.combination import TradeLeg
from optionix_core.sync.canonical import time_text

REQUIRED: Final = ("time", "symbol", "side", "quantity", "price", "fee", "id")
OPTIONAL: Final = ("currency", "multiplier")
SHOWN: Final = 10
"""Wrong rows that a message names; it counts the others."""

_SIDES: Final = {"buy": 1, "sell": -1}
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}", re.ASCII)
_NUMBER: Final = re.compile(r"-?\d{1,20}(\.\d{1,18})?", re.ASCII)
_EARLIEST: Final = datetime(1973, 4, 26, tzinfo=UTC)
"""The first day of listed options."""
_Read = TypeVar("_Read")


class TradeRow(NamedTuple):
    """One row."""

    line: int
    """In the file, from 1."""
    id: str
    time: datetime
    leg: TradeLeg
    fee: Decimal


class WrongRow(NamedTuple):
    """What a row must be and is not."""

    line: int
    column: str | None
    reason: str


class _Terms(NamedTuple):
    symbol: str
    multiplier: Decimal | None
    currency: str
    expiry: date | None


def read(path: Path, now: datetime) -> tuple[list[TradeRow], list[WrongRow]]:
    """Every row that is a trade, and what is wrong with the others, in the order of the file.

    Raises MalformedFileError where the file is no CSV or its columns are others.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            columns = _columns(path, next(rows, None))
            found = [(rows.line_num, row) for row in rows if any(cell.strip() for cell in row)]
    except UnicodeDecodeError as error:
        raise MalformedFileError(str(path), f"not UTF-8 at byte {error.start}") from error
    except csv.Error as error:
        raise MalformedFileError(str(path), f"no CSV: {error}") from error
    except (FileNotFoundError, IsADirectoryError) as error:
        raise MalformedFileError(str(path), "there is no such file") from error
    trades: list[TradeRow] = []
    wrong: list[WrongRow] = []
    lines: dict[str, int] = {}
    for line, row in found:
        if len(row) != len(columns):
            wrong.append(WrongRow(line, None, f"must have {len(columns)} cells (got {len(row)})"))
            continue
        trade = _Cells(line, dict(zip(columns, (cell.strip() for cell in row), strict=True)), wrong).trade(now)
        if trade is None:
            continue
        if trade.id in lines:
            reason = f"must be unique in the file (got {trade.id!r}, as in line {lines[trade.id]})"
            wrong.append(WrongRow(line, "id", reason))
            continue
        lines[trade.id] = line
        trades.append(trade)
    return trades, wrong


def malformed(path: Path, wrong: Sequence[WrongRow]) -> MalformedFileError:
    """The error that names the wrong rows, the first one's line and column as its own."""
    first, *others = sorted(wrong, key=lambda item: item.line)
    words = [first.reason, *(_place(item) for item in others[: SHOWN - 1])]
    if len(others) >= SHOWN:
        words.append(f"and {len(others) - SHOWN + 1} more")
    return MalformedFileError(str(path), "\n  ".join(words), first.line, first.column)


def _place(item: WrongRow) -> str:
    column = "" if item.column is None else f", column {item.column}"
    return f"line {item.line}{column}: {item.reason}"


def _columns(path: Path, header: Sequence[str] | None) -> list[str]:
    names = [] if header is None else [name.strip().lower() for name in header]
    for name in REQUIRED:
        if name not in names:
            raise MalformedFileError(str(path), f"the column {name} is missing; it needs {', '.join(REQUIRED)}", 1)
    for name in names:
        if name not in (*REQUIRED, *OPTIONAL) or names.count(name) > 1:
            known = ", ".join((*REQUIRED, *OPTIONAL))
            raise MalformedFileError(str(path), f"the column {name!r} must be one of {known}, once", 1)
    return names


class _Cells:
    """The cells of one row; what is wrong with them is noted."""

    def __init__(self, line: int, cells: Mapping[str, str], wrong: list[WrongRow]) -> None:
        self._line, self._cells, self._wrong = line, cells, wrong

    def trade(self, now: datetime) -> TradeRow | None:
        """The trade; None where a cell is wrong."""
        time = self._read("time", _time, "a moment with its zone, such as 2026-11-18T15:31:07Z")
        if time is not None and not _EARLIEST <= time <= now:
            self._note("time", f"between {time_text(_EARLIEST)} and now, {time_text(now)}")
            time = None
        side = self._read("side", lambda text: _SIDES.get(text.lower()), "buy or sell")
        quantity = self._read("quantity", _whole, "a whole number above 0")
        price = self._read("price", _not_negative, "a number, zero or more, of at most 18 decimals")
        fee = self._read("fee", _not_negative, "a number, zero or more, of at most 18 decimals")
        name = self._read("id", _id, "1 to 100 letters, digits and ._:/-, beginning with a letter or digit")
        terms = self._terms()
        multiplier = None if terms is None else self._multiplier(terms)
        if terms is not None and time is not None and not _alive(terms, time):
            self._note("time", f"on or before the expiry of {terms.symbol}, {terms.expiry}")
            time = None
        if time is None or side is None or quantity is None or price is None or fee is None or name is None:
            return None
        if terms is None or multiplier is None:
            return None
        leg = TradeLeg(terms.symbol, side * quantity, price, multiplier, terms.currency)
        return TradeRow(self._line, name, time, leg, fee)

    def _read(self, column: str, reader: Callable[[str], _Read | None], bound: str) -> _Read | None:
        value = reader(self._cells[column])
        if value is None:
            self._note(column, bound)
        return value

    def _note(self, column: str, bound: str) -> None:
        shown = self._cells.get(column, "")
        self._wrong.append(WrongRow(self._line, column, f"must be {bound} (got {shown!r})"))

    def _terms(self) -> _Terms | None:
        text, asked = self._cells["symbol"], self._cells.get("currency", "").upper()
        try:
            terms = _terms_of(text, asked)
        except InvalidValueError as error:
            what = "" if error.field == "symbol" else f"{error.field} "
            self._wrong.append(WrongRow(self._line, "symbol", f"{what}must be {error.bound} (got {text!r})"))
            return None
        except MissingDataError as error:
            self._wrong.append(WrongRow(self._line, "symbol", f"{error} (got {text!r})"))
            return None
        if asked not in ("", terms.currency):
            self._note("currency", terms.currency)
            return None
        return terms

    def _multiplier(self, terms: _Terms) -> Decimal | None:
        text = self._cells.get("multiplier", "")
        if not text:
            if terms.multiplier is None:
                self._note("multiplier", f"given: {terms.symbol} is adjusted, and its product does not tell it")
            return terms.multiplier
        value = _not_negative(text)
        if not value:
            self._note("multiplier", "a number above 0")
            return None
        if terms.multiplier not in (None, value):
            self._note("multiplier", f"{terms.multiplier}, as of the product")
            return None
        return value


def _terms_of(text: str, currency: str) -> _Terms:
    """Key, multiplier, currency and expiry. InvalidValueError or MissingDataError where the symbol is none."""
    try:
        terms = symbols.terms(text)
    except InvalidValueError as error:
        if is_share(text.upper()):
            return _Terms(text.upper(), Decimal(1), currency or "USD", None)
        bound = f"{error.bound}, or the symbol of a share" if error.field == "symbol" else error.bound
        raise InvalidValueError(error.field, error.value, bound) from None
    known = product(terms.root, terms.symbology)
    return _Terms(terms.key, None if known.adjusted else known.multiplier, known.currency, terms.expiry)


def _alive(terms: _Terms, time: datetime) -> bool:
    """Whether the option could still be traded; a day is left for exchanges west of Greenwich."""
    return terms.expiry is None or (time - timedelta(days=1)).date() <= terms.expiry


def _time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment.astimezone(UTC)


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    except InvalidOperation:
        return None


def _not_negative(text: str) -> Decimal | None:
    value = _number(text)
    return None if value is None or value < 0 else value.copy_abs()


def _whole(text: str) -> Decimal | None:
    value = _number(text)
    return None if value is None or value <= 0 or value != value.to_integral_value() else value


def _id(text: str) -> str | None:
    return text if _ID.fullmatch(text) else None
