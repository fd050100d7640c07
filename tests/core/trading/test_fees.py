"""Fees of fills by a plan: whatever comes in parts costs what the whole costs, options and shares each by their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.portfolio.fee_schedule import (
    FEE_PLANS,
    NOTHING,
    US_FIXED,
    US_FIXED_SHARES,
    US_RETAIL,
    FeePlan,
    FeeSchedule,
    fee_plan,
)
from optionix_core.trading.fees import Meter, kept_for_fees
from optionix_core.trading.open_order import OpenOrder
from optionix_core.trading.orders import OrderIntent, OrderLeg, Side, TimeInForce

D = Decimal
CALL = "TESTI 260320C00100000"
PUT = "TESTI 260320P00100000"
NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
MULTIPLIERS = {"TESTI": D(1), CALL: D(100), PUT: D(100)}
COLLAR = (OrderLeg("TESTI", 100), OrderLeg(CALL, -1), OrderLeg(PUT, 2))
PLANS = st.sampled_from(
    [
        *FEE_PLANS.values(),
        FeePlan(
            "all of it",
            FeeSchedule(
                name="options",
                source="made up for this test",
                per_order=D("0.30"),
                per_unit=D("0.5"),
                minimum=D(2),
                maximum=D(9),
                exchange_per_unit=D("0.125"),
                clearing_per_unit=D("0.02"),
                clearing_maximum=D("0.5"),
            ),
            US_FIXED_SHARES,
        ),
    ]
)


def order(legs=(), symbol="TESTI", quantity=1_000_000):
    return OpenOrder(OrderIntent("a", "paper-1", Side.BUY, quantity, symbol, None, NOW, TimeInForce.GTC, legs=legs))


def filled(before, units, prices):
    """The order after a fill of `units`, as the fold of the log has it."""
    turnover = dict(before.turnover)
    ratios = {leg.symbol: abs(leg.ratio) for leg in before.intent.legs} or {before.intent.symbol: 1}
    for symbol, price in prices.items():
        turnover[symbol] = turnover.get(symbol, D(0)) + ratios[symbol] * units * price
    return replace(before, filled=before.filled + units, turnover=turnover)


@given(plan=PLANS, fills=st.lists(st.tuples(st.integers(1, 40), st.decimals("0.01", "300", places=2)), min_size=1))
@settings(max_examples=80, deadline=None)
@pytest.mark.parametrize("symbol", ["TESTI", CALL])
def test_an_order_filled_in_parts_costs_what_it_costs_as_a_whole(plan, symbol, fills):
    at, paid, whole = order(symbol=symbol), D(0), NOTHING
    for quantity, price in fills:
        fee = Meter(plan, at, MULTIPLIERS.__getitem__).charge(symbol, quantity, price, sold=False)
        assert fee >= 0
        paid += fee
        whole = whole.plus(D(quantity), price, MULTIPLIERS[symbol])
        at = filled(at, quantity, {symbol: price})
    assert paid == plan.of(symbol).fees(whole, sold=False).total


@given(
    plan=PLANS,
    fills=st.lists(st.tuples(st.integers(1, 9), *[st.decimals("0.01", "90", places=2)] * 3), min_size=1, max_size=6),
)
@settings(max_examples=80, deadline=None)
def test_legs_of_a_combination_pay_by_their_kind_over_all_its_fills(plan, fills):
    at, paid = order(COLLAR, "x"), {True: D(0), False: D(0)}
    whole = {True: NOTHING, False: NOTHING}
    for units, *prices in fills:
        meter = Meter(plan, at, MULTIPLIERS.__getitem__)
        named = dict(zip((leg.symbol for leg in COLLAR), prices, strict=True))
        for leg in COLLAR:
            number, price = abs(leg.ratio) * units, named[leg.symbol]
            paid[leg.is_share] += meter.charge(leg.symbol, number, price, sold=leg.ratio < 0)
            whole[leg.is_share] = whole[leg.is_share].plus(D(number), price, MULTIPLIERS[leg.symbol])
        at = filled(at, units, named)
    assert paid[True] == plan.shares.fees(whole[True], sold=False).total
    assert paid[False] == plan.options.fees(whole[False], sold=False).total


@given(plan=PLANS, quantity=st.integers(1, 500), price=st.decimals("0.01", "300", places=2))
@settings(max_examples=80, deadline=None)
@pytest.mark.parametrize("symbol", ["TESTI", CALL])
def test_what_is_kept_for_fees_is_enough_for_the_whole_order(plan, symbol, quantity, price):
    kept = kept_for_fees(plan, order(symbol=symbol).intent)
    fee = plan.of(symbol).fees(NOTHING.plus(D(quantity), price, MULTIPLIERS[symbol]), sold=False).total
    assert kept.total(quantity, filled=False) >= fee


def test_a_combination_keeps_the_fees_of_all_legs_of_a_unit():
    kept = kept_for_fees(US_RETAIL, order(COLLAR, "x").intent)
    assert (kept.each, kept.once) == (D("1.95"), 0)


def test_a_schedule_says_when_every_unit_costs_the_same():
    assert (US_RETAIL.options.flat, US_RETAIL.shares.flat) == (D("0.65"), 0)
    assert (US_FIXED.flat, US_FIXED_SHARES.flat) == (None, None)
    # A third of a cent is rounded by the order, so that units do not cost the same.
    assert FeeSchedule(name="x", source="y", per_unit=D("0.0033")).flat is None


@pytest.mark.parametrize(
    ("shares", "price", "fee"),
    # Interactive Brokers, Commissions Stocks, fixed, examples: 100 shares at USD 25 = USD 1.00, 1,000 shares at USD 25
    # = USD 5.00, 1,000 shares at USD 0.25 = USD 2.50.
    [(100, "25", "1.00"), (1000, "25", "5.00"), (1000, "0.25", "2.50")],
)
def test_the_examples_of_the_broker_s_page_come_out(shares, price, fee):
    assert US_FIXED_SHARES.fees(NOTHING.plus(D(shares), D(price), D(1)), sold=False).total == D(fee)


def test_a_plan_is_known_by_its_name():
    assert fee_plan("us-fixed").options is US_FIXED
    with pytest.raises(UnknownNameError, match="unknown fee plan 'free'; known: us-retail, us-fixed"):
        fee_plan("free")
    with pytest.raises(InvalidValueError, match="per_unit must be finite and not negative"):
        FeeSchedule(name="x", source="y", per_unit=D(-1))
