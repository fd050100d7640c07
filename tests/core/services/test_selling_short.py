"""Options that are sold without being held: what stands behind them, in the gate and before every fill."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from steady_feed import CALL, CALL_110, EXPIRES_AT, PUT, START

from optionix_core.services import orders, trading
from optionix_core.services.trading import OrderTerms
from optionix_core.trading.orders import OrderState, TimeInForce, Trigger, TriggerKind

GTC = TimeInForce.GTC


@pytest.fixture
def acts(workspace):
    class Acts:
        def place(self, name, side, quantity, symbol, limit=None, force=TimeInForce.IOC, **terms):
            price = None if limit is None else Decimal(limit)
            return trading.place(workspace, OrderTerms(side, quantity, symbol, price, force, **terms), name)

        def power(self, result):
            return next(item.detail for item in result.checks if item.rule == "buying-power")

        def positions(self):
            workspace.desk.follow(workspace.store)
            account = workspace.desk.book.account("paper-1")
            return {item.symbol: int(item.quantity) for item in account.positions}

        def cash(self):
            workspace.desk.follow(workspace.store)
            return workspace.desk.book.account("paper-1").cash

    return Acts()


def test_a_put_is_sold_against_cash_for_its_strike(acts):
    result = acts.place("a", "sell", 9, PUT)
    assert result.state is OrderState.FILLED
    assert acts.power(result) == (
        "brings 4320, fees 5.85, cash 100000, requirement 0 before, 90000 after"
    )  # fmt: skip
    assert acts.positions() == {PUT: -9}


def test_a_put_that_cash_does_not_secure_is_refused_with_the_numbers(acts):
    acts.place("a", "sell", 10, PUT)
    result = acts.place("b", "sell", 1, PUT, "4.80")
    assert result.state is OrderState.REJECTED
    assert result.reason.startswith("buying-power: brings 480, fees 0.65, cash 104793.5, requirement 100000 before, ")
    assert result.reason.endswith("110000 after")


def test_a_call_is_sold_against_a_bought_one_of_a_lower_strike_and_no_further(acts):
    acts.place("a", "buy", 2, CALL)
    result = acts.place("b", "sell", 2, CALL_110)
    assert result.state is OrderState.FILLED
    assert "requirement" not in acts.power(result)
    refused = acts.place("c", "sell", 1, CALL_110)
    assert refused.reason == "buying-power: needs margin: 0 held, 1 to sell"


def test_a_call_of_a_higher_strike_bounds_the_loss_at_the_width(acts):
    acts.place("a", "buy", 3, CALL_110)
    result = acts.place("b", "sell", 3, CALL)
    assert acts.power(result).endswith("requirement 0 before, 3000 after")


def test_a_long_that_covers_a_short_call_stays(acts):
    acts.place("a", "buy", 2, CALL)
    acts.place("b", "sell", 1, CALL_110)
    assert acts.place("c", "sell", 1, CALL).state is OrderState.FILLED
    refused = acts.place("d", "sell", 1, CALL)
    assert refused.reason == "buying-power: needs margin: the loss on TESTI has no bound"


def test_buying_back_frees_what_stood_behind_it(acts):
    acts.place("a", "sell", 10, PUT)
    back = acts.place("b", "buy", 10, PUT)
    assert acts.power(back).endswith("requirement 100000 before, 0 after")
    assert acts.positions() == {}


def test_a_working_sale_is_counted_as_filled_for_the_next_order(acts):
    acts.place("a", "sell", 6, PUT, "5.50", GTC)
    refused = acts.place("b", "sell", 6, PUT, "4.80")
    assert refused.state is OrderState.REJECTED
    assert "requirement 56700 before, 116700 after" in refused.reason
    assert acts.place("c", "sell", 4, PUT).state is OrderState.FILLED


def test_a_working_purchase_covers_nothing_until_it_is_filled(acts):
    acts.place("a", "buy", 1, CALL, "3.00", GTC)
    refused = acts.place("b", "sell", 1, CALL_110)
    assert refused.reason == "buying-power: needs margin: 0 held, 1 to sell"


def test_orders_that_cancel_each_other_stand_for_one(acts):
    for name, limit in (("a", "5.50"), ("b", "6.00")):
        assert acts.place(name, "sell", 9, PUT, limit, GTC, one_cancels="exit").open


def test_a_long_on_which_a_waiting_sale_leans_is_not_promised_elsewhere(acts):
    acts.place("a", "buy", 1, CALL)
    stop = Trigger(TriggerKind.STOP, Decimal("4.50"))
    acts.place("s", "sell", 1, CALL_110, None, GTC, trigger=Trigger(TriggerKind.STOP, Decimal("0.50")))
    assert acts.place("t", "sell", 1, CALL, None, GTC, trigger=stop).state is OrderState.REJECTED


def test_reduce_only_never_opens_a_short_position(acts, told, workspace_on, clock):
    workspace = workspace_on(feed=told)

    def place(name, *terms, **more):
        return trading.place(workspace, OrderTerms(*terms, **more), name)

    place("a", "buy", 2, PUT)
    place("r", "sell", 2, PUT, Decimal("6.00"), GTC, reduce_only=True)
    clock.advance(timedelta(seconds=1))
    told.tell(1, PUT, 5.5, 5.6)
    place("b", "sell", 1, PUT, Decimal("5.50"))
    told.tell(2, PUT, 6.0, 6.2)
    clock.advance(timedelta(seconds=2))
    trading.bring_up_to_date(workspace)
    assert orders.show(workspace, "r").order.filled_quantity <= 1
    workspace.desk.follow(workspace.store)
    assert workspace.desk.book.account("paper-1").positions == ()


def test_what_was_sold_settles_at_its_end_and_cash_is_there(acts, workspace, clock, feed):
    feed.spot_price = 91.0
    acts.place("a", "sell", 9, PUT)
    clock.moment = EXPIRES_AT
    before = acts.cash()
    trading.bring_up_to_date(workspace)
    assert acts.positions() == {}
    assert acts.cash() == before - 9 * 900
    assert clock.now() > START
