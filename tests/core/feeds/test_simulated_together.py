"""Net prices of several options over a stretch against the quotes themselves: never above them, and hardly below."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.feeds.simulated.noise import bits, uniform, uniforms, words
from optionix_core.feeds.simulated.path import moment_of, tick_of
from optionix_core.feeds.simulated.together import Shares, net_floors
from optionix_core.market.protocols import TellsTogether

CONTINUOUS, EXCHANGE = SimulatedFeed(), SimulatedFeed(session="exchange")
NEAR, FAR = datetime(2026, 11, 20, 14, 30, tzinfo=UTC), datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
LEGS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "ORBIT 261120C00215000",
                "ORBIT 261120P00190000",
                "ORBIT 261218C00210000",
                "ORBIT 261218C00220000",
                "ORBIT 261218P00180000",
                "ORBIT 270115C00260000",
                "QUASAR261218P00058000",
                "TUNDRA261218C00480000",
                "ORBIT",
                "QUASAR",
            ]
        ),
        st.sampled_from([1, -1, 2, -3]),
    ),
    min_size=2,
    max_size=4,
    unique_by=lambda leg: leg[0],
)


def of(feed, legs):
    found = []
    for symbol, ratio in legs:
        if symbol in ("ORBIT", "QUASAR"):
            market = feed.market(symbol)
            found.append((market, Shares(symbol, market.own_key, 2), ratio))
        else:
            market, _, contract = feed._contract(symbol)
            found.append((market, contract, ratio))
    return found


def net(feed, legs, moment):
    """What buying one unit costs at the quotes of a moment; infinite where a sold leg has no bid."""
    total = 0.0
    for symbol, ratio in legs:
        quote = feed.quote(symbol, moment)
        price = quote.ask if ratio > 0 else quote.bid
        total = inf if price is None else total + ratio * price
    return total


def listed(feed, symbol, moment):
    try:
        feed.quote(symbol, moment)
    except (UnknownNameError, MissingDataError):
        return False
    return True


@given(
    legs=LEGS,
    back=st.integers(0, 10 * 86400 * 4),
    length=st.integers(40, 900),
    feed=st.sampled_from([CONTINUOUS, EXCHANGE]),
)
@settings(max_examples=60, deadline=None)
def test_no_quote_of_a_stretch_costs_less_than_its_floor_and_few_cost_more_than_a_step_of_each_leg(
    legs, back, length, feed
):
    first = tick_of(FAR) - back - length
    if not all(listed(feed, symbol, moment_of(first)) for symbol, _ in legs):
        return
    if not (feed.is_open(moment_of(first)) and feed.is_open(moment_of(first + length))):
        return
    if feed.standing(moment_of(first))[1] != feed.standing(moment_of(first + length))[1]:
        return
    ticks, floors = net_floors(feed, of(feed, legs), first, first + length, {})
    made = {moment_of(tick) for tick in range(first, first + length)}
    seen = {feed.quote(symbol, moment).exchange_time for moment in made for symbol, _ in legs}
    assert [moment_of(tick) for tick in ticks.tolist()] == sorted(seen & made)
    step = sum(abs(ratio) * 0.1 for _, ratio in legs)
    for tick, floor in zip(ticks.tolist(), floors.tolist(), strict=True):
        true = net(feed, legs, moment_of(tick))
        assert floor <= true + 1e-9 or (true == inf and floor == inf)
        if true < inf:
            assert true - floor <= step + 1e-9


@pytest.mark.parametrize("feed", [CONTINUOUS, EXCHANGE], ids=["continuous", "exchange"])
def test_quotes_of_moments_that_may_cost_no_more_are_told_each_once_and_in_order(feed):
    legs, after = [("ORBIT 261218C00210000", 1), ("ORBIT 261218C00220000", -1)], NEAR + timedelta(minutes=20)
    until = after + timedelta(minutes=50)
    every = sorted(
        {
            (quote.exchange_time, quote.symbol)
            for symbol, _ in legs
            for quote in feed.quotes_between(symbol, after, until)
        }
    )
    nets = {moment: net(feed, legs, moment) for moment, _ in every}
    level = sorted(nets.values())[len(nets) // 40]
    wanted = {(moment, symbol) for moment, symbol in every if nets[moment] <= level}
    told = [(q.exchange_time, q.symbol) for q in feed.quotes_together(legs, level, after, until, {})]
    assert told == sorted(set(told))
    assert wanted <= set(told) <= set(every)
    assert len(told) < len(every) / 5
    cut = after + timedelta(minutes=20, seconds=7)
    pieces = [feed.quotes_together(legs, level, *part, {}) for part in ((after, cut), (cut, until))]
    assert [(q.exchange_time, q.symbol) for piece in pieces for q in piece] == told


def test_a_price_elsewhere_counts_where_it_is_better_than_what_is_displayed():
    legs = of(CONTINUOUS, [("ORBIT 261218C00210000", 1), ("ORBIT 261218C00220000", -1)])
    span = tick_of(NEAR), tick_of(NEAR) + 400
    _, plain = net_floors(CONTINUOUS, legs, *span, {})
    _, cheap = net_floors(CONTINUOUS, legs, *span, {"ORBIT 261218C00210000": 0.5})
    _, dear = net_floors(CONTINUOUS, legs, *span, {"ORBIT 261218C00210000": 500.0, "ORBIT 261218C00220000": 0.01})
    assert (cheap < plain).all()
    np.testing.assert_array_equal(dear, plain)


def test_the_simulated_feed_tells_what_moves_together():
    assert isinstance(CONTINUOUS, TellsTogether)


@given(stream=st.integers(0, 2**64 - 1), counters=st.lists(st.integers(0, 2**40), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_noise_of_many_counters_is_that_of_each(stream, counters):
    rows = np.array(counters, dtype=np.int64)
    assert words(stream, rows).tolist() == [bits(stream, counter) for counter in counters]
    assert uniforms(stream, rows).tolist() == [uniform(stream, counter) for counter in counters]
