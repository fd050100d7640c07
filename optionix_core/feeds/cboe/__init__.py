"""Cboe's public delayed quotes as a feed: listed US options, fifteen minutes late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core._lazy import lazy_names

if TYPE_CHECKING:
    from optionix_core.feeds.cboe.feed import CboeFeed
    from optionix_core.feeds.cboe.polling import CboeSettings

__all__ = ["CboeFeed", "CboeSettings"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {"CboeFeed": "optionix_core.feeds.cboe.feed", "CboeSettings": "optionix_core.feeds.cboe.polling"},
)
