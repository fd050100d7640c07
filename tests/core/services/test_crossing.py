"""Orders of several accounts of one home meeting each other: price, time, queue, and what combinations imply."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from steady_feed import CALL, CALL_110, PUT, START

from optionix_core.portfolio.ledger import ENTRY, entry_of
from optionix_core.services import halts, orders, trading
from optionix_core.services.trading import OrderTerms
from optionix_core.trading import facts
from optionix_core.trading.halts import HaltScope
from optionix_core.trading.orders import Amendment, OrderLeg, OrderState, TimeInForce, Trigger, TriggerKind
from optionix_core.trading.records import FILLED, fill_of

GTC, FOK, IOC = TimeInForce.GTC, TimeInForce.FOK, TimeInForce.IOC
VERTICAL = (OrderLeg(CALL, 1), OrderLeg(CALL_110, -1))
"""The market begins with CALL 4.5 x 5.1 (10 each) and CALL_110 0.8 x 1.05 (50 each); steps are 0.05, and 0.1 from 3."""


@pytest.fixture
def acts(workspace_on, told, clock, store):  # noqa: C901 - one small act beside another
    told.tell(0, CALL, 4.5, 5.1)
    told.tell(0, CALL_110, 0.8, 1.05, 50)

    class Acts:
        feed = told

        def workspace(self, account):
            return workspace_on(feed=told, account=account)

        def place(self, name, account, side, quantity, limit=None, force=GTC, symbol=CALL, **more):
            price = None if limit is None else Decimal(limit)
            terms = OrderTerms(side, quantity, "" if more.get("legs") else symbol, price, force, **more)
            return trading.place(self.workspace(account), terms, name)

        def fills(self, name):
            found = [fill_of(record.event) for record in facts.read(store) if record.event.type == FILLED]
            return [(f.quantity, f.price, f.model, f.against) for f in found if f.client_order_id == name]

        def legs(self, name):
            found = [fill_of(record.event) for record in facts.read(store) if record.event.type == FILLED]
            return [
                (leg.symbol, leg.quantity, leg.price, leg.against)
                for f in found
                if f.client_order_id == name
                for leg in f.legs
            ]

        def ends(self):
            return {
                record.event.payload["client_order_id"]: record.event.payload["reason"]
                for record in facts.read(store)
                if record.event.id.endswith("/end")
            }

        def pass_time(self, seconds):
            clock.moment = max(clock.moment, START + timedelta(seconds=seconds))
            trading.bring_up_to_date(self.workspace("ada"))

        def state(self):
            workspace = self.workspace("ada")
            workspace.desk.follow(store)
            return workspace.desk

        def held(self, account):
            found = self.state().book.account(account)
            return {} if found is None else {item.symbol: int(item.quantity) for item in found.positions}

        def ahead(self, name):
            return self.state().orders.order(name).place.ahead

        def balanced(self):
            sums = {}
            for record in facts.read(store):
                if record.event.type == ENTRY:
                    for leg in entry_of(record.event).postings:
                        sums[leg.commodity] = sums.get(leg.commodity, Decimal(0)) + leg.amount
            return not any(sums.values())

    return Acts()


def test_orders_of_two_accounts_trade_at_the_resting_orders_price_and_both_fills_name_model_and_other(acts):
    acts.place("bid", "ada", "buy", 3, "5.00")
    acts.place("stock", "bob", "buy", 5, force=IOC)
    acts.place("sell", "bob", "sell", 2, "4.50", IOC)
    assert acts.fills("sell") == [(2, Decimal("5.00"), "price-time", "bid")]
    assert acts.fills("bid") == [(2, Decimal("5.00"), "price-time", "sell")]
    assert acts.held("ada") == {CALL: 2}
    assert acts.held("bob") == {CALL: 3}
    assert acts.balanced()


def test_two_equal_limit_orders_fill_in_time_order(acts):
    """Price-time priority: Cboe Rule 5.32(a)(1), of equal prices the order that was received first."""
    acts.place("first", "ada", "buy", 2, "4.9")
    acts.place("second", "eve", "buy", 2, "4.9")
    acts.place("better", "eve", "buy", 1, "5.0")
    acts.place("stock", "bob", "buy", 5, force=IOC)
    acts.place("sell", "bob", "sell", 4, "4.9", IOC)
    assert acts.fills("sell") == [
        (1, Decimal("5.0"), "price-time", "better"),
        (2, Decimal("4.9"), "price-time", "first"),
        (1, Decimal("4.9"), "price-time", "second"),
    ]


def test_an_order_that_lost_its_place_by_an_amendment_fills_after_the_other(acts, clock):
    acts.place("first", "ada", "buy", 2, "5.00")
    acts.place("second", "eve", "buy", 2, "5.00")
    clock.advance(timedelta(seconds=1))
    orders.amend(acts.workspace("ada"), "first", Amendment("more", quantity=3))
    acts.place("stock", "bob", "buy", 5, force=IOC)
    acts.place("sell", "bob", "sell", 3, "5.00", IOC)
    assert [fill[3] for fill in acts.fills("sell")] == ["second", "first"]


def test_a_resting_order_behind_fifty_lots_fills_only_after_fifty_have_traded(acts):
    """Price-time priority (Cboe Rule 5.32(a)(1)): what stood at the price before is filled before."""
    acts.place("stock", "bob", "buy", 50, force=IOC, symbol=CALL_110)
    acts.feed.tell(1, CALL_110, 1.0, 1.1, 50)
    acts.pass_time(1)
    acts.place("more", "bob", "buy", 20, "1.1", IOC, symbol=CALL_110)
    acts.place("behind", "ada", "buy", 5, "1.0", symbol=CALL_110)
    assert acts.ahead("behind") == 50
    acts.place("a", "bob", "sell", 30, "1.0", IOC, symbol=CALL_110)
    acts.place("b", "bob", "sell", 19, "1.0", IOC, symbol=CALL_110)
    assert acts.ahead("behind") == 1
    assert acts.fills("behind") == []
    acts.place("c", "bob", "sell", 3, "1.0", IOC, symbol=CALL_110)
    assert acts.fills("c") == [
        (1, Decimal("1.0"), "touch-displayed-size", None),
        (2, Decimal("1.0"), "price-time", "behind"),
    ]
    assert acts.fills("behind") == [(2, Decimal("1.0"), "price-time", "c")]
    acts.feed.tell(5, CALL_110, 1.0, 1.1, 40)
    acts.pass_time(5)
    acts.place("d", "bob", "sell", 4, "1.0", IOC, symbol=CALL_110)
    assert [fill[3] for fill in acts.fills("d")] == ["behind", None]


def test_an_order_away_from_the_touch_is_behind_all_that_is_displayed_there_later(acts):
    acts.place("stock", "bob", "buy", 50, force=IOC, symbol=CALL_110)
    acts.place("away", "ada", "buy", 5, "0.7", symbol=CALL_110)
    assert acts.ahead("away") is None
    acts.feed.tell(3, CALL_110, 0.7, 1.05, 12)
    acts.pass_time(5)
    acts.place("a", "bob", "sell", 10, "0.7", IOC, symbol=CALL_110)
    assert (acts.fills("away"), acts.ahead("away")) == ([], 2)
    acts.place("b", "bob", "sell", 3, "0.7", IOC, symbol=CALL_110)
    assert acts.fills("away") == [(1, Decimal("0.7"), "price-time", "b")]


def test_orders_of_one_account_never_trade_with_each_other_and_rest(acts):
    acts.place("stock", "ada", "buy", 5, force=IOC)
    acts.place("bid", "ada", "buy", 2, "5.00")
    acts.place("mine", "ada", "sell", 1, "4.9")
    assert acts.fills("bid") == acts.fills("mine") == []
    acts.place("other", "bob", "buy", 1, "4.9", IOC)
    assert acts.fills("mine") == [(1, Decimal("4.9"), "price-time", "other")]
    stop = Trigger(TriggerKind.STOP, Decimal("4.3"))
    acts.place("stop", "ada", "sell", 2, trigger=stop)
    acts.feed.tell(5, CALL, 4.2, 5.2)
    acts.pass_time(10)
    assert acts.fills("stop") == [(2, Decimal("4.2"), "touch-displayed-size", None)]


def test_the_better_of_display_and_orders_is_taken_first_and_a_market_order_goes_on_to_orders(acts):
    acts.place("stock", "ada", "buy", 10, force=IOC)
    acts.feed.tell(1, CALL, 4.9, 5.1, 4)
    acts.pass_time(1)
    acts.place("cheap", "ada", "sell", 1, "5.0")
    acts.place("dear", "ada", "sell", 3, "5.3")
    result = acts.place("buy", "bob", "buy", 7, force=IOC)
    assert result.state is OrderState.FILLED
    assert acts.fills("buy") == [
        (1, Decimal("5.0"), "price-time", "cheap"),
        (4, Decimal("5.1"), "touch-displayed-size", None),
        (2, Decimal("5.3"), "price-time", "dear"),
    ]
    assert acts.place("limited", "bob", "buy", 2, "5.2", IOC).fills == ()


def test_a_preview_tells_what_orders_of_others_would_fill_and_writes_nothing(acts, store):
    acts.place("stock", "ada", "buy", 6, force=IOC)
    acts.place("cheap", "ada", "sell", 2, "5.0")
    head = store.head()
    told = trading.preview_terms(acts.workspace("bob"), OrderTerms("buy", 4, CALL, Decimal("5.1")))
    assert (told.fillable, told.price, told.cost) == (4, Decimal("5.1"), 2 * 500 + 2 * 510)
    assert store.head() == head


def test_fill_or_kill_counts_orders_of_others_and_does_nothing_where_they_are_too_few(acts):
    acts.place("stock", "ada", "buy", 6, force=IOC)
    acts.place("cheap", "ada", "sell", 2, "5.0")
    refused = acts.place("many", "bob", "buy", 7, "5.1", FOK)
    assert refused.reason == "fill or kill: 6 of 7 could be filled"
    assert acts.fills("cheap") == []
    assert acts.place("some", "bob", "buy", 6, "5.1", FOK).state is OrderState.FILLED
    assert acts.fills("cheap") == [(2, Decimal("5.0"), "price-time", "some")]


def test_post_only_is_refused_where_it_would_take_an_order(acts):
    acts.place("stock", "ada", "buy", 6, force=IOC)
    acts.place("cheap", "ada", "sell", 2, "5.0")
    result = acts.place("post", "bob", "buy", 1, "5.0", post_only=True)
    assert (result.state, result.reason) == (OrderState.REJECTED, "post-only: it would take cheap at 5")


def test_a_resting_order_that_its_account_can_no_longer_stand_behind_goes_and_the_next_is_met(acts):
    acts.place("short", "ada", "sell", 2, force=IOC, symbol=PUT)
    acts.place("stale", "ada", "buy", 2, "4.9", symbol=PUT, reduce_only=True)
    acts.place("next", "eve", "buy", 2, "4.9", symbol=PUT)
    acts.place("closed", "ada", "buy", 2, force=IOC, symbol=PUT)
    assert acts.held("ada") == {}
    acts.place("sell", "bob", "sell", 2, "4.8", IOC, symbol=PUT)
    assert acts.ends()["stale"] == "reduce-only: 0 held, buy 2"
    assert acts.fills("sell") == [(2, Decimal("4.9"), "price-time", "next")]


def test_a_released_child_meets_an_order_that_rests(acts):
    acts.place("wants", "bob", "buy", 3, "5.0")
    acts.place("entry", "ada", "buy", 2, trigger=Trigger(TriggerKind.STOP, Decimal("5.3")))
    acts.place("exit", "ada", "sell", 2, "4.9", parent="entry")
    acts.feed.tell(5, CALL, 4.5, 5.3, 9)
    acts.pass_time(10)
    assert acts.fills("entry") == [(2, Decimal("5.3"), "touch-displayed-size", None)]
    assert acts.fills("exit") == [(2, Decimal("5.0"), "price-time", "wants")]


def test_a_combination_fills_from_orders_that_rest_in_its_legs(acts):
    acts.place("stock", "bob", "buy", 10, force=IOC)
    acts.place("cheap", "bob", "sell", 2, "4.9")
    acts.place("wing", "eve", "buy", 3, "1.0", symbol=CALL_110)
    result = acts.place("spread", "ada", "buy", 3, "4.10", legs=VERTICAL)
    assert result.state is OrderState.PARTIALLY_FILLED
    assert acts.fills("spread") == [(2, Decimal("3.9"), "implied-in", None)]
    assert acts.legs("spread") == [
        (CALL, 2, Decimal("4.9"), "cheap"),
        (CALL_110, -2, Decimal("1.0"), "wing"),
    ]
    assert acts.fills("cheap") == [(2, Decimal("4.9"), "price-time", "spread")]
    assert acts.fills("wing") == [(2, Decimal("1.0"), "price-time", "spread")]
    assert acts.held("ada") == {CALL: 2, CALL_110: -2}
    assert acts.balanced()
    acts.feed.tell(5, CALL, 4.5, 5.1, 4)
    acts.pass_time(6)
    assert acts.fills("spread")[1:] == [(1, Decimal("4.1"), "implied-in", None)]


def test_a_leg_order_fills_from_a_resting_combination(acts):
    """The combination sells at 3.95 net and buys the wing at the displayed 1.05: it offers the call at 5.00."""
    acts.place("cover", "ada", "buy", 4, force=IOC)
    acts.place("spread", "ada", "sell", 4, "3.95", legs=VERTICAL)
    assert acts.fills("spread") == []
    result = acts.place("call", "bob", "buy", 3, "5.0")
    assert result.state is OrderState.FILLED
    assert acts.fills("call") == [(3, Decimal("5.0"), "implied-out", "spread")]
    assert acts.fills("spread") == [(3, Decimal("3.95"), "implied-out", None)]
    assert acts.legs("spread") == [(CALL, -3, Decimal("5.0"), "call"), (CALL_110, 3, Decimal("1.05"), None)]
    assert acts.held("ada") == {CALL: 1, CALL_110: 3}
    assert acts.balanced()


def test_what_is_direct_comes_before_what_is_implied_at_one_price_and_the_better_before_both(acts):
    acts.place("cover", "ada", "buy", 4, force=IOC)
    acts.place("stock", "eve", "buy", 3, force=IOC)
    acts.place("spread", "ada", "sell", 4, "3.95", legs=VERTICAL)
    acts.place("ask", "eve", "sell", 1, "5.0")
    acts.place("call", "bob", "buy", 2, "5.0")
    assert [fill[2:] for fill in acts.fills("call")] == [("price-time", "ask"), ("implied-out", "spread")]


def test_a_leg_order_that_rests_is_taken_by_a_combination_once_the_other_leg_allows_it(acts):
    acts.place("spread", "ada", "buy", 2, "3.90", legs=VERTICAL)
    acts.place("stock", "bob", "buy", 2, force=IOC)
    acts.place("cheap", "bob", "sell", 2, "4.9")
    assert acts.fills("spread") == []
    acts.feed.tell(10, CALL_110, 1.0, 1.10, 9)
    acts.pass_time(60)
    assert acts.fills("spread") == [(2, Decimal("3.90"), "implied-in", None)]
    assert acts.fills("cheap") == [(2, Decimal("4.9"), "price-time", "spread")]


def test_two_leg_orders_together_are_taken_as_the_second_arrives(acts):
    ratio = (OrderLeg(CALL, 2), OrderLeg(CALL_110, -1))
    acts.place("spread", "ada", "buy", 1, "9", legs=ratio)
    for account in ("bob", "eve"):
        acts.place(f"stock-{account}", account, "buy", 1, force=IOC)
    for number, account in enumerate(("bob", "eve")):
        acts.place(f"leg-{number}", account, "sell", 1, "4.9")
    assert acts.fills("spread") == [(1, Decimal(9), "implied-in", None)]
    assert [leg[3] for leg in acts.legs("spread")] == ["leg-0", "leg-1", None]


def test_a_unit_may_need_two_prices_of_a_leg(acts):
    ratio = (OrderLeg(CALL, 2), OrderLeg(CALL_110, -1))
    acts.place("stock", "bob", "buy", 2, force=IOC)
    acts.place("one", "bob", "sell", 1, "4.9")
    acts.place("spread", "ada", "buy", 1, "9.20", legs=ratio)
    assert acts.fills("spread") == [(1, Decimal("9.2"), "implied-in", None)]
    assert acts.legs("spread") == [
        (CALL, 1, Decimal("4.9"), "one"),
        (CALL, 1, Decimal("5.1"), None),
        (CALL_110, -1, Decimal("0.8"), None),
    ]
    assert acts.held("ada") == {CALL: 2, CALL_110: -1}
    assert acts.balanced()


@pytest.mark.parametrize("mirrored", [False, True])
def test_two_combinations_of_the_same_legs_trade_at_the_earlier_ones_net_price(acts, mirrored):
    acts.place("cover", "ada", "buy", 2, force=IOC)
    acts.place("offer", "ada", "sell", 2, "3.97", legs=VERTICAL)
    legs = tuple(OrderLeg(leg.symbol, -leg.ratio) for leg in VERTICAL) if mirrored else VERTICAL
    acts.place("bid", "bob", *(("sell", 3, "-4.05") if mirrored else ("buy", 3, "4.05")), legs=legs)
    price = Decimal("-3.97" if mirrored else "3.97")
    assert acts.fills("bid") == [(2, price, "combination-price-time", "offer")]
    assert acts.fills("offer") == [(2, Decimal("3.97"), "combination-price-time", "bid")]
    bought, sold = ({leg[0]: leg[2] for leg in acts.legs(name)} for name in ("bid", "offer"))
    assert bought == sold
    assert bought[CALL] - bought[CALL_110] == Decimal("3.97")
    assert acts.held("bob") == {CALL: 2, CALL_110: -2}
    assert acts.balanced()


def test_a_halt_of_any_leg_keeps_leg_orders_from_a_combination(acts):
    acts.place("cover", "ada", "buy", 4, force=IOC)
    acts.place("spread", "ada", "sell", 4, "3.95", legs=VERTICAL)
    halts.start(acts.workspace("ada"), HaltScope.INSTRUMENT, CALL_110, by="ada", reason="news")
    acts.place("call", "bob", "buy", 3, "5.0")
    assert acts.fills("call") == []
    halts.lift(acts.workspace("ada"), HaltScope.INSTRUMENT, CALL_110, by="ada", reason="over")
    acts.feed.tell(5, CALL_110, 0.8, 1.05)
    acts.pass_time(6)
    assert acts.fills("spread") == [(3, Decimal("3.95"), "implied-in", None)]


def test_what_was_there_before_an_order_came_is_not_traded_with_it_backwards_in_time(acts, clock):
    acts.place("spread", "ada", "buy", 2, "3.90", legs=VERTICAL)
    acts.feed.tell(10, CALL_110, 1.0, 1.10, 9)
    acts.feed.tell(20, CALL_110, 0.8, 1.10, 9)
    clock.moment = START + timedelta(seconds=30)
    acts.place("stock", "bob", "buy", 2, force=IOC)
    acts.place("cheap", "bob", "sell", 2, "4.9")
    acts.pass_time(60)
    assert acts.fills("spread") == acts.fills("cheap") == []


def test_nothing_is_ever_filled_at_a_mid(acts, store):
    acts.place("stock", "bob", "buy", 9, force=IOC)
    acts.place("cheap", "bob", "sell", 2, "4.9")
    acts.place("spread", "ada", "buy", 3, "4.10", legs=VERTICAL)
    acts.place("bid", "ada", "buy", 1, "5.0")
    acts.place("sell", "bob", "sell", 1, "4.5", IOC)
    parts = []
    for record in facts.read(store):
        if record.event.type == FILLED:
            fill = fill_of(record.event)
            parts += fill.legs or (fill,)
    assert len(parts) >= 6
    for part in parts:
        touches = {Decimal(str(part.quote.bid)), Decimal(str(part.quote.ask))}
        assert part.price in (touches if part.against is None else {Decimal("4.9"), Decimal("5.0")})
