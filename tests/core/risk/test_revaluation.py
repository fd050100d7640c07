"""Every cell of the matrix against the pricing functions called one by one, and what must hold of any matrix."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InterruptedByUserError, InvalidValueError, MissingDataError
from optionix_core.pricing import black_scholes
from optionix_core.pricing.dividends import CashDividends, ProportionalDividends
from optionix_core.risk.book import Position, PositionKind, RiskBook
from optionix_core.risk.executors import ThreadExecutor
from optionix_core.risk.revaluation import revalue
from optionix_core.risk.scenario_builders import from_moves, grid, unchanged
from optionix_core.risk.scenarios import EVERYTHING, ScenarioSet, StickyRule, UnderlyingShocks

from .risk_books import MARKET, NOON, book, mixed_options, option, stock, wild_scenarios

Price = Callable[..., float]


def european_price(position: Position, **terms: Any) -> float:
    return float(black_scholes.price(position.option_type, **terms))


def by_hand(held: RiskBook, position: Position, scenarios: ScenarioSet, row: int, price: Price) -> float:
    """P&L of one position in one scenario from the rules as the documents state them, sharing no code."""
    shocks = scenarios.shocks(position.underlying)
    currency = held.currencies[position.underlying]
    exchange = held.exchange_rates.get(currency, 1.0)
    moved_exchange = exchange * (1.0 + float(scenarios.exchange_return(currency)[row]))
    spot = held.market.spots[position.underlying]
    moved = spot * (1.0 + float(scenarios.spot_return(position.underlying)[row]))
    if position.kind is PositionKind.UNDERLYING:
        return position.units * (moved * moved_exchange - spot * exchange)
    years = held.years(position)
    days = float(scenarios.days_passed()[row])
    left = years - days / 365.0
    rate, carry_yield = held.rate(position.underlying, years), held.dividend_yield(position.underlying, years)
    today = price(
        position,
        spot=spot,
        strike=position.strike,
        expiry=years,
        rate=rate,
        dividend_yield=carry_yield,
        volatility=held.volatility(position),
    )
    if left <= 0.0:
        later = max(int(position.option_type or 0) * (moved - (position.strike or 0.0)), 0.0)
        return position.units * (later * moved_exchange - today * exchange)

    def at(values: Any, tenors: Any, nothing: float = 0.0) -> float:
        if values is None:
            return nothing
        return float(values[row] if values.ndim == 1 else np.interp(left, tenors, values[row]))

    shift = scenarios.rates.get(currency)
    new_rate = rate + (0.0 if shift is None else at(shift.change, shift.tenors))
    new_yield = carry_yield + at(shocks.dividend_yield_change, None)
    forward = moved * math.exp((new_rate - new_yield) * left)
    k = math.log((position.strike or 0.0) / forward)
    volatility = held.volatility(position)
    if scenarios.sticky is StickyRule.DELTA:
        strike_then = (position.strike or 0.0) * (spot * math.exp((rate - carry_yield) * years)) / forward
        surface = held.market.surfaces[position.underlying]
        volatility += float(
            surface.implied_volatility(strike_then, years) - surface.implied_volatility(position.strike, years)
        )
    volatility = volatility * (1.0 + at(shocks.volatility_return, shocks.tenors))
    volatility += at(shocks.volatility_change, shocks.tenors)
    volatility += at(shocks.skew_change, shocks.tenors) * k + at(shocks.curvature_change, shocks.tenors) * k * k
    later = price(
        position,
        spot=moved,
        strike=position.strike,
        expiry=left,
        rate=new_rate,
        dividend_yield=new_yield,
        volatility=volatility,
    )
    return position.units * (later * moved_exchange - today * exchange)


@pytest.mark.parametrize("sticky", list(StickyRule))
def test_every_cell_is_the_position_repriced_in_the_scenario(sticky: StickyRule) -> None:
    held = book(*mixed_options(40), stock("S", -300.0), stock("C", 10.0, "COMET"))
    scenarios = wild_scenarios(70, sticky=sticky)
    matrix = revalue(held, scenarios)
    for place, position in enumerate(held.positions):
        for row in range(0, 70, 3):
            expected = by_hand(held, position, scenarios, row, european_price)
            # 1e-13 of the larger leg a unit: rounding of the price in two arithmetics
            room = 1e-13 * abs(position.units) * 200.0 + 1e-12
            assert matrix.values[place, row] == pytest.approx(expected, abs=room), (position, row)


def test_a_position_s_own_volatility_stands_before_the_surface() -> None:
    held = book(option("O", volatility=0.4))
    scenarios = grid((-0.1,), (0.05,))
    expected = 100.0 * float(
        black_scholes.price("call", 90.0, 100.0, 90 / 365, held.rate("ORBIT", 90 / 365), _yield(held), 0.45)
        - black_scholes.price("call", 100.0, 100.0, 90 / 365, held.rate("ORBIT", 90 / 365), _yield(held), 0.4)
    )
    assert revalue(held, scenarios).values[0, 0] == pytest.approx(expected, abs=1e-10)


def _yield(held: RiskBook) -> float:
    return held.dividend_yield("ORBIT", 90 / 365)


@pytest.mark.parametrize("sticky", list(StickyRule))
def test_nothing_gains_or_loses_where_nothing_happens(sticky: StickyRule) -> None:
    held = book(*mixed_options(60), stock("S"), dividends={"COMET": CashDividends((0.2, 1.5), (0.7, 0.7))})
    still = ScenarioSet(names=("still",), underlyings={EVERYTHING: UnderlyingShocks()}, sticky=sticky)
    assert np.array_equal(revalue(held, still).values, np.zeros((61, 1)))
    # and among others that move
    moved = wild_scenarios(130, sticky=sticky)
    quiet = {name: _silenced(moved.underlyings[name], 77) for name in moved.underlyings}
    days = moved.days_passed().copy()
    days[77] = 0.0
    rates = moved.rates["USD"].change.copy()
    rates[77] = 0.0
    exchange = moved.exchange_rates["EUR"].copy()
    exchange[77] = 0.0
    scenarios = ScenarioSet(
        names=moved.names,
        underlyings=quiet,
        rates={"USD": type(moved.rates["USD"])(change=rates, tenors=moved.rates["USD"].tenors)},
        exchange_rates={"EUR": exchange},
        days=days,
        sticky=sticky,
    )
    values = revalue(held, scenarios).values
    assert np.array_equal(values[:, 77], np.zeros(61))
    assert np.all(np.abs(values[-1, :77]) > 0.0)


def _silenced(shocks: UnderlyingShocks, row: int) -> UnderlyingShocks:
    changed = {}
    for name in UnderlyingShocks.__dataclass_fields__:
        values = getattr(shocks, name)
        if values is not None and name != "tenors":
            values = values.copy()
            values[row] = 0.0
        changed[name] = values
    return UnderlyingShocks(**changed)


def test_a_linear_book_gains_exactly_units_times_the_move() -> None:
    held = book(stock("S", 7.0), stock("T", -3.0))
    scenarios = from_moves(("a", "b"), {"ORBIT": [-0.5, 0.25]})
    assert np.array_equal(revalue(held, scenarios).values, [[-350.0, 175.0], [150.0, -75.0]])
    assert np.array_equal(revalue(held, scenarios).total(), [-200.0, 100.0])


def test_a_foreign_stock_gains_with_its_currency_too() -> None:
    held = book(stock("C", 10.0, "COMET"))
    scenarios = from_moves(("a",), {"COMET": [0.0]}, exchange_returns={"EUR": [0.1]})
    assert revalue(held, scenarios).values[0, 0] == pytest.approx(10.0 * 50.0 * 1.1 * 0.1, abs=1e-10)


@settings(max_examples=40, deadline=None)
@given(
    move=st.floats(-0.9, 3.0),
    level=st.floats(0.0, 1.0),
    rate=st.floats(-0.02, 0.05),
    strike=st.floats(20.0, 300.0),
    days=st.sampled_from([0.0, 10.0, 89.0, 90.0, 400.0]),
)
def test_call_less_put_gains_what_a_forward_gains(
    move: float, level: float, rate: float, strike: float, days: float
) -> None:
    held = book(
        option("C", strike=strike, multiplier=1.0, volatility=0.3),
        option("P", strike=strike, multiplier=1.0, volatility=0.3, option_type="put", quantity=-1.0),
    )
    scenarios = from_moves(
        ("s",), {"ORBIT": [move]}, volatility_changes={"ORBIT": [level]}, rate_changes={"USD": [rate]}, days=days
    )
    years, left = 90 / 365, max((90.0 - days) / 365, 0.0)
    base_rate, carry = held.rate("ORBIT", years), held.dividend_yield("ORBIT", years)
    before = 100.0 * math.exp(-carry * years) - strike * math.exp(-base_rate * years)
    spot = 100.0 * (1.0 + move)
    after = spot * math.exp(-carry * left) - strike * math.exp(-(base_rate + rate) * left)
    assert revalue(held, scenarios).total()[0] == pytest.approx(after - before, abs=1e-11)


def test_a_long_put_gains_in_a_crash_and_a_short_one_loses_as_much() -> None:
    held = book(option("L", option_type="put"), option("S", option_type="put", quantity=-1.0))
    values = revalue(held, grid((-0.2,), (0.2,))).values
    assert values[0, 0] > 1500.0
    assert values[1, 0] == -values[0, 0]


def test_what_expires_inside_the_horizon_is_worth_its_payoff() -> None:
    held = book(option("C", days=5.0), option("P", days=5.0, option_type="put"))
    matrix = revalue(held, grid((-0.1, 0.1), days=(5.0, 30.0)))
    payoff = matrix.values + matrix.base[:, np.newaxis]
    assert payoff[0] == pytest.approx([0.0, 0.0, 1000.0, 1000.0], abs=1e-9)
    assert payoff[1] == pytest.approx([1000.0, 1000.0, 0.0, 0.0], abs=1e-9)


@pytest.mark.parametrize("kind", [CashDividends, ProportionalDividends])
def test_discrete_dividends_are_escrowed_and_may_be_cut(kind: Any) -> None:
    times, amounts = (20 / 365, 200 / 365), (0.02, 0.03)
    held = book(option("C", underlying="COMET", strike=50.0, days=300.0), dividends={"COMET": kind(times, amounts)})
    scenarios = ScenarioSet(
        names=("paid", "cut"),
        underlyings={"COMET": UnderlyingShocks(spot_return=[-0.1, -0.1], dividend_return=[0.0, -1.0])},  # type: ignore[arg-type]
        days=np.array([30.0, 30.0]),
    )
    volatility = held.volatility(held.positions[0])
    left, rate = 270 / 365, 0.02
    today = black_scholes.price("call", 50.0, 50.0, 300 / 365, rate, 0.01, volatility, dividends=kind(times, amounts))
    later = [
        black_scholes.price("call", 45.0, 50.0, left, rate, 0.01, volatility, dividends=paid)
        for paid in (kind((170 / 365,), (0.03,)), None)
    ]
    expected = [100.0 * 1.1 * float(value - today) for value in later]
    assert revalue(held, scenarios).values[0] == pytest.approx(expected, abs=1e-9)


def test_a_volatility_that_a_scenario_leaves_without_value_is_named() -> None:
    held = book(option("O", volatility=0.2), option("P", volatility=0.3))
    scenarios = from_moves(("calm", "dead calm"), {"ORBIT": [0.0, 0.0]}, volatility_changes={"ORBIT": [0.0, -0.25]})
    with pytest.raises(
        InvalidValueError, match=r"volatility of position O in scenario 'dead calm' must be above 0"
    ) as e:
        revalue(held, scenarios)
    assert e.value.value == pytest.approx(-0.05, abs=1e-15)


def test_dividends_that_leave_no_spot_are_named() -> None:
    held = book(
        option("C", underlying="COMET", strike=50.0, days=300.0),
        dividends={"COMET": CashDividends((0.5,), (10.0,))},
    )
    with pytest.raises(InvalidValueError, match=r"spot of COMET net of dividends to 0.8219 years in scenario 'crash'"):
        revalue(held, from_moves(("calm", "crash"), {"COMET": [0.0, -0.9]}))


def test_an_underlying_that_the_scenarios_do_not_know_is_an_error() -> None:
    with pytest.raises(MissingDataError, match="the scenarios say nothing about COMET"):
        revalue(book(stock("C", 1.0, "COMET")), from_moves(("a",), {"ORBIT": [0.0]}))


def test_sticky_delta_needs_a_surface() -> None:
    bare = MARKET.updated(NOON)
    bare = type(MARKET)(
        as_of=NOON,
        spots=bare.spots,
        discount_curves=bare.discount_curves,
        forward_curves=bare.forward_curves,
    )
    held = book(option("O", volatility=0.2), market=bare)
    with pytest.raises(MissingDataError, match="ORBIT has no volatility surface to keep volatilities by K / F"):
        revalue(held, grid((0.1,), sticky=StickyRule.DELTA))


def test_the_number_of_workers_changes_no_bit() -> None:
    held = book(*mixed_options(50), stock("S"))
    scenarios = wild_scenarios(5000)
    one = revalue(held, scenarios, ThreadExecutor(1))
    three = revalue(held, scenarios, ThreadExecutor(3))
    assert np.array_equal(one.values, three.values)
    grouped = [revalue(held, scenarios, ThreadExecutor(n), kept="group").values for n in (1, 3)]
    assert np.array_equal(*grouped)


def test_how_scenarios_are_cut_changes_no_bit() -> None:
    held = book(*mixed_options(20))
    scenarios = wild_scenarios(300)
    whole = revalue(held, scenarios).values
    parts = [revalue(held, scenarios.part(first, last)).values for first, last in ((0, 1), (1, 130), (130, 300))]
    assert np.array_equal(whole, np.concatenate(parts, axis=1))


def test_groups_are_sums_of_positions_by_underlying_and_expiry() -> None:
    held = book(*mixed_options(60), stock("S", 5.0), stock("T", -2.0))
    scenarios = wild_scenarios(50)
    single, grouped = revalue(held, scenarios), revalue(held, scenarios, kept="group")
    assert grouped.kept == "group"
    assert [row.name for row in grouped.rows][:2] == ["COMET 2026-01-12", "COMET 2026-02-05"]
    assert sum(row.positions for row in grouped.rows) == 62
    sums = single.by(lambda row: (row.underlying, row.expiry))
    for place, row in enumerate(grouped.rows):
        assert grouped.values[place] == pytest.approx(sums[row.underlying, row.expiry], abs=1e-8)
    assert grouped.total() == pytest.approx(single.total(), abs=1e-7)
    assert grouped.base.sum() == pytest.approx(single.base.sum(), abs=1e-7)


def test_a_book_without_positions_gains_nothing() -> None:
    matrix = revalue(book(), grid((-0.1, 0.1)))
    assert matrix.values.shape == (0, 2)
    assert np.array_equal(matrix.total(), [0.0, 0.0])


def test_progress_is_heard_and_cancelling_stops() -> None:
    heard: list[tuple[int, int]] = []
    held, scenarios = book(stock("S")), wild_scenarios(600)
    revalue(held, scenarios, ThreadExecutor(1), progress=lambda done, count: heard.append((done, count)))
    assert heard == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(InterruptedByUserError, match="stopped after 0 of 3 parts"):
        revalue(held, scenarios, ThreadExecutor(1), cancel=lambda: True)


def test_the_unchanged_scenario_has_the_value_of_the_pricing_functions() -> None:
    held = book(*mixed_options(30))
    matrix = revalue(held, unchanged())
    for place, position in enumerate(held.positions):
        years = held.years(position)
        rate, dividend_yield = held.rate(position.underlying, years), held.dividend_yield(position.underlying, years)
        spot = held.market.spots[position.underlying]
        price = black_scholes.price(
            position.option_type, spot, position.strike, years, rate, dividend_yield, held.volatility(position)
        )
        exchange = 1.1 if position.underlying == "COMET" else 1.0
        assert matrix.base[place] == pytest.approx(position.units * float(price) * exchange, abs=1e-9)
