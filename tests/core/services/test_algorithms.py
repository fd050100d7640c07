"""Algorithms on the paper venue: sliced once, late where nobody came, never past their end, whoever dies when."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from optionix_core.errors import HomeLockedError, InvalidValueError, MissingDataError, RefusedError, UnknownNameError
from optionix_core.market.protocols import FeedState
from optionix_core.services import (
    algorithm_costs,
    algorithm_json,
    algorithms,
    kill,
    orders,
    sending,
    trading,
    volume_history,
)
from optionix_core.services.algorithm_story import AlgoState, Roll
from optionix_core.services.lifecycle import bring_up_to_date
from optionix_core.trading.algorithms import records
from optionix_core.trading.algorithms.parent import AlgoKind, CatchUp, ParentOrder, Style
from optionix_core.trading.orders import OrderState, Side
from optionix_core.trading.records import INTENT

MINUTE = timedelta(minutes=1)


@pytest.fixture
def parent(steady):
    def make(**terms):
        base = {
            "algo_id": "a",
            "account": "paper-1",
            "kind": AlgoKind.TWAP,
            "side": Side.BUY,
            "quantity": 20,
            "symbol": steady.CALL_110,
            "start": steady.START,
            "until": steady.START + 10 * MINUTE,
            "slices": 5,
        }
        return ParentOrder(**{**base, **terms})

    return make


def position(workspace):
    workspace.desk.follow(workspace.store)
    account = workspace.desk.book.account(workspace.account)
    return sum(int(item.quantity) for item in account.positions) if account else 0


def sizes(story):
    return [(item.sliced.send.number, item.sliced.send.quantity, item.filled) for item in story.slices]


def run(workspace, clock, until):
    while clock.now() < until:
        clock.advance(MINUTE)
        algorithms.advance(workspace)


def test_a_twap_is_done_slice_by_slice_under_derived_ids(workspace, clock, parent):
    story = algorithms.start(workspace, parent())
    assert (story.state, sizes(story)) == (AlgoState.RUNNING, [(1, 4, 4)])
    run(workspace, clock, parent().until)
    story = algorithms.show(workspace, "a")
    assert story.state is AlgoState.COMPLETED
    assert sizes(story) == [(k, 4, 4) for k in range(1, 6)]
    assert [item.order for item in story.slices] == [f"a-{k}" for k in range(1, 6)]
    assert position(workspace) == 20
    assert story.end.at == parent().start + 8 * MINUTE
    tags = {r.event.payload["tag"] for r in workspace.store.read() if r.event.type == INTENT}
    assert tags == {"a"}
    assert workspace.store.verify().head == workspace.store.head()


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (CatchUp.AT_ONCE, [(1, 4, 4), (4, 12, 12), (5, 4, 4)]),
        (CatchUp.SPREAD, [(1, 4, 4), (4, 8, 8), (5, 8, 8)]),
    ],
)
def test_slices_missed_while_nothing_ran_are_sent_late_and_never_back_dated(workspace, clock, parent, rule, expected):
    algorithms.start(workspace, parent(catch_up=rule))
    clock.advance(7 * MINUTE)
    late = clock.now()
    algorithms.advance(workspace)
    run(workspace, clock, parent().until)
    story = algorithms.show(workspace, "a")
    assert sizes(story) == expected
    second = story.slices[1]
    assert (second.sliced.send.passed_over, second.sliced.decided_at) == (2, late)
    assert all(fill.filled_at == late for fill in second.fills)
    assert second.sliced.due_at == parent().start + 6 * MINUTE


def test_nothing_is_sent_at_or_after_the_end(workspace, clock, parent):
    algorithms.start(workspace, parent())
    clock.advance(10 * MINUTE)
    assert algorithms.advance(workspace).ended == ("a",)
    story = algorithms.show(workspace, "a")
    assert (story.state, story.end.unfilled, story.end.reason) == (AlgoState.EXPIRED, 16, "end time reached")
    assert position(workspace) == 4
    assert algorithms.listing(workspace) == ()
    assert [item.parent.algo_id for item in algorithms.listing(workspace, ended=True)] == ["a"]


def test_what_is_not_displayed_is_left_to_later_slices(workspace, clock, parent, feed, steady):
    feed.prices[steady.CALL_110] = (1.0, 1.05, 50, 3)
    algorithms.start(workspace, parent(catch_up=CatchUp.AT_ONCE))
    run(workspace, clock, parent().until)
    story = algorithms.show(workspace, "a")
    assert sizes(story) == [(1, 4, 3), (2, 5, 3), (3, 6, 3), (4, 7, 3), (5, 8, 3)]
    assert (story.end.unfilled, position(workspace)) == (5, 15)


def test_a_limit_is_never_passed(workspace, clock, parent, feed, steady):
    algorithms.start(workspace, parent(limit_price=Decimal("1.05")))
    feed.prices[steady.CALL_110] = (1.05, 1.10, 50, 50)
    run(workspace, clock, parent().until)
    story = algorithms.show(workspace, "a")
    assert sizes(story) == [(1, 4, 4), (2, 4, 0), (3, 6, 0), (4, 8, 0), (5, 16, 0)]
    assert max(fill.price for fill in story.fills) == Decimal("1.05")


@pytest.fixture
def resting(workspace_on, told, parent, steady):
    """A workspace on a feed that tells all, where one resting algorithm works."""
    workspace = workspace_on(feed=told)
    algorithms.start(workspace, parent(style=Style.REST, symbol=steady.CALL))
    return workspace


def test_a_resting_slice_fills_at_its_limit_and_ends_with_its_turn(resting, told, clock, steady):
    told.tell(30, steady.CALL, 4.7, 4.9, 3)
    told.tell(40, steady.CALL, 4.9, 5.1, 10)
    clock.advance(MINUTE)
    algorithms.advance(resting)
    first = algorithms.show(resting, "a").slices[0]
    assert (first.filled, first.state, first.fills[0].price) == (3, OrderState.PARTIALLY_FILLED, Decimal("4.9"))
    clock.advance(MINUTE)
    story = algorithms.show(resting, "a")
    assert sizes(story) == [(1, 4, 3), (2, 4 + 1, 0)]
    assert story.slices[0].state is OrderState.EXPIRED
    assert story.working == 5
    assert story.fills[0].filled_at == steady.START + timedelta(seconds=30)


def test_pause_takes_it_from_the_market_and_resume_goes_on(resting, clock):
    assert algorithms.pause(resting, "a", dry_run=True).state is AlgoState.RUNNING
    story = algorithms.pause(resting, "a")
    assert (story.state, story.working, story.slices[0].state) == (AlgoState.PAUSED, 0, OrderState.CANCELLED)
    assert algorithms.pause(resting, "a").pauses == 1
    clock.advance(4 * MINUTE)
    assert algorithms.advance(resting) == algorithms.AlgoUpdate()
    story = algorithms.resume(resting, "a")
    assert (story.state, sizes(story)) == (AlgoState.RUNNING, [(1, 4, 0), (3, 4 + 3, 0)])
    assert algorithms.resume(resting, "a").slices == story.slices
    assert algorithms.pause(resting, "a").pauses == 2


def test_cancel_ends_it_and_its_slices_and_is_idempotent(resting, clock):
    assert algorithms.cancel(resting, "a", dry_run=True).state is AlgoState.RUNNING
    story = algorithms.cancel(resting, "a")
    assert (story.state, story.working, story.end.unfilled) == (AlgoState.CANCELLED, 0, 20)
    assert resting.desk.orders.orders() == ()
    assert algorithms.cancel(resting, "a") == story
    clock.advance(5 * MINUTE)
    assert algorithms.advance(resting) == algorithms.AlgoUpdate()
    for act in (algorithms.pause, algorithms.resume):
        with pytest.raises(InvalidValueError, match=r"algo must be running or paused \(got a: cancelled"):
            act(resting, "a")


def test_a_slice_that_its_user_cancelled_is_made_up_for_later(resting, clock):
    orders.cancel(resting, "a-1")
    clock.advance(2 * MINUTE)
    assert sizes(algorithms.show(resting, "a")) == [(1, 4, 0), (2, 5, 0)]


def test_the_same_id_is_one_algorithm_and_with_other_terms_an_error(workspace, clock, parent):
    first = algorithms.start(workspace, parent())
    clock.advance(timedelta(seconds=5))
    later = parent(start=clock.now(), until=clock.now() + 10 * MINUTE)
    assert algorithms.start(workspace, later) == first
    assert algorithms.start(workspace, parent(start=clock.now())) == first
    with pytest.raises(InvalidValueError, match=r"algo_id must be unused, or repeat its terms: twap 20 \(got 'a'"):
        algorithms.start(workspace, parent(quantity=21))
    assert sum(record.event.type == records.STARTED for record in workspace.store.read()) == 1


def test_what_cannot_be_started_is_refused_and_nothing_is_written(workspace, parent, feed, steady):
    with pytest.raises(UnknownNameError, match="symbol"):
        algorithms.start(workspace, parent(symbol="TESTI 260320C00999000"))
    with pytest.raises(InvalidValueError, match=r"until must be at or before .* expires"):
        algorithms.start(workspace, parent(until=steady.EXPIRES_AT + MINUTE))
    share = {"kind": AlgoKind.POV, "participation": Decimal("0.1"), "catch_up": CatchUp.AT_ONCE}
    with pytest.raises(MissingDataError, match="no volume to take part in"):
        algorithms.start(workspace, parent(**share))
    with pytest.raises(UnknownNameError, match="algorithm"):
        algorithms.show(workspace, "nobody")
    with pytest.raises(MissingDataError, match="no volume was traded"):
        volume_history.past_curve(workspace, steady.CALL, steady.START, steady.START + MINUTE, 2, 3)
    assert workspace.store.head().seq == 0


def test_on_another_feed_nothing_is_sent_and_nothing_started(workspace_on, workspace, clock, parent, feed):
    algorithms.start(workspace, parent())
    other = replace(feed, state=FeedState.LIVE, name="live")
    looking = workspace_on(feed=other, venue_feed=feed)
    clock.advance(3 * MINUTE)
    assert algorithms.advance(looking) == algorithms.AlgoUpdate()
    assert sizes(algorithms.show(looking, "a")) == [(1, 4, 4)]
    with pytest.raises(RefusedError, match="account-venue"):
        algorithms.start(looking, parent(algo_id="b"))
    assert algorithms.advance(workspace).sent == ("a-2",)


def test_whoever_comes_by_works_the_algorithms_of_every_account(workspace_on, workspace, clock, parent):
    other = workspace_on(account="other")
    algorithms.start(other, parent(account="other"))
    clock.advance(2 * MINUTE)
    assert algorithms.advance(workspace).sent == ("a-2",)
    assert (position(other), position(workspace)) == (8, 0)
    with pytest.raises(InvalidValueError, match="account must be other"):
        algorithms.cancel(workspace, "a")
    assert algorithms.listing(workspace) == ()
    assert len(algorithms.listing(workspace, all_accounts=True)) == 1


def test_whoever_brings_the_venue_up_to_now_sends_slices(workspace_on, workspace, clock, parent):
    algorithms.start(workspace, parent())
    clock.advance(2 * MINUTE)
    bring_up_to_date(workspace_on())
    assert position(workspace) == 8


def test_a_slice_whose_lock_is_taken_waits_for_the_next_look(workspace_on, workspace, clock, parent, store):
    algorithms.start(workspace, parent())
    clock.advance(2 * MINUTE)
    with store.writing("something long"), ThreadPoolExecutor() as threads:
        assert threads.submit(bring_up_to_date, workspace_on(), 0.01).result().filled == ()
        with pytest.raises(HomeLockedError, match="something long"):
            threads.submit(algorithms.advance, workspace_on(), 0.01).result()
    assert position(workspace) == 4
    assert algorithms.advance(workspace).sent == ("a-2",)


@pytest.mark.parametrize("again", [False, True])
def test_a_kill_ends_it_and_arming_again_does_not_bring_it_back(resting, clock, parent, again):
    kill.arm(resting, "tests", "ready")
    kill.fire(resting, "tests", "enough", kill_id="k")
    if again:
        kill.rearm(resting, "tests", "over", "rearm-k")
    clock.advance(2 * MINUTE)
    story = algorithms.show(resting, "a")
    assert (story.state, story.end.reason, story.end.unfilled) == (AlgoState.CANCELLED, "kill k", 20)
    assert (len(story.slices), story.slices[0].state) == (1, OrderState.CANCELLED)
    if again:
        assert algorithms.start(resting, parent(algo_id="b", start=clock.now())).state is AlgoState.RUNNING
    else:
        with pytest.raises(RefusedError, match="kill-switch: k is in force"):
            algorithms.start(resting, parent(algo_id="b", start=clock.now()))


def test_a_slice_wanted_before_a_kill_is_never_sent_after_it(workspace_on, store, parent):
    dying = sys.modules["dying_store"]
    with pytest.raises(dying.Killed):
        algorithms.start(workspace_on(store=dying.Dying(store, durable=True, at=records.SLICED)), parent())
    heir = workspace_on()
    kill.arm(heir, "tests", "ready")
    kill.fire(heir, "tests", "enough", kill_id="k")
    kill.rearm(heir, "tests", "over", "rearm-k")
    story = algorithms.show(heir, "a")
    assert (story.state, story.slices[0].reason, story.filled) == (AlgoState.CANCELLED, algorithms.NOT_SENT, 0)


def test_a_refused_slice_is_told_and_its_quantity_stays_to_be_done(workspace, clock, parent):
    algorithms.start(workspace, parent(side=Side.SELL))
    story = algorithms.show(workspace, "a")
    assert story.slices[0].state is OrderState.REJECTED
    assert "needs margin" in story.slices[0].reason
    run(workspace, clock, parent().until)
    assert algorithms.show(workspace, "a").end.unfilled == 20


@pytest.fixture
def counting(steady):
    """The steady feed with a volume counter: ten contracts a minute, from nothing at 15:00."""

    @dataclass
    class Counting(steady.SteadyFeed):
        def quote(self, symbol, moment):
            volume = int((moment - moment.replace(hour=0, minute=0)) / MINUTE) * 10
            return replace(super().quote(symbol, moment), volume=volume)

    return Counting()


def test_participation_follows_the_volume_seen(workspace_on, counting, clock, parent):
    workspace = workspace_on(feed=counting)
    share = {"kind": AlgoKind.POV, "participation": Decimal("0.25"), "catch_up": CatchUp.AT_ONCE}
    story = algorithms.start(workspace, parent(**share))
    assert story.slices == ()
    run(workspace, clock, parent().until)
    story = algorithms.show(workspace, "a")
    # Ten a minute, a slice each second minute, and a quarter of what was seen; the first waits for volume.
    assert sizes(story) == [(1, 2, 2), (2, 3, 3), (3, 5, 5), (4, 5, 5), (5, 5, 5)]
    assert [item.sliced.seen.volume_seen for item in story.slices] == [10, 20, 40, 60, 80]


def test_a_curve_of_the_past_is_read_from_the_venues_own_feed(workspace_on, counting, steady):
    found = volume_history.past_curve(
        workspace_on(feed=counting), steady.CALL, steady.START, steady.START + 4 * MINUTE, 4, 2
    )
    assert found == pytest.approx([0.25] * 4)


def finish(workspace, clock, parent, kills):
    """Work an algorithm to its end with commands a minute apart, on a log that may die; answers its story."""
    while clock.now() < parent.until:
        try:
            algorithms.start(workspace, parent)
        except kills:
            return None
        clock.advance(MINUTE)
    return algorithms.show(workspace, parent.algo_id)


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("appends", range(1, 13))
def test_killed_in_the_middle_the_next_process_sends_each_slice_once(
    workspace_on, told, store, clock, parent, steady, appends, durable, style
):
    dying = sys.modules["dying_store"]
    wanted = parent(symbol=steady.CALL, style=style, until=steady.START + 10 * MINUTE)
    for second in range(30, 600, 60):
        told.tell(second, steady.CALL, 4.7, 4.9, 3)
        told.tell(second + 15, steady.CALL, 4.9, 5.1, 10)
    mortal = workspace_on(feed=told, store=dying.Dying(store, appends, durable=durable))
    assert finish(mortal, clock, wanted, dying.Killed) is None
    heir = workspace_on(feed=told)
    story = finish(heir, clock, wanted, ())
    numbers = [item.sliced.send.number for item in story.slices]
    assert numbers == sorted(set(numbers))
    intents = [r.event.payload["client_order_id"] for r in store.read() if r.event.type == INTENT]
    assert len(intents) == len(set(intents))
    assert set(intents) == {f"a-{number}" for number in numbers}
    assert story.filled == position(heir)
    assert story.filled + story.end.unfilled == wanted.quantity
    assert story.working == 0
    assert heir.desk.orders.orders() == ()
    if style is Style.TAKE:
        # All was displayed: whatever a death cost, later slices have caught up.
        assert story.state is AlgoState.COMPLETED
    assert store.verify().head == store.head()


def test_killed_between_wanting_and_sending_the_slices_are_the_same(workspace_on, feed, store, clock, parent):
    dying = sys.modules["dying_store"]
    mortal = workspace_on(store=dying.Dying(store, durable=True, at=records.SLICED))
    with pytest.raises(dying.Killed):
        algorithms.start(mortal, parent())
    assert algorithms.show(workspace_on(), "a").slices[0].filled == 4
    run(workspace_on(), clock, parent().until)
    assert sizes(algorithms.show(workspace_on(), "a")) == [(k, 4, 4) for k in range(1, 6)]


def test_a_slice_whose_time_is_over_is_voided_so_that_a_slow_process_cannot_send_it(
    workspace_on, store, clock, parent, steady
):
    dying = sys.modules["dying_store"]
    slow = workspace_on(store=dying.Dying(store, durable=True, at=records.SLICED))
    with pytest.raises(dying.Killed):
        algorithms.start(slow, parent())
    clock.advance(2 * MINUTE)
    other = workspace_on()
    assert sizes(algorithms.show(other, "a")) == [(1, 4, 0), (2, 5, 5)]
    assert algorithms.show(other, "a").slices[0].reason == algorithms.NOT_SENT
    # The slow one wakes up and sends what it had decided.
    terms = trading.OrderTerms(Side.BUY, 4, steady.CALL_110, tag="a")
    late = trading.place(workspace_on(), terms, "a-1")
    assert (late.state, late.replayed, late.fills) == (OrderState.EXPIRED, True, ())
    assert position(other) == 5


def test_costs_are_those_of_the_fills(workspace_on, told, clock, parent, steady):
    workspace = workspace_on(feed=told)
    algorithms.start(workspace, parent(symbol=steady.CALL, quantity=2, slices=2))
    told.tell(200, steady.CALL, 5.4, 5.6)
    clock.advance(5 * MINUTE)
    algorithms.advance(workspace)
    found = algorithm_costs.costs(workspace, "a")
    # Arrival 5.0; one at 5.1, one at 5.6.
    assert (found.whole.average, found.whole.slippage_cost) == (Decimal("5.35"), 70)
    assert (found.whole.spread_cost, found.whole.fees, found.whole.shortfall) == (20, Decimal("1.30"), Decimal("71.30"))
    assert [item.costs.slippage for item in found.slices] == [Decimal("0.1"), Decimal("0.1")]
    assert found.whole.vwap is None
    told_json = algorithm_json.costs(found)
    assert (told_json["interval_vwap"], told_json["slippage"]) == (None, 0.35)


def test_what_started_reads_back_as_it_was(workspace, parent):
    for number, terms in enumerate(
        (
            {"kind": AlgoKind.VWAP, "curve": (0.1, 0.2, 0.3, 1 / 3, 1e-9), "curve_source": "history:3"},
            {"time_jitter": Decimal("0.5"), "size_jitter": Decimal("0.25"), "seed": 2**60, "limit_price": Decimal(2)},
        ),
        1,
    ):
        ready = algorithms.preview(workspace, parent(**terms))
        started = records.Started(ready.parent, ready.schedule, ready.seen)
        event = records.started_event(number, started)
        back = records.started_of(event)
        assert (back.parent, back.schedule) == (started.parent, started.schedule)
        assert records.started_event(number, back) == event


def test_sending_an_order_of_one_s_own_sends_the_slices_that_are_due(workspace, clock, parent):
    algorithms.start(workspace, parent())
    clock.advance(4 * MINUTE)
    result = sending.send_at_once(workspace, "buy", 1, parent().symbol)
    assert result.state is OrderState.FILLED
    story = algorithms.show(workspace, "a")
    assert [item.sliced.decided_at for item in story.slices] == [parent().start, parent().start + 4 * MINUTE]
    slices = [r.event.id for r in workspace.store.read() if r.event.type == INTENT]
    assert slices.index(f"order/{story.slices[-1].order}/intent") < slices.index(
        f"order/{result.intent.client_order_id}/intent"
    )


def test_a_slice_that_another_process_keeps_from_being_sent_waits_and_the_order_is_placed(
    workspace, clock, parent, monkeypatch
):
    algorithms.start(workspace, parent())
    clock.advance(4 * MINUTE)

    def locked(_workspace, _timeout=None):
        raise HomeLockedError("somebody writes")

    monkeypatch.setattr(algorithms, "advance", locked)
    assert sending.send_at_once(workspace, "buy", 1, parent().symbol).state is OrderState.FILLED


def test_an_algorithm_works_shares_as_it_does_options(workspace_on, traded, clock, parent):
    workspace = workspace_on(feed=traded)
    algorithms.start(workspace, parent(symbol="TESTI", quantity=200))
    run(workspace, clock, parent().until)
    story = algorithms.show(workspace, "a")
    assert (story.state, story.filled) == (AlgoState.COMPLETED, 200)
    assert algorithm_json.summary(story)["label"] == "TESTI"
    assert algorithm_costs.costs(workspace, "a", market=False).whole.slippage is not None


def test_where_the_book_stands_as_before_the_log_is_not_asked_again(workspace, parent):
    class Silent:
        def find(self, event_id):
            raise AssertionError(f"the log was asked for {event_id}")

    algorithms.start(workspace, parent())
    desk, roll = workspace.desk, Roll()
    desk.follow(workspace.store)
    assert roll.unfinished(workspace.store, desk) == (1,)
    assert roll.unfinished(Silent(), desk) == (1,)
    algorithms.cancel(workspace, "a")
    desk.follow(workspace.store)
    with pytest.raises(AssertionError, match="was asked"):
        roll.unfinished(Silent(), desk)
    assert roll.unfinished(workspace.store, desk) == ()
