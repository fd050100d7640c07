"""At which price an underlying reopens after a pause, by what the feed displays then.

What is displayed takes part in the auction with its sizes, by the one rule of `auction`. Where nothing crosses the
stock reopens with quotations, and the price is their midpoint; where a side is absent it cannot reopen.

Source: LULD Plan, section I (a reopening price is that of the transaction that reopens trading, or the midpoint of the
quotations with which the primary listing exchange reopens) and section VII(B).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from optionix_core.trading.auction import CENT, AuctionOrder, clear
from optionix_core.trading.watch.changes import middle, side

if TYPE_CHECKING:
    from optionix_core.market.quote import Quote


class Reopening(NamedTuple):
    """How a reopening went."""

    price: Decimal | None
    """None where there was none."""
    words: str


def reopening(quote: Quote, reference: Decimal) -> Reopening:
    """The reopening by a quotation; `reference` is the price before the pause."""
    bid, ask = side(quote.bid), side(quote.ask)
    if bid is None or ask is None or bid <= 0 or ask <= 0:
        return Reopening(None, "a side is absent")
    buys = [AuctionOrder(bid, quote.bid_size)] if quote.bid_size else []
    sells = [AuctionOrder(ask, quote.ask_size)] if quote.ask_size else []
    if bid >= ask and buys and sells:
        found = clear(buys, sells, reference, CENT)
        return Reopening(found.price, f"reopened by auction at {found.price}, {found.matched} matched")
    if bid > ask:
        return Reopening(None, f"the quotation is crossed ({bid} over {ask}) and has no sizes")
    price = middle(bid, ask)
    return Reopening(price, f"reopened with quotations {bid} to {ask}")
