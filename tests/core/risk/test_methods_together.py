"""Methods beside each other: alike on linear books, visibly apart on sold options."""

from __future__ import annotations

import numpy as np
import pytest

from optionix_core.pricing import black_scholes
from optionix_core.risk import expected_shortfall, value_at_risk
from tests.core.risk.straddle_book import DAY, Straddle, exposures, short_pnl, worth

DEVIATIONS = np.array([0.01, 0.04])
CORRELATION = np.array([[1.0, -0.7], [-0.7, 1.0]])
COVARIANCE = CORRELATION * np.outer(DEVIATIONS, DEVIATIONS)
BOOK = Straddle(100.0, 100.0, 10.0 / 252.0, 0.2)


def normal_moves(scenarios: int, seed: int = 3) -> np.ndarray:
    copula = value_at_risk.StudentCopula(CORRELATION, np.inf)
    laws = tuple(value_at_risk.NormalMarginal(0.0, float(each)) for each in DEVIATIONS)
    return value_at_risk.MoveGenerator(copula, laws, seed).moves(scenarios)


def test_a_linear_book_has_one_figure_by_every_method() -> None:
    values = np.array([250_000.0, -40_000.0])
    moves = normal_moves(200_000)
    by_position = values[:, None] * moves
    exact = value_at_risk.parametric(values, COVARIANCE, 0.99)
    simulated = value_at_risk.quantile_interval(by_position, 0.99, 0.9973)
    assert simulated.lower <= exact.total <= simulated.upper
    beyond = value_at_risk.shortfall_interval(by_position, 0.99, 0.9973)
    assert beyond.lower <= expected_shortfall.parametric(values, COVARIANCE, 0.99).total <= beyond.upper
    quadratic = value_at_risk.delta_gamma(values, np.zeros((2, 2)), COVARIANCE, 0.99)
    assert quadratic.cornish_fisher == pytest.approx(exact.total, rel=1e-12)
    parts = value_at_risk.decompose(by_position, 0.99)
    assert parts.component.sum() == pytest.approx(parts.total, rel=1e-12)
    assert (np.abs(parts.component - exact.component * parts.total / exact.total) < 3.0 * parts.component_error).all()


def curvature(book: Straddle) -> np.ndarray:
    """Second derivatives of the sold straddle in log moves of spot and volatility, by differences."""
    step = np.array([1e-3, 1e-3])

    def value(spot_move: float, volatility_move: float) -> float:
        moved = Straddle(
            book.spot * np.exp(spot_move), book.strike, book.expiry, book.volatility * np.exp(volatility_move)
        )
        return -float(worth(moved))

    middle = value(0.0, 0.0)
    pure = [
        (value(*(step * side)) - 2.0 * middle + value(*(-step * side))) / 1e-6 for side in (np.eye(2)[0], np.eye(2)[1])
    ]
    up, down = (1e-3, 1e-3), (1e-3, -1e-3)
    mixed = (value(*up) - value(*down) - value(-down[0], -down[1]) + value(-up[0], -up[1])) / 4e-6
    return np.array([[pure[0], mixed], [mixed, pure[1]]])


def test_delta_normal_parts_from_full_revaluation_on_a_short_straddle() -> None:
    full = value_at_risk.quantile_interval(short_pnl(BOOK, normal_moves(200_000)), 0.99, 0.9973)
    linear = value_at_risk.parametric(exposures(BOOK), COVARIANCE, 0.99).total
    time = float(worth(BOOK) - worth(BOOK._replace(expiry=BOOK.expiry - DAY)))
    quadratic = value_at_risk.delta_gamma(exposures(BOOK), curvature(BOOK), COVARIANCE, 0.99, drift=time)
    assert linear < 0.5 * full.lower
    assert full.lower * 0.95 < quadratic.exact < full.upper * 1.05
    assert full.lower * 0.9 < quadratic.cornish_fisher < full.upper * 1.2
    assert quadratic.skewness < -1.0


def test_the_same_book_bought_loses_little() -> None:
    sold = short_pnl(BOOK, normal_moves(50_000))
    assert value_at_risk.historical(-sold, 0.99) < 0.6 * value_at_risk.historical(sold, 0.99)


def test_a_long_put_lowers_the_risk_of_stock_and_a_crash_pays_it() -> None:
    moves = normal_moves(20_000)
    stock = 100.0 * np.expm1(moves[0])
    before = float(black_scholes.price("put", 100.0, 95.0, 0.1, 0.0, 0.0, 0.2))
    spot, volatility = 100.0 * np.exp(moves[0]), 0.2 * np.exp(moves[1])
    put = black_scholes.price(-1, spot, 95.0, 0.1 - DAY, 0.0, 0.0, volatility) - before
    found = value_at_risk.decompose(np.stack([stock, put]), 0.99, labels=("stock", "put"))
    assert found.component[1] < 0.0
    assert found.incremental[1] < 0.0
    crash = float(black_scholes.price("put", 79.5, 95.0, 0.1 - DAY, 0.0, 0.0, 0.6)) - before
    assert crash > 15.0
