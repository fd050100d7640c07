"""The Cboe feed keeps the promises that every feed makes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from optionix_core.feeds.cboe import CboeFeed
from optionix_core.market.clock import ManualClock
from optionix_core.market.protocols import FeedState
from tests.core.feeds.loopback_cboe import NOW, LoopbackCboe
from tests.core.feeds.test_quote_source_contract import Case, TestQuoteSourceContract

__all__ = ["TestQuoteSourceContract"]


@pytest.fixture(scope="module")
def case() -> Iterator[Case]:
    with LoopbackCboe() as cboe:
        feed = CboeFeed("SPX", cboe.settings(), ManualClock(NOW))
        try:
            feed.chain("SPX", NOW)
            yield Case(feed, FeedState.DELAYED, NOW)
        finally:
            feed.close()
