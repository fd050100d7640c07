"""What an order would meet, lead to and change: against the gate's own preview, exact payoffs and reversals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.market.clock import ManualClock
from optionix_core.market.quote import Quote
from optionix_core.services import limits, trading
from optionix_core.services.home import HomeFolders
from optionix_core.services.order_effect import OrderRisk, effect
from optionix_core.services.order_outlook import outlook
from optionix_core.services.order_touch import LegTouch, OrderTouch, touch_of
from optionix_core.services.workspace import Workspace
from optionix_core.trading.limit_board import LimitGrade, LimitKey, LimitLevel
from optionix_core.trading.limits import LimitKind
from optionix_core.trading.orders import OrderLeg, Side, TimeInForce, Trigger, TriggerKind
from optionix_core.trading.terms import OrderTerms, intent_of_terms

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
CALL, FAR, LATE = "ORBIT 260109C00205000", "ORBIT 260109C00210000", "ORBIT 260116C00205000"
PUT, FAR_PUT = "ORBIT 260109P00200000", "ORBIT 260109P00195000"
VERTICAL = (OrderLeg(CALL, 1), OrderLeg(FAR, -1))
CONDOR = (OrderLeg(FAR_PUT, 1), OrderLeg(PUT, -1), OrderLeg(FAR, -1), OrderLeg("ORBIT 260109C00215000", 1))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folders = HomeFolders.of(tmp_path_factory.mktemp("home"))
    with Workspace.open(folders, clock=ManualClock(MOMENT), seed=20) as opened:
        yield opened


def intent(workspace: Workspace, terms: OrderTerms):
    return intent_of_terms(terms, workspace.account, "a", MOMENT)


def test_a_net_price_is_the_far_side_of_every_leg(workspace):
    touch = touch_of(workspace, "", VERTICAL)
    near, far = (workspace.feed.quote(symbol, MOMENT) for symbol in (CALL, FAR))
    assert touch.ask == Decimal(repr(near.ask)) - Decimal(repr(far.bid))
    assert touch.bid == Decimal(repr(near.bid)) - Decimal(repr(far.ask))
    assert touch.bid is not None
    assert touch.mid is not None
    assert touch.bid < touch.mid < touch.ask
    assert touch.at("mid", Side.BUY) <= touch.mid <= touch.at("mid", Side.SELL)


def test_prices_step_on_the_grid_and_stay_above_nothing(workspace):
    touch = touch_of(workspace, CALL)
    tick = touch.tick(Decimal(3))
    assert tick == Decimal("0.05")
    assert touch.stepped(Decimal("3.72"), 1) == Decimal("3.75")
    assert touch.stepped(Decimal("3.72"), -1) == Decimal("3.70")
    assert touch.stepped(Decimal("3.70"), 1) == Decimal("3.75")
    assert touch.stepped(Decimal("0.01"), -1) > 0
    assert touch_of(workspace, "", VERTICAL).stepped(Decimal(0), -1) == Decimal("-0.01")


def test_a_side_that_nobody_quotes_has_no_price():
    quote = Quote(CALL, "sim", MOMENT, MOMENT, bid=None, ask=3.75, bid_size=None, ask_size=5)
    touch = OrderTouch(MOMENT, (LegTouch(CALL, 1, quote),), None, Decimal("3.75"), None)
    assert touch.mid is None
    with pytest.raises(MissingDataError, match="no bid of ORBIT 260109C00205000"):
        touch.at("bid", Side.SELL)
    with pytest.raises(InvalidValueError, match="place must be one of bid, mid, ask"):
        touch.at("last", Side.BUY)


@pytest.mark.parametrize(("legs", "side", "price"), [
    (VERTICAL, "buy", "2.70"), (VERTICAL, "sell", "2.55"), (CONDOR, "buy", "-1.10"), (CONDOR, "sell", "-1.20"),
])  # fmt: skip
def test_the_outlook_of_a_combination_is_that_of_the_gate_s_preview(workspace, legs, side, price):
    terms = OrderTerms(side, 3, "", Decimal(price), legs=legs)
    view = trading.preview_terms(workspace, terms).combination
    found = outlook(workspace, intent(workspace, terms), Decimal(price))
    assert view is not None
    assert (found.strategy, found.modelled) == (view.strategy, False)
    assert (found.max_gain, found.max_loss) == (float(view.max_gain), float(view.max_loss))
    assert found.report.breakevens == view.breakevens


def test_one_option_pays_as_its_payoff_and_the_two_sides_share_all_probability(workspace):
    price = Decimal("3.75")
    bought, sold = (
        outlook(workspace, intent(workspace, OrderTerms(side, 2, CALL, price)), price) for side in ("buy", "sell")
    )
    assert (bought.max_gain, bought.max_loss, bought.report.breakevens) == (None, 750.0, (208.75,))
    assert (sold.max_gain, sold.max_loss, sold.report.breakevens) == (750.0, None, (208.75,))
    assert bought.report.probability is not None
    assert sold.report.probability is not None
    assert bought.report.probability.value + sold.report.probability.value == pytest.approx(1.0, abs=1e-12)
    assert 0.3 < bought.report.probability.value < 0.5  # at the money, and the premium has to be earned


def test_legs_that_end_apart_are_a_model_s_and_say_so(workspace):
    legs = (OrderLeg(CALL, -1), OrderLeg(LATE, 1))
    found = outlook(workspace, intent(workspace, OrderTerms("buy", 1, "", Decimal("1.20"), legs=legs)), Decimal("1.20"))
    assert found.modelled
    assert found.strategy == "long-call-calendar"
    assert found.max_loss == pytest.approx(120.0, rel=1e-6)  # far from the strike both legs are worth the same


def test_shares_have_a_payoff_and_no_probability(workspace):
    found = outlook(workspace, intent(workspace, OrderTerms("buy", 100, "ORBIT")), Decimal("207.38"))
    assert (found.max_gain, found.max_loss, found.report.breakevens) == (None, 20738.0, (207.38,))
    assert found.report.probability is None
    assert found.report.no_probability


def test_a_net_price_that_no_prices_of_the_legs_make_is_refused(workspace):
    legs = (OrderLeg(CALL, 1), OrderLeg(PUT, 1))
    terms = OrderTerms("buy", 1, "", Decimal(-1), legs=legs)
    with pytest.raises(DomainError, match="no prices of its legs add up to -1"):
        outlook(workspace, intent(workspace, terms), Decimal(-1))


def test_margin_of_a_bought_option_is_its_whole_value_and_its_delta_the_contracts_times_the_price(workspace):
    quote = workspace.feed.quote(CALL, MOMENT)
    spot = workspace.feed.spot("ORBIT", MOMENT).mid
    found = effect(workspace, intent(workspace, OrderTerms("buy", 2, CALL)))
    assert quote.mid is not None
    assert spot is not None
    assert found.margin.before == 0.0
    assert found.margin.after == pytest.approx(200 * quote.mid)  # rule 4210(f)(2)(D): long options in full
    assert 0.5 * 200 * spot < found.dollar_delta.after < 0.9 * 200 * spot
    assert found.theta.after < 0.0 < found.vega.after
    assert found.net_liquidation_value == 100_000.0


def test_buying_and_selling_change_the_greeks_by_opposite_amounts(workspace):
    for legs in (VERTICAL, CONDOR):
        bought, sold = (
            effect(workspace, intent(workspace, OrderTerms(side, 2, "", Decimal(1), legs=legs)))
            for side in ("buy", "sell")
        )
        for name in ("dollar_delta", "theta", "vega"):
            assert getattr(bought, name).change == pytest.approx(-getattr(sold, name).change)


def test_value_at_risk_of_a_bought_option_is_below_its_price_and_has_the_account_s_limit(workspace):
    risk = OrderRisk(workspace)
    found = risk.tail(intent(workspace, OrderTerms("buy", 2, CALL)))
    assert found.value_at_risk.before == 0.0
    assert 0.0 < found.value_at_risk.after < 735.0
    assert found.bound is None
    key = LimitKey(LimitLevel.ACCOUNT, workspace.account, LimitKind.VALUE_AT_RISK, LimitGrade.HARD)
    limits.set_limit(workspace, key, Decimal(500), "desk")
    assert risk.tail(intent(workspace, OrderTerms("buy", 2, CALL))).bound == Decimal(500)
    limits.remove_limit(workspace, key, "desk")


def test_an_order_that_closes_takes_everything_back(tmp_path):
    with Workspace.open(HomeFolders.of(tmp_path), clock=ManualClock(MOMENT), seed=20) as opened:
        trading.raise_for_state(trading.submit(opened, "buy", 2, CALL))
        closing = replace(intent(opened, OrderTerms("sell", 2, CALL)), client_order_id="b")
        found = effect(opened, closing)
        assert found.margin.after == 0.0 < found.margin.before
        for change in (found.dollar_delta, found.theta, found.vega):
            assert change.before != 0.0
            assert change.after == pytest.approx(0.0, abs=1e-9)
        tail = OrderRisk(opened).tail(closing)
        assert tail.value_at_risk.after == pytest.approx(0.0, abs=1e-6)
        assert tail.value_at_risk.before > 0.0


@pytest.mark.parametrize("number", ["1e999999", "1e-999999", "1e12", "0.0000000000001"])
def test_a_price_that_no_exact_number_holds_is_refused_before_anything_is_computed(workspace, number):
    price = Decimal(number)
    trigger = Trigger(TriggerKind.STOP, price)
    for terms in (
        OrderTerms("buy", 1, CALL, price),
        OrderTerms("buy", 1, "", price, legs=VERTICAL),
        OrderTerms("sell", 1, CALL, None, TimeInForce.GTC, trigger=trigger),
        OrderTerms("buy", 0, "ORBIT", amount=price),
    ):
        with pytest.raises(InvalidValueError, match="below 10\\^12 with at most 12 decimal places"):
            trading.preview_terms(workspace, terms)
