"""Coin-settled options: what they pay, and at which price."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.portfolio import exercise
from optionix_core.portfolio.inverse import IndexPoint

EIGHT = datetime(2026, 3, 27, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_the_published_example_pays_a_fifth_of_a_coin() -> None:
    # Deribit, "Inverse Options": strike 100,000, delivery price 125,000: 25,000 USD, which is 0.2 BTC.
    assert exercise.inverse_payoff("call", 100_000, 125_000) == 0.2
    assert exercise.inverse_payoff("call", Decimal(100_000), Decimal(125_000)) == Decimal("0.2")
    assert exercise.inverse_payoff("put", 100_000, 125_000) == 0
    assert exercise.inverse_payoff("put", 100_000, 80_000) == 0.25


def test_a_kind_in_gives_the_same_kind_out() -> None:
    assert isinstance(exercise.inverse_payoff("call", 3, 4.0), float)
    third = exercise.inverse_payoff("call", Decimal(2), Decimal(3))
    assert isinstance(third, Decimal)
    assert str(third) == "0.3333333333333333333333333333"
    both = exercise.inverse_payoff(["call", "put"], 100.0, np.array([125.0, 80.0]))
    assert both.tolist() == [0.2, 0.25]
    assert exercise.inverse_payoff("call", np.array([[50.0], [100.0]]), np.array([100.0, 200.0])).shape == (2, 2)


def test_what_is_booked_is_rounded_once_to_the_smallest_coin() -> None:
    assert exercise.inverse_settlement("call", 2, 3, 3) == Decimal("1.00000000")
    assert str(exercise.inverse_settlement("call", 2, 3, 1)) == "0.33333333"
    assert str(exercise.inverse_settlement("put", 3, 2, "-0.1")) == "-0.05000000"


prices = st.integers(1, 10**8).map(lambda number: Decimal(number).scaleb(-2))


@given(prices, prices)
@settings(max_examples=150, deadline=None)
def test_a_call_pays_less_than_a_coin_and_parity_holds(strike, price) -> None:
    call = exercise.inverse_payoff("call", strike, price)
    put = exercise.inverse_payoff("put", strike, price)
    assert 0 <= call < 1
    assert put >= 0
    assert min(call, put) == 0
    # Call less put is a coin less the strike in coins.
    assert abs((call - put) * price - (price - strike)) <= Decimal("1e-18") * max(price, strike)
    long = exercise.inverse_settlement("call", strike, price, 7)
    assert long + exercise.inverse_settlement("call", strike, price, -7) == 0


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("call", 0, 100), "strike"),
        (("call", 100, 0.0), "delivery_price"),
        (("call", Decimal(100), Decimal(0)), "delivery_price"),
        (("call", 100, float("inf")), "delivery_price"),
        (("both", 100, 100), "option_type"),
        (("call", np.array([1.0, np.nan]), 100), "strike"),
    ],
)
def test_a_price_that_is_none_is_refused(arguments, field) -> None:
    with pytest.raises(InvalidValueError) as caught:
        exercise.inverse_payoff(*arguments)
    assert caught.value.field == field


def index(*pairs):
    return [IndexPoint(EIGHT - ago * MINUTE, Decimal(price)) for ago, price in pairs]


def test_the_delivery_price_is_the_mean_of_the_last_half_hour() -> None:
    # Equal steps, as the exchange takes them: 300 values, six seconds apart, count alike.
    steps = [
        IndexPoint(EIGHT - 30 * MINUTE + step * timedelta(seconds=6), Decimal(60_000 + step)) for step in range(300)
    ]
    assert exercise.delivery_price(steps, EIGHT) == Decimal("60149.50")


def test_a_value_counts_for_as_long_as_it_stood() -> None:
    told = index((40, 1), (31, 100), (10, 130), (0, 999))
    assert exercise.delivery_price(told, EIGHT, largest_gap=30 * MINUTE) == Decimal("110.00")


def test_a_half_hour_with_a_hole_has_no_delivery_price() -> None:
    with pytest.raises(MissingDataError, match="no index between"):
        exercise.delivery_price(index((31, 100), (10, 130)), EIGHT)
    with pytest.raises(MissingDataError, match="averaging begins"):
        exercise.delivery_price(index((29, 100)), EIGHT)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        (index((31, 100), (31, 100)), "index.at"),
        (index((31, 0)), "index.price"),
        ([IndexPoint(datetime(2026, 3, 27), Decimal(1))], "index.at"),  # noqa: DTZ001 - the naive moment that is refused
    ],
)
def test_an_index_that_is_none_is_refused(told, field) -> None:
    with pytest.raises(InvalidValueError) as caught:
        exercise.delivery_price(told, EIGHT)
    assert caught.value.field == field
