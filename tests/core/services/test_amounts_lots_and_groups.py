"""Orders by an amount of money, orders that say which lots they close, and orders that join their group late."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from share_feed import INDEX, SHARE
from steady_feed import CALL, CALL_110, START

from optionix_core.errors import InvalidValueError, MissingDataError, RefusedError, UnknownNameError
from optionix_core.market.instruments import Share
from optionix_core.portfolio.fee_schedule import FEE_PLANS
from optionix_core.portfolio.ledger import ENTRY, entry_of
from optionix_core.portfolio.values import LotPick
from optionix_core.services import orders, sizing, trading
from optionix_core.services.trading import OrderTerms
from optionix_core.trading import facts
from optionix_core.trading.fees import fee_alone
from optionix_core.trading.orders import (
    Amendment,
    LotsWanted,
    OrderIntent,
    OrderLeg,
    OrderState,
    Side,
    TimeInForce,
    Trigger,
    TriggerKind,
)
from optionix_core.trading.records import intent_event, intent_of
from optionix_core.trading.terms import UNSIZED

GTC, IOC = TimeInForce.GTC, TimeInForce.IOC
FIRST, SECOND = "order/a/fill-1/entry", "order/b/fill-1/entry"


@pytest.fixture
def acts(workspace_on, traded, clock, store):
    class Acts:
        feed = traded

        def workspace(self):
            return workspace_on(feed=traded)

        def place(self, name, side="buy", quantity=UNSIZED, symbol=SHARE, limit=None, force=IOC, **terms):
            price = None if limit is None else Decimal(limit)
            return trading.place(self.workspace(), OrderTerms(side, quantity, symbol, price, force, **terms), name)

        def preview(self, amount, **terms):
            return trading.preview_terms(self.workspace(), OrderTerms("buy", UNSIZED, SHARE, amount=amount, **terms))

        def pass_time(self, seconds):
            clock.moment = max(clock.moment, START + timedelta(seconds=seconds))
            return trading.bring_up_to_date(self.workspace())

        def lots(self, symbol=SHARE):
            workspace = self.workspace()
            workspace.desk.follow(store)
            account = workspace.desk.book.account("paper-1")
            return {lot.id: int(lot.quantity) for p in account.positions if p.symbol == symbol for lot in p.lots}

        def closes(self, name):
            entries = [entry_of(record.event) for record in facts.read(store) if record.event.type == ENTRY]
            mine = (entry for entry in entries if entry.id.startswith(f"order/{name}/"))
            return [[(pick.lot, int(pick.quantity)) for move in one.moves for pick in move.closes] for one in mine]

        def end(self, name):
            record = store.find(f"order/{name}/end")
            return None if record is None else (record.event.payload["state"], record.event.payload["reason"])

        def quantity(self, name):
            return orders.show(self.workspace(), name).order.intent.quantity

    return Acts()


def test_an_amount_buys_the_most_whole_shares_that_it_pays_for(acts, store):
    result = acts.place("a", amount=Decimal(5000))
    # 49 shares at 100.02 are 4,900.98, 50 would be 5,001.00.
    assert (result.state, result.filled_quantity, result.intent.amount) == (OrderState.FILLED, 49, 5000)
    event = store.find("order/a/intent").event
    assert (event.payload["amount"], event.payload["quantity"]) == ("5000", 49)
    assert intent_of(event) == result.intent


def test_an_amount_buys_the_most_contracts_that_it_pays_for_with_their_fees(acts):
    # A contract at 5.10 costs 510 and 0.65.
    assert acts.place("a", symbol=CALL, amount=Decimal("1021.29")).filled_quantity == 1
    assert acts.place("b", symbol=CALL, amount=Decimal("1021.30")).filled_quantity == 2


def test_a_limit_that_rests_is_counted_at_its_limit_and_one_that_takes_at_the_touch(acts):
    assert acts.place("a", limit="90", force=GTC, amount=Decimal(1000)).intent.quantity == 11
    assert acts.place("b", limit="120", amount=Decimal(1000)).intent.quantity == 9
    acts.place("c", quantity=30)
    # 10 shares bring 999.80 at the bid.
    assert acts.place("d", "sell", amount=Decimal(1000)).filled_quantity == 10


def test_an_amount_sent_again_is_the_same_order_at_any_price(acts):
    first = acts.place("a", amount=Decimal(5000))
    acts.feed.tell(5, SHARE, 49.98, 50.02, 500)
    acts.pass_time(6)
    again = acts.place("a", amount=Decimal(5000))
    assert (again.replayed, again.intent) == (True, first.intent)
    with pytest.raises(InvalidValueError, match="client_order_id must be unused"):
        acts.place("a", amount=Decimal(5001))
    with pytest.raises(InvalidValueError, match="client_order_id must be unused"):
        acts.place("a", quantity=49)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"amount": Decimal(100)}, "amount must be at least 100.02, .* of one share of TESTI at 100.02 .got 100."),
        (
            {"amount": Decimal(510), "symbol": CALL},
            "at least 510.65, the price with its fee of one contract of TESTI 20MAR26 100 C at 5.1",
        ),
        ({"amount": Decimal(0)}, "amount must be above 0"),
        ({"amount": Decimal("nan")}, "amount must be above 0"),
        ({"amount": Decimal(5), "quantity": 1}, "quantity must be absent beside an amount"),
        (
            {"amount": Decimal(5), "trigger": Trigger(TriggerKind.STOP, Decimal(9)), "force": GTC},
            "amount must be absent for an order with a trigger",
        ),
        (
            {"amount": Decimal(5), "symbol": "", "legs": (OrderLeg(CALL, 1), OrderLeg(CALL_110, -1))},
            "amount must be absent for a combination",
        ),
    ],
)
def test_an_amount_that_makes_no_quantity_is_an_error_and_nothing_is_written(acts, store, terms, message):
    with pytest.raises(InvalidValueError, match=message):
        acts.place("a", **terms)
    assert store.find("order/a/intent") is None


def test_an_amount_needs_a_price_and_something_to_buy(acts):
    acts.feed.tell(1, SHARE, 99.98, None)
    acts.pass_time(2)
    with pytest.raises(MissingDataError, match="TESTI has no ask to make a quantity of 5000 at"):
        acts.place("a", amount=Decimal(5000))
    with pytest.raises(UnknownNameError, match="NOSUCH"):
        acts.place("a", symbol="NOSUCH", amount=Decimal(5000))
    with pytest.raises(RefusedError, match="an index"):
        acts.place("a", symbol=INDEX, amount=Decimal(5000))


def test_a_preview_makes_the_quantity_of_an_amount(acts, store):
    told = acts.preview(Decimal(5000))
    assert (told.intent.quantity, told.fillable, told.cost) == (49, 49, Decimal("4900.98"))
    assert store.head().seq == 0


@given(
    amount=st.decimals("0.01", "1000000", places=2),
    price=st.decimals("0.0001", "900", places=4),
    name=st.sampled_from(sorted(FEE_PLANS)),
)
@settings(max_examples=150, deadline=None)
def test_one_more_would_always_be_too_many(amount, price, name):
    plan = FEE_PLANS[name]
    intent = OrderIntent("a", "paper-1", Side.BUY, UNSIZED, SHARE, price, START, GTC, amount=amount)
    one = Decimal(1)

    def cost(quantity):
        return price * quantity + fee_alone(plan, SHARE, quantity, price, one, sold=False)

    made = sizing.most(plan, intent, Share(SHARE, "USD"), price, amount)
    assert made == 0 or cost(made) <= amount
    assert cost(made + 1) > amount


def bought(acts):
    """Three shares at 100.02, then five at 101.02."""
    acts.place("a", quantity=3)
    acts.feed.tell(5, SHARE, 100.98, 101.02, 700)
    acts.pass_time(6)
    acts.place("b", quantity=5)
    acts.feed.tell(7, SHARE, 100.98, 101.02, 4)
    acts.pass_time(8)


@pytest.mark.parametrize(
    ("wanted", "closed", "left"),
    [
        (LotsWanted("fifo"), [(FIRST, 3), (SECOND, 1)], {SECOND: 4}),
        (LotsWanted("lifo"), [(SECOND, 4)], {FIRST: 3, SECOND: 1}),
        (
            LotsWanted("specific", (LotPick(SECOND, Decimal(3)), LotPick(FIRST, Decimal(1)))),
            [(SECOND, 3), (FIRST, 1)],
            {FIRST: 2, SECOND: 2},
        ),
    ],
)
def test_an_order_closes_the_lots_that_it_says_and_its_entry_names_them(acts, wanted, closed, left):
    bought(acts)
    result = acts.place("s", "sell", 4, lots=wanted)
    assert result.state is OrderState.FILLED
    assert acts.closes("s") == [closed]
    assert acts.lots() == left
    assert intent_of(intent_event(result.intent)) == result.intent


def test_a_resting_order_goes_on_in_its_lots_where_its_last_fill_ended(acts):
    bought(acts)
    named = LotsWanted("specific", (LotPick(SECOND, Decimal(5)), LotPick(FIRST, Decimal(1))))
    acts.place("s", "sell", 6, limit="100.98", force=GTC, lots=named)
    acts.feed.tell(20, SHARE, 100.98, 101.02, 100)
    acts.pass_time(30)
    assert acts.closes("s") == [[(SECOND, 4)], [(SECOND, 1), (FIRST, 1)]]
    assert acts.lots() == {FIRST: 2}


def test_an_order_whose_lots_others_closed_meanwhile_ends_with_the_reason(acts):
    bought(acts)
    named = LotsWanted("specific", (LotPick(FIRST, Decimal(3)),))
    acts.place("rest", "sell", 3, limit="102", force=GTC, lots=named)
    acts.place("s", "sell", 3, lots=named)
    acts.feed.tell(20, SHARE, 102.50, 102.54, 100)
    acts.pass_time(30)
    assert acts.end("rest") == ("cancelled", f"lots: lot {FIRST} is not open")
    assert acts.lots() == {SECOND: 5}


@pytest.mark.parametrize(
    ("side", "quantity", "wanted", "detail"),
    [
        ("buy", 1, LotsWanted("lifo"), "it names lots to close: 8 held, buy 1"),
        ("sell", 9, LotsWanted("lifo"), "it names lots to close: 8 held, sell 9"),
        ("sell", 4, LotsWanted("specific", (LotPick(FIRST, Decimal(4)),)), f"of lot {FIRST} 3 is open, 4 is named"),
        ("sell", 1, LotsWanted("specific", (LotPick("order/x", Decimal(1)),)), "lot order/x is not open"),
    ],
)
def test_lots_that_an_order_cannot_close_are_refused(acts, side, quantity, wanted, detail):
    bought(acts)
    result = acts.place("s", side, quantity, lots=wanted)
    assert result.state is OrderState.REJECTED
    assert result.reason == f"lots: {detail}"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (LotsWanted("oldest"), "lots must be one of fifo, lifo, specific"),
        (LotsWanted("specific"), "lots must be named with specific"),
        (LotsWanted("fifo", (LotPick(FIRST, Decimal(2)),)), "lots must be named with specific, and with nothing else"),
        (LotsWanted("specific", (LotPick(FIRST, Decimal(1)),)), "lots must be 2 in all, the order's quantity"),
        (LotsWanted("specific", (LotPick(FIRST, Decimal(1)),) * 2), "lots must be named once"),
        (LotsWanted("specific", (LotPick(FIRST, Decimal("0.5")),)), "lots must be a whole number, at least 1"),
    ],
)
def test_lots_that_contradict_themselves_are_malformed(acts, wanted, message):
    with pytest.raises(InvalidValueError, match=message):
        acts.place("s", "sell", 2, lots=wanted)


def test_an_order_that_names_lots_grows_no_larger_than_they_are(acts):
    bought(acts)
    named = LotsWanted("specific", (LotPick(FIRST, Decimal(3)),))
    acts.place("s", "sell", 3, limit="102", force=GTC, lots=named)
    with pytest.raises(InvalidValueError, match="quantity must be 3 or less, which the lots of s add up to"):
        orders.amend(acts.workspace(), "s", Amendment("more", quantity=4))
    orders.amend(acts.workspace(), "s", Amendment("less", quantity=2))
    acts.feed.tell(20, SHARE, 102.50, 102.54, 100)
    acts.pass_time(30)
    assert acts.closes("s") == [[(FIRST, 2)]]


def grouped(acts):
    """Ten shares, and two orders to sell them of which one may."""
    acts.place("a", quantity=10)
    acts.place("high", "sell", 10, limit="103", force=GTC, one_cancels="exit")
    acts.place("higher", "sell", 10, limit="105", force=GTC, one_cancels="exit")


def test_an_order_joins_a_group_of_which_nothing_was_filled(acts):
    grouped(acts)
    assert acts.place("late", "sell", 10, limit="104", force=GTC, one_cancels="exit").state is OrderState.WORKING


@pytest.mark.parametrize(("shown", "filled"), [(4, 4), (10, 10)])
def test_an_order_that_joins_a_group_after_a_fill_is_refused_with_what_was_filled(acts, shown, filled):
    grouped(acts)
    acts.feed.tell(10, SHARE, 103.10, 103.14, shown)
    acts.pass_time(20)
    late = acts.place("late", "sell", 2, limit="104", force=GTC, one_cancels="exit")
    assert late.state is OrderState.REJECTED
    assert late.reason == f"one-cancels: {filled} filled of exit, which takes no order after its first fill"
    assert acts.place("other", "buy", 1, limit="90", force=GTC, one_cancels="exit-2").state is OrderState.WORKING


def test_an_order_of_the_group_may_be_amended_after_its_fill(acts):
    grouped(acts)
    acts.feed.tell(10, SHARE, 103.10, 103.14, 4)
    acts.pass_time(20)
    done = orders.amend(acts.workspace(), "high", Amendment("lower", limit_price=Decimal("102.5")))
    assert all(check.passed for check in done.checks)


def test_an_order_that_is_filled_at_once_takes_from_its_group(acts):
    grouped(acts)
    assert acts.place("now", "sell", 7, one_cancels="exit").state is OrderState.FILLED
    assert (acts.quantity("high"), acts.quantity("higher")) == (3, 3)
    acts.pass_time(1)
    assert acts.place("again", "sell", 3, one_cancels="exit").state is OrderState.REJECTED


def test_a_group_is_an_account_s_own(acts, workspace_on, traded):
    grouped(acts)
    acts.place("now", "sell", 7, one_cancels="exit")
    other = workspace_on(feed=traded, account="other")
    terms = OrderTerms("buy", 1, SHARE, Decimal(90), GTC, one_cancels="exit")
    assert trading.place(other, terms, "x").state is OrderState.WORKING
