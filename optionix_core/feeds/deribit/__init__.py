"""Deribit's public market data as a feed: options on coins, inverse and linear, with no account needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core._lazy import lazy_names

if TYPE_CHECKING:
    from optionix_core.feeds.deribit.feed import DeribitFeed
    from optionix_core.feeds.deribit.settings import DeribitSettings

__all__ = ["DeribitFeed", "DeribitSettings"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "DeribitFeed": "optionix_core.feeds.deribit.feed",
        "DeribitSettings": "optionix_core.feeds.deribit.settings",
    },
)
