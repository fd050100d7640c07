from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from widgets.braille_canvas import BrailleCanvas
from widgets.expiry_tabs import window
from widgets.info_line import Piece, fit


def test_a_dot_is_its_bit_of_the_braille_cell() -> None:
    canvas = BrailleCanvas(1, 1)
    canvas.dot(0, 0, 0)
    canvas.dot(1, 3, 0)
    assert canvas.row(0) == [("⢁", 0)]  # dots 1 and 8 of U+2800: 0x01 and 0x80


def test_a_cell_belongs_to_the_series_drawn_last() -> None:
    canvas = BrailleCanvas(1, 1)
    canvas.dot(0, 0, 0)
    canvas.dot(0, 1, 1)
    assert canvas.row(0) == [("⠃", 1)]


@given(*[st.integers(min_value=-40, max_value=120)] * 4)
@settings(max_examples=150, deadline=None)
def test_a_line_reaches_its_ends_and_leaves_no_gap(x0: int, y0: int, x1: int, y1: int) -> None:
    canvas = BrailleCanvas(40, 20)
    canvas.line(x0, y0, x1, y1, 0)
    for x, y in ((x0, y0), (x1, y1)):
        if 0 <= x < canvas.width and 0 <= y < canvas.height:
            assert canvas.row(y // 4)[x // 2][1] == 0


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 6)), max_size=12), st.integers(10, 120))
@settings(max_examples=150, deadline=None)
def test_a_line_keeps_what_matters_and_fits_where_it_can(sizes: list[tuple[int, int]], width: int) -> None:
    pieces = [Piece("x" * size, "plain", rank) for size, rank in sizes]
    kept = fit(pieces, width, 2)
    needed = sum(len(piece.text) for piece in kept) + 2 * max(len(kept) - 1, 0)
    assert needed <= width or all(piece.rank == 0 for piece in kept)
    assert [piece for piece in pieces if piece.rank == 0] == [piece for piece in kept if piece.rank == 0]


def test_a_joined_piece_is_dropped_with_its_label() -> None:
    pieces = [Piece("F2", "plain", 0), Piece("NLV", "muted", 1), Piece("100,000.00", "plain", 1, joined=True)]
    assert fit(pieces, 12, 2) == [pieces[0]]
    assert len(fit(pieces, 20, 2)) == 3


@given(st.integers(1, 40), st.integers(0, 39), st.integers(20, 150))
@settings(max_examples=100, deadline=None)
def test_the_chosen_tab_is_always_in_view(count: int, chosen: int, width: int) -> None:
    labels = [f"{day:02d} Jan 26 {day}d" for day in range(count)]
    chosen = min(chosen, count - 1)
    shown = window(labels, chosen, width)
    assert chosen in shown
    assert len(shown) == 1 or sum(len(labels[index]) + 3 for index in shown) <= width + 3
