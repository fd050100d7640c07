"""A venue left alone comes out as one that was looked at all the time: same events, same times, same ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market.clock import ManualClock
from optionix_core.services import book, trading
from optionix_core.services.home import HomeFolders
from optionix_core.services.trading import OrderTerms
from optionix_core.services.workspace import Workspace
from optionix_core.sync.memory import MemoryEventStore
from optionix_core.trading import facts
from optionix_core.trading.orders import OrderLeg, TimeInForce, Trigger, TriggerKind

pytestmark = pytest.mark.usefixtures("own_markets")

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
"""A Friday; the options that expire that day do so at 21:00 UTC."""
NEAR, FAR = "ORBIT 261120C00215000", "ORBIT 261218C00215000"
OTHER = "QUASAR261218P00058000"
WING = "ORBIT 261218C00225000"
VERTICAL = (OrderLeg(FAR, 1), OrderLeg(WING, -1))
FEEDS = {name: SimulatedFeed(session=name) for name in ("continuous", "exchange")}
GTC, DAY = TimeInForce.GTC, TimeInForce.DAY


class Home:
    """A log in memory, and what is done to it at which moment."""

    def __init__(self, session="continuous"):
        self.store, self.clock, self.session = MemoryEventStore(), ManualClock(START), session

    def workspace(self, account="paper-1"):
        folders = HomeFolders.of(Path("unused"))
        return Workspace(folders, store=self.store, feed=FEEDS[self.session], clock=self.clock, account=account)

    def order(self, name, side, quantity, symbol, limit=None, force=GTC, account="paper-1", **terms):
        price = None if limit is None else Decimal(limit)
        asked = OrderTerms(side, quantity, symbol, price, force, **terms)
        return trading.place(self.workspace(account), asked, name)

    def look(self, moment):
        self.clock.moment = moment
        return trading.bring_up_to_date(self.workspace())

    def events(self):
        """What happened, without the marks that say up to when the venue was looked at."""
        events = [record.event for record in facts.read(self.store)]
        return [(e.id, e.type, e.time, e.payload) for e in events if e.type != "venue.advanced"]

    def ledger(self):
        workspace = self.workspace()
        workspace.desk.follow(self.store)
        state = workspace.desk.book.state()
        return {name: state[name] for name in ("accounts", "balances")}


def _left_alone(home):
    """A GTC limit, a stop, a trailing stop, a bracket and an expiring option."""
    home.order("near", "buy", 3, NEAR, force=TimeInForce.IOC)
    home.order("far", "buy", 4, FAR, force=TimeInForce.IOC)
    home.order("gtc", "buy", 2, FAR, "5.5")
    home.order("low", "buy", 2, FAR, "0.5")
    home.order("day", "buy", 1, OTHER, "2.5", DAY)
    home.order("stop", "sell", 2, FAR, trigger=Trigger(TriggerKind.STOP, Decimal("4.5")), one_cancels="exit")
    home.order("take", "sell", 2, FAR, "9", one_cancels="exit")
    home.order("trail", "sell", 2, FAR, trigger=Trigger(TriggerKind.TRAILING, distance=Decimal(1)))
    home.order("entry", "buy", 2, OTHER, "3")
    home.order("exit", "sell", 2, OTHER, "3.6", parent="entry")
    home.order("spread", "buy", 2, "", "3.30", legs=VERTICAL)
    home.order("spread-exit", "sell", 2, "", "3.60", legs=VERTICAL, parent="spread")
    home.order("others", "buy", 1, WING, "1.9", account="second")
    return home


def test_a_gtc_limit_a_stop_a_combination_and_an_expiring_option_left_alone_are_as_if_looked_at_every_minute():
    alone, watched = _left_alone(Home()), _left_alone(Home())
    end = START + timedelta(days=2, hours=3)
    alone.look(end)
    moments = [START + timedelta(seconds=47 * number) for number in range(1, 20)]
    moments += [START + timedelta(hours=1, minutes=147 * number) for number in range(1, 21)]
    for moment in (*(one for one in moments if one < end), end):
        watched.look(moment)
    assert alone.events() == watched.events()
    assert alone.ledger() == watched.ledger()
    happened = {event[0] for event in alone.events()}
    assert {"order/gtc/fill-1", "order/trail/triggered", "order/day/end", "order/entry/fill-1"} <= happened
    assert {"order/spread/fill-1", "order/others/fill-1"} <= happened
    assert f"account/paper-1/expiry/{NEAR}" in happened
    assert "order/low/end" not in happened
    times = [event[2] for event in alone.events()]
    assert times == sorted(times)


def _shares_left_alone(home):
    """Shares bought, protected and bracketed."""
    home.order("own", "buy", 200, "ORBIT", force=TimeInForce.IOC)
    home.order("dip", "buy", 100, "ORBIT", "214")
    home.order("trail", "sell", 200, "ORBIT", trigger=Trigger(TriggerKind.TRAILING, distance=Decimal(3)))
    ask = Decimal(str(FEEDS["continuous"].spot("QUASAR", START).ask))
    exit_terms = {"parent": "entry", "one_cancels": "both"}
    home.order("entry", "buy", 50, "QUASAR", ask - Decimal("0.40"))
    home.order("take", "sell", 50, "QUASAR", ask + Decimal("0.40"), **exit_terms)
    home.order("loss", "sell", 50, "QUASAR", trigger=Trigger(TriggerKind.STOP, ask - 4), **exit_terms)
    return home


def test_shares_left_alone_are_as_if_looked_at_all_the_time():
    alone, watched = _shares_left_alone(Home()), _shares_left_alone(Home())
    end = START + timedelta(days=2)
    alone.look(end)
    moments = [START + timedelta(seconds=53 * number) for number in range(1, 30)]
    moments += [START + timedelta(hours=1, minutes=113 * number) for number in range(1, 25)]
    for moment in (*moments, end):
        watched.look(moment)
    assert alone.events() == watched.events()
    assert alone.ledger() == watched.ledger()
    happened = {event[0] for event in alone.events()}
    assert {"order/dip/fill-1", "order/trail/fill-2", "order/entry/fill-1"} <= happened
    assert happened & {"order/take/fill-1", "order/loss/fill-1"}


def test_a_covered_call_left_alone_for_a_quarter_of_an_hour_is_as_if_looked_at_every_minute():
    legs = (OrderLeg("ORBIT", 100), OrderLeg(FAR, -1))
    alone, watched = Home(), Home()
    natural = trading.preview_terms(alone.workspace(), OrderTerms("buy", 1, "", legs=legs)).combination.natural
    for home in (alone, watched):
        home.order("cc", "buy", 1, "", natural - Decimal("0.04"), legs=legs)
    end = START + timedelta(minutes=15)
    alone.look(end)
    for number in range(1, 15):
        watched.look(START + timedelta(minutes=number))
    watched.look(end)
    assert alone.events() == watched.events()
    assert "order/cc/fill-1" in {event[0] for event in alone.events()}


def test_every_fill_is_at_a_quote_that_the_feed_gave_at_that_moment():
    home = _left_alone(Home())
    home.look(START + timedelta(days=2))
    feed, resting = FEEDS["continuous"], 0
    for record in facts.read(home.store):
        event = record.event
        if event.type != "order.filled":
            continue
        for leg in event.payload.get("legs", ()):
            quote = feed.quote(leg["symbol"], event.time)
            assert "against" in leg or float(leg["price"]) == (quote.ask if leg["quantity"] > 0 else quote.bid)
        if "legs" in event.payload or "against" in event.payload:
            continue
        quote = feed.quote(event.payload["symbol"], event.time)
        buys = event.payload["side"] == "buy"
        met, price = (quote.ask if buys else quote.bid), float(event.payload["price"])
        assert price >= met if buys else price <= met
        assert event.payload["quantity"] <= (quote.ask_size if buys else quote.bid_size)
        if event.time > START:
            assert quote.exchange_time == event.time
            resting += event.payload["model"] == "queue-behind-displayed"
        assert price != quote.mid
    assert resting >= 2


def test_what_was_looked_at_is_written_now_and_then_and_not_looked_at_again():
    home = Home()
    home.order("low", "buy", 1, FAR, "0.5")
    before = home.store.head()
    home.look(START + timedelta(minutes=59))
    assert home.store.head() == before
    home.look(START + timedelta(minutes=61))
    assert [record.event.type for record in home.store.read(before.seq)] == ["venue.advanced"]
    again = home.store.head()
    home.look(START + timedelta(minutes=100))
    assert home.store.head() == again


def test_out_of_hours_nothing_fills_and_a_day_order_ends_with_the_session():
    home = Home("exchange")
    home.order("day", "buy", 1, FAR, "0.5", DAY)
    home.order("gtc", "buy", 1, FAR, "5.5")
    home.look(START + timedelta(days=6))
    ends = {event[0]: event for event in home.events()}
    assert ends["order/day/end"][2] == datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
    assert FEEDS["exchange"].is_open(ends["order/gtc/fill-1"][2])


@pytest.mark.parametrize("gap", [timedelta(0), timedelta(seconds=-30)])
def test_a_clock_that_stands_or_goes_back_changes_nothing(gap):
    home = Home()
    home.order("low", "buy", 1, FAR, "0.5")
    home.look(START + timedelta(hours=3))
    head = home.store.head()
    home.look(START + timedelta(hours=3) + gap)
    assert home.store.head() == head
    assert book.account(home.workspace()).buying_power == Decimal("99949.35")  # 100000 - 50 - 0.65
