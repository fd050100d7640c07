"""Schedules and the planner: rounding makes nothing, nothing is in the market twice, nothing after the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.trading.algorithms.almgren_chriss import Impact
from optionix_core.trading.algorithms.parent import AlgoKind, CatchUp, ParentOrder, Style
from optionix_core.trading.algorithms.planner import Cancel, End, MarketFacts, Send, SliceProgress, Wait, plan
from optionix_core.trading.algorithms.schedule import schedule_of, uniform, whole_targets
from optionix_core.trading.algorithms.volume_curve import of_readings, u_shape
from optionix_core.trading.orders import Side, TimeInForce

START = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
FACTS = MarketFacts(open=True, bid=Decimal("4.9"), ask=Decimal("5.1"), volume_seen=None)
IMPACT = Impact(0.05, 30, 0.1, 0.01)


def parent(kind=AlgoKind.TWAP, quantity=20, slices=5, minutes=10, algo_id="a", side=Side.BUY, **terms):
    own = {
        AlgoKind.VWAP: {"curve": u_shape(3, slices)},
        AlgoKind.POV: {"participation": Decimal("0.1"), "catch_up": CatchUp.AT_ONCE},
        AlgoKind.IS: {"impact": IMPACT},
    }.get(kind, {})
    return ParentOrder(
        algo_id=algo_id,
        account="paper-1",
        kind=kind,
        side=side,
        quantity=quantity,
        symbol="TESTI 260320C00100000",
        start=START,
        until=START + timedelta(minutes=minutes),
        slices=slices,
        **{**own, **terms},
    )


FRACTION = st.decimals(Decimal(0), Decimal("0.99"), places=2)
PARENTS = st.builds(
    parent,
    kind=st.sampled_from(AlgoKind).filter(lambda kind: kind is not AlgoKind.POV),
    quantity=st.integers(1, 5000),
    slices=st.integers(1, 40),
    minutes=st.integers(1, 600),
    catch_up=st.sampled_from(CatchUp),
    style=st.sampled_from(Style),
    seed=st.integers(0, 2**62),
    time_jitter=FRACTION,
    size_jitter=FRACTION,
)


@given(PARENTS)
def test_planned_slices_add_up_to_the_parent_and_lie_within_its_time(wanted):
    schedule = schedule_of(wanted)
    steps = [schedule.target(k) - schedule.target(k - 1) for k in range(1, wanted.slices + 1)]
    assert min(steps) >= 0
    assert sum(steps) == wanted.quantity
    assert list(schedule.times) == sorted(set(schedule.times))
    assert wanted.start <= schedule.times[0]
    assert schedule.times[-1] < wanted.until
    assert schedule_of(wanted) == schedule
    assert schedule_of(replace(wanted, algo_id="other")) == schedule


@given(PARENTS, st.data())
def test_whatever_the_market_fills_conservation_and_bounds_hold(wanted, data):
    """A venue that fills what it likes, looked at when it happens: the law of the parent's quantity after each act."""
    schedule = schedule_of(wanted)
    slices: dict[int, SliceProgress] = {}
    now, done, sent_at = wanted.start, 0, []
    while True:
        for _ in range(100):
            acts = plan(wanted, schedule, now, FACTS, tuple(slices.values()))
            if all(isinstance(act, Wait | End) for act in acts):
                break
            for act in acts:
                if isinstance(act, Cancel):
                    assert slices[act.number].working
                    slices[act.number] = replace(slices[act.number], working=False)
                elif isinstance(act, Send):
                    assert act.number not in slices
                    assert act.number == schedule.due(now)
                    assert schedule.times[act.number - 1] <= now < wanted.until
                    assert act.good_until is None or now < act.good_until <= wanted.until
                    filled = data.draw(st.integers(0, act.quantity))
                    rests = act.time_in_force is TimeInForce.GTD and filled < act.quantity
                    slices[act.number] = SliceProgress(act.number, act.quantity, filled, rests)
                    sent_at.append(now)
            out = sum(item.quantity - item.filled for item in slices.values() if item.working)
            filled = sum(item.filled for item in slices.values())
            assert filled + out <= wanted.quantity
            assert filled >= done
            done = filled
        else:
            pytest.fail("the planner never came to rest")
        (act,) = acts
        if isinstance(act, End):
            assert act.unfilled == wanted.quantity - done
            assert act.unfilled == 0 or now >= wanted.until
            break
        now += data.draw(st.integers(1, 3)) * (wanted.until - wanted.start) / (2 * wanted.slices)
    assert all(at < wanted.until for at in sent_at)
    # The parent's quantity is what its slices filled and what is said to be unfilled.
    assert sum(item.filled for item in slices.values()) + act.unfilled == wanted.quantity


@given(PARENTS)
def test_where_all_is_filled_in_time_the_slices_are_the_schedule(wanted):
    schedule, sent = schedule_of(wanted), []
    for number, due in enumerate(schedule.times, 1):
        (act,) = plan(wanted, schedule, due, FACTS, tuple(sent))
        if isinstance(act, Send):
            assert act.quantity == schedule.target(number) - sum(item.filled for item in sent)
            sent.append(SliceProgress(number, act.quantity, act.quantity, working=False))
    assert sum(item.quantity for item in sent) == wanted.quantity


@pytest.mark.parametrize(("rule", "quantity"), [(CatchUp.AT_ONCE, 12), (CatchUp.SPREAD, 4 + 3)])
def test_missed_slices_follow_the_catch_up_rule_named(rule, quantity):
    wanted = parent(catch_up=rule)
    # 20 in five slices; nobody came before the third: 8 are missing, 3 slices are left.
    (act,) = plan(wanted, schedule_of(wanted), START + timedelta(minutes=4), FACTS, ())
    assert (act.number, act.passed_over, act.quantity) == (3, 2, quantity)


def test_a_slice_that_works_is_cancelled_before_the_next_is_sized():
    wanted = parent(style=Style.REST)
    working = SliceProgress(1, 4, 1, working=True)
    now = START + timedelta(minutes=2)
    assert plan(wanted, schedule_of(wanted), now, FACTS, (working,)) == (Cancel(1),)
    (act,) = plan(wanted, schedule_of(wanted), now, FACTS, (replace(working, working=False),))
    assert act == Send(2, 4 + 1, Decimal("4.9"), TimeInForce.GTD, START + timedelta(minutes=4), 0)


def test_pause_takes_from_the_market_and_sends_nothing():
    wanted = parent(style=Style.REST)
    working = SliceProgress(1, 4, 1, working=True)
    assert plan(wanted, schedule_of(wanted), START, FACTS, (working,), paused=True) == (Cancel(1),)
    still = replace(working, working=False)
    late = START + timedelta(minutes=3)
    assert plan(wanted, schedule_of(wanted), late, FACTS, (still,), paused=True) == (Wait("paused"),)
    over = plan(wanted, schedule_of(wanted), wanted.until, FACTS, (still,), paused=True)
    assert over == (End("end time reached", 19),)


@pytest.mark.parametrize(
    ("side", "limit", "price"),
    [("buy", None, "4.9"), ("buy", "4.8", "4.8"), ("buy", "6", "4.9"), ("sell", None, "5.1"), ("sell", "5.3", "5.3")],
)
def test_a_resting_slice_is_never_worse_than_the_parents_limit(side, limit, price):
    wanted = parent(style=Style.REST, side=Side(side), limit_price=None if limit is None else Decimal(limit))
    (act,) = plan(wanted, schedule_of(wanted), START, FACTS, ())
    assert act.limit_price == Decimal(price)


def test_without_data_or_market_it_waits_and_says_why():
    wanted = parent(style=Style.REST)
    assert plan(wanted, schedule_of(wanted), START, replace(FACTS, open=False), ()) == (Wait("the market is closed"),)
    blind = plan(wanted, schedule_of(wanted), START, replace(FACTS, bid=None), ())
    assert blind == (Wait("no data: no bid to rest at"),)
    share = parent(AlgoKind.POV)
    assert plan(share, schedule_of(share), START, FACTS, ()) == (Wait("no data: the quotes tell no volume"),)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=30), st.data())
def test_participation_never_exceeds_its_share_of_the_volume_seen(steps, data):
    wanted = parent(AlgoKind.POV, quantity=50, slices=30, minutes=30)
    schedule, sent, volume = schedule_of(wanted), [], 0
    for number, step in enumerate(steps, 1):
        volume += step
        facts = replace(FACTS, volume_seen=volume)
        (act,) = plan(wanted, schedule, schedule.times[number - 1], facts, tuple(sent))
        if isinstance(act, Send):
            sent.append(SliceProgress(number, act.quantity, data.draw(st.integers(0, act.quantity)), working=False))
        filled = sum(item.filled for item in sent)
        assert filled <= min(50, volume // 10)


def test_jitter_is_by_counter_and_spread_over_the_unit_interval():
    draws = [uniform(7, "time", number) for number in range(2000)]
    assert draws == [uniform(7, "time", number) for number in range(2000)]
    assert 0 <= min(draws) < 0.01
    assert 0.99 < max(draws) < 1
    assert abs(sum(draws) / 2000 - 0.5) < 4 * (1 / 12 / 2000) ** 0.5
    assert draws != [uniform(8, "time", number) for number in range(2000)]
    assert draws != [uniform(7, "size", number) for number in range(2000)]


def test_a_u_shape_has_its_depth_and_is_symmetric():
    weights = u_shape(3.0, 1000)
    assert weights == pytest.approx(weights[::-1])
    assert weights[0] / weights[500] == pytest.approx(3, rel=0.01)
    assert sum(u_shape(3.0, 7)) == pytest.approx(sum(weights))
    assert u_shape(1, 4) == pytest.approx([0.25] * 4)


def test_a_curve_of_the_past_is_the_mean_share_across_restarts_of_the_counter():
    # 10, 30 of 40; then a counter that starts anew after the first edge: 20, 20 of 40; a day without trades.
    assert of_readings([[100, 110, 140], [90, 20, 40], [5, 5, 5]]) == pytest.approx([0.375, 0.625])
    with pytest.raises(MissingDataError, match="no volume"):
        of_readings([[5, 5, 5]])


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ({"quantity": 0}, r"quantity .* at least 1 \(got 0\)"),
        ({"slices": 0}, r"slices .* from 1 to 1000 \(got 0\)"),
        ({"minutes": 0}, "until must be after the start"),
        ({"slices": 700}, "slices must be so few that each has a second or more"),
        ({"limit_price": Decimal(-1)}, "limit_price must be positive"),
        ({"time_jitter": Decimal(1)}, "time_jitter must be from 0 to below 1"),
        ({"size_jitter": Decimal("-0.1")}, "size_jitter must be from 0 to below 1"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"algo_id": "a/b"}, "client_order_id"),
        ({"algo_id": "x" * 59}, "algo_id must be at most 58"),
        ({"kind": AlgoKind.VWAP, "curve": ()}, "volume_curve must be given for vwap"),
        ({"kind": AlgoKind.VWAP, "curve": (1.0, 2.0)}, "volume_curve must be one for each of 5"),
        ({"kind": AlgoKind.VWAP, "curve": (1.0, -2.0, 1, 1, 1)}, r"volume_curve must be finite .* at row 1"),
        ({"kind": AlgoKind.VWAP, "curve": (0.0,) * 5}, "at least one positive weight"),
        ({"curve": (1.0,) * 5}, "volume_curve must be given for vwap, and for nothing else"),
        ({"kind": AlgoKind.POV, "participation": None}, "participation must be given for pov"),
        ({"kind": AlgoKind.POV, "participation": Decimal(2)}, "participation must be above 0 and at most 1"),
        ({"kind": AlgoKind.POV, "catch_up": CatchUp.SPREAD}, "catch_up must be at-once for pov"),
        ({"kind": AlgoKind.POV, "size_jitter": Decimal("0.1")}, "size_jitter must be 0 for pov"),
        ({"kind": AlgoKind.IS, "impact": None}, "impact must be given for is"),
    ],
)
def test_terms_that_make_no_sense_are_named(terms, told):
    with pytest.raises(InvalidValueError, match=told):
        parent(**terms)


def test_weights_that_are_all_nothing_have_no_schedule():
    with pytest.raises(InvalidValueError, match="weights must be positive"):
        whole_targets(10, [0.0, 0.0])
