"""The touch of a quote, and what a limit says to a price: the smallest questions of trading."""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal

from optionix_core.market.instruments import Security, Share
from optionix_core.market.products import SHARE, product
from optionix_core.market.quote import Quote
from optionix_core.portfolio.exact import decimal_of_float
from optionix_core.trading.orders import Side


def touch(quote: Quote, side: Side) -> tuple[Decimal, int] | None:
    """Price and size that an order of `side` would meet; None where that side is absent, zero or shows no size."""
    price, size = (quote.ask, quote.ask_size) if side is Side.BUY else (quote.bid, quote.bid_size)
    if price is None or size is None or size < 1 or not math.isfinite(price) or price <= 0:
        return None
    return decimal_of_float(price, "price"), size


def crossed(quote: Quote) -> bool:
    """Whether the bid is above the ask: no such quote is traded on."""
    return quote.bid is not None and quote.ask is not None and quote.bid > quote.ask


def acceptable(side: Side, price: Decimal, limit: Decimal | None) -> bool:
    """Whether a limit allows `price`; no limit allows any."""
    if limit is None:
        return True
    return price <= limit if side is Side.BUY else price >= limit


def quoted_at(quote: Quote) -> datetime:
    """When the quote was made, as the exchange says, or else when it came in."""
    return quote.received_at if quote.exchange_time is None else quote.exchange_time


def tick_at(instrument: Security, price: Decimal) -> Decimal:
    """The price step that applies to `instrument` at `price`: the coarser of its own and its product's table."""
    if isinstance(instrument, Share):
        return max(instrument.tick, SHARE.at(price))
    return max(instrument.tick, product(instrument.root).tick.at(price))
