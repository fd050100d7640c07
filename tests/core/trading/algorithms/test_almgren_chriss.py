"""The trajectory against the paper's own example, a second implementation's figures and what it must minimise.

Parameters and "kappa is about 0.6 a day, so kappa T is about 3": Almgren and Chriss (2000), Table 1 and section 4.1.
Expected cost and variance of the same example by risk aversion: DROP 4.66, test AlmgrenChriss, "short end" table.
"""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.trading.algorithms.almgren_chriss import Impact, cost_variance, expected_cost, holdings, urgency

SHARES, DAYS, PERIODS = 1e6, 5.0, 5


def paper(risk_aversion: float) -> Impact:
    return Impact(risk_aversion, volatility=0.95, temporary=2.5e-6, permanent=2.5e-7, fixed=0.0625)


def test_urgency_of_the_papers_example_is_0_6_a_day():
    kappa = urgency(paper(1e-6), DAYS / PERIODS)
    assert kappa == pytest.approx(0.6, abs=0.01)
    assert kappa * DAYS == pytest.approx(3, abs=0.05)


@pytest.mark.parametrize(
    # lambda in 1e-6 per dollar, E in 1e6 dollars, V in 1e12 dollars squared, half-life in days: DROP's first, fourth
    # and ninth rows, its lambdas in the same unit. Its half-life is 1 / kappa-tilde, the limit of short steps.
    ("risk_aversion", "mean", "variance", "half_life"),
    [(0.001, 0.6625, 1.0812, 51.30), (0.004, 0.6625, 1.0758, 25.65), (0.009, 0.6626, 1.0669, 17.10)],
)
def test_cost_and_variance_are_those_of_another_implementation(risk_aversion, mean, variance, half_life):
    impact = paper(risk_aversion * 1e-6)
    left = holdings(SHARES, DAYS, PERIODS, impact)
    assert expected_cost(left, DAYS, impact) / 1e6 == pytest.approx(mean, abs=5.1e-5)
    assert cost_variance(left, DAYS, impact) / 1e12 == pytest.approx(variance, abs=5.1e-5)
    assert 1 / urgency(impact, 1.0) == pytest.approx(half_life, abs=0.011)


def test_a_risk_neutral_trader_trades_evenly_for_the_papers_naive_cost():
    left = holdings(SHARES, DAYS, PERIODS, paper(0.0))
    assert left == pytest.approx([1e6, 8e5, 6e5, 4e5, 2e5, 0])
    # Equations (8) and (9) by hand: 125,000 + 62,500 + 475,000, and 0.9025 (0.64 + 0.36 + 0.16 + 0.04) 1e12.
    assert expected_cost(left, DAYS, paper(0.0)) == pytest.approx(662_500)
    assert cost_variance(left, DAYS, paper(0.0)) == pytest.approx(1.083e12)


IMPACTS = st.builds(
    Impact,
    risk_aversion=st.floats(0, 1e-3),
    volatility=st.floats(0, 50),
    temporary=st.floats(1e-3, 10),
    permanent=st.floats(0, 1e-4),
)


@given(IMPACTS, st.integers(2, 12), st.floats(0.05, 10), st.data())
def test_no_other_trajectory_has_less_cost_and_risk(impact, steps, horizon, data):
    left = holdings(1000.0, horizon, steps, impact)

    def burden(path):
        return expected_cost(path, horizon, impact) + impact.risk_aversion * cost_variance(path, horizon, impact)

    bumps = data.draw(st.lists(st.floats(-100, 100), min_size=steps - 1, max_size=steps - 1))
    other = (left[0], *(x + bump for x, bump in zip(left[1:-1], bumps, strict=True)), 0.0)
    assert burden(left) <= burden(other) * (1 + 1e-12)


@given(IMPACTS, st.integers(1, 40), st.floats(0.05, 10))
def test_holdings_fall_from_all_to_nothing_and_solve_the_difference_equation(impact, steps, horizon):
    left = holdings(1.0, horizon, steps, impact)
    assert left[0] == pytest.approx(1)
    assert left[-1] == 0
    assert all(before >= after >= 0 for before, after in itertools.pairwise(left))
    step = horizon / steps
    squared = impact.risk_aversion * impact.volatility**2 / impact.adjusted_temporary(step)
    for before, here, after in zip(left, left[1:], left[2:], strict=False):
        assert before - 2 * here + after == pytest.approx(squared * step**2 * here, rel=1e-6, abs=1e-12)


def test_great_urgency_does_not_overflow():
    left = holdings(100.0, 1.0, 4, Impact(1e9, 1e3, 1e-6, 0.0))
    assert left == (pytest.approx(100.0), pytest.approx(0), pytest.approx(0), pytest.approx(0), 0.0)
    assert all(math.isfinite(x) for x in left)


def test_parameters_without_an_optimum_are_refused():
    with pytest.raises(InvalidValueError, match=r"temporary must be above half the permanent impact .* 0\.5 \(got 0.4"):
        holdings(10, 1.0, 1, Impact(1, 1, 0.4, 1.0))
    for field, values in {"risk_aversion": (-1, 1, 1, 1), "volatility": (1, math.nan, 1, 1)}.items():
        with pytest.raises(InvalidValueError, match=f"{field} must be finite and not negative"):
            Impact(*values)
    with pytest.raises(InvalidValueError, match="temporary must be positive"):
        Impact(1, 1, 0, 0)
    with pytest.raises(InvalidValueError, match="horizon must be positive"):
        holdings(10, 0.0, 1, paper(0))
    with pytest.raises(InvalidValueError, match="steps must be at least 1"):
        holdings(10, 1.0, 0, paper(0))
