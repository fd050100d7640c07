"""Deribit's public answers as JSON: `get_book_summary_by_currency`, with `get_instruments` where it was saved too.

Two forms are read. A book summary alone, as the exchange answered or only its `result` list:

    {"jsonrpc": "2.0", "result": [{"instrument_name": "BTC-27DEC24-100000-C", "bid_price": 0.0195, ...}, ...]}

or both answers in one document:

    {"instruments": {... "result": [...]}, "book_summaries": {... "result": [...]}}

With instruments, contract sizes are the exchange's own, every summary must have its instrument, and an
option without a summary is a row without quotes. Futures, perpetuals and combinations are passed over.
Prices of inverse options are in coins. `mark_iv` is in percent and becomes a fraction; a missing or zero
price means that there is none. `underlying_price` is the forward of the expiry and
`estimated_delivery_price` the index, which is the chain's spot.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from optionix_core.feeds.files.deribit_rows import DeribitRows, chain_of
from optionix_core.feeds.files.json_values import Document, Item, items, load
from optionix_core.market.chain import OptionChain
from optionix_core.market.deribit_names import is_option

FORMAT = "deribit"
_NEEDED = {"instrument_name", "bid_price", "ask_price"}


def recognises(root: object) -> bool:
    """Whether a JSON document is of this kind."""
    if isinstance(root, dict) and "book_summaries" in root:
        return True
    found = root.get("result") if isinstance(root, dict) else root
    return isinstance(found, list) and bool(found) and isinstance(found[0], dict) and found[0].keys() >= _NEEDED


def read(path: Path, document: Document | None = None) -> OptionChain:
    """The chain in the answers at `path`; MalformedFileError with line and field for what does not fit."""
    document = document or load(path)
    root = document.root
    if isinstance(root, dict) and "book_summaries" in root:
        summaries = _results(document, root["book_summaries"], "book_summaries")
        instruments = _results(document, root.get("instruments"), "instruments")
    else:
        summaries, instruments = _results(document, root, ""), None
    quoted: dict[str, Item] = {}
    for entry in summaries:
        name = entry.text("instrument_name")
        if name in quoted:
            entry.refuse("instrument_name", f"{name} is given twice")
        if is_option(name):
            quoted[name] = entry
    if instruments is None:
        sizes: dict[str, float] = {}
        names = list(quoted)
    else:
        sizes = _contract_sizes(instruments)
        names = list(sizes)
        for name, entry in quoted.items():
            if name not in sizes:
                entry.refuse("instrument_name", f"{name} is not among the instruments")
    if not names or not quoted:
        document.refuse("holds no book summaries of options", "book_summaries" if instruments else "result")
    found = [quoted.get(name) for name in names]
    return chain_of(_rows(document, names, found, sizes))


def _results(document: Document, value: object, where: str) -> list[Item]:
    """The entries of an answer, or of its bare list."""
    if isinstance(value, dict):
        where, value = (f"{where}.result" if where else "result"), value.get("result")
    return items(document, value, where or "result", "instrument_name")


def _contract_sizes(instruments: Sequence[Item]) -> dict[str, float]:
    sizes: dict[str, float] = {}
    for entry in instruments:
        if entry.text("kind") != "option":
            continue
        name = entry.text("instrument_name")
        if name in sizes:
            entry.refuse("instrument_name", f"{name} is given twice")
        sizes[name] = entry.needed_number("contract_size")
    return sizes


def _rows(
    document: Document, names: Sequence[str], found: Sequence[Item | None], sizes: dict[str, float]
) -> DeribitRows:
    absent = Item(document, "", {})
    entries = [absent if entry is None else entry for entry in found]
    for entry in entries:
        if entry is not absent:
            entry.needed_number("creation_timestamp")
            for field in sorted(_NEEDED - entry.values.keys()):
                entry.refuse(field, "is absent, and a book summary has it")
    fields = {
        "bid": [entry.price("bid_price") for entry in entries],
        "ask": [entry.price("ask_price") for entry in entries],
        "last": [entry.price("last") for entry in entries],
        "volume": [entry.number("volume") for entry in entries],
        "open_interest": [entry.number("open_interest") for entry in entries],
        "vendor_iv": [entry.price("mark_iv") / 100.0 for entry in entries],
        "quoted_at": [entry.number("creation_timestamp") / 1000.0 for entry in entries],
    }
    return DeribitRows(
        path=document.path,
        names=names,
        lines=document.lines_of(names),
        column="instrument_name",
        numbers={name: np.array(values) for name, values in fields.items()},
        forwards=np.array([entry.price("underlying_price") for entry in entries]),
        index=np.array([_index(entry) for entry in entries]),
        contract_sizes=sizes,
    )


def _index(entry: Item) -> float:
    """The index: the estimated delivery price, or the underlying's where that is the index itself."""
    told = entry.price("estimated_delivery_price")
    if math.isnan(told) and entry.values.get("underlying_index") == "index_price":
        return entry.price("underlying_price")
    return told
