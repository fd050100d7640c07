"""Components, marginals and increments from profits and losses by position and scenario."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.risk import expected_shortfall, value_at_risk

MATRIX = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 6), st.integers(1, 80)),
    elements=st.floats(-1e4, 1e4).map(lambda x: round(x, 3)),
)
CHOICES = st.tuples(
    st.sampled_from(["value-at-risk", "expected-shortfall"]),
    st.sampled_from(["kernel", "scenario"]),
    st.sampled_from(["order-statistic", "interpolated"]),
    st.sampled_from([0.9, 0.95, 0.99]),
)


def normal_book(scenarios: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Correlated normal positions and their covariance."""
    root = np.array([[3.0, 0.0, 0.0], [-1.0, 2.0, 0.0], [0.5, 1.0, 1.0]])
    return root @ np.random.default_rng(8).standard_normal((3, scenarios)), root @ root.T


@given(MATRIX, CHOICES)
def test_components_add_up_whatever_the_book(pnl: np.ndarray, choice: tuple[str, str, str, float]) -> None:
    measure, method, convention, confidence = choice
    found = value_at_risk.decompose(pnl, confidence, measure=measure, method=method, convention=convention)
    whole = value_at_risk if measure == "value-at-risk" else expected_shortfall
    assert found.total == whole.historical(pnl, confidence, convention)
    assert found.component.sum() == pytest.approx(found.total, abs=1e-9 * (1.0 + np.abs(pnl).sum(axis=0).max()))
    assert np.isfinite(found.component).all()


@given(MATRIX, CHOICES)
def test_increments_are_recomputations_from_scratch(pnl: np.ndarray, choice: tuple[str, str, str, float]) -> None:
    measure, method, convention, confidence = choice
    found = value_at_risk.decompose(pnl, confidence, measure=measure, method=method, convention=convention)
    whole = value_at_risk if measure == "value-at-risk" else expected_shortfall
    slack = 1e-9 * (1.0 + np.abs(pnl).sum(axis=0).max())
    for row in range(pnl.shape[0]):
        rest = np.delete(pnl, row, axis=0)
        without = whole.historical(rest, confidence, convention)
        assert found.incremental[row] == pytest.approx(found.total - without, abs=slack)
        added = value_at_risk.incremental(rest, pnl[row], confidence, measure=measure, convention=convention)
        assert added == pytest.approx(found.incremental[row], abs=slack)
        assert found.standalone[row] == pytest.approx(whole.historical(pnl[row], confidence, convention), abs=slack)


@given(MATRIX, CHOICES, st.sampled_from([0.8, 0.98, 1.0]))
def test_weighted_parts_add_up_to_the_weighted_figure(
    pnl: np.ndarray, choice: tuple[str, str, str, float], decay: float
) -> None:
    measure, method, convention, confidence = choice
    weights = value_at_risk.age_weights(pnl.shape[1], decay)
    found = value_at_risk.decompose(
        pnl, confidence, measure=measure, method=method, convention=convention, weights=weights
    )
    whole = value_at_risk if measure == "value-at-risk" else expected_shortfall
    slack = 1e-9 * (1.0 + np.abs(pnl).sum(axis=0).max())
    assert found.total == pytest.approx(whole.age_weighted(pnl, confidence, convention, decay=decay), abs=slack)
    assert found.component.sum() == pytest.approx(found.total, abs=slack)
    trade = value_at_risk.incremental(pnl, pnl[0], confidence, measure=measure, convention=convention, weights=weights)
    with_trade = whole.age_weighted(np.vstack([pnl, pnl[:1]]), confidence, convention, decay=decay)
    assert trade == pytest.approx(with_trade - found.total, abs=slack)


def test_filtered_parts_add_up_to_the_filtered_figure() -> None:
    draws = np.random.default_rng(31)
    pnl = draws.standard_normal((3, 400)) * np.linspace(0.5, 3.0, 400)
    scaled = value_at_risk.filtered_pnl(pnl)
    found = value_at_risk.decompose(scaled, 0.99)
    assert found.total == pytest.approx(value_at_risk.filtered(pnl, 0.99), rel=1e-12)
    assert found.component.sum() == pytest.approx(found.total, rel=1e-12)
    assert value_at_risk.filtered_pnl(np.zeros((0, 5))).shape == (0, 5)


def test_components_of_a_normal_book_are_eulers() -> None:
    pnl, covariance = normal_book()
    exact = value_at_risk.parametric(np.ones(3), covariance, 0.99)
    found = value_at_risk.decompose(pnl, 0.99)
    # Each within three of its errors, beside what the total itself is off.
    off = found.total / exact.total
    assert found.component == pytest.approx(exact.component * off, abs=3.0 * found.component_error.max())
    assert (found.component_error < 0.25).all()
    tail = value_at_risk.decompose(pnl, 0.99, measure="expected-shortfall")
    beyond = expected_shortfall.parametric(np.ones(3), covariance, 0.99)
    assert (np.abs(tail.component - beyond.component) < 3.5 * tail.component_error).all()


def test_errors_of_components_are_what_samples_scatter_by() -> None:
    root = np.array([[3.0, 0.0, 0.0], [-1.0, 2.0, 0.0], [0.5, 1.0, 1.0]])
    draws = np.random.default_rng(12).standard_normal((150, 3, 1_000))
    for measure in ("value-at-risk", "expected-shortfall"):
        found = [value_at_risk.decompose(root @ draw, 0.95, measure=measure) for draw in draws]
        if measure == "expected-shortfall":
            scatter = np.std([each.component for each in found], axis=0)
            told = np.mean([each.component_error for each in found], axis=0)
            assert told == pytest.approx(scatter, rel=0.25)
        else:
            # Kernel errors are those at the quantile found: the scatter of shares, the quantile's own taken off.
            shares = np.std([each.component / each.total for each in found], axis=0) * np.mean([e.total for e in found])
            told = np.mean([each.component_error for each in found], axis=0)
            assert told == pytest.approx(shares, rel=0.4)


def test_marginal_is_the_derivative_in_size() -> None:
    pnl, _covariance = normal_book()
    sizes = np.array([10.0, -4.0, 0.5])
    found = value_at_risk.decompose(pnl, 0.99, sizes=sizes)
    assert found.marginal == pytest.approx(found.component / sizes, rel=1e-14)
    scenario = value_at_risk.decompose(pnl, 0.99, method="scenario", sizes=sizes)
    for row in range(3):
        # So small a change leaves the scenario at the quantile where it is: the derivative is that scenario's loss.
        grown = pnl.copy()
        grown[row] *= 1.0 + 1e-9
        change = (value_at_risk.historical(grown, 0.99) - found.total) / (1e-9 * sizes[row])
        assert scenario.marginal[row] == pytest.approx(change, abs=1e-4)


def test_the_scenario_at_the_quantile_by_hand() -> None:
    # Sums -9, -5, -4, 1, 2: at 60% the second worst, in which the positions earn -8 and 3.
    pnl = np.array([[1.0, -8.0, -6.0, 2.0, 1.0], [0.0, 3.0, -3.0, 0.0, -5.0]])
    found = value_at_risk.decompose(pnl, 0.6, method="scenario", labels=("put", "stock"))
    assert (found.total, found.component.tolist()) == (5.0, [8.0, -3.0])
    assert found.labels == ("put", "stock")
    assert np.isnan(found.component_error).all()
    assert "no error is told" in found.notes[0]
    tail = value_at_risk.decompose(pnl, 0.6, measure="expected-shortfall")
    assert (tail.total, tail.component.tolist()) == (7.0, [7.0, 0.0])


def test_groups_are_sums_of_their_positions() -> None:
    pnl, _ = normal_book(2_000)
    by_position = value_at_risk.decompose(pnl, 0.95, measure="expected-shortfall")
    by_group = value_at_risk.decompose(pnl, 0.95, measure="expected-shortfall", groups=("SPX", "NDX", "SPX"))
    assert by_group.labels == ("SPX", "NDX")
    assert by_group.total == pytest.approx(by_position.total, rel=1e-14)
    assert by_group.component[0] == pytest.approx(by_position.component[0] + by_position.component[2], rel=1e-12)
    assert by_group.component.sum() == pytest.approx(by_group.total, rel=1e-12)
    kernel = value_at_risk.decompose(pnl, 0.95)
    grouped = value_at_risk.decompose(pnl, 0.95, groups=("a", "a", "b"))
    assert grouped.component[0] == pytest.approx(kernel.component[0] + kernel.component[1], rel=1e-9)


def test_a_hedge_has_a_negative_component() -> None:
    generator = np.random.default_rng(5)
    stock = generator.standard_normal(1_000) * 100.0
    put = -0.6 * stock + generator.standard_normal(1_000) * 5.0
    found = value_at_risk.decompose(np.stack([stock, put]), 0.95, labels=("stock", "put"))
    assert found.component[1] < 0.0 < found.component[0]
    assert found.incremental[1] < 0.0


def test_ties_at_the_quantile_do_not_break_the_kernel() -> None:
    pnl = np.zeros((2, 500))
    pnl[0, :30] = -100.0
    pnl[1, :30] = 40.0
    found = value_at_risk.decompose(pnl, 0.95)
    assert found.total == 60.0
    assert found.component == pytest.approx([100.0, -40.0], abs=1e-6)
    same = value_at_risk.decompose(np.array([[3.0] * 50, [-1.0] * 50]), 0.95)
    assert same.component.tolist() == [-3.0, 1.0]


def test_an_empty_book_has_no_parts_and_says_why() -> None:
    found = value_at_risk.decompose(np.zeros((0, 100)), 0.99)
    assert (found.total, found.labels, found.component.size) == (0.0, (), 0)
    assert "no positions" in found.notes[0]
    assert value_at_risk.incremental(np.zeros((0, 3)), [-1.0, 2.0, 3.0], 0.99) == 1.0


def test_bad_input_is_named() -> None:
    pnl = np.ones((2, 30))
    with pytest.raises(MissingDataError, match="no history for 2 positions"):
        value_at_risk.decompose(np.zeros((2, 0)), 0.99)
    with pytest.raises(InvalidValueError, match=r"pnl must be \[positions, scenarios\]"):
        value_at_risk.decompose(np.ones(30), 0.99)
    with pytest.raises(InvalidValueError, match="labels must be one for each of 2 positions"):
        value_at_risk.decompose(pnl, 0.99, labels=("a",))
    with pytest.raises(InvalidValueError, match=r"sizes must be finite and not zero .*at row 1"):
        value_at_risk.decompose(pnl, 0.99, sizes=[1.0, 0.0])
    with pytest.raises(InvalidValueError, match="sizes must be left out"):
        value_at_risk.decompose(pnl, 0.99, groups=("a", "b"), sizes=[1.0, 1.0])
    with pytest.raises(InvalidValueError, match="weights must be positive, with a sum of 1"):
        value_at_risk.decompose(pnl, 0.99, weights=np.ones(30))
    with pytest.raises(InvalidValueError, match=r"weights must be \[30\], as the scenarios"):
        value_at_risk.decompose(pnl, 0.99, weights=[1.0])
    with pytest.raises(UnknownNameError, match="kernel, scenario"):
        value_at_risk.decompose(pnl, 0.99, method="euler")
    with pytest.raises(UnknownNameError, match="value-at-risk, expected-shortfall"):
        value_at_risk.decompose(pnl, 0.99, measure="spectral")
    with pytest.raises(InvalidValueError, match="trade must be of the book's 30 scenarios"):
        value_at_risk.incremental(pnl, [1.0, 2.0], 0.99)
    with pytest.raises(InvalidValueError, match=r"pnl of position 0 must be finite .*at row 1"):
        value_at_risk.decompose([[1.0, math.nan]], 0.99)
