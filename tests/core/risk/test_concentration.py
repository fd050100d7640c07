"""Shares of a book by name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix_core.errors import DomainError, InvalidValueError
from optionix_core.risk.concentration import concentration


def test_four_firms_of_the_merger_guidelines() -> None:
    # U.S. Department of Justice and Federal Trade Commission: shares of 30, 30, 20 and 20 per cent make 2,600 points.
    found = concentration([30.0, 30.0, 20.0, 20.0], ("a", "b", "c", "d"))
    assert 10_000.0 * found.herfindahl == pytest.approx(2_600.0, rel=1e-12)
    assert found.effective_names == pytest.approx(10_000.0 / 2_600.0, rel=1e-12)
    assert found.largest_share(3) == pytest.approx(0.8, rel=1e-12)


def test_positions_of_one_name_are_netted_first() -> None:
    found = concentration([100.0, -60.0, -40.0, 20.0], ("SPX", "SPX", "NDX", "RUT"))
    assert [(each.name, each.amount, each.share) for each in found.exposures] == [
        ("NDX", -40.0, 0.4),
        ("SPX", 40.0, 0.4),
        ("RUT", 20.0, 0.2),
    ]
    assert (found.gross, found.net) == (100.0, 20.0)
    assert found.largest(1)[0].name == "NDX"
    assert len(found.largest(9)) == 3


@given(st.lists(st.floats(-1e6, 1e6).filter(lambda value: abs(value) > 1e-3), min_size=1, max_size=30))
def test_the_index_lies_between_its_bounds(amounts: list[float]) -> None:
    found = concentration(amounts, [str(row) for row in range(len(amounts))])
    assert 1.0 / len(amounts) - 1e-12 <= found.herfindahl <= 1.0 + 1e-12
    assert sum(each.share for each in found.exposures) == pytest.approx(1.0, rel=1e-12)
    assert found.herfindahl == pytest.approx(float(np.sum(np.square(amounts))) / found.gross**2, rel=1e-9)


def test_an_empty_book_has_no_concentration_and_says_why() -> None:
    found = concentration([], ())
    assert (found.herfindahl, found.gross, found.exposures) == (0.0, 0.0, ())
    assert "no positions" in found.notes[0]


def test_bad_input_is_named() -> None:
    with pytest.raises(InvalidValueError, match="names must be one for each of 2 amounts"):
        concentration([1.0, 2.0], ("a",))
    with pytest.raises(InvalidValueError, match=r"amounts must be finite .*at row 1"):
        concentration([1.0, np.nan], ("a", "b"))
    with pytest.raises(DomainError, match="all zero"):
        concentration([5.0, -5.0], ("a", "a"))
    with pytest.raises(InvalidValueError, match="count must be at least 1"):
        concentration([1.0], ("a",)).largest(0)
