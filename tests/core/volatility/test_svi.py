"""SVI smiles: published examples, exact tests for arbitrage against dense grids, and the laws of their parameters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.volatility.svi import Svi, butterfly_arbitrage, calendar_arbitrage, durrleman

# A. Vogt's example in J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces" (2014), eq. 3.8.
VOGT = (-0.0410, 0.1331, 0.3060, 0.3586, 0.4153)

smiles = st.builds(
    Svi,
    a=st.floats(0.0, 0.1),
    b=st.floats(0.001, 0.9),
    rho=st.floats(-0.97, 0.97),
    m=st.floats(-0.5, 0.5),
    sigma=st.floats(0.01, 1.0),
)


def dense(smile: Svi) -> np.ndarray:
    return smile.m + smile.sigma * np.sinh(np.linspace(-11.0, 11.0, 8001))


def test_the_example_of_vogt_has_a_butterfly_near_its_published_place() -> None:
    check = butterfly_arbitrage(*VOGT)
    assert check.found
    assert check.minimum_g < -0.03
    assert 0.6 < check.log_moneyness < 1.1  # figure 1 of the paper: g is negative around k = 0.8


def test_a_smile_that_is_flat_has_no_arbitrage_and_g_of_one() -> None:
    check = butterfly_arbitrage(0.04, 0.0, 0.0, 0.0, 0.1)
    assert not check.found
    assert check.minimum_g == pytest.approx(1.0, abs=1e-12)


def test_wings_steeper_than_two_are_arbitrage_whatever_g_says_inside() -> None:
    assert butterfly_arbitrage(0.5, 1.6, 0.3, 0.0, 1.0).found  # slope 2.08, Lee's bound is 2


def test_total_variance_below_zero_is_arbitrage() -> None:
    check = butterfly_arbitrage(-0.2, 0.4, 0.0, 0.1, 0.3)
    assert check.found
    assert math.isnan(check.minimum_g)
    assert check.log_moneyness == pytest.approx(0.1)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(smiles)
def test_the_exact_test_agrees_with_a_dense_grid(smile: Svi) -> None:
    check = butterfly_arbitrage(smile.a, smile.b, smile.rho, smile.m, smile.sigma)
    if not smile.least_variance > 0.0:
        assert check.found
        return
    k = dense(smile)
    g = durrleman(*smile.derivatives(k), k)
    assert check.minimum_g <= g.min() + 1e-9
    if abs(g.min()) > 1e-9:
        assert check.found == (g.min() < 0.0 or smile.b * (1.0 + abs(smile.rho)) > 2.0)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(smiles, smiles)
def test_crossing_smiles_are_found_wherever_they_cross(near: Svi, far: Svi) -> None:
    check = calendar_arbitrage(near, far)
    k = np.concatenate([dense(near), dense(far)])
    fall = (near.total_variance(k) - far.total_variance(k)).max()
    if abs(fall) > 1e-9 and fall < 1e3:
        assert check.found == (fall > 0.0)


def test_a_smile_does_not_cross_itself_and_crosses_what_lies_below() -> None:
    smile = (0.02, 0.2, -0.4, 0.05, 0.2)
    assert not calendar_arbitrage(smile, smile).found
    assert not calendar_arbitrage(smile, (0.021, 0.2, -0.4, 0.05, 0.2)).found
    below = calendar_arbitrage(smile, (0.019, 0.2, -0.4, 0.05, 0.2))
    assert below.found
    assert below.largest_fall == pytest.approx(0.001, rel=1e-9)


def test_a_flatter_wing_crosses_far_out_where_no_grid_looks() -> None:
    near = Svi(0.01, 0.1001, 0.0, 0.0, 0.1)
    far = Svi(1.0, 0.1, 0.0, 0.0, 0.1)
    k = np.linspace(-5.0, 5.0, 1001)
    assert (near.total_variance(k) < far.total_variance(k)).all()
    assert calendar_arbitrage(near, far).found


@settings(max_examples=60, derandomize=True, deadline=None)
@given(smiles, st.floats(-2.0, 2.0))
def test_derivatives_are_those_of_total_variance(smile: Svi, k: float) -> None:
    step = 1e-4 * smile.sigma
    low, middle, high = (float(smile.total_variance(k + shift * step)) for shift in (-1.0, 0.0, 1.0))
    value, slope, curve = (float(part) for part in smile.derivatives(k))
    assert value == middle
    assert slope == pytest.approx((high - low) / (2.0 * step), rel=1e-5, abs=1e-7)
    assert curve == pytest.approx((high - 2.0 * middle + low) / step**2, rel=1e-3, abs=1e-5 / smile.sigma)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(smiles)
def test_natural_parameters_lead_back(smile: Svi) -> None:
    again = Svi.natural(*smile.natural_parameters)
    for name in ("a", "b", "rho", "m", "sigma"):
        assert getattr(again, name) == pytest.approx(getattr(smile, name), rel=1e-9, abs=1e-12)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.floats(0.001, 0.5), st.floats(-0.95, 0.95), st.floats(0.01, 1.0))
def test_a_slice_of_ssvi_within_its_bounds_is_free_of_butterflies(theta: float, rho: float, share: float) -> None:
    # theorem 4.2 of Gatheral and Jacquier: theta phi (1 + |rho|) < 4 and theta phi^2 (1 + |rho|) <= 4
    phi = share * min(4.0 / (theta * (1.0 + abs(rho))), 2.0 / math.sqrt(theta * (1.0 + abs(rho)))) * 0.999
    smile = Svi.surface_slice(theta, rho, phi)
    assert float(smile.total_variance(0.0)) == pytest.approx(theta, rel=1e-12)
    assert not butterfly_arbitrage(smile.a, smile.b, smile.rho, smile.m, smile.sigma).found


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("b", (0.04, -0.1, 0.0, 0.0, 0.1)),
        ("rho", (0.04, 0.1, 1.0, 0.0, 0.1)),
        ("sigma", (0.04, 0.1, 0.0, 0.0, 0.0)),
        ("a", (math.nan, 0.1, 0.0, 0.0, 0.1)),
        ("m", (0.04, 0.1, 0.0, math.inf, 0.1)),
    ],
)
def test_parameters_outside_their_bounds_are_named(field: str, values: tuple[float, ...]) -> None:
    with pytest.raises(InvalidValueError, match=f"^{field} must be"):
        Svi(*values)
