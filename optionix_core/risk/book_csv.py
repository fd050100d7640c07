"""A book written as CSV, each cell read strictly: what is wrong is named by line, column and value.

    underlying,underlying_price,type,strike,expiry,quantity,price,multiplier
    ORBIT,231.40,call,240,2026-03-20,-5,4.10,100
    ORBIT,231.40,stock,,,500,,

or a `symbol` in place of underlying, type, strike and expiry: any form of an option that the program knows, or a share.
`type` is call, put or stock, `quantity` signed, `price` per unit of the underlying. An expiry is a day, whose moment of
settlement follows from the product, or a moment with its zone. An empty multiplier is the product's. Further columns
may follow, empty where they say nothing: `implied_volatility`, `rate` and `dividend_yield` as fractions, `style`
(american, european), `currency`, `margin_class`, `leverage`. An underlying's price has to stand in one of its rows, and
must be the same in all that have it. Refuses to fill anything else in.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from optionix_core.errors import InvalidValueError, MalformedFileError, MissingDataError
from optionix_core.market import symbols
from optionix_core.market.expirations import settlement_moment
from optionix_core.market.option_type import OptionType
from optionix_core.market.products import Symbology, product

COLUMNS: Final = ("underlying", "underlying_price", "type", "strike", "expiry", "quantity", "price", "multiplier")
OPTIONAL: Final = (
    "symbol",
    "implied_volatility",
    "rate",
    "dividend_yield",
    "style",
    "currency",
    "margin_class",
    "leverage",
)
MARGIN_CLASSES: Final = ("equity", "narrow_index", "broad_index", "small_cap_index", "leveraged", "coin")
STYLES: Final = ("american", "european")
STOCK: Final = "stock"

_NUMBER: Final = re.compile(r"[+-]?(\d{1,20}(\.\d{0,18})?|\.\d{1,18})([eE][+-]?\d{1,2})?", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._^/-]{0,19}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookRow:
    """One row, as it stands; None is what it does not say."""

    line: int
    """In the file, from 1."""
    id: str
    """The option's key or the underlying, with its line where a row before has the same."""
    underlying: str
    underlying_price: float
    """In the currency of the strike."""
    option_type: OptionType | None
    """None for the underlying itself."""
    strike: float | None
    expiry: datetime | None
    """The moment of settlement."""
    style: str | None
    """`"american"` or `"european"`; None for the underlying itself."""
    quantity: float
    price: float | None
    multiplier: float
    currency: str
    implied_volatility: float | None
    rate: float | None
    """Continuously compounded, to expiry."""
    dividend_yield: float | None
    margin_class: str | None
    leverage: float | None = None
    """Of a leveraged fund: the multiple, without its sign."""


def parse_book(text: str, source: str = "book") -> tuple[BookRow, ...]:
    """The rows of a CSV text, in its order; `source` is what errors call it.

    Raises MalformedFileError naming line, column and value.
    """
    try:
        lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
        header = [name.strip().lower() for name in next(lines, [])]
        _check_header(header, source)
        found = [(lines.line_num, row) for row in lines if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise MalformedFileError(source, f"no CSV: {error}") from error
    drafts = []
    for line, row in found:
        if len(row) != len(header):
            raise MalformedFileError(source, f"{len(header)} cells are needed (got {len(row)})", line)
        cells = dict(zip(header, (cell.strip() for cell in row), strict=True))
        drafts.append(_Cells(source, line, cells).row())
    return _named(_priced(drafts, source))


def _check_header(header: list[str], source: str) -> None:
    known = (*COLUMNS, *OPTIONAL)
    if not header:
        raise MalformedFileError(source, f"a first line with the columns is needed: {','.join(COLUMNS)}", 1)
    for name in header:
        if name not in known or header.count(name) > 1:
            raise MalformedFileError(source, f"the column {name!r} must be one of {', '.join(known)}, once", 1)
    needed = ("symbol", "quantity") if "symbol" in header else ("underlying", "type", "strike", "expiry", "quantity")
    for name in needed:
        if name not in header:
            raise MalformedFileError(source, f"the column {name} is missing", 1)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What is held."""

    key: str
    root: str
    symbology: Symbology | None
    underlying: str
    option_type: OptionType | None
    strike: float | None
    expiry: datetime | None


class _Cells:
    """The cells of one row."""

    def __init__(self, source: str, line: int, cells: Mapping[str, str]) -> None:
        self._source, self._line, self._cells = source, line, cells

    def row(self) -> BookRow:
        """The row; its underlying's price is nan where it says none."""
        terms = self._symbol() if self._cells.get("symbol") else self._columns()
        item = product(terms.root, terms.symbology)
        multiplier = self._number("multiplier", above=0.0)
        if multiplier is None:
            if terms.option_type is not None and item.adjusted:
                raise self._wrong("multiplier", "", "given: the contract was adjusted")
            multiplier = 1.0 if terms.option_type is None else float(item.multiplier)
        price = self._number("price", least=0.0)
        underlying_price = self._number("underlying_price", above=0.0)
        if underlying_price is None and terms.option_type is None and price is not None:
            underlying_price = price
        quantity = self._number("quantity")
        if not quantity:
            raise self._wrong("quantity", self._cells["quantity"], "a number other than zero")
        style = self._word("style", STYLES)
        return BookRow(
            line=self._line,
            id=terms.key,
            underlying=terms.underlying,
            underlying_price=math.nan if underlying_price is None else underlying_price,
            option_type=terms.option_type,
            strike=terms.strike,
            expiry=terms.expiry,
            style=None if terms.option_type is None else style or item.exercise,
            quantity=quantity,
            price=price,
            multiplier=multiplier,
            currency=self._currency() or item.currency,
            implied_volatility=self._number("implied_volatility", above=0.0),
            rate=self._number("rate"),
            dividend_yield=self._number("dividend_yield"),
            margin_class=self._word("margin_class", MARGIN_CLASSES),
            leverage=self._number("leverage", above=0.0),
        )

    def _symbol(self) -> _Terms:
        text = self._cells["symbol"]
        if not symbols.is_option(text):
            name = text.upper()
            if not _NAME.fullmatch(name):
                raise self._wrong("symbol", text, "an option or a share, such as ORBIT260116C00230000")
            return _Terms(name, name, None, name, None, None, None)
        found = symbols.terms(text)
        item = product(found.root, found.symbology)
        moment = self._settled(found.root, found.expiry, found.symbology, "symbol")
        strike = float(found.strike)
        own = self._cells.get("underlying", "").upper() or item.underlying
        return _Terms(found.key, found.root, found.symbology, own, found.option_type, strike, moment)

    def _columns(self) -> _Terms:
        name = self._cells.get("underlying", "").upper()
        if not _NAME.fullmatch(name):
            raise self._wrong("underlying", name, "a name of letters and digits")
        kind = self._word("type", ("call", "put", STOCK))
        if kind is None:
            raise self._wrong("type", "", "call, put or stock")
        strike = self._number("strike", above=0.0)
        if kind == STOCK:
            for column in ("strike", "expiry"):
                if self._cells[column]:
                    raise self._wrong(column, self._cells[column], "empty for a stock")
            return _Terms(name, name, None, name, None, None, None)
        if strike is None:
            raise self._wrong("strike", "", "a positive number")
        moment = self._expiry(name)
        key = f"{name} {moment:%Y-%m-%d} {strike:g} {kind}"
        return _Terms(key, name, None, name, OptionType.of(kind), strike, moment)

    def _expiry(self, root: str) -> datetime:
        text = self._cells["expiry"]
        bound = "a day such as 2026-01-16, or a moment with its zone"
        try:
            if len(text) == 10:
                return self._settled(root, date.fromisoformat(text), None, "expiry")
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise self._wrong("expiry", text, bound) from None
        if moment.tzinfo is None:
            raise self._wrong("expiry", text, bound)
        return moment

    def _settled(self, root: str, day: date, symbology: Symbology | None, column: str) -> datetime:
        try:
            return settlement_moment(root, day, symbology)
        except (InvalidValueError, MissingDataError) as error:
            raise MalformedFileError(self._source, str(error), self._line, column) from error

    def _currency(self) -> str:
        text = self._cells.get("currency", "").upper()
        if text and not (text.isascii() and text.isalpha() and 3 <= len(text) <= 5):
            raise self._wrong("currency", text, "a code such as USD")
        return text

    def _word(self, column: str, known: tuple[str, ...]) -> str | None:
        text = self._cells.get(column, "").lower()
        if not text:
            return None
        if text not in known:
            raise self._wrong(column, self._cells[column], f"one of {', '.join(known)}")
        return text

    def _number(self, column: str, *, above: float | None = None, least: float | None = None) -> float | None:
        text = self._cells.get(column, "")
        if not text:
            return None
        value = float(text) if _NUMBER.fullmatch(text) else math.nan
        inside = math.isfinite(value) and (above is None or value > above) and (least is None or value >= least)
        if not inside:
            kind = "a number" if above is None and least is None else "a number "
            more = "" if above is None else f"above {above:g}"
            raise self._wrong(column, text, kind + (more or ("" if least is None else f"of at least {least:g}")))
        return value

    def _wrong(self, column: str, value: str, bound: str) -> MalformedFileError:
        return MalformedFileError(self._source, f"{column} must be {bound} (got {value!r})", self._line, column)


def _priced(rows: Iterable[BookRow], source: str) -> list[BookRow]:
    """Rows without a price of their underlying get the one that another row has."""
    drafts = list(rows)
    known: dict[str, BookRow] = {}
    for row in drafts:
        if math.isnan(row.underlying_price):
            continue
        first = known.setdefault(row.underlying, row)
        if not math.isclose(first.underlying_price, row.underlying_price, rel_tol=1e-9):
            reason = f"must be that of line {first.line}, {first.underlying_price:g} (got {row.underlying_price:g})"
            raise MalformedFileError(
                source, f"underlying_price of {row.underlying} {reason}", row.line, "underlying_price"
            )
    for row in drafts:
        if row.underlying not in known:
            raise MalformedFileError(source, f"no row has a price of {row.underlying}", row.line, "underlying_price")
    return [replace(row, underlying_price=known[row.underlying].underlying_price) for row in drafts]


def _named(rows: list[BookRow]) -> tuple[BookRow, ...]:
    seen: set[str] = set()
    named = []
    for row in rows:
        named.append(replace(row, id=f"{row.id} (line {row.line})") if row.id in seen else row)
        seen.add(row.id)
    return tuple(named)
