"""Prices and Greeks against 50-digit references, published values and their own laws."""

from __future__ import annotations

import json
import logging
import math
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.market.option_type import OptionType
from optionix_core.pricing import InputFault, black_scholes

FIGURES = logging.getLogger("accuracy")
"""Shown by `pytest --log-cli-level=INFO`."""
GREEKS = black_scholes.Greeks._fields[1:]
HULL = (42.0, 40.0, 0.5, 0.1, 0.0, 0.2)  # Hull, Options, Futures and Other Derivatives, example 15.6: 4.76 and 0.81


def test_a_textbook_example_is_reproduced() -> None:
    assert black_scholes.price("call", *HULL) == pytest.approx(4.76, abs=0.005)
    assert black_scholes.price("put", *HULL) == pytest.approx(0.81, abs=0.005)


def test_the_price_that_the_command_line_promises_is_reproduced() -> None:
    # 5.98849042: Black-Scholes at 100, 105, half a year, 5%, 25%, computed at 50 digits
    assert black_scholes.price("call", 100, 105, 0.5, 0.05, 0.0, 0.25) == pytest.approx(5.98849042, abs=1e-8)


def test_prices_are_right_to_1e14_of_the_larger_of_spot_and_strike(sample: Any, reference_price: Any) -> None:
    worst = max(
        abs(black_scholes.price(*option) - reference_price(*option)) / max(option[1], option[2])
        for option in sample(11, 1500, 12.0)
    )
    FIGURES.info("price: %.2e of max(spot, strike)", float(worst))
    assert worst < 1e-14


def test_prices_far_out_of_the_money_keep_their_own_digits(sample: Any, reference_price: Any) -> None:
    worst = 0.0
    for sign, *market in sample(12, 400, 30.0):
        exact = reference_price(sign, *market)
        if market[0] * math.exp((market[3] - market[4]) * market[2]) * sign < market[1] * sign and exact > 1e-280:
            worst = max(worst, float(abs(black_scholes.price(sign, *market) / exact - 1)))
    assert 0.0 < worst < 1e-11  # the logarithm of the price, up to 650, times an ulp


def test_every_greek_is_right_to_1e11(sample: Any, reference_greek: Any) -> None:
    options = sample(13, 40, 5.0)
    computed = [black_scholes.greeks(*option) for option in options]
    figures = {}
    for name in GREEKS:
        exact = [reference_greek(name, *option) for option in options]
        typical = statistics.median(abs(value) for value in exact)
        errors = (
            abs(getattr(row, name) - value) / max(abs(value), typical)
            for row, value in zip(computed, exact, strict=True)
        )
        figures[name] = float(max(errors))
    FIGURES.info("Greeks: %s", ", ".join(f"{name} {value:.1e}" for name, value in figures.items()))
    assert max(figures.values()) < 1e-11, figures


def test_published_european_values_are_reproduced(shared_reference: Path) -> None:
    # Haug, The Complete Guide to Option Pricing Formulas, chapter 2, to 4 decimals as QuantLib's suite quotes it
    lines = (shared_reference / "pricing" / "published_quantlib_suite.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["file"] == "europeanoption" and row.get("result") is not None]
    names = ["delta", "delta", "elasticity", "gamma", "gamma", "vega", "vega", "theta", "theta_day", "rho", "divrho"]
    assert len(rows) == len(names)
    for name, row in zip(names, rows, strict=True):
        option = (
            row["type"].rpartition(":")[2].lower(),
            row["s"],
            row["strike"],
            row["t"],
            row["r"],
            row["q"],
            row["v"],
        )
        greeks = black_scholes.greeks(*option)
        found = {
            "elasticity": greeks.delta * row["s"] / greeks.price,
            "theta_day": greeks.theta / 365.0,
            "divrho": greeks.epsilon,
        }.get(name, getattr(greeks, name, math.nan))
        assert found == pytest.approx(row["result"], abs=5.1e-5), (name, row)


markets = st.tuples(
    st.floats(1, 1000),
    st.floats(-3, 3),
    st.floats(1e-4, 30),
    st.floats(-0.05, 0.2),
    st.floats(-0.05, 0.2),
    st.floats(0.001, 3),
).map(lambda m: (m[0], m[0] * math.exp(m[1]), *m[2:]))
quick = settings(max_examples=150, deadline=None)


@quick
@given(markets)
def test_call_less_put_is_the_forward_value(market: tuple[float, ...]) -> None:
    spot, strike, expiry, rate, dividend_yield, _ = market
    asset, cash = spot * math.exp(-dividend_yield * expiry), strike * math.exp(-rate * expiry)
    difference = black_scholes.price("call", *market) - black_scholes.price("put", *market)
    assert abs(difference - (asset - cash)) <= 1e-13 * max(asset, cash)


@quick
@given(markets, st.sampled_from([1, -1]))
def test_a_price_lies_between_intrinsic_value_and_its_leg(market: tuple[float, ...], sign: int) -> None:
    spot, strike, expiry, rate, dividend_yield, _ = market
    asset, cash = spot * math.exp(-dividend_yield * expiry), strike * math.exp(-rate * expiry)
    price = black_scholes.price(sign, *market)
    slack = 4e-16 * max(asset, cash)
    assert max(sign * (asset - cash), 0.0) - slack <= price <= (asset if sign > 0 else cash) + slack


@quick
@given(markets, st.sampled_from([1, -1]), st.floats(1.001, 1.5))
def test_more_volatility_is_never_worth_less(market: tuple[float, ...], sign: int, factor: float) -> None:
    *rest, volatility = market
    slack = 4e-16 * max(market[0], market[1]) * 30
    assert black_scholes.price(sign, *rest, volatility * factor) >= black_scholes.price(sign, *market) - slack


@quick
@given(markets, st.floats(1.001, 1.5))
def test_a_call_falls_and_a_put_rises_with_the_strike(market: tuple[float, ...], factor: float) -> None:
    spot, strike, *rest = market
    slack = 4e-14 * max(spot, strike)
    assert black_scholes.price("call", spot, strike * factor, *rest) <= black_scholes.price("call", *market) + slack
    assert black_scholes.price("put", spot, strike * factor, *rest) >= black_scholes.price("put", *market) - slack


@quick
@given(markets, st.sampled_from([1, -1]), st.floats(0.01, 100))
def test_a_price_scales_with_spot_and_strike_together(market: tuple[float, ...], sign: int, factor: float) -> None:
    spot, strike, *rest = market
    scaled = black_scholes.price(sign, spot * factor, strike * factor, *rest)
    bound = 1e-14 * factor * max(spot, strike) * 30
    assert abs(scaled - factor * black_scholes.price(sign, *market)) <= bound


def _in_arrays(options: list[Any]) -> Any:
    table = np.array(options)
    return black_scholes.greeks(table[:, 0], *table[:, 1:].T)


def test_array_calls_are_as_exact_as_scalar_calls(sample: Any, reference_price: Any) -> None:
    # one hour to thirty years and 0.1% to 500%: rows for vector instructions and rows that are redone among each other
    options = sample(14, 1500, 12.0)
    table = np.array(options)
    prices = black_scholes.price(table[:, 0].astype(int), *table[:, 1:].T)
    worst = farthest = 0.0
    for option, price in zip(options, prices, strict=True):
        exact = reference_price(*option)
        worst = max(worst, float(abs(float(price) - exact)) / max(option[1], option[2]))
        if option[1] * math.exp((option[4] - option[5]) * option[3]) * option[0] < option[2] * option[0]:
            farthest = max(farthest, float(abs(float(price) / exact - 1)))
    FIGURES.info("array price: %.2e of max(spot, strike), %.2e relative out of the money", worst, farthest)
    assert worst < 1e-14
    assert farthest < 1e-10
    assert np.allclose(prices, _in_arrays(options).price, 1e-11, 0.0)


def test_every_greek_of_an_array_call_is_right_to_1e11(sample: Any, reference_greek: Any) -> None:
    options = sample(23, 30, 5.0)
    computed = _in_arrays(options)
    for name in GREEKS:
        exact = [reference_greek(name, *option) for option in options]
        typical = statistics.median(abs(value) for value in exact)
        found = getattr(computed, name).tolist()
        worst = max(abs(f - e) / max(abs(e), typical) for f, e in zip(found, exact, strict=True))
        assert worst < 1e-11, (name, float(worst))


def test_array_calls_agree_with_scalar_calls(sample: Any) -> None:
    options = sample(24, 4000, 8.0)
    greeks = _in_arrays(options)
    alone = [black_scholes.greeks(*option) for option in options]
    for name in black_scholes.Greeks._fields:
        expected = np.array([getattr(row, name) for row in alone])
        scale = np.maximum(np.abs(expected), np.median(np.abs(expected)))
        assert np.max(np.abs(getattr(greeks, name) - expected) / scale) < 1e-11, name


def test_parity_holds_in_arrays_to_a_rounding(sample: Any) -> None:
    table = np.array(sample(25, 3000, 6.0))[:, 1:].T
    spot, strike, expiry, rate, dividend_yield, _ = table
    difference = black_scholes.price(1, *table) - black_scholes.price(-1, *table)
    asset, cash = spot * np.exp(-dividend_yield * expiry), strike * np.exp(-rate * expiry)
    assert np.max(np.abs(difference - (asset - cash)) / np.maximum(asset, cash)) < 1e-15 * 2


@pytest.mark.parametrize("rows", [1, 2, 255, 256, 257, 511, 512, 513, 1025, 70_001])
def test_shared_numbers_and_any_count_of_rows_give_what_full_columns_give(rows: int) -> None:
    generator = np.random.default_rng(rows)
    strikes = generator.uniform(50, 200, rows)
    market = (100.0, 0.5, 0.05, 0.01, 0.25)
    full = [np.full(rows, value) for value in market]
    signs = np.where(np.arange(rows) % 2 == 0, 1, -1)
    for function in (black_scholes.price, lambda *a: black_scholes.greeks(*a, names=("theta",)).theta):
        shared = function(signs, market[0], strikes, *market[1:])
        assert np.array_equal(shared, function(signs, full[0], strikes, *full[1:]))
    some = generator.integers(0, rows, 3)
    for row in some:
        alone = black_scholes.price(int(signs[row]), market[0], float(strikes[row]), *market[1:])
        whole = black_scholes.price(signs, market[0], strikes, *market[1:])
        assert whole[row] == pytest.approx(alone, abs=2e-13)


def test_the_number_of_threads_changes_no_bit(monkeypatch: pytest.MonkeyPatch, sample: Any) -> None:
    from optionix_core.pricing import _array_calls, _threads

    table = np.array(sample(26, 3000, 8.0))
    alone = black_scholes.greeks(table[:, 0], *table[:, 1:].T)
    monkeypatch.setattr(_array_calls, "LEAST_ROWS", 300)
    monkeypatch.setattr(_threads, "processors", lambda: 7)
    split = black_scholes.greeks(table[:, 0], *table[:, 1:].T)
    assert np.array_equal(np.array(alone), np.array(split))
    rows = table.copy()
    rows[[700, 2900], 1] = -1.0
    with pytest.raises(InvalidValueError, match="at row 700"):
        black_scholes.price(rows[:, 0], *rows[:, 1:].T)
    assert np.flatnonzero(black_scholes.price(rows[:, 0], *rows[:, 1:].T, errors="nan").status).tolist() == [700, 2900]


def test_every_way_to_name_the_option_type_gives_the_same() -> None:
    market = (100.0, [[95.0], [105.0]], 0.5, 0.05, 0.01, 0.25)
    expected = black_scholes.price(np.array([1, -1], dtype=np.int8), *market)
    assert expected.shape == (2, 2)
    for names in (
        ["call", "put"],
        np.array(["Call", "PUT"]),
        [OptionType.CALL, OptionType.PUT],
        np.array([OptionType.CALL, "put"], dtype=object),
        [1.0, -1.0],
    ):
        assert np.array_equal(black_scholes.price(names, *market), expected)
    assert black_scholes.price(OptionType.PUT, 100, 95, 0.5, 0.05, 0.01, 0.25) == pytest.approx(
        expected[0, 1], rel=1e-15
    )


def test_results_are_floats_without_dimensions_and_float64_arrays_with() -> None:
    alone = black_scholes.price(np.array("put"), np.float32(100), np.array(95.0), 1, 0.05, 0, np.int64(1))
    assert type(alone) is float
    assert black_scholes.price("put", [100], 95, 1, 0.05, 0, 1).dtype == np.float64
    assert black_scholes.price("put", np.empty((0, 3)), 95, 1, 0.05, 0, 1).shape == (0, 3)


def test_results_go_into_the_arrays_given() -> None:
    spots = np.array([90.0, 100.0, 110.0])
    market = (spots, 100.0, 0.5, 0.05, 0.0, 0.25)
    out = np.empty(3)
    assert black_scholes.price("call", *market, out=out) is out
    strided = np.empty((3, 2))[:, 1]
    black_scholes.price("call", *market, out=strided)
    assert np.array_equal(strided, out)
    table = np.empty((3, 3))
    some = black_scholes.greeks("call", *market, names=("vega", "delta"), out=table)
    assert some._fields == ("price", "vega", "delta")
    assert np.shares_memory(some.vega, table)
    full = black_scholes.greeks("call", *market)
    assert np.array_equal(table, [full.price, full.vega, full.delta])
    with pytest.raises(InvalidValueError, match=r"out must be a writable float64 array of shape \(3,\)"):
        black_scholes.price("call", *market, out=np.empty(4))


def test_names_that_are_no_greeks_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown Greek 'lambda'"):
        black_scholes.greeks("call", *HULL, names=("lambda",))
    with pytest.raises(InvalidValueError, match="without repetition"):
        black_scholes.greeks("call", *HULL, names=("delta", "delta"))


GOOD = {"spot": 100.0, "strike": 95.0, "expiry": 0.5, "rate": 0.05, "dividend_yield": 0.0, "volatility": 0.25}
BAD = [
    ("spot", 0.0, InputFault.SPOT),
    ("spot", math.inf, InputFault.SPOT),
    ("strike", -5.0, InputFault.STRIKE),
    ("expiry", -1e-9, InputFault.EXPIRY),
    ("expiry", math.nan, InputFault.EXPIRY),
    ("rate", math.nan, InputFault.RATE),
    ("rate", 2000.0, InputFault.RATE),
    ("dividend_yield", -math.inf, InputFault.DIVIDEND_YIELD),
    ("volatility", -0.1, InputFault.VOLATILITY),
]


@pytest.mark.parametrize(("field", "value", "fault"), BAD)
def test_one_bad_row_is_an_error_that_names_it(field: str, value: float, fault: InputFault) -> None:
    for function in (black_scholes.price, black_scholes.greeks):
        with pytest.raises(InvalidValueError, match=f"{field} must be .* \\(got {value}\\)"):
            function("call", **{**GOOD, field: value})
        rows = np.full(20, GOOD[field])
        rows[17] = value
        with pytest.raises(InvalidValueError, match=f"{field} must be .* \\(got {value} at row 17\\)"):
            function("call", **{**GOOD, field: rows})
        checked = function("call", **{**GOOD, field: rows}, errors="nan")
        assert np.flatnonzero(checked.status).tolist() == [17]
        assert checked.status[17] == fault
        price = checked.value if function is black_scholes.price else checked.value.price
        assert np.flatnonzero(np.isnan(price)).tolist() == [17]
        assert function("call", **{**GOOD, field: value}, errors="nan").status is fault


def test_what_is_no_number_or_no_option_type_is_refused_by_name() -> None:
    with pytest.raises(InvalidValueError, match="volatility must be a number"):
        black_scholes.price("call", 100, 95, 1, 0, 0, "high")
    with pytest.raises(InvalidValueError, match="volatility must be numbers"):
        black_scholes.price("call", [100.0], 95, 1, 0, 0, ["high"])
    with pytest.raises(InvalidValueError, match=r"option_type must be .*got 'straddle' at row 1"):
        black_scholes.price(["call", "straddle"], [100.0, 100.0], 95, 1, 0, 0, 0.2)
    with pytest.raises(InvalidValueError, match=r"option_type must be .*got 2.0 at row 1"):
        black_scholes.price([1, 2], 100.0, 95, 1, 0, 0, 0.2)
    with pytest.raises(InvalidValueError, match="option_type must be"):
        black_scholes.price("straddle", 100.0, 95, 1, 0, 0, 0.2)
    with pytest.raises(InvalidValueError, match="broadcastable"):
        black_scholes.price("call", [1.0, 2.0], [1.0, 2.0, 3.0], 1, 0, 0, 0.2)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("strike", [80.0, 100.0, 125.0])
def test_expiry_zero_and_volatility_zero_give_exact_limits(sign: int, strike: float) -> None:
    assert black_scholes.price(sign, 100.0, strike, 0.0, 0.05, 0.02, 0.3) == max(sign * (100.0 - strike), 0.0)
    certain = sign * (mp.mpf(100) * mp.exp(mp.mpf(-0.02)) - mp.mpf(strike) * mp.exp(mp.mpf(-0.05)))
    price = black_scholes.price(sign, 100.0, strike, 1.0, 0.05, 0.02, 0.0)
    assert price == pytest.approx(float(max(certain, mp.mpf(0))), rel=3e-16)
    arrays = black_scholes.greeks([sign], 100.0, strike, [0.0, 1.0], 0.05, 0.02, 0.0)
    assert arrays.price[1] == price
    if strike != 100.0:
        assert arrays.delta[0] == (sign if sign * (100.0 - strike) > 0 else 0.0)
        assert arrays.gamma[0] == arrays.vega[0] == arrays.ultima[1] == 0.0


@pytest.mark.parametrize("sign", [1, -1])
def test_greeks_on_the_strike_approach_their_limits(sign: int) -> None:
    market = (100.0, 100.0, 1.0, 0.03, 0.03)
    limit = black_scholes.greeks(sign, *market, 0.0)
    near = black_scholes.greeks(sign, *market, 1e-9)
    for name in ("delta", "vega", "theta", "rho", "epsilon", "vanna", "volga", "veta", "dual_delta", "charm", "ultima"):
        assert getattr(near, name) == pytest.approx(getattr(limit, name), rel=1e-6, abs=1e-6), name
    for name in ("gamma", "speed", "zomma", "color", "dual_gamma"):
        assert math.isinf(getattr(limit, name)), name
        assert math.copysign(1, getattr(near, name)) == math.copysign(1, getattr(limit, name)), name
    expired = black_scholes.greeks(sign, 100.0, 100.0, 0.0, 0.03, 0.03, 0.2)
    assert expired.theta == -math.inf
    assert expired.delta == 0.5 * sign


def test_a_forward_gives_the_price_of_its_spot() -> None:
    strikes = np.array([60.0, 100.0, 140.0])
    forward, factor = 100.0 * math.exp(0.04 * 2.0), math.exp(-0.05 * 2.0)
    by_spot = black_scholes.price(["call", "put", "put"], 100.0, strikes, 2.0, 0.05, 0.01, 0.3)
    by_forward = black_scholes.forward_price(["call", "put", "put"], forward, strikes, 2.0, factor, 0.3)
    assert by_forward == pytest.approx(by_spot, rel=1e-14)
    alone = black_scholes.forward_price("call", forward, 60.0, 2.0, factor, 0.3)
    assert alone == pytest.approx(by_forward[0], rel=4e-16)
    with pytest.raises(
        InvalidValueError, match=r"forward must be positive, from 1e-140 to 1e140 \(got -1.0 at row 1\)"
    ):
        black_scholes.forward_price("call", [1.0, -1.0], 1.0, 1.0, 1.0, 0.2)
    with pytest.raises(InvalidValueError, match=r"discount_factor must be positive and finite \(got 0.0\)"):
        black_scholes.forward_price("call", 1.0, 1.0, 1.0, 0.0, 0.2)
    assert black_scholes.forward_price("call", [1.0, -1.0], 1.0, 1.0, 1.0, 0.2, errors="nan").status.tolist() == [0, 9]
    checked = black_scholes.forward_price(
        "call", [1.0, -1.0, 1.0, 1.0], 1.0, 1.0, [1.0, math.nan, 0.0, math.inf], 0.2, errors="nan"
    )
    assert checked.status.tolist() == [0, 9, 10, 10]
    assert np.isnan(checked.value).tolist() == [False, True, True, True]
    with pytest.raises(InvalidValueError, match=r"discount_factor must be .*got nan at row 1\)"):
        black_scholes.forward_price("call", [1.0, 1.0, -1.0], 1.0, 1.0, [1.0, math.nan, 1.0], 0.2)
    with pytest.raises(InvalidValueError, match=r"forward must be .*got -1.0 at row 1\)"):
        black_scholes.forward_price("call", [1.0, -1.0, 1.0], 1.0, 1.0, [1.0, math.nan, 0.0], 0.2)


def test_dividends_reach_the_scalar_call_and_the_array_call_alike(reference_price: Callable[..., mp.mpf]) -> None:
    # Hull, example 15.9: two dividends of 0.50 in two and five months; spot 40, strike 40, 9%, 30%, six months: 3.67
    times, amounts = (2 / 12, 5 / 12), (0.5, 0.5)
    price = black_scholes.price("call", 40.0, 40.0, 0.5, 0.09, 0.0, 0.3, dividends=(times, amounts))
    assert price == pytest.approx(3.67, abs=0.005)
    net = mp.mpf(40) - sum(mp.mpf(a) * mp.exp(mp.mpf(-0.09) * t) for t, a in zip(times, amounts, strict=True))
    assert price == pytest.approx(float(reference_price(1, net, 40.0, 0.5, 0.09, 0.0, 0.3)), abs=1e-14 * 40)
    column = black_scholes.price("call", [40.0], 40.0, 0.5, 0.09, 0.0, 0.3, dividends=(times, amounts))
    assert column[0] == pytest.approx(price, rel=4e-16)
