"""The two functions that exercise boundaries are made of, against high precision."""

from __future__ import annotations

import math

import mpmath as mp
from hypothesis import given
from hypothesis import strategies as st

from optionix_core.pricing._american_lanes import brief_exponential, tail_denominator, tail_numerator


@given(st.floats(-708.0, 700.0))
def test_the_exponential_is_right_to_twelve_digits(x: float) -> None:
    assert abs(mp.mpf(brief_exponential(x)) / mp.exp(x) - 1) < 1.2e-12


def test_the_exponential_of_less_than_any_number_is_almost_none() -> None:
    assert 0.0 < brief_exponential(-1e6) < 1e-307


@given(st.floats(0.0, 1e3) | st.floats(0.0, 5.0))
def test_the_tail_of_the_normal_distribution_is_right_to_twelve_digits(x: float) -> None:
    with mp.workdps(40):
        exact = mp.sqrt(mp.pi / 2) * mp.erfc(mp.mpf(x) / mp.sqrt(2)) * mp.exp(mp.mpf(x) ** 2 / 2)
        assert abs(mp.mpf(tail_numerator(x) / tail_denominator(x)) / exact - 1) < 1.3e-12


def test_the_tail_far_out_is_that_of_its_series() -> None:
    for x in (1e6, 1e10, 1e15):
        assert math.isclose(tail_numerator(x) / tail_denominator(x), 1.0 / x, rel_tol=2e-12)
