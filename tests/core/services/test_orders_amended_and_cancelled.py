"""Other terms, ends on request, lists: after the venue was brought up to now, and once for each id."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from threading import Event, Thread

import pytest
from steady_feed import CALL, START

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.services import orders, trading
from optionix_core.services.trading import OrderTerms
from optionix_core.trading.orders import Amendment, OrderState, TimeInForce, Trigger, TriggerKind

GTC = TimeInForce.GTC


@pytest.fixture
def at(workspace_on, told, clock):
    """A fresh process `seconds` after the start."""

    def make(seconds=0, **choices):
        clock.moment = max(clock.moment, START + timedelta(seconds=seconds))
        return workspace_on(feed=told, **choices)

    return make


def rest(workspace, name="a", limit="4.5", quantity=4, side="buy", **terms):
    price = None if limit is None else Decimal(limit)
    return trading.place(workspace, OrderTerms(side, quantity, CALL, price, GTC, **terms), name)


def test_a_cancelled_order_keeps_nothing_and_fills_no_more(at, told, store):
    rest(at())
    done = orders.cancel(at(5), "a")
    assert (done.state, done.reason, done.reserved, done.replayed) == (
        OrderState.CANCELLED,
        "cancelled on request",
        0,
        False,
    )
    told.tell(6, CALL, 4.0, 4.2)
    trading.bring_up_to_date(at(10))
    assert store.find("order/a/fill-1") is None
    head = store.head()
    assert orders.cancel(at(11), "a").replayed
    assert store.head() == head


def test_a_fill_that_came_before_a_cancellation_wins(at, told):
    rest(at())
    told.tell(3, CALL, 4.0, 4.2)
    with pytest.raises(InvalidValueError, match=r"order must be working or held .got a: filled."):
        orders.cancel(at(5), "a")


def test_a_cancelled_parent_takes_its_children_with_it(at, store):
    rest(at())
    rest(at(), "child", "6", side="sell", parent="a")
    orders.cancel(at(5), "a")
    assert store.find("order/child/end").event.type == "order.cancelled"


@pytest.mark.parametrize("act", [orders.cancel, orders.show])
def test_an_unknown_order_and_one_of_another_account_are_named(at, act):
    rest(at())
    with pytest.raises(UnknownNameError, match="unknown order 'b'; known: a"):
        act(at(), "b")
    with pytest.raises(InvalidValueError, match=r"account must be paper-1, which order a belongs to .got other."):
        act(at(account="other"), "a")


def test_a_smaller_quantity_keeps_the_place_and_frees_cash(at, store):
    before = rest(at(), limit="4.9")
    assert before.reserved == Decimal("1962.60")
    workspace = at(3)
    done = orders.amend(workspace, "a", Amendment("x", quantity=1))
    assert (done.order.intent.quantity, done.order.reserved) == (1, Decimal("490.65"))
    order = workspace.desk.orders.order("a")
    assert (order.place.ahead, order.since) == (10, START)
    orders.amend(at(4), "a", Amendment("y", quantity=2))
    after = at(4)
    after.desk.follow(store)
    assert (after.desk.orders.order("a").place.ahead, after.desk.orders.order("a").since) == (
        None,
        START + timedelta(seconds=4),
    )


def test_a_better_limit_does_not_reach_back_in_time(at, told):
    rest(at(), limit="4.2")
    told.tell(2, CALL, 4.3, 4.4)
    told.tell(4, CALL, 4.9, 5.1)
    done = orders.amend(at(5), "a", Amendment("x", limit_price=Decimal("4.5")))
    assert done.order.state is OrderState.WORKING
    seen = told.tell(7, CALL, 4.3, 4.5)
    trading.bring_up_to_date(at(9))
    assert [fill.filled_at for fill in orders.show(at(9), "a").order.fills] == [seen]


def test_a_limit_that_reaches_the_touch_takes_at_once(at):
    rest(at())
    done = orders.amend(at(1), "a", Amendment("x", limit_price=Decimal("5.2")))
    assert (done.order.state, done.order.fills[0].price) == (OrderState.FILLED, Decimal("5.1"))


def test_an_amendment_that_the_gate_refuses_changes_nothing_and_is_in_the_log(at, store):
    before = rest(at())
    done = orders.amend(at(1), "a", Amendment("x", quantity=500))
    assert [check.rule for check in done.checks if not check.passed] == ["buying-power"]
    assert (done.order.intent.quantity, done.order.reserved) == (4, before.reserved)
    assert store.find("order/a/amend/x").event.type == "order.amendment-refused"
    again = orders.amend(at(2), "a", Amendment("x", quantity=500))
    assert (again.replayed, again.checks) == (True, done.checks)


def test_an_amendment_sent_twice_is_one_and_its_id_cannot_mean_another(at, store):
    rest(at())
    orders.amend(at(1), "a", Amendment("x", quantity=3))
    head = store.head()
    assert orders.amend(at(2), "a", Amendment("x", quantity=3)).replayed
    assert store.head() == head
    with pytest.raises(InvalidValueError, match="amendment_id must be unused"):
        orders.amend(at(2), "a", Amendment("x", quantity=2))


def test_a_trial_run_writes_nothing(at, store):
    rest(at())
    head = store.head()
    tried = orders.amend(at(1), "a", Amendment("x", quantity=500), dry_run=True)
    assert not all(check.passed for check in tried.checks)
    assert orders.cancel(at(1), "a", dry_run=True).state is OrderState.WORKING
    assert store.head() == head


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (Amendment("x"), "amendment must be a quantity, a limit price or a trigger price"),
        (Amendment("x", quantity=0), "quantity must be a whole number"),
        (Amendment("x", quantity=4), "amendment must be other terms"),
        (Amendment("x", limit_price=Decimal(-1)), "limit_price must be positive"),
        (Amendment("x", trigger_price=Decimal(4)), "trigger_price must be absent: a is a limit order"),
        (Amendment("no spaces", quantity=2), "client_order_id must be"),
    ],
)
def test_an_amendment_that_makes_no_sense_is_named(at, store, asked, message):
    rest(at())
    head = store.head()
    with pytest.raises(InvalidValueError, match=message):
        orders.amend(at(1), "a", asked)
    assert store.head() == head


def test_what_is_filled_cannot_be_amended_away(at, told):
    rest(at())
    told.tell(1, CALL, 4.3, 4.5, size=3)
    with pytest.raises(InvalidValueError, match=r"quantity must be above 3, which is filled; or cancel a .got 3."):
        orders.amend(at(2), "a", Amendment("x", quantity=3))
    assert orders.amend(at(2), "a", Amendment("y", quantity=6)).order.state is OrderState.PARTIALLY_FILLED


def test_the_level_of_a_stop_can_be_moved_until_it_is_met(at, told):
    trading.place(at(), OrderTerms("buy", 4, CALL), "own")
    rest(at(), "s", None, side="sell", trigger=Trigger(TriggerKind.STOP, Decimal("4.5")))
    orders.amend(at(1), "s", Amendment("x", trigger_price=Decimal("4.2")))
    told.tell(2, CALL, 4.4, 4.6)
    met = told.tell(3, CALL, 4.1, 4.3, size=1)
    trading.bring_up_to_date(at(4))
    story = orders.show(at(4), "s")
    assert [fill.filled_at for fill in story.order.fills] == [met]
    with pytest.raises(InvalidValueError, match="trigger_price must be absent: s was triggered"):
        orders.amend(at(5), "s", Amendment("y", trigger_price=Decimal("4.0")))


def test_lists_tell_what_works_and_on_request_what_ended(at, told):
    rest(at(), "a")
    rest(at(), "b", "4.4")
    rest(at(account="other"), "c")
    orders.cancel(at(1), "a")
    assert [order.intent.client_order_id for order in orders.listing(at(2))] == ["b"]
    everything = orders.listing(at(2), all_accounts=True, ended=True)
    assert [(o.intent.client_order_id, str(o.state)) for o in everything] == [
        ("a", "cancelled"),
        ("b", "working"),
        ("c", "working"),
    ]
    told.tell(3, CALL, 4.3, 4.4, size=40)
    assert orders.listing(at(4)) == ()


def test_the_story_of_an_order_is_its_events_in_order(at, told):
    rest(at())
    orders.amend(at(1), "a", Amendment("x", quantity=2))
    told.tell(2, CALL, 4.3, 4.4)
    story = orders.show(at(3), "a")
    assert [happening.type for happening in story.happenings] == [
        "order.intent",
        "order.accepted",
        "order.amended",
        "order.filled",
        "order.completed",
    ]
    assert story.order.intent.quantity == 2


def test_a_reader_does_not_fail_where_another_process_writes(at, told, store):
    rest(at())
    told.tell(3, CALL, 4.0, 4.2)
    held, done = Event(), Event()

    def hold():
        with store.writing("a long write"):
            held.set()
            done.wait(10)

    writer = Thread(target=hold)
    writer.start()
    assert held.wait(10)
    try:
        (order,) = orders.listing(at(5, lock_timeout=0.01))
        assert order.state is OrderState.WORKING
    finally:
        done.set()
        writer.join()
    assert orders.listing(at(5)) == ()
