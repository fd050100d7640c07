"""Halts of the venue: what they refuse, suspend and let end, and that a venue left alone comes out the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from steady_feed import CALL, CALL_110, START

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market.clock import ManualClock
from optionix_core.services import halts, kill, orders, trading
from optionix_core.services.desk import Desk
from optionix_core.services.trading import OrderTerms
from optionix_core.trading.fold import OrderFold
from optionix_core.trading.halts import HaltScope, luld_bands, market_wide_levels
from optionix_core.trading.orders import OrderLeg, OrderState, TimeInForce, Trigger, TriggerKind

GTC, DAY = TimeInForce.GTC, TimeInForce.DAY
WHO = {"by": "ada", "reason": "news pending"}
UNDERLYING = (HaltScope.UNDERLYING, "TESTI")
SCOPES = [(HaltScope.MARKET, ""), UNDERLYING, (HaltScope.INSTRUMENT, CALL)]


@pytest.fixture
def at(workspace_on, told, clock):
    """A fresh process `seconds` after the start."""

    def make(seconds=0, **choices):
        clock.moment = max(clock.moment, START + timedelta(seconds=seconds))
        return workspace_on(feed=told, **choices)

    return make


def rest(workspace, name, limit="4.5", side="buy", symbol=CALL, force=GTC, **terms):
    price = None if limit is None else Decimal(limit)
    return trading.place(workspace, OrderTerms(side, 2, symbol, price, force, **terms), name)


@pytest.mark.parametrize(("scope", "name"), SCOPES, ids=[str(scope) for scope, _ in SCOPES])
def test_an_option_halts_with_the_market_with_its_underlying_and_alone(at, scope, name):
    halts.start(at(), scope, name, **WHO)
    refused = rest(at(1), "a")
    assert refused.state is OrderState.REJECTED
    assert refused.reason.startswith("not-halted:")
    assert "manual: news pending" in refused.reason
    other = rest(at(2), "b", "0.9", symbol=CALL_110)
    assert other.state is (OrderState.WORKING if scope is HaltScope.INSTRUMENT else OrderState.REJECTED)


def test_a_resting_order_is_suspended_fills_nothing_while_halted_and_goes_on_afterwards(at, told, store):
    rest(at(), "a")
    halts.start(at(2), *UNDERLYING, **WHO)
    told.tell(3, CALL, 4.0, 4.2)
    told.tell(8, CALL, 4.1, 4.3)
    shown = orders.show(at(5), "a").order
    assert (shown.state, shown.reason, shown.open) == (
        OrderState.SUSPENDED,
        "TESTI is halted by manual: news pending",
        True,
    )
    assert [order.state for order in orders.listing(at(5))] == [OrderState.SUSPENDED]
    assert halts.status(at(5)).suspended == ("a",)
    assert store.find("order/a/fill-1") is None
    halts.lift(at(6), *UNDERLYING, **WHO)
    assert orders.show(at(7), "a").order.state is OrderState.WORKING
    trading.bring_up_to_date(at(10))
    assert store.find("order/a/fill-1").event.time == START + timedelta(seconds=8)


def test_a_stop_is_not_triggered_while_halted(at, told, store):
    trading.submit(at(), "buy", 2, CALL)
    rest(at(), "s", None, side="sell", trigger=Trigger(TriggerKind.STOP, Decimal("4.5")))
    halts.start(at(2), *UNDERLYING, **WHO, until=START + timedelta(seconds=6))
    told.tell(3, CALL, 4.0, 4.2)
    told.tell(5, CALL, 4.9, 5.1)
    trading.bring_up_to_date(at(20))
    assert store.find("order/s/triggered") is None
    told.tell(21, CALL, 4.4, 4.6)
    trading.bring_up_to_date(at(22))
    assert store.find("order/s/triggered").event.time == START + timedelta(seconds=21)


def test_a_halt_with_an_end_ends_by_itself_at_that_moment_however_late_anybody_looks(at, told, store):
    rest(at(), "a")
    halts.start(at(2), HaltScope.MARKET, **WHO, until=START + timedelta(seconds=6))
    told.tell(3, CALL, 4.0, 4.2)
    told.tell(6, CALL, 4.1, 4.3)
    trading.bring_up_to_date(at(4000))
    assert store.find("order/a/fill-1").event.time == START + timedelta(seconds=6)
    assert halts.status(at(4001)).halts == ()


def test_a_fill_that_came_before_a_halt_wins(at, told, store):
    rest(at(), "a")
    told.tell(1, CALL, 4.0, 4.2)
    halts.start(at(2), *UNDERLYING, **WHO)
    assert store.find("order/a/fill-1").event.time == START + timedelta(seconds=1)


def test_a_day_order_ends_with_its_day_while_it_is_halted_and_can_be_cancelled(at, store):
    rest(at(), "day", force=DAY)
    rest(at(), "gone")
    halts.start(at(2), *UNDERLYING, **WHO)
    assert orders.cancel(at(3), "gone").state is OrderState.CANCELLED
    trading.bring_up_to_date(at(6 * 3600))
    assert store.find("order/day/end").event.type == "order.expired"


def test_a_halt_is_set_once_and_lifted_once(at, store):
    halts.start(at(), *UNDERLYING, **WHO)
    with pytest.raises(InvalidValueError, match="halt must be one that is not set"):
        halts.start(at(1), *UNDERLYING, **WHO)
    halts.start(at(1), *UNDERLYING, **WHO, rule="own-rule")
    halts.lift(at(2), *UNDERLYING, **WHO)
    assert [halt.rule for halt in halts.status(at(3)).halts] == ["own-rule"]
    with pytest.raises(InvalidValueError, match=r"halt must be one that is set .got manual of TESTI"):
        halts.lift(at(4), *UNDERLYING, **WHO)
    halts.start(at(5), *UNDERLYING, **WHO)
    halts.lift(at(5), *UNDERLYING, **WHO)
    halts.start(at(5), *UNDERLYING, **WHO)  # in the very moment of the one before
    kinds = [record.event.type for record in store.read()]
    assert (kinds.count("halt.started"), kinds.count("halt.ended")) == (4, 2)


@pytest.mark.parametrize(
    ("arguments", "changes", "error", "words"),
    [
        ((HaltScope.UNDERLYING, "NOPE"), {}, UnknownNameError, "unknown underlying 'NOPE'; known: TESTI"),
        ((HaltScope.INSTRUMENT, "TESTI 260320C00120000"), {}, UnknownNameError, "unknown symbol"),
        ((HaltScope.MARKET, "TESTI"), {}, InvalidValueError, "name must be empty for the market"),
        (UNDERLYING, {"rule": "Big Rule"}, InvalidValueError, "rule must be 1 to 32 small letters"),
        (UNDERLYING, {"rule": "luld"}, InvalidValueError, "rule must be none by which the venue halts by itself"),
        (UNDERLYING, {"reason": ""}, InvalidValueError, "reason must be 1 to 200 printable"),
        (UNDERLYING, {"until": START}, InvalidValueError, "until must be after"),
    ],
)
def test_a_malformed_halt_is_named_and_not_written(at, store, arguments, changes, error, words):
    with pytest.raises(error, match=words):
        halts.start(at(1), *arguments, **{**WHO, **changes})
    assert store.head().seq == 0


def test_the_board_comes_back_from_its_canonical_form(at, store):
    halts.start(at(), *UNDERLYING, **WHO, until=START + timedelta(hours=1))
    halts.start(at(1), HaltScope.MARKET, **WHO)
    folded = Desk()
    folded.follow(store)
    assert len(folded.orders.halts.halts) == 2
    assert OrderFold.of_state(folded.orders.state()).state() == folded.orders.state()


def test_bands_and_levels_are_the_rules_own_at_the_feeds_prices(workspace_on):
    moment, feed = datetime(2026, 11, 20, 15, 30, tzinfo=UTC), SimulatedFeed()
    workspace = workspace_on(feed=feed, clock=ManualClock(moment))
    told = halts.bands(workspace, "ORBIT", 2)
    assert told.bands == luld_bands(told.reference, told.previous_close, 2, moment)
    assert float(told.previous_close) == feed.spot("ORBIT", datetime(2026, 11, 19, 21, 0, tzinfo=UTC)).last
    window = [feed.spot("ORBIT", moment - timedelta(seconds=30 * n)).last for n in range(120)]
    assert min(window) <= told.reference <= max(window)
    found = halts.levels(workspace, "TUNDRA")
    assert found.levels == market_wide_levels(found.prior_close)
    assert found.reached == 0


def test_there_are_no_bands_outside_the_exchanges_hours(workspace_on):
    workspace = workspace_on(feed=SimulatedFeed(), clock=ManualClock(datetime(2026, 11, 21, 15, 30, tzinfo=UTC)))
    with pytest.raises(MissingDataError, match="2026-11-21 15:30 UTC is outside"):
        halts.bands(workspace, "ORBIT")


def test_a_combination_halts_with_any_of_its_legs(at, told, store):
    legs = (OrderLeg(CALL, 1), OrderLeg(CALL_110, -1))
    rested = trading.place(at(), OrderTerms("buy", 1, "", Decimal("3.5"), GTC, legs=legs), "spread")
    assert rested.state is OrderState.WORKING
    halts.start(at(2), HaltScope.INSTRUMENT, CALL_110, **WHO)
    assert halts.status(at(2)).suspended == ("spread",)
    assert orders.show(at(2), "spread").order.state is OrderState.SUSPENDED
    refused = trading.place(at(2), OrderTerms("buy", 1, "", Decimal("3.5"), GTC, legs=legs), "again")
    assert refused.reason.startswith("not-halted")
    told.tell(3, CALL, 4.0, 4.2)
    trading.bring_up_to_date(at(4))
    assert store.find("order/spread/fill-1") is None
    halts.lift(at(5), HaltScope.INSTRUMENT, CALL_110, **WHO)
    told.tell(6, CALL, 4.0, 4.2)
    trading.bring_up_to_date(at(7))
    assert store.find("order/spread/fill-1").event.time == START + timedelta(seconds=6)


def test_a_kill_ends_a_combination_that_rests(at, store):
    legs = (OrderLeg(CALL, 1), OrderLeg(CALL_110, -1))
    trading.place(at(), OrderTerms("buy", 1, "", Decimal("3.5"), GTC, legs=legs), "spread")
    kill.arm(at(1), **WHO)
    assert kill.fire(at(2), **WHO, kill_id="k1").cancelled == ("spread",)
    assert store.find("order/spread/end").event.type == "order.cancelled"
