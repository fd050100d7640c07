"""Days of faults by seed: whatever happens to the connection, a price that is told did stand at the time it bears."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from optionix_core.feeds.deribit import DeribitFeed
from optionix_core.feeds.network.pace import RetryPolicy
from optionix_core.market.clock import ManualClock
from tests.core.feeds.loopback import PATIENCE, Reply
from tests.core.feeds.loopback_deribit import (
    NAME,
    NAMES,
    NOW,
    LoopbackDeribit,
    change,
    envelope,
    index,
    summary,
)

AT_ONCE = RetryPolicy(first=0.01, longest=0.02)
ASK = 0.05


@dataclass
class Day:
    """What the exchange's best bid truly was, and the faults that hide it."""

    exchange: LoopbackDeribit
    clock: ManualClock
    chance: random.Random
    truth: list[tuple[datetime, float]] = field(default_factory=list)

    def move(self) -> dict[str, object]:
        """Move the best bid, and the message that tells so."""
        self.clock.advance(timedelta(seconds=1))
        before, price = self.exchange.bid, round(self.chance.uniform(0.01, 0.04), 4)
        last = self.exchange.change_id
        self.exchange.change_id += 1
        self.exchange.bid, self.exchange.now = price, self.clock.now()
        self.truth.append((self.clock.now(), price))
        bids = [["delete", before, 0.0], ["new", price, 4.0]] if before != price else []
        return change(NAME, last + 1, last, self.clock.now(), bids=bids)

    def at(self, moment: datetime) -> float:
        return next(price for since, price in reversed(self.truth) if since <= moment)


FAULTS = ("none", "none", "quiet", "gap", "cut", "cut in message", "goodbye", "malformed", "repeated")


def befall(day: Day, fault: str) -> None:
    """Move the price on, with a fault; the exchange ends with the book that the truth says."""
    exchange = day.exchange
    if fault == "none":
        exchange.send(day.move())
    elif fault == "quiet":
        day.clock.advance(timedelta(seconds=1))
        exchange.now = day.clock.now()
        exchange.send(index(99_000.0 + day.chance.random(), day.clock.now()))
    elif fault == "gap":
        day.move()  # never sent
        exchange.send(day.move())
    elif fault == "cut":
        day.move()
        exchange.cut()
    elif fault == "cut in message":
        exchange.cut_in_message(day.move())
    elif fault == "goodbye":
        day.move()
        exchange.close_politely()
    elif fault == "malformed":
        day.move()
        exchange.send('{"jsonrpc": "2.0", "method": ')
    else:
        message = day.move()
        exchange.send(message)
        exchange.send(message)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_a_price_that_is_told_stood_at_the_time_that_it_bears(seed: int) -> None:
    clock = ManualClock(NOW)
    with LoopbackDeribit() as exchange:
        exchange.second_level = False
        exchange.ask = ASK
        exchange.standing["get_book_summary_by_currency"] = lambda _: Reply(
            envelope([summary(name, bid_price=0.0195) for name in NAMES])
        )
        day = Day(exchange, clock, random.Random(seed), [(NOW, exchange.bid)])
        feed = DeribitFeed("BTC", exchange.settings(), clock, requests=AT_ONCE, reconnects=AT_ONCE)
        told: list[tuple[datetime | None, float | None]] = []

        def shown() -> float | None:
            quote = feed.quote(NAME, clock.now())
            told.append((quote.exchange_time, quote.bid))
            return quote.bid

        def until(met: Callable[[], bool]) -> None:
            assert feed.memory.wait_for(met, PATIENCE)

        try:
            until(lambda: feed.quote(NAME, clock.now()).bid_size is not None)
            for _ in range(25):
                befall(day, day.chance.choice(FAULTS))
                until(lambda: shown() == exchange.bid and feed.quote(NAME, clock.now()).exchange_time == clock.now())
        finally:
            feed.close()
    assert len(told) >= 25
    wrong = [(at, bid) for at, bid in told if at is None or day.at(at) != bid]
    assert not wrong
