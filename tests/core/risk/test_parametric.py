"""Delta-normal figures and their parts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from optionix_core.errors import InvalidValueError
from optionix_core.risk import expected_shortfall, value_at_risk

# P. Jorion, "Value at Risk", 3rd ed. 2007, sec. 7.2: 2 million in Canadian dollars of volatility 5%, 1 million in euros
# of 12%, uncorrelated; 1.65 deviations, the confidence of which is N(1.65).
VALUES, COVARIANCE = [2e6, 1e6], np.diag([0.05**2, 0.12**2])
CONFIDENCE = 0.5 * math.erfc(-1.65 / math.sqrt(2.0))


def test_two_currencies_of_jorion() -> None:
    found = value_at_risk.parametric(VALUES, COVARIANCE, CONFIDENCE)
    assert found.standard_deviation == pytest.approx(156_205, abs=0.5)
    assert found.total == pytest.approx(257_738, abs=0.5)
    assert found.standalone == pytest.approx([165_000, 198_000], abs=1e-6)
    assert found.standalone.sum() == pytest.approx(363_000, abs=1e-6)  # undiversified
    assert found.marginal == pytest.approx([0.0528, 0.1521], abs=5e-5)
    assert found.component == pytest.approx([105_630, 152_108], abs=0.5)
    assert found.component / found.total == pytest.approx([0.410, 0.590], abs=5e-4)
    assert found.component.sum() == pytest.approx(found.total, rel=1e-15)
    # The total less that of the other currency alone.
    assert found.incremental == pytest.approx([257_738 - 198_000, 257_738 - 165_000], abs=0.5)


def test_a_trade_of_ten_thousand_canadian_dollars() -> None:
    # The same example: its marginal value at risk times the trade is 528 dollars.
    before = value_at_risk.parametric(VALUES, COVARIANCE, CONFIDENCE)
    after = value_at_risk.parametric([2.01e6, 1e6], COVARIANCE, CONFIDENCE)
    assert before.marginal[0] * 10_000 == pytest.approx(528, abs=0.5)
    assert after.total - before.total == pytest.approx(529, abs=1.0)


def test_normal_shortfall_is_the_density_over_the_tail() -> None:
    # n(2.326348) / 0.01 = 2.665214 standard deviations (McNeil, Frey, Embrechts, "Quantitative Risk Management" 2005,
    # sec. 2.2.4).
    found = expected_shortfall.parametric([1.0], [[1.0]], 0.99)
    assert found.total == pytest.approx(2.665214, abs=5e-7)
    assert value_at_risk.parametric([1.0], [[1.0]], 0.99).total == pytest.approx(2.326348, abs=5e-7)


def test_ten_days_are_the_root_of_ten() -> None:
    one = value_at_risk.parametric(VALUES, COVARIANCE, 0.99)
    ten = value_at_risk.parametric(VALUES, COVARIANCE, 0.99, horizon_days=10)
    assert ten.total == pytest.approx(math.sqrt(10.0) * one.total, rel=1e-14)
    assert ten.component == pytest.approx(math.sqrt(10.0) * one.component, rel=1e-14)


@given(
    hnp.arrays(np.float64, (5, 5), elements=st.floats(-1.0, 1.0)),
    hnp.arrays(np.float64, 5, elements=st.floats(-1e6, 1e6)),
    st.sampled_from([0.9, 0.95, 0.99, 0.999]),
)
def test_parts_add_up_and_increments_are_recomputations(
    factor: np.ndarray, values: np.ndarray, confidence: float
) -> None:
    covariance = factor @ factor.T
    found = value_at_risk.parametric(values, covariance, confidence)
    scale = 1.0 + np.abs(values).max() * 10.0
    assert found.component.sum() == pytest.approx(found.total, abs=1e-9 * scale)
    for row in range(5):
        rest = np.delete(values, row)
        kept = np.delete(np.delete(covariance, row, axis=0), row, axis=1)
        without = value_at_risk.parametric(rest, kept, confidence).total
        # Both deviations are roots of sums that may cancel: half the digits are certain where they do.
        assert found.incremental[row] == pytest.approx(found.total - without, abs=1e-7 * scale)
    assert found.total <= found.standalone.sum() + 1e-9 * scale


def test_the_marginal_is_the_derivative() -> None:
    covariance = np.array([[4.0, 1.0, 0.5], [1.0, 9.0, -2.0], [0.5, -2.0, 1.0]])
    values = np.array([3.0, -2.0, 5.0])
    found = value_at_risk.parametric(values, covariance, 0.99)
    for row in range(3):
        step = np.eye(3)[row] * 1e-5
        up, down = (value_at_risk.parametric(values + sign * step, covariance, 0.99).total for sign in (1, -1))
        assert found.marginal[row] == pytest.approx((up - down) / 2e-5, rel=1e-8)


def test_an_exact_hedge_has_no_risk() -> None:
    found = value_at_risk.parametric([1e6, -1e6], np.full((2, 2), 0.04), 0.99)
    assert found.total == pytest.approx(0.0, abs=1e-6)
    assert found.component.sum() == pytest.approx(found.total, abs=1e-6)


def test_an_empty_book_has_no_risk_and_says_why() -> None:
    found = value_at_risk.parametric([], np.zeros((0, 0)), 0.99)
    assert found.total == 0.0
    assert "no positions" in found.notes[0]


def test_bad_covariances_are_named() -> None:
    with pytest.raises(InvalidValueError, match=r"covariance must be \[2, 2\] \(got shape \(3, 3\)\)"):
        value_at_risk.parametric([1.0, 2.0], np.eye(3), 0.99)
    with pytest.raises(InvalidValueError, match="covariance must be symmetric"):
        value_at_risk.parametric([1.0, 2.0], [[1.0, 0.5], [0.4, 1.0]], 0.99)
    with pytest.raises(InvalidValueError, match=r"covariance must be positive semidefinite .*eigenvalue of -0.5"):
        value_at_risk.parametric([1.0, 2.0], [[1.0, 1.5], [1.5, 1.0]], 0.99)
    with pytest.raises(InvalidValueError, match="horizon_days must be positive"):
        value_at_risk.parametric([1.0], [[1.0]], 0.99, horizon_days=0)
