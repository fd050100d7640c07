"""A loss of the day that fires the kill switch: only what is armed, never on an empty book, never on no data."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from steady_feed import CALL, START

from optionix_core.errors import InvalidValueError
from optionix_core.services import kill, kill_watch, trading
from optionix_core.trading.breakers import Verdict

D = Decimal


@pytest.fixture
def at(workspace_on, feed, clock):
    def make(seconds=0, **choices):
        clock.moment = max(clock.moment, START + timedelta(seconds=seconds))
        return workspace_on(feed=feed, **choices)

    return make


def bought_and_fallen(at, feed):
    """Ten calls bought at 5.10 that are worth 4.00 now: 1,100 lost, and 6.50 of fees."""
    trading.submit(at(), "buy", 10, CALL, client_order_id="call")
    feed.prices[CALL] = (3.9, 4.1, 10, 10)
    return at(5)


def test_a_loss_at_the_bound_fires_and_one_below_it_does_not(at, feed):
    kill.arm(at(), "ada", "start")
    workspace = bought_and_fallen(at, feed)
    clear = kill_watch.watch(workspace, D("1106.51"))
    assert (clear.judgement.verdict, clear.judgement.value, clear.kill) == (Verdict.CLEAR, D("1106.50"), None)
    fired = kill_watch.watch(workspace, D("1106.50"), flatten=True)
    assert fired.judgement.verdict is Verdict.TRIPPED
    assert fired.kill.switch.by == "breaker"
    assert fired.kill.switch.reason == "daily-loss: 1106.50 of paper-1, at most 1106.50"
    assert fired.kill.held == ()


def test_what_is_not_armed_or_only_tried_is_told_and_not_fired(at, feed, store):
    workspace = bought_and_fallen(at, feed)
    assert kill_watch.watch(workspace, D(1000)).held_back == "the kill switch is disarmed"
    kill.arm(at(6), "ada", "start")
    assert kill_watch.watch(at(6), D(1000), dry_run=True).held_back == "a dry run"
    assert store.find("kill/1/armed") is not None
    assert "kill.fired" not in {record.event.type for record in store.read()}


def test_it_never_fires_on_an_empty_book(at, feed, store):
    kill.arm(at(), "ada", "start")
    bought_and_fallen(at, feed)
    trading.submit(at(6), "sell", 10, CALL, client_order_id="out")
    told = kill_watch.watch(at(7), D(1000))
    assert (told.judgement.verdict, told.held_back) == (Verdict.TRIPPED, "nothing works and nothing is held")
    assert "kill.fired" not in {record.event.type for record in store.read()}


@pytest.mark.parametrize("bound", ["0", "-1", "NaN"])
def test_a_bound_that_is_not_positive_is_refused(at, bound):
    with pytest.raises(InvalidValueError, match="daily_loss must be above 0"):
        kill_watch.watch(at(), D(bound))
