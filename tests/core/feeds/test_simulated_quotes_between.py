"""The quotes of a stretch against asking for every moment of it, and the bounds against the quotes."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.feeds.simulated.path import LEVELS, TICK, moment_of, tick_of
from optionix_core.feeds.simulated.quotes_between import touch_of
from optionix_core.feeds.simulated.stretches import touch_range
from optionix_core.market.protocols import TellsQuotes, TellsSessions

FEED = SimulatedFeed()
EXCHANGE = SimulatedFeed(session="exchange")
MONDAY = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def _symbols(feed, moment, count=3):
    found = []
    for underlying in ("ORBIT", "TUNDRA", "QUASAR"):
        expiries = feed.expiries(underlying, moment)
        for expiry in (expiries[0][0], expiries[-1][0]):
            chain = feed.chain(underlying, moment, expiry=expiry).slices[0]
            step = max(1, len(chain.strikes) // count)
            for row in range(0, len(chain.strikes), step):
                found += [chain.call.symbols[row], chain.put.symbols[row]]
    return found


SYMBOLS = _symbols(FEED, MONDAY)


def _asked_moment_by_moment(feed, symbol, after, until):
    made = {}
    for tick in range(tick_of(after), tick_of(until) + 1):
        moment = moment_of(tick)
        if feed.is_open(moment):
            quote = feed.quote(symbol, moment)
            if after < quote.exchange_time <= until:
                made[quote.exchange_time] = quote
    return [made[moment] for moment in sorted(made)]


def _known(quote):
    return quote.exchange_time, quote.bid, quote.ask, quote.bid_size, quote.ask_size


def test_the_simulated_feed_tells_stretches_and_sessions():
    assert isinstance(FEED, TellsQuotes)
    assert isinstance(FEED, TellsSessions)


@pytest.mark.parametrize("symbol", [SYMBOLS[0], SYMBOLS[9], SYMBOLS[-1], "ORBIT"])
@pytest.mark.parametrize(
    ("feed", "after"),
    [
        (FEED, MONDAY + timedelta(milliseconds=130)),
        (FEED, datetime(2026, 11, 23, 23, 58, tzinfo=UTC)),
        (EXCHANGE, datetime(2026, 11, 23, 14, 28, tzinfo=UTC)),
        (EXCHANGE, datetime(2026, 11, 23, 20, 58, tzinfo=UTC)),
    ],
    ids=["within a day", "over midnight", "over the open", "over the close"],
)
def test_every_quote_of_a_stretch_is_told_once_as_it_would_have_been_seen(feed, after, symbol):
    until = after + timedelta(minutes=4)
    told = [_known(quote) for quote in feed.quotes_between(symbol, after, until)]
    assert told == [_known(quote) for quote in _asked_moment_by_moment(feed, symbol, after, until)]
    assert told


def test_what_does_not_matter_is_left_out_and_nothing_else():
    symbol, until = (
        next(name for name in SYMBOLS if 2.0 < FEED.quote(name, MONDAY).ask < 9.0),
        MONDAY + timedelta(hours=6),
    )
    every = list(FEED.quotes_between(symbol, MONDAY, until))
    asks = sorted(quote.ask for quote in every)
    level = asks[len(asks) // 50]
    wanted = [quote for quote in every if quote.ask <= level]
    assert list(FEED.quotes_between(symbol, MONDAY, until, lambda touch: touch.ask_low <= level)) == wanted
    assert 0 < len(wanted) < len(every)


def test_a_stretch_cut_in_pieces_is_the_same_stretch():
    symbol, step = SYMBOLS[2], timedelta(seconds=7, microseconds=123)
    edges = [MONDAY + step * number for number in range(60)]
    whole = list(FEED.quotes_between(symbol, edges[0], edges[-1]))
    pieces = [quote for a, b in itertools.pairwise(edges) for quote in FEED.quotes_between(symbol, a, b)]
    assert [_known(quote) for quote in pieces] == [_known(quote) for quote in whole]


def test_an_option_has_no_quotes_after_its_expiry():
    symbol = SYMBOLS[0]
    expires_at = FEED.instrument(symbol).expires_at
    told = list(FEED.quotes_between(symbol, expires_at - timedelta(seconds=30), expires_at + timedelta(minutes=1)))
    assert told
    assert max(quote.exchange_time for quote in told) < expires_at


@given(symbol=st.sampled_from(SYMBOLS), start=st.integers(0, 2_000_000), level=st.integers(8, 20))
@settings(max_examples=60, deadline=None)
def test_bounds_hold_every_quote_of_their_stretch(symbol, start, level):
    market, _, contract = FEED._contract(symbol)
    first = tick_of(MONDAY) - start
    node = market.stretches.root(first >> LEVELS)
    while node.level < level:
        low, high = market.stretches.halves(node)
        node = high if first >= high.low else low
    low, high = max(node.low, contract.listed_tick), min(node.low + node.size, contract.expires_tick)
    if low >= high:
        return
    box = market.stretches.box(node)
    bounds = touch_range(market.path, contract, box, low, high - 1)
    step = max(1, (high - low) // 40)
    for tick in range(low, high, step):
        spot, variance = market.path.state(tick)[1:]
        assert box.spot_low <= spot <= box.spot_high
        assert box.variance_low <= variance <= box.variance_high
        made = market.maker.quote(contract, tick, FEED.standing(moment_of(tick))[1])
        if made.tick < low:
            continue
        assert bounds.ask_low - 1e-9 <= made.ask / 100 <= bounds.ask_high + 1e-9
        bid = 0.0 if made.bid is None else made.bid / 100
        assert bid <= bounds.bid_high + 1e-9
        assert made.bid is None or bounds.bid_low - 1e-9 <= bid


def test_bounds_of_a_single_quote_are_its_touch():
    quote = FEED.quote(SYMBOLS[3], MONDAY)
    assert touch_of(quote) == (quote.bid or 0.0, quote.bid or 0.0, quote.ask, quote.ask)


def test_a_continuous_session_ends_with_the_utc_day_and_an_exchange_session_with_its_close():
    assert FEED.session_close(MONDAY) == datetime(2026, 11, 24, tzinfo=UTC)
    assert FEED.session_close(datetime(2026, 11, 24, tzinfo=UTC)) == datetime(2026, 11, 25, tzinfo=UTC)
    assert EXCHANGE.session_close(MONDAY + timedelta(hours=2)) == datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
    # The day after Thanksgiving closes at 13:00 in New York.
    assert EXCHANGE.session_close(datetime(2026, 11, 27, 15, 0, tzinfo=UTC)) == datetime(
        2026, 11, 27, 18, 0, tzinfo=UTC
    )
    assert EXCHANGE.session_close(datetime(2026, 11, 28, 15, 0, tzinfo=UTC)) == datetime(
        2026, 11, 30, 21, 0, tzinfo=UTC
    )
    assert timedelta(milliseconds=250) == TICK
