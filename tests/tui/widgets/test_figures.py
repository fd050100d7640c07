from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from widgets import figures


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (figures.price, 11.35, "11.35"),
        (figures.price, 1234.5, "1,234.50"),
        (figures.price, 0.05, "0.05"),
        (figures.price, 0.0355, "0.0355"),
        (figures.price, Decimal("2.545"), "2.5450"),
        (figures.quote, 11.35, "11.35"),
        (figures.quote, 0.0355, "0.0355"),
        (figures.quote, 3144.5, "3144.50"),
        (figures.quote, 12345.6, "12345.6"),
        (figures.quote, 12345.65, "12345.65"),
        (figures.strike, 232.5, "232.5"),
        (figures.strike, 5000.0, "5000"),
        (figures.fraction, 0.61, ".61"),
        (figures.fraction, -0.39, "-.39"),
        (figures.fraction, 1.0, "1.00"),
        (figures.gamma, 0.0193, ".019"),
        (figures.gamma, 0.0008, ".0008"),
        (figures.count, 812, "812"),
        (figures.count, 4100, "4.1k"),
        (figures.count, 99960, "100k"),
        (figures.count, 999_960, "1.0M"),
        (figures.signed_count, 12_400, "+12.4k"),
        (figures.signed_count, -310, "-310"),
        (figures.signed_count, -0.2, "0"),
        (figures.signed, 136, "+136.00"),
        (figures.signed, -0.001, "0.00"),
        (figures.money, Decimal("100482.11"), "100,482.11"),
        (figures.percent, 0.012, "+1.2%"),
        (figures.arrow, -1.0, "▼"),
        (figures.age, 0.2, "0.2s"),
        (figures.age, 14.0, "14s"),
        (figures.age, 300.0, "5m"),
        (figures.age, 90_000_000.0, "2.9y"),
    ],
)
def test_figures_read_as_a_trader_writes_them(write: object, value: object, text: str) -> None:
    assert callable(write)
    assert write(value) == text


@pytest.mark.parametrize(
    "write",
    [figures.price, figures.quote, figures.points, figures.fraction, figures.gamma, figures.count, figures.signed],
)
def test_absent_is_a_dot_and_never_a_zero(write: object) -> None:
    assert callable(write)
    assert write(None) == "·"


@given(st.floats(min_value=-1e12, max_value=1e12, allow_nan=False))
@settings(max_examples=200, deadline=None)
def test_a_sign_is_written_exactly_where_a_figure_shows_one(value: float) -> None:
    text = figures.signed(value)
    shows_something = any(digit in "123456789" for digit in text)
    assert (text[0] in "+-") is shows_something
    assert shows_something is (round(abs(value), 2) > 0)
