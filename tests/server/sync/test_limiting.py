"""A limit on contracts that several devices break together: judged by the sum, in whatever order they speak."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.market.quote import Quote
from optionix_core.portfolio.ledger import account_opened_event, entry_event, opening_entry, trade_entry
from optionix_core.services.feeds import open_feed
from optionix_core.services.stream_folds import Folds
from optionix_core.sync.canonical import encode
from optionix_core.sync.event import Event, Record
from optionix_core.trading.limit_board import Groups, LimitGrade, LimitKey, LimitLevel, SetLimit
from optionix_core.trading.limit_records import grouped_event, set_event
from optionix_core.trading.limits import LimitKind
from optionix_core.trading.orders import Amendment, Fill, OrderIntent, OrderState, Side, TimeInForce
from optionix_core.trading.records import OrderEnd, end_event, fill_event, intent_event
from optionix_core.trading.working_records import NOTHING, Accepted, Amended, accepted_event, amended_event
from server.sync.judging import Judge, Standing
from tests.server.sync.conftest import START

PUTS = ("ORBIT 280121P00200000", "ORBIT 280121P00210000")
"""Puts, because what a sold one may lose has a bound."""
FEED = open_feed("sim")
BOUND = Decimal(10)


class Order(NamedTuple):
    """One order of a device: rests and is filled later, or is filled at once."""

    name: str
    symbol: str
    side: Side
    quantity: int
    rests: bool
    account: str = "sim-1"

    @property
    def intent(self) -> OrderIntent:
        how = TimeInForce.GTC if self.rests else TimeInForce.IOC
        return OrderIntent(
            self.name, self.account, self.side, self.quantity, self.symbol, Decimal(1), START, time_in_force=how
        )

    def wanted(self) -> tuple[Event, ...]:
        """The intent, and that it rests where it does."""
        intent = intent_event(self.intent)
        accepted = accepted_event(self.intent, Accepted(NOTHING, ()), START)
        return (intent, accepted) if self.rests else (intent,)

    def filled(self) -> tuple[Event, Event, Event]:
        name = f"order/{self.name}/fill-1"
        quote = Quote(self.symbol, "sim", START, START, 0.99, 1.0, 99, 99)
        fill = Fill(name, self.name, self.quantity, Decimal(1), Decimal(0), "touch", START, quote)
        entry = trade_entry(
            entry_id=f"{name}/entry",
            account=self.account,
            venue="local-sim",
            symbol=self.symbol,
            currency="USD",
            quantity=Decimal(self.side.sign * self.quantity),
            price=Decimal(1),
            multiplier=Decimal(100),
            fee=Decimal(0),
            time=START,
            cause=name,
        )
        end = end_event(self.intent, OrderEnd(OrderState.FILLED, None, ()), START)
        return fill_event(fill, self.intent), entry_event(entry), end


def limit(level: LimitLevel = LimitLevel.ACCOUNT, name: str = "sim-1", grade: LimitGrade = LimitGrade.HARD) -> Event:
    key = LimitKey(level, name, LimitKind.CONTRACTS, grade)
    return set_event(SetLimit(key=key, bound=BOUND, by=str(UUID(int=7)), since=START))


def opening(account: str = "sim-1") -> tuple[Event, Event]:
    opened = account_opened_event(account, "local-sim", "USD", START)
    return opened, entry_event(opening_entry(account, "USD", Decimal(10**9), START))


def stream(*more: Event) -> Folds:
    """What the server holds before anybody pushes."""
    folds = Folds()
    for event in (*opening(), *more):
        folds.apply(Record(folds.head.seq + 1, event, b"", b""))
    return folds


def judge_of(folds: Folds) -> Judge:
    standing = Standing(may_trade=True, kinds={}, user=str(UUID(int=1)), halted_by=lambda _: None)
    return Judge(folds, standing, FEED.instrument)


def judged(judge: Judge, events: Sequence[Event]) -> list[str | None]:
    verdicts = (judge.judge(event, encode(event)) for event in events)
    return [None if verdict is None else verdict.kind for verdict in verdicts]


def held(judge: Judge, *accounts: str) -> Decimal:
    """Contracts in the book, without a sign."""
    found = (judge.folds.book.account(name) for name in accounts or ("sim-1",))
    return sum((abs(one.quantity) for state in found if state is not None for one in state.positions), Decimal(0))


def buy(name: str, quantity: int, *, rests: bool = False, account: str = "sim-1") -> Order:
    return Order(name, PUTS[0], Side.BUY, quantity, rests, account)


class TestTheSum:
    @pytest.mark.parametrize("first", [True, False])
    @pytest.mark.parametrize("second", [True, False])
    def test_what_each_device_keeps_and_both_break_is_quarantined_once(self, first: bool, second: bool) -> None:
        one, two = buy("one", 6, rests=first), buy("two", 6, rests=second)
        for order in (one, two):
            assert set(judged(judge_of(stream(limit())), (*order.wanted(), *order.filled()))) == {None}
        judge = judge_of(stream(limit()))
        assert set(judged(judge, (*one.wanted(), *one.filled()))) == {None}
        assert "limit" in judged(judge, (*two.wanted(), *two.filled()))
        assert held(judge) == 6

    def test_the_reason_names_limit_value_and_bound(self) -> None:
        judge = judge_of(stream(limit()))
        order = buy("one", 12, rests=True)
        verdicts = [judge.judge(event, encode(event)) for event in order.wanted()]
        assert verdicts[0] is None
        assert verdicts[1] is not None
        assert "limit-contracts of sim-1" in verdicts[1].reason
        assert "12 contracts, at most 10" in verdicts[1].reason

    def test_an_order_that_rests_counts_before_it_is_filled(self) -> None:
        judge = judge_of(stream(limit()))
        one, two = buy("one", 6, rests=True), buy("two", 6, rests=True)
        assert judged(judge, (*one.wanted(), *two.wanted())) == [None, None, None, "limit"]
        assert set(judged(judge, one.filled())) == {None}

    def test_an_order_of_before_the_limit_is_filled(self) -> None:
        order = buy("one", 12, rests=True)
        assert set(judged(judge_of(stream(*order.wanted(), limit())), order.filled())) == {None}

    def test_an_amendment_that_makes_it_larger_is_judged(self) -> None:
        order = buy("one", 6, rests=True)
        judge = judge_of(stream(limit()))
        judged(judge, order.wanted())
        larger = Amended(Amendment("a-1", quantity=11), NOTHING, ())
        assert judged(judge, [amended_event(order.intent, larger, START)]) == ["limit"]

    def test_what_closes_passes_beyond_the_bound(self) -> None:
        many = buy("many", 12)
        folds = stream(*many.wanted(), *many.filled(), limit())
        sells = Order("less", PUTS[0], Side.SELL, 5, rests=False)
        judge = judge_of(folds)
        assert set(judged(judge, (*sells.wanted(), *sells.filled()))) == {None}
        assert held(judge) == 7

    def test_a_soft_limit_and_one_of_another_account_ask_nothing(self) -> None:
        judge = judge_of(stream(limit(grade=LimitGrade.SOFT), limit(name="sim-2")))
        order = buy("one", 12)
        assert set(judged(judge, (*order.wanted(), *order.filled()))) == {None}

    def test_a_limit_of_a_desk_binds_the_sum_of_its_accounts(self) -> None:
        groups = [grouped_event(name, Groups(desk="vol"), "rita", START) for name in ("sim-1", "sim-2")]
        judge = judge_of(stream(*opening("sim-2"), *groups, limit(LimitLevel.DESK, "vol")))
        one, two = buy("one", 6), buy("two", 6, account="sim-2")
        assert set(judged(judge, (*one.wanted(), *one.filled()))) == {None}
        assert judged(judge, (*two.wanted(), *two.filled()))[2] == "limit"
        assert held(judge, "sim-1", "sim-2") == 6


class Step(NamedTuple):
    """What a device does next: a new order, or its oldest one that rests is filled."""

    order: tuple[str, Side, int, bool] | None


_ORDERS = st.tuples(st.sampled_from(PUTS), st.sampled_from(Side), st.integers(1, 10), st.booleans())
_STEPS = st.lists(st.builds(Step, st.none() | _ORDERS), max_size=6)


def _facts(device: str, steps: Sequence[Step]) -> Iterator[tuple[Event, ...]]:
    """What a device tells of steps that its own gate lets pass."""
    gate = judge_of(stream(limit()))
    resting: list[Order] = []
    for number, step in enumerate(steps):
        if step.order is None:
            told = resting.pop(0).filled() if resting else ()
            assert set(judged(gate, told)) <= {None}
        else:
            order = Order(f"{device}-{number}", *step.order)
            told = order.wanted() if order.rests else (*order.wanted(), *order.filled())
            state = gate.folds.copy()
            if set(judged(gate, told)) != {None}:
                gate = judge_of(state)
                continue
            resting += [order] if order.rests else []
        if told:
            yield told


@settings(max_examples=60, deadline=timedelta(seconds=5))
@given(_STEPS, _STEPS, st.randoms(use_true_random=False))
def test_no_order_of_arrival_lets_the_sum_pass(one: list[Step], two: list[Step], random: object) -> None:
    choose: Callable[[Sequence[int]], int] = random.choice  # type: ignore[attr-defined]
    devices = [list(_facts("a", one)), list(_facts("b", two))]
    judge = judge_of(stream(limit()))
    while any(devices):
        told = devices[choose([place for place, left in enumerate(devices) if left])].pop(0)
        judged(judge, told)
        assert held(judge) <= BOUND
    for order in judge.folds.orders.orders():
        if order.accepted_at is not None:
            rest = Order(
                order.intent.client_order_id, order.intent.symbol, order.intent.side, order.remaining, rests=True
            )
            assert "limit" not in judged(judge, rest.filled())
    assert held(judge) <= BOUND
