"""What a view says by the smile of its expiry: values, probabilities, rich and cheap, between two fits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.services import surfaces
from optionix_core.services.chain_smile import COMPILING, FIT_EVERY, beyond
from optionix_core.services.chain_view import FITTING, UNASKED, ChainView, ChainViewer

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
EXPIRY = date(2026, 1, 16)


@pytest.fixture(scope="module")
def viewer() -> ChainViewer:
    surfaces.prepare("svi")
    viewer = ChainViewer(SimulatedFeed(seed=20))
    first = viewer.view("ORBIT", MOMENT, EXPIRY, fitted=True)
    assert first.no_smile == FITTING
    assert first.smile_is_coming
    return viewer


@pytest.fixture(scope="module")
def view(viewer: ChainViewer) -> ChainView:
    return viewer.view("ORBIT", MOMENT, EXPIRY, fitted=True)


def test_nothing_is_fitted_that_nobody_asked_for(viewer: ChainViewer) -> None:
    plain = viewer.view("ORBIT", MOMENT, EXPIRY)
    assert plain.smile is None
    assert plain.no_smile == UNASKED
    assert not plain.smile_is_coming
    assert all(side.value is None and side.probability is None for row in plain.rows for side in row.sides)


def test_values_obey_parity_and_lie_near_their_quotes(view: ChainView) -> None:
    assert view.smile is not None
    assert view.no_smile == ""
    assert view.discount_factor is not None
    assert view.forward is not None
    assert view.smile.inside_bid_ask > 0.9
    for row in view.rows:
        assert row.call.value is not None
        assert row.put.value is not None
        parity = view.discount_factor * (view.forward - row.strike)
        assert row.call.value - row.put.value == pytest.approx(parity, abs=1e-9)
    near = [row for row in view.rows if abs(row.strike - view.forward) < (view.expected_move or 0.0)]
    assert len(near) > 3
    for row in near:
        assert row.call.bid is not None
        assert row.call.ask is not None
        assert row.call.bid - 0.02 <= (row.call.value or 0.0) <= row.call.ask + 0.02


def test_probabilities_fall_with_the_strike_and_add_up(view: ChainView) -> None:
    calls = [row.call.probability for row in view.rows]
    assert all(one is not None and 0.0 <= one <= 1.0 for one in calls)
    assert calls == sorted(calls, reverse=True)
    for row in view.rows:
        assert (row.call.probability or 0.0) + (row.put.probability or 0.0) == pytest.approx(1.0)


def test_the_density_has_the_mean_of_the_forward(view: ChainView) -> None:
    assert view.smile is not None
    level, density = np.array(view.smile.density).T
    mass = np.trapezoid(density, level)
    assert mass == pytest.approx(1.0, abs=0.02)
    assert np.trapezoid(level * density, level) / mass == pytest.approx(view.forward, rel=2e-3)


def test_a_fit_serves_until_it_is_old_and_moves_with_the_forward(viewer: ChainViewer, view: ChainView) -> None:
    assert view.smile is not None
    soon = viewer.view("ORBIT", MOMENT + FIT_EVERY / 2, EXPIRY, fitted=True)
    assert soon.smile is not None
    assert soon.smile.fitted_at == view.smile.fitted_at
    shift = (soon.forward or 0.0) / (view.forward or 1.0)
    assert shift != 1.0
    assert soon.smile.curve[0][0] == pytest.approx(view.smile.curve[0][0] * shift)
    assert soon.smile.curve[0][1] == view.smile.curve[0][1]
    later = viewer.view("ORBIT", MOMENT + FIT_EVERY + timedelta(seconds=1), EXPIRY, fitted=True)
    assert later.smile is not None
    assert later.smile.fitted_at > view.smile.fitted_at


def test_without_kernels_it_is_said_and_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surfaces, "is_prepared", lambda _: False)
    viewer = ChainViewer(SimulatedFeed(seed=20))
    viewer.view("ORBIT", MOMENT, EXPIRY, fitted=True)
    seen = viewer.view("ORBIT", MOMENT, EXPIRY, fitted=True)
    assert seen.no_smile == COMPILING
    assert seen.smile_is_coming
    assert seen.smile is None


def test_beyond_is_measured_from_the_side_that_would_be_traded() -> None:
    nan = np.nan
    bid = np.array([1.10, 0.90, 0.90, nan, nan, 1.20])
    ask = np.array([1.20, 1.20, 0.95, 0.90, nan, nan])
    told = beyond(bid, ask, np.array([1.0, 1.0, 1.0, 1.0, 1.0, nan]))
    np.testing.assert_allclose(told, [0.10, 0.0, -0.05, -0.10, nan, nan])
