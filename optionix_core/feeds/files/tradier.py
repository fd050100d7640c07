"""Tradier's option chain as JSON: `{"options": {"option": [...]}}`, with Greeks where they were asked for.

The chain says nothing about its underlying but the name, so there is no spot. Each option tells when its
bid and its ask were made (milliseconds); the later of the two is the quote's time and the latest of all
is the chain's moment. Prices and volatilities of 0 mean that there is none; a bid of 0 stays.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from optionix_core.feeds.files.json_values import Document, Item, item, items, load
from optionix_core.feeds.files.osi_items import slices_of
from optionix_core.market.chain import OptionChain

FORMAT = "tradier"


def recognises(root: object) -> bool:
    """Whether a JSON document is of this kind."""
    return isinstance(root, dict) and isinstance(root.get("options"), dict) and "option" in root["options"]


def read(path: Path, document: Document | None = None) -> OptionChain:
    """The chain in the payload at `path`; MalformedFileError with line and field for what does not fit."""
    document = document or load(path)
    options = item(document, document.root, "").child("options")
    given = options.values.get("option")
    found = items(document, [given] if isinstance(given, dict) else given, "options.option", "symbol")
    made, _ = slices_of(document, found, "symbol", _numbers)
    names = sorted({entry.text("underlying") for entry in found})
    if len(names) > 1:
        document.refuse(f"holds options on {', '.join(names)}, and must hold one underlying's", "options.option")
    latest = max(float(np.nanmax(side.quoted_at, initial=0.0)) for part in made for side in (part.call, part.put))
    if latest <= 0.0:
        document.refuse("no option says when its quote was made", "options.option[].bid_date")
    return OptionChain(
        underlying=names[0],
        source=path.name,
        as_of=datetime.fromtimestamp(latest, UTC),
        spot=None,
        currency="USD",
        slices=made,
    )


def _numbers(option: Item) -> dict[str, float]:
    greeks = option.child("greeks") if option.values.get("greeks") is not None else None
    volatility = math.nan if greeks is None else greeks.price("mid_iv")
    delta = math.nan if greeks is None else greeks.number("delta", signed=True)
    times = [time for time in (option.number("bid_date"), option.number("ask_date")) if time > 0.0]
    return {
        "bid": option.number("bid"),
        "ask": option.price("ask"),
        "bid_size": option.number("bidsize"),
        "ask_size": option.number("asksize"),
        "last": option.price("last"),
        "volume": option.number("volume"),
        "open_interest": option.number("open_interest"),
        "vendor_iv": volatility,
        "vendor_delta": math.nan if math.isnan(volatility) and delta == 0.0 else delta,
        "quoted_at": max(times, default=math.nan) / 1000.0,
    }
