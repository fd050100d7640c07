"""The venue halts by itself: the same events when looked at every second and when left alone, and no fill in a halt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market.clock import ManualClock
from optionix_core.services import halts, orders, trading
from optionix_core.services.home import HomeFolders
from optionix_core.services.trading import OrderTerms
from optionix_core.services.workspace import Workspace
from optionix_core.sync.event import Event
from optionix_core.sync.memory import MemoryEventStore
from optionix_core.trading import facts
from optionix_core.trading.halt_rules import NO_RULES, TradingRules
from optionix_core.trading.orders import OrderLeg, OrderState, TimeInForce

pytestmark = pytest.mark.usefixtures("own_markets")

JUMP = datetime(2026, 5, 15, 13, 36, 15, 750000, tzinfo=UTC)
"""QUASAR falls from 46.38 to 38.5 at once, minutes after the open: far below a tier 2 stock's lower band."""
PAUSED = JUMP + timedelta(seconds=15)
"""15 s in a limit state (luld_rules.json of the reference data; LULD Plan, section VII)."""
REOPENED = PAUSED + timedelta(minutes=5)
FEED = SimulatedFeed()
CALL, HIGH, OTHER = "QUASAR260717C00046000", "QUASAR260717C00050000", "ORBIT 260717C00215000"
PUT = "QUASAR260717P00040000"
GTC = TimeInForce.GTC


class Home:
    """A log in memory, and what is done to it at which moment."""

    def __init__(self, moment, rules=None):
        self.store, self.clock, self.rules = MemoryEventStore(), ManualClock(moment), rules

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


def working(moment=JUMP - timedelta(minutes=4), rules=None):
    home = Home(moment, rules)
    home.order("low", "buy", 1, CALL, "1.00")
    home.order("other", "buy", 1, OTHER, "0.50")
    home.order("put", "buy", 1, PUT, "0.30")
    return home


def test_a_venue_left_alone_halts_at_the_moments_of_one_that_was_looked_at_every_second():
    alone, watched = working(), working()
    end = REOPENED + timedelta(minutes=20)
    alone.look(end)
    moment = JUMP - timedelta(seconds=20)
    while moment < REOPENED + timedelta(seconds=15):
        watched.look(moment)
        moment += timedelta(seconds=1)
    watched.look(end)
    assert alone.events() == watched.events()
    started, ended = alone.of_type("halt.started"), alone.of_type("halt.ended")
    assert [(event[2], event[3]["name"], event[3]["by"]) for event in started] == [(PAUSED, "QUASAR", "venue")]
    assert [(event[2], event[3]["price"]) for event in ended] == [(REOPENED, "38.47")]
    assert ended[0][3]["reason"] == "reopened with quotations 38.45 to 38.49"
    times = [event[2] for event in alone.events()]
    assert times == sorted(times)


def test_nothing_fills_in_the_pause_and_what_rests_goes_on_after_it():
    home = working()
    home.look(REOPENED + timedelta(days=2))
    fills = home.of_type("order.filled")
    assert fills
    assert not [event for event in fills if PAUSED <= event[2] < REOPENED and "QUASAR" in event[3]["symbol"]]
    free = working(rules=TradingRules(halts=NO_RULES))
    free.look(REOPENED + timedelta(days=2))
    assert not free.of_type("halt.started")


def test_in_the_pause_orders_are_suspended_and_new_ones_refused():
    home = working()
    home.look(PAUSED + timedelta(seconds=30))
    report = halts.status(home.workspace())
    assert [(halt.rule, halt.name, halt.since) for halt in report.halts] == [("luld", "QUASAR", PAUSED)]
    assert report.suspended == ("low", "put")
    assert orders.show(home.workspace(), "low").order.state is OrderState.SUSPENDED
    refused = home.order("new", "buy", 1, HIGH, "5")
    assert refused.reason.startswith("not-halted: QUASAR is halted by luld: 15 s in a limit state at the lower band")
    legs = (OrderLeg(CALL, 1), OrderLeg(HIGH, -1))
    assert home.order("spread", "buy", 1, "", "0.5", legs=legs).reason.startswith("not-halted")
    assert home.order("elsewhere", "buy", 1, OTHER, "0.40").state is not OrderState.REJECTED


def test_a_pause_that_nothing_worked_through_is_written_when_somebody_wants_to_trade():
    home = Home(PAUSED + timedelta(minutes=2))
    before = home.store.head()
    checks = {
        item.rule: item.passed for item in trading.preview_terms(home.workspace(), OrderTerms("buy", 1, CALL)).checks
    }
    assert checks["not-halted"] is False
    assert home.store.head() == before
    assert halts.status(home.workspace()).halts[0].since == PAUSED
    assert home.order("a", "buy", 1, CALL, "1").reason.startswith("not-halted")
    assert home.order("b", "buy", 1, CALL, "1").reason.startswith("not-halted")
    (started,) = home.of_type("halt.started")
    assert started[2] == PAUSED + timedelta(minutes=2)
    assert started[3]["since"] == "2026-05-15T13:36:30.750000Z"
    home.look(REOPENED + timedelta(hours=3))  # no order works, and the halt ends in the log all the same
    (ended,) = home.of_type("halt.ended")
    assert ended[2] == REOPENED
    assert home.order("c", "buy", 1, CALL, "1").state is OrderState.WORKING


def test_a_pause_that_is_over_is_not_written():
    home = Home(REOPENED + timedelta(minutes=2))
    assert home.order("a", "buy", 1, CALL, "1").state is OrderState.WORKING
    assert not home.of_type("halt.started")


def test_a_halt_of_the_venue_cannot_be_lifted_by_hand():
    home = working()
    home.look(PAUSED + timedelta(seconds=30))
    with pytest.raises(ValueError, match="none by which the venue halts by itself"):
        halts.lift(home.workspace(), halts.HaltScope.UNDERLYING, "QUASAR", by="ada", reason="now", rule="luld")


def at_the_server(home):
    """The server's venue in the same log, on a feed on which nothing halts."""
    folders, rules = HomeFolders.of(Path("unused")), TradingRules(halts=NO_RULES)
    return Workspace(
        folders, store=home.store, feed=FEED, clock=home.clock, rules=rules, account="server-1", venue="server-paper"
    )


def test_a_pause_of_one_venue_holds_up_no_order_of_another():
    home = working()
    there = at_the_server(home)
    assert trading.place(there, OrderTerms("buy", 1, CALL, Decimal("1.00"), GTC), "there").state is OrderState.WORKING
    home.look(PAUSED + timedelta(seconds=30))
    (started,) = home.of_type("halt.started")
    assert started[3]["venue"] == "local-sim"
    assert home.order("new", "buy", 1, HIGH, "5").reason.startswith("not-halted")
    assert orders.show(at_the_server(home), "there").order.state is OrderState.WORKING
    assert halts.standing(at_the_server(home)).halts == ()
    placed = trading.place(at_the_server(home), OrderTerms("buy", 1, HIGH, Decimal("0.50"), GTC), "too")
    assert placed.state is OrderState.WORKING
    halts.start(at_the_server(home), halts.HaltScope.MARKET, by="ada", reason="news")
    assert home.order("other-2", "buy", 1, OTHER, "0.40").reason.startswith("not-halted: the market is halted")


def test_a_pause_of_a_log_from_before_halts_named_their_venue_holds_and_ends():
    told = working()
    told.look(PAUSED + timedelta(seconds=30))
    home = Home(told.clock.moment)
    with home.store.writing("as it was") as log:
        for record in told.store.read():
            event = record.event
            payload = {
                name: value for name, value in event.payload.items() if name != "venue" or "halt" not in event.id
            }
            log.append([Event(event.id.replace("/local-sim/", "/"), event.type, event.time, payload)])
    assert home.order("new", "buy", 1, HIGH, "5").reason.startswith("not-halted")
    assert len(home.of_type("halt.started")) == 1
    home.look(REOPENED + timedelta(minutes=1))
    (ended,) = home.of_type("halt.ended")
    assert ended[0].startswith("halt/underlying/QUASAR/luld/2026")
    assert "venue" not in ended[3]
    assert halts.standing(home.workspace()).halts == ()


def test_an_order_that_ends_in_the_pause_leaves_a_halt_that_ends():
    alone = Home(JUMP - timedelta(minutes=4))
    good_until = PAUSED + timedelta(minutes=1)
    alone.order("gtd", "buy", 1, CALL, "1.00", TimeInForce.GTD, good_until=good_until)
    watched = Home(JUMP - timedelta(minutes=4))
    watched.order("gtd", "buy", 1, CALL, "1.00", TimeInForce.GTD, good_until=good_until)
    for seconds in (10, 16, 60, 90, 200, 400):
        watched.look(JUMP + timedelta(seconds=seconds))
    alone.look(JUMP + timedelta(seconds=400))
    assert alone.events() == watched.events()
    assert [event[1] for event in alone.events()][-3:] == ["halt.started", "order.expired", "halt.ended"]


def test_a_week_of_three_underlyings_without_a_halt_writes_none():
    home = Home(datetime(2026, 11, 13, 15, 0, tzinfo=UTC))
    home.order("a", "buy", 1, "ORBIT 261218C00215000", "0.05")
    home.look(datetime(2026, 11, 20, 15, 0, tzinfo=UTC))
    assert not home.of_type("halt.started")
