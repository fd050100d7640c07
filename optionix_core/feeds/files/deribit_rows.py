"""Deribit quotes by instrument name, made into slices: what its JSON and its CSV importers share.

Names say root, expiry, strike and kind; options expire at 08:00 UTC. Options of one underlying and one
currency make a chain, so a file that mixes them is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError, MalformedFileError
from optionix_core.feeds.files.assembly import FlatQuotes, Listing, slices
from optionix_core.market.chain import OptionChain
from optionix_core.market.deribit_names import DeribitOption, parse
from optionix_core.market.products import Product, Symbology, product

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

_EXPIRY_TIME = time(8, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class DeribitRows:
    """Quotes in the order of the file; arrays of shape (quotes,)."""

    path: Path
    names: Sequence[str]
    lines: Sequence[int]
    column: str
    """What the names' column or field is called, for errors."""
    numbers: Mapping[str, FloatArray]
    """By names of assembly.NUMBER_FIELDS; `quoted_at` must be among them."""
    forwards: FloatArray
    """The exchange's forward of the quote's expiry, nan where not given."""
    index: FloatArray
    """The index (spot) that went with the quote, nan where not given."""
    contract_sizes: Mapping[str, float]
    """By name, where the exchange's instruments were given."""


def chain_of(rows: DeribitRows) -> OptionChain:
    """The chain; its moment is that of the latest quote, and spot and forwards are the latest given."""
    options = [_parse(rows, place) for place in range(len(rows.names))]
    terms = {option.root: product(option.root, Symbology.DERIBIT) for option in options if not rows.contract_sizes}
    chains = sorted({(option.base, option.currency) for option in options})
    if len(chains) > 1:
        other = next(place for place, option in enumerate(options) if (option.base, option.currency) != chains[0])
        told = ", ".join(f"{base} in {currency}" for base, currency in chains)
        raise MalformedFileError(str(rows.path), f"holds more than one chain: {told}", rows.lines[other], rows.column)
    quoted_at = rows.numbers["quoted_at"]
    if not np.isfinite(quoted_at).any():
        raise MalformedFileError(str(rows.path), "no quote says when it was made", rows.lines[0], rows.column)
    keys: dict[tuple[str, date], int] = {}
    listing = np.array([keys.setdefault((option.root, option.expiry), len(keys)) for option in options], np.int64)
    listings = []
    for (root, expiry), index in keys.items():
        own = np.flatnonzero(listing == index)
        size = _contract_size(rows, own, terms.get(root))
        forward = _latest(rows.forwards[own], quoted_at[own])
        listings.append(_listing(options[int(own[0])], expiry, size, forward))
    quotes = FlatQuotes(
        listing=listing,
        sign=np.array([int(option.option_type) for option in options], np.int64),
        strike=np.array([float(option.strike) for option in options]),
        symbols=[option.key for option in options],
        lines=np.array(rows.lines, np.int64),
        numbers=dict(rows.numbers),
    )
    return OptionChain(
        underlying=chains[0][0],
        source=rows.path.name,
        as_of=datetime.fromtimestamp(float(np.nanmax(quoted_at)), UTC),
        spot=_latest(rows.index, quoted_at),
        currency=chains[0][1],
        slices=slices(rows.path, listings, quotes),
    )


def _parse(rows: DeribitRows, place: int) -> DeribitOption:
    try:
        return parse(rows.names[place])
    except InvalidValueError as error:
        raise MalformedFileError(str(rows.path), str(error), rows.lines[place], rows.column) from None


def _listing(option: DeribitOption, expiry: date, size: float, forward: float | None) -> Listing:
    return Listing(
        root=option.root,
        expiry=expiry,
        expires_at=datetime.combine(expiry, _EXPIRY_TIME),
        settlement="PM",
        exercise="european",
        multiplier=size,
        inverse=option.inverse,
        underlying_price=forward,
    )


def _contract_size(rows: DeribitRows, own: NDArray[np.int64], terms: Product | None) -> float:
    if terms is not None:
        return float(terms.multiplier)
    sizes = {rows.contract_sizes[rows.names[place]] for place in own}
    if len(sizes) > 1:
        reason = f"one expiry has contracts of {', '.join(f'{size:g}' for size in sorted(sizes))}"
        raise MalformedFileError(str(rows.path), reason, rows.lines[int(own[0])], "contract_size")
    return float(sizes.pop())


def _latest(values: FloatArray, times: FloatArray) -> float | None:
    given = np.flatnonzero(np.isfinite(values) & np.isfinite(times))
    return float(values[given[np.argmax(times[given])]]) if given.size else None
