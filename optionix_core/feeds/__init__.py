"""Where quotes come from: simulated, replayed, files, exchanges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core._lazy import lazy_names

if TYPE_CHECKING:
    from optionix_core.feeds.cboe.feed import CboeFeed
    from optionix_core.feeds.deribit.feed import DeribitFeed
    from optionix_core.feeds.files.feed import FileFeed
    from optionix_core.feeds.replay import ReplayFeed
    from optionix_core.feeds.simulated.venue import SimulatedFeed

__all__ = ["CboeFeed", "DeribitFeed", "FileFeed", "ReplayFeed", "SimulatedFeed"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "CboeFeed": "optionix_core.feeds.cboe.feed",
        "DeribitFeed": "optionix_core.feeds.deribit.feed",
        "FileFeed": "optionix_core.feeds.files.feed",
        "ReplayFeed": "optionix_core.feeds.replay",
        "SimulatedFeed": "optionix_core.feeds.simulated.venue",
    },
)
