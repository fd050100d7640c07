"""Implied volatility: attainable precision everywhere, and a named reason wherever there is none."""

from __future__ import annotations

import logging
import math
import random
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import VolatilityStatus, black_scholes
from optionix_core.pricing.implied_volatility import implied_volatility, implied_volatility_with_status

FIGURES = logging.getLogger("accuracy")
"""Shown by `pytest --log-cli-level=INFO`."""
MARKET = (100.0, 105.0, 0.5, 0.05, 0.01)
"""Spot, strike, expiry, rate, dividend yield."""


def attainable(option: tuple[Any, ...], price: float) -> float:
    """Relative change of volatility from half an ulp of the price plus half an ulp of the forward, at least 2.2e-16."""
    sign, *numbers = option
    spot, strike, expiry, rate, dividend_yield, volatility = (mp.mpf(number) for number in numbers)
    root = mp.sqrt(expiry)
    d1 = (mp.log(spot / strike) + (rate - dividend_yield) * expiry) / (volatility * root) + volatility * root / 2
    asset = spot * mp.exp(-dividend_yield * expiry)
    forward = spot * mp.exp((rate - dividend_yield) * expiry)
    vega = asset * mp.npdf(d1) * root
    if vega == 0:
        return math.inf
    by_price = mp.mpf(math.ulp(price)) / 2 / vega
    by_forward = mp.exp(-rate * expiry) * mp.ncdf(sign * d1) * mp.mpf(math.ulp(float(forward))) / 2 / vega
    return max(float((by_price + by_forward) / volatility), 2.2e-16)


@pytest.mark.parametrize(("seed", "reach"), [(21, 1.0), (22, 8.0), (23, 37.0)])
def test_volatility_comes_back_within_four_times_the_attainable(
    seed: int, reach: float, sample: Any, reference_price: Any
) -> None:
    worst, solved, outlawed = 0.0, 0, 0
    options, prices = [], []
    for option in sample(seed, 700, reach):
        price = float(reference_price(*option))
        bound = attainable(option, price) if price > 1e-290 else math.inf
        if bound > 2e-3:
            outlawed += 1
            continue
        found = implied_volatility(option[0], price, *option[1:6])
        solved += 1
        error = abs(found / option[6] - 1) / bound
        assert error <= 4.0, (option, price, found, error)
        worst = max(worst, error)
        options.append(option)
        prices.append(price)
    FIGURES.info("worst %.2f of attainable over %d volatilities, %d undetermined", worst, solved, outlawed)
    assert solved > 150
    table = np.array(options)
    together = implied_volatility(table[:, 0], np.array(prices), *table[:, 1:6].T)
    bounds = np.array([attainable(option, price) for option, price in zip(options, prices, strict=True)])
    assert np.all(np.abs(together / table[:, 6] - 1) <= 4.0 * bounds)


def test_rows_near_the_money_of_any_deviation_come_back_within_four_times_the_attainable(
    sample: Any, reference_price: Any
) -> None:
    # where the steps of vector instructions have least to spare: no curvature helps, and both terms nearly cancel
    options = sample(27, 1200, 0.6)
    prices = [float(reference_price(*option)) for option in options]
    table = np.array(options)
    found = implied_volatility(table[:, 0], np.array(prices), *table[:, 1:6].T)
    bounds = np.array([attainable(option, price) for option, price in zip(options, prices, strict=True)])
    errors = np.abs(found / table[:, 6] - 1) / bounds
    FIGURES.info("near the money: worst %.2f of attainable", errors[bounds < 2e-3].max())
    assert np.all(errors[bounds < 2e-3] <= 4.0)


@pytest.mark.soak
@pytest.mark.parametrize(("seed", "reach"), [(31, 1.0), (32, 3.0), (33, 8.0), (34, 30.0)])
def test_many_array_rows_come_back_within_four_times_the_attainable(
    seed: int, reach: float, sample: Any, reference_price: Any
) -> None:
    options = [(option, float(reference_price(*option))) for option in sample(seed, 20_000, reach)]
    options = [(option, price) for option, price in options if price > 1e-290]
    bounds = np.array([attainable(option, price) for option, price in options])
    table = np.array([option for option, _ in options])
    found = implied_volatility(table[:, 0], np.array([price for _, price in options]), *table[:, 1:6].T)
    known = bounds < 2e-3
    assert known.sum() > 5000
    assert np.all(np.abs(found / table[:, 6] - 1)[known] <= 4.0 * bounds[known])


@pytest.mark.parametrize("rows", [1, 255, 256, 257, 600, 20_001])
def test_shared_numbers_and_any_count_of_rows_give_what_full_columns_give(rows: int) -> None:
    strikes = np.random.default_rng(rows).uniform(60, 160, rows)
    price = black_scholes.price("put", 100.0, strikes, 0.5, 0.03, 0.01, 0.4)
    full = [np.full(rows, value) for value in (100.0, 0.5, 0.03, 0.01)]
    shared = implied_volatility_with_status("put", price, 100.0, strikes, 0.5, 0.03, 0.01)
    spread = implied_volatility_with_status(np.full(rows, -1), price, full[0], strikes, *full[1:])
    assert np.array_equal(shared.value, spread.value)
    assert np.array_equal(shared.status, spread.status)
    assert shared.value == pytest.approx(np.full(rows, 0.4), rel=1e-10)


def test_the_number_of_threads_changes_no_bit_and_no_status(monkeypatch: pytest.MonkeyPatch, sample: Any) -> None:
    from optionix_core.pricing import _threads
    from optionix_core.pricing import implied_volatility as module

    table = np.array(sample(28, 3000, 6.0)).T
    price = black_scholes.price(table[0], *table[1:])
    price[::50] *= 3.0
    price[7::70] = np.nan
    alone = implied_volatility_with_status(table[0], price, *table[1:6])
    monkeypatch.setattr(module, "LEAST_ROWS", 400)
    monkeypatch.setattr(_threads, "processors", lambda: 5)
    split = implied_volatility_with_status(table[0], price, *table[1:6])
    assert np.array_equal(alone.value, split.value, equal_nan=True)
    assert np.array_equal(alone.status, split.status)
    assert set(alone.status.tolist()) >= {0, 2, 5}


def test_a_row_that_vector_instructions_leave_is_solved_like_a_scalar_call() -> None:
    # a price just above its floor, one of 1e-250 of the spot, a moneyness of 1e20, half a minute to expiry
    rows = np.array(
        [
            [1.0, 20.000000000000014, 120.0, 100.0, 0.5, 0.0, 0.0],
            [1.0, 1e-248, 100.0, 900.0, 0.5, 0.0, 0.0],
            [-1.0, 1e-15, 1e20, 1.0, 9.0, 0.0, 0.0],
            [1.0, 0.01, 100.0, 100.5, 1e-10, 0.0, 0.0],
            [-1.0, 5.0, 100.0, 100.0, 1.0, 0.05, 0.01],
        ]
    )
    together = implied_volatility_with_status(*rows.T)
    alone = [implied_volatility_with_status(*row) for row in rows.tolist()]
    assert together.status.tolist() == [int(one.status) for one in alone]
    assert together.value == pytest.approx([one.value for one in alone], rel=1e-15, nan_ok=True)


def test_the_volatility_of_the_command_line_example_comes_back_to_1e12() -> None:
    price = black_scholes.price("call", 100, 105, 0.5, 0.05, 0.0, 0.25)
    assert implied_volatility("call", price, 100, 105, 0.5, 0.05, 0.0) == pytest.approx(0.25, abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([1, -1]), st.floats(-5, 5), st.floats(1e-4, 30), st.floats(0.01, 4))
def test_a_solved_volatility_reproduces_its_price(sign: int, distance: float, expiry: float, volatility: float) -> None:
    strike = 100.0 * math.exp(distance * volatility * math.sqrt(expiry))
    price = black_scholes.price(sign, 100.0, strike, expiry, 0.0, 0.0, volatility)
    found = implied_volatility_with_status(sign, price, 100.0, strike, expiry, 0.0, 0.0)
    if found.status == VolatilityStatus.OK:
        again = black_scholes.price(sign, 100.0, strike, expiry, 0.0, 0.0, found.value)
        assert again == pytest.approx(price, rel=3e-14, abs=1e-14 * max(strike, 100.0))
    else:
        assert math.isnan(found.value)
        assert found.status in {VolatilityStatus.NO_TIME_VALUE, VolatilityStatus.ABOVE_MAXIMUM}


def test_a_higher_price_never_has_a_lower_volatility() -> None:
    floor = 130.0 - 105.0
    prices = floor + np.geomspace(1e-13, 104.0, 4000)
    volatilities = implied_volatility("call", prices, 130.0, 105.0, 0.5, 0.0, 0.0)
    known = volatilities[~np.isnan(volatilities)]
    assert known.size > 3900
    assert np.all(np.diff(known) >= -1e-15 * known[1:])


INTRINSIC = 130.0 * math.exp(-0.01 * 0.5) - 105.0 * math.exp(-0.05 * 0.5)
REASONS = [
    (1.0, 100.0, 105.0, 0.5, VolatilityStatus.OK),
    (0.0, 100.0, 105.0, 0.5, VolatilityStatus.NO_TIME_VALUE),
    (-0.01, 100.0, 105.0, 0.5, VolatilityStatus.BELOW_INTRINSIC),
    (INTRINSIC, 130.0, 105.0, 0.5, VolatilityStatus.NO_TIME_VALUE),
    (INTRINSIC - 1e-9, 130.0, 105.0, 0.5, VolatilityStatus.BELOW_INTRINSIC),
    (INTRINSIC + 1e-9, 130.0, 105.0, 0.5, VolatilityStatus.OK),
    (100.0, 100.0, 105.0, 0.5, VolatilityStatus.ABOVE_MAXIMUM),
    (math.inf, 100.0, 105.0, 0.5, VolatilityStatus.ABOVE_MAXIMUM),
    (1.0, 100.0, 105.0, 0.0, VolatilityStatus.EXPIRED),
    (1.0, 100.0, 105.0, -0.1, VolatilityStatus.EXPIRED),
    (math.nan, 100.0, 105.0, 0.5, VolatilityStatus.BAD_INPUT),
]


def test_every_missing_volatility_has_its_reason_and_is_nan() -> None:
    prices, spots, strikes, expiries, expected = zip(*REASONS, strict=True)
    columns = implied_volatility_with_status("call", prices, spots, strikes, expiries, 0.05, 0.01)
    assert columns.status.tolist() == [int(status) for status in expected]
    assert np.array_equal(np.isnan(columns.value), columns.status != VolatilityStatus.OK)
    for price, spot, strike, expiry, status in REASONS:
        alone = implied_volatility_with_status("call", price, spot, strike, expiry, 0.05, 0.01)
        assert alone.status is status
    assert np.array_equal(
        implied_volatility("call", prices, spots, strikes, expiries, 0.05, 0.01), columns.value, equal_nan=True
    )


def test_a_put_at_its_discounted_strike_is_above_the_maximum() -> None:
    ceiling = 105.0 * math.exp(-0.05 * 0.5)
    found = implied_volatility_with_status("put", [ceiling - 1e-9, ceiling + 1e-9], *MARKET)
    assert found.status.tolist() == [VolatilityStatus.OK, VolatilityStatus.ABOVE_MAXIMUM]
    assert found.value[0] > 5.0


@pytest.mark.parametrize(
    ("position", "name", "value"),
    [(1, "spot", -1.0), (2, "strike", 0.0), (3, "expiry", math.nan), (4, "rate", math.inf)],
)
def test_arguments_outside_their_bounds_raise_or_are_marked(position: int, name: str, value: float) -> None:
    arguments: list[Any] = [5.0, *MARKET]
    arguments[position] = value
    with pytest.raises(InvalidValueError, match=f"{name} must be"):
        implied_volatility("call", *arguments)
    assert implied_volatility_with_status("call", *arguments).status is VolatilityStatus.BAD_INPUT
    arguments[position] = [MARKET[position - 1], value]
    with pytest.raises(InvalidValueError, match=f"{name} must be .* at row 1"):
        implied_volatility("call", *arguments)
    assert implied_volatility_with_status("call", *arguments).status.tolist() == [0, 5]


def test_an_option_on_its_forward_is_solved_from_the_closed_form() -> None:
    # At the money on the forward the undiscounted price is F erf(sigma sqrt(T / 8)): Brenner and Subrahmanyam (1988)
    price = 100.0 * math.erf(0.2 * math.sqrt(1.0 / 8.0))
    assert implied_volatility("call", price, 100.0, 100.0, 1.0, 0.0, 0.0) == pytest.approx(0.2, rel=1e-15)


def test_extreme_arguments_are_answered_or_named_and_alike_by_both_paths() -> None:
    draw = random.Random(24)

    def power(low: float, high: float) -> float:
        return float(10 ** draw.uniform(low, high))

    rows = []
    for _ in range(4000):
        spot = draw.choice([power(-140, 140), power(0, 3), 100.0])
        strike = draw.choice([power(-140, 140), power(0, 3), 100.0, spot])
        expiry = draw.choice([0.0, power(-300, 3), power(-4, 1.5)])
        rate = draw.choice([0.0, draw.uniform(-0.2, 0.2)])
        dividend_yield = draw.choice([0.0, draw.uniform(-0.2, 0.2)])
        volatility = draw.choice([0.0, power(-300, 5), power(-3, 1)])
        sign = draw.choice([1, -1])
        greeks = black_scholes.greeks(sign, spot, strike, expiry, rate, dividend_yield, volatility)
        assert not any(math.isnan(value) for value in greeks)
        price = draw.choice([greeks.price, greeks.price * draw.uniform(0.5, 2), power(-320, 140), power(-2, 2)])
        rows.append((sign, price, spot, strike, expiry, rate, dividend_yield))
    alone = [implied_volatility_with_status(*row) for row in rows]
    together = implied_volatility_with_status(*np.array(rows).T)
    assert together.status.tolist() == [int(found.status) for found in alone]
    assert together.value == pytest.approx([found.value for found in alone], rel=1e-15, nan_ok=True)
    for row, found in zip(rows, alone, strict=True):
        assert (found.status == VolatilityStatus.OK) == (found.value > 0.0)
        if found.status == VolatilityStatus.OK and found.value < 1e100:
            again = black_scholes.price(row[0], *row[2:7], found.value)
            assert again == pytest.approx(row[1], rel=1e-10, abs=1e-13 * max(row[2], row[3]) * 1e3)
