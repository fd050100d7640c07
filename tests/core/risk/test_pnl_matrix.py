"""Sums of rows, a trade more or less, and what a matrix by group cannot tell."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from optionix_core.errors import DomainError, InvalidValueError, UnknownNameError
from optionix_core.risk.pnl_matrix import PnlMatrix, PnlRow
from optionix_core.risk.revaluation import revalue

from .risk_books import book, mixed_options, option, stock, wild_scenarios

JANUARY, MARCH = date(2026, 1, 16), date(2026, 3, 20)
ROWS = (
    PnlRow("A", "ORBIT", JANUARY, 1),
    PnlRow("B", "ORBIT", MARCH, 1),
    PnlRow("C", "COMET", MARCH, 1),
    PnlRow("S", "ORBIT", None, 1),
)


def matrix(values: np.ndarray, **changes: object) -> PnlMatrix:
    terms: dict[str, object] = {
        "values": values,
        "base": np.arange(4.0),
        "rows": ROWS,
        "kept": "position",
        "scenarios": tuple(f"s{n}" for n in range(values.shape[1])),
        "reporting_currency": "USD",
    }
    return PnlMatrix(**(terms | changes))  # type: ignore[arg-type]


@given(arrays(np.int64, (4, 6), elements=st.integers(-1000, 1000)))
def test_groups_of_any_kind_add_up_to_the_total(values: np.ndarray) -> None:
    found = matrix(values.astype(np.float64))
    assert np.array_equal(found.total(), values.sum(axis=0))
    for sums in (found.by_underlying(), found.by_expiry(), found.by(lambda row: row.name)):
        assert np.array_equal(sum(sums.values()), found.total())
    assert list(found.by_expiry()) == [JANUARY, MARCH, None]
    assert np.array_equal(found.by_underlying()["ORBIT"], values[0] + values[1] + values[3])


def test_a_row_is_found_by_its_name() -> None:
    found = matrix(np.arange(8.0).reshape(4, 2))
    assert np.array_equal(found.row("C"), [4.0, 5.0])
    with pytest.raises(UnknownNameError, match="unknown row 'X'; known: A, B, C, S"):
        found.row("X")


def test_a_trade_more_and_less_leaves_the_others_untouched() -> None:
    found = matrix(np.arange(8.0).reshape(4, 2))
    more = found.with_row(PnlRow("N", "COMET", None, 1), np.array([100.0, 200.0]), 7.0)
    assert np.array_equal(more.total(), found.total() + np.array([100.0, 200.0]))
    assert more.base[-1] == 7.0
    less = more.without_row("N")
    assert np.array_equal(less.values, found.values)
    assert less.rows == found.rows


def test_a_matrix_by_group_has_no_row_of_a_trade() -> None:
    found = matrix(np.zeros((4, 2)), kept="group")
    with pytest.raises(DomainError, match="a single position has no row"):
        found.without_row("A")
    with pytest.raises(DomainError, match="a single position has no row"):
        found.with_row(ROWS[0], np.zeros(2), 0.0)


def test_shapes_must_agree_and_values_stay_as_they_are() -> None:
    with pytest.raises(InvalidValueError, match=r"shape of P&L must be \(4, 3\)"):
        matrix(np.zeros((4, 2)), scenarios=("a", "b", "c"))
    with pytest.raises(ValueError, match="read-only"):
        matrix(np.zeros((4, 2))).values[0, 0] = 1.0


def test_the_row_of_a_trade_alone_is_its_row_in_the_book() -> None:
    """What-if: only the trade is revalued, and the book's total with it is a sum."""
    held, scenarios = book(*mixed_options(20), stock("S")), wild_scenarios(80)
    trade = option("T", quantity=-4.0, strike=110.0, days=30.5)
    alone = revalue(held.with_positions((trade,)), scenarios)
    whole = revalue(held.with_positions((*held.positions, trade)), scenarios)
    assert np.array_equal(alone.values[0], whole.row("T"))
    before = revalue(held, scenarios)
    assert np.array_equal(before.total() + alone.values[0], whole.total())
    assert np.array_equal(whole.without_row("T").total(), before.total())
