"""Stretches left out on the simulated feed hold no quote at which a combination could have been filled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.services.combination_fills import quotes_that_could_matter
from optionix_core.services.judging import quotes_of
from optionix_core.trading.combination import natural
from optionix_core.trading.orders import OrderLeg, Side, TimeInForce
from optionix_core.trading.terms import OrderTerms, intent_of_terms

pytestmark = pytest.mark.usefixtures("own_markets")

START = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
LEGS = (OrderLeg("ORBIT 261218C00210000", 1), OrderLeg("ORBIT 261218C00220000", -1))


@pytest.mark.parametrize(("away", "met"), [("0.05", True), ("0.60", False), ("3", False)])
def test_no_quote_that_meets_the_limit_is_left_out(away, met):
    feed, until = SimulatedFeed(), START + timedelta(minutes=40)
    symbols = [leg.symbol for leg in LEGS]
    first = natural(Side.BUY, LEGS, {symbol: feed.quote(symbol, START) for symbol in symbols})
    terms = OrderTerms("buy", 1, "", first - Decimal(away), TimeInForce.GTC, legs=LEGS)
    intent = intent_of_terms(terms, "paper-1", "a", START)
    every = {
        (quote.symbol, quote.exchange_time) for symbol in symbols for quote in feed.quotes_between(symbol, START, until)
    }
    told = {(q.symbol, q.exchange_time) for q in quotes_that_could_matter(feed, feed, intent, START, until)}
    meeting = set()
    for symbol, at in every:
        net = natural(Side.BUY, LEGS, quotes_of(feed, intent, at))
        if net is not None and net <= intent.limit_price:
            meeting.add((symbol, at))
    assert bool(meeting) == met
    assert meeting <= told <= every
    if not met:
        assert told == set()
