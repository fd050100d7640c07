"""Orders that rest as events, there and back; logs and checkpoints of before they existed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix_core.errors import IntegrityError
from optionix_core.market.protocols import TouchRange
from optionix_core.market.quote import Quote
from optionix_core.services.desk import CHECKPOINT, Desk
from optionix_core.sync.checkpoints import FoldCheckpoint
from optionix_core.sync.event import Event, Record
from optionix_core.sync.memory import MemoryEventStore
from optionix_core.trading import resting
from optionix_core.trading.fold import OrderFold
from optionix_core.trading.open_order import OpenOrder
from optionix_core.trading.orders import Amendment, OrderIntent, OrderState, Side, TimeInForce, Trigger, TriggerKind
from optionix_core.trading.records import OrderEnd, end_event, intent_event
from optionix_core.trading.working_records import (
    ACCEPTED,
    Accepted,
    Advanced,
    Amended,
    Place,
    Reserve,
    accepted_event,
    accepted_of,
    advanced_event,
    advanced_of,
    amended_event,
    amended_of,
)

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
SYMBOL = "SPXW  260320C05000000"
INTENT = OrderIntent("a", "paper-1", Side.BUY, 5, SYMBOL, Decimal(1), NOW, TimeInForce.GTC)
PRICES = st.integers(1, 400).map(lambda ticks: Decimal(ticks) / 20)
SIDES = st.sampled_from(Side)


def _quote(bid, ask):
    return Quote(SYMBOL, "test", NOW, NOW, bid=float(bid), ask=float(ask), bid_size=1, ask_size=1)


def _folded(*events):
    fold = OrderFold()
    for number, event in enumerate(events, 1):
        fold.apply(Record(number, event, b"", b""))
    return fold


@pytest.mark.parametrize(
    "accepted",
    [
        Accepted(Reserve(Decimal("100.65")), ()),
        Accepted(Reserve(Decimal(0)), (), NOW + timedelta(days=1), Place(level=Decimal("1.5")), 3),
        Accepted(Reserve(Decimal(1), Decimal(2)), (), None, Place(ahead=0)),
    ],
)
def test_an_acceptance_reads_back(accepted):
    assert accepted_of(accepted_event(INTENT, accepted, NOW)) == accepted


def test_amendments_and_advances_read_back():
    amended = Amended(Amendment("x", 3, Decimal(2), Decimal("1.5")), Reserve(Decimal(7)), ())
    assert amended_of(amended_event(INTENT, amended, NOW)) == amended
    advanced = Advanced("local-sim", NOW, {"a": Place(4, Decimal(1)), "b": Place()}, ("Z",))
    assert advanced_of(advanced_event(advanced)) == advanced


def test_an_acceptance_of_before_ends_were_kept_still_reads():
    old = {"account": "paper-1", "checks": [], "client_order_id": "a", "reserve": {"each": "1", "once": "0"}}
    fold = _folded(intent_event(INTENT), Event("order/a/accepted", ACCEPTED, NOW, old))
    order = fold.order("a")
    assert (order.state, order.ends_at, order.reserved) == (OrderState.WORKING, None, Decimal(5))


def test_an_intent_of_the_first_logs_still_reads_and_an_end_closes_it():
    payload = {
        "account": "paper-1",
        "client_order_id": "a",
        "limit_price": None,
        "quantity": 2,
        "side": "buy",
        "symbol": SYMBOL,
        "time_in_force": "IOC",
    }
    old = Event("order/a/intent", "order.intent", NOW, payload)
    fold = _folded(old)
    assert fold.order("a").intent == OrderIntent("a", "paper-1", Side.BUY, 2, SYMBOL, None, NOW)
    assert intent_event(fold.order("a").intent) == old
    ended = _folded(old, end_event(fold.order("a").intent, OrderEnd(OrderState.CANCELLED, None, ()), NOW))
    assert ended.open_orders() == ()


@pytest.mark.parametrize("name", ["desk-1", "desk-2"])
def test_a_checkpoint_of_another_shape_is_not_looked_at(name):
    store = MemoryEventStore()
    with store.writing("test") as log:
        log.append([intent_event(INTENT)])
        log.save_checkpoint(FoldCheckpoint(name, log.head(), b"another shape"))
    desk = Desk()
    desk.follow(store)
    assert name != CHECKPOINT
    assert desk.orders.open_orders() == ("a",)
    with pytest.raises(IntegrityError, match="version"):
        OrderFold.of_state({"version": 2, "open": [], "taken": {}, "advanced": {}})


@given(
    side=SIDES,
    kind=st.sampled_from([TriggerKind.STOP, TriggerKind.TOUCHED]),
    level=PRICES,
    bid=PRICES,
    spread=st.integers(0, 9),
)
def test_a_quote_that_meets_a_level_matters_and_one_that_matters_alone_meets_it(side, kind, level, bid, spread):
    ask = bid + Decimal(spread) / 20
    intent = OrderIntent("a", "p", side, 1, SYMBOL, None, NOW, TimeInForce.GTC, trigger=Trigger(kind, level))
    order = OpenOrder(intent, accepted_at=NOW)
    touch = TouchRange(float(bid), float(bid), float(ask), float(ask))
    met = resting.is_met(side, kind, level, _quote(bid, ask))
    assert met is resting.matters(order, Place(), touch)
    above = {Side.BUY: ask >= level, Side.SELL: bid >= level}[side]
    below = {Side.BUY: ask <= level, Side.SELL: bid <= level}[side]
    assert met is (above if (side is Side.BUY) == (kind is TriggerKind.STOP) else below)


@given(side=SIDES, bids=st.lists(PRICES, min_size=1, max_size=8), away=PRICES)
def test_a_trailing_level_is_the_distance_from_the_best_touch(side, bids, away):
    trigger, level = Trigger(TriggerKind.TRAILING, distance=away), None
    for bid in bids:
        order = OpenOrder(
            OrderIntent("a", "p", side, 1, SYMBOL, None, NOW, TimeInForce.GTC, trigger=trigger), accepted_at=NOW
        )
        touch = TouchRange(float(bid), float(bid), float(bid), float(bid))
        fresh = resting.followed(side, trigger, level, _quote(bid, bid))
        if level is not None and not resting.matters(order, Place(level=level), touch):
            assert fresh == level
        level = fresh
    assert level == (min(bids) + away if side is Side.BUY else max(bids) - away)


@given(side=SIDES, limit=PRICES, bid=PRICES, spread=st.integers(0, 9))
def test_a_quote_matters_to_a_limit_where_the_touch_comes_to_it(side, limit, bid, spread):
    ask = bid + Decimal(spread) / 20
    order = OpenOrder(OrderIntent("a", "p", side, 1, SYMBOL, limit, NOW, TimeInForce.GTC), accepted_at=NOW)
    touch = TouchRange(float(bid), float(bid), float(ask), float(ask))
    assert resting.matters(order, Place(), touch) is (ask <= limit if side is Side.BUY else bid >= limit)
