"""Recorded Deribit order books as CSV: one row for each option and time, in the exchange's field names.

Needed are `instrument_name`, `timestamp` (milliseconds), `underlying_price` (the forward of the expiry),
`index_price` (the spot), `best_bid_price`, `best_bid_amount`, `best_ask_price` and `best_ask_amount`;
`last_price`, `stats.volume`, `open_interest`, `mark_iv` (percent) and `greeks.delta` are taken where
they are. A price of 0 means that there is none. A recording may hold an option several times: its
latest row is the quote, and the chain is of the latest time in the file. The same option twice at one
time is an error.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from optionix_core.errors import MalformedFileError
from optionix_core.feeds.files.deribit_rows import DeribitRows, chain_of
from optionix_core.feeds.files.tables import Table, absent_where_zero, decode, read_bytes, refuse, rows, table
from optionix_core.market.chain import OptionChain

FORMAT = "deribit-csv"

_NEEDED = {
    "bid": "best_bid_price",
    "ask": "best_ask_price",
    "bid_size": "best_bid_amount",
    "ask_size": "best_ask_amount",
}
_TAKEN = {
    "last": "last_price",
    "volume": "stats.volume",
    "open_interest": "open_interest",
    "vendor_iv": "mark_iv",
    "vendor_delta": "greeks.delta",
}
_ZERO_IS_ABSENT = ("bid", "ask", "bid_size", "ask_size", "last", "vendor_iv")


def recognises(text: str) -> bool:
    """Whether the first line has this format's columns."""
    names = {name.strip() for name in text[: text.find("\n")].split(",")}
    return {"instrument_name", "best_bid_price", "underlying_price"} <= names


def read(path: Path) -> OptionChain:
    """The chain in the recording at `path`; MalformedFileError with line and column for what does not fit."""
    lines = rows(path, decode(path, read_bytes(path)))
    quotes = table(path, lines[0], lines[1:])
    times = quotes.numbers(quotes.index("timestamp")) / 1000.0
    refuse(
        path, ~np.isfinite(times), quotes.lines, "timestamp", lambda _: "must be a time in milliseconds, and is empty"
    )
    kept = _latest_rows(quotes, quotes.cells("instrument_name"), times)
    numbers = {field: quotes.numbers(quotes.index(name)) for field, name in _NEEDED.items()}
    for field, name in _TAKEN.items():
        place = quotes.find(name)
        if place is not None:
            numbers[field] = quotes.numbers(place, signed=field == "vendor_delta")
    for field in _ZERO_IS_ABSENT:
        if field in numbers:
            numbers[field] = absent_where_zero(numbers[field])
    if "vendor_iv" in numbers:
        numbers["vendor_iv"] = numbers["vendor_iv"] / 100.0
    numbers["quoted_at"] = times
    names = quotes.cells("instrument_name")
    return chain_of(
        DeribitRows(
            path=path,
            names=[names[row] for row in kept],
            lines=[quotes.lines[row] for row in kept],
            column="instrument_name",
            numbers={field: values[kept] for field, values in numbers.items()},
            forwards=absent_where_zero(quotes.numbers(quotes.index("underlying_price")))[kept],
            index=absent_where_zero(quotes.numbers(quotes.index("index_price")))[kept],
            contract_sizes={},
        )
    )


def _latest_rows(
    quotes: Table, names: tuple[str, ...], times: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> list[int]:
    """The row of each option's latest time, in the order of first appearance."""
    latest: dict[str, int] = {}
    seen: dict[tuple[str, float], int] = {}
    for row, name in enumerate(names):
        before = seen.setdefault((name, float(times[row])), row)
        if before != row:
            reason = f"{name} is given twice at one time: at line {quotes.lines[before]} already"
            raise MalformedFileError(str(quotes.path), reason, quotes.lines[row], "instrument_name")
        known = latest.get(name)
        if known is None or times[row] > times[known]:
            latest[name] = row
    return list(latest.values())
