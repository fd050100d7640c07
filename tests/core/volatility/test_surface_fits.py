"""Fits of SVI, SSVI, eSSVI and SABR to quotes of known smiles: what is recovered, and that no arbitrage is left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.pricing.models.sabr import SabrModel
from optionix_core.volatility.surface import _svi_formulas as formulas
from optionix_core.volatility.surface import _svi_steps as steps
from optionix_core.volatility.surface import essvi_fit, sabr_fit, ssvi_fit, svi_fit
from optionix_core.volatility.surface.quotes import SliceQuotes
from optionix_core.volatility.svi import Svi, butterfly_arbitrage, calendar_arbitrage

# A. Vogt's example in J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces" (2014), eq. 3.8.
VOGT = Svi(-0.0410, 0.1331, 0.3060, 0.3586, 0.4153)


def quotes(variance: Callable[[np.ndarray], np.ndarray], years: float, spread: float = 0.004, count: int = 41):
    """Quotes whose mids are exact, `spread` wide in volatility, from -2.5 to 2 deviations."""
    deviation = float(np.sqrt(variance(np.zeros(1))[0]))
    k = np.linspace(-2.5 * deviation, 2.0 * deviation, count)
    volatility = np.sqrt(variance(k) / years)
    low, high = volatility - 0.5 * spread, volatility + 0.5 * spread
    expiry = date(2026, 1, 1) + timedelta(days=round(365 * years))
    return SliceQuotes("T", expiry, years, 100.0, 0.99, k, low**2 * years, high**2 * years, volatility**2 * years)


def svi_at(years: float) -> Svi:
    return Svi(0.01 * years, 0.04 * years + 0.02 * np.sqrt(years), -0.5, 0.02, 0.1 + 0.1 * years)


def found_in(smile: Svi) -> bool:
    return butterfly_arbitrage(smile.a, smile.b, smile.rho, smile.m, smile.sigma).found


def falls(near: Svi, far: Svi, deviation: float) -> bool:
    k = np.linspace(-5.0, 5.0, 201) * deviation
    return bool((near.total_variance(k) > far.total_variance(k)).any())


def test_svi_comes_back_from_exact_quotes() -> None:
    times = (0.05, 0.25, 1.0)
    told = [quotes(svi_at(years).total_variance, years) for years in times]
    for years, one, smile in zip(times, told, svi_fit.fit(told), strict=True):
        error = np.sqrt(smile.total_variance(one.log_moneyness) / years) - np.sqrt(one.middle / years)
        assert np.abs(error).max() < 2e-4  # a twentieth of the spread
        assert one.inside(smile.total_variance(one.log_moneyness)).all()


def test_a_few_wild_quotes_do_not_bend_the_smile() -> None:
    one = quotes(svi_at(0.25).total_variance, 0.25)
    wild = np.zeros(one.count, dtype=bool)
    wild[[4, 17, 18, 33]] = True
    lift = np.where(wild, 1.3, 1.0)
    bent = SliceQuotes(
        "T", one.expiry, 0.25, 100.0, 0.99, one.log_moneyness, one.bid * lift, one.ask * lift, one.middle * lift
    )
    (smile,) = svi_fit.fit([bent])
    inside = one.inside(smile.total_variance(one.log_moneyness))
    assert inside[~wild].all()


def test_quotes_of_a_smile_with_a_butterfly_are_fitted_without_it() -> None:
    assert found_in(VOGT)
    one = quotes(VOGT.total_variance, 1.0)
    (smile,) = svi_fit.fit([one])
    assert not found_in(smile)
    error = np.sqrt(smile.total_variance(one.log_moneyness)) - np.sqrt(one.middle)
    assert np.sqrt(np.mean(error**2)) < 0.01


@pytest.mark.parametrize("fit", [svi_fit.fit, essvi_fit.fit, ssvi_fit.fit])
def test_crossing_quotes_are_fitted_in_order_of_time(fit: Callable[..., tuple[Svi, ...]]) -> None:
    near = quotes(svi_at(0.25).total_variance, 0.25)
    far = quotes(lambda k: 0.95 * svi_at(0.25).total_variance(k), 0.26)
    first, second = fit([near, far])
    assert not falls(first, second, far.deviation)
    assert not found_in(first)
    assert not found_in(second)


def test_a_butterfly_between_the_points_of_the_grid_is_fitted_away_and_not_mixed_away() -> None:
    # Fitted to SPXW of 22 February 2023 by hinges at 10 and 14 deviations: g is negative at 11.9 of them
    deviation = np.sqrt(0.001151)
    faulty = Svi(-8.24e-3, 0.0551, -0.731, -5.23 * deviation, 7.132 * deviation)
    assert found_in(faulty)
    one = quotes(faulty.total_variance, 15.0 / 365.0, 0.002)
    chain = svi_fit._Chain([one])
    formulas.free_of((faulty.a, faulty.b, faulty.rho, faulty.m, faulty.sigma), chain.free[0])
    grid = chain.grid.copy()
    chain.exchange()
    (smile,) = chain.smiles()
    assert np.count_nonzero(chain.grid != grid) >= 1
    assert not found_in(smile)
    assert one.inside(smile.total_variance(one.log_moneyness)).all()
    error = np.sqrt(smile.total_variance(one.log_moneyness) / one.years) - np.sqrt(one.middle / one.years)
    assert np.abs(error).max() < 5e-4
    grid = chain.grid.copy()
    chain.exchange()  # nothing is at fault any more
    np.testing.assert_array_equal(chain.grid, grid)


def test_repair_clears_a_crossing_and_a_butterfly() -> None:
    told = [quotes(svi_at(years).total_variance, years) for years in (0.25, 0.5, 0.75)]
    below = Svi(0.0, 0.01, 0.0, 0.0, 0.1)
    repaired = svi_fit._repaired(told, [svi_at(0.25), below, VOGT])
    assert repaired.lifted[0] == 0.0
    assert repaired.lifted[1] > 0.0
    assert repaired.kept[:2] == (1.0, 1.0)
    assert repaired.kept[2] < 1.0
    for place, smile in enumerate(repaired.smiles):
        assert not found_in(smile)
        if place:
            assert not falls(repaired.smiles[place - 1], smile, told[place].deviation)


@pytest.mark.parametrize("fit", [svi_fit.fit, essvi_fit.fit, ssvi_fit.fit, sabr_fit.fit])
def test_the_same_quotes_give_the_same_smiles_and_bad_chains_are_refused(
    fit: Callable[..., tuple[object, ...]],
) -> None:
    told = [quotes(svi_at(years).total_variance, years) for years in (0.1, 0.4)]
    assert fit(told) == fit(told)
    assert fit([]) == ()
    with pytest.raises(InvalidValueError, match=r"^years must be later"):
        fit(told[::-1])
    with pytest.raises(InvalidValueError, match=r"^quotes must be at least 5 .*row 0"):
        fit([quotes(svi_at(0.1).total_variance, 0.1, count=4)])


@settings(max_examples=80, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.floats(1e-4, 0.5), st.floats(-0.95, 0.95), st.floats(0.05, 50.0)), min_size=1, max_size=5))
def test_any_slices_become_an_essvi_surface_without_arbitrage(rows: list[tuple[float, float, float]]) -> None:
    theta, rho, phi = essvi_fit.bounded(*(np.array(column) for column in zip(*rows, strict=True)))
    smiles = [Svi.surface_slice(*row) for row in zip(theta, rho, phi, strict=True)]
    for smile in smiles:
        assert not found_in(smile)
    for near, far in pairwise(smiles):
        assert not calendar_arbitrage(near, far).found


def test_bounds_leave_a_surface_without_arbitrage_as_it_is() -> None:
    theta, rho, phi = np.array([0.01, 0.02, 0.05]), np.full(3, -0.6), np.array([8.0, 6.0, 4.0])
    kept = essvi_fit.bounded(theta, rho, phi)
    for before, after in zip((theta, rho, phi), kept, strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-12)


def test_essvi_comes_back_from_exact_quotes() -> None:
    times, theta, rho, phi = (0.1, 0.4, 1.0), (0.004, 0.016, 0.05), (-0.75, -0.65, -0.6), (12.0, 6.0, 3.0)
    told = [
        quotes(Svi.surface_slice(*row).total_variance, years)
        for years, row in zip(times, zip(theta, rho, phi, strict=True), strict=True)
    ]
    for smile, row in zip(essvi_fit.fit(told), zip(theta, rho, phi, strict=True), strict=True):
        true = Svi.surface_slice(*row)
        for name in ("a", "b", "rho", "m", "sigma"):
            assert getattr(smile, name) == pytest.approx(getattr(true, name), rel=1e-3)


def test_ssvi_comes_back_from_exact_quotes() -> None:
    theta, rho, eta, gamma = (0.004, 0.016, 0.05), -0.6, 0.9, 0.4
    told = [
        quotes(Svi.surface_slice(level, rho, eta / level**gamma / (1.0 + level) ** (1.0 - gamma)).total_variance, years)
        for level, years in zip(theta, (0.1, 0.4, 1.0), strict=True)
    ]
    found = ssvi_fit.fit_surface(told)
    assert (found.rho, found.eta, found.gamma) == pytest.approx((rho, eta, gamma), rel=1e-3)
    assert found.theta == pytest.approx(theta, rel=1e-3)


@pytest.mark.parametrize("beta", [0.5, 1.0])
def test_sabr_comes_back_from_exact_quotes(beta: float) -> None:
    model = SabrModel(alpha=0.2 * 100.0 ** (1.0 - beta), beta=beta, rho=-0.5, nu=0.8)

    def variance(k: np.ndarray) -> np.ndarray:
        return 0.5 * np.asarray(model.black_volatility(100.0, 100.0 * np.exp(k), 0.5)) ** 2

    (smile,) = sabr_fit.fit([quotes(variance, 0.5)], beta)
    found = smile.model
    assert (found.alpha, found.rho, found.nu) == pytest.approx((model.alpha, model.rho, model.nu), rel=1e-3)
    k, step = np.linspace(-0.3, 0.3, 7), 1e-4
    low, middle, high = (smile.total_variance(k + shift * step) for shift in (-1.0, 0.0, 1.0))
    value, slope, curve = smile.derivatives(k)
    np.testing.assert_allclose(value, middle, rtol=1e-14)
    np.testing.assert_allclose(slope, (high - low) / (2.0 * step), atol=1e-6)
    np.testing.assert_allclose(curve, (high - 2.0 * middle + low) / step**2, atol=1e-4)


def test_sabr_refuses_a_beta_outside_its_range() -> None:
    with pytest.raises(InvalidValueError, match=r"^beta must be between 0 and 1"):
        sabr_fit.fit([quotes(svi_at(0.1).total_variance, 0.1)], 1.5)


def test_a_chain_of_blocks_is_solved_as_the_whole_matrix_is() -> None:
    rng = np.random.default_rng(3)
    count = 4
    rows = np.zeros((30 * count, 5 * count))
    for place in range(count):
        rows[30 * place : 30 * place + 30, 5 * max(place - 1, 0) : 5 * place + 5] = rng.normal(
            size=(30, 5 * place + 5 - 5 * max(place - 1, 0))
        )
    whole = rows.T @ rows
    gradient = rng.normal(size=(count, 5))
    damping = np.array([0.0, 0.1, 0.01, 1.0])
    blocks = np.array([np.triu(whole[5 * i : 5 * i + 5, 5 * i : 5 * i + 5]) for i in range(count)])
    crosses = np.array([whole[5 * i : 5 * i + 5, 5 * i + 5 : 5 * i + 10] for i in range(count - 1)])
    found = np.zeros((count, 5))
    assert steps.chain_step(blocks, crosses, gradient, damping, found)
    damped = whole + np.diag(np.repeat(damping, 5) * np.diagonal(whole))
    np.testing.assert_allclose(found.reshape(-1), np.linalg.solve(damped, -gradient.reshape(-1)), rtol=1e-8)
    blocks[2, 3, 3] = -1e6
    assert not steps.chain_step(blocks, crosses, gradient, damping, found)


def test_gradients_of_the_losses_are_their_derivatives() -> None:
    k = np.linspace(-0.3, 0.3, 9)
    middle, weight, say = 0.05 + 0.1 * np.abs(k), np.full(9, 300.0), np.linspace(0.2, 1.0, 9)
    grid = np.linspace(-0.8, 0.8, 15)
    unit = np.full(15, 10.0)
    near = np.array([0.06, np.log(0.1), -0.5, 0.02, np.log(0.2)])
    far = np.array([0.01, np.log(0.4), 0.3, -0.05, np.log(0.03)])  # with a butterfly, and below the near one

    def loss(z: np.ndarray) -> float:
        first, second = np.zeros(5), np.zeros(5)
        formulas.raw_of(z[:5], first)
        formulas.raw_of(z[5:], second)
        told = formulas.quote_loss(second, z[7], k, middle, weight, say)
        shape = formulas.shape_loss(second, grid, 0.002, 30.0)
        order = formulas.neighbour_loss(first, second, grid, unit, 1e-4, 3.0)
        assert min(told, shape, order) > 0.0
        return told + shape + order

    z = np.concatenate([near, far])
    gradient, slopes, others, spare = np.zeros((2, 5)), np.zeros(5), np.zeros(5), np.zeros(5)
    blocks, cross, first, second = np.zeros((2, 5, 5)), np.zeros((5, 5)), np.zeros(5), np.zeros(5)
    formulas.raw_of(near, first)
    formulas.raw_of(far, second)
    formulas.quote_terms(second, far[2], k, middle, weight, say, slopes, blocks[1], gradient[1])
    formulas.shape_terms(far, second, spare, grid, 0.002, 30.0, slopes, blocks[1], gradient[1])
    formulas.neighbour_terms(
        first, second, grid, unit, 1e-4, 3.0, slopes, others, blocks[0], gradient[0], blocks[1], gradient[1], cross
    )
    for place in range(10):
        step = np.zeros(10)
        step[place] = 1e-6
        slope = (loss(z + step) - loss(z - step)) / 2e-6
        assert gradient.reshape(-1)[place] == pytest.approx(slope, rel=2e-3, abs=1e-3)
