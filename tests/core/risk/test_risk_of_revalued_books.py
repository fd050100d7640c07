"""From factor moves by revaluation to figures and their parts: a whole book, all of its steps."""

from __future__ import annotations

import numpy as np
import pytest

from optionix_core.risk import expected_shortfall, value_at_risk
from optionix_core.risk.pnl_matrix import PnlMatrix
from optionix_core.risk.revaluation import revalue
from optionix_core.risk.scenario_builders import from_moves
from optionix_core.risk.scenarios import ScenarioSet, sequence_names

from .risk_books import MARKET, book, mixed_options, option, stock

SCENARIOS = 5_000


def simulated(seed: int = 4, scenarios: int = SCENARIOS) -> ScenarioSet:
    """Log moves of two spots and their volatilities by a t copula, as the revaluation takes them."""
    correlation = np.array(
        [[1.0, 0.5, -0.7, -0.3], [0.5, 1.0, -0.3, -0.7], [-0.7, -0.3, 1.0, 0.5], [-0.3, -0.7, 0.5, 1.0]]
    )
    laws = tuple(value_at_risk.StudentMarginal(0.0, scale, 5.0) for scale in (0.01, 0.012, 0.04, 0.04))
    made = value_at_risk.MoveGenerator(value_at_risk.StudentCopula(correlation, 5.0), laws, seed)
    moves = np.expm1(made.moves(scenarios))
    return from_moves(
        sequence_names("simulated", scenarios),
        {"ORBIT": moves[0], "COMET": moves[1]},
        volatility_returns={"ORBIT": moves[2], "COMET": moves[3]},
        days=1.0,
    )


def revalued_book() -> PnlMatrix:
    return revalue(book(*mixed_options(30), stock("shares", 40.0), stock("others", -25.0, "COMET")), simulated())


def test_parts_of_a_revalued_book_add_up_by_position_underlying_and_expiry() -> None:
    matrix = revalued_book()
    total = value_at_risk.historical(matrix.total(), 0.99)
    beyond = expected_shortfall.historical(matrix.total(), 0.99)
    keys = {
        "position": [row.name for row in matrix.rows],
        "underlying": [row.underlying for row in matrix.rows],
        "expiry": [str(row.expiry) for row in matrix.rows],
    }
    for key, groups in keys.items():
        parts = value_at_risk.decompose(matrix.values, 0.99, groups=groups)
        assert parts.total == pytest.approx(total, rel=1e-12), key
        assert parts.component.sum() == pytest.approx(total, rel=1e-11), key
        tail = value_at_risk.decompose(matrix.values, 0.99, groups=groups, measure="expected-shortfall")
        assert tail.component.sum() == pytest.approx(beyond, rel=1e-11), key
    assert len(set(keys["underlying"])) == 2


def test_the_increment_of_a_trade_is_the_revaluation_of_the_book_with_it() -> None:
    positions = (*mixed_options(30), stock("shares", 40.0))
    scenarios = simulated()
    before = revalue(book(*positions), scenarios)
    trade = revalue(book(option("new", quantity=-15.0, option_type="put", strike=92.0, days=21.0)), scenarios)
    whole = revalue(
        book(*positions, option("new", quantity=-15.0, option_type="put", strike=92.0, days=21.0)), scenarios
    )
    added = value_at_risk.incremental(before.values, trade.values[0], 0.99)
    scratch = value_at_risk.historical(whole.values, 0.99) - value_at_risk.historical(before.values, 0.99)
    assert added == pytest.approx(scratch, abs=1e-9 * abs(value_at_risk.historical(whole.values, 0.99)))
    assert added > 0.0


def test_shares_alone_have_the_figure_of_the_formula() -> None:
    scenarios = simulated(scenarios=40_000)
    found = value_at_risk.quantile_interval(revalue(book(stock("shares", 100.0)), scenarios).values, 0.99, 0.9973)
    # A fall by e^(0.01 t) of 100 shares at 100, t the 1% point of Student-t with 5 degrees: -3.36493.
    assert found.lower <= 10_000.0 * -np.expm1(-0.0336493) <= found.upper


def test_a_bought_put_pays_in_a_crash_and_lowers_the_figure() -> None:
    shares, put = stock("shares", 100.0), option("put", option_type="put", strike=95.0, days=60.0)
    scenarios = simulated()
    alone = value_at_risk.historical(revalue(book(shares), scenarios).values, 0.99)
    hedged = value_at_risk.decompose(revalue(book(shares, put), scenarios).values, 0.99, labels=("shares", "put"))
    assert hedged.total < alone
    assert hedged.component[1] < 0.0
    crash = from_moves(("crash",), {"ORBIT": [-0.205]}, volatility_returns={"ORBIT": [1.0]})
    assert float(revalue(book(put), crash).total()[0]) > 100.0 * (95.0 - 0.795 * MARKET.spots["ORBIT"]) * 0.8


def test_an_empty_book_is_revalued_to_nothing_and_has_no_risk() -> None:
    matrix = revalue(book(), simulated(scenarios=50))
    [found] = value_at_risk.estimate(matrix.values, (0.99,))
    assert found.value_at_risk == 0.0
    assert "no positions" in found.notes[0]
