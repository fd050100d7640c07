"""One dimension against closed forms, orders of convergence, exercise, dividends and watching at discrete times."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from optionix_core.pricing import (
    CashDividends,
    ProportionalDividends,
    american,
    barrier,
    black_scholes,
    digital,
)
from optionix_core.pricing.contracts import (
    AmericanOption,
    AssetOrNothingOption,
    BarrierOption,
    CashOrNothingOption,
    Contract,
    DoubleBarrierOption,
    EuropeanOption,
    NoTouchOption,
    OneTouchOption,
)

Priced = Callable[..., Any]
MARKET = (0.05, 0.02, 0.2)
"""Rate, yield and volatility of the fixture's defaults."""


def european(option_type: str, strike: float, expiry: float = 1.0) -> EuropeanOption:
    return EuropeanOption(option_type=option_type, strike=strike, expiry=expiry)


def barrier_option(option_type: str, barrier_type: str, strike: float, level: float, rebate: float = 0.0) -> Contract:
    return BarrierOption(
        option_type=option_type, strike=strike, expiry=1.0, barrier_type=barrier_type, barrier=level, rebate=rebate
    )


def double(option_type: str, barrier_type: str, strike: float, lower: float, upper: float) -> Contract:
    return DoubleBarrierOption(
        option_type=option_type, strike=strike, expiry=1.0, barrier_type=barrier_type, lower=lower, upper=upper
    )


def closed(contract: Any) -> float:
    """Closed form of a year's contract at spot 100 in the default market."""
    last = (1.0, *MARKET)
    if isinstance(contract, CashOrNothingOption):
        return float(digital.cash_or_nothing(contract.option_type, 100.0, contract.strike, *last, cash=contract.cash))
    if isinstance(contract, AssetOrNothingOption):
        return float(digital.asset_or_nothing(contract.option_type, 100.0, contract.strike, *last))
    if isinstance(contract, OneTouchOption):
        paid = contract.pay_at
        return float(digital.one_touch(100.0, contract.barrier, *last, cash=contract.cash, pay_at=paid))
    if isinstance(contract, NoTouchOption):
        return float(digital.no_touch(100.0, contract.barrier, *last, cash=contract.cash))
    if isinstance(contract, BarrierOption):
        terms = (contract.option_type, contract.barrier_type, 100.0, contract.strike, contract.barrier, contract.rebate)
        return float(barrier.price(*terms, *last))
    if isinstance(contract, DoubleBarrierOption):
        edges = (contract.lower, contract.upper)
        return float(
            barrier.double_price(contract.option_type, contract.barrier_type, 100.0, contract.strike, *edges, *last)
        )
    return float(black_scholes.price(contract.option_type, 100.0, contract.strike, *last))


CLOSED: list[tuple[Contract, float]] = [
    (european("call", 100.0), 3e-6),
    (european("put", 103.3), 3e-6),
    (european("put", 60.0), 3e-6),
    (european("call", 160.0), 3e-6),
    (CashOrNothingOption(option_type="call", strike=103.0, expiry=1.0, cash=10.0), 1e-6),
    (CashOrNothingOption(option_type="put", strike=100.0, expiry=1.0, cash=10.0), 1e-6),
    (AssetOrNothingOption(option_type="put", strike=95.0, expiry=1.0), 1e-5),
    (OneTouchOption(barrier=90.0, expiry=1.0, cash=5.0), 1e-6),
    (OneTouchOption(barrier=115.0, expiry=1.0, cash=5.0, pay_at="expiry"), 1e-6),
    (NoTouchOption(barrier=90.0, expiry=1.0, cash=5.0), 1e-6),
    (double("call", "knock-out", 100.0, 80.0, 130.0), 3e-6),
    (double("put", "knock-in", 100.0, 80.0, 130.0), 5e-6),
]
CLOSED += [
    (barrier_option(kind, f"{way}-{what}", strike, level, 2.0), 2e-5)
    for kind in ("call", "put")
    for way, level in (("down", 90.0), ("up", 115.0))
    for what in ("in", "out")
    for strike in (85.0, 100.0)
]


@pytest.mark.parametrize(("contract", "bound"), CLOSED, ids=lambda value: getattr(value, "kind", ""))
def test_prices_agree_with_closed_forms(priced: Priced, contract: Contract, bound: float) -> None:
    result = priced(contract, 0.2)
    assert result.price == pytest.approx(closed(contract), abs=bound)
    assert abs(result.price - closed(contract)) <= result.error


def test_greeks_agree_with_closed_forms(priced: Priced) -> None:
    for strike in (75.0, 99.0, 100.0, 130.0):
        exact = black_scholes.greeks("call", 100.0, strike, 1.0, *MARKET)
        result = priced(european("call", strike), 0.2)
        assert result.delta == pytest.approx(exact.delta, abs=1e-6)
        assert result.gamma == pytest.approx(exact.gamma, abs=1e-7)
        assert result.theta == pytest.approx(exact.theta, abs=2e-5)


@pytest.mark.parametrize(
    "contract",
    [
        european("put", 100.0),
        CashOrNothingOption(option_type="call", strike=103.0, expiry=1.0),
        barrier_option("call", "up-out", 100.0, 120.0),
        double("call", "knock-out", 100.0, 80.0, 130.0),
    ],
    ids=lambda contract: contract.kind,
)
def test_the_error_is_of_second_order_and_of_fourth_once_extrapolated(priced: Priced, contract: Contract) -> None:
    exact = closed(contract)
    for extrapolate, low, high in ((False, 1.9, 2.1), (True, 3.3, 7.0)):
        errors = [
            abs(priced(contract, 0.2, space_points=n, time_steps=n, extrapolate=extrapolate).price - exact)
            for n in (100, 200, 400)
        ]
        orders = [math.log2(coarse / fine) for coarse, fine in pairwise(errors)]
        assert all(low < order < high for order in orders), (errors, orders)


def test_an_implicit_scheme_is_of_first_order_in_time_and_still_extrapolates(priced: Priced) -> None:
    exact = closed(european("put", 100.0))
    plain = priced(european("put", 100.0), 0.2, theta=1.0, extrapolate=False)
    best = priced(european("put", 100.0), 0.2, theta=1.0)
    assert best.time_steps == 100
    assert abs(best.price - exact) < 0.05 * abs(plain.price - exact)


def test_without_damping_gamma_swings_at_the_strike(priced: Priced) -> None:
    contract = CashOrNothingOption(option_type="call", strike=100.0, expiry=1.0)
    up, down = (black_scholes.greeks("call", 100.0, strike, 1.0, *MARKET) for strike in (99.99, 100.01))
    exact = (up.gamma - down.gamma) / 0.02
    settings = {"space_points": 800, "time_steps": 10}
    damped = abs(priced(contract, 0.2, **settings).gamma - exact)
    bare = abs(priced(contract, 0.2, rannacher_steps=0, **settings).gamma - exact)
    assert damped < 1e-4
    assert bare > 3.0 * damped


AMERICAN = [
    ("put", 100.0, 1.0, 0.05, 0.02, 0.2),
    ("call", 100.0, 0.5, 0.02, 0.08, 0.3),
    ("put", 110.0, 3.0, 0.08, 0.0, 0.4),
    ("call", 90.0, 0.02, 0.03, 0.1, 0.25),
    ("put", 100.0, 2.0, -0.01, -0.05, 0.2),  # two boundaries
    ("put", 100.0, 5.0, -0.02, -0.06, 0.1),  # two boundaries
    ("call", 100.0, 2.0, -0.05, -0.01, 0.2),  # two boundaries
]


@pytest.mark.parametrize(("option_type", "strike", "expiry", "rate", "dividend_yield", "volatility"), AMERICAN)
def test_american_prices_agree_with_the_boundary_method_to_1e_5(
    priced: Priced,
    option_type: str,
    strike: float,
    expiry: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
) -> None:
    exact = american.price(option_type, 100.0, strike, expiry, rate, dividend_yield, volatility, accuracy="high")
    contract = AmericanOption(option_type=option_type, strike=strike, expiry=expiry)
    coarse = priced(contract, volatility, 100.0, rate, dividend_yield)
    fine = priced(contract, volatility, 100.0, rate, dividend_yield, space_points=1600, time_steps=800)
    assert coarse.price == pytest.approx(exact, abs=3e-4)
    assert fine.price == pytest.approx(exact, abs=1e-5)


@pytest.mark.soak
def test_fine_grids_agree_with_the_boundary_method_to_1e_5_on_random_options(priced: Priced) -> None:
    draw = np.random.default_rng(1)
    for _ in range(100):
        strike, expiry = draw.uniform(60.0, 160.0), math.exp(draw.uniform(math.log(1 / 365), math.log(10.0)))
        rates = draw.uniform(0.0, 0.12), draw.uniform(-0.05, 0.12)
        volatility = math.exp(draw.uniform(math.log(0.05), 0.0))
        option_type, (rate, carry) = ("put", rates) if draw.random() < 0.5 else ("call", rates[::-1])
        exact = american.price(option_type, 100.0, strike, expiry, rate, carry, volatility, accuracy="high")
        contract = AmericanOption(option_type=option_type, strike=strike, expiry=expiry)
        result = priced(contract, volatility, 100.0, rate, carry, space_points=3200, time_steps=1600)
        assert result.price == pytest.approx(exact, abs=1e-5)


def test_where_exercise_is_due_price_and_greeks_are_those_of_the_payoff(priced: Priced) -> None:
    result = priced(AmericanOption(option_type="put", strike=150.0, expiry=1.0), 0.2, rate=0.1, dividend_yield=0.0)
    assert (result.price, result.delta, result.gamma, result.theta) == pytest.approx((50.0, -1.0, 0.0, 0.0), abs=1e-12)


def test_proportional_dividends_are_exact(priced: Priced) -> None:
    paid = ProportionalDividends((0.3, 0.7, 1.5), (0.03, 0.02, 0.5))
    exact = black_scholes.price("call", 100.0, 103.0, 1.0, 0.05, 0.0, 0.2, dividends=paid)
    result = priced(european("call", 103.0), 0.2, dividend_yield=0.0, dividends=paid)
    assert result.price == pytest.approx(exact, abs=1e-5)


def test_one_cash_dividend_agrees_with_quadrature_over_the_price_at_its_payment(priced: Priced) -> None:
    # given the price S before the payment of 4 the rest is Black-Scholes from max(S - 4, 0)
    points, weights = np.polynomial.hermite_e.hermegauss(120)
    before = 100.0 * np.exp((0.05 - 0.02) * 0.5 + 0.2 * math.sqrt(0.5) * points)
    after = black_scholes.price("put", before - 4.0, 100.0, 0.5, 0.05, 0.0, 0.2)
    exact = math.exp(-0.025) * float(weights @ after) / math.sqrt(2.0 * math.pi)
    paid = CashDividends((0.5,), (4.0,))
    result = priced(european("put", 100.0), 0.2, dividend_yield=0.0, dividends=paid)
    assert result.price == pytest.approx(exact, abs=1e-5)


def test_american_calls_with_a_cash_dividend_agree_with_the_grid_of_the_american_room(priced: Priced) -> None:
    paid = CashDividends((0.5,), (4.0,))
    exact = american.price("call", 100.0, 100.0, 1.0, 0.05, 0.0, 0.2, accuracy="high", dividends=paid)
    contract = AmericanOption(option_type="call", strike=100.0, expiry=1.0)
    result = priced(contract, 0.2, dividend_yield=0.0, dividends=paid, space_points=800, time_steps=400)
    assert result.price == pytest.approx(exact, abs=5e-5)


def test_a_dividend_that_takes_everything_leaves_the_price_at_zero(priced: Priced) -> None:
    paid = CashDividends((0.5,), (1000.0,))
    put = priced(european("put", 100.0), 0.2, dividend_yield=0.0, dividends=paid)
    call = priced(european("call", 100.0), 0.2, dividend_yield=0.0, dividends=paid)
    assert put.price == pytest.approx(100.0 * math.exp(-0.05), abs=1e-6)
    assert call.price == pytest.approx(0.0, abs=1e-9)


def watched_by_quadrature(level: float, strike: float, dates: int, expiry: float, rate: float, sigma: float) -> float:
    """Down-and-out call watched at even dates, at spot 100: Gauss-Legendre over the price at each date."""
    dt = expiry / dates
    drift, deviation = (rate - 0.5 * sigma**2) * dt, sigma * math.sqrt(dt)
    points, weights = np.polynomial.legendre.leggauss(400)

    def panel(low: float) -> tuple[Any, Any]:
        high = math.log(100.0) + 9.0 * sigma * math.sqrt(expiry)
        return low + 0.5 * (high - low) * (points + 1.0), 0.5 * (high - low) * weights

    def density(start: Any, end: Any) -> Any:
        z = (end - start - drift) / deviation
        return np.exp(-0.5 * z * z) / (deviation * math.sqrt(2.0 * math.pi))

    x, w = panel(math.log(max(level, strike)))
    values, where = np.exp(x) - strike, x
    weight = w
    for _ in range(dates - 1):
        y, following = panel(math.log(level))
        values = math.exp(-rate * dt) * density(y[:, None], where[None, :]) @ (weight * values)
        where, weight = y, following
    return float(math.exp(-rate * dt) * density(math.log(100.0), where) @ (weight * values))


@pytest.mark.parametrize(("level", "dates"), [(95.0, 5), (90.0, 12), (95.0, 50)])
def test_a_barrier_watched_at_dates_agrees_with_quadrature(priced: Priced, level: float, dates: int) -> None:
    exact = watched_by_quadrature(level, 100.0, dates, 0.2, 0.1, 0.3)
    times = tuple(0.2 * ((k + 1) / dates) for k in range(dates))
    terms = {"option_type": "call", "strike": 100.0, "expiry": 0.2, "barrier": level, "monitoring_times": times}
    out = priced(BarrierOption(barrier_type="down-out", **terms), 0.3, 100.0, 0.1, 0.0)
    into = priced(BarrierOption(barrier_type="down-in", **terms), 0.3, 100.0, 0.1, 0.0)
    assert out.price == pytest.approx(exact, abs=3e-4)
    whole = black_scholes.price("call", 100.0, 100.0, 0.2, 0.1, 0.0, 0.3)
    assert out.price + into.price == pytest.approx(whole, abs=1e-5)


def test_the_barrier_watched_at_fifty_dates_has_its_published_price(priced: Priced) -> None:
    # Broadie, Glasserman and Kou, Math. Finance 7 (1997) 325, table 2.1, barrier 95: 4.907
    times = tuple(0.2 * ((k + 1) / 50) for k in range(50))
    contract = BarrierOption(
        option_type="call", strike=100.0, expiry=0.2, barrier_type="down-out", barrier=95.0, monitoring_times=times
    )
    assert priced(contract, 0.3, 100.0, 0.1, 0.0, space_points=400).price == pytest.approx(4.907, abs=1e-3)


def test_a_watched_barrier_and_a_cash_dividend_on_one_date_agree_with_quadrature(priced: Priced) -> None:
    # dates every quarter, a fall of 5 at the half year just before that date's watching
    level, strike, fall, rate, sigma, dt = 90.0, 95.0, 5.0, 0.05, 0.25, 0.25
    points, weights = np.polynomial.legendre.leggauss(300)
    drift, deviation = (rate - 0.5 * sigma**2) * dt, sigma * math.sqrt(dt)

    def panel(low: float) -> tuple[Any, Any]:
        high = math.log(100.0) + 8.0 * sigma
        return low + 0.5 * (high - low) * (points + 1.0), 0.5 * (high - low) * weights

    def back(start: Any, end: Any, weight: Any, values: Any) -> Any:
        z = (end[None, :] - start[:, None] - drift) / deviation
        kernel = np.exp(-0.5 * z * z) / (deviation * math.sqrt(2.0 * math.pi))
        return math.exp(-rate * dt) * kernel @ (weight * values)

    last, last_weight = panel(math.log(strike))
    nodes, weight = panel(math.log(level))
    third = back(nodes, last, last_weight, np.exp(last) - strike)
    half = back(nodes, nodes, weight, third)
    before = np.log(np.exp(nodes) + fall)
    first = back(nodes, before, weight * np.exp(nodes - before), half)
    exact = float(back(np.array([math.log(100.0)]), nodes, weight, first)[0])
    contract = BarrierOption(
        option_type="call",
        strike=strike,
        expiry=1.0,
        barrier_type="down-out",
        barrier=level,
        monitoring_times=(0.25, 0.5, 0.75, 1.0),
    )
    paid = CashDividends((0.5,), (fall,))
    result = priced(contract, sigma, dividend_yield=0.0, dividends=paid, space_points=400)
    assert result.price == pytest.approx(exact, abs=2e-4)


def test_a_fall_through_a_barrier_that_is_always_watched_ends_the_option(priced: Priced) -> None:
    terms = {"option_type": "call", "strike": 95.0, "expiry": 1.0, "barrier_type": "down-out", "barrier": 90.0}
    paid = CashDividends((0.5,), (60.0,))  # every likely price falls through
    result = priced(BarrierOption(rebate=0.0, **terms), 0.1, dividend_yield=0.0, dividends=paid)
    assert result.price == pytest.approx(0.0, abs=1e-6)
    often = tuple(0.002 * (k + 1) for k in range(500))
    paid = CashDividends((0.5,), (4.0,))
    always = priced(BarrierOption(rebate=1.0, **terms), 0.2, dividend_yield=0.0, dividends=paid, space_points=400)
    # the correction of Broadie, Glasserman and Kou moves the watched barrier to where it counts as always watched
    moved = terms | {"barrier": 90.0 * math.exp(0.5826 * 0.2 * math.sqrt(0.002))}
    dated = BarrierOption(rebate=1.0, monitoring_times=often, **moved)
    close = priced(dated, 0.2, dividend_yield=0.0, dividends=paid, space_points=400)
    assert always.price == pytest.approx(close.price, abs=0.03)
