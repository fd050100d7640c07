"""The kill switch: what it ends, what still leaves, what it takes to trade again, and what a killed process leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from dying_store import Dying, Killed
from steady_feed import CALL, CALL_110, PUT, START

from optionix_core.errors import InvalidValueError, RefusedError
from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market.clock import ManualClock
from optionix_core.services import book, kill, orders, trading
from optionix_core.services.desk import Desk
from optionix_core.services.home import HomeFolders
from optionix_core.services.trading import OrderTerms
from optionix_core.services.workspace import Workspace
from optionix_core.sync.faultpoints import VARIABLE
from optionix_core.trading import facts
from optionix_core.trading.fold import OrderFold
from optionix_core.trading.kill_switch import KillPhase
from optionix_core.trading.orders import OrderState, TimeInForce

GTC = TimeInForce.GTC
KILLER = Path(__file__).with_name("killer.py")


@pytest.fixture
def at(workspace_on, told, clock):
    """A fresh process `seconds` after the start."""

    def make(seconds=0, **choices):
        clock.moment = max(clock.moment, START + timedelta(seconds=seconds))
        return workspace_on(feed=told, **choices)

    return make


def rest(workspace, name, limit="4.5", quantity=2, side="buy", symbol=CALL, **terms):
    return trading.place(workspace, OrderTerms(side, quantity, symbol, Decimal(limit), GTC, **terms), name)


def armed(workspace):
    kill.arm(workspace, "ada", "start of the day")
    return workspace


def types(store):
    return Counter(fact.event.type for fact in facts.read(store))


def test_a_home_begins_with_the_switch_disarmed_and_nothing_of_it_in_the_log(at, store):
    assert kill.status(at()).switch.phase is KillPhase.DISARMED
    with pytest.raises(InvalidValueError, match=r"kill switch must be armed, to fire it .got disarmed."):
        kill.fire(at(), "ada", "panic")
    assert store.head().seq == 0


def test_a_kill_ends_every_working_order_of_every_account_once(at, store):
    rest(armed(at()), "a")
    rest(at(), "child", "6", side="sell", parent="a")
    rest(at(account="other"), "b")
    done = kill.fire(at(5), "ada", "the feed looks wrong", kill_id="k1")
    assert (done.switch.in_force, done.cancelled, done.held) == ("k1", ("a", "child", "b"), ())
    for name in ("a", "child", "b"):
        end = store.find(f"order/{name}/end").event
        assert (end.type, end.payload["reason"]) == ("order.cancelled", "kill k1: the feed looks wrong")
    head = store.head()
    again = kill.fire(at(6), "ada", "the feed looks wrong")
    assert (again.replayed, again.cancelled, store.head()) == (True, done.cancelled, head)
    assert types(store)["order.amended"] == 0


def test_a_fill_that_came_before_a_kill_wins(at, told, store):
    rest(armed(at()), "a")
    told.tell(3, CALL, 4.0, 4.2)
    done = kill.fire(at(5), "ada", "stop", kill_id="k1")
    assert done.cancelled == ()
    assert store.find("order/a/end").event.type == "order.completed"
    assert [(item.symbol, item.quantity) for item in done.held] == [(CALL, 2)]


def test_nothing_leaves_while_a_kill_is_in_force_not_even_with_a_forged_tag_that_opens(at):
    kill.fire(armed(at()), "ada", "stop", kill_id="k1")
    refused = rest(at(1), "a")
    assert refused.state is OrderState.REJECTED
    with pytest.raises(RefusedError, match="kill k1 is in force"):
        trading.raise_for_state(refused)
    forged = trading.place(at(1), OrderTerms("buy", 1, CALL, tag="k1"), "forged")
    assert (forged.state, forged.reason) == (OrderState.REJECTED, "kill-switch: kill k1 is in force")


def test_flattening_sends_reducing_orders_with_the_kills_id_for_what_is_held(at, store):
    trading.submit(armed(at()), "buy", 3, CALL, client_order_id="call")
    trading.submit(at(account="other"), "buy", 2, PUT, client_order_id="put")
    done = kill.fire(at(5), "ada", "stop", flatten=True, kill_id="k1")
    assert [(o.intent.account, o.intent.side, o.filled_quantity, o.state) for o in done.orders] == [
        ("other", "sell", 2, OrderState.FILLED),
        ("paper-1", "sell", 3, OrderState.FILLED),
    ]
    assert all(o.intent.tag == "k1" and o.intent.reduce_only for o in done.orders)
    assert done.held == ()
    events = list(store.read())
    fired = next(r.seq for r in events if r.event.type == "kill.fired")
    later = [r.event.payload for r in events if r.seq > fired and r.event.type == "order.intent"]
    assert [(p["tag"], p["reduce_only"]) for p in later] == [("k1", True)] * 2


def test_what_the_touch_does_not_take_is_told_and_closed_by_firing_again(at, told):
    trading.submit(armed(at()), "buy", 10, CALL, client_order_id="call")
    told.tell(2, CALL, 4.8, 5.0, size=4)
    done = kill.fire(at(5), "ada", "stop", flatten=True, kill_id="k1")
    assert [(item.symbol, item.quantity) for item in done.held] == [(CALL, 6)]
    told.tell(6, CALL, 4.8, 5.0, size=8)
    again = kill.fire(at(7), "ada", "stop")
    assert (again.held, [o.intent.client_order_id for o in again.orders]) == ((), ["k1-2"])


def test_what_was_sold_is_bought_back_before_what_stands_behind_it_is_sold(at):
    trading.submit(armed(at()), "buy", 2, CALL, client_order_id="long")
    assert trading.submit(at(), "sell", 2, CALL_110, client_order_id="short").state is OrderState.FILLED
    done = kill.fire(at(5), "ada", "stop", flatten=True, kill_id="k1")
    assert [(o.intent.symbol, o.intent.side, o.state) for o in done.orders] == [
        (CALL_110, "buy", OrderState.FILLED),
        (CALL, "sell", OrderState.FILLED),
    ]
    assert done.held == ()


def test_a_kill_may_be_asked_to_close_the_book_later(at):
    trading.submit(armed(at()), "buy", 1, CALL, client_order_id="call")
    assert len(kill.fire(at(5), "ada", "stop", kill_id="k1").held) == 1
    assert kill.fire(at(6), "ada", "stop", flatten=True).held == ()


def test_trading_goes_on_only_after_a_second_confirmation_word_by_word(at, store):
    kill.fire(armed(at()), "ada", "stop", kill_id="k1")
    for wrong in ("", "rearm", "rearm-k2", "REARM-k1"):
        with pytest.raises(InvalidValueError, match=r"confirmation must be 'rearm-k1'"):
            kill.rearm(at(1), "ada", "all is well", wrong)
    done = kill.rearm(at(2), "ada", "all is well", "rearm-k1")
    assert (done.switch.phase, done.switch.in_force) == (KillPhase.ARMED, None)
    assert store.find("kill/k1/rearmed").event.payload["confirmation"] == "rearm-k1"
    assert rest(at(3), "a").state is OrderState.WORKING
    with pytest.raises(InvalidValueError, match=r"kill_id must be unused .got 'k1'."):
        kill.fire(at(4), "ada", "again", kill_id="k1")
    with pytest.raises(InvalidValueError, match=r"kill switch must be fired, to arm it again .got armed."):
        kill.rearm(at(5), "ada", "again", "rearm-k1")


def test_it_can_be_paused_and_a_kill_in_force_cannot(at, store):
    armed(at())
    assert kill.disarm(at(1), "ada", "maintenance").switch.phase is KillPhase.DISARMED
    head = store.head()
    assert kill.disarm(at(2), "ada", "maintenance").replayed
    assert store.head() == head
    armed(at(3))
    assert kill.arm(at(3), "ada", "twice").replayed
    kill.fire(at(4), "ada", "stop", kill_id="k1")
    for act in (kill.arm, kill.disarm):
        with pytest.raises(InvalidValueError, match="kill switch must be"):
            act(at(5), "ada", "no")


def test_a_dry_run_writes_nothing(at, store):
    rest(armed(at()), "a")
    head = store.head()
    told = kill.fire(at(1), "ada", "stop", dry_run=True, flatten=True)
    assert (told.cancelled, told.switch.phase, store.head()) == (("a",), KillPhase.ARMED, head)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"by": ""}, "by must be 1 to 64 printable characters"),
        ({"reason": "x" * 201}, "reason must be 1 to 200 printable characters"),
        ({"reason": "two\nlines"}, "reason must be"),
        ({"kill_id": "a/b"}, "client_order_id must be"),
        ({"kill_id": "k" * 41}, "kill_id must be at most 40 characters"),
    ],
)
def test_malformed_words_and_ids_are_named(at, store, changes, told):
    armed(at())
    head = store.head()
    with pytest.raises(InvalidValueError, match=told):
        kill.fire(at(1), **{"by": "ada", "reason": "stop", **changes})
    assert store.head() == head


def test_the_state_is_canonical_and_comes_back_from_its_own_form(at, store):
    kill.fire(armed(at()), "ada", "stop", kill_id="k1", flatten=True)
    folded = Desk()
    folded.follow(store)
    assert OrderFold.of_state(folded.orders.state()).state() == folded.orders.state()
    assert folded.orders.kill.in_force == "k1"


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("append", range(1, 6))
def test_a_process_that_dies_while_it_kills_leaves_all_of_it_or_nothing_and_firing_again_ends_each_order_once(
    at, told, store, append, durable
):
    trading.submit(armed(at()), "buy", 3, CALL, client_order_id="call")
    rest(at(1), "a")
    rest(at(1), "b", "4.4")
    told.tell(2, CALL, 4.8, 5.0)
    with suppress(Killed):  # it makes five appends: the passage, the kill, and intent and answer of what closes
        kill.fire(at(5, store=Dying(store, append, durable=durable)), "ada", "stop", kill_id="k1", flatten=True)
    fired, ended = types(store)["kill.fired"], types(store)["order.cancelled"]
    assert (fired, ended) in ((0, 0), (1, 2))
    again = kill.fire(at(6), "ada", "stop", kill_id="k1", flatten=True)
    assert (again.held, again.cancelled) == ((), ("a", "b"))
    counted = types(store)
    assert (counted["kill.fired"], counted["order.cancelled"]) == (1, 2)
    sold = [r.event for r in facts.read(store) if r.event.type == "order.filled" and r.event.payload["side"] == "sell"]
    assert sum(event.payload["quantity"] for event in sold) == 3
    book.verify(at(7))


@pytest.mark.fault
@pytest.mark.parametrize("fault", ["inside-transaction:2", "after-commit:2"])
def test_a_kill_9_in_the_middle_of_a_kill_ends_every_order_once_when_fired_again(tmp_path, fault):
    moment, home = datetime.fromisoformat("2026-03-10T15:00:00+00:00"), HomeFolders.of(tmp_path)
    feed = SimulatedFeed()
    part = feed.chain("ORBIT", moment, feed.expiries("ORBIT", moment)[3][0]).slices[0]
    symbol = next(name for name in part.call.symbols if name)
    with Workspace(home, feed=feed, clock=ManualClock(moment)) as workspace:
        kill.arm(workspace, "ada", "start")
        for name in ("a", "b"):
            rest(workspace, name, "0.05", symbol=symbol)
    environment = {**{key: value for key, value in os.environ.items() if key != VARIABLE}, VARIABLE: fault}
    later = moment + timedelta(hours=2)
    command = [sys.executable, str(KILLER), str(tmp_path), later.isoformat(), "k1"]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (process.returncode < 0 or os.name == "nt", process.stderr) == (True, "")
    with Workspace(home, feed=feed, clock=ManualClock(later)) as workspace:
        done = kill.fire(workspace, "ada", "stop", kill_id="k1")
        assert done.cancelled == ("a", "b")
        counted = types(workspace.store)
        assert (counted["kill.fired"], counted["order.cancelled"]) == (1, 2)
        workspace.store.verify()
        assert orders.listing(workspace) == ()
