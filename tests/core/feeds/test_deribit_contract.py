"""The Deribit feed keeps the promises that every feed makes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

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
        clock = ManualClock(NOW)
        feed = DeribitFeed("BTC", exchange.settings(), clock)
        try:
            feed.start()
            assert feed.memory.wait_for(lambda: feed.memory.ready and bool(feed.memory.realised()), PATIENCE)
            clock.advance(timedelta(seconds=1))  # whatever comes from now on is of a later moment
            yield Case(feed, FeedState.LIVE, NOW)
        finally:
            feed.close()
