"""American options from tables against the pricing function cell by cell, and where tables do not reach."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.market.curves import DiscountCurve
from optionix_core.market.option_type import OptionType
from optionix_core.pricing import american
from optionix_core.pricing.dividends import CashDividends, ProportionalDividends
from optionix_core.risk import revaluation
from optionix_core.risk.american_tables import AIM, DIRECT, FREE, TABLED, Reach, build_tables
from optionix_core.risk.book import Position, PositionKind, RiskBook
from optionix_core.risk.dividend_tables import AIM as DIVIDEND_AIM
from optionix_core.risk.executors import ThreadExecutor
from optionix_core.risk.revaluation import revalue
from optionix_core.risk.scenario_builders import from_moves, grid
from optionix_core.risk.scenarios import EVERYTHING, ScenarioSet, StickyRule, UnderlyingShocks

from .risk_books import MARKET, NOON, book, mixed_options, option, wild_scenarios
from .test_revaluation import by_hand

ROOM = 3.0 * AIM
"""Of a value over the larger of strike and spot: the check of a table looks at a few points, and direct prices of
standard accuracy are themselves good to 1.2e-7 of the strike (docs/mathematics/american.md)."""


def american_price(position: Position, **terms: Any) -> float:
    return float(american.price(position.option_type, **terms, accuracy="high"))


def american_options(count: int, **changes: Any) -> tuple[Position, ...]:
    return mixed_options(count, kind=PositionKind.AMERICAN, **changes)


def worst(held: RiskBook, scenarios: ScenarioSet, rows: Callable[[int], range]) -> float:
    """Largest error of a cell for one unit, over the larger of strike and spot."""
    matrix = revalue(held, scenarios)
    errors = [
        abs(matrix.values[place, row] - by_hand(held, position, scenarios, row, american_price))
        / (abs(position.units) * max(position.strike or 0.0, held.market.spots[position.underlying]))
        for place, position in enumerate(held.positions)
        if position.units
        for row in rows(place)
    ]
    return max(errors)


@pytest.mark.parametrize("sticky", list(StickyRule))
def test_cells_agree_with_direct_prices_where_everything_moves(sticky: StickyRule) -> None:
    held = book(*american_options(10))
    scenarios = wild_scenarios(600, sticky=sticky, days=np.resize([0.0, 10.0], 600))
    assert worst(held, scenarios, lambda place: range(place % 50, 600, 50)) < ROOM


def test_cells_agree_with_direct_prices_where_spot_and_volatility_move() -> None:
    draw = np.random.default_rng(4)
    scenarios = from_moves(
        [f"s{n}" for n in range(300)],
        {name: draw.uniform(-0.4, 0.4, 300) for name in ("ORBIT", "COMET")},
        volatility_returns={name: draw.uniform(-0.5, 2.0, 300) for name in ("ORBIT", "COMET")},
    )
    held = book(*american_options(20, seed=8), dividend_yields={"COMET": 0.03})
    assert worst(held, scenarios, lambda place: range(place % 9, 300, 9)) < ROOM


def test_a_deep_option_is_worth_its_exercise_and_never_less() -> None:
    held = book(option("P", kind=PositionKind.AMERICAN, option_type="put", strike=200.0, days=365.0, multiplier=1.0))
    matrix = revalue(held, grid((-0.5, -0.2, 0.0, 0.1)))
    worth = matrix.values[0] + matrix.base[0]
    assert worth == pytest.approx([150.0, 120.0, 100.0, 90.0], abs=1e-12)


def test_a_call_without_yield_is_european_to_the_bit() -> None:
    bare = {"dividend_yields": {"ORBIT": 0.0}}
    terms = {"strike": 105.0, "days": 200.0}
    scenarios = grid((-0.2, 0.0, 0.3), (0.0, 0.1), (0.0, 20.0))
    american_call = revalue(book(option("A", kind=PositionKind.AMERICAN, **terms), **bare), scenarios)
    european_call = revalue(book(option("A", **terms), **bare), scenarios)
    assert np.array_equal(american_call.values, european_call.values)


def test_nothing_gains_or_loses_where_nothing_happens() -> None:
    held = book(*american_options(16))
    scenarios = from_moves(
        ("crash", "still", "rally"),
        {EVERYTHING: [-0.3, 0.0, 0.3]},
        volatility_changes={EVERYTHING: [0.3, 0.0, -0.02]},
        rate_changes={EVERYTHING: [-0.005, 0.0, 0.01]},
    )
    values = revalue(held, scenarios).values
    assert np.array_equal(values[:, 1], np.zeros(16))
    assert np.count_nonzero(values[:, 0]) > 10


def test_rates_that_turn_negative_are_priced_directly() -> None:
    held = book(option("P", kind=PositionKind.AMERICAN, option_type="put", days=300.0))
    scenarios = from_moves(("cut", "more"), {"ORBIT": [0.0, -0.1]}, rate_changes={"USD": [-0.01, -0.06]})
    assert worst(held, scenarios, lambda _: range(2)) < ROOM


def test_discrete_dividends_are_paid_at_their_dates() -> None:
    paid = CashDividends((30 / 365, 200 / 365), (1.0, 1.5))
    held = book(
        option("C", kind=PositionKind.AMERICAN, underlying="COMET", strike=45.0, days=250.0, multiplier=1.0),
        option("P", kind=PositionKind.AMERICAN, underlying="COMET", strike=55.0, days=250.0, option_type="put"),
        dividends={"COMET": paid},
    )
    scenarios = ScenarioSet(
        names=("soon", "after", "cut"),
        underlyings={"COMET": UnderlyingShocks(spot_return=[-0.1, 0.1, 0.1], dividend_return=[0.0, 0.0, -0.5])},  # type: ignore[arg-type]
        days=np.array([0.0, 40.0, 40.0]),
    )
    matrix = revalue(held, scenarios)
    for place, position in enumerate(held.positions):
        volatility = held.volatility(position)

        def price(
            spot: float, gone: float, coming: CashDividends, at: Position = position, v: float = volatility
        ) -> Any:
            left = (250.0 - gone) / 365.0
            return american.price(at.option_type, spot, at.strike, left, 0.02, 0.01, v, dividends=coming)

        today = price(50.0, 0.0, paid)
        # the second dividend has 160 days left once 40 have gone by
        later = [
            price(45.0, 0.0, paid),
            price(55.0, 40.0, CashDividends((160 / 365,), (1.5,))),
            price(55.0, 40.0, CashDividends((160 / 365,), (0.75,))),
        ]
        expected = [position.units * 1.1 * (value - today) for value in later]
        assert matrix.values[place] == pytest.approx(expected, abs=1e-9 * position.multiplier)


@pytest.mark.parametrize("kind", [CashDividends, ProportionalDividends])
def test_tables_with_dividends_agree_with_the_grid(kind: Any) -> None:
    paid = kind((20 / 365, 110 / 365, 400 / 365), (0.01, 0.012, 0.01))
    terms = {"kind": PositionKind.AMERICAN, "underlying": "COMET", "multiplier": 1.0}
    held = book(
        option("C", strike=47.0, days=150.0, **terms),
        option("P", strike=53.0, days=150.0, option_type="put", **terms),
        dividends={"COMET": paid},
    )
    draw = np.random.default_rng(2)
    scenarios = from_moves(
        [f"s{n}" for n in range(40)],
        {"COMET": draw.uniform(-0.15, 0.15, 40)},
        volatility_returns={"COMET": draw.uniform(-0.2, 0.4, 40)},
        rate_changes={"EUR": draw.uniform(-0.002, 0.002, 40)},
        days=30.0,
    )
    matrix = revalue(held, scenarios)
    coming = kind((80 / 365,), (0.012,))
    shocks = scenarios.shocks("COMET")
    assert shocks.volatility_return is not None
    for place, position in enumerate(held.positions):
        own = held.volatility(position)
        for row in range(0, 40, 8):
            later = american.price_with_error(
                position.option_type,
                50.0 * (1.0 + float(scenarios.spot_return("COMET")[row])),
                position.strike,
                120 / 365,
                0.02 + float(scenarios.rate_change("EUR", 0.0)[row]),
                0.01,
                own * (1.0 + float(shocks.volatility_return[row])),
                dividends=coming,
            )
            worth = (matrix.values[place, row] + matrix.base[place]) / 1.1
            # the table's own aim, and what either grid is good to
            assert worth == pytest.approx(later.price, abs=2.0 * DIVIDEND_AIM * (position.strike or 0.0) + later.error)


def test_nothing_gains_where_nothing_happens_with_dividends() -> None:
    held = book(
        option("P", underlying="COMET", kind=PositionKind.AMERICAN, strike=55.0, option_type="put"),
        dividends={"COMET": CashDividends((0.1,), (1.0,))},
    )
    values = revalue(held, from_moves(("down", "still"), {"COMET": [-0.2, 0.0]})).values
    assert values[0, 1] == 0.0 < values[0, 0]


def test_what_expires_inside_the_horizon_is_worth_its_payoff() -> None:
    held = book(option("P", kind=PositionKind.AMERICAN, option_type="put", days=5.0, multiplier=1.0))
    matrix = revalue(held, grid((-0.1, 0.1), (0.0, 0.1), (0.0, 5.0, 8.0)))
    worth = (matrix.values[0] + matrix.base[0]).reshape(2, 2, 3)
    assert worth[0, :, 1:] == pytest.approx(10.0, abs=1e-12)
    assert worth[1, :, 1:] == pytest.approx(0.0, abs=1e-12)


def test_a_volatility_that_a_scenario_leaves_without_value_is_named() -> None:
    held = book(option("A", kind=PositionKind.AMERICAN, volatility=0.1))
    scenarios = from_moves(("up", "gone"), {"ORBIT": [0.0, 0.0]}, volatility_changes={"ORBIT": [0.1, -0.1]})
    with pytest.raises(InvalidValueError, match="volatility of position A in scenario 'gone' must be above 0"):
        revalue(held, scenarios)


def test_the_number_of_workers_changes_no_bit() -> None:
    held = book(*american_options(8))
    scenarios = wild_scenarios(600, days=np.resize([0.0, 3.0], 600), rates={})
    one, three = (revalue(held, scenarios, ThreadExecutor(workers)) for workers in (1, 3))
    assert np.array_equal(one.values, three.values)
    assert one.grid_error == three.grid_error <= AIM


def test_the_size_of_runs_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    paying = option("D", underlying="COMET", kind=PositionKind.AMERICAN, strike=45.0, days=200.0)
    held = book(*american_options(6), paying, dividends={"COMET": CashDividends((0.2,), (1.0,))})
    draw = np.random.default_rng(6)
    scenarios = from_moves(
        [f"s{n}" for n in range(300)],
        {EVERYTHING: draw.uniform(-0.2, 0.2, 300)},
        volatility_returns={EVERYTHING: draw.uniform(-0.2, 0.4, 300)},
        # some beyond every table, where rates are negative
        rate_changes={EVERYTHING: np.where(draw.random(300) < 0.9, 0.001, -0.08)},
    )
    found = revalue(held, scenarios, ThreadExecutor(1))
    monkeypatch.setattr(revaluation, "SHORT_RUN", 37)
    assert np.array_equal(revalue(held, scenarios, ThreadExecutor(1)).values, found.values)


def test_few_scenarios_are_priced_directly_and_nothing_still_gains_nothing() -> None:
    held = book(*american_options(8), option("F", kind=PositionKind.AMERICAN, multiplier=1.0))
    rates = {currency: [-0.09, 0.0] for currency in ("USD", "EUR")}
    few = from_moves(("down", "still"), {EVERYTHING: [-0.1, 0.0]}, rate_changes=rates)
    matrix = revalue(held, few)
    assert matrix.grid_error == 0.0
    assert np.array_equal(matrix.values[:, 1], np.zeros(9))
    assert worst(held, few, lambda _: range(2)) < ROOM


def test_american_is_worth_at_least_european_in_every_scenario() -> None:
    terms = mixed_options(12, quantity=1.0, multiplier=1.0)
    early = tuple(_as_american(one) for one in terms)
    scenarios = wild_scenarios(100, days=np.zeros(100))
    late, soon = revalue(book(*terms), scenarios), revalue(book(*early), scenarios)
    more = (soon.values + soon.base[:, np.newaxis]) - (late.values + late.base[:, np.newaxis])
    assert more.min() > -1e-12


def _as_american(one: Position) -> Position:
    terms = {name: getattr(one, name) for name in Position.__dataclass_fields__}
    return Position(**(terms | {"kind": PositionKind.AMERICAN}))


def test_kinds_of_tables_follow_from_rate_and_yield() -> None:
    def kinds(rate: tuple[float, float], dividend_yield: tuple[float, float]) -> list[int]:
        reach = Reach(0.5, rate, dividend_yield, (-0.2, 0.2), np.array([[0.2, 0.2], [0.3, 0.3]]))
        return build_tables(np.array([1.0, -1.0]), np.zeros(2), reach).shapes[:, 0].tolist()

    assert kinds((0.03, 0.03), (0.0, 0.0)) == [FREE, TABLED]
    assert kinds((0.03, 0.04), (0.01, 0.01)) == [TABLED, TABLED]
    assert kinds((-0.01, -0.01), (-0.02, -0.02)) == [FREE, DIRECT]
    assert kinds((-0.02, -0.02), (0.01, 0.01)) == [TABLED, FREE]


def test_a_market_without_volatility_moves_needs_one_point_in_it() -> None:
    reach = Reach(0.5, (0.03, 0.03), (0.01, 0.01), (-0.2, 0.2), np.array([[0.2], [0.2]]))
    table = build_tables(np.array([-1.0]), np.zeros(1), reach)
    assert table.shapes[0, 2:5].tolist() == [1, 1, 1]
    assert 0.0 < table.errors[0] <= AIM


def test_short_rates_of_a_curve_serve_each_expiry() -> None:
    market = type(MARKET)(
        as_of=NOON,
        spots={"ORBIT": 100.0},
        discount_curves={"USD": DiscountCurve(np.array([0.1, 1.0]), np.array([math.exp(-0.001), math.exp(-0.06)]))},
    )
    near = option("N", kind=PositionKind.AMERICAN, option_type=OptionType.PUT, days=36.5, volatility=0.3)
    far = option("F", kind=PositionKind.AMERICAN, option_type=OptionType.PUT, days=365.0, volatility=0.3)
    held = book(near, far, market=market, dividend_yields={"ORBIT": 0.0})
    matrix = revalue(held, grid((-0.1,)))
    rates = (0.01, 0.06)
    for place, (days, rate) in enumerate(zip((36.5, 365.0), rates, strict=True)):
        prices = [
            american.price(-1, spot, 100.0, days / 365, rate, 0.0, 0.3, accuracy="high") for spot in (100.0, 90.0)
        ]
        assert matrix.values[place, 0] == pytest.approx(100.0 * (prices[1] - prices[0]), abs=100.0 * 100.0 * ROOM)
