"""The venue's own halts as a function of a feed: rules and constants, steps of any size, bounds that prove calm."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_feed import CLOSE, OPEN, ScriptedFeed

from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market.protocols import BoundsUnderlyings, TellsHaltTerms
from optionix_core.trading.breakers import SpreadBreaker, VolatilityBreaker, VolumeBreaker
from optionix_core.trading.halt_rules import NO_RULES, HaltRules
from optionix_core.trading.halts import HaltScope
from optionix_core.trading.watch.reopening import reopening
from optionix_core.trading.watch.watch import HaltWatch

DAY_AFTER = CLOSE + timedelta(days=1)


def at(seconds: float) -> datetime:
    return OPEN + timedelta(seconds=seconds)


def told(feed, underlying="STOCK", rules=None, until=DAY_AFTER):
    """(seconds after the open, rule, begins, reopening price) of every change."""
    watch = HaltWatch(feed, HaltRules() if rules is None else rules)
    return [
        ((change.at - OPEN).total_seconds(), change.halt.rule, change.begins, change.reopens_at)
        for change in watch.changes([underlying], OPEN - timedelta(hours=1), until)
    ]


# Limit Up-Limit Down. Constants: luld_rules.json of the reference data (LULD Plan, sections V to VII): tier 1 above
# $3.00 5%, tier 2 10%; a limit state of 15 s, a pause of five minutes, none reopens in the last ten minutes.


def test_a_quote_at_the_band_for_15_seconds_pauses_for_five_minutes_and_reopens_at_the_midpoint():
    feed = ScriptedFeed()
    feed.tell("STOCK", 100, 94.9, 95.0)  # 5% below 100: the offer stands at the lower band
    feed.tell("STOCK", 200, 94.0, 94.1)
    assert told(feed) == [(115, "luld", True, None), (415, "luld", False, Decimal("94.05"))]


def test_one_cent_inside_the_band_nothing_happens_and_a_tier_2_stock_has_twice_the_room():
    feed = ScriptedFeed()
    feed.tell("STOCK", 100, 94.9, 95.01)
    assert told(feed) == []
    feed.tell("STOCK", 101, 94.9, 95.0)
    assert len(told(feed)) == 2
    assert told(replace(feed, tier=2)) == []


def test_a_quote_back_inside_within_15_seconds_ends_the_limit_state():
    feed = ScriptedFeed()
    feed.tell("STOCK", 100, 94.0, 94.5)
    feed.tell("STOCK", 114.75, 95.5, 95.6)
    assert told(feed) == []


def test_a_price_that_drifts_takes_the_bands_with_it():
    feed = ScriptedFeed()
    for step in range(60):  # 12% in half an hour
        feed.tell("STOCK", 30 * step + 1, 99.99 + 0.2 * step, 100.01 + 0.2 * step)
    assert told(feed) == []


def test_a_stock_that_cannot_be_quoted_on_both_sides_stays_paused_for_five_minutes_more():
    feed = ScriptedFeed()
    feed.tell("STOCK", 100, 94.0, 94.5)
    feed.tell("STOCK", 300, None, 94.5)
    feed.tell("STOCK", 500, 96.0, 96.1)
    assert told(feed) == [(115, "luld", True, None), (715, "luld", False, Decimal("96.05"))]


def test_a_pause_that_reaches_into_the_last_ten_minutes_ends_with_the_close():
    close = (CLOSE - OPEN).total_seconds()
    feed = ScriptedFeed()
    feed.tell("STOCK", close - 901, 89.0, 89.5)  # paused 14:46 before the close, would reopen 9:46 before it
    assert told(feed) == [(close - 886, "luld", True, None), (close, "luld", False, None)]
    late = ScriptedFeed()
    late.tell("STOCK", close - 300, 89.9, 90.0)  # bands are doubled from 15:35 on: 10%
    (change,) = HaltWatch(late, HaltRules()).changes(["STOCK"], OPEN, DAY_AFTER)
    assert (change.at, change.halt.until) == (CLOSE - timedelta(seconds=285), CLOSE)


def test_the_bands_double_at_15_35_and_not_before():
    """25 minutes before the close (luld_rules.json, `doubled`)."""
    doubling = (CLOSE - OPEN).total_seconds() - 25 * 60
    early, late = ScriptedFeed(), ScriptedFeed()
    early.tell("STOCK", doubling - 60, 94.0, 94.5)
    late.tell("STOCK", doubling + 1, 94.0, 94.5)
    assert told(early)[0][0] == doubling - 45
    assert told(late) == []


def test_a_crossed_quotation_reopens_by_the_auction_rule():
    feed = ScriptedFeed()
    feed.tell("STOCK", 100, 94.0, 94.5)
    feed.tell("STOCK", 300, 96.0, 95.0)
    quote = feed.spot("STOCK", at(400))
    found = reopening(quote, Decimal(100))
    assert found.price == Decimal(96)  # 100 of each match from 95 to 96; 96 is nearest to the reference of 100
    assert told(feed)[-1] == (415, "luld", False, Decimal(96))


def test_there_are_no_bands_before_the_open_after_the_close_and_on_a_holiday():
    feed = ScriptedFeed()
    feed.tell("STOCK", -3000, 50.0, 50.1)
    feed.tell("STOCK", -1000, 99.99, 100.01)
    feed.tell("STOCK", (CLOSE - OPEN).total_seconds() + 60, 50.0, 50.1)
    assert told(feed, until=CLOSE + timedelta(hours=10)) == []


# Market-wide. Constants: market_wide_circuit_breaker_rules.json of the reference data (NYSE Rule 7.12): 7, 13, 20%;
# 15 minutes; levels 1 and 2 up to and including 15:25; level 3 for the rest of the day.


@pytest.mark.parametrize(
    ("index", "halts"),
    [
        (93.01, []),
        (93.0, [(50, 950)]),
        (87.0, [(50, 950)]),
        (80.0, [(50, None)]),
    ],
)
def test_the_market_halts_at_7_13_and_20_percent_below_the_prior_close(index, halts):
    feed = ScriptedFeed()
    feed.tell("INDEX", 50, index - 0.01, index + 0.01, last=index)
    changes = HaltWatch(feed, HaltRules()).changes(["INDEX"], OPEN, CLOSE)
    next_open = datetime(2026, 3, 11, 13, 30, tzinfo=UTC)
    assert [(change.at, change.halt.until) for change in changes] == [
        (at(start), next_open if end is None else at(end)) for start, end in halts
    ]
    assert all(change.halt.scope is HaltScope.MARKET for change in changes)


def test_each_level_halts_once_and_not_after_15_25():
    feed, last = ScriptedFeed(), (CLOSE - OPEN).total_seconds() - 35 * 60
    feed.tell("INDEX", 50, 92.0, 92.1, last=92.0)
    feed.tell("INDEX", 2000, 92.5, 92.6, last=92.5)
    feed.tell("INDEX", last, 86.0, 86.1, last=86.0)
    assert [change[0] for change in told(feed, "INDEX")] == [50, last]
    late = ScriptedFeed()
    late.tell("INDEX", last + 1, 86.0, 86.1, last=86.0)
    late.tell("INDEX", last + 900, 79.0, 79.1, last=79.0)
    assert [change[0] for change in told(late, "INDEX")] == [last + 900]


def test_a_market_wide_halt_holds_up_the_stock_and_its_reference_starts_anew_after_it():
    feed = ScriptedFeed()
    feed.tell("INDEX", 50, 92.0, 92.1, last=92.0)
    feed.tell("STOCK", 100, 90.0, 90.1)  # 10% in the halt, no pause of its own
    watch = HaltWatch(feed, HaltRules())
    assert [(change.halt.rule, change.at) for change in watch.changes(["STOCK"], OPEN, CLOSE)] == [
        ("market-wide", at(50))
    ]
    day = watch.luld("STOCK", OPEN.date())
    assert day.reference(at(1000)).known == Decimal("90.05")


# Breakers of one's own.

MINUTE = timedelta(minutes=1)


def test_a_volatility_breaker_halts_for_its_pause_and_starts_afresh():
    feed = ScriptedFeed()
    feed.tell("STOCK", 60, 102.0, 102.1)
    rules = replace(NO_RULES, volatility=VolatilityBreaker(0.02, 5 * MINUTE), pause=2 * MINUTE)
    (change,) = HaltWatch(feed, rules).changes(["STOCK"], OPEN, CLOSE)
    assert (change.at, change.halt.until, change.halt.rule) == (at(60), at(180), "volatility")


def test_a_spread_breaker_trips_where_the_spread_stays_wide_for_all_of_its_window():
    feed = ScriptedFeed()
    feed.tell("STOCK", 60, 95.0, 106.0)
    rules = replace(NO_RULES, spread=SpreadBreaker(Decimal("0.1"), MINUTE))
    first = HaltWatch(feed, rules).changes(["STOCK"], OPEN, at(300))[0]
    assert (first.at, first.halt.rule) == (at(120), "spread")


def test_a_volume_breaker_counts_what_the_volume_of_the_day_grew():
    feed = ScriptedFeed()
    for second, volume in ((-1000, 1000), (30, 1500), (60, 2999), (90, 3000)):
        feed.tell("STOCK", second, 99.99, 100.01, volume=volume)
    rules = replace(NO_RULES, volume=VolumeBreaker(Decimal(2000), 5 * MINUTE))
    watch = HaltWatch(feed, rules)
    assert watch.changes(["STOCK"], OPEN, at(89)) == []
    assert watch.changes(["STOCK"], OPEN, at(91))[0].at == at(90)


def test_without_data_a_rule_says_so_and_halts_nothing():
    feed = ScriptedFeed()
    rules = replace(NO_RULES, volume=VolumeBreaker(Decimal(1), MINUTE), market_wide=True, luld=True)
    feed.quotes["INDEX"] = []
    watch = HaltWatch(feed, rules)
    assert watch.changes(["STOCK", "INDEX"], OPEN, at(600)) == []
    rows = {(row.rule, row.name): (row.state, row.detail) for row in watch.report(at(600))}
    assert rows["market-wide", ""] == ("no data", "no quote of INDEX")
    assert rows["luld", "STOCK"] == ("watching", "tier 1")
    assert rows["luld", "INDEX"] == ("no data", "no bands: it is the index")
    assert rows["volume", "STOCK"] == ("no data", "the feed tells no volume")
    assert rows["spread", ""] == ("off", "no bound is set")


class Untold:
    """A feed that can tell its last quote alone, and names neither index nor tiers."""

    def __init__(self, feed):
        self.name, self.underlyings, self.spot, self.is_open = "untold", feed.underlyings, feed.spot, feed.is_open


def test_a_feed_that_cannot_tell_its_quotes_has_no_rules_in_force():
    watch = HaltWatch(Untold(ScriptedFeed()), HaltRules())
    assert watch.idle
    assert {(row.rule, row.state) for row in watch.report(at(60))} >= {("market-wide", "no data"), ("luld", "no data")}


# The same whatever the steps, and whether bounds prove calm or every quote is looked at.


@given(
    st.lists(
        st.tuples(st.integers(1, 4000), st.integers(-900, 900), st.sampled_from(["STOCK", "STOCK", "INDEX"])),
        max_size=25,
    ),
    st.lists(st.integers(1, 6000), max_size=12),
)
@settings(max_examples=60, deadline=None)
def test_looking_in_steps_finds_what_one_look_finds(quotes, looks):
    feed = ScriptedFeed()
    for second, move, symbol in sorted(quotes):
        bid = 100 + move / 100 * (1 if symbol == "STOCK" else 2)
        feed.tell(symbol, second, bid, round(bid + 0.02, 2))
    whole = HaltWatch(feed, HaltRules()).changes(["STOCK"], OPEN, at(8000))
    stepped, found, before = HaltWatch(feed, HaltRules()), [], OPEN
    for look in (*(at(second) for second in sorted(set(looks))), at(8000)):
        found += stepped.changes(["STOCK"], before, look)
        held = {change.halt.key: change for change in whole if change.at <= look}
        expected = {c.halt for c in held.values() if c.begins and c.halt.holds(look)}
        assert set(stepped.standing("STOCK", look)) == expected
        before = look
    assert found == whole


def test_a_look_back_in_time_still_finds_what_came_after_it():
    feed = ScriptedFeed()
    feed.tell("STOCK", 100, 94.0, 94.5)
    watch = HaltWatch(feed, HaltRules())
    assert watch.standing("STOCK", at(1000)) == ()
    assert watch.standing("STOCK", at(50)) == ()
    assert len(watch.standing("STOCK", at(200))) == 1
    assert len(watch.changes(["STOCK"], at(50), at(600))) == 2


class WithoutBounds:
    """The simulated feed, but it cannot bound its prices: every quote is looked at."""

    def __init__(self, feed):
        for name in ("name", "state", "spot", "quotes_between", "is_open", "underlyings", "market_index", "luld_tier"):
            setattr(self, name, getattr(feed, name))


@pytest.mark.parametrize(
    ("seed", "underlying", "moment"),
    [
        (20, "QUASAR", datetime(2026, 5, 15, 13, 36, tzinfo=UTC)),  # falls by 17% at once
        (20, "QUASAR", datetime(2025, 6, 27, 15, 58, tzinfo=UTC)),  # by 9.7%: just inside its bands
        (20, "ORBIT", datetime(2021, 6, 8, 18, 21, tzinfo=UTC)),
        (20, "TUNDRA", datetime(2026, 5, 15, 13, 36, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("session", ["continuous", "exchange"])
def test_bounds_leave_nothing_out(session, seed, underlying, moment):
    feed = SimulatedFeed(seed, session=session)
    assert isinstance(feed, BoundsUnderlyings)
    assert isinstance(feed, TellsHaltTerms)
    plain = WithoutBounds(feed)
    assert not isinstance(plain, BoundsUnderlyings)
    start, end = moment - timedelta(minutes=25), moment + timedelta(minutes=25)
    found = [HaltWatch(one, HaltRules()).changes([underlying], start, end) for one in (feed, plain)]
    assert found[0] == found[1]
    assert bool(found[0]) is ((moment.month == 5 and underlying == "QUASAR") or underlying == "ORBIT")


@given(st.sampled_from(["ORBIT", "TUNDRA", "QUASAR"]), st.integers(0, 10**8), st.integers(1, 1200), st.booleans())
@settings(max_examples=40, deadline=None)
def test_no_quote_of_an_underlying_lies_outside_its_bounds(symbol, seconds, length, tight):
    feed = SimulatedFeed()
    start = datetime(2022, 1, 3, tzinfo=UTC) + timedelta(seconds=seconds)
    end = start + timedelta(seconds=length)
    bounds = feed.underlying_bounds(symbol, start, end, tight=tight)
    for quote in feed.quotes_between(symbol, start, end):
        assert bounds.bid_low <= quote.bid <= bounds.bid_high
        assert bounds.ask_low <= quote.ask <= bounds.ask_high
        assert bounds.bid_low <= quote.last <= bounds.ask_high
