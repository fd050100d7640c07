"""Shares on the path of every order: gate, fills at the touch in size, fees, what rests, what backs sold calls."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from share_feed import INDEX, SHARE
from steady_feed import CALL, CALL_110, EXPIRES_AT, PUT, START

from optionix_core.errors import InvalidValueError, RefusedError
from optionix_core.portfolio.fee_schedule import FEE_PLANS
from optionix_core.services import answers, orders, trading
from optionix_core.services.import_trades import import_trades
from optionix_core.services.trading import OrderTerms
from optionix_core.trading.gate import GateLimits
from optionix_core.trading.halt_rules import TradingRules
from optionix_core.trading.orders import LotsWanted, OrderLeg, OrderState, TimeInForce, Trigger, TriggerKind

GTC, IOC, DAY = TimeInForce.GTC, TimeInForce.IOC, TimeInForce.DAY
COVERED = (OrderLeg(SHARE, 100), OrderLeg(CALL, -1))
COLLAR = (OrderLeg(SHARE, 100), OrderLeg(CALL_110, -1), OrderLeg(PUT, 1))
FIXED = TradingRules(fees=FEE_PLANS["us-fixed"])


@pytest.fixture
def acts(workspace_on, traded, clock, store):
    class Acts:
        feed = traded

        def workspace(self, rules=None):
            return workspace_on(feed=traded, rules=rules)

        def place(self, name, side, quantity, symbol=SHARE, limit=None, force=IOC, rules=None, **terms):
            price = None if limit is None else Decimal(limit)
            wanted = OrderTerms(side, quantity, symbol, price, force, **terms)
            return trading.place(self.workspace(rules), wanted, name)

        def combine(self, name, legs, side="buy", quantity=1, limit=None, force=IOC, rules=None):
            return self.place(name, side, quantity, "", limit, force, rules, legs=legs)

        def pass_time(self, seconds, rules=None):
            clock.moment = max(clock.moment, START + timedelta(seconds=seconds))
            return trading.bring_up_to_date(self.workspace(rules))

        def account(self):
            workspace = self.workspace()
            workspace.desk.follow(store)
            return workspace.desk.book.account("paper-1")

        def held(self):
            return {item.symbol: int(item.quantity) for item in self.account().positions}

        def stands(self, name):
            workspace = self.workspace()
            workspace.desk.follow(store)
            intent = orders.show(workspace, name).order.intent
            return answers.known(store, workspace.desk.orders, intent)

        def end(self, name):
            record = store.find(f"order/{name}/end")
            return None if record is None else (record.event.payload["state"], record.event.payload["reason"])

    return Acts()


def test_shares_are_bought_at_the_ask_for_their_price_alone_and_sold_at_the_bid(acts, clock):
    bought = acts.place("a", "buy", 100)
    assert (bought.state, bought.fills[0].price, bought.cost, bought.fees) == (
        OrderState.FILLED,
        Decimal("100.02"),
        Decimal(10002),
        0,
    )
    assert acts.held() == {SHARE: 100}
    clock.advance(timedelta(seconds=1))
    sold = acts.place("b", "sell", 40)
    assert (sold.state, sold.cost) == (OrderState.FILLED, Decimal("-3999.2"))
    assert acts.held() == {SHARE: 60}
    assert acts.account().realised_pnl == Decimal("-1.6")


def test_no_more_shares_are_filled_than_are_displayed(acts):
    result = acts.place("a", "buy", 600)
    assert (result.state, result.filled_quantity) == (OrderState.CANCELLED, 500)
    assert "500 of 600 filled" in result.reason


def test_a_limit_for_shares_rests_and_a_gtc_one_has_no_end(acts):
    result = acts.place("a", "buy", 10, limit="99.50", force=GTC)
    assert (result.state, result.reserved, result.ends_at) == (OrderState.WORKING, Decimal(995), None)
    assert next(item.detail for item in result.checks if item.rule == "time-in-force") == "GTC, until cancelled"
    assert "not-expired" not in {item.rule for item in result.checks}
    assert acts.place("d", "buy", 1, limit="99", force=DAY).ends_at == START.replace(hour=20)
    acts.feed.tell(60, SHARE, 99.30, 99.40, 500)
    acts.pass_time(90)
    (fill,) = acts.stands("a").fills
    assert (fill.price, fill.quantity, fill.model) == (Decimal("99.5"), 10, "queue-behind-displayed")


def test_a_stop_and_a_trailing_stop_protect_shares(acts):
    acts.place("a", "buy", 100)
    acts.place("s", "sell", 60, force=GTC, trigger=Trigger(TriggerKind.STOP, Decimal(99)))
    acts.place("t", "sell", 40, force=GTC, trigger=Trigger(TriggerKind.TRAILING, distance=Decimal(1)))
    acts.feed.tell(10, SHARE, 100.50, 100.54, 500)
    acts.feed.tell(20, SHARE, 99.49, 99.53, 500)
    acts.feed.tell(30, SHARE, 98.90, 98.94, 500)
    acts.pass_time(40)
    assert [(fill.price, fill.quantity) for fill in acts.stands("t").fills] == [(Decimal("99.49"), 40)]
    assert [(fill.price, fill.quantity) for fill in acts.stands("s").fills] == [(Decimal("98.9"), 60)]
    assert acts.held() == {}


@pytest.mark.parametrize(
    ("limit", "passes"),
    # Rule 612 of Regulation NMS (17 CFR 242.612): 0.01 from 1.00 dollar on, 0.0001 below.
    [("99.01", True), ("99.005", False), ("1.01", True), ("1.001", False), ("0.9999", True), ("0.99995", False)],
)
def test_the_step_of_a_share_s_price_is_that_of_rule_612(acts, limit, passes):
    result = acts.place("a", "buy", 1, limit=limit, force=GTC)
    refused = [item.rule for item in result.checks if not item.passed]
    assert refused == ([] if passes else ["limit-price"])


def test_an_index_is_refused_with_the_reason_and_nothing_else_is_made_of_it(acts):
    result = acts.place("a", "buy", 1, INDEX)
    assert result.state is OrderState.REJECTED
    assert result.reason == f"tradable: {INDEX} is an index, which nobody can hold"
    with pytest.raises(RefusedError, match="an index, which nobody can hold"):
        trading.preview_terms(acts.workspace(), OrderTerms("buy", 1, INDEX))


def test_a_share_that_the_feed_does_not_know_is_refused_by_name(acts):
    result = acts.place("a", "buy", 1, "nosuch")
    assert (result.state, result.reason) == (OrderState.REJECTED, "known-instrument: the feed does not know NOSUCH")


def test_a_feed_that_lists_no_shares_knows_none(workspace):
    result = trading.place(workspace, OrderTerms("buy", 1, SHARE), "a")
    assert result.reason == "known-instrument: the feed does not know TESTI"


def test_selling_shares_short_needs_margin_and_buying_them_back_does_not(acts):
    refused = acts.place("a", "sell", 100)
    assert (refused.state, refused.reason) == (OrderState.REJECTED, "buying-power: needs margin: 0 held, 100 to sell")
    acts.place("b", "buy", 50)
    assert "50 held, 51 to sell" in acts.place("c", "sell", 51).reason


def test_bought_shares_are_paid_for_in_full(acts):
    acts.feed.tell(0, SHARE, 250.0, 250.1, 5000)
    refused = acts.place("a", "buy", 400)
    assert "costs 100040, fees 0, cash 100000" in refused.reason
    assert acts.place("b", "buy", 399).state is OrderState.FILLED


def test_shares_have_a_largest_quantity_of_their_own(acts):
    wanted = OrderTerms("buy", 20_000, SHARE, Decimal("0.01"), GTC)
    assert trading.place(acts.workspace(), wanted, "a").state is OrderState.WORKING
    refused = trading.place(acts.workspace(), wanted, "b", GateLimits(maximum_shares=19_999))
    assert refused.reason == "quantity: 20000, allowed 1 to 19999"


def test_shares_cover_sold_calls_and_are_not_sold_from_under_them(acts):
    acts.place("a", "buy", 150)
    assert acts.place("c", "sell", 1, CALL).state is OrderState.FILLED
    assert acts.place("d", "sell", 50).state is OrderState.FILLED
    refused = acts.place("e", "sell", 1)
    assert (refused.state, "needs margin: the loss on TESTI has no bound" in refused.reason) == (
        OrderState.REJECTED,
        True,
    )


def test_a_covered_call_is_one_order_at_one_net_price(acts):
    result = acts.combine("cc", COVERED, quantity=2)
    assert result.state is OrderState.FILLED
    (fill,) = result.fills
    # 100.02 for the share less 4.90 for the call.
    assert (fill.quantity, fill.price, fill.fee) == (2, Decimal("95.12"), Decimal("1.30"))
    assert [(leg.symbol, leg.quantity, leg.price, leg.fee) for leg in fill.legs] == [
        (SHARE, 200, Decimal("100.02"), 0),
        (CALL, -2, Decimal("4.9"), Decimal("1.30")),
    ]
    assert result.cost == 200 * Decimal("95.12")
    assert acts.held() == {SHARE: 200, CALL: -2}
    assert acts.account().cash == 100_000 - 19_024 - Decimal("1.30")
    positions = {item.symbol: item for item in acts.account().positions}
    assert (positions[SHARE].fees, positions[CALL].fees) == (0, Decimal("1.30"))


def test_the_displayed_shares_decide_how_many_units_are_filled(acts):
    acts.feed.tell(0, SHARE, 99.98, 100.02, 250)
    result = acts.combine("cc", COVERED, quantity=3)
    assert (result.state, result.filled_quantity) == (OrderState.CANCELLED, 2)


def test_a_collar_rests_at_a_net_price_and_fills_as_a_whole(acts):
    result = acts.combine("co", COLLAR, limit="103.50", force=GTC)
    # 100.02 - 1.00 + 5.00 = 104.02 now; one unit is a hundred shares and a contract each.
    assert (result.state, result.reserved) == (OrderState.WORKING, Decimal("10351.3"))
    assert result.ends_at == EXPIRES_AT
    acts.feed.tell(60, SHARE, 99.40, 99.44, 500)
    acts.pass_time(90)
    assert [(fill.price, fill.quantity) for fill in acts.stands("co").fills] == [(Decimal("103.44"), 1)]
    assert acts.held() == {SHARE: 100, CALL_110: -1, PUT: 1}


def test_a_combination_sells_the_shares_that_are_held(acts):
    acts.combine("cc", COVERED)
    back = acts.combine("uncc", COVERED, side="sell")
    assert (back.state, acts.held()) == (OrderState.FILLED, {})
    assert "needs margin" in acts.combine("again", COVERED, side="sell").reason


def test_a_preview_of_a_covered_call_names_it_and_its_payoff(acts):
    terms = OrderTerms("buy", 1, "", Decimal(95), IOC, legs=COVERED)
    view = trading.preview_terms(acts.workspace(), terms).combination
    assert (view.strategy, view.natural, view.max_gain, view.max_loss) == ("covered-call", Decimal("95.12"), 500, 9500)
    assert view.breakevens == (95.0,)


@pytest.mark.parametrize(
    ("legs", "message"),
    [
        ((OrderLeg(SHARE, 50), OrderLeg(CALL, -1)), "ratio must be a multiple of 100 shares"),
        ((OrderLeg(SHARE, 200), OrderLeg(CALL, -2)), "ratio must be divided by 2"),
        ((OrderLeg(SHARE, 100), OrderLeg("OTHER", -100)), "legs must be with the shares of one company at most"),
    ],
)
def test_shares_that_make_no_combination_are_named(acts, legs, message):
    with pytest.raises(InvalidValueError, match=message):
        acts.combine("x", legs)


def test_a_fee_plan_with_minimum_and_cap_holds_over_the_fills_of_an_order(acts):
    # Interactive Brokers, Commissions Stocks, fixed: USD 0.005 a share, USD 1.00 at least, 1.0% of the value at most.
    assert acts.place("a", "buy", 100, rules=FIXED).fees == Decimal("1.00")
    acts.feed.tell(1, SHARE, 0.49, 0.50, 700)
    acts.pass_time(1, FIXED)
    assert acts.place("b", "buy", 20, rules=FIXED).fees == Decimal("0.10")
    resting = acts.place("c", "buy", 1000, limit="0.48", force=GTC, rules=FIXED)
    assert resting.state is OrderState.WORKING
    for seconds in (10, 20):
        acts.feed.tell(seconds, SHARE, 0.47, 0.48, 500)
    acts.pass_time(30, FIXED)
    assert [fill.fee for fill in acts.stands("c").fills] == [Decimal("2.40"), Decimal("2.40")]
    assert acts.stands("c").fees == Decimal("4.80")  # 5.00 by the share, 1.0% of 480


def test_a_minimum_is_asked_once_of_an_order_filled_in_parts(acts):
    acts.feed.tell(1, SHARE, 99.98, 100.00, 50)
    acts.pass_time(1, FIXED)
    acts.place("a", "buy", 100, limit="100", force=GTC, rules=FIXED)
    acts.feed.tell(2, SHARE, 99.98, 100.00, 50)
    acts.pass_time(3, FIXED)
    assert [fill.fee for fill in acts.stands("a").fills] == [Decimal("1.00"), 0]
    covered = acts.combine("cc", COVERED, rules=FIXED)
    assert covered.state is OrderState.CANCELLED
    acts.feed.tell(10, SHARE, 99.98, 100.02, 500)
    acts.pass_time(11, FIXED)
    covered = acts.combine("cc-2", COVERED, rules=FIXED)
    assert [leg.fee for leg in covered.fills[0].legs] == [Decimal("1.00"), Decimal("1.00")]


def test_the_book_of_a_stock_and_its_options_is_the_same_from_a_checkpoint(acts, store):
    acts.place("a", "buy", 700, limit="100.02", force=GTC)
    workspace = acts.workspace()
    workspace.desk.follow(store)
    kept = type(workspace.desk.orders).of_state(workspace.desk.orders.state())
    assert kept.state() == workspace.desk.orders.state()
    assert kept.order("a").turnover == {SHARE: 500 * Decimal("100.02")}


def test_shares_that_an_account_is_short_of_are_bought_back_and_not_sold_further(acts, tmp_path):
    file = tmp_path / "trades.csv"
    row = "2026-03-09T15:00:00Z,TESTI,sell,100,101,0,T-1"
    file.write_text(f"time,symbol,side,quantity,price,fee,id\n{row}\n", "utf-8")
    import_trades(acts.workspace(), file)
    assert acts.held() == {SHARE: -100}
    assert "needs margin" in acts.place("a", "sell", 1).reason
    assert acts.place("b", "buy", 40, reduce_only=True).state is OrderState.FILLED
    assert acts.place("c", "buy", 60, lots=LotsWanted("lifo")).state is OrderState.FILLED
    assert acts.held() == {}
    # 100 sold at 101 and bought back at 100.02.
    assert acts.account().realised_pnl == Decimal(98)
