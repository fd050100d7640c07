"""American options against published values, an independent engine, a second grid method and their own laws."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.pricing import (
    CashDividends,
    InputFault,
    ProportionalDividends,
    _american_rules,
    american,
    black_scholes,
)

PAR = (100.0, 100.0, 1.0, 0.05, 0.05, 0.25)
"""Andersen, Lake and Offengenden (2016), section 6: spot, strike, expiry, rate, yield, volatility."""
PREMIUM = 0.106952702742
"""Early-exercise premium of PAR, the same paper's table 3."""
CONTRACT = st.tuples(
    st.sampled_from([1, -1]),
    st.floats(60.0, 160.0),
    st.just(100.0),
    st.floats(1 / 365, 10.0),
    st.floats(0.0, 0.12),
    st.floats(-0.05, 0.12),
    st.floats(0.05, 1.0),
)


def contracts(seed: int, rows: int) -> tuple[Any, ...]:
    """Random rows in columns: strike 60 to 160 at spot 100, one day to ten years, 5% to 100%, rates of either sign."""
    draw = np.random.default_rng(seed)
    sign = np.where(draw.random(rows) < 0.5, 1.0, -1.0)
    rate, other = draw.uniform(0.0, 0.12, rows), draw.uniform(-0.05, 0.12, rows)
    expiry = np.exp(draw.uniform(math.log(1 / 365), math.log(10), rows))
    volatility = np.exp(draw.uniform(math.log(0.05), 0.0, rows))
    put = sign < 0.0
    return (
        sign,
        np.full(rows, 100.0),
        draw.uniform(60, 160, rows),
        expiry,
        np.where(put, rate, other),
        np.where(put, other, rate),
        volatility,
    )


@pytest.mark.parametrize("option_type", ["call", "put"])
@pytest.mark.parametrize(("accuracy", "bound"), [("fast", 1e-4), ("standard", 1e-6), ("high", 1e-10)])
def test_the_published_early_exercise_premium_is_reproduced(option_type: str, accuracy: Any, bound: float) -> None:
    premium = american.price(option_type, *PAR, accuracy=accuracy) - black_scholes.price(option_type, *PAR)
    assert premium == pytest.approx(PREMIUM, abs=bound)


def test_accuracies_hold_against_finer_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = contracts(3, 600)
    standard = american.price(*rows)
    high = american.price(*rows, accuracy="high")
    monkeypatch.setitem(_american_rules.ACCURACIES, "high", (40, 64, 160, 1e-6))
    finer = american.price(*rows, accuracy="high")
    assert math.sqrt(np.mean((standard - finer) ** 2)) < 1e-6
    assert math.sqrt(np.mean((high - finer) ** 2)) < 1e-8
    assert np.max(np.abs(high - finer)) < 1e-7


def test_the_high_precision_engine_of_quantlib_agrees() -> None:
    ql = pytest.importorskip("QuantLib", reason="the peer is an optional dependency")
    today = ql.Date(2, 1, 2025)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    sign, spot, strike, expiry, rate, dividend_yield, volatility = contracts(4, 12)
    days = np.maximum(np.rint(expiry * 365), 30).astype(int)
    ours = american.price(sign, spot, strike, days / 365.0, rate, dividend_yield, volatility, accuracy="high")
    for row in range(len(sign)):

        def flat(level: float) -> Any:
            return ql.YieldTermStructureHandle(ql.FlatForward(today, float(level), count))

        smile = ql.BlackVolTermStructureHandle(
            ql.BlackConstantVol(today, ql.NullCalendar(), float(volatility[row]), count)
        )
        market = ql.BlackScholesMertonProcess(
            ql.QuoteHandle(ql.SimpleQuote(100.0)), flat(dividend_yield[row]), flat(rate[row]), smile
        )
        kind = ql.Option.Call if sign[row] > 0 else ql.Option.Put
        option = ql.VanillaOption(
            ql.PlainVanillaPayoff(kind, float(strike[row])), ql.AmericanExercise(today, today + int(days[row]))
        )
        option.setPricingEngine(ql.QdFpAmericanEngine(market, ql.QdFpAmericanEngine.highPrecisionScheme()))
        assert ours[row] == pytest.approx(option.NPV(), abs=2e-6), row  # its own error is up to 1e-6


def grid(*row: float) -> float:
    """The price by finite differences, extrapolated from two grids: another method than collocation."""
    columns, _ = american._arrays.columns(american.FIELDS, row)
    table, _ = american._grid(columns, 1, "high", american.schedule(None))
    return float(table[0, 0])


@pytest.mark.parametrize(
    "row",
    [
        (-1, 100.0, 105.0, 1.0, 0.05, 0.02, 0.25),
        (1, 100.0, 90.0, 0.5, 0.01, 0.06, 0.40),
        (-1, 100.0, 110.0, 3.0, 0.03, -0.02, 0.20),
        (-1, 100.0, 105.0, 2.0, -0.01, -0.03, 0.10),  # two boundaries that never meet
        (1, 100.0, 105.0, 2.0, -0.03, -0.01, 0.05),
    ],
)
def test_finite_differences_agree(row: tuple[float, ...]) -> None:
    assert american.price(*row, accuracy="high") == pytest.approx(grid(*row), abs=2e-5)


def test_finite_differences_agree_where_two_boundaries_meet_before_expiry() -> None:
    for row in [
        (-1, 100.0, 87.29254, 6.469430, -0.00110363, -0.02595786, 0.7558847),
        (1, 100.0, 79.31780, 0.3439669, -0.03916783, -0.03317908, 0.2803978),
    ]:
        assert american.price(*row, accuracy="high") == pytest.approx(grid(*row), abs=2e-4)
        assert american.price(*row) > black_scholes.price(*row)


def test_long_calls_on_a_high_dividend_yield_agree_with_finite_differences() -> None:
    for spot in (80.0, 90.0, 100.0, 110.0, 120.0):
        row = (1, spot, 100.0, 3.0, 0.03, 0.07, 0.2)
        assert american.price(*row, accuracy="high") == pytest.approx(grid(*row), abs=2e-5)
        assert american.price(*row) == pytest.approx(grid(*row), abs=2e-5)


def test_published_approximations_are_met_within_their_error(shared_reference: Path) -> None:
    lines = (shared_reference / "pricing" / "published_quantlib_suite.jsonl").read_text().splitlines()
    cases = [json.loads(line) for line in lines]
    cases = [case for case in cases if case["test"] == "testBjerksundStenslandValues" and 0 < case.get("v", 0) < 1]
    assert len(cases) > 30
    for case in cases:
        expiry = round(case["t"] * 360) / 360
        kind = "call" if case["type"].endswith("Call") else "put"
        ours = american.price(kind, case["s"], case["strike"], expiry, case["r"], case["q"], case["v"])
        assert ours == pytest.approx(case["result"], abs=0.1)


def test_where_early_exercise_never_pays_the_price_is_the_european_one() -> None:
    for row in [
        ("call", 100, 90, 2.0, 0.05, 0.0, 0.3),
        ("call", 100, 90, 2.0, 0.05, -0.02, 0.3),
        ("put", 100, 110, 2.0, 0.0, 0.03, 0.3),
        ("put", 100, 110, 2.0, -0.02, -0.01, 0.3),
    ]:
        assert american.price(*row) == black_scholes.price(*row)


def test_no_time_and_no_volatility_are_limits() -> None:
    assert american.price("put", 90, 100, 0.0, 0.05, 0.02, 0.3) == 10.0
    assert american.price("put", 90, 100, 2.0, 0.05, 0.0, 0.0) == 10.0
    # r = q = -5%: waiting doubles nothing but grows the payoff by exp(0.05 T)
    assert american.price("call", 110, 100, 2.0, -0.05, -0.05, 0.0) == pytest.approx(10 * math.exp(0.1), rel=1e-14)
    near = american.price("put", 90, 100, 2.0, 0.05, 0.0, 1e-3)
    assert near == pytest.approx(10.0, abs=1e-3)


def test_deep_in_the_money_the_holder_exercises() -> None:
    shape = american.greeks("put", 50.0, 100.0, 1.0, 0.05, 0.0, 0.2)
    assert (shape.price, shape.delta, shape.gamma, shape.vega, shape.theta) == (50.0, -1.0, 0.0, 0.0, 0.0)


@settings(max_examples=40, deadline=None)
@given(CONTRACT)
def test_bounds_monotonicity_convexity_and_symmetry(row: tuple[Any, ...]) -> None:
    sign, spot, strike, expiry, rate, dividend_yield, volatility = row
    value = american.price(*row)
    slack = 2e-5
    assert value >= max(sign * (spot - strike), 0.0)
    assert value >= black_scholes.price(*row) - 1e-12
    assert american.price(sign, spot, strike, expiry, rate, dividend_yield, volatility * 1.05) >= value - slack
    assert american.price(sign, spot, strike, expiry * 1.05, rate, dividend_yield, volatility) >= value - slack
    twin = american.price(-sign, strike, spot, expiry, dividend_yield, rate, volatility)
    assert twin == pytest.approx(value, abs=1e-9)
    spots = np.array([0.97, 1.0, 1.03]) * spot
    left, middle, right = american.price(sign, spots, strike, expiry, rate, dividend_yield, volatility)
    assert left + right - 2.0 * middle >= -slack
    assert abs(right - left) <= (spots[2] - spots[0]) * (1.0 + 1e-6) * math.exp(max(-dividend_yield * expiry, 0.0))


def test_greeks_are_the_differences_of_prices() -> None:
    row = ["put", 100.0, 104.0, 0.8, 0.05, 0.01, 0.3]
    found = american.greeks(*row, accuracy="high")
    places = {"delta": 1, "dual_delta": 2, "theta": 3, "rho": 4, "epsilon": 5, "vega": 6}
    for name, place in places.items():
        step = 1e-3 * (row[place] or 1.0)

        def moved(size: float, place: int = place) -> float:
            there = list(row)
            there[place] += size
            return float(american.price(*there, accuracy="high"))

        slope = (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step)
        assert getattr(found, name) == pytest.approx(-slope if name == "theta" else slope, rel=2e-6), name
    up, down = (
        american.greeks("put", spot, *row[2:], accuracy="high", names=("delta",)).delta for spot in (100.05, 99.95)
    )
    assert found.gamma == pytest.approx((up - down) / 0.1, rel=1e-5)


def test_gamma_at_the_boundary_is_the_one_of_the_pricing_equation() -> None:
    edge = american.exercise_boundary("put", 100.0, 1.0, 0.05, 0.02, 0.25, times=[1.0], accuracy="high").upper[0]
    gamma = american.greeks("put", edge * (1 + 1e-5), *(100.0, 1.0, 0.05, 0.02, 0.25), accuracy="high").gamma
    assert gamma == pytest.approx(2 * (0.05 * 100 - 0.02 * edge) / (0.25 * edge) ** 2, rel=1e-3)


def test_greeks_come_in_the_order_asked_and_unknown_ones_are_refused() -> None:
    some = american.greeks("put", *PAR, names=("vega", "delta"))
    assert some._fields == ("price", "vega", "delta")
    with pytest.raises(UnknownNameError):
        american.greeks("put", *PAR, names=("ultima",))
    with pytest.raises(UnknownNameError):
        american.price("put", *PAR, accuracy="best")  # type: ignore[arg-type]


def test_implied_volatility_inverts_the_price() -> None:
    sign, spot, strike, expiry, rate, dividend_yield, volatility = contracts(6, 200)
    value = american.price(sign, spot, strike, expiry, rate, dividend_yield, volatility)
    found = american.implied_volatility(sign, value, spot, strike, expiry, rate, dividend_yield)
    vega = american.greeks(sign, spot, strike, expiry, rate, dividend_yield, volatility, names=("vega",)).vega
    clear = vega > 0.1
    assert clear.sum() > 80
    assert np.max(np.abs(found - volatility)[clear]) < 1e-6
    held = value == np.maximum(sign * (spot - strike), 0.0)
    assert np.isnan(found[held]).all()


def test_impossible_prices_have_no_implied_volatility() -> None:
    assert math.isnan(american.implied_volatility("put", 5.0, 90.0, 100.0, 1.0, 0.05, 0.0))
    assert math.isnan(american.implied_volatility("put", 10.0, 90.0, 100.0, 1.0, 0.05, 0.0))
    assert math.isnan(american.implied_volatility("put", 101.0, 90.0, 100.0, 1.0, 0.05, 0.0))
    assert math.isnan(american.implied_volatility("put", math.nan, 90.0, 100.0, 1.0, 0.05, 0.0))


def test_the_boundary_starts_at_its_limit_and_falls() -> None:
    found = american.exercise_boundary("put", 100.0, 5.0, 0.03, 0.06, 0.3)
    assert found.upper[0] < 50.0  # strike times rate over yield
    assert (np.diff(found.upper) < 0.0).all()
    assert (found.lower == 0.0).all()
    call = american.exercise_boundary("call", 100.0, 5.0, 0.06, 0.03, 0.3)
    np.testing.assert_allclose(call.lower, 1e4 / found.upper, rtol=1e-9)
    assert np.isinf(call.upper).all()


def test_two_boundaries_close_in_on_each_other() -> None:
    found = american.exercise_boundary("put", 100.0, 2.0, -0.01, -0.03, 0.1)
    assert found.lower[0] == pytest.approx(100 / 3, rel=0.05)
    assert (np.diff(found.lower) > 0.0).all()
    assert (found.lower < found.upper).all()


def test_proportional_dividends_of_nothing_and_cash_of_nothing_change_nothing() -> None:
    plain = american.price("put", 100.0, 105.0, 1.0, 0.05, 0.0, 0.25, accuracy="high")
    for paid in (CashDividends([0.4], [0.0]), ProportionalDividends([0.4], [0.0])):
        with_grid = american.price("put", 100.0, 105.0, 1.0, 0.05, 0.0, 0.25, accuracy="high", dividends=paid)
        assert with_grid == pytest.approx(plain, abs=5e-5)


def test_a_call_is_exercised_just_before_a_large_dividend_or_held_to_expiry() -> None:
    # With zero rate the only exercise that can pay is at the dividend: max over two dates by quadrature over the spot.
    spot, strike, expiry, volatility, amount, when = 100.0, 95.0, 1.0, 0.3, 8.0, 0.5
    points, weights = np.polynomial.legendre.leggauss(4000)
    x = 8.0 * points
    there = spot * np.exp(-0.5 * volatility**2 * when + volatility * math.sqrt(when) * x)
    after = np.maximum(there - amount, 1e-8)
    held = black_scholes.price("call", after, strike, expiry - when, 0.0, 0.0, volatility)
    density = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    expected = float(np.sum(8.0 * weights * density * np.maximum(there - strike, held)))
    paid = CashDividends([when], [amount])
    for accuracy, bound in (("standard", 5e-4), ("high", 5e-5)):
        found = american.price("call", spot, strike, expiry, 0.0, 0.0, volatility, accuracy=accuracy, dividends=paid)  # type: ignore[arg-type]
        assert found == pytest.approx(expected, abs=bound)


def test_bad_rows_are_named_or_told_by_status() -> None:
    with pytest.raises(InvalidValueError, match=r"strike must be positive.*got -5.0 at row 1"):
        american.price("put", 100.0, [100.0, -5.0], 1.0, 0.05, 0.0, 0.2)
    with pytest.raises(InvalidValueError, match="volatility"):
        american.price("put", 100.0, 100.0, 1.0, 0.05, 0.0, -0.2)
    checked = american.price("put", [100.0, math.nan], 100.0, 1.0, 0.05, 0.0, 0.2, errors="nan")
    assert checked.status.tolist() == [InputFault.NONE, InputFault.SPOT]
    assert np.isnan(checked.value).tolist() == [False, True]
    with pytest.raises(InvalidValueError, match="expiry"):
        american.implied_volatility("put", 5.0, 100.0, 100.0, math.nan, 0.05, 0.0)


def test_shapes_are_those_of_the_arguments() -> None:
    assert isinstance(american.price("put", *PAR), float)
    table = american.price(["call", "put"], [[100.0], [90.0], [80.0]], *PAR[1:])
    assert table.shape == (3, 2)
    assert american.greeks("put", [90.0, 100.0], *PAR[1:]).charm.shape == (2,)
