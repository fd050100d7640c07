"""Pauses on a feed that a test moves: reopening auctions, and that nobody's looking changes what happens."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from halting_feed import HaltingFeed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from steady_feed import CALL, START

from optionix_core.errors import OptionixError
from optionix_core.market.clock import ManualClock
from optionix_core.services import orders, trading
from optionix_core.services.home import HomeFolders
from optionix_core.services.trading import OrderTerms
from optionix_core.services.workspace import Workspace
from optionix_core.sync.memory import MemoryEventStore
from optionix_core.trading import facts
from optionix_core.trading.orders import OrderState, TimeInForce, Trigger, TriggerKind

GTC, IOC = TimeInForce.GTC, TimeInForce.IOC


class Home:
    """A log in memory on a feed that a test moves."""

    def __init__(self, feed):
        self.feed, self.store, self.clock = feed, MemoryEventStore(), ManualClock(START)

    def workspace(self):
        return Workspace(HomeFolders.of(Path("unused")), store=self.store, feed=self.feed, clock=self.clock)

    def at(self, seconds):
        self.clock.moment = START + timedelta(seconds=seconds)
        return self

    def order(self, name, side, quantity, symbol, limit=None, force=GTC, **terms):
        price = None if limit is None else Decimal(limit)
        return trading.place(self.workspace(), OrderTerms(side, quantity, symbol, price, force, **terms), name)

    def look(self, seconds):
        return trading.bring_up_to_date(self.at(seconds).workspace())

    def events(self):
        events = [record.event for record in facts.read(self.store)]
        return [(e.id, e.type, e.time, e.payload) for e in events if e.type != "venue.advanced"]

    def fills(self):
        return [
            ((time - START).total_seconds(), payload["client_order_id"], payload["price"], payload["model"])
            for _, kind, time, payload in self.events()
            if kind == "order.filled"
        ]


def paused(feed=None):
    """TESTI stands at its lower band from second 100 on (95 = 100 less 5%): paused from 115 to 415."""
    feed = HaltingFeed() if feed is None else feed
    feed.move(100, 94.5)
    return feed


def test_resting_orders_meet_what_is_displayed_at_one_price_when_the_pause_ends():
    feed = paused()
    feed.tell(200, CALL, 2.0, 2.1, 10)  # in the pause the market falls past both limits
    home = Home(feed)
    home.order("high", "buy", 2, CALL, "4.5")
    home.order("low", "buy", 3, CALL, "3.0")
    home.order("far", "buy", 1, CALL, "1.0")
    home.look(500)
    assert home.fills() == [(415, "high", "2.1", "reopening-auction"), (415, "low", "2.1", "reopening-auction")]
    assert orders.show(home.workspace(), "far").order.state is OrderState.WORKING


def test_the_auction_gives_no_more_than_is_displayed_the_better_limit_first():
    feed = paused()
    feed.tell(200, CALL, 2.0, 2.1, 3)
    home = Home(feed)
    home.order("low", "buy", 2, CALL, "3.0")
    home.order("high", "buy", 2, CALL, "4.5")
    home.look(416)
    assert home.fills() == [(415, "high", "2.1", "reopening-auction"), (415, "low", "2.1", "reopening-auction")]
    quantities = [event[3]["quantity"] for event in home.events() if event[1] == "order.filled"]
    assert quantities == [2, 1]


def test_a_sell_that_the_market_rose_past_gets_the_bid():
    feed = paused()
    feed.tell(200, CALL, 7.0, 7.2, 10)
    home = Home(feed)
    home.order("held", "buy", 2, CALL, force=IOC)
    home.order("sell", "sell", 2, CALL, "6.0")
    home.look(416)
    assert home.fills()[1:] == [(415, "sell", "7", "reopening-auction")]


def test_a_stop_waits_for_the_first_quote_after_the_auction():
    feed = paused()
    feed.tell(200, CALL, 3.0, 3.2, 10)
    feed.tell(420, CALL, 2.9, 3.1, 10)
    home = Home(feed)
    home.order("held", "buy", 2, CALL, force=IOC)
    home.order("stop", "sell", 2, CALL, trigger=Trigger(TriggerKind.STOP, Decimal(4)))
    home.look(500)
    assert home.fills()[1:] == [(420, "stop", "2.9", "touch-displayed-size")]


def test_a_one_sided_or_crossed_quotation_holds_no_auction():
    for bid, ask in ((None, None), (2.2, 2.1)):
        feed = paused()
        feed.tell(200, CALL, bid, ask, 10)
        home = Home(feed)
        home.order("high", "buy", 2, CALL, "4.5")
        home.look(500)
        assert home.fills() == []


steps = st.lists(
    st.one_of(
        st.tuples(st.just("spot"), st.integers(1, 90), st.integers(-8, 8)),
        st.tuples(st.just("call"), st.integers(1, 90), st.integers(-20, 20)),
        st.tuples(st.just("order"), st.integers(1, 90), st.integers(-20, 10)),
        st.tuples(st.just("sell"), st.integers(1, 90), st.integers(-10, 20)),
        st.tuples(st.just("cancel"), st.integers(1, 90), st.integers(0, 8)),
    ),
    min_size=5,
    max_size=30,
)


@given(steps, st.lists(st.integers(1, 2000), max_size=25))
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_looking_changes_nothing_and_nothing_fills_in_a_halt(happenings, looks):
    feed, second, acts = HaltingFeed(), 0, []
    for number, (kind, later, size) in enumerate(happenings):
        second += later
        if kind == "spot":
            feed.move(second, 100.0 + size)
        elif kind == "call":
            feed.tell(second, CALL, round(4.9 + 0.1 * size, 2), round(5.1 + 0.1 * size, 2), 5)
        else:
            acts.append((second, number, kind, size))
    alone, watched = Home(feed), Home(feed)
    play(alone, acts)
    play(watched, sorted([*acts, *((look, -1, "look", 0) for look in looks)]))
    for home in (alone, watched):
        home.look(second + 1500)
    assert alone.events() == watched.events()
    halted = False
    for _, kind, _, _ in alone.events():
        if kind in {"halt.started", "halt.ended"}:
            halted = kind == "halt.started"
        assert not (halted and kind in {"order.filled", "order.accepted", "order.triggered"})


def play(home, acts):
    """What happens at which second; a cancellation of what is over, or never was, is none."""
    for when, number, kind, size in acts:
        price = f"{max(0.05, round(5 + 0.1 * size, 2)):.2f}"
        if kind == "look":
            home.look(when)
        elif kind == "cancel":
            with contextlib.suppress(OptionixError):
                orders.cancel(home.at(when).workspace(), f"o{size}")
        else:
            home.at(when).order(f"o{number}", "buy" if kind == "order" else "sell", 1, CALL, price)
