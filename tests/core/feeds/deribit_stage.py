"""A Deribit feed on an exchange of this machine, and how tests follow it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from optionix_core.feeds.deribit import DeribitFeed
from optionix_core.feeds.network.pace import RetryPolicy
from optionix_core.market.clock import ManualClock
from tests.core.feeds.loopback import PATIENCE
from tests.core.feeds.loopback_deribit import (
    NAME,
    LoopbackDeribit,
)

AT_ONCE = RetryPolicy(first=0.01, longest=0.02)


@contextmanager
def feed_of(exchange: LoopbackDeribit, clock: ManualClock, **settings: Any) -> Iterator[DeribitFeed]:
    feed = DeribitFeed("BTC", exchange.settings(**settings), clock, requests=AT_ONCE, reconnects=AT_ONCE)
    try:
        yield feed
    finally:
        feed.close()


def until(feed: DeribitFeed, told: Callable[[], bool]) -> None:
    assert feed.memory.wait_for(told, PATIENCE)


def follow(exchange: LoopbackDeribit, feed: DeribitFeed, clock: ManualClock, name: str = NAME) -> None:
    """Have the feed follow an option's book, and wait for the first."""
    feed.quote(name, clock.now())
    exchange.wait(lambda: exchange.follows(name))
    until(feed, lambda: feed.quote(name, clock.now()).bid_size is not None)


def bid(feed: DeribitFeed, clock: ManualClock, name: str = NAME) -> float | None:
    return feed.quote(name, clock.now()).bid
