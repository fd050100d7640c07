"""From the settings to where the feeds over a network are, as the engine takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.services.feeds import NetworkFeeds

if TYPE_CHECKING:
    from config.settings import FeedSettings


def network_feeds(feed: FeedSettings) -> NetworkFeeds:
    """Addresses and intervals of the settings in force."""
    return NetworkFeeds(
        deribit_address=feed.deribit_address,
        deribit_stream=feed.deribit_stream,
        deribit_poll_seconds=feed.deribit_poll_seconds,
        cboe_address=feed.cboe_address,
        cboe_poll_seconds=feed.cboe_poll_seconds,
    )
