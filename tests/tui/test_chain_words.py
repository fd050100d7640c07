"""What the chain screen says about an expiry and a cell, out of a view alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.services.chain_view import ChainView, ChainViewer
from optionix_core.volatility.arbitrage import Violation, ViolationKind
from screens.chain_columns import COLUMNS, grid_rows
from screens.chain_summary import option_pieces, summary_pieces
from screens.explanations import explain_cell
from screens.strike_filter import StrikeFilter
from widgets.grid_columns import place_columns

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def view() -> ChainView:
    return ChainViewer(SimulatedFeed(seed=20)).view("ORBIT", MOMENT, date(2026, 1, 16))


@pytest.fixture
def odd(view: ChainView) -> ChainView:
    """The same expiry with a butterfly and a rich quote."""
    rows = list(view.rows)
    rows[10] = rows[10]._replace(lint="butterfly .03")
    rows[11] = rows[11]._replace(lint="rich .06")
    legs = (rows[9].strike, rows[12].strike)
    found = Violation(ViolationKind.BUTTERFLY, view.root, view.expiry, "call", rows[10].strike, legs, 0.03)
    return replace(view, rows=tuple(rows), violations=(found,))


def words(view: ChainView) -> str:
    return " ".join(piece.text for piece in summary_pieces(view, StrikeFilter(), None))


def facts(view: ChainView, place: int, field: str) -> dict[str, str]:
    row = view.rows[place]
    return dict(explain_cell(view, row, row.call, field, MOMENT).facts)


def test_a_spot_that_the_forwards_imply_is_told_beside_what_follows_from_it(view: ChainView) -> None:
    implied = replace(view, spot=205.5, spot_source="implied", last=207.36)
    assert "spot 205.50 implied" in words(implied)
    assert "implied" not in words(view)
    told = facts(implied, 20, "iv")["spot"]
    assert "205.50 USD, implied by the forwards" in told
    assert "the source's own 207.36 is of another moment" in told
    assert facts(view, 20, "iv")["spot"] == f"{view.spot:.2f} USD"


def test_the_yield_is_explained_with_its_formula(view: ChainView) -> None:
    assert view.carry is not None
    assert facts(view, 20, "delta")["yield"].startswith(f"{view.carry:.4%} = rate - ln(forward / spot) / time")


def test_odd_rows_are_counted_and_told_where_their_column_does_not_fit(odd: ChainView) -> None:
    assert "lint 2" in words(odd)
    assert "lint" not in words(replace(odd, rows=odd.rows[:10]))
    row = odd.rows[11]
    assert "rich .06" in [piece.text for piece in option_pieces(odd, row, row.call, None)]


def test_the_lint_column_is_the_first_to_go(odd: ChainView) -> None:
    wide = [place.column.key for place in place_columns(COLUMNS, 161)]
    narrower = [place.column.key for place in place_columns(COLUMNS, 150)]
    assert wide[-1] == "lint"
    assert narrower == wide[:-1]
    rows = grid_rows(odd, odd.rows, lambda _: None, stale=False)
    assert rows[10].cells[-1] == "butterfly .03"
    assert len(rows[10].cells) == len(COLUMNS)


def test_lint_is_explained_by_the_trade_that_locks_it_in(odd: ChainView) -> None:
    told = facts(odd, 10, "lint")
    low, high = odd.rows[9].strike, odd.rows[12].strike
    assert told["butterfly"].startswith(f"sell this call at its bid, buy the {low:g} and {high:g} calls at their asks")
    assert "locks in 0.03 a unit" in told["butterfly"]
    assert "the bid is above the price" in facts(odd, 11, "lint")["rich .06"]
    assert "nothing odd" in facts(odd, 5, "lint")["found"]
    assert "calendar at 15:00:00 UTC" in facts(odd, 5, "lint")["checked"]
