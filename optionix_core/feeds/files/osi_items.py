"""Quotes of OSI options given as JSON objects: what Cboe's delayed quotes and Tradier's chains share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import numpy as np

from optionix_core.errors import MalformedFileError
from optionix_core.feeds.files.assembly import NUMBER_FIELDS, FlatQuotes, listed, slices
from optionix_core.feeds.files.json_values import Document, Item
from optionix_core.feeds.files.osi_columns import OsiColumn, read_symbols
from optionix_core.market.chain import ChainSlice


def slices_of(
    document: Document, items: Sequence[Item], symbol_field: str, numbers: Callable[[Item], Mapping[str, float]]
) -> tuple[tuple[ChainSlice, ...], OsiColumn]:
    """Slices of the options in `items`; `numbers` gives the fields of one, by names of NUMBER_FIELDS."""
    if not items:
        document.refuse("holds no options", symbol_field)
    symbols = [entry.text(symbol_field) for entry in items]
    try:
        column = read_symbols(document.path, symbols, range(len(items)), symbol_field)
    except MalformedFileError as error:
        bad = items[error.line or 0]
        bad.refuse(symbol_field, error.reason)
    rows = [numbers(entry) for entry in items]
    columns = {name: np.array([row[name] for row in rows]) for name in NUMBER_FIELDS if name in rows[0]}
    listings: dict[tuple[str, date], int] = {}
    own = [listings.setdefault((kind.root, kind.expiry), len(listings)) for kind in column.kinds]
    quotes = FlatQuotes(
        listing=np.array(own, np.int64)[column.kind],
        sign=np.array([int(kind.option_type) for kind in column.kinds])[column.kind],
        strike=column.strikes,
        symbols=column.keys,
        lines=np.array(document.lines_of(symbols), np.int64),
        numbers=columns,
    )
    return slices(document.path, [listed(root, expiry) for root, expiry in listings], quotes), column
