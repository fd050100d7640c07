"""Quadratic books: cumulants, the expansion and the inversion, against closed forms."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, special, stats

from optionix_core.errors import DomainError, InvalidValueError
from optionix_core.risk import expected_shortfall, value_at_risk
from optionix_core.risk.value_at_risk.quadratic import (
    QuadraticLaw,
    cornish_fisher_quantile,
    invert,
    probability_below,
    quadratic_law,
)


def random_book(seed: int, factors: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    root, curvature = generator.normal(size=(2, factors, factors))
    return generator.normal(size=factors), curvature + curvature.T, root @ root.T / factors


def one_factor_below(slope: float, curvature: float, x: float) -> float:
    """P(slope z + curvature z^2 / 2 <= x) by the roots of the parabola."""
    inside = slope * slope + 2.0 * curvature * x
    if inside < 0.0:
        return 0.0 if curvature > 0.0 else 1.0
    low, high = sorted((-slope + sign * math.sqrt(inside)) / curvature for sign in (-1.0, 1.0))
    between = special.ndtr(high) - special.ndtr(low)
    return float(between if curvature > 0.0 else 1.0 - between)


@pytest.mark.parametrize("confidence", [0.9, 0.99, 0.999])
def test_a_linear_book_is_delta_normal_by_every_way(confidence: float) -> None:
    delta, _, covariance = random_book(1, 4)
    found = value_at_risk.delta_gamma(delta, np.zeros((4, 4)), covariance, confidence, 10)
    total = value_at_risk.parametric(delta, covariance, confidence, 10).total
    assert found.exact == pytest.approx(total, rel=1e-10)
    assert found.cornish_fisher == found.normal == pytest.approx(total, rel=1e-12)
    assert found.exact_shortfall == pytest.approx(
        expected_shortfall.parametric(delta, covariance, confidence, 10).total, rel=1e-9
    )


@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.99, 0.9999])
def test_pure_short_gamma_is_chi_squared(confidence: float) -> None:
    # Profit and loss -z^2 / 2: value at risk is half the quantile of chi-squared with one degree of freedom.
    found = value_at_risk.delta_gamma([0.0], [[-1.0]], [[1.0]], confidence)
    assert found.exact == pytest.approx(0.5 * stats.chi2(1).ppf(confidence), rel=1e-9)
    # E z^2 1(z^2 > q) = P(chi-squared of 3 > q).
    beyond = 0.5 * stats.chi2(3).sf(stats.chi2(1).ppf(confidence)) / (1.0 - confidence)
    assert found.exact_shortfall == pytest.approx(beyond, rel=1e-8)
    assert (found.mean, found.standard_deviation) == pytest.approx((-0.5, math.sqrt(0.5)), rel=1e-12)
    # Of chi-squared with one degree of freedom: skewness sqrt(8), excess kurtosis 12.
    assert (found.skewness, found.excess_kurtosis) == pytest.approx((-math.sqrt(8.0), 12.0), rel=1e-12)


def test_long_gamma_can_hardly_lose() -> None:
    found = value_at_risk.delta_gamma([0.0], [[1.0]], [[1.0]], 0.99)
    assert found.exact == pytest.approx(-0.5 * stats.chi2(1).ppf(0.01), rel=1e-8)
    assert found.exact <= 0.0


@settings(max_examples=12, deadline=None)
@given(
    st.floats(-3.0, 3.0),
    st.floats(-3.0, 3.0).filter(lambda value: abs(value) > 1e-3),
    st.sampled_from([0.9, 0.99, 0.999]),
)
def test_one_factor_agrees_with_the_roots_of_the_parabola(slope: float, curvature: float, confidence: float) -> None:
    exact, shortfall = invert(QuadraticLaw(0.0, (slope,), (curvature,)), confidence)
    # Near the parabola's end probabilities change without bound: what is held is the figure, to 1e-9 of the deviation.
    slack = 1e-9 * math.hypot(slope, curvature / math.sqrt(2.0))
    assert one_factor_below(slope, curvature, -exact - slack) <= 1.0 - confidence
    assert one_factor_below(slope, curvature, -exact + slack) >= 1.0 - confidence
    assert shortfall >= exact - slack


@pytest.mark.parametrize("slope", [1.75, -0.2])
def test_probabilities_of_one_factor_have_all_digits(slope: float) -> None:
    # 1.75 z + 0.375 z^2 / 2 was once found to 1e-7 only, along a line on which the integrand falls slowly.
    law = QuadraticLaw(0.0, (slope,), (0.375,))
    for x in np.linspace(-4.0, 2.0, 13):
        assert probability_below(law, float(x)) == pytest.approx(one_factor_below(slope, 0.375, float(x)), abs=1e-13)


@pytest.mark.parametrize("seed", range(6))
def test_two_factors_agree_with_one_given_the_other(seed: int) -> None:
    draws = np.random.default_rng(seed)
    b, c = draws.normal(size=(2, 2)) * 10.0 ** draws.uniform(-2.0, 1.0, (2, 2))
    law = QuadraticLaw(0.3, tuple(b), tuple(c))
    mean, variance, _, _ = law.cumulants()
    for distance in (-3.0, -1.0, -0.3):
        x = mean + distance * math.sqrt(variance)

        def given(z: float, x: float = x) -> float:
            rest = x - 0.3 - b[0] * z - 0.5 * c[0] * z * z
            return one_factor_below(float(b[1]), float(c[1]), rest) * math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)

        # The parabola in z ends where the other's roots meet: square-root ends, taken away by a cosine.
        inside = b[1] ** 2 + 2.0 * c[1] * (x - 0.3)
        roots = np.roots([-c[0] * c[1], -2.0 * c[1] * b[0], inside])
        edges = sorted({-9.0, 9.0, *(float(root.real) for root in roots if root.imag == 0.0 and abs(root.real) < 9.0)})
        whole = 0.0
        for low, high in itertools.pairwise(edges):

            def stretched(u: float, low: float = low, high: float = high) -> float:
                middle = 0.5 * (low + high) - 0.5 * (high - low) * math.cos(math.pi * u)
                return given(middle) * 0.5 * (high - low) * math.pi * math.sin(math.pi * u)

            whole += integrate.quad(stretched, 0.0, 1.0, epsabs=1e-13, limit=300)[0]
        assert probability_below(law, x) == pytest.approx(whole, abs=1e-11)


def test_many_factors_agree_with_imhofs_integral() -> None:
    # Imhof (1961), eq. 3.2, on the real axis as it stands there, where six factors make it converge.
    law = quadratic_law(*random_book(5, 6))
    b, c = np.array(law.slopes), np.array(law.curvatures)
    for x in (-12.0, -5.0, 0.0, 4.0):

        def integrand(t: float, x: float = x) -> float:
            spread = 1.0 - 1j * t * c
            value = np.exp(np.sum(-0.5 * t * t * b * b / spread - 0.5 * np.log(spread)) + 1j * t * (law.drift - x))
            return float(value.imag) / t

        whole, _ = integrate.quad(integrand, 0.0, 60.0, limit=2_000, epsabs=1e-11)
        assert probability_below(law, x) == pytest.approx(0.5 - whole / math.pi, abs=1e-7)


@pytest.mark.parametrize("factors", [2, 5, 20])
def test_simulation_finds_the_same_tail(factors: int) -> None:
    delta, gamma, covariance = random_book(10 + factors, factors)
    found = value_at_risk.delta_gamma(delta, gamma, covariance, 0.99)
    normals = np.random.default_rng(3).standard_normal((100_000, factors))
    moves = normals @ np.linalg.cholesky(covariance).T
    pnl = moves @ delta + 0.5 * np.sum((moves @ gamma) * moves, axis=1)
    simulated = value_at_risk.quantile_interval(pnl, 0.99, 0.9999)
    assert simulated.lower <= found.exact <= simulated.upper
    beyond = value_at_risk.shortfall_interval(pnl, 0.99, 0.9999)
    assert beyond.lower <= found.exact_shortfall <= beyond.upper


@given(st.integers(0, 10_000), st.integers(1, 5))
def test_cumulants_are_those_of_the_matrices(seed: int, factors: int) -> None:
    # Mina and Ulmer (1999): traces of powers of gamma S and delta' S (gamma S)^k delta, no eigenvalue taken.
    delta, gamma, covariance = random_book(seed, factors)
    product = gamma @ covariance
    expected = [
        0.3 + 0.5 * np.trace(product),
        delta @ covariance @ delta + 0.5 * np.trace(product @ product),
        3.0 * delta @ covariance @ product @ delta + np.trace(np.linalg.matrix_power(product, 3)),
        12.0 * delta @ covariance @ product @ product @ delta + 3.0 * np.trace(np.linalg.matrix_power(product, 4)),
    ]
    found = quadratic_law(delta, gamma, covariance, drift=0.3).cumulants()
    assert found == pytest.approx(expected, rel=1e-8, abs=1e-8)


def test_the_expansion_is_near_where_curvature_is_small_and_far_where_it_is_not() -> None:
    mild = value_at_risk.delta_gamma([1.0], [[-0.1]], [[1.0]], 0.99)
    assert mild.cornish_fisher == pytest.approx(mild.exact, rel=1e-3)
    assert mild.normal < 0.98 * mild.exact
    # Bought straddle with a lean: the expansion tells a profit, the law a loss.
    wild = value_at_risk.delta_gamma([-2.0], [[3.0]], [[1.0]], 0.99)
    assert wild.exact == pytest.approx(2.0 / 3.0, abs=1e-3)  # the parabola's lowest point is -2/3
    assert wild.cornish_fisher < 0.0
    assert not wild.is_monotonic
    assert "no quantile function" in wild.notes[0]


def test_the_expansion_by_hand() -> None:
    # z = -2, skewness -0.6, excess kurtosis 1.2: -2 + 3 (-0.6) / 6 + (-8 + 6) 1.2 / 24 - (-16 + 10) 0.36 / 36.
    assert cornish_fisher_quantile(-2.0, -0.6, 1.2) == pytest.approx(-2.0 - 0.3 - 0.1 + 0.06, rel=1e-14)


def test_drift_moves_the_whole_law() -> None:
    delta, gamma, covariance = random_book(4, 3)
    still = value_at_risk.delta_gamma(delta, gamma, covariance, 0.99)
    moved = value_at_risk.delta_gamma(delta, gamma, covariance, 0.99, drift=2.0)
    assert moved.exact == pytest.approx(still.exact - 2.0, abs=1e-8)
    assert moved.cornish_fisher == pytest.approx(still.cornish_fisher - 2.0, abs=1e-10)


def test_quantiles_invert_probabilities() -> None:
    law = quadratic_law(*random_book(6, 3))
    for confidence in (0.1, 0.5, 0.975):
        exact, _ = invert(law, confidence)
        assert probability_below(law, -exact) == pytest.approx(1.0 - confidence, abs=1e-9)
    found = optimize.brentq(lambda x: probability_below(law, x) - 0.02, -100.0, 0.0)
    assert -invert(law, 0.98)[0] == pytest.approx(found, abs=1e-8)


def test_books_that_do_not_move() -> None:
    empty = value_at_risk.delta_gamma([], np.zeros((0, 0)), np.zeros((0, 0)), 0.99)
    assert empty.exact == 0.0
    assert "no positions" in empty.notes[0]
    with pytest.raises(DomainError, match="does not move"):
        value_at_risk.delta_gamma([0.0], [[0.0]], [[1.0]], 0.99)


def test_bad_matrices_are_named() -> None:
    with pytest.raises(InvalidValueError, match="gamma must be symmetric"):
        value_at_risk.delta_gamma([1.0, 1.0], [[0.0, 1.0], [0.0, 0.0]], np.eye(2), 0.99)
    with pytest.raises(InvalidValueError, match=r"gamma must be \[2, 2\]"):
        value_at_risk.delta_gamma([1.0, 1.0], np.eye(3), np.eye(2), 0.99)
    with pytest.raises(InvalidValueError, match="delta must be finite"):
        value_at_risk.delta_gamma([math.nan], [[1.0]], [[1.0]], 0.99)
    with pytest.raises(InvalidValueError, match="drift must be finite"):
        value_at_risk.delta_gamma([1.0], [[1.0]], [[1.0]], 0.99, drift=math.inf)
