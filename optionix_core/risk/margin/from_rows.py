"""A margin book out of the rows of a CSV file, and what had to be taken for granted on the way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.risk.book_csv import BookRow
from optionix_core.risk.margin.book import MarginBook, MarginClass, MarginPosition


class BookOfRows(NamedTuple):
    """What was read."""

    book: MarginBook
    notes: tuple[str, ...]


def from_rows(rows: Sequence[BookRow], as_of: datetime, currency: str = "USD") -> BookOfRows:
    """Rows of one instrument are added up, as an account holds them.

    Raises InvalidValueError for two rows of one instrument at two prices, UnknownNameError for a margin class.
    """
    notes = []
    guessed = [row.id for row in rows if not row.multiplier_told]
    if guessed:
        who = "all options" if len(guessed) == sum(row.option_type is not None for row in rows) else ", ".join(guessed)
        notes.append(f"{who}: no multiplier is given, taken as 100")
    held: dict[tuple[object, ...], MarginPosition] = {}
    for row in rows:
        position = _position(row)
        key = position.instrument
        if key not in held:
            held[key] = position
            continue
        first = held[key]
        if not math.isclose(position.underlying_price, first.underlying_price):
            bound = f"that of {first.id}, {first.underlying_price:g}"
            raise InvalidValueError(f"underlying_price of position {row.id}", row.underlying_price, bound)
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
    positions = tuple(position for position in held.values() if position.quantity)
    return BookOfRows(MarginBook(positions=positions, as_of=as_of, currency=currency), tuple(dict.fromkeys(notes)))


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
        style=row.style,
        implied_volatility=row.implied_volatility,
        rate=row.rate,
        dividend_yield=row.dividend_yield,
        cash_settled=row.cash_settled,
        inverse=row.inverse,
    )
