"""A batch of orders is one record that tells what as many orders one by one would have told, all of it or nothing."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.market.clock import ManualClock
from optionix_core.services import book, ledger, orders, trading
from optionix_core.services.batches import MEETS_OTHERS, Ordered, place_many
from optionix_core.services.desk import Desk
from optionix_core.services.home import HomeFolders
from optionix_core.services.trading import OrderTerms
from optionix_core.services.workspace import Workspace
from optionix_core.storage import open_store
from optionix_core.sync.event import Event
from optionix_core.sync.memory import MemoryEventStore
from optionix_core.trading import facts
from optionix_core.trading.batch_records import MAXIMUM_ORDERS
from optionix_core.trading.gate_facts import GateLimits
from optionix_core.trading.orders import OrderLeg, OrderState, TimeInForce, Trigger, TriggerKind

START = sys.modules["steady_feed"].START
CALL, CALL_110, PUT = "TESTI 260320C00100000", "TESTI 260320C00110000", "TESTI 260320P00100000"
Dying, Killed = sys.modules["dying_store"].Dying, sys.modules["dying_store"].Killed


def order(side, quantity, symbol=CALL, limit=None, name=None, **terms):
    return Ordered(OrderTerms(side, quantity, symbol, None if limit is None else Decimal(limit), **terms), name)


def states(result):
    return [one.state for one in result.orders]


def held(workspace):
    return {item.position.symbol: int(item.position.quantity) for item in book.positions(workspace).positions}


THREE = (order("buy", 2, name="a"), order("sell", 1, name="b"), order("buy", 1, PUT, name="c"))


def test_a_batch_is_one_record_and_every_order_has_its_answer(workspace, store):
    result = place_many(workspace, THREE, "b1")
    assert (result.batch_id, result.replayed, states(result)) == ("b1", False, [OrderState.FILLED] * 3)
    assert [record.event.type for record in store.read()] == ["account.opened", "ledger.entry", "orders.batch"]
    assert [(one.cost, one.fees) for one in result.orders] == [
        (Decimal(1020), Decimal("1.30")),  # 2 contracts of 100 at 5.10
        (Decimal(-490), Decimal("0.65")),
        (Decimal(500), Decimal("0.65")),
    ]
    assert held(workspace) == {CALL: 1, PUT: 1}
    assert book.account(workspace).state.cash == Decimal("98967.40")  # 100000 - 1030 - 2.60
    told = [fact.event.type for fact in facts.read(store, 2)]
    assert told == ["order.intent", "order.filled", "ledger.entry", "order.completed"] * 3
    assert {fact.seq for fact in facts.read(store, 2)} == {3}


def test_orders_are_judged_in_turn_against_the_book_as_it_becomes(workspace):
    result = place_many(workspace, [order("sell", 1), order("buy", 1), order("sell", 1), order("sell", 1)], "b1")
    refused, bought, sold, refused_again = result.orders
    assert [refused.state, refused_again.state] == [OrderState.REJECTED] * 2
    assert "needs margin" in refused.reason
    assert [bought.state, sold.state] == [OrderState.FILLED] * 2
    assert held(workspace) == {}


def test_a_displayed_size_is_taken_once_over_the_whole_batch_and_by_what_comes_after_it(workspace):
    first, second, third = place_many(workspace, [order("buy", 7), order("buy", 7), order("buy", 7)], "b1").orders
    assert (first.filled_quantity, second.filled_quantity, third.filled_quantity) == (7, 3, 0)
    assert second.reason == "3 of 7 filled, the rest cancelled: no more displayed at the ask"
    assert third.reason == "all that was displayed at the ask is taken (10 contracts)"
    assert trading.submit(workspace, "buy", 1, CALL, client_order_id="later").filled_quantity == 0


def test_cash_is_spent_once(workspace):
    result = place_many(workspace, [order("buy", 10, limit="5.1"), *[order("buy", 10, PUT)]], "b1")
    left = book.account(workspace).state.cash
    checks = result.orders[1].checks
    assert checks[-1].detail == "costs 5000, fees 6.5, cash 94893.5"
    assert left == Decimal("94893.5") - Decimal("5006.5")


def test_with_all_or_none_nothing_trades_unless_all_of_it_does(workspace, store):
    wanted = [order("buy", 2, name="a"), order("sell", 5, name="b"), order("buy", 1, PUT, name="c")]
    result = place_many(workspace, wanted, "b1", all_or_none=True)
    assert states(result) == [OrderState.CANCELLED, OrderState.REJECTED, OrderState.CANCELLED]
    assert result.orders[0].reason.startswith("all or none: b is rejected, buying-power: needs margin")
    assert (held(workspace), book.account(workspace).state.cash) == ({}, Decimal(100000))
    assert facts.find(store, "order/a/end").event.payload["reason"] == result.orders[0].reason
    short = [order("buy", 6, name="d"), order("buy", 6, name="e")]
    assert place_many(workspace, short, "b2", all_or_none=True).orders[0].reason == (
        "all or none: e is cancelled, 4 of 6 filled, the rest cancelled: no more displayed at the ask"
    )
    assert states(place_many(workspace, [order("buy", 6), order("buy", 4)], "b3", all_or_none=True)) == [
        OrderState.FILLED,
        OrderState.FILLED,
    ]


def test_a_batch_that_comes_again_is_answered_from_the_log(workspace_on, store, clock):
    first = place_many(workspace_on(), THREE, "b1")
    head = store.head()
    clock.advance(timedelta(seconds=3))
    again = place_many(workspace_on(), THREE, "b1")
    assert again.replayed
    assert all(one.replayed for one in again.orders)
    assert [replace(one, replayed=False) for one in again.orders] == list(first.orders)
    assert store.head() == head


def test_every_order_of_a_batch_is_answered_by_its_own_id(workspace_on, store):
    first = place_many(workspace_on(), THREE, "b1").orders[1]
    head = store.head()
    again = trading.submit(workspace_on(), "sell", 1, CALL, client_order_id="b")
    assert again == replace(first, replayed=True)
    assert store.head() == head
    with pytest.raises(InvalidValueError, match="client_order_id"):
        trading.submit(workspace_on(), "sell", 2, CALL, client_order_id="b")


def test_an_order_that_was_answered_before_is_left_out_and_answered(workspace, store):
    trading.submit(workspace, "buy", 2, CALL, client_order_id="a")
    result = place_many(workspace, THREE, "b1")
    assert [one.replayed for one in result.orders] == [True, False, False]
    assert held(workspace) == {CALL: 1, PUT: 1}
    assert [fact.event.id for fact in facts.read(store) if fact.event.type == "order.intent"] == [
        "order/a/intent",
        "order/b/intent",
        "order/c/intent",
    ]
    again = place_many(workspace, THREE, "b1")
    assert (again.replayed, [one.state for one in again.orders]) == (True, [OrderState.FILLED] * 3)
    other = place_many(workspace, THREE[:2], "b2")
    assert (other.replayed, store.find("batch/b2")) == (True, None)


@pytest.mark.parametrize("wanted", [THREE[:2], (*THREE, order("buy", 1, name="d")), (THREE[0], THREE[1])])
def test_a_batch_id_is_not_used_for_other_orders(workspace, store, wanted):
    place_many(workspace, THREE, "b1")
    head = store.head()
    with pytest.raises(InvalidValueError, match="batch_id must be unused"):
        place_many(workspace, wanted, "b1")
    with pytest.raises(InvalidValueError, match="batch_id must be unused"):
        place_many(workspace, THREE, "b1", all_or_none=True)
    assert store.head() == head


def test_an_order_with_the_id_of_another_order_is_an_error_before_anything_happens(workspace, store):
    trading.submit(workspace, "buy", 1, CALL, client_order_id="c")
    head = store.head()
    with pytest.raises(InvalidValueError, match=r"client_order_id must be unused.* at row 2"):
        place_many(workspace, THREE, "b1")
    assert store.head() == head


STOP = Trigger(TriggerKind.STOP, Decimal(6))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (order("hold", 1), "side must be buy or sell"),
        (order("buy", 0), "quantity must be a whole number"),
        (order("buy", 1, limit="5", time_in_force=TimeInForce.GTC), "time_in_force must be IOC or FOK in a batch"),
        (order("buy", 1, trigger=STOP, time_in_force=TimeInForce.GTC), "time_in_force must be IOC or FOK in a batch"),
        (order("buy", 1, "", legs=(OrderLeg(CALL, 1), OrderLeg(PUT, 1))), "legs must be absent in a batch"),
        (order("buy", 1, parent="x"), "parent must be absent in a batch"),
        (order("buy", 1, one_cancels="x"), "one_cancels must be absent in a batch"),
        (order("buy", 1, name="a/b"), "client_order_id must be 1 to 64"),
        (order("buy", 1, name="first"), "client_order_id must be of one order of the batch only"),
    ],
)
def test_a_malformed_order_is_an_error_that_names_its_row_and_nothing_is_written(workspace, store, wrong, message):
    with pytest.raises(InvalidValueError, match=f"^{message}.* at row 1"):
        place_many(workspace, [order("buy", 1, name="first"), wrong], "b1")
    assert store.head().seq == 0


@pytest.mark.parametrize("count", [0, MAXIMUM_ORDERS + 1])
def test_a_batch_has_bounds(workspace, count):
    with pytest.raises(InvalidValueError, match=f"^orders must be 1 to {MAXIMUM_ORDERS} in a batch"):
        place_many(workspace, [order("buy", 1)] * count, "b1")


def test_the_largest_batch_with_the_longest_ids_fits_a_record(workspace_on, store, feed):
    feed.prices[CALL_110] = (1.0, 1.05, 9_999, 9_999)
    wanted = [
        order("buy" if number % 2 else "sell", 1, CALL_110, "1.00", f"{number:064d}")
        for number in range(MAXIMUM_ORDERS)
    ]
    assert len(place_many(workspace_on(), wanted, "b" * 58).orders) == MAXIMUM_ORDERS
    assert store.verify().events == 3


def test_limits_on_repetition_count_the_orders_of_the_batch(workspace):
    rates = GateLimits(maximum_orders=2)
    result = place_many(workspace, [order("buy", 1), order("buy", 2), order("buy", 3)], "b1", rates)
    assert states(result) == [OrderState.FILLED, OrderState.FILLED, OrderState.REJECTED]
    twins = GateLimits(duplicate_within=timedelta(seconds=1))
    result = place_many(workspace, [order("buy", 1, PUT), order("sell", 1, PUT), order("buy", 1, PUT)], "b2", twins)
    assert states(result) == [OrderState.FILLED, OrderState.FILLED, OrderState.REJECTED]


@pytest.mark.parametrize("durable", [False, True])
def test_a_process_that_dies_leaves_the_whole_batch_or_nothing(workspace_on, store, durable):
    trading.submit(workspace_on(), "buy", 1, PUT, client_order_id="first")
    with suppress(Killed):
        place_many(workspace_on(store=Dying(store, 1, durable=durable)), THREE, "b1")
    assert (store.find("batch/b1") is not None) is durable
    again = place_many(workspace_on(), THREE, "b1")
    assert (again.replayed, states(again)) == (durable, [OrderState.FILLED] * 3)
    assert held(workspace_on()) == {CALL: 1, PUT: 2}
    book.verify(workspace_on())


def test_every_reader_of_the_log_sees_what_a_batch_did(workspace, store):
    place_many(workspace, THREE, "b1")
    shown = orders.show(workspace, "b")
    assert shown.order.state is OrderState.FILLED
    assert [(item.seq, item.id) for item in shown.happenings] == [
        (3, "order/b/intent"),
        (3, "order/b/fill-1"),
        (3, "order/b/end"),
    ]
    listed = orders.listing(workspace, ended=True)
    assert [one.intent.client_order_id for one in listed] == ["a", "b", "c"]
    assert [item.entry.memo for item in ledger.show(store).entries][1:] == [
        f"bought 2 {CALL} at 5.1",
        f"sold 1 {CALL} at 4.9",
        f"bought 1 {PUT} at 5",
    ]
    assert ledger.verify(workspace).entries == 4


def test_folds_from_values_and_from_the_log_have_the_same_bytes(workspace, store, clock):
    trading.submit(workspace, "buy", 3, CALL, client_order_id="single")
    place_many(workspace, THREE, "b1")
    clock.advance(timedelta(seconds=1))
    place_many(workspace, [order("sell", 2, name="d"), order("sell", 9, name="e"), order("sell", 1, PUT)], "b2")
    trading.place(workspace, OrderTerms("buy", 1, CALL, Decimal("4.5"), TimeInForce.GTC), "rests")
    followed, counted = Desk(), 0
    for record in store.read():
        assert record.event.value is None
        followed.take(record)
        counted += 1
    assert followed.to_bytes() == workspace.desk.to_bytes()
    assert counted == store.head().seq


wishes = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 12),
        st.sampled_from([CALL, CALL_110, PUT]),
        st.sampled_from([None, "1.00", "4.9", "5.1", "5.07"]),
        st.sampled_from([TimeInForce.IOC, TimeInForce.FOK]),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(wanted=wishes)
def test_a_batch_ends_as_its_orders_would_one_by_one_at_that_moment(wanted):
    steady = sys.modules["steady_feed"]

    def workspace():
        feed, clock = steady.SteadyFeed(), ManualClock(START)
        return Workspace(HomeFolders.of(Path("nowhere")), store=MemoryEventStore(), feed=feed, clock=clock)

    made = [
        Ordered(
            OrderTerms(side, quantity, symbol, None if limit is None else Decimal(limit), force, reduce_only=reduces),
            f"o{number}",
        )
        for number, (side, quantity, symbol, limit, force, reduces) in enumerate(wanted)
    ]
    apart, together = workspace(), workspace()
    one_by_one = [trading.place(apart, item.terms, item.client_order_id) for item in made]
    assert list(place_many(together, made, "b1").orders) == one_by_one
    told = [
        [fact.event for fact in facts.read(each.store) if fact.event.type.startswith(("order.f", "ledger."))]
        for each in (apart, together)
    ]
    assert told[0] == told[1]
    books = [{**each.desk.book.state(), "hash": "", "seq": 0} for each in (apart, together)]
    assert books[0] == books[1]
    assert apart.desk.orders.state() == together.desk.orders.state()


def test_on_disk_a_batch_is_found_by_its_orders_and_an_altered_index_is_found_out(tmp_path, feed, clock):
    store = open_store(tmp_path / "data", clock)
    workspace = Workspace(HomeFolders.of(tmp_path), store=store, feed=feed, clock=clock)
    place_many(workspace, THREE, "b1")
    assert store.find("order/b/intent").event.id == "batch/b1"
    assert trading.submit(workspace, "sell", 1, CALL, client_order_id="b").replayed
    assert store.verify().events == 3
    store.close()
    with sqlite3.connect(store.database) as opened:
        opened.execute("DELETE FROM event_contents WHERE id = 'order/b/intent'")
    with pytest.raises(IntegrityError, match="'order/b/intent', which this event contains, is not filed under it"):
        open_store(tmp_path / "data", clock).verify()
    with sqlite3.connect(store.database) as opened:
        opened.execute("INSERT INTO event_contents VALUES ('order/b/intent', 3), ('order/z/intent', 3)")
    with pytest.raises(IntegrityError, match="'order/z/intent' is filed under this event, which does not contain it"):
        open_store(tmp_path / "data", clock).verify()


def test_a_batch_does_not_trade_with_orders_that_rest_for_other_accounts_and_says_so(workspace_on, store):
    other = workspace_on(account="other")
    trading.place(other, OrderTerms("buy", 1, CALL, Decimal("5.0"), TimeInForce.GTC), "bid")
    mine = workspace_on()
    trading.submit(mine, "buy", 2, CALL, client_order_id="stock")
    trading.place(mine, OrderTerms("buy", 1, PUT, Decimal("4.5"), TimeInForce.GTC), "own")
    sold, bought, put = place_many(mine, [order("sell", 1), order("buy", 1), order("buy", 1, PUT)], "b1").orders
    assert (sold.state, sold.reason) == (OrderState.CANCELLED, MEETS_OTHERS)
    assert (bought.state, put.state) == (OrderState.FILLED, OrderState.FILLED)
    alone = trading.submit(mine, "sell", 1, CALL, client_order_id="alone")
    assert [(fill.price, fill.against) for fill in alone.fills] == [(Decimal("5.0"), "bid")]
    assert mine.desk.orders.open_orders() == ("own",)
    followed = Desk()
    for record in store.read():
        followed.take(record)
    assert followed.to_bytes() == mine.desk.to_bytes()


def test_what_rests_behind_displayed_contracts_moves_up_as_a_batch_takes_them(workspace_on, store):
    apart, together = workspace_on(), workspace_on(store=MemoryEventStore())
    for workspace in (apart, together):
        trading.place(workspace, OrderTerms("buy", 3, CALL), "stock")
        trading.place(workspace, OrderTerms("buy", 1, CALL, Decimal("4.9"), TimeInForce.GTC), "rests")
    trading.place(apart, OrderTerms("sell", 2, CALL), "a")
    trading.place(apart, OrderTerms("sell", 1, CALL), "b")
    place_many(together, [order("sell", 2, name="a"), order("sell", 1, name="b")], "b1")
    assert apart.desk.orders.state() == together.desk.orders.state()
    assert together.desk.orders.order("rests").place.ahead == 7


def test_a_log_of_the_older_form_is_read_as_ever(workspace_on, store, clock, feed):
    workspace = workspace_on()
    trading.submit(workspace, "buy", 2, CALL, client_order_id="a")
    older = MemoryEventStore()
    with older.writing("as it was written before") as log:
        log.append(
            [
                Event(fact.event.id, fact.event.type, fact.event.time, _older(fact.event.payload))
                for fact in facts.read(store)
            ]
        )
    assert [record.event.type for record in older.read()][3:] == ["order.filled", "ledger.entry", "order.completed"]
    before = workspace_on(store=older)
    assert trading.submit(before, "buy", 2, CALL, client_order_id="a") == trading.submit(
        workspace, "buy", 2, CALL, client_order_id="a"
    )
    books = [{**each.desk.book.state(), "hash": "", "seq": 0} for each in (workspace, before)]
    assert books[0] == books[1]
    assert workspace.desk.orders.state() == before.desk.orders.state()
    assert ledger.verify(before).entries == 2


def _older(payload):
    """The end of an order as it was written when its fills had records of their own."""
    return {key: value for key, value in payload.items() if "fills" not in payload or key in OLDER}


OLDER = frozenset({"account", "checks", "client_order_id", "reason", "rule", "state"})
