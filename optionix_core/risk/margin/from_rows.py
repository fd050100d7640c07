"""A margin book out of the rows of a CSV file, and what had to be taken for granted on the way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.market import symbols
from optionix_core.market.products import product
from optionix_core.risk.book_csv import BookRow
from optionix_core.risk.margin.book import MarginBook, MarginClass, MarginPosition


class BookOfRows(NamedTuple):
    """What was read."""

    book: MarginBook
    notes: tuple[str, ...]


def from_rows(rows: Sequence[BookRow], as_of: datetime) -> BookOfRows:
    """Rows of one instrument are added up, as an account holds them; options in coins are inverse.

    Raises InvalidValueError for two rows of one instrument at two prices, and for rows of several currencies.
    """
    notes = []
    held: dict[tuple[object, ...], MarginPosition] = {}
    for row in rows:
        position = _position(row)
        key = position.instrument
        if key not in held:
            held[key] = position
            continue
        first = held[key]
        if position.price is not None and first.price is not None and not math.isclose(position.price, first.price):
            bound = f"that of {first.id}, {first.price:g}"
            raise InvalidValueError(f"price of position {row.id}", position.price, bound)
        held[key] = replace(first, quantity=first.quantity + position.quantity)
        notes.append(f"{first.id}: several rows of one instrument are added up")
    notes += [
        f"{row.id}: valued at underlying_price, {row.underlying_price:g}"
        for row in rows
        if row.option_type is None and row.price is not None and not math.isclose(row.price, row.underlying_price)
    ]
    currencies = {row.currency for row in rows if not _is_inverse(row)}
    if len(currencies) > 1:
        raise InvalidValueError("currencies of the book", ", ".join(sorted(currencies)), "one")
    positions = tuple(position for position in held.values() if position.quantity)
    book = MarginBook(positions=positions, as_of=as_of, currency=next(iter(currencies), "USD"))
    return BookOfRows(book, tuple(dict.fromkeys(notes)))


def _position(row: BookRow) -> MarginPosition:
    shares = row.option_type is None
    return MarginPosition(
        id=row.id,
        underlying=row.underlying,
        underlying_price=row.underlying_price,
        quantity=row.quantity * row.multiplier if shares else row.quantity,
        option_type=row.option_type,
        strike=row.strike,
        expiry=row.expiry,
        multiplier=1.0 if shares else row.multiplier,
        price=None if shares else row.price,
        margin_class=None if row.margin_class is None else MarginClass.of(row.margin_class),
        leverage=row.leverage,
        style="european" if row.style == "european" else "american" if row.style == "american" else None,
        implied_volatility=row.implied_volatility,
        rate=row.rate,
        dividend_yield=row.dividend_yield,
        inverse=_is_inverse(row),
    )


def _is_inverse(row: BookRow) -> bool:
    """What the product of a symbol says; a row without a symbol is paid in the currency of its strike."""
    name = row.id.partition(" (line")[0]
    if row.option_type is None or not symbols.is_option(name):
        return False
    terms = symbols.terms(name)
    return product(terms.root, terms.symbology).inverse
