"""Laws of moves, the copula that joins them, and components of many factors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.risk import value_at_risk
from optionix_core.risk._random import uniforms
from optionix_core.risk.value_at_risk.components import hedged_deviation
from optionix_core.risk.value_at_risk.copula import BLOCK, _likelihood
from optionix_core.risk.value_at_risk.marginals import EmpiricalMarginal, NormalMarginal, StudentMarginal

CORRELATION = np.array([[1.0, -0.7], [-0.7, 1.0]])


def generator(degrees: float = 5.0, seed: int = 7) -> value_at_risk.MoveGenerator:
    laws = (StudentMarginal(0.0, 0.01, 5.0), NormalMarginal(0.001, 0.02))
    return value_at_risk.MoveGenerator(value_at_risk.StudentCopula(CORRELATION, degrees), laws, seed)


def test_uniforms_are_known_by_their_place() -> None:
    whole = uniforms(3, 1, 0, 1_000, 7)
    assert np.array_equal(whole[200:450], uniforms(3, 1, 200, 250, 7))
    assert 0.0 < whole.min() < whole.max() < 1.0
    assert not np.array_equal(whole, uniforms(3, 2, 0, 1_000, 7))
    assert not np.array_equal(whole, uniforms(4, 1, 0, 1_000, 7))
    assert stats.kstest(whole.ravel(), "uniform").pvalue > 1e-3


def test_the_bits_do_not_depend_on_workers_or_chunks() -> None:
    made = generator()
    count = 3 * BLOCK + 117
    whole = made.moves(count)
    for workers in (1, 2, 3):
        assert np.array_equal(whole, made.moves(count, workers=workers))
    for chunk in (1_000, BLOCK, 5_001):
        assert np.array_equal(whole, np.concatenate(list(made.chunks(count, chunk)), axis=1))
    assert np.array_equal(whole[:, 4_000:9_000], made.moves(5_000, 4_000))
    assert not np.array_equal(whole, generator(seed=8).moves(count))


def test_each_factor_keeps_its_own_law() -> None:
    moves = generator().moves(60_000)
    assert stats.kstest(moves[0], stats.t(5, scale=0.01).cdf).pvalue > 1e-3
    assert stats.kstest(moves[1], stats.norm(0.001, 0.02).cdf).pvalue > 1e-3


@pytest.mark.parametrize("degrees", [3.0, 5.0, math.inf])
def test_rank_correlation_is_the_arcsine_of_the_correlation(degrees: float) -> None:
    # Kendall's tau = 2 asin(rho) / pi for every elliptical law (Lindskog, McNeil, Schmock 2003).
    moves = generator(degrees).moves(40_000)
    assert stats.kendalltau(*moves).statistic == pytest.approx(2.0 * math.asin(-0.7) / math.pi, abs=0.012)


def test_factors_of_few_degrees_move_far_together() -> None:
    # Both beyond their 1% quantiles: tail dependence of a t copula, 2 t_(n+1)(-sqrt((n + 1)(1 - rho) / (1 + rho)))
    # (McNeil, Frey, Embrechts 2005, eq. 5.31), is the limit; for normals it is zero.
    joint = {}
    for degrees in (3.0, math.inf):
        copula = value_at_risk.StudentCopula(np.array([[1.0, 0.5], [0.5, 1.0]]), degrees)
        made = value_at_risk.MoveGenerator(copula, (NormalMarginal(0.0, 1.0),) * 2, 11)
        moves = made.moves(200_000)
        joint[degrees] = float((moves < -2.3263478740408408).all(axis=0).mean()) / 0.01
    limit = 2.0 * stats.t(4).cdf(-math.sqrt(4.0 * 0.5 / 1.5))
    assert joint[3.0] == pytest.approx(limit, abs=0.05)
    assert joint[math.inf] < 0.5 * joint[3.0]


def test_extreme_places_lose_no_digits() -> None:
    tiny = np.array([1e-300, 1e-20, 0.3])
    for law in (NormalMarginal(0.0, 1.0), StudentMarginal(0.0, 1.0, 4.0)):
        below, above = law.moves(tiny, np.zeros(3)), law.moves(tiny, np.ones(3))
        assert np.isfinite(below).all()
        assert above == pytest.approx(-below, rel=1e-14)
        assert (np.diff(below) > 0.0).all()


def test_empirical_moves_are_between_those_that_were() -> None:
    law = EmpiricalMarginal(np.array([-3.0, -1.0, 0.0, 4.0]))
    places = np.array([0.01, 0.125, 0.25, 0.375])
    assert law.moves(places, np.zeros(4)) == pytest.approx([-3.0, -3.0, -2.0, -1.0], rel=1e-14)
    assert law.moves(places, np.ones(4)) == pytest.approx([4.0, 4.0, 2.0, 0.0], abs=1e-14)
    history = np.random.default_rng(4).standard_t(4, (2, 300))
    laws = [value_at_risk.empirical(row) for row in history]
    moves = value_at_risk.generator(history, laws, 5).moves(20_000)
    assert (moves.min(axis=1) >= history.min(axis=1)).all()
    assert (moves.max(axis=1) <= history.max(axis=1)).all()
    assert moves.std(axis=1) == pytest.approx(history.std(axis=1), rel=0.03)


def test_student_fits_agree_with_a_general_optimiser() -> None:
    sample = np.random.default_rng(6).standard_t(4.0, 1_500) * 0.02 + 0.001
    found = value_at_risk.fit_student(sample)
    degrees, mean, scale = stats.t.fit(sample)
    assert found.degrees_of_freedom == pytest.approx(degrees, rel=1e-3)
    assert (found.mean, found.scale) == pytest.approx((mean, scale), rel=1e-3, abs=1e-6)


def test_the_likelihood_is_the_density_of_the_joint_law_over_its_margins() -> None:
    points = stats.multivariate_t(shape=CORRELATION, df=5).rvs(60, random_state=2)
    single, joint = stats.t(5), stats.multivariate_t(shape=CORRELATION, df=5)
    expected = joint.logpdf(points).sum() - single.logpdf(points).sum()
    constant = -0.5 * 60 * math.log(np.linalg.det(CORRELATION))
    assert _likelihood(single.cdf(points).T, CORRELATION, 5.0) + constant == pytest.approx(expected, rel=1e-9)


def test_fits_find_the_copula_again() -> None:
    fitted = value_at_risk.fit_copula(generator(5.0).moves(8_000))
    assert fitted.correlation[0, 1] == pytest.approx(-0.7, abs=0.03)
    assert fitted.degrees_of_freedom == pytest.approx(5.0, abs=1.2)
    assert value_at_risk.fit_copula(generator(math.inf).moves(8_000)).degrees_of_freedom > 40.0


def test_correlations_that_are_no_matrix_are_raised_and_told() -> None:
    # Thirty days of many factors: ranks' correlations are not positive semidefinite together.
    history = np.random.default_rng(3).standard_normal((40, 30))
    fitted = value_at_risk.fit_copula(history)
    assert np.linalg.eigvalsh(fitted.correlation)[0] > 0.0
    assert np.diag(fitted.correlation) == pytest.approx(np.ones(40), abs=1e-12)
    assert "were no matrix together" in fitted.notes[0]


def factor_history() -> np.ndarray:
    """Six factors of two common ones and their own."""
    draws = np.random.default_rng(9)
    loads = draws.normal(size=(6, 2))
    own = draws.standard_normal((6, 2_000)) * 0.4
    return (loads @ draws.standard_normal((2, 2_000)) + own) * np.arange(1.0, 7.0)[:, None] * 0.01


def test_components_are_the_eigenvectors_of_the_correlation() -> None:
    history = factor_history()
    found = value_at_risk.principal_components(history, count=2)
    variances, directions = np.linalg.eigh(np.corrcoef(history))
    assert found.variances == pytest.approx(variances[::-1][:2], rel=1e-10)
    assert np.abs(directions[:, ::-1][:, :2].T @ found.loadings) == pytest.approx(np.eye(2), abs=1e-9)
    assert np.diag(found.covariance) == pytest.approx(history.var(axis=1, ddof=1), rel=1e-10)
    assert found.explained == pytest.approx(variances[::-1][:2].sum() / 6.0, rel=1e-10)
    every = value_at_risk.principal_components(history, share=1.0)
    assert every.covariance == pytest.approx(np.cov(history), rel=1e-9, abs=1e-12)


def test_scenarios_through_components_have_the_models_covariance() -> None:
    made = value_at_risk.factor_model(factor_history(), 3, count=2, law="normal")
    moves = made.moves(60_000)
    expected = made.components.covariance
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert np.cov(moves) / scale == pytest.approx(expected / scale, abs=0.03)
    parts = np.concatenate(list(made.chunks(60_000, 17_001, workers=2)), axis=1)
    assert np.array_equal(moves, parts)


def test_a_book_hedged_against_the_components_keeps_the_rest() -> None:
    found = value_at_risk.principal_components(factor_history(), count=2)
    # Exposures at right angles to both components in standardised units.
    complement = np.linalg.qr(np.column_stack([found.loadings, np.eye(6)[:, :4]]))[0][:, 5]
    inside, left = hedged_deviation(found, complement / found.deviations)
    assert inside < 1e-9
    assert left > 0.05


def test_bad_input_is_named() -> None:
    with pytest.raises(InvalidValueError, match="correlation must be 1 on the diagonal"):
        value_at_risk.StudentCopula(2.0 * np.eye(2), 4.0)
    with pytest.raises(InvalidValueError, match="correlation must be positive semidefinite"):
        value_at_risk.StudentCopula(np.array([[1.0, 1.2], [1.2, 1.0]]), 4.0)
    with pytest.raises(InvalidValueError, match="degrees_of_freedom must be positive"):
        value_at_risk.StudentCopula(np.eye(2), 0.0)
    with pytest.raises(InvalidValueError, match="marginals must be one for each of 2 factors"):
        value_at_risk.MoveGenerator(value_at_risk.StudentCopula(np.eye(2), 4.0), (NormalMarginal(0.0, 1.0),), 1)
    with pytest.raises(InvalidValueError, match="standard_deviation must be positive"):
        NormalMarginal(0.0, 0.0)
    with pytest.raises(MissingDataError, match="10 moves where a law of them needs 30"):
        value_at_risk.fit_student(np.arange(10.0))
    with pytest.raises(DomainError, match="all alike"):
        value_at_risk.fit_normal(np.ones(50))
    with pytest.raises(InvalidValueError, match="scenarios must be at least 1"):
        generator().moves(0)
    with pytest.raises(InvalidValueError, match="moves must be at least 30 days"):
        value_at_risk.fit_copula(np.ones((2, 10)))
    with pytest.raises(InvalidValueError, match="count must be from 1 to 6"):
        value_at_risk.principal_components(factor_history(), count=7)
    with pytest.raises(InvalidValueError, match="law must be one of empirical, normal, student"):
        value_at_risk.factor_model(factor_history(), 1, law="cauchy")
