"""Combinations as one order: whole units of all legs at their touches, one event, one entry, one question of money."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from dying_store import Dying, Killed
from steady_feed import CALL, CALL_110, EXPIRES_AT, PUT, START

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.ledger import ENTRY, entry_of
from optionix_core.services import halts, orders, trading
from optionix_core.services.trading import OrderTerms
from optionix_core.trading import facts
from optionix_core.trading.halts import HaltScope
from optionix_core.trading.orders import Amendment, OrderLeg, OrderState, TimeInForce, Trigger, TriggerKind
from optionix_core.trading.records import FILLED, fill_event, fill_of, intent_of

GTC, FOK, IOC = TimeInForce.GTC, TimeInForce.FOK, TimeInForce.IOC
VERTICAL = (OrderLeg(CALL, 1), OrderLeg(CALL_110, -1))
BUTTERFLY = (OrderLeg(CALL, 1), OrderLeg(CALL_110, -2), OrderLeg(PUT, 1))


@pytest.fixture
def acts(workspace_on, told, clock, store):  # noqa: C901 - one small act beside another
    class Acts:
        feed = told

        def workspace(self, kept=None):
            return workspace_on(feed=told, **({} if kept is None else {"store": kept}))

        def place(self, name, side="buy", quantity=1, limit=None, force=IOC, legs=VERTICAL, kept=None, **more):
            price = None if limit is None else Decimal(limit)
            terms = OrderTerms(side, quantity, "", price, force, legs=legs, **more)
            return trading.place(self.workspace(kept), terms, name)

        def single(self, name, side, quantity, symbol, limit=None, force=IOC):
            price = None if limit is None else Decimal(limit)
            return trading.place(self.workspace(), OrderTerms(side, quantity, symbol, price, force), name)

        def pass_time(self, seconds):
            clock.moment = max(clock.moment, START + timedelta(seconds=seconds))
            trading.bring_up_to_date(self.workspace())

        def account(self):
            workspace = self.workspace()
            workspace.desk.follow(store)
            return workspace.desk.book.account("paper-1")

        def held(self):
            return {item.symbol: int(item.quantity) for item in self.account().positions}

        def open_orders(self):
            workspace = self.workspace()
            workspace.desk.follow(store)
            return list(workspace.desk.orders.open_orders())

        def reserved(self):
            workspace = self.workspace()
            workspace.desk.follow(store)
            return workspace.desk.orders.reserved("paper-1")

        def events(self, kind):
            return [record.event for record in facts.read(store) if record.event.type == kind]

        def fills(self, name):
            found = [fill_of(event) for event in self.events(FILLED)]
            return [(f.quantity, f.price, f.filled_at) for f in found if f.client_order_id == name]

    return Acts()


def test_a_spread_is_filled_at_the_far_side_of_every_leg_in_one_event_and_one_entry(acts):
    result = acts.place("a", quantity=2)
    assert result.state is OrderState.FILLED
    fill = result.fills[0]
    assert (fill.quantity, fill.price, fill.fee) == (2, Decimal("4.1"), Decimal("2.60"))
    assert fill.model == "natural-touch-whole-units"
    assert [(leg.symbol, leg.quantity, leg.price) for leg in fill.legs] == [
        (CALL, 2, Decimal("5.1")),
        (CALL_110, -2, Decimal("1.0")),
    ]
    assert result.cost == 820
    assert acts.held() == {CALL: 2, CALL_110: -2}
    trades = [entry for event in acts.events(ENTRY) if (entry := entry_of(event)).kind == "trade"]
    assert len(trades) == 1
    assert acts.account().cash == 100_000 - 820 - Decimal("2.60")


def test_the_ledger_sums_to_zero_after_every_fill(acts):
    acts.place("a", quantity=2)
    acts.place("b", "sell", 2)
    acts.place("c", quantity=1, legs=BUTTERFLY[:2])
    for event in acts.events(ENTRY):
        sums = {}
        for leg in entry_of(event).postings:
            sums[leg.commodity] = sums.get(leg.commodity, Decimal(0)) + leg.amount
        assert not any(sums.values())


def test_the_smallest_leg_decides_how_many_whole_units_are_filled(acts):
    acts.feed.tell(0, CALL_110, 1.0, 1.05, 7)
    result = acts.place("a", quantity=5, legs=(OrderLeg(CALL, 1), OrderLeg(CALL_110, -2), OrderLeg(PUT, 1)))
    assert result.state is OrderState.REJECTED
    assert "has no bound" in result.reason
    acts.single("long", "buy", 5, CALL)
    result = acts.place("b", quantity=5, legs=(OrderLeg(CALL, 1), OrderLeg(CALL_110, -2)))
    assert result.reason == "3 of 5 units filled, the rest cancelled: no more displayed in a leg"
    assert [leg.quantity for leg in result.fills[0].legs] == [3, -6]
    assert acts.held() == {CALL: 8, CALL_110: -6}


def test_a_leg_without_a_size_stops_all(acts):
    acts.feed.tell(0, CALL_110, 1.0, 1.05, 0)
    result = acts.place("a")
    assert result.state is OrderState.REJECTED
    assert result.reason == "quoted: a leg has no touch with a displayed size"
    waits = acts.place("b", limit="4.50", force=GTC)
    assert (waits.state, waits.fills) == (OrderState.WORKING, ())
    acts.feed.tell(5, CALL_110, 1.0, 1.05, 3)
    acts.pass_time(10)
    assert acts.fills("b") == [(1, Decimal("4.1"), START + timedelta(seconds=5))]


def test_fill_or_kill_takes_all_units_or_none(acts):
    result = acts.place("a", quantity=11, force=FOK)
    assert (result.state, result.fills) == (OrderState.CANCELLED, ())
    assert result.reason == "fill or kill: 10 of 11 units could be filled"
    assert acts.place("b", quantity=10, force=FOK).state is OrderState.FILLED


def test_what_a_combination_takes_of_a_quote_is_gone_for_all_and_the_other_way_round(acts):
    acts.place("a", quantity=4)
    assert acts.single("s", "buy", 10, CALL).filled_quantity == 6
    nothing = acts.place("b")
    assert nothing.reason == "a leg has nothing displayed that is not taken"


@pytest.mark.parametrize(("side", "limit", "filled"), [("buy", "4.09", 0), ("buy", "4.10", 1), ("sell", "3.86", 0)])
def test_a_net_limit_is_never_exceeded(acts, side, limit, filled):
    acts.single("cover", "buy", 2, CALL_110)
    result = acts.place("a", side, 1, limit)
    assert result.filled_quantity == filled
    if not filled and side == "buy":
        assert result.reason == "the natural price is 4.1, the limit 4.09"


def test_a_credit_is_a_negative_limit_when_it_is_bought_and_needs_the_width(acts):
    credit = (OrderLeg(CALL, -1), OrderLeg(CALL_110, 1))
    result = acts.place("a", quantity=2, limit="-3.80", legs=credit)
    assert result.state is OrderState.FILLED
    assert result.cost == -770
    power = next(item.detail for item in result.checks if item.rule == "buying-power")
    assert power == "brings 770, fees 2.6, cash 100000, requirement 0 before, 2000 after"


def test_selling_a_spread_is_buying_its_mirror(acts):
    sold = acts.place("a", "sell", 1)
    mirrored = acts.place("b", "buy", 1, legs=tuple(OrderLeg(leg.symbol, -leg.ratio) for leg in VERTICAL))
    assert sold.cost == mirrored.cost == -385


def test_a_set_without_bound_is_refused_as_a_whole(acts):
    result = acts.place("a", "sell", 1, legs=(OrderLeg(CALL, 1), OrderLeg(PUT, 1)))
    assert result.reason == "buying-power: needs margin: the loss on TESTI has no bound"
    assert acts.held() == {}


def test_a_resting_spread_fills_at_the_quote_of_any_leg_that_meets_its_limit(acts):
    working = acts.place("a", quantity=2, limit="3.50", force=GTC)
    assert working.state is OrderState.WORKING
    assert acts.reserved() == 2 * (350 + Decimal("1.30"))
    acts.feed.tell(10, CALL, 4.8, 4.9)
    acts.feed.tell(20, CALL_110, 1.5, 1.55, 1)
    acts.feed.tell(30, CALL, 4.5, 4.6, 5)
    acts.pass_time(15)
    assert acts.fills("a") == []
    acts.pass_time(60)
    assert acts.fills("a") == [(1, Decimal("3.4"), START + timedelta(seconds=20))]
    acts.feed.tell(70, CALL_110, 1.4, 1.5, 1)
    acts.pass_time(90)
    assert acts.fills("a")[1:] == [(1, Decimal("3.2"), START + timedelta(seconds=70))]
    assert acts.reserved() == 0
    assert acts.held() == {CALL: 2, CALL_110: -2}


def test_looking_once_or_every_second_gives_the_same(acts, workspace_on, told, clock):
    from optionix_core.sync.memory import MemoryEventStore

    stores = (MemoryEventStore(), MemoryEventStore())
    terms = OrderTerms("buy", 3, "", Decimal("3.60"), GTC, legs=VERTICAL)
    for kept in stores:
        trading.place(workspace_on(feed=told, store=kept), terms, "a")
    for second in range(1, 40):
        told.tell(second, CALL, 4.2 + (second * 7 % 10) / 10, 4.3 + (second * 7 % 10) / 10, 1)
        told.tell(second, CALL_110, 0.8 + (second * 3 % 5) / 20, 1.0 + (second * 3 % 5) / 20, 1)
    for second in range(1, 41):
        clock.moment = START + timedelta(seconds=second)
        trading.bring_up_to_date(workspace_on(feed=told, store=stores[0]))
    trading.bring_up_to_date(workspace_on(feed=told, store=stores[1]))
    told_of = [
        [(r.event.id, r.event.time, r.event.payload) for r in facts.read(kept) if r.event.type in (FILLED, ENTRY)]
        for kept in stores
    ]
    assert told_of[0] == told_of[1]
    assert len([event for event in told_of[0] if event[0].startswith("order/a/fill")]) >= 2


def test_a_day_order_ends_with_the_session_and_any_order_with_its_first_leg(acts):
    assert acts.place("a", limit="1.00", force=TimeInForce.DAY).ends_at == START.replace(hour=20)
    assert acts.place("b", limit="1.00", force=GTC).ends_at == EXPIRES_AT
    acts.pass_time((EXPIRES_AT - START).total_seconds() + 1)
    assert acts.events("order.expired")[0].payload["reason"].startswith("DAY")
    assert len(acts.events("order.expired")) == 2
    assert acts.reserved() == 0


def test_a_halt_of_any_leg_suspends_all_of_it(acts):
    acts.place("a", limit="3.50", force=GTC)
    acts.pass_time(5)
    who = {"by": "ada", "reason": "news"}
    halts.start(acts.workspace(), HaltScope.INSTRUMENT, CALL_110, **who, until=START + timedelta(seconds=30))
    acts.feed.tell(10, CALL, 4.3, 4.4)
    acts.pass_time(20)
    assert acts.fills("a") == []
    refused = acts.place("b")
    assert refused.reason.startswith("not-halted: ")
    acts.feed.tell(40, CALL, 4.2, 4.3)
    acts.pass_time(60)
    assert acts.fills("a") == [(1, Decimal("3.3"), START + timedelta(seconds=40))]


def test_an_amendment_may_cross_zero_and_takes_at_once_what_it_lets(acts):
    acts.place("a", limit="-1.00", force=GTC)
    assert acts.reserved() == 0
    orders.amend(acts.workspace(), "a", Amendment("better", limit_price=Decimal("4.20")))
    assert acts.fills("a") == [(1, Decimal("4.1"), START)]


def test_a_cancelled_combination_keeps_nothing(acts):
    acts.place("a", limit="3.00", force=GTC)
    assert orders.cancel(acts.workspace(), "a").state is OrderState.CANCELLED
    assert acts.reserved() == 0


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"legs": VERTICAL[:1]}, "legs must be 2 to 8"),
        ({"legs": (OrderLeg(CALL, 2), OrderLeg(CALL_110, -2))}, "ratio must be divided by 2"),
        ({"legs": (OrderLeg(CALL, 1), OrderLeg(CALL, -1))}, "symbol must be in one leg only"),
        ({"legs": (OrderLeg(CALL, 0), OrderLeg(CALL_110, -1))}, "ratio must be a whole number other than zero"),
        ({"trigger": Trigger(TriggerKind.STOP, Decimal(4)), "force": GTC}, "trigger must be absent for a combination"),
        ({"post_only": True}, "post_only must be false for a combination"),
        ({"reduce_only": True}, "reduce_only must be false for a combination"),
        ({"limit": "NaN"}, "limit_price must be finite"),
    ],
)
def test_what_contradicts_itself_is_named(acts, more, told):
    with pytest.raises(InvalidValueError, match=told):
        acts.place("a", **more)


def test_an_exit_works_as_far_as_its_entry_was_filled_and_needs_nothing_behind_it(acts):
    acts.place("entry", quantity=200, limit="4.10", force=GTC)
    assert acts.fills("entry") == [(10, Decimal("4.1"), START)]
    exits = acts.place("exit", "sell", 200, "4.50", GTC, parent="entry")
    assert exits.state is OrderState.WORKING
    acts.feed.tell(5, CALL, 5.9, 6.0, 20)
    acts.pass_time(6)
    assert acts.fills("exit") == [(10, Decimal("4.85"), START + timedelta(seconds=5))]
    assert acts.held() == {}
    orders.cancel(acts.workspace(), "entry")
    assert acts.open_orders() == []


def test_a_fill_of_one_exit_takes_as_much_from_the_other(acts):
    acts.place("entry", quantity=4, limit="4.10", force=GTC)
    acts.place("near", "sell", 4, "4.50", GTC, parent="entry", one_cancels="exits")
    acts.place("far", "sell", 4, "5.50", GTC, parent="entry", one_cancels="exits")
    acts.feed.tell(5, CALL, 5.9, 6.0, 3)
    acts.pass_time(6)
    assert acts.fills("near") == [(3, Decimal("4.85"), START + timedelta(seconds=5))]
    acts.feed.tell(7, CALL, 6.9, 7.0, 9)
    acts.pass_time(8)
    sold = sum(fill[0] for name in ("near", "far") for fill in acts.fills(name))
    assert sold == 4
    assert acts.held() == {}
    assert acts.open_orders() == []


def test_units_of_different_things_are_no_family(acts):
    acts.place("entry", quantity=1, limit="3.00", force=GTC, one_cancels="one")
    with pytest.raises(InvalidValueError, match="parent must be an order for the same legs"):
        acts.place("exit", "sell", 1, "4.50", GTC, legs=BUTTERFLY, parent="entry")
    with pytest.raises(InvalidValueError, match="one_cancels must be a group of orders for the same legs"):
        acts.place("other", "buy", 1, "1", GTC, legs=(OrderLeg(CALL, 1), OrderLeg(PUT, 1)), one_cancels="one")


def test_an_unknown_leg_and_a_limit_between_cents_are_refused(acts):
    result = acts.place("a", legs=(OrderLeg(CALL, 1), OrderLeg("TESTI 260320C00200000", -1)))
    assert result.reason == "known-instrument: the feed does not know TESTI 260320C00200000"
    assert acts.place("b", limit="4.105").reason == "limit-price: net 4.105, steps of 0.01"


def test_the_same_id_with_the_same_legs_is_the_same_order_and_with_others_an_error(acts):
    first = acts.place("a")
    again = acts.place("a", legs=tuple(reversed(VERTICAL)))
    assert (again.replayed, again.fills) == (True, first.fills)
    with pytest.raises(InvalidValueError, match="client_order_id"):
        acts.place("a", legs=(OrderLeg(CALL, 1), OrderLeg(PUT, -1)))


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("appends", [1, 2])
def test_a_process_that_dies_leaves_nothing_half(acts, store, appends, durable):
    with pytest.raises(Killed):
        acts.place("a", quantity=2, kept=Dying(store, appends, durable=durable))
    fills, trades = acts.events(FILLED), [e for e in acts.events(ENTRY) if entry_of(e).kind == "trade"]
    assert len(fills) == len(trades) == (1 if (appends, durable) == (2, True) else 0)
    assert acts.place("a", quantity=2).state is OrderState.FILLED
    assert acts.held() == {CALL: 2, CALL_110: -2}
    assert len(acts.events(FILLED)) == 1


def test_a_fill_and_an_intent_come_back_from_their_events(acts):
    result = acts.place("a", quantity=2)
    assert fill_of(acts.events(FILLED)[0]) == result.fills[0]
    assert intent_of(acts.events("order.intent")[0]) == result.intent
    assert fill_event(result.fills[0], result.intent).payload == acts.events(FILLED)[0].payload


def test_a_preview_tells_prices_payoff_and_what_the_account_needs(acts, store):
    terms = OrderTerms("sell", 2, "", None, IOC, legs=VERTICAL)
    view = trading.preview_terms(acts.workspace(), terms).combination
    assert (view.strategy, view.natural, view.mid) == ("bear-call-spread", Decimal("3.85"), Decimal("3.975"))
    assert (view.max_gain, view.max_loss, view.breakevens) == (770, 1230, (103.85,))
    assert (view.requirement_before, view.requirement_after) == (0, 2000)
    assert list(store.read()) == []
