"""Candles in cells: where they stand, what they look like without colour, and what the mouse finds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.candle_cells import GUTTER, Candle, CandlePlot, Curve, Panel, Sign, draw, frame_of, room, text_of

UP, DOWN = Candle(10.0, 14.0, 9.0, 13.0, 100.0), Candle(13.0, 14.0, 9.0, 10.0, 50.0)


def plot(*candles: Candle, **more: object) -> CandlePlot:
    return CandlePlot("T", candles=candles, **more)  # type: ignore[arg-type] # of the plot


@given(st.integers(1, 400), st.integers(30, 300))
def test_every_candle_has_its_columns_and_is_found_there(count: int, width: int) -> None:
    count = min(count, room(width))
    frame = frame_of(plot(*[UP] * count), width, 30)
    columns = [frame.column(place) for place in range(count)]
    assert columns == sorted(set(columns))
    assert columns[0] - frame.body // 2 >= GUTTER
    assert columns[-1] + frame.body // 2 < width
    assert [frame.place_at(column) for column in columns] == list(range(count))
    assert frame.place_at(frame.first - 1) is None
    assert frame.place_at(width) is None


def test_rising_and_falling_differ_without_colour() -> None:
    rising = text_of(plot(*[UP] * 100), 120, 20)
    falling = text_of(plot(*[DOWN] * 100), 120, 20)
    assert "┃" in rising
    assert "█" not in rising.split("100┤")[0]
    assert "█" in falling.split("50┤")[0]
    assert "┃" not in falling
    assert "▌ ▐" in text_of(plot(*[UP] * 20), 120, 20)
    assert "███" in text_of(plot(*[DOWN] * 20), 120, 20)


def test_tones_and_signs_stand_at_their_candles() -> None:
    shown = plot(UP, DOWN, UP, signs=(Sign(1, "▼", "down", "above"), Sign(0, "◆", "mark")), lines=(2,), volume=False)
    frame, cells = draw(shown, 60, 20)
    assert frame is not None
    column = frame.column(1)
    assert {row[column][1] for row in cells[1:-1]} == {"down", ""}
    place = next(number for number, row in enumerate(cells) if row[column][0] == "▼")
    assert cells[place + 1][column][1] == "down"
    foot = max(number for number, row in enumerate(cells) if row[frame.column(0)][0] == "◆")
    assert foot == len(cells) - 2
    assert any(row[frame.column(2)] == ("┊", "mark") for row in cells)


def test_volume_is_a_share_of_the_greatest_and_says_when_there_is_none() -> None:
    frame, cells = draw(plot(*[UP, DOWN] * 20), 100, 30)
    assert frame is not None
    part = next(part for part in frame.parts if part.kind == "volume")
    rows = [row[frame.column(1)] for row in cells[part.top : part.top + part.rows]]
    full = sum(character == "█" for character, _ in rows)
    assert full == pytest.approx(part.rows / 2, abs=1)
    assert {tone for character, tone in rows if character != " "} == {"volume-down"}
    assert "no volume" in text_of(plot(UP._replace(volume=math.nan), DOWN._replace(volume=math.nan)), 100, 30)


def test_panels_are_left_out_where_there_is_no_room() -> None:
    curve = Curve("c", (1.0, math.nan, 3.0), "series-1")
    shown = plot(UP, DOWN, UP, panels=(Panel("One", (curve,)), Panel("Two", (curve,), levels=(2.0,))))
    assert [name in text_of(shown, 80, 12) for name in ("One", "Two")] == [False, False]
    assert [name in text_of(shown, 80, 24) for name in ("One", "Two")] == [True, False]
    assert [name in text_of(shown, 80, 50) for name in ("One", "Two")] == [True, True]
    assert "no data" in text_of(plot(UP, panels=(Panel("None", ()),)), 80, 24)


def test_a_picture_fills_its_cells_exactly_at_every_size() -> None:
    for width in (12, 20, 44, 80, 200):
        for height in (1, 3, 6, 11, 24, 55):
            frame, cells = draw(plot(UP, DOWN, volume=True), width, height)
            assert len(cells) == height
            assert {len(row) for row in cells} == {width}
            assert (frame is None) == (height < 6 or room(width) < 2)


def test_a_level_is_named_on_the_axis() -> None:
    text = text_of(plot(UP, DOWN, UP, level=11.5, write_y=lambda value: f"{value:.1f}"), 60, 20)
    assert "11.5┝" in text


def test_flat_candles_and_one_candle_are_drawn() -> None:
    flat = Candle(10.0, 10.0, 10.0, 10.0, 0.0)
    text = text_of(plot(flat), 60, 20)
    assert any(sign in text for sign in "▄▀")
