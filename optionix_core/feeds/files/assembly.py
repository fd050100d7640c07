"""From flat quotes to the slices of a chain: what every importer does last.

An importer hands over one array per field with a line for each quote. Two quotes of one instrument are
an error that names both lines; a strike with a call alone keeps its put side absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import MalformedFileError
from optionix_core.market.chain import ChainSlice, ExerciseStyle, QuoteColumns, Settlement
from optionix_core.market.option_type import OptionType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

NUMBER_FIELDS: tuple[str, ...] = tuple(field.name for field in fields(QuoteColumns) if field.name != "symbols")
"""Fields of QuoteColumns that are arrays of numbers, in order."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What all quotes of one root and expiry share."""

    root: str
    expiry: date
    expires_at: datetime
    settlement: Settlement
    exercise: ExerciseStyle
    multiplier: float
    inverse: bool
    underlying_price: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FlatQuotes:
    """Quotes in the order of the file; arrays of shape (quotes,), absent numbers nan."""

    listing: IntArray
    """Index into the listings."""
    sign: IntArray
    """+1 call, -1 put."""
    strike: FloatArray
    symbols: Sequence[str]
    lines: IntArray
    numbers: dict[str, FloatArray]
    """By names of NUMBER_FIELDS; a missing one is absent throughout."""


def listed(root: str, expiry: date, underlying_price: float | None = None) -> Listing:
    """The listing of a root that follows OCC conventions, with its settlement moment."""
    from optionix_core.market.expirations import settlement_moment
    from optionix_core.market.products import Symbology, product

    terms = product(root, Symbology.OSI)
    return Listing(
        root,
        expiry,
        settlement_moment(root, expiry),
        terms.settlement,
        terms.exercise,
        float(terms.multiplier),
        terms.inverse,
        underlying_price,
    )


def slices(path: Path, listings: Sequence[Listing], quotes: FlatQuotes) -> tuple[ChainSlice, ...]:
    """Slices ordered by settlement moment, then root. Raises MalformedFileError for a quote given twice."""
    order = np.lexsort((quotes.sign, quotes.strike, quotes.listing))
    listing, strike, sign = quotes.listing[order], quotes.strike[order], quotes.sign[order]
    twice = (listing[1:] == listing[:-1]) & (strike[1:] == strike[:-1]) & (sign[1:] == sign[:-1])
    if twice.any():
        _refuse_duplicate(path, quotes, order, twice)
    symbols = np.array(quotes.symbols, dtype=object)[order]
    numbers = {name: values[order] for name, values in quotes.numbers.items()}
    edges = np.searchsorted(listing, np.arange(len(listings) + 1))
    made = []
    for index, terms in enumerate(listings):
        span = slice(edges[index], edges[index + 1])
        own_strikes, own_signs = strike[span], sign[span]
        strikes = np.unique(own_strikes)
        sides = {}
        for option_type in OptionType:
            rows = np.flatnonzero(own_signs == option_type)
            places = np.searchsorted(strikes, own_strikes[rows])
            chosen = {name: values[span][rows] for name, values in numbers.items()}
            sides[option_type] = _columns(len(strikes), places, symbols[span][rows], chosen)
        made.append(
            ChainSlice(
                root=terms.root,
                expiry=terms.expiry,
                expires_at=terms.expires_at,
                settlement=terms.settlement,
                exercise=terms.exercise,
                multiplier=terms.multiplier,
                inverse=terms.inverse,
                strikes=strikes,
                call=sides[OptionType.CALL],
                put=sides[OptionType.PUT],
                underlying_price=terms.underlying_price,
            )
        )
    return tuple(sorted(made, key=lambda item: (item.expires_at, item.root)))


def _columns(
    height: int, places: IntArray, symbols: NDArray[np.object_], numbers: dict[str, FloatArray]
) -> QuoteColumns:
    keys = np.full(height, None, dtype=object)
    keys[places] = symbols
    filled = {}
    for name in NUMBER_FIELDS:
        values = np.full(height, np.nan)
        if name in numbers:
            values[places] = numbers[name]
        filled[name] = values
    return QuoteColumns(symbols=tuple(keys.tolist()), **filled)


def _refuse_duplicate(path: Path, quotes: FlatQuotes, order: IntArray, twice: NDArray[np.bool_]) -> None:
    at = np.flatnonzero(twice)
    first, second = order[at], order[at + 1]
    earlier, later = np.minimum(first, second), np.maximum(first, second)
    pick = int(np.argmin(quotes.lines[later]))
    line, before = int(quotes.lines[later[pick]]), int(quotes.lines[earlier[pick]])
    symbol = quotes.symbols[int(later[pick])]
    strike = quotes.strike[int(later[pick])]
    reason = f"{symbol.strip()} is given twice: strike {strike:g} stands at line {before} already"
    raise MalformedFileError(str(path), reason, line, "Strike")
