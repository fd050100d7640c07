"""Columns, entry lines, sparklines and explanations of the watchlist, without the application."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.market.protocols import FeedState
from optionix_core.services.watchlist_view import WatchBoard, WatchRow, WatchView
from optionix_core.services.watchlists import Column, Watchlist
from screens.entry_words import completed, read_symbols
from screens.watchlist_columns import board_pieces, columns_of, row_pieces, row_style, rows_of
from screens.watchlist_explanations import explain_row
from widgets.grid_columns import place_columns
from widgets.info_line import Piece
from widgets.sparkline import BLOCKS, sparkline

NOW = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
OPTION = "ORBIT 260123C00230000"


def row(symbol: str, change: float | None, iv: float | None, **more: object) -> WatchRow:
    values = {Column.LAST: 100.0, Column.CHANGE: change, Column.IV: iv}
    return WatchRow(
        symbol, symbol, NOW - timedelta(seconds=3), stale=False, values=values, underlying=symbol, **more  # type: ignore[arg-type] # of the row
    )  # fmt: skip


def view(*rows: WatchRow) -> WatchView:
    columns = (Column.LAST, Column.CHANGE, Column.IV)
    watchlist = Watchlist("main", tuple(one.symbol for one in rows), columns)
    return WatchView(watchlist, NOW, "sim", FeedState.SIMULATED, rows)


THREE = view(row("A", 0.01, 0.2), row("B", -0.02, None, reason="no chain"), row("C", 0.03, 0.4, closes=(1.0, 2.0, 3.0)))


def words(pieces: tuple[Piece, ...]) -> str:
    return " ".join(piece.text for piece in pieces)


def test_rows_are_in_the_lists_order_or_by_a_column_with_the_unknown_last() -> None:
    assert [one.key for one in rows_of(THREE)] == ["A", "B", "C"]
    assert [one.key for one in rows_of(THREE, "change")] == ["C", "A", "B"]
    assert [one.key for one in rows_of(THREE, "change", descending=False)] == ["B", "A", "C"]
    assert [one.key for one in rows_of(THREE, "iv")] == ["C", "A", "B"]
    assert [one.key for one in rows_of(THREE, "iv", descending=False)] == ["A", "C", "B"]


def test_cells_are_written_with_sign_and_arrow_and_signs_have_their_tones() -> None:
    columns, rows = columns_of(THREE.watchlist), rows_of(THREE)
    texts = [[column.write(cell) for column, cell in zip(columns, one.cells, strict=True)] for one in rows]
    assert texts[0][:4] == ["A", "100.00", "▲+1.00%", "20.0"]
    assert texts[1][2:] == ["▼-2.00%", "·", "", "no chain"]
    assert texts[2][4] == "▁▅█"
    assert [row_style(columns[2], one)[1] for one in rows] == ["up", "down", "up"]


def test_the_first_columns_of_a_list_stay_longest() -> None:
    columns = columns_of(Watchlist("main", (), tuple(Column)))
    wide = [place.column.key for place in place_columns(columns, 200)]
    assert wide == ["label", *map(str, Column), "trend", "note"]
    assert [place.column.key for place in place_columns(columns, 44)] == ["label", "last", "change"]


def test_lines_tell_the_list_and_the_row() -> None:
    told = words(board_pieces(WatchBoard((THREE.watchlist,), THREE), "iv", descending=True))
    assert "main" in told
    assert "by iv ↓" in told
    assert "1 without data" in told
    assert words(board_pieces(WatchBoard((), None), "", descending=True)) == "no watchlist yet"
    assert "no chain" in words(row_pieces(THREE.rows[1], NOW))
    assert "3 days 1.00 – 3.00" in words(row_pieces(THREE.rows[2], NOW))
    assert "no symbol" in words(row_pieces(None, NOW))


def test_every_column_is_explained_with_source_and_age() -> None:
    for column in columns_of(Watchlist("main", (), tuple(Column))):
        for one in (*THREE.rows, WatchRow(OPTION, "x", None, stale=True, values={}, reason="gone", underlying="ORBIT")):
            told = explain_row(THREE, one, column, NOW)
            assert dict(told.facts)["what it is"]
            assert "SIM" in dict(told.facts)["source"]
    absent = dict(explain_row(THREE, THREE.rows[1], columns_of(THREE.watchlist)[3], NOW).facts)
    assert absent["why absent"] == "no chain"
    assert "3.0s old" in absent["quote of"]


@given(st.lists(st.integers(-1000, 1000), max_size=30), st.integers(0, 40))
def test_a_sparkline_rises_with_its_values(values: list[int], width: int) -> None:
    line = sparkline(values, width)
    kept = values[-width:] if width else []
    assert len(line) == len(kept)
    if kept and max(kept) > min(kept):
        assert line[kept.index(max(kept))] == BLOCKS[-1]
        assert line[kept.index(min(kept))] == BLOCKS[0]


def test_symbols_are_read_apart_by_blanks_and_options_by_commas() -> None:
    assert read_symbols("orbit tundra, ORBIT 23JAN26 230 C,orbit") == ("ORBIT", "TUNDRA", OPTION)
    assert read_symbols("ORBIT 23JAN26 230 C") == (OPTION,)
    for text in ("", " , ", "ORBIT %"):
        with pytest.raises(InvalidValueError, match="symbol"):
            read_symbols(text)


def test_the_last_word_is_completed() -> None:
    words_ = ("ORBIT", "TUNDRA")
    assert completed("orb", words_) == "orbIT"
    assert completed("ORBIT, T", words_) == "ORBIT, TUNDRA"
    assert completed("ORBIT", words_) is None
    assert completed("", words_) is None
    assert completed("x", words_) is None
