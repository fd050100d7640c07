"""Curves hit their nodes, are log-linear between them and keep the documented rule outside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.curves import DiscountCurve, ForwardCurve

TIMES = np.array([0.1, 0.5, 2.0])
FACTORS = np.array([0.996, 0.975, 0.91])


@given(
    st.lists(st.floats(0.01, 3.0), min_size=1, max_size=8),
    st.lists(st.floats(-0.02, 0.15), min_size=8, max_size=8),
)
@settings(max_examples=100, deadline=None)
def test_every_node_is_hit(steps: list[float], rates: list[float]) -> None:
    times = np.cumsum(steps)
    factors = np.exp(-np.array(rates[: len(steps)]) * times)
    curve = DiscountCurve(times, factors)
    assert np.allclose(curve.discount_factor(times), factors, rtol=1e-14)
    assert np.allclose(curve.zero_rate(times), rates[: len(steps)], rtol=1e-10, atol=1e-13)
    assert float(curve.discount_factor(0.0)) == 1.0


def test_between_nodes_the_forward_rate_is_constant() -> None:
    curve = DiscountCurve(TIMES, FACTORS)
    inside = np.linspace(0.5, 2.0, 7)
    rates = curve.forward_rate(inside[:-1], inside[1:])
    assert np.allclose(rates, np.log(0.975 / 0.91) / 1.5, rtol=1e-12)
    # Half way in time is the geometric mean of the two factors.
    assert float(curve.discount_factor(1.25)) == pytest.approx(np.sqrt(0.975 * 0.91), rel=1e-14)


def test_outside_the_nodes_the_nearest_zero_rate_holds() -> None:
    curve = DiscountCurve(TIMES, FACTORS)
    first, last = -np.log(0.996) / 0.1, -np.log(0.91) / 2.0
    assert np.allclose(curve.zero_rate([0.0, 0.03, 0.1]), first, rtol=1e-12)
    assert np.allclose(curve.zero_rate([2.0, 5.0, 30.0]), last, rtol=1e-12)
    assert (curve.first, curve.last) == (0.1, 2.0)


def test_a_flat_curve_has_one_rate() -> None:
    curve = DiscountCurve.flat(0.05)
    times = np.array([0.001, 0.5, 1.0, 30.0])
    assert np.allclose(curve.discount_factor(times), np.exp(-0.05 * times), rtol=1e-14)
    assert np.allclose(curve.zero_rate(times), 0.05, rtol=1e-12)
    assert float(DiscountCurve.flat(-0.01).discount_factor(1.0)) > 1.0


def test_forwards_start_at_the_spot_and_hit_their_nodes() -> None:
    curve = ForwardCurve(TIMES, np.array([100.4, 102.0, 107.0]), spot=100.0)
    assert float(curve.forward(0.0)) == 100.0
    assert np.allclose(curve.forward(TIMES), curve.forwards, rtol=1e-14)
    assert float(curve.carry(4.0)) == pytest.approx(np.log(1.07) / 2.0, rel=1e-12)
    assert float(curve.forward(4.0)) == pytest.approx(100.0 * 1.07**2, rel=1e-12)


def test_rate_less_carry_is_the_dividend_yield() -> None:
    times = np.array([0.25, 1.0])
    curve = ForwardCurve(times, 100.0 * np.exp((0.05 - 0.015) * times), spot=100.0)
    yields = curve.dividend_yield([0.0, 0.1, 0.25, 0.7, 1.0, 3.0], DiscountCurve.flat(0.05))
    assert np.allclose(yields, 0.015, atol=1e-13)


def test_without_a_spot_nothing_outside_the_nodes_is_known() -> None:
    curve = ForwardCurve(TIMES, np.array([100.4, 102.0, 107.0]))
    assert float(curve.forward(0.5)) == pytest.approx(102.0, rel=1e-14)
    for time in (0.05, 2.5):
        with pytest.raises(MissingDataError, match="spot"):
            curve.forward(time)
    with pytest.raises(MissingDataError, match="spot"):
        curve.carry(0.5)


def test_nodes_cannot_be_changed_from_outside() -> None:
    factors = FACTORS.copy()
    curve = DiscountCurve(TIMES, factors)
    factors[0] = 0.5
    assert float(curve.discount_factor(0.1)) == pytest.approx(0.996, rel=1e-14)
    with pytest.raises(ValueError, match="read-only"):
        curve.discount_factors[0] = 0.5


@pytest.mark.parametrize(
    ("times", "values", "field"),
    [
        ([], [], "discount_factor"),
        ([1.0], [0.9, 0.8], "discount_factor"),
        ([0.0], [0.9], "time"),
        ([1.0, 1.0], [0.9, 0.8], "time"),
        ([2.0, 1.0], [0.9, 0.8], "time"),
        ([1.0, np.nan], [0.9, 0.8], "time"),
        ([1.0], [0.0], "discount_factor"),
        ([1.0], [-0.9], "discount_factor"),
        ([1.0], [np.inf], "discount_factor"),
    ],
)
def test_bad_nodes_are_refused_by_field(times: list[float], values: list[float], field: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        DiscountCurve(np.array(times), np.array(values))
    assert caught.value.field == field


def test_bad_arguments_are_refused_by_field() -> None:
    curve = DiscountCurve(TIMES, FACTORS)
    with pytest.raises(InvalidValueError, match="time"):
        curve.discount_factor(-0.1)
    with pytest.raises(InvalidValueError, match="end"):
        curve.forward_rate(1.0, 1.0)
    with pytest.raises(InvalidValueError, match="rate"):
        DiscountCurve.flat(float("nan"))
    with pytest.raises(InvalidValueError, match="spot"):
        ForwardCurve(TIMES, FACTORS, spot=0.0)
