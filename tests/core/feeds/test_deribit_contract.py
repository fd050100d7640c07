"""The Deribit feed keeps the promises that every feed makes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from optionix_core.feeds.deribit import DeribitFeed
from optionix_core.market.clock import ManualClock
from optionix_core.market.protocols import FeedState
from tests.core.feeds.loopback import PATIENCE
from tests.core.feeds.loopback_deribit import NOW, LoopbackDeribit
from tests.core.feeds.test_quote_source_contract import Case, TestQuoteSourceContract

__all__ = ["TestQuoteSourceContract"]


@pytest.fixture(scope="module")
def case() -> Iterator[Case]:
    with LoopbackDeribit() as exchange:
        feed = DeribitFeed("BTC", exchange.settings(), ManualClock(NOW))
        try:
            feed.start()
            assert feed.memory.wait_for(lambda: feed.memory.ready and bool(feed.memory.realised()), PATIENCE)
            yield Case(feed, FeedState.LIVE, NOW)
        finally:
            feed.close()
