"""American options against published values, an independent engine, a second grid method and their own laws."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import InputFault, american, black_scholes

PAR = (100.0, 100.0, 1.0, 0.05, 0.05, 0.25)
"""Andersen, Lake and Offengenden (2016), section 6: spot, strike, expiry, rate, yield, volatility."""
PREMIUM = 0.106952702742
"""Early-exercise premium of PAR, the same paper's table 3."""
CONTRACT = st.tuples(
    st.sampled_from([1, -1]),
    st.floats(60.0, 160.0),
    st.just(100.0),
    st.floats(1 / 365, 10.0),
    st.floats(-0.05, 0.12),
    st.floats(-0.05, 0.12),
    st.floats(0.05, 1.0),
)


@pytest.mark.parametrize("option_type", ["call", "put"])
@pytest.mark.parametrize(("accuracy", "bound"), [("fast", 1e-4), ("standard", 1e-6), ("high", 1e-10)])
def test_the_published_early_exercise_premium_is_reproduced(option_type: str, accuracy: Any, bound: float) -> None:
    premium = american.price(option_type, *PAR, accuracy=accuracy) - black_scholes.price(option_type, *PAR)
    assert premium == pytest.approx(PREMIUM, abs=bound)


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


def test_between_the_perpetual_boundary_and_the_one_of_its_expiry_an_option_is_exercised_too() -> None:
    # perpetual boundary 100 * g / (1 + g), g = 2 r / sigma^2 = 2.5: 71.4; that of a tenth of a year is near 90
    for kind, spot, sign in (("put", 80.0, -1.0), ("call", 125.0, 1.0)):
        rates = (0.05, 0.0) if kind == "put" else (0.0, 0.05)
        shape = american.greeks(kind, spot, 100.0, 0.1, *rates, 0.2)
        assert (shape.price, shape.delta) == (sign * (spot - 100.0), sign)
        assert (shape.gamma, shape.vega, shape.theta, shape.rho) == (0.0, 0.0, 0.0, 0.0)
        assert american.price_with_error(kind, spot, 100.0, 0.1, *rates, 0.2).method is american.Method.COLLOCATION


@settings(max_examples=40, deadline=None)
@given(CONTRACT)
def test_bounds_monotonicity_convexity_and_symmetry(row: tuple[Any, ...]) -> None:
    sign, spot, strike, expiry, rate, dividend_yield, volatility = row
    value = american.price(*row)
    slack = 1e-4  # above the worst error of "standard"
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


def test_every_row_says_how_it_was_priced_and_how_well() -> None:
    rows = american.price_with_error(
        ["put", "call", "put", "put"],
        100.0,
        [105.0, 105.0, 105.0, 90.0],
        [1.0, 1.0, 1.0, 0.0],
        [0.05, 0.05, -0.01, 0.05],
        [0.02, 0.0, -0.03, 0.02],
        [0.25, 0.25, 0.1, 0.25],
        accuracy="high",
    )
    assert rows.method.tolist() == [
        american.Method.COLLOCATION,
        american.Method.CLOSED_FORM,
        american.Method.COLLOCATION,
        american.Method.CLOSED_FORM,
    ]
    assert (rows.error[[1, 3]] == 0.0).all()
    assert (rows.error[[0, 2]] < 1e-6).all()
    one = american.price_with_error("put", *PAR)
    assert one.method is american.Method.COLLOCATION
    assert abs(one.price - american.price("put", *PAR, accuracy="high")) <= one.error < 1e-3


def test_rows_that_share_a_boundary_are_worth_what_they_are_alone() -> None:
    spots = np.linspace(70.0, 140.0, 29)
    together = american.price(["put", "call"], spots[:, None], 100.0, 2.0, 0.03, 0.03, 0.2)
    for place in (0, 11, 28):
        for side, kind in enumerate(("put", "call")):
            assert together[place, side] == american.price(kind, spots[place], 100.0, 2.0, 0.03, 0.03, 0.2)


def test_no_number_depends_on_how_rows_are_split(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(8)
    row = ("put", 100.0, draw.uniform(60, 160, 3000), draw.uniform(0.1, 3.0, 3000), 0.04, 0.01, 0.3)
    several = american.price(*row)
    monkeypatch.setattr("optionix_core.pricing._threads.processors", lambda: 1)
    np.testing.assert_array_equal(american.price(*row), several)
