from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.portfolio.fee_schedule import (
    DERIBIT_COIN,
    NOTHING,
    OCC_CLEARING,
    US_FIXED,
    Fees,
    FeeSchedule,
    OrderTotals,
)

D = Decimal


def order(contracts, price, multiplier=100):
    return NOTHING.plus(D(contracts), D(price), D(multiplier))


@pytest.mark.parametrize(
    ("price", "fee"),
    # Deribit, Knowledge Base, Fees: an option at 0.0001 BTC costs 0.0000125 BTC, 12.5% of it, not 0.0003.
    [("0.0001", "0.0000125"), ("0.05", "0.0003"), ("0.0024", "0.0003"), ("0.002", "0.00025"), ("0", "0")],
)
def test_deribit_never_asks_more_than_an_eighth_of_the_price(price, fee):
    assert DERIBIT_COIN["BTC"].fees(order(1, price, 1), sold=False).total == D(fee)


@pytest.mark.parametrize(
    ("contracts", "fee"),
    # Interactive Brokers, Commissions Options, examples: 1 contract USD 1.00, 2 contracts USD 1.30.
    [(1, "1.00"), (2, "1.30"), (10, "6.50")],
)
def test_an_order_has_a_minimum(contracts, fee):
    assert US_FIXED.fees(order(contracts, "2"), sold=False) == Fees(commission=D(fee))


@pytest.mark.parametrize(("contracts", "fee"), [(1, "0.02"), (2750, "55.00"), (2751, "55.00"), (9000, "55.00")])
def test_clearing_is_capped_by_the_trade(contracts, fee):
    # The same page: USD 0.02 a contract up to 2,750 contracts, USD 55.00 a trade beyond.
    assert OCC_CLEARING.fees(order(contracts, "1"), sold=True) == Fees(clearing=D(fee))


FULL = FeeSchedule(
    name="all of it",
    source="made up for this test",
    per_order=D("0.50"),
    per_unit=D("0.65"),
    minimum=D("1.00"),
    maximum=D("9.95"),
    exchange_per_unit=D("0.18"),
    regulatory_per_unit=D("0.02685"),
    regulatory_per_unit_sold=D("0.00279"),
    regulatory_of_sales=D("0.000008"),
    clearing_per_unit=D("0.02"),
    clearing_maximum=D(55),
)


def test_every_part_goes_to_who_receives_it():
    # 4 contracts at 12.50: 3.10 to the broker, 0.72 to the exchange, 0.1074 and, sold, 0.01116 + 0.04 to regulators.
    bought, sold = (FULL.fees(order(4, "12.50"), sold=way) for way in (False, True))
    assert bought == Fees(D("3.10"), D("0.72"), D("0.11"), D("0.08"))
    assert sold == Fees(D("3.10"), D("0.72"), D("0.16"), D("0.08"))
    assert sold.total == D("4.06")
    assert FULL.fees(order(100, "1"), sold=False).commission == D("9.95")


@given(
    fills=st.lists(st.tuples(st.integers(1, 40), st.decimals("0.01", "30", places=2)), min_size=1, max_size=8),
    sold=st.booleans(),
    name=st.sampled_from(["full", "fixed", "deribit"]),
)
@settings(max_examples=100, deadline=None)
def test_fills_one_by_one_cost_what_the_order_costs_and_never_less_than_nothing(fills, sold, name):
    schedule = {"full": FULL, "fixed": US_FIXED, "deribit": DERIBIT_COIN["ETH"]}[name]
    so_far, paid = NOTHING, D(0)
    for contracts, price in fills:
        now = so_far.plus(D(contracts), price, D(100))
        fee = schedule.fees_of_fill(so_far, now, sold=sold)
        assert all(part >= 0 for part in fee)
        paid += fee.total
        so_far = now
    assert paid == schedule.fees(so_far, sold=sold).total
    if schedule.of_premium_at_most is not None:
        assert paid <= schedule.of_premium_at_most * so_far.premium + schedule.smallest


def test_a_schedule_by_the_underlying_needs_its_price():
    linear = FeeSchedule(name="linear", source="test", currency="USDC", of_underlying=D("0.0005"), smallest=D("1e-6"))
    assert linear.fees(NOTHING.plus(D(3), D(5), D(10), D(200)), sold=False).total == 3
    with pytest.raises(MissingDataError, match="linear charges by the underlying's price, and none is given"):
        linear.fees(order(3, "5", 10), sold=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"per_unit": D(-1)}, "per_unit must be finite and not negative"),
        ({"maximum": D(1), "minimum": D(2)}, "maximum must be 2 or more"),
        ({"source": " "}, "source must be the document that says so"),
        ({"smallest": D(0)}, "smallest must be above 0"),
    ],
)
def test_a_schedule_that_contradicts_itself_is_refused(change, message):
    with pytest.raises(InvalidValueError, match=message):
        FeeSchedule(**{"name": "x", "source": "y", **change})
    with pytest.raises(InvalidValueError, match="order must be not negative"):
        US_FIXED.fees(OrderTotals(D(-1), D(0)), sold=False)
