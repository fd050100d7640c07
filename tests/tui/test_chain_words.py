"""What the chain screen says about an expiry and a cell, out of a view alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from config.chain_layouts import SHIPPED
from optionix_core.errors import IntegrityError, MissingDataError, OptionixError
from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market.protocols import FeedState
from optionix_core.services.chain_filter import ChainFilter
from optionix_core.services.chain_view import ChainView, ChainViewer
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_core.volatility.arbitrage import Violation, ViolationKind
from screens.chain_columns import RowMarks, layout, style
from screens.chain_summary import option_pieces, summary_pieces
from screens.explanations import explain_cell
from screens.header import header_pieces
from screens.session import Session
from widgets.grid_columns import place_columns

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
DEFAULT = layout("default", SHIPPED["default"])
COLUMNS = DEFAULT.columns


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
    return " ".join(piece.text for piece in summary_pieces(view, ChainFilter(), None))


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
    rows = DEFAULT.rows(odd, odd.rows, lambda _: None, RowMarks(), stale=False)
    assert rows[10].cells[-1] == "butterfly .03"
    assert len(rows[10].cells) == len(COLUMNS)


def test_a_leg_that_is_staged_stands_where_its_position_would_with_its_sign(view: ChainView) -> None:
    row = view.rows[20]
    legs = {row.call.symbol or "": -2, row.put.symbol or "": 1}
    made = DEFAULT.rows(view, (row,), lambda _: Decimal(3), RowMarks(None, legs), stale=False)[0]
    shown = {column.key: column.write(cell) for column, cell in zip(COLUMNS, made.cells, strict=True)}
    assert shown["call.held"] == "›-2"
    assert shown["put.held"] == "›+1"
    call, put = (next(column for column in COLUMNS if column.key == f"{group}.bid") for group in ("call", "put"))
    assert style(call, made)[0] == "sold"
    assert style(put, made)[0] == "bought"
    bare = DEFAULT.rows(view, (row,), lambda _: Decimal(3), RowMarks(), stale=False)[0]
    assert COLUMNS[0].write(bare.cells[0]) == "+3"


def test_options_that_a_filter_does_not_keep_are_dim(view: ChainView) -> None:
    chosen = ChainFilter.parse("otm")
    made = DEFAULT.rows(view, view.rows, lambda _: None, RowMarks(chosen), stale=False)
    call = next(column for column in COLUMNS if column.key == "call.bid")
    for row, shown in zip(view.rows, made, strict=True):
        if row.call.rejected is None:
            assert (style(call, shown)[1] == "faint") == (row.strike < (view.forward or 0.0))


def test_lint_is_explained_by_the_trade_that_locks_it_in(odd: ChainView) -> None:
    told = facts(odd, 10, "lint")
    low, high = odd.rows[9].strike, odd.rows[12].strike
    assert told["butterfly"].startswith(f"sell this call at its bid, buy the {low:g} and {high:g} calls at their asks")
    assert "locks in 0.03 a unit" in told["butterfly"]
    assert "the bid is above the price" in facts(odd, 11, "lint")["rich .06"]
    assert "nothing odd" in facts(odd, 5, "lint")["found"]
    assert "calendar at 15:00:00 UTC" in facts(odd, 5, "lint")["checked"]


def header(view: ChainView, now: datetime, home: Path, problem: OptionixError | None = None) -> str:
    workspace = Workspace.open(HomeFolders.of(home))
    session = Session(workspace, chain=view, warming=None, book_problem=problem)
    return " ".join(piece.text for piece in header_pieces(session, "F2 Chain", now))


def test_a_replay_tells_the_moment_that_was_recorded_and_that_it_may_be_over(view: ChainView, tmp_path: Path) -> None:
    played = replace(view, state=FeedState.REPLAY, market_open=False)
    later = view.quoted_at + view.stale_after + timedelta(seconds=5)
    text = header(played, later, tmp_path)
    assert "▶ REPLAY" in text
    assert "STALE" in text
    assert "closed of 05 Jan 26 15:00:00 UTC" in text
    assert "05 Jan" not in header(view, later, tmp_path)
    told = dict(explain_cell(played, played.rows[20], played.rows[20].call, "bid", later).facts)
    assert told["recorded"].startswith("2026-01-05 15:00:00 UTC")
    assert "recorded" not in facts(view, 20, "bid")


def test_the_header_tells_a_broken_log_from_a_book_that_is_not_there(view: ChainView, tmp_path: Path) -> None:
    assert "✗ log" in header(view, MOMENT, tmp_path, IntegrityError("altered", 3))
    assert "✗ book" in header(view, MOMENT, tmp_path, MissingDataError("no quotes"))
    assert "✗" not in header(view, MOMENT, tmp_path)


@pytest.mark.parametrize(
    ("strike", "mark", "shown"),
    [
        (230.0, "money", ">230<"),
        (62_500.0, "money", ">62500<"),
        (110_000.0, "money", ">110000"),
        (110_000.0, "σ", "110000σ"),
    ],
)
def test_a_strike_and_its_mark_fit_the_column(strike: float, mark: str, shown: str) -> None:
    column = next(column for column in COLUMNS if column.key == "strike")
    assert column.write((strike, mark)) == shown
    assert len(shown) <= column.width
