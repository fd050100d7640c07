"""Alerts of a home: fired at the right time whoever looks, kept across processes, silent without data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from steady_feed import CALL, EXPIRES_AT, PUT, START

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError, VenueError
from optionix_core.market.clock import ManualClock
from optionix_core.services import alerts, trading
from optionix_core.services.alert_facts import interest, price_of
from optionix_core.sync.memory import MemoryEventStore
from optionix_core.trading.alerts.alert import AlertStatus
from optionix_core.trading.alerts.conditions import (
    BookGreek,
    BookGreekName,
    Comparison,
    ExpiryWithin,
    GreekName,
    Halted,
    ImpliedVolatility,
    Level,
    LimitName,
    LimitUse,
    OptionGreek,
    OrderFilled,
    Pnl,
    PnlKind,
    Price,
    PriceField,
)
from optionix_core.trading.alerts.records import CHECKED, FIRED
from optionix_core.trading.halt_records import started_event
from optionix_core.trading.halts import Halt, HaltScope
from optionix_core.trading.orders import Side

SIM_START = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
SIM_CALL = "ORBIT 270115C00230000"


def bid(bound: str, comparison: str = "above", symbol: str = CALL, field: str = "bid") -> Level:
    return Level(Price(symbol, PriceField(field)), Comparison(comparison), Decimal(bound))


@pytest.fixture
def watched(workspace_on, told):
    """Makes workspaces on the feed that tells all its quotes."""
    return lambda **choices: workspace_on(feed=told, **choices)


def fired(workspace):
    return [
        (record.event.time, record.event.payload["text"])
        for record in workspace.store.read()
        if record.event.type == FIRED
    ]


def test_an_alert_crossed_while_nothing_ran_fires_at_the_quote_that_crossed_it(watched, told, clock):
    first = watched()
    set_ = alerts.add(first, bid("5.50"), alert_id="a")
    assert (set_.status, set_.value) == (AlertStatus.WAITING, Decimal("4.9"))
    told.tell(60, CALL, 5.2, 5.3)
    crossed = told.tell(90, CALL, 5.6, 5.7)
    told.tell(120, CALL, 4.0, 4.1)
    clock.advance(timedelta(hours=3))
    found = alerts.check(watched())
    assert [(one.alert_id, one.time, one.value) for one in found.fired] == [("a", crossed, Decimal("5.6"))]
    assert found.fired[0].text == "TESTI 20MAR26 100 C bid 5.6 is at or above 5.5"
    assert alerts.check(watched()).fired == ()
    assert alerts.listing(first)[0].status is AlertStatus.FIRED


def test_a_home_looked_at_often_and_one_left_alone_tell_the_same_fires(watched, told, clock):
    often, alone = watched(store=MemoryEventStore()), watched(store=MemoryEventStore())
    for workspace in (often, alone):
        for comparison in ("above", "below", "crosses"):
            alerts.add(workspace, bid("5", comparison), alert_id=comparison, repeats=True)
    for place, price in enumerate([4.8, 5.0, 5.2, 4.9, 4.7, 5.1, 5.0, 4.95, 5.3]):
        told.tell(10 * place + 5, CALL, price, price + 0.1)
        clock.advance(timedelta(seconds=7 + 3 * (place % 3)))
        alerts.check(often)
    clock.advance(timedelta(hours=5))
    alerts.check(often)
    alerts.check(alone)
    assert fired(alone) == sorted(fired(often), key=lambda one: one[0])
    assert len(fired(alone)) == 3 + 3 + 5  # above: 5.0 5.1 5.3; below: 4.9 4.9 5.0; crosses: 5.0 4.9 5.1 5.0 5.3


def test_looking_writes_nothing_where_nothing_changed_and_once_an_hour_otherwise(watched, clock):
    workspace = watched()
    alerts.add(workspace, bid("9"), alert_id="a")
    head = workspace.store.head().seq
    for _ in range(5):
        clock.advance(timedelta(minutes=5))
        alerts.look(workspace)
    assert workspace.store.head().seq == head
    clock.advance(timedelta(hours=1))
    alerts.look(workspace)
    assert [record.event.type for record in workspace.store.read(head)] == [CHECKED]


def test_a_process_looks_once_at_each_quote(watched, told, clock):
    workspace = watched()
    alerts.add(workspace, bid("9"), alert_id="a")
    asked = []
    between = told.quotes_between
    told.quotes_between = lambda symbol, after, *rest: asked.append(after) or between(symbol, after, *rest)
    for _ in range(3):
        clock.advance(timedelta(minutes=1))
        alerts.look(workspace)
    assert asked == [START + timedelta(minutes=minutes) for minutes in (0, 1, 2)]


@pytest.mark.parametrize(
    ("symbol", "field"), [(SIM_CALL, PriceField.BID), (SIM_CALL, PriceField.MID), ("ORBIT", PriceField.LAST)]
)
def test_the_simulated_feed_leaves_out_only_quotes_that_change_nothing(symbol, field):
    from optionix_core.feeds.simulated.venue import SimulatedFeed
    from optionix_core.trading.alerts.alert import Alert, OpenAlert
    from optionix_core.trading.alerts.watching import Observation, Watch

    feed, until = SimulatedFeed(seed=20), SIM_START + timedelta(minutes=30)
    every = list(feed.quotes_between(symbol, SIM_START, until))
    prices = sorted({price_of(quote, field) for quote in every} - {None})
    found = 0
    for comparison in Comparison:
        level = Level(Price(symbol, field), comparison, prices[len(prices) // 2])
        opened = OpenAlert(Alert("a", level, "paper-1", "sim", SIM_START, repeats=True))
        whole, sparse = Watch(opened, until), Watch(opened, until)
        for quote in every:
            whole.see(Observation(quote.exchange_time, price_of(quote, field)))
        matters = interest(sparse, field, last_within=symbol == "ORBIT")
        for quote in feed.quotes_between(symbol, SIM_START, until, matters):
            sparse.see(Observation(quote.exchange_time, price_of(quote, field)))
        assert sparse.fired == whole.fired
        found += len(whole.fired)
    assert found > 5


def test_a_feed_that_cannot_tell_its_quotes_is_seen_at_the_moment_alone(workspace_on, feed, steady, clock):
    workspace = workspace_on()
    alerts.add(workspace, bid("5.5"), alert_id="a")
    workspace_high = workspace_on(feed=steady.moved(feed, CALL, 5.6, 5.7))
    clock.advance(timedelta(minutes=1))
    found = alerts.check(workspace_high).fired
    assert [(one.time, one.value) for one in found] == [(START + timedelta(minutes=1), Decimal("5.6"))]


def test_a_quote_that_is_stale_or_has_no_such_side_is_no_data(workspace_on, feed, steady, clock):
    workspace = workspace_on()
    alerts.add(workspace, bid("1", "below"), alert_id="a")
    clock.advance(timedelta(minutes=1))
    sideless = alerts.check(workspace_on(feed=steady.moved(feed, CALL, None, 0.05)))
    assert sideless.fired == ()
    assert [one.reason for one in sideless.unseen] == [f"no data: {CALL} has no bid"]
    feed.lag = timedelta(seconds=30)
    stale = alerts.check(workspace)
    assert [one.reason for one in stale.unseen] == [f"no data: the quote of {CALL} is 30 s old"]
    assert alerts.listing(workspace)[0].reason == f"no data: the quote of {CALL} is 30 s old"


def test_alerts_of_another_feed_wait_for_it(workspace_on, told, clock):
    other = workspace_on()
    alerts.add(other, bid("1"), alert_id="steady-one")
    clock.advance(timedelta(minutes=1))
    report = alerts.check(workspace_on(feed=told))
    assert [one.reason for one in report.unseen] == []  # it fired at once when it was set
    alerts.add(other, bid("9"), alert_id="waits")
    clock.advance(timedelta(minutes=1))
    report = alerts.check(workspace_on(feed=told))
    assert [one.reason for one in report.unseen] == ["no data: it watches steady, and told is open (--feed)"]


def test_volatility_and_greeks_without_a_chain_are_no_data(workspace, clock):
    for name, measure in {"iv": ImpliedVolatility(CALL), "delta": OptionGreek(CALL, GreekName.DELTA)}.items():
        set_ = alerts.add(workspace, Level(measure, Comparison.ABOVE, Decimal(0)), alert_id=name)
        assert set_.status is AlertStatus.WAITING
        assert set_.reason == "the steady feed has no chains"
    clock.advance(timedelta(minutes=1))
    assert [one.alert_id for one in alerts.check(workspace).unseen] == ["iv", "delta"]


def test_profit_limits_and_greeks_of_the_book_fire_on_what_the_book_is_worth(workspace_on, feed, steady, clock):
    workspace = workspace_on()
    trading.submit(workspace, Side.BUY, 2, CALL)
    measures = {
        "account": Pnl(PnlKind.UNREALISED),
        "position": Pnl(PnlKind.UNREALISED, CALL),
    }
    for name, measure in measures.items():
        alerts.add(workspace, Level(measure, Comparison.ABOVE, Decimal(50)), alert_id=name)
    alerts.add(workspace, Level(LimitUse(LimitName.BUYING_POWER), Comparison.ABOVE, Decimal("0.5")), alert_id="limit")
    greek = alerts.add(workspace, Level(BookGreek(BookGreekName.DELTA), Comparison.ABOVE, Decimal(0)), alert_id="greek")
    assert greek.reason == "no data: 1 of 1 positions have no Greeks (the steady feed has no chains)"
    assert alerts.show(workspace, "account").value == Decimal(-20)  # bought at 5.10, marked at 5.00, 2 x 100
    assert alerts.show(workspace, "limit").value == 0
    clock.advance(timedelta(minutes=1))
    found = alerts.check(workspace_on(feed=steady.moved(feed, CALL, 5.4, 5.6))).fired
    assert [(one.alert_id, one.value) for one in found] == [("account", Decimal(80)), ("position", Decimal(80))]


def test_a_fill_fires_at_its_own_moment(watched, told, clock):
    workspace = watched()
    order = trading.OrderTerms(Side.BUY, 2, CALL, Decimal("4.50"), "GTC")
    trading.place(workspace, order, "first")
    alerts.add(workspace, OrderFilled("first"), alert_id="a")
    at = told.tell(60, CALL, 4.3, 4.4)
    clock.advance(timedelta(hours=2))
    found = alerts.check(workspace).fired
    assert [(one.time, one.text) for one in found] == [(at, f"order first filled: buy 2 {CALL} at 4.5")]


def test_an_expiry_fires_so_many_days_before_it(workspace, clock):
    alerts.add(workspace, ExpiryWithin(CALL, 3), alert_id="a")
    assert alerts.check(workspace).fired == ()
    clock.moment = EXPIRES_AT - timedelta(days=2)
    found = alerts.check(workspace).fired
    assert [one.time for one in found] == [EXPIRES_AT - timedelta(days=3)]
    assert found[0].text == "TESTI 20MAR26 100 C expires within 3 days: at 2026-03-20 20:00 UTC"


def halt(scope, name, minutes, rule="luld"):
    since = START + timedelta(minutes=minutes)
    return started_event(Halt(scope, name, rule, since, since + timedelta(minutes=5), "limit state"), "test")


def write(workspace, *events):
    with workspace.store.writing("test") as log:
        log.append(events)


def test_a_halt_of_instrument_underlying_or_market_fires_at_its_start(workspace, clock):
    alerts.add(workspace, Halted(CALL), alert_id="option", repeats=True)
    alerts.add(workspace, Halted("TESTI"), alert_id="underlying")
    clock.advance(timedelta(hours=1))
    write(
        workspace,
        halt(HaltScope.INSTRUMENT, PUT, 1),
        halt(HaltScope.INSTRUMENT, CALL, 2),
        halt(HaltScope.UNDERLYING, "TESTI", 3),
        halt(HaltScope.MARKET, "", 20, "market-wide"),
    )
    found = alerts.check(workspace).fired
    assert [((one.time - START) / timedelta(minutes=1), one.alert_id, one.text) for one in found] == [
        (2, "option", "halt of TESTI 20MAR26 100 C: by luld, limit state"),
        (3, "option", "halt of TESTI 20MAR26 100 C: by luld, limit state"),
        (3, "underlying", "halt of TESTI: by luld, limit state"),
        (20, "option", "halt of TESTI 20MAR26 100 C: by market-wide, limit state"),
    ]
    assert alerts.check(workspace).fired == ()


def test_what_is_halted_already_fires_at_once_and_once(workspace, clock):
    write(workspace, halt(HaltScope.UNDERLYING, "TESTI", 0))
    clock.advance(timedelta(minutes=1))
    alerts.add(workspace, Halted(CALL), alert_id="a", repeats=True)
    clock.advance(timedelta(minutes=1))
    alerts.check(workspace)
    text = "halt of TESTI 20MAR26 100 C: by luld, limit state"
    assert fired(workspace) == [(START + timedelta(minutes=1), text)]


def test_snoozed_dismissed_and_removed(watched, told, clock):
    workspace = watched()
    alerts.add(workspace, bid("4"), alert_id="a")
    with pytest.raises(InvalidValueError, match="until must be after"):
        alerts.snooze(workspace, "a", START)
    assert alerts.snooze(workspace, "a", START + timedelta(minutes=10)).status is AlertStatus.SNOOZED
    told.tell(300, CALL, 4.8, 4.9)
    again = told.tell(700, CALL, 4.7, 4.8)
    clock.advance(timedelta(minutes=20))
    assert [one.time for one in alerts.check(workspace).fired] == [again]
    assert alerts.dismiss(workspace, "a").status is AlertStatus.DISMISSED
    with pytest.raises(InvalidValueError, match="one that has fired"):
        alerts.dismiss(workspace, "a")
    assert alerts.listing(workspace) == ()
    assert len(alerts.listing(workspace, over=True)) == 1
    alerts.remove(workspace, "a")
    with pytest.raises(UnknownNameError, match="unknown alert 'a'"):
        alerts.remove(workspace, "a")


def test_the_same_id_is_the_same_alert_and_never_another(workspace, clock):
    alerts.add(workspace, bid("9"), alert_id="a")
    clock.advance(timedelta(minutes=1))
    assert alerts.add(workspace, bid("9"), alert_id="a").opened.alert.set_at == START
    with pytest.raises(InvalidValueError, match="repeat its alert: TESTI 20MAR26 100 C bid above 9"):
        alerts.add(workspace, bid("8"), alert_id="a")


@pytest.mark.parametrize(
    ("condition", "error", "told"),
    [
        (bid("1", symbol="TESTI 260320C00999000"), UnknownNameError, "unknown symbol"),
        (OrderFilled("nobody"), UnknownNameError, "unknown order 'nobody'"),
        (Halted("NOSUCH"), UnknownNameError, "unknown underlying of the paper venue 'NOSUCH'; known: TESTI"),
    ],
)
def test_what_is_not_there_cannot_be_watched(condition, error, told, workspace):
    with pytest.raises(error, match=told):
        alerts.add(workspace, condition)
    assert workspace.store.head().seq == 0


def test_an_expired_option_has_no_expiry_ahead(workspace_on, feed):
    late = workspace_on(clock=ManualClock(EXPIRES_AT))
    with pytest.raises(InvalidValueError, match="not expired"):
        alerts.add(late, ExpiryWithin(CALL, 3))


def test_an_event_has_no_value(workspace):
    from optionix_core.services.alert_facts import AlertFacts

    opened = alerts.add(workspace, Halted("TESTI"), alert_id="a").opened
    with pytest.raises(MissingDataError, match="is an event"):
        AlertFacts(workspace, workspace.store, START).value(opened.alert)


def test_whoever_brings_the_venue_up_to_now_looks_at_the_alerts(watched, told, clock):
    workspace = watched()
    alerts.add(workspace, bid("5.5"), alert_id="a")
    crossed = told.tell(60, CALL, 5.6, 5.7)
    clock.advance(timedelta(hours=2))
    trading.bring_up_to_date(workspace)
    assert fired(workspace) == [(crossed, "TESTI 20MAR26 100 C bid 5.6 is at or above 5.5")]


def test_a_feed_that_cannot_be_reached_is_no_data(watched, told, clock, monkeypatch):
    workspace = watched()
    alerts.add(workspace, bid("9"), alert_id="a")
    clock.advance(timedelta(minutes=1))

    def unreachable(*_):
        raise VenueError("told does not answer")

    monkeypatch.setattr(told, "quotes_between", unreachable)
    assert [one.reason for one in alerts.check(workspace).unseen] == ["told does not answer"]
    assert alerts.listing(workspace)[0].status is AlertStatus.WAITING


def test_the_next_process_begins_at_a_checkpoint(watched, clock, monkeypatch):
    monkeypatch.setattr(alerts, "KEPT_AFTER", 1)
    monkeypatch.setattr("optionix_core.services.followed.CHECKPOINT_EVERY", 1)
    first = watched()
    alerts.add(first, bid("9"), alert_id="a")
    clock.advance(timedelta(minutes=1))
    alerts.look(first)
    kept = first.store.load_checkpoint(alerts.CHECKPOINT)
    assert kept.head == first.store.head()
    read = []
    store = first.store
    monkeypatch.setattr(store, "read", lambda after=0, *_: read.append(after) or iter(()))
    assert alerts.show(watched(store=store), "a").status is AlertStatus.WAITING
    assert read == []
