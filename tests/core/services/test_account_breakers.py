"""Breakers of an account trip by themselves, at the same minute when left alone and when looked at all the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market.clock import ManualClock
from optionix_core.services import account_standing, book, halts, trading
from optionix_core.services.desk import Desk
from optionix_core.services.home import HomeFolders
from optionix_core.services.trading import OrderTerms
from optionix_core.services.workspace import Workspace
from optionix_core.sync.memory import MemoryEventStore
from optionix_core.trading import facts
from optionix_core.trading.account_breakers import Note, with_note
from optionix_core.trading.account_standing import AccountStatus
from optionix_core.trading.breakers import DailyLossBreaker, DrawdownBreaker
from optionix_core.trading.fold import OrderFold
from optionix_core.trading.halt_rules import AccountAction, HaltRules, TradingRules
from optionix_core.trading.orders import OrderState, TimeInForce

JUMP = datetime(2026, 5, 15, 13, 36, 15, 750000, tzinfo=UTC)
"""QUASAR falls by 17% at once."""
MINUTE = datetime(2026, 5, 15, 13, 37, tzinfo=UTC)
START = JUMP - timedelta(minutes=4)
CALL, HIGH = "QUASAR260717C00046000", "QUASAR260717C00050000"
FEED = SimulatedFeed()
GTC, IOC = TimeInForce.GTC, TimeInForce.IOC


class Home:
    """A log in memory; an account that holds five calls, sells them dear and wants more of them cheap."""

    def __init__(self, **rules):
        self.store, self.clock = MemoryEventStore(), ManualClock(START)
        self.rules = TradingRules(halts=HaltRules(**rules))
        self.order("held", "buy", 5, CALL, force=IOC)
        self.order("take", "sell", 5, CALL, "9")
        self.order("more", "buy", 5, HIGH, "0.05")

    def workspace(self):
        folders = HomeFolders.of(Path("unused"))
        return Workspace(folders, store=self.store, feed=FEED, clock=self.clock, rules=self.rules)

    def order(self, name, side, quantity, symbol, limit=None, force=GTC, **terms):
        price = None if limit is None else Decimal(limit)
        return trading.place(self.workspace(), OrderTerms(side, quantity, symbol, price, force, **terms), name)

    def look(self, moment):
        self.clock.moment = moment
        return trading.bring_up_to_date(self.workspace())

    def events(self):
        events = [record.event for record in facts.read(self.store)]
        return [(e.id, e.type, e.time, e.payload) for e in events if e.type != "venue.advanced"]

    def of_type(self, kind):
        return [event for event in self.events() if event[1] == kind]


LOSS = {"daily_loss": DailyLossBreaker(Decimal(1000))}


def test_a_loss_makes_the_account_close_only_at_the_next_minute_and_sells_nothing():
    home = Home(**LOSS)
    home.look(MINUTE + timedelta(hours=3))
    (tripped,) = home.of_type("account.breaker-tripped")
    assert tripped[2] == MINUTE
    assert tripped[3]["rule"] == "daily-loss"
    (state,) = home.of_type("account.state-set")
    assert (state[2], state[3]["state"], state[3]["by"]) == (MINUTE, "close-only", "breaker")
    ends = {event[0] for event in home.events() if event[0].endswith("/end")}
    assert "order/more/end" in ends
    assert "order/take/end" not in ends
    assert len(home.of_type("order.filled")) == 1
    refused = home.order("again", "buy", 1, CALL, force=IOC)
    assert refused.reason.startswith("account-state: paper-1 is close-only: daily-loss: ")
    assert book.account(home.workspace()).day_pnl <= -1000


def test_the_status_tells_how_far_a_breaker_is_from_its_bound():
    home = Home(**LOSS)
    rows = {row.rule: row for row in halts.status(home.workspace()).rules if row.name == "paper-1"}
    assert rows["drawdown"].state == "off"
    assert rows["daily-loss"].state == "watching"
    assert rows["daily-loss"].detail.endswith("over the day, trips at 1000")


def test_left_alone_and_looked_at_every_few_seconds_it_is_the_same():
    alone, watched = Home(**LOSS), Home(**LOSS)
    end = MINUTE + timedelta(minutes=50)
    alone.look(end)
    for step in range(60):
        watched.look(START + timedelta(seconds=13 * step + 1))
    watched.look(end)
    assert alone.events() == watched.events()


def test_the_other_action_ends_all_orders_once_and_leaves_the_account_active():
    home = Home(**LOSS, account_action=AccountAction.CANCEL)
    home.look(MINUTE + timedelta(minutes=2))
    assert {"order/more/end", "order/take/end"} <= {event[0] for event in home.events()}
    assert not home.of_type("account.state-set")
    assert home.order("again", "buy", 1, HIGH, "0.05").state is OrderState.REJECTED  # QUASAR is paused
    home.look(MINUTE + timedelta(minutes=30))
    assert home.order("later", "buy", 1, HIGH, "0.05").state is OrderState.WORKING
    home.look(MINUTE + timedelta(hours=2))
    assert len(home.of_type("account.breaker-tripped")) == 1


def test_made_active_again_it_trips_no_more_that_day():
    home = Home(**LOSS)
    home.look(MINUTE + timedelta(minutes=30))
    account_standing.set_state(home.workspace(), AccountStatus.ACTIVE, by="ada", reason="looked into")
    home.look(MINUTE + timedelta(hours=4))
    assert len(home.of_type("account.breaker-tripped")) == 1
    assert account_standing.state(home.workspace()).status is AccountStatus.ACTIVE


def test_a_bound_that_is_not_reached_trips_nothing_and_costs_few_quotes():
    home = Home(daily_loss=DailyLossBreaker(Decimal(50_000)))
    home.look(MINUTE + timedelta(hours=6))
    assert not home.of_type("account.breaker-tripped")


def test_a_fall_from_the_peak_trips_the_drawdown_the_same_for_whoever_looks():
    rule = {"drawdown": DrawdownBreaker(Decimal("0.01"), timedelta(minutes=1440))}
    alone, watched = Home(**rule), Home(**rule)
    end = MINUTE + timedelta(hours=2)
    alone.look(end)
    for moment in (*(START + timedelta(seconds=37 * step) for step in range(1, 15)), end):
        watched.look(moment)
    assert alone.events() == watched.events()
    (tripped,) = alone.of_type("account.breaker-tripped")
    assert (tripped[2], tripped[3]["rule"]) == (MINUTE, "drawdown")


def test_notes_and_trips_come_back_from_the_canonical_form():
    rule = {"drawdown": DrawdownBreaker(Decimal("0.01"), timedelta(minutes=1440))}
    home = Home(**rule)
    home.look(MINUTE + timedelta(hours=1))
    desk = Desk()
    desk.follow(home.store)
    assert desk.orders.account_trips == {("paper-1", "drawdown"): MINUTE}
    assert desk.orders.account_notes["paper-1"]
    again = OrderFold.of_state(desk.orders.state())
    assert (again.account_notes, again.account_trips) == (desk.orders.account_notes, desk.orders.account_trips)


@given(st.lists(st.decimals(-100, 100, places=2), min_size=1, max_size=40), st.integers(1, 30))
@settings(max_examples=100, deadline=None)
def test_notes_keep_every_peak_that_can_still_count(values, window):
    kept = ()
    for minute, value in enumerate(values):
        at = START + timedelta(minutes=minute)
        kept = with_note(kept, Note(at, value), at - timedelta(minutes=window))
        expected = max(values[max(0, minute - window) : minute + 1])
        assert max(note.earned for note in kept) == expected


@pytest.mark.parametrize("tick", [None, "look"])
def test_without_a_breaker_nothing_is_judged(tick):
    home = Home()
    if tick:
        home.look(MINUTE)
    home.look(MINUTE + timedelta(hours=1))
    assert not home.of_type("account.breaker-tripped")
