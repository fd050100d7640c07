"""Value at risk of an account: the parts add up, the methods part where they must, and what is missing is told."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.risk.executors import ThreadExecutor
from optionix_core.services import risk_book, risk_tails
from optionix_core.services.feeds import open_feed
from optionix_core.services.risk_book import Holding
from optionix_core.services.risk_tails import METHODS

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def sim():
    return open_feed("sim", seed=7, session="continuous")


def book(sim, *holdings):
    return risk_book.build([Holding(name, name, quantity) for name, quantity in holdings], sim, NOW, "USD")


@pytest.fixture(scope="module")
def straddle(sim):
    """Short, at the money, with shares of another underlying."""
    item = sim.chain("ORBIT", NOW).slices[5]
    row = int(abs(item.strikes - sim.spot("ORBIT", NOW).mid).argmin())
    return book(sim, (item.call.symbols[row], -2.0), (item.put.symbols[row], -2.0), ("QUASAR", 50.0))


@pytest.mark.parametrize("method", METHODS)
def test_parts_add_up_to_the_figure_that_is_told(sim, straddle, method):
    found = risk_tails.tails(straddle, sim, confidences=(0.975,), method=method, scenarios=2000, by="underlying")
    (one,) = found.estimates
    parts, tail = found.value_at_risk_parts, found.shortfall_parts
    assert parts.labels == ("ORBIT", "QUASAR")
    assert parts.total == pytest.approx(one.value_at_risk, rel=1e-12)
    assert tail.total == pytest.approx(one.expected_shortfall, rel=1e-12)
    assert parts.component.sum() == pytest.approx(parts.total, rel=1e-9)
    assert tail.component.sum() == pytest.approx(tail.total, rel=1e-9)
    assert one.expected_shortfall >= one.value_at_risk > 0.0


def test_shares_agree_with_the_first_derivatives_and_short_gammas_do_not(sim, straddle):
    (linear,) = risk_tails.tails(book(sim, ("QUASAR", 50.0)), sim, confidences=(0.95,)).beside
    assert linear.delta_normal == pytest.approx(linear.delta_gamma, rel=1e-6)
    (short,) = risk_tails.tails(straddle, sim, confidences=(0.99,)).beside
    assert short.delta_gamma > 1.2 * short.delta_normal


def test_workers_and_seeds_do_not_change_the_figures(sim, straddle):
    first, second = (
        risk_tails.tails(straddle, sim, method="copula", scenarios=3000, seed=5, executor=ThreadExecutor(workers))
        for workers in (1, 3)
    )
    assert np.array_equal(first.pnl.values, second.pnl.values)
    other = risk_tails.tails(straddle, sim, method="copula", scenarios=3000, seed=6)
    assert other.estimates[0].value_at_risk != first.estimates[0].value_at_risk


def test_longer_horizons_are_told_by_the_square_root(sim, straddle):
    day, ten = risk_tails.tails(straddle, sim, confidences=(0.99,), horizons=(1, 10)).estimates
    assert ten.value_at_risk == pytest.approx(10**0.5 * day.value_at_risk)


def test_an_empty_book_has_zeros_and_a_note(sim):
    found = risk_tails.tails(book(sim), sim)
    assert [one.value_at_risk for one in found.estimates] == [0.0, 0.0, 0.0]
    assert found.estimates[0].notes
    assert found.beside == ()
    with pytest.raises(MissingDataError, match="nothing is held"):
        risk_tails.backtest(book(sim), sim)


def test_a_backtest_holds_the_book_against_its_history(sim, straddle):
    found = risk_tails.backtest(straddle, sim, confidence=0.95, days=500)
    assert len(found.days) == found.tests.traffic_light.observations == 250
    hits = found.forecasts.pnl < -found.forecasts.value_at_risk
    assert found.tests.kupiec.exceptions == int(hits.sum())
    assert 0.0 < found.tests.kupiec.p_value <= 1.0
    with pytest.raises(MissingDataError, match="501 daily moves are needed"):
        risk_tails.backtest(straddle, sim, window=500, days=400)
    with pytest.raises(UnknownNameError, match="unknown method 'copula'"):
        risk_tails.backtest(straddle, sim, method="copula")
    with pytest.raises(UnknownNameError, match="unknown method 'guess'"):
        risk_tails.tails(straddle, sim, method="guess")


def test_parts_by_factor_are_moves_alone_and_what_they_make_together(sim, straddle):
    found = risk_tails.tails(straddle, sim, confidences=(0.99,), by="factor")
    parts = found.value_at_risk_parts
    kinds = [f"{kind} {name}" for name in ("ORBIT", "QUASAR") for kind in ("spot", "volatility")]
    assert parts.labels == (*kinds, "together")
    assert parts.component.sum() == pytest.approx(found.estimates[0].value_at_risk, abs=1e-9)
    shares = book(sim, ("ORBIT", 100.0))
    alone = risk_tails.tails(shares, sim, confidences=(0.99,), by="factor").value_at_risk_parts
    # Volatility and what is made together are nothing to shares.
    assert alone.component[0] == pytest.approx(alone.total, rel=1e-12)
    assert alone.component[1:] == pytest.approx([0.0, 0.0], abs=1e-9)


def test_intervals_hold_the_figures_they_are_of(sim, straddle):
    found = risk_tails.tails(straddle, sim, confidences=(0.95,))
    ((confidence, quantile, shortfall),) = found.intervals
    assert confidence == 0.95
    assert quantile.lower < found.estimates[0].value_at_risk < quantile.upper
    assert shortfall.lower < found.estimates[0].expected_shortfall < shortfall.upper
    ((_, *none),) = risk_tails.tails(straddle, sim, confidences=(0.95,), method="filtered").intervals
    assert none == [None, None]
