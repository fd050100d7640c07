"""Windows, words and explanations of the chart screen, without the application."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.clock import ManualClock
from optionix_core.services.chart_terms import ChartTerms, Range, Study
from optionix_core.services.chart_view import ChartView, ChartViewer
from optionix_core.services.workspace import Workspace
from screens.arranging import read_choice, read_flag, read_name, read_text, refuse_others
from screens.chart_explanations import explain_candle
from screens.chart_plots import Drawn, chart_plot, panels, time_words
from screens.chart_summary import candle_pieces, chart_command, chart_pieces
from screens.chart_window import FEWEST, Laid, Window
from widgets.info_line import Piece

totals = st.integers(1, 3000)


@given(totals, st.integers(-50, 4000), st.integers(-50, 4000), st.integers(1, 300))
def test_a_window_lies_within_the_bars_and_its_candles_cover_it(total: int, shown: int, back: int, room: int) -> None:
    laid = Window(shown, back).laid(total, room)
    assert 0 <= laid.start < laid.stop <= total
    assert laid.stop - laid.start >= min(FEWEST, total)
    assert laid.candles <= room
    covered = [bar for candle in range(laid.candles) for bar in range(*laid.bars_of(candle))]
    assert covered == list(range(laid.start, laid.stop))
    assert all(laid.candle_of(laid.bars_of(candle)[0]) == candle for candle in range(laid.candles))
    assert laid.candle_of(laid.start - 1) is None
    assert laid.candle_of(laid.stop) is None


@given(st.integers(50, 3000), st.integers(0, 100))
def test_zooming_in_and_out_comes_back_and_keeps_the_right_edge(total: int, back: int) -> None:
    here = Window(40, back).fitted(total)
    closer = here.zoomed(total, closer=True)
    assert closer.shown < here.shown
    assert closer.back == here.back
    assert abs(closer.zoomed(total, closer=False).shown - here.shown) <= 1
    left = here.zoomed(total, closer=True, share=0.0)
    assert total - left.back - left.shown == total - here.back - here.shown


def test_a_window_moves_and_finds_a_bar() -> None:
    here = Window(50)
    assert here.moved(200, 30).back == 30
    assert here.moved(200, 1000).back == 150
    assert here.moved(200, -5).back == 0
    assert here.showing(200, 10).laid(200, 100).start == 10
    assert here.moved(200, 100).showing(200, 199).back == 0
    assert here.showing(200, 180) == here


@pytest.fixture
def view(open_workspace: Callable[[], Workspace], clock: ManualClock) -> ChartView:
    with open_workspace() as workspace:
        return ChartViewer(workspace).view(ChartTerms("ORBIT", span=Range.QUARTER), clock.now())


def laid_of(view: ChartView, room: int = 100) -> Laid:
    return Window(len(view.bars) - view.first).laid(len(view.bars), room)


def words(pieces: tuple[Piece, ...]) -> str:
    return " ".join(piece.text for piece in pieces)


def test_the_lines_tell_the_chart_and_the_candle(view: ChartView) -> None:
    laid = laid_of(view)
    told = words(chart_pieces(view, laid, 207.5, -0.02, None))
    for part in ("ORBIT", "207.50", "▼-2.0%", "1d", "3m", "IV30", "HV"):
        assert part in told
    assert "a candle is" not in told
    assert "a candle is 4 bars" in words(chart_pieces(view, laid_of(view, 20), None, None, None))
    problem = MissingDataError("nothing")
    assert "✗ nothing" in words(chart_pieces(view, laid, None, None, problem))
    newest = words(candle_pieces(view, laid, laid.candles - 1))
    assert newest.startswith("05 Jan 26 running")
    assert "IV30 ·" in newest
    merged = laid_of(view, 20)
    assert " – " in words(candle_pieces(view, merged, 3))


def test_what_is_drawn_can_be_chosen(view: ChartView) -> None:
    laid = laid_of(view)
    assert len(chart_plot(view, laid, Drawn(), "t", "").curves) == 4
    assert chart_plot(view, laid, Drawn(averages=False, bands=False), "t", "").curves == ()
    assert chart_plot(view, laid, Drawn(signs=False), "t", "").lines == ()
    assert [panel.title for panel in panels(view, laid, Study.MACD)] == ["MACD", "Volatility"]
    assert panels(view, laid, Study.NONE) == ()
    assert chart_plot(view, laid, Drawn(), "t", "") == chart_plot(view, laid, Drawn(), "t", "")


def test_a_candle_is_explained_with_its_source_and_age(view: ChartView) -> None:
    laid = laid_of(view)
    told = explain_candle(view, laid, laid.candles - 1, view.moment + timedelta(seconds=3))
    facts = dict(told.facts)
    assert told.title == "ORBIT 05 Jan 26"
    assert "not over" in facts["running"]
    assert "Yang and Zhang" in facts["yang-zhang 20d"]
    assert "SIM" in facts["source"]
    assert "3.0s ago" in facts["as of"]


def test_times_are_as_short_as_the_span_allows(view: ChartView) -> None:
    starts = view.bars.starts
    assert time_words(starts[-60:], 0) == f"{starts[-60]:%d %b}"
    assert time_words(starts, 0) == f"{starts[0]:%d %b %y}"
    hours = tuple(starts[-1] + timedelta(hours=k) for k in range(5))
    assert time_words(hours, 2) == "02:00"
    assert time_words((starts[0], *hours), 3) == f"{hours[2]:%d %b} 02:00"


def test_the_command_gives_the_same_chart(view: ChartView) -> None:
    assert chart_command("sim", view, "ORBIT") == "optionix chart show ORBIT --interval 1d --range 3m"
    assert chart_command("replay:x", None, None) == "optionix --feed replay:x chart show NAME"


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda: refuse_others({"zoom": 1}, {"range": "6m"}), "arrangement must be one of range"),
        (lambda: read_choice({"range": "2m"}, "range", Range, Range.HALF), "range must be one of 1d, 5d"),
        (lambda: read_flag({"bands": 1}, "bands", default=True), "bands must be true or false"),
        (lambda: read_text({"list": 3}, "list", ""), "list must be a text"),
        (lambda: read_name({"pane": "x"}, "pane", ("a", "b"), "a"), "pane must be one of a, b"),
    ],
)
def test_a_bad_arrangement_is_refused_by_name(read: Callable[[], Any], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        read()
