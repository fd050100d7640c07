"""Nodes: where they must be, what they nest in, and how they thin out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.pricing.finite_difference import _mesh


@pytest.mark.parametrize("centres", [(0.1,), (0.1, -0.7), (0.1, -0.7, 0.9)])
def test_a_finer_grid_contains_the_coarser_one(centres: tuple[float, ...]) -> None:
    mesh = _mesh.build(-1.0, 2.0, centres, 0.2, (0.1, 0.33), 50)
    coarse, fine = mesh.nodes(50), mesh.nodes(100)
    np.testing.assert_allclose(fine[::2], coarse, atol=1e-12)
    assert fine[0] == -1.0
    assert fine[-1] == 2.0


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    low=st.floats(-3.0, -0.2),
    high=st.floats(0.2, 3.0),
    strike=st.floats(-0.15, 0.15),
    spot=st.floats(-0.15, 0.15),
    width=st.floats(0.02, 3.0),
)
def test_places_are_on_nodes_unless_they_crowd(
    low: float, high: float, strike: float, spot: float, width: float
) -> None:
    mesh = _mesh.build(low, high, (strike,), width, (strike, spot), 60)
    nodes = mesh.nodes(60)
    assert np.all(np.diff(nodes) > 0.0)
    assert np.min(np.abs(nodes - strike)) < 1e-12
    step = np.diff(nodes)[int(np.argmin(np.abs(nodes - spot))) - 1]
    room = min(abs(spot - strike), spot - low, high - spot)
    assert np.min(np.abs(nodes - spot)) < 1e-12 or room < 10.0 * step


def test_nodes_are_dense_around_a_centre() -> None:
    steps = np.diff(_mesh.build(-1.0, 1.0, (0.0,), 0.05, (), 100).nodes(100))
    assert steps[49] < 0.2 * steps[0]
    assert steps[49] == pytest.approx(steps[50])


def test_the_inverse_of_several_centres_is_exact() -> None:
    mesh = _mesh.build(-1.0, 2.0, (0.1, -0.7, 0.9), 0.02, (), 50)
    nodes = mesh.nodes(400)
    even = mesh.stretch(nodes)
    np.testing.assert_allclose(np.diff(even), np.diff(even).mean(), rtol=1e-9)
