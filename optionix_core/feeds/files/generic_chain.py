"""A chain out of flat quotes whose fields are known: the part that generic CSV and Parquet files share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar, cast

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.feeds.files.assembly import NUMBER_FIELDS, FlatQuotes, Listing, listed, slices
from optionix_core.feeds.files.generic_fields import LISTING_FIELDS, FieldCells
from optionix_core.feeds.files.tables import absent_where_zero, numbers
from optionix_core.market import deribit_names, osi
from optionix_core.market.chain import ExerciseStyle, OptionChain, Settlement
from optionix_core.market.option_type import OptionType
from optionix_core.market.products import Product, Symbology, product
from optionix_core.market.symbols import OptionTerms, terms

Value = TypeVar("Value")
_COIN_EXPIRY = time(8, tzinfo=UTC)


def chain_of(given: FieldCells) -> OptionChain:
    """The chain. Raises MalformedFileError with line and column for whatever does not fit or contradicts itself."""
    options = _options(given)
    keys: dict[tuple[str, date], int] = {}
    listing = np.array([keys.setdefault((option.root, option.expiry), len(keys)) for option in options], np.int64)
    listings = []
    for index in keys.values():
        own = np.flatnonzero(listing == index).tolist()
        listings.append(_listing(given, options[own[0]], own))
    columns = {
        name: _numbers(given, name, signed=name == "vendor_delta") for name in NUMBER_FIELDS if name in given.cells
    }
    if "vendor_iv" in columns:
        columns["vendor_iv"] = absent_where_zero(columns["vendor_iv"])
    quotes = FlatQuotes(
        listing=listing,
        sign=np.array([int(option.option_type) for option in options], np.int64),
        strike=np.array([float(option.strike) for option in options]),
        symbols=[option.key for option in options],
        lines=np.array(given.lines, np.int64),
        numbers=columns,
    )
    rows = range(len(given.lines))
    as_of = _constant(given, "as_of", _moment, rows)
    if as_of is None:
        raise given.missing("as_of")
    terms_of_first = _product(options[0])
    return OptionChain(
        underlying=_constant(given, "underlying", str, rows) or terms_of_first.underlying,
        source=_constant(given, "source", str, rows) or given.path.name,
        as_of=as_of,
        spot=_constant(given, "spot", _plain_number, rows),
        currency=_constant(given, "currency", str, rows) or terms_of_first.currency,
        slices=slices(given.path, listings, quotes),
        received_at=_constant(given, "received_at", _moment, rows),
        spot_change=_constant(given, "spot_change", _plain_number, rows),
    )


def _options(given: FieldCells) -> list[OptionTerms]:
    """Each row's option, from its symbol, from its parts, or from both where they agree."""
    parts = {field: given.cells[field] for field in ("expiry", "strike", "option_type") if field in given.cells}
    symbols = given.cells.get("symbol")
    if symbols is None and len(parts) < 3:
        raise given.missing(next(field for field in ("expiry", "strike", "option_type") if field not in parts))
    roots = given.cells.get("root", given.cells.get("underlying", ()))
    if symbols is None and not roots:
        raise given.missing("root")
    found = []
    for row in range(len(given.lines)):
        option = None if symbols is None else _read(given, "symbol", row, terms)
        expiry = _read(given, "expiry", row, date.fromisoformat) if "expiry" in parts else None
        kind = _read(given, "option_type", row, OptionType.of) if "option_type" in parts else None
        strike = _read(given, "strike", row, _positive_number) if "strike" in parts else None
        if option is None:
            option = _from_parts(given, row, roots)
        for field, told, own in (
            ("expiry", expiry, option.expiry),
            ("option_type", kind, option.option_type),
            ("strike", strike, float(option.strike)),
            ("root", given.cells["root"][row].strip() if "root" in given.cells else None, option.root),
        ):
            if told is not None and told != own:
                shown = told.label if isinstance(told, OptionType) else told
                raise given.error(field, row, f"{shown} is not what {option.key.strip()} says")
        found.append(option)
    return found


def _from_parts(given: FieldCells, row: int, roots: Sequence[str]) -> OptionTerms:
    expiry, kind = _read(given, "expiry", row, date.fromisoformat), _read(given, "option_type", row, OptionType.of)
    strike = _read(given, "strike", row, _positive_number)
    try:
        return OptionTerms(Symbology.OSI, *osi.parse(osi.format(roots[row].strip(), expiry, kind, strike)))
    except InvalidValueError as error:
        raise given.error(error.field, row, str(error)) from None


def _product(option: OptionTerms) -> Product:
    return product(option.root, option.symbology)


def _listing(given: FieldCells, option: OptionTerms, rows: Sequence[int]) -> Listing:
    """Terms of one root and expiry: the product's, with what the file says in their place."""
    readers: dict[str, Callable[[str], Any]] = {
        "expires_at": _moment,
        "settlement": lambda text: _one_of(text.upper(), ("AM", "PM")),
        "exercise": lambda text: _one_of(text.lower(), ("european", "american")),
        "multiplier": _positive_number,
        "inverse": _flag,
        "underlying_price": _plain_number,
    }
    told = {field: _constant(given, field, readers[field], rows) for field in LISTING_FIELDS if field in readers}
    settled = {field: value for field, value in told.items() if value is not None}
    complete = {"expires_at", "settlement", "exercise", "multiplier", "inverse"} <= settled.keys()
    if complete:
        return Listing(
            option.root,
            option.expiry,
            settled["expires_at"],
            cast(Settlement, settled["settlement"]),
            cast(ExerciseStyle, settled["exercise"]),
            settled["multiplier"],
            settled["inverse"],
            settled.get("underlying_price"),
        )
    if option.symbology is Symbology.OSI:
        base = listed(option.root, option.expiry)
    else:
        terms_of = _product(option)
        inverse = deribit_names.parse(option.key).inverse
        moment = datetime.combine(option.expiry, _COIN_EXPIRY)
        size = float(terms_of.multiplier)
        base = Listing(option.root, option.expiry, moment, "PM", "european", size, inverse)
    return replace(base, **settled)


def _constant(given: FieldCells, field: str, read: Callable[[str], Value], rows: Sequence[int]) -> Value | None:
    """The one value that a field has in `rows`; None where it is absent or empty in all of them."""
    cells = given.cells.get(field)
    if cells is None:
        return None
    first = cells[rows[0]]
    for row in rows:
        if cells[row] != first:
            raise given.error(field, row, f"must be the same throughout (got {cells[row]!r} after {first!r})")
    return _read(given, field, rows[0], read) if first.strip() else None


def _read(given: FieldCells, field: str, row: int, read: Callable[[str], Value]) -> Value:
    text = given.cells[field][row].strip()
    try:
        return read(text)
    except InvalidValueError as error:
        raise given.error(field, row, str(error)) from None
    except ValueError as error:
        raise given.error(field, row, f"{field}: {error}") from None


def _numbers(given: FieldCells, field: str, *, signed: bool) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    cells = given.cells[field]
    return cast(
        "np.ndarray[tuple[int], np.dtype[np.float64]]",
        numbers(given.path, cells, given.lines, given.columns[field], signed=signed),
    )


def _plain_number(text: str) -> float:
    value = float(text)
    if not np.isfinite(value):
        raise InvalidValueError("number", text, "finite")
    return value


def _positive_number(text: str) -> float:
    value = _plain_number(text)
    if value <= 0:
        raise InvalidValueError("number", text, "positive")
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise InvalidValueError("moment", text, "written with its time zone, such as 2024-03-15T20:00:00Z")
    return moment.astimezone(UTC)


def _flag(text: str) -> bool:
    return _one_of(text.lower(), ("true", "false")) == "true"


def _one_of(text: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        raise InvalidValueError("value", repr(text), " or ".join(allowed))
    return text
