"""The two lines of words on the chart screen: the chart as a whole, and the candle under the crosshair. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from optionix_core.services.chart_marks import MarkKind
from screens.chart_plots import marks_of, points
from widgets import figures
from widgets.info_line import Piece

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.errors import OptionixError
    from optionix_core.services.chart_view import ChartView, Line
    from screens.chart_window import Laid


def _fact(label: str, value: str, rank: int, tone: str = "plain") -> list[Piece]:
    return [Piece(label, "muted", rank), Piece(value, tone, rank, joined=True)]


def chart_pieces(
    view: ChartView, laid: Laid, last: float | None, change: float | None, problem: OptionixError | None
) -> tuple[Piece, ...]:
    """Underlying, price, interval and range, what is in view, volatilities; `last` and `change` are the newest."""
    terms, told = view.terms, view.indicators
    pieces = [Piece(terms.underlying, "strong", 0)]
    if last is not None:
        pieces.append(Piece(figures.quote(last), "strong", 0, joined=True))
    if change is not None:
        tone = "up" if change > 0 else "down" if change < 0 else "muted"
        pieces.append(Piece(f"{figures.arrow(change)}{figures.percent(change)}".strip(), tone, 1, joined=True))
    pieces += [
        Piece(f" {terms.interval} ", "chip", 0, action="chart.next_interval"),
        Piece(f" {terms.span} ", "chip", 0, joined=True, action="chart.next_range"),
    ]
    if problem is not None:
        return (*pieces, Piece("✗", "alert", 0), Piece(str(problem), "alert", 0, joined=True))
    starts = view.bars.starts
    pieces += _fact("from", f"{starts[laid.start]:%d %b %y}", 3)
    if laid.stop < len(view.bars):
        pieces += _fact("to", f"{starts[laid.stop - 1]:%d %b %y}", 2, "warn")
    if laid.group > 1:
        pieces += _fact("a candle is", f"{laid.group} bars", 2)
    for line, label in zip(told.volatility, ("IV30", "HV", "Parkinson", "Yang-Zhang"), strict=False):
        value = _latest(line)
        if value is not None:
            pieces += _fact(label, points(value), 4 if label in {"IV30", "HV"} else 6)
    pieces += _ahead(view)
    if view.notes:
        pieces.append(Piece(f"! {view.notes[0]}", "warn", 8))
    return tuple(pieces)


def _ahead(view: ChartView) -> list[Piece]:
    """The next monthly expiry, and the next dividend that was declared."""
    pieces: list[Piece] = []
    for kind, label, rank in ((MarkKind.EXPIRY, "next monthly", 7), (MarkKind.DIVIDEND, "ex-dividend", 5)):
        found = next((mark for mark in view.marks if mark.kind is kind and mark.at > view.moment), None)
        if found is not None:
            pieces += _fact(label, f"{found.at:%d %b} {(found.at - view.moment).days + 1}d", rank)
    return pieces


def _latest(line: Line) -> float | None:
    known = [value for value in line.values[-5:].tolist() if math.isfinite(value)]
    return known[-1] if known else None


def candle_pieces(view: ChartView, laid: Laid, candle: int) -> tuple[Piece, ...]:
    """The candle under the crosshair, with the indicators at its end and what happened in it."""
    first, stop = laid.bars_of(candle)
    bars, end = view.bars, stop - 1
    pieces = [Piece(span_words(view, first, end), "title", 0)]
    if view.running and end == view.place_now:
        pieces.append(Piece("running", "accent", 3, joined=True))
    opened, closed = float(bars.open[first]), float(bars.close[end])
    before = float(bars.close[first - 1]) if first else opened
    change = closed / before - 1.0
    tone = "up" if closed >= opened else "down"
    pieces += _fact("O", figures.quote(opened), 2)
    pieces += _fact("H", figures.quote(float(bars.high[first:stop].max())), 2)
    pieces += _fact("L", figures.quote(float(bars.low[first:stop].min())), 2)
    pieces += _fact("C", figures.quote(closed), 0, tone)
    pieces.append(Piece(f"{figures.arrow(change)}{figures.percent(change, 2)}".strip(), tone, 1, joined=True))
    volume = float(bars.volume[first:stop].sum())
    pieces += _fact("V", figures.count(None if math.isnan(volume) else volume), 3)
    for mark in marks_of(view, laid, candle)[:3]:
        pieces.append(Piece(mark.words, "accent", 1))
    told = view.indicators
    for line in told.volatility:
        pieces += _fact(line.name, points(float(line.values[end])), 5)
    for line in (*told.averages, *told.bands):
        value = float(line.values[end])
        pieces += _fact(line.name, figures.quote(None if math.isnan(value) else value), 6)
    rsi = float(told.rsi.values[end])
    pieces += _fact(told.rsi.name, figures.ABSENT if math.isnan(rsi) else f"{rsi:.0f}", 7)
    return tuple(pieces)


def span_words(view: ChartView, first: int, end: int) -> str:
    """When a candle was: `05 Jan 26`, `05 Jan 26 14:35`, `01 Dec 25 – 12 Dec 25`."""
    starts = view.bars.starts
    if first == end:
        return _moment(view, starts[end])
    return f"{_moment(view, starts[first])} – {_moment(view, starts[end])}"


def _moment(view: ChartView, at: datetime) -> str:
    return f"{at:%d %b %y}" if view.terms.interval.step is None else f"{at:%d %b %H:%M}"


def chart_command(feed: str, view: ChartView | None, underlying: str | None) -> str:
    """The command that gives this chart."""
    root = "optionix" if feed == "sim" else f"optionix --feed {feed}"
    if view is None:
        return f"{root} chart show {underlying or 'NAME'}"
    terms = view.terms
    return f"{root} chart show {terms.underlying} --interval {terms.interval} --range {terms.span}"
