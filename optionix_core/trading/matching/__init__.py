"""Matching: price-time books of many instruments, the outside market beside them, and combinations above them."""

from __future__ import annotations

from optionix_core._lazy import lazy_names

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "AuctionPrice": "optionix_core.trading.auction",
        "Books": "optionix_core.trading.matching.books",
        "Combination": "optionix_core.trading.matching.combinations",
        "CombinationEvent": "optionix_core.trading.matching.combinations",
        "CombinationOrder": "optionix_core.trading.matching.combinations",
        "CombinedBooks": "optionix_core.trading.matching.combined_books",
        "EventKind": "optionix_core.trading.matching.layout",
        "FillModel": "optionix_core.trading.matching.layout",
        "Leg": "optionix_core.trading.matching.combinations",
        "MessageKind": "optionix_core.trading.matching.layout",
        "Phase": "optionix_core.trading.matching.layout",
        "Reason": "optionix_core.trading.matching.layout",
        "auction_price": "optionix_core.trading.auction",
        "messages": "optionix_core.trading.matching.messages",
    },
)
