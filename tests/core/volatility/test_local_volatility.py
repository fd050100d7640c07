"""Local volatility: Dupire's variance of surfaces, its grid, forwards, clocks, repairs and refusals."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import DomainError, InvalidValueError
from optionix_core.market.protocols import LocalVolatilityFunction
from optionix_core.pricing.dividends import CashDividends, ProportionalDividends
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.volatility import LocalVolatilityModel, VolatilitySurface
from optionix_core.volatility.local.carry import flat_market
from optionix_core.volatility.local.grid import VarianceGrid
from optionix_core.volatility.surface.clock import VarianceClock
from optionix_core.volatility.surface.density_smile import DensitySmile
from optionix_core.volatility.svi import Svi, durrleman

TIMES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
Made = Callable[..., VolatilitySurface]


@pytest.fixture(scope="module")
def model(skewed_surface: VolatilitySurface) -> LocalVolatilityModel:
    return LocalVolatilityModel.from_surface(skewed_surface)


def test_a_model_is_a_local_volatility_function_that_names_its_jumps(model: LocalVolatilityModel) -> None:
    assert isinstance(model, LocalVolatilityFunction)
    assert model.repairs.nodes == model.grid.variances.size >= 40 * 61
    assert not model.repairs.found
    assert model.breaks == TIMES
    assert model.local_volatility([[90.0], [100.0], [110.0]], [0.0, 0.3]).shape == (3, 2)
    assert float(model.local_volatility(100.0, 0.3)) > 0.0


@pytest.mark.parametrize("time", [0.02, 0.05, 0.08, 0.3, 0.8, 1.7])
def test_it_is_dupires_formula_on_the_surfaces_derivatives(
    model: LocalVolatilityModel, skewed_surface: VolatilitySurface, time: float
) -> None:
    k = np.linspace(-2.5, 2.0, 19) * math.sqrt(float(skewed_surface.total_variance(0.0, time)))
    point = skewed_surface.derivatives(k, time)
    exact = np.sqrt(point.time_slope / durrleman(*point[:3], k))
    before = time - 1e-12  # at an expiry the surface's slope in time is that of the interval before it
    spot = model.forward(time) * np.exp(k)
    np.testing.assert_allclose(model.local_volatility(spot, before), exact, rtol=4e-3)


def test_for_vanishing_time_it_is_the_formula_of_berestycki_busca_and_florent(
    model: LocalVolatilityModel, skewed_surface: VolatilitySurface
) -> None:
    # H. Berestycki, J. Busca, I. Florent, Quantitative Finance 2 (2002) 61: 1 / implied is the mean of 1 / local over
    # log-moneyness from zero to k, so that local = implied / (1 - k implied' / implied).
    k = np.array([-0.08, -0.03, 0.02, 0.05])
    w, slope, _ = skewed_surface.slices[0].smile.derivatives(k)
    implied = np.sqrt(w / skewed_surface.years[0])
    expected = implied / (1.0 - k * slope / (2.0 * w))
    np.testing.assert_allclose(np.sqrt(model.local_variance(k, 0.0)), expected, rtol=4e-3)


def test_volatility_jumps_at_an_expiry_where_total_variance_bends(surface_of: Made) -> None:
    surface = surface_of({1.0: Svi(0.04, 0.0, 0.0, 0.0, 0.1), 2.0: Svi(0.13, 0.0, 0.0, 0.0, 0.1)})
    found = LocalVolatilityModel.from_surface(surface).local_volatility(100.0, [0.0, 0.5, 1.0 - 1e-9, 1.0, 1.5, 1.99])
    np.testing.assert_allclose(found, [0.2, 0.2, 0.2, 0.3, 0.3, 0.3], rtol=1e-12)


def test_beyond_the_last_expiry_it_is_that_of_the_extrapolated_surface(
    model: LocalVolatilityModel, skewed_surface: VolatilitySurface
) -> None:
    k = np.array([-0.6, -0.2, 0.0, 0.3])
    point = skewed_surface.derivatives(k, 3.0)
    np.testing.assert_allclose(model.local_variance(k, 3.0), point.time_slope / durrleman(*point[:3], k), rtol=1e-2)


def test_beyond_the_outermost_nodes_it_is_constant(model: LocalVolatilityModel) -> None:
    edge = 8.0 * math.sqrt(0.04 * 2.0)
    assert model.local_variance(-3.0 * edge, 2.0 - 1e-9) == pytest.approx(model.local_variance(-edge, 2.0 - 1e-9))
    assert model.local_variance(0.1, 50.0) == model.local_variance(0.1, 8.0)


def test_a_flat_volatility_is_that_everywhere() -> None:
    flat = LocalVolatilityModel.flat(0.25)
    np.testing.assert_allclose(flat.local_volatility([1e-3, 100.0, 1e6], [[0.0], [3.0]]), 0.25, rtol=1e-15)
    assert flat.breaks == ()
    assert float(LocalVolatilityModel.flat(0.0).local_volatility(100.0, 1.0)) == 0.0


def test_an_array_is_met_at_its_nodes_and_stays_positive_between(rng: np.random.Generator) -> None:
    times, spots = np.array([0.1, 0.5, 0.5, 2.0]), np.array([60.0, 80.0, 95.0, 120.0, 200.0])
    volatility = rng.uniform(0.0, 0.5, (4, 5))
    volatility[0, 2] = 0.0
    made = LocalVolatilityModel.from_grid(times, spots, volatility)
    np.testing.assert_allclose(made.local_volatility(spots, 0.1), volatility[0], atol=1e-7)
    np.testing.assert_allclose(made.local_volatility(spots, 0.5 - 1e-15), volatility[1], atol=1e-6)
    np.testing.assert_allclose(made.local_volatility(spots, 0.5), volatility[2], atol=1e-7)
    np.testing.assert_allclose(made.local_volatility(spots, 9.0), volatility[3], atol=1e-7)
    assert made.breaks == (0.5,)
    fine = made.local_volatility(np.linspace(40.0, 260.0, 500), np.linspace(0.0, 3.0, 31)[:, None])
    assert np.all(fine >= 0.0)
    assert np.all(fine <= 0.75)
    single = LocalVolatilityModel.from_grid(0.0, [90.0, 100.0, 110.0], [[0.3, 0.2, 0.1]])
    assert float(single.local_volatility(100.0, 5.0)) == pytest.approx(0.2)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([0.0, 1e-9, 0.04, 0.09, 4.0]), min_size=10, max_size=10), st.booleans())
def test_between_nodes_variance_is_never_negative(values: list[float], reciprocal: bool) -> None:
    places = np.array([-3.0, -0.4, 0.0, 0.1, 2.0])
    table = np.array(values).reshape(2, 5)
    grid = VarianceGrid(np.array([0.0, 1.0]), places, np.array([0.3, 0.7]), table, reciprocal)
    found = grid.at(np.linspace(-3.0, 3.0, 700), np.linspace(0.0, 1.0, 5)[:, None])
    assert np.all(found >= 0.0)
    assert np.all(found <= 1.75 * table.max() * (1.0 + 1e-12))
    if not reciprocal:
        np.testing.assert_allclose(grid.at(0.3 * places, np.float64(0.0)), table[0], atol=1e-9)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_the_same_moneyness_has_the_same_volatility_on_any_forwards(model: LocalVolatilityModel) -> None:
    market = FlatMarket(spot=50.0, rate=0.01, dividend_yield=0.06, dividends=ProportionalDividends((0.4,), (0.02,)))
    there = model.on(market)
    for time, forward in ((0.2, 50.0 * math.exp(-0.05 * 0.2)), (1.5, 0.98 * 50.0 * math.exp(-0.05 * 1.5))):
        assert float(there.forward(time)) == pytest.approx(forward, rel=1e-14)
        np.testing.assert_allclose(
            there.local_volatility(forward * np.array([0.8, 1.0, 1.1]), time),
            model.local_volatility(model.forward(time) * np.array([0.8, 1.0, 1.1]), time),
            rtol=1e-12,
        )
    with pytest.raises(InvalidValueError, match="cash"):
        model.on(replace(market, dividends=CashDividends((0.4,), (1.0,))))
    with pytest.raises(InvalidValueError, match="spot"):
        model.on(FlatMarket(spot=(1.0, 2.0), rate=0.0, dividend_yield=(0.0, 0.0)))


@pytest.mark.parametrize("spot", [100.0, None])
def test_the_flat_market_of_an_expiry_has_the_surfaces_forward_and_discount(surface_of: Made, spot: float) -> None:
    surface = surface_of({0.5: Svi(0.02, 0.0, 0.0, 0.0, 0.1), 1.0: Svi(0.04, 0.0, 0.0, 0.0, 0.1)}, spot)
    market = flat_market(surface, 0.8)
    grown = market.spots[0] * math.exp((market.rate - market.yields[0]) * 0.8)
    assert grown == pytest.approx(float(surface.forward(0.8)), rel=1e-14)
    assert math.exp(-0.8 * market.rate) == pytest.approx(float(surface.discount_factor(0.8)), rel=1e-14)


def test_a_clock_of_lighter_weekends_moves_variance_to_weekdays(surface_of: Made) -> None:
    clock = VarianceClock(0.25, ((date(2026, 1, 14), 3.0),))
    smiles = {0.02: Svi(0.0008, 0.0, 0.0, 0.0, 0.1), 0.1: Svi(0.004, 0.0, 0.0, 0.0, 0.1)}
    model = LocalVolatilityModel.from_surface(surface_of(smiles, clock=clock))
    days = np.arange(8, 36) + 0.01  # from Tuesday 13 January on, a little after the hour of the quotes
    found = model.local_variance(0.0, days / 365.0)
    weekend = np.isin(days.astype(int) % 7, (5, 6))
    assert np.unique(np.round(found[weekend], 9)).size == 1
    ratio = found / found[weekend][0]
    assert sorted(set(np.round(ratio, 6))) == [1.0, 4.0, 16.0]
    # What gathers between the two expiries is the difference of their total variances
    edges = np.unique(np.concatenate([[0.02, 0.1], [one for one in model.breaks if 0.02 < one < 0.1]]))
    total = np.sum(np.diff(edges) * model.local_variance(0.0, 0.5 * (edges[1:] + edges[:-1])))
    assert total == pytest.approx(0.0032, rel=1e-9)


def test_falling_total_variance_leaves_no_local_variance_and_is_counted(surface_of: Made) -> None:
    near, far = Svi.surface_slice(0.04, -0.3, 3.0), Svi(0.0401, 0.0, 0.0, 0.0, 0.1)
    surface = surface_of({0.5: near, 1.0: far})
    model = LocalVolatilityModel.from_surface(surface)
    assert model.repairs.found
    assert model.repairs.butterfly == 0
    k = np.array([-0.3, 0.0, 0.8])
    assert np.array_equal(far.total_variance(k) > near.total_variance(k), [False, True, False])
    variance = model.local_variance(k, 0.75)
    assert variance[1] > 0.0
    assert variance[0] == variance[2] == 0.0
    assert 0 < model.repairs.calendar < model.repairs.nodes


def test_a_negative_density_is_bridged_from_its_neighbours_and_counted(surface_of: Made) -> None:
    # A. Vogt's example in J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces" (2014), eq. 3.8
    vogt = Svi(-0.0410, 0.1331, 0.3060, 0.3586, 0.4153)
    model = LocalVolatilityModel.from_surface(surface_of({1.0: vogt}), deviations=16.0)
    assert model.repairs.butterfly > 0
    assert np.all(np.isfinite(model.grid.variances))
    assert np.all(model.grid.variances > 0.0)
    k = np.array([0.79, 0.8])  # where g is negative
    assert np.all(durrleman(*vogt.derivatives(k), k) < 0.0)
    row = int(np.flatnonzero(model.grid.times == 1.0)[0])
    nodes = model.grid.places * model.grid.scales[row]
    hollow = durrleman(*vogt.derivatives(nodes), nodes) <= 0.0
    left = int(np.flatnonzero(hollow)[0]) - 1
    right = left + 1 + int(np.flatnonzero(~hollow[left + 1 :])[0])
    hollow = np.arange(left + 1, right)
    low, high = sorted(model.grid.variances[row, [left, right]])
    assert np.all((model.grid.variances[row, hollow] >= low) & (model.grid.variances[row, hollow] <= high))


def test_a_surface_of_densities_has_a_local_volatility_too(surface_of: Made) -> None:
    smiles = {}
    for years in (0.25, 1.0):
        tilt = np.array([-0.3, 0.1]) * math.sqrt(years)
        weights = np.array([0.3, 0.7])
        tilt -= math.log(float(weights @ np.exp(tilt)))
        smiles[years] = DensitySmile(weights, tilt, np.array([0.3, 0.15]) * math.sqrt(years), (-1.0, 0.8))
    surface = surface_of(smiles)
    model = LocalVolatilityModel.from_surface(surface)
    k = np.array([-0.2, 0.0, 0.1])
    point = surface.derivatives(k, 0.6)
    np.testing.assert_allclose(model.local_variance(k, 0.6), point.time_slope / durrleman(*point[:3], k), rtol=1e-2)


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("volatility", lambda _: LocalVolatilityModel.flat(-0.1)),
        ("time_points", lambda s: LocalVolatilityModel.from_surface(s, time_points=3)),
        ("moneyness_points", lambda s: LocalVolatilityModel.from_surface(s, moneyness_points=2)),
        ("deviations", lambda s: LocalVolatilityModel.from_surface(s, deviations=0.0)),
        ("spots", lambda _: LocalVolatilityModel.from_grid(1.0, [-1.0, 1.0, 2.0], [[0.1, 0.1, 0.1]])),
        ("volatilities", lambda _: LocalVolatilityModel.from_grid(1.0, [1.0, 2.0, 3.0], [[0.1, -0.1, 0.1]])),
        ("volatilities", lambda _: LocalVolatilityModel.from_grid([1.0, 2.0], [1.0, 2.0, 3.0], [[0.1, 0.1, 0.1]])),
        ("places", lambda _: LocalVolatilityModel.from_grid(1.0, [1.0, 3.0, 2.0], [[0.1, 0.1, 0.1]])),
        ("times", lambda _: VarianceGrid(np.array([1.0, 1.0, 1.0]), np.arange(3.0), np.ones(3), np.ones((3, 3)))),
        ("scales", lambda _: VarianceGrid(np.array([0.0, 1.0]), np.arange(3.0), np.zeros(2), np.ones((2, 3)))),
        (
            "variances",
            lambda _: VarianceGrid(np.array([0.0, 1.0]), np.arange(3.0), np.ones(2), np.full((2, 3), np.nan)),
        ),
        ("spot", lambda _: LocalVolatilityModel.flat(0.2).local_volatility([100.0, 0.0], 1.0)),
        ("spot", lambda _: LocalVolatilityModel.flat(0.2).local_volatility(np.nan, 1.0)),
        ("time", lambda _: LocalVolatilityModel.flat(0.2).local_volatility(100.0, -1.0)),
        ("forward_times", lambda s: replace(LocalVolatilityModel.from_surface(s), forward_times=np.array([1.0]))),
        ("paces", lambda s: replace(LocalVolatilityModel.from_surface(s), paces=np.array([0.0]))),
    ],
)
def test_bad_input_is_refused_by_name(field: str, make: Callable, skewed_surface: VolatilitySurface) -> None:
    with pytest.raises(InvalidValueError) as error:
        make(skewed_surface)
    assert error.value.field == field


def test_a_surface_without_any_density_is_refused(surface_of: Made) -> None:
    narrow = Svi(1e-4, 3.0, 0.0, 0.0, 1e-3)  # wings steeper than two
    with pytest.raises(DomainError, match="no local variance"):
        LocalVolatilityModel.from_surface(surface_of({0.5: narrow}), moneyness_points=6)
