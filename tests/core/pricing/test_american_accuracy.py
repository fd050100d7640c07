"""How exact American prices are: against finer settings, finite differences, QuantLib."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from optionix_core.pricing import _american_dividends, _american_rules, american, black_scholes
from optionix_core.pricing._american_solve import solve
from optionix_core.pricing.dividends import schedule

FINEST = ((8, 8), (16, 24), (32, 48), (52, 56))
"""Collocation and quadrature points well beyond those of "high"."""


def contracts(seed: int, rows: int) -> list[Any]:
    """Random rows in columns: strike 60 to 160 at spot 100, one day to ten years, 5% to 100%, rates of either sign."""
    draw = np.random.default_rng(seed)
    return [
        np.where(draw.random(rows) < 0.5, 1.0, -1.0),
        np.full(rows, 100.0),
        draw.uniform(60, 160, rows),
        np.exp(draw.uniform(math.log(1 / 365), math.log(10), rows)),
        draw.uniform(-0.05, 0.12, rows),
        draw.uniform(-0.05, 0.12, rows),
        np.exp(draw.uniform(math.log(0.05), 0.0, rows)),
    ]


def boundaries(columns: list[Any]) -> Any:
    """How many exercise boundaries each row has."""
    sign, _, _, _, rate, dividend_yield, _ = columns
    cash, asset = np.where(sign < 0, rate, dividend_yield), np.where(sign < 0, dividend_yield, rate)
    return np.where(cash > 0, 1, np.where(asset < cash, 2, 0))


def finest(columns: list[Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    with monkeypatch.context() as patch:
        patch.setattr(_american_rules, "ladder", lambda _: _american_rules.build(FINEST, 1e-11, 160))
        return solve(columns, len(columns[0]), "finest").table[0]


def test_every_accuracy_keeps_its_promise_against_finer_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = contracts(3, 800)
    exact = finest(rows, monkeypatch)
    found = ~np.isnan(exact)
    assert found.mean() > 0.99
    for accuracy, rmse, worst in (("fast", 1e-5, 1e-3), ("standard", 1e-6, 5e-5), ("high", 2e-9, 1e-7)):
        error = np.abs(american.price(*rows, accuracy=accuracy) - exact)[found]  # type: ignore[arg-type]
        assert math.sqrt(np.mean(error**2)) < rmse, accuracy
        assert error.max() < worst, accuracy


def test_errors_are_within_their_estimates(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = contracts(12, 600)
    exact = finest(rows, monkeypatch)
    for accuracy in ("standard", "high"):
        found = american.price_with_error(*rows, accuracy=accuracy)  # type: ignore[arg-type]
        beyond = np.abs(found.price - exact) > found.error + 1e-10
        assert beyond.mean() < 0.01, accuracy


@pytest.mark.soak
def test_twenty_thousand_random_rows_are_each_within_1e_7_in_high(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = contracts(99, 20_000)
    error = np.abs(american.price(*rows, accuracy="high") - finest(rows, monkeypatch))
    assert np.nanmax(error) < 1e-7
    assert math.sqrt(np.nanmean(error**2)) < 1e-8


def by_finite_differences(rows: list[Any]) -> Any:
    table, _ = _american_dividends.on_grid(rows, len(rows[0]), "high", schedule(None))
    return table[0]


@pytest.mark.parametrize("count", [1, 2])
def test_extrapolated_finite_differences_agree_with_one_boundary_and_with_two(count: int) -> None:
    rows = contracts(7, 800)
    kept = np.flatnonzero(boundaries(rows) == count)[:20]
    rows = [np.ascontiguousarray(column[kept]) for column in rows]
    assert np.max(np.abs(american.price(*rows, accuracy="high") - by_finite_differences(rows))) < 1e-5


def test_finite_differences_agree_where_drift_leaves_little_to_chance() -> None:
    # long lives and low volatilities: spots cross their boundaries almost at once
    sharp = (
        (-1.0, 100.0, 132.2065, 33.598, 0.052, 0.2722, 0.0152),
        (1.0, 100.0, 55.3771, 32.9495, 0.3954, 0.0208, 0.0173),
        (-1.0, 100.0, 123.3964, 29.464, 0.222, 0.3874, 0.0154),
        (1.0, 100.0, 159.9239, 29.4975, 0.3673, 0.1365, 0.0478),
    )
    rows = [np.array(column) for column in zip(*sharp, strict=True)]
    exact = by_finite_differences(rows)
    for accuracy in ("standard", "high"):
        assert np.max(np.abs(american.price(*rows, accuracy=accuracy) - exact)) < 1e-4  # type: ignore[arg-type]


def test_finite_differences_agree_where_boundaries_meet_before_expiry() -> None:
    meeting = (
        (-1.0, 100.0, 87.29254, 6.469430, -0.00110363, -0.02595786, 0.7558847),
        (1.0, 100.0, 79.31780, 0.3439669, -0.03916783, -0.03317908, 0.2803978),
        (-1.0, 100.0, 105.0, 2.0, -0.01, -0.03, 0.3),
        (1.0, 100.0, 105.0, 2.0, -0.03, -0.01, 0.3),
    )
    rows = [np.array(column) for column in zip(*meeting, strict=True)]
    found = american.price(*rows, accuracy="high")
    assert np.max(np.abs(found - by_finite_differences(rows))) < 1e-5
    assert (found > black_scholes.price(*rows)).all()
    for row in meeting:
        kind, _, strike, expiry, rate, dividend_yield, volatility = row
        levels = american.exercise_boundary(int(kind), strike, expiry, rate, dividend_yield, volatility)
        assert np.isnan(levels.upper[-1])
        assert not np.isnan(levels.upper[0])


def test_two_boundaries_are_found_however_near_rate_and_yield_are() -> None:
    rows = contracts(5, 4000)
    kept = np.flatnonzero(boundaries(rows) == 2)
    rows = [np.ascontiguousarray(column[kept]) for column in rows]
    found = american.price_with_error(*rows)
    assert len(kept) > 100
    assert (found.method != american.Method.GRID).all()
    assert (found.method == american.Method.COLLOCATION).sum() > 70
    assert (found.price >= black_scholes.price(*rows) - 1e-9).all()


def test_a_boundary_that_does_not_matter_is_left_out_within_the_error_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = contracts(21, 3000)
    for accuracy in ("standard", "high"):
        found = american.price_with_error(*rows, accuracy=accuracy)  # type: ignore[arg-type]
        with monkeypatch.context() as patch:
            with_all = _american_rules.build(*_american_rules.ACCURACIES[accuracy], -1.0)
            patch.setattr(_american_rules, "ladder", lambda _, whole=with_all: whole)
            whole = american.price_with_error(*rows, accuracy=accuracy)  # type: ignore[arg-type]
        left_out = (found.method == american.Method.CLOSED_FORM) & (whole.method == american.Method.COLLOCATION)
        assert left_out.mean() > 0.2
        assert (np.abs(found.price - whole.price) <= found.error + whole.error + 1e-12)[left_out].all()
        assert (found.price == whole.price)[~left_out].all()
        at_once = left_out & (found.error == 0.0) & (found.price == rows[0] * (rows[1] - rows[2]))
        assert at_once.sum() > 100
        assert (whole.price == found.price)[at_once].all()


def test_what_collocation_cannot_resolve_is_priced_on_a_grid_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    row = ("put", 100.0, 105.0, 1.0, 0.05, 0.02, 0.25)
    exact = american.price(*row, accuracy="high")
    hopeless = _american_rules.build(((8, 8, math.nan),), 1e-7, 24)
    monkeypatch.setattr(_american_rules, "ladder", lambda _: hopeless)
    found = american.price_with_error(*row)
    assert found.method is american.Method.GRID
    assert abs(found.price - exact) < found.error < 1e-2


def test_the_high_precision_engine_of_quantlib_agrees() -> None:
    ql = pytest.importorskip("QuantLib", reason="the peer is an optional dependency")
    today = ql.Date(2, 1, 2025)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    sign, spot, strike, expiry, rate, dividend_yield, volatility = contracts(4, 12)
    rate, dividend_yield = np.abs(rate), np.abs(dividend_yield)
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
