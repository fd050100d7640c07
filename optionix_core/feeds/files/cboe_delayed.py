"""Cboe's delayed quotes as JSON: `{"timestamp": ..., "symbol": ..., "data": {"options": [...], ...}}`.

The timestamp has no zone and is UTC: in a payload stamped 18:58:23 of a summer's day the underlying
last traded at 14:43:22 New York time, which is 18:43:22 UTC, just the 15 minutes by which these quotes
are delayed. The quotes are therefore of 15 minutes before the timestamp while the market trades, and
of the last close afterwards (see `moments`); the timestamp itself becomes `received_at`.

A last price, an ask or an implied volatility of 0 means that there is none, and so does a delta of 0
beside a missing volatility; a bid of 0 stays.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

from optionix_core.feeds.files.json_values import Document, Item, item, load
from optionix_core.feeds.files.moments import close_delay, quotes_moment
from optionix_core.feeds.files.osi_items import slices_of
from optionix_core.market.chain import OptionChain

FORMAT = "cboe-delayed"
DELAY = timedelta(minutes=15)


def recognises(root: object) -> bool:
    """Whether a JSON document is of this kind."""
    return isinstance(root, dict) and isinstance(root.get("data"), dict) and "options" in root["data"]


def read(path: Path, document: Document | None = None) -> OptionChain:
    """The chain in the payload at `path`; MalformedFileError with line and field for what does not fit."""
    document = document or load(path)
    root = item(document, document.root, "")
    data = root.child("data")
    saved_at = _timestamp(root)
    underlying = data.text("symbol").lstrip("^_")
    made, _ = slices_of(document, data.children("options", "option"), "option", _numbers)
    spot, change = data.price("current_price"), data.number("price_change", signed=True)
    return OptionChain(
        underlying=underlying,
        source=path.name,
        as_of=quotes_moment(saved_at - DELAY, "XNYS", after_close=close_delay(underlying)),
        spot=None if math.isnan(spot) else spot,
        currency="USD",
        slices=made,
        received_at=saved_at,
        spot_change=None if math.isnan(change) else change,
    )


def _timestamp(root: Item) -> datetime:
    text = root.text("timestamp")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        root.refuse("timestamp", f"must be a date and time such as 2026-08-07 18:58:23 (got {text!r})")
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)


def _numbers(option: Item) -> dict[str, float]:
    volatility, delta = option.price("iv"), option.number("delta", signed=True)
    return {
        "bid": option.number("bid"),
        "ask": option.price("ask"),
        "bid_size": option.number("bid_size"),
        "ask_size": option.number("ask_size"),
        "last": option.price("last_trade_price"),
        "volume": option.number("volume"),
        "open_interest": option.number("open_interest"),
        "vendor_iv": volatility,
        "vendor_delta": math.nan if math.isnan(volatility) and delta == 0.0 else delta,
    }
