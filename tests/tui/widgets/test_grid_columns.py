from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from config.chain_layouts import SHIPPED
from screens.book_columns import POSITION_COLUMNS
from screens.chain_columns import layout
from widgets.grid_columns import Column, PlacedColumn, place_columns

COLUMNS = layout("default", SHIPPED["default"]).columns


@given(st.integers(min_value=43, max_value=300))
@settings(max_examples=120, deadline=None)
def test_no_column_of_the_chain_is_ever_cut_and_both_sides_show_the_same(width: int) -> None:
    placed = place_columns(COLUMNS, width)
    assert placed[-1].x + placed[-1].width <= width
    assert all(place.width >= place.column.cells for place in placed)
    assert all(one.x + one.width < two.x for one, two in itertools.pairwise(placed))
    calls = [place.column.key.removeprefix("call.") for place in placed if place.column.group == "call"]
    puts = [place.column.key.removeprefix("put.") for place in placed if place.column.group == "put"]
    assert sorted(calls) == sorted(puts)


def test_bid_strike_and_ask_stay_on_a_phone() -> None:
    keys = [place.column.key for place in place_columns(COLUMNS, 43)]
    assert keys == ["call.bid", "call.ask", "strike", "put.bid", "put.ask"]


def test_the_wide_chain_shows_all_the_greeks() -> None:
    keys = {place.column.key for place in place_columns(COLUMNS, 146)}
    assert {"call.theta", "call.vega", "call.gamma", "call.delta", "put.open_interest"} <= keys


@given(st.integers(min_value=46, max_value=260))
@settings(max_examples=60, deadline=None)
def test_a_growing_column_takes_what_is_left(width: int) -> None:
    placed = place_columns(POSITION_COLUMNS, width)
    assert placed[0].x == 0
    assert placed[-1].x + placed[-1].width == width


def test_a_figure_that_does_not_fit_is_hidden_and_never_shortened() -> None:
    column = Column("price", "Price", 5, str)
    assert PlacedColumn(column, 0, 0, 5).justify("123456") == "#####"
    assert PlacedColumn(column, 0, 0, 5).justify("1234") == " 1234"
