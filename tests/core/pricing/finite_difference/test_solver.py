"""The solver itself: what it refuses, its limits, its slices, progress, cancellation and tolerance, and laws."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InterruptedByUserError, InvalidValueError
from optionix_core.pricing import CashDividends, american, barrier, black_scholes
from optionix_core.pricing.contracts import (
    AmericanOption,
    AsianOption,
    BarrierOption,
    EuropeanOption,
    OneTouchOption,
)
from optionix_core.pricing.finite_difference import FiniteDifferenceSolver
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models import BatesModel, BlackScholesModel, HestonModel

MARKET = FlatMarket(spot=110.0, rate=0.05, dividend_yield=0.02)
MODEL = BlackScholesModel(volatility=0.2)
HESTON = HestonModel(v0=0.04, kappa=1.5, theta=0.04, sigma=0.3, rho=-0.5)
CALL = EuropeanOption(option_type="call", strike=100.0, expiry=1.0)
SOLVER = FiniteDifferenceSolver()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("space_points", 15),
        ("space_points", 20_001),
        ("space_points", 100.0),
        ("time_steps", 7),
        ("time_steps", True),
        ("variance_points", 0),
        ("theta", 0.4),
        ("theta", math.nan),
        ("rannacher_steps", -1),
        ("grid_concentration", 0.0),
        ("scheme", "douglas"),
        ("tolerance", 0.0),
        ("tolerance", math.nan),
    ],
)
def test_a_setting_outside_its_bound_is_named(field: str, value: Any) -> None:
    with pytest.raises(InvalidValueError, match=field):
        FiniteDifferenceSolver(**{field: value})


def test_a_solver_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        SOLVER.theta = 1.0  # type: ignore[misc]


def test_a_pair_that_is_not_known_is_an_error_naming_both() -> None:
    with pytest.raises(InvalidValueError, match=r"asian under BlackScholesModel"):
        SOLVER.price(AsianOption(option_type="call", strike=100.0, expiry=1.0), MODEL, MARKET)
    bates = BatesModel(
        v0=0.04, kappa=1.0, theta=0.04, sigma=0.3, rho=0.0, jump_intensity=1.0, jump_mean=0.0, jump_volatility=0.1
    )
    with pytest.raises(InvalidValueError, match=r"contract: european.*BatesModel"):
        SOLVER.price(CALL, bates, MARKET)


def test_a_grid_too_large_is_an_error_naming_the_bound() -> None:
    with pytest.raises(InvalidValueError, match=r"at most 4e\+09 nodes times steps"):
        FiniteDifferenceSolver(space_points=20_000, time_steps=1_000_000).price(CALL, MODEL, MARKET)
    with pytest.raises(InvalidValueError, match=r"4,000,000 nodes"):
        FiniteDifferenceSolver(space_points=20_000, variance_points=1_000).price(CALL, HESTON, MARKET)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"volatility": 1e5}, "volatility"),
        ({"rate": 300.0}, "rate"),
        ({"dividend_yield": -60.0}, "dividend_yield"),
        ({"spot": 1e-100}, "spot"),
    ],
)
def test_sizes_that_no_grid_holds_are_named_with_their_bound(change: dict[str, float], field: str) -> None:
    terms = {"spot": 100.0, "rate": 0.05, "dividend_yield": 0.0, "volatility": 0.2} | change
    model = BlackScholesModel(volatility=terms.pop("volatility"))
    with pytest.raises(InvalidValueError, match=f"^{field} must be (at most|from)"):
        SOLVER.price(CALL, model, FlatMarket(**terms))


def test_a_layer_thinner_than_the_steps_is_an_error_that_says_how_many_points_it_needs() -> None:
    thin = BlackScholesModel(volatility=1e-4)
    with pytest.raises(InvalidValueError, match=r"space_points must be at least 164 where"):
        FiniteDifferenceSolver(space_points=40).price(CALL, thin, FlatMarket(spot=100.0, rate=0.015))
    exact = black_scholes.price("call", 100.0, 100.0, 1.0, 0.015, 0.0, 1e-4)
    solver = FiniteDifferenceSolver(space_points=400)
    result = solver.price(CALL, thin, FlatMarket(spot=100.0, rate=0.015))
    assert result.price == pytest.approx(exact, abs=1e-4)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    spot=st.sampled_from([1e-40, 1.0, 1e40]),
    strike=st.sampled_from([1e-40, 1.0, 1e40]),
    expiry=st.sampled_from([1e-9, 0.5, 100.0]),
    rate=st.floats(-0.5, 0.5),
    volatility=st.sampled_from([1e-12, 0.2, 1.4]),
    kind=st.sampled_from([EuropeanOption, AmericanOption]),
)
def test_extreme_inputs_give_finite_numbers(
    spot: float, strike: float, expiry: float, rate: float, volatility: float, kind: Any
) -> None:
    solver = FiniteDifferenceSolver(space_points=40, time_steps=16)
    contract = kind(option_type="put", strike=strike, expiry=expiry)
    result = solver.price(contract, BlackScholesModel(volatility=volatility), FlatMarket(spot=spot, rate=rate))
    scale = max(strike, strike * math.exp(-rate * expiry))
    slack = 4.0 * result.error + 1e-3 * scale
    assert -slack <= result.price <= scale + slack
    assert all(map(math.isfinite, (result.delta, result.theta, result.error)))


def test_two_prices_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="one price"):
        SOLVER.price(CALL, MODEL, FlatMarket(spot=(100.0, 90.0), rate=0.0, dividend_yield=(0.0, 0.0)))


@pytest.mark.parametrize(("expiry", "volatility"), [(0.0, 0.2), (1.0, 0.0), (0.0, 0.0)])
def test_no_time_and_no_volatility_are_limits(expiry: float, volatility: float) -> None:
    model = BlackScholesModel(volatility=volatility)
    for option_type, strike in (("call", 100.0), ("put", 130.0)):
        exact = black_scholes.greeks(option_type, 110.0, strike, expiry, 0.05, 0.02, volatility)
        result = SOLVER.price(EuropeanOption(option_type=option_type, strike=strike, expiry=expiry), model, MARKET)
        assert result.price == pytest.approx(exact.price, abs=1e-12)
        assert (result.delta, result.gamma) == pytest.approx((exact.delta, 0.0), abs=1e-9)
        assert result.theta == pytest.approx(exact.theta, abs=1e-9)
        early = american.price(option_type, 110.0, strike, expiry, 0.05, 0.06, volatility)
        market = FlatMarket(spot=110.0, rate=0.05, dividend_yield=0.06)
        option = AmericanOption(option_type=option_type, strike=strike, expiry=expiry)
        assert SOLVER.price(option, model, market).price == pytest.approx(early, abs=1e-9)
    for barrier_type in ("up-in", "up-out"):
        terms = {"option_type": "call", "strike": 100.0, "barrier": 112.0, "rebate": 3.0}
        closed = barrier.price("call", barrier_type, 110.0, 100.0, 112.0, 3.0, expiry, 0.05, 0.02, volatility)
        contract = BarrierOption(barrier_type=barrier_type, expiry=expiry, **terms)
        assert SOLVER.price(contract, model, MARKET).price == pytest.approx(closed, abs=1e-12)


def test_a_price_without_chance_is_exercised_at_its_best_moment() -> None:
    # discounted K e^(-r t) - S e^(-q t) is stationary where e^((q - r) t) = q S / (r K)
    market = FlatMarket(spot=100.0, rate=-0.02, dividend_yield=-0.06)
    best = math.log(0.06 * 100.0 / (0.02 * 150.0)) / 0.04
    exact = max(150.0 - 100.0, 150.0 * math.exp(0.02 * best) - 100.0 * math.exp(0.06 * best))
    option = AmericanOption(option_type="put", strike=150.0, expiry=30.0)
    result = SOLVER.price(option, BlackScholesModel(volatility=0.0), market)
    later = [150.0 * math.exp(0.02 * t) - 100.0 * math.exp(0.06 * t) for t in np.linspace(0.0, 30.0, 30_001)]
    assert result.price == pytest.approx(max(exact, *later), abs=1e-7)


def test_a_price_that_was_beyond_its_level_has_met_it() -> None:
    terms = {"option_type": "call", "strike": 100.0, "expiry": 1.0, "barrier": 110.0, "rebate": 3.0}
    assert SOLVER.price(BarrierOption(barrier_type="up-out", **terms), MODEL, MARKET).price == 3.0
    plain = black_scholes.price("call", 110.0, 100.0, 1.0, 0.05, 0.02, 0.2)
    found = SOLVER.price(BarrierOption(barrier_type="up-in", **terms), MODEL, MARKET).price
    assert found == pytest.approx(plain, abs=1e-5)
    late = OneTouchOption(barrier=110.0, expiry=1.0, pay_at="expiry")
    assert SOLVER.price(late, MODEL, MARKET).price == pytest.approx(math.exp(-0.05), abs=1e-12)


def test_a_level_watched_now_counts_now() -> None:
    terms = {"option_type": "call", "strike": 100.0, "expiry": 1.0, "barrier": 105.0, "rebate": 3.0}
    now = BarrierOption(barrier_type="up-out", monitoring_times=(0.0, 0.5), **terms)
    later = BarrierOption(barrier_type="up-out", monitoring_times=(0.5,), **terms)
    assert SOLVER.price(now, MODEL, MARKET).price == 3.0
    assert SOLVER.price(later, MODEL, MARKET).price > 3.0


def test_a_slice_holds_the_whole_grid() -> None:
    result = SOLVER.price(CALL, MODEL, MARKET, keep_slice=True)
    assert result.slice is not None
    assert result.slice.spots.shape == result.slice.values.shape == (201,)
    exact = black_scholes.price("call", result.slice.spots, 100.0, 1.0, 0.05, 0.02, 0.2)
    np.testing.assert_allclose(result.slice.values, exact, atol=3e-3)
    assert {100.0, 110.0} <= set(result.slice.spots)
    plane = SOLVER.price(CALL, HESTON, MARKET, keep_slice=True)
    assert plane.slice is not None
    assert plane.slice.variances is not None
    assert plane.slice.values.shape == (65, 201)
    assert 0.04 in plane.slice.variances
    assert SOLVER.price(CALL, MODEL, MARKET).slice is None


def test_a_slice_of_an_option_that_a_barrier_brings_to_life_is_the_european_beyond_it() -> None:
    contract = BarrierOption(option_type="call", strike=100.0, expiry=1.0, barrier_type="down-in", barrier=95.0)
    cut = SOLVER.price(contract, MODEL, MARKET, keep_slice=True).slice
    assert cut is not None
    exact = barrier.price("call", "down-in", cut.spots, 100.0, 95.0, 0.0, 1.0, 0.05, 0.02, 0.2)
    np.testing.assert_allclose(cut.values, exact, atol=2e-2)


def test_progress_rises_to_one() -> None:
    for model in (MODEL, HESTON):
        heard: list[float] = []
        SOLVER.price(CALL, model, MARKET, progress=heard.append)
        assert heard == sorted(heard)
        assert len(heard) > 2
        assert heard[-1] == 1.0


def test_it_stops_when_told_to() -> None:
    with pytest.raises(InterruptedByUserError):
        SOLVER.price(CALL, HESTON, MARKET, cancel=lambda: True)


def test_a_tolerance_refines_until_the_estimate_is_below_it() -> None:
    result = FiniteDifferenceSolver(tolerance=1e-5).price(CALL, MODEL, MARKET)
    exact = black_scholes.price("call", 110.0, 100.0, 1.0, 0.05, 0.02, 0.2)
    assert abs(result.price - exact) < result.error <= 1e-5
    assert result.space_points > 200


def test_a_tolerance_out_of_reach_is_an_error_that_says_what_is_in_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optionix_core.pricing.finite_difference.solver.MOST_REFINED_WORK", 1e6)
    with pytest.raises(InvalidValueError, match="which the largest grid has"):
        FiniteDifferenceSolver(tolerance=1e-12).price(CALL, MODEL, MARKET)


def test_many_dividends_are_taken_in_order_of_time() -> None:
    shuffled = FlatMarket(spot=110.0, rate=0.05, dividends=CashDividends((0.8, 0.2), (3.0, 1.0)))
    ordered = FlatMarket(spot=110.0, rate=0.05, dividends=CashDividends((0.2, 0.8), (1.0, 3.0)))
    assert SOLVER.price(CALL, MODEL, shuffled).price == SOLVER.price(CALL, MODEL, ordered).price


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    strike=st.floats(50.0, 200.0),
    expiry=st.floats(0.01, 5.0),
    rate=st.floats(-0.03, 0.1),
    dividend_yield=st.floats(-0.03, 0.1),
    volatility=st.floats(0.08, 1.0),
)
def test_parity_bounds_and_early_exercise(
    strike: float, expiry: float, rate: float, dividend_yield: float, volatility: float
) -> None:
    market = FlatMarket(spot=100.0, rate=rate, dividend_yield=dividend_yield)
    model = BlackScholesModel(volatility=volatility)
    prices = {}
    for kind in (EuropeanOption, AmericanOption):
        for option_type in ("call", "put"):
            result = SOLVER.price(kind(option_type=option_type, strike=strike, expiry=expiry), model, market)
            prices[kind, option_type] = result.price
            assert result.price >= -1e-4
            assert -1.0 - 1e-4 - max(0.0, -dividend_yield * expiry) <= result.delta * (
                1 if option_type == "put" else -1
            )
    forward = 100.0 * math.exp(-dividend_yield * expiry) - strike * math.exp(-rate * expiry)
    parity = prices[EuropeanOption, "call"] - prices[EuropeanOption, "put"]
    assert parity == pytest.approx(forward, abs=2e-4)
    for option_type in ("call", "put"):
        assert prices[AmericanOption, option_type] >= prices[EuropeanOption, option_type] - 1e-4
        exact = american.price(option_type, 100.0, strike, expiry, rate, dividend_yield, volatility)
        assert prices[AmericanOption, option_type] == pytest.approx(exact, abs=1e-2)


def test_importing_the_package_loads_no_array_library() -> None:
    code = (
        "import sys; from optionix_core.pricing import finite_difference\n"
        "assert not {'numpy', 'numba'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
