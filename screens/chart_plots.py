"""What the chart screen draws: the bars in view as candles, with curves, panels and signs. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optionix_core.market.units import volatility_points
from optionix_core.services.chart_marks import MarkKind
from optionix_core.services.chart_terms import Study
from widgets import figures
from widgets.candle_cells import Candle, CandlePlot, Curve, Panel, Sign

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.chart_marks import Mark
    from optionix_core.services.chart_view import ChartView, Line
    from screens.chart_window import Laid

SERIES = ("series-1", "series-2", "series-3", "note")
SIGNS = {
    MarkKind.BUY: ("▲", "up", "below"),
    MarkKind.SELL: ("▼", "down", "above"),
    MarkKind.SETTLED: ("×", "mark", "above"),
    MarkKind.DIVIDEND: ("◆", "series-3", "foot"),
}
TITLES = {
    Study.VOLATILITY: "Volatility",
    Study.RSI: "RSI",
    Study.MACD: "MACD",
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn beside the candles."""

    study: Study = Study.VOLATILITY
    averages: bool = True
    bands: bool = True
    signs: bool = True


def chart_plot(view: ChartView, laid: Laid, drawn: Drawn, title: str, note: str) -> CandlePlot:
    """The picture of the bars in view."""
    curves: list[Curve] = []
    told = view.indicators
    if drawn.averages:
        curves += [_curve(line, laid, tone) for line, tone in zip(told.averages, SERIES, strict=False)]
    if drawn.bands:
        curves += [_curve(line, laid, "band") for line in told.bands]
    signs, lines = _signs(view, laid) if drawn.signs else ((), ())
    last = None if view.quote is None else view.quote.last
    return CandlePlot(
        title=title,
        note=note,
        candles=_candles(view, laid),
        curves=tuple(curve for curve in curves if any(map(math.isfinite, curve.values))),
        panels=panels(view, laid, drawn.study),
        signs=signs,
        lines=lines,
        write_x=_TimeAxis(tuple(view.bars.starts[laid.bars_of(place)[0]] for place in range(laid.candles))),
        write_y=figures.quote,
        level=float(view.bars.close[-1]) if last is None else last,
    )


def panels(view: ChartView, laid: Laid, study: Study) -> tuple[Panel, ...]:
    """The chosen study first, then what there may be room for."""
    if study is Study.NONE:
        return ()
    second = Study.RSI if study is Study.VOLATILITY else Study.VOLATILITY
    return tuple(_panel(view, laid, one) for one in (study, second))


def _panel(view: ChartView, laid: Laid, study: Study) -> Panel:
    told, title = view.indicators, TITLES[study]
    if study is Study.RSI:
        return Panel(title, (_curve(told.rsi, laid, "series-1"),), _whole, (30.0, 70.0))
    if study is Study.MACD:
        line, signal, histogram = told.macd
        curves = (_curve(line, laid, "series-1"), _curve(signal, laid, "series-2"), _curve(histogram, laid, "band"))
        bars = Curve(curves[2].name, curves[2].values, curves[2].tone, "bars")
        return Panel(title, (*curves[:2], bars), figures.price)
    if not told.volatility:
        return Panel(f"{title}: of bars of a day or longer", ())
    lines = zip(told.volatility, ("series-3", "series-1", "series-2", "note"), strict=True)
    return Panel(title, tuple(_curve(line, laid, tone, scale=100.0) for line, tone in lines), figures.points)


def _candles(view: ChartView, laid: Laid) -> tuple[Candle, ...]:
    from optionix_core.market.bars import grouped

    bars = grouped(view.bars.since(laid.start).first(laid.stop - laid.start), laid.group)
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    return tuple(map(Candle._make, zip(*(_same(column.tolist()) for column in columns), strict=True)))


def _curve(line: Line, laid: Laid, tone: str, scale: float = 1.0) -> Curve:
    """The value at the last bar of each candle."""
    values = line.values.tolist()
    told = (values[laid.bars_of(place)[1] - 1] * scale for place in range(laid.candles))
    return Curve(line.name, tuple(_same(told)), tone)


def _same(values: Iterable[float]) -> Iterator[float]:
    """The values, with one and the same nan, so that equal pictures are equal."""
    return (math.nan if math.isnan(value) else value for value in values)


def _whole(value: float) -> str:
    return f"{value:.0f}"


def _signs(view: ChartView, laid: Laid) -> tuple[tuple[Sign, ...], tuple[int, ...]]:
    signs: dict[tuple[int, MarkKind], Sign] = {}
    lines: list[int] = []
    for mark in view.marks:
        bar = view.place_of(mark.at)
        if mark.at > view.moment or bar is None:
            continue
        candle = laid.candle_of(bar)
        if candle is None:
            continue
        if mark.kind is MarkKind.EXPIRY:
            lines.append(candle)
            continue
        text, tone, side = SIGNS[mark.kind]
        signs[candle, mark.kind] = Sign(candle, text, tone, side)  # type: ignore[arg-type] # one of the sides
    return tuple(signs.values()), tuple(dict.fromkeys(lines))


class _TimeAxis:
    """Labels of an axis: equal for equal bars, so that a picture that did not change is not drawn again."""

    def __init__(self, starts: tuple[datetime, ...]) -> None:
        self._starts = starts

    def __call__(self, place: int) -> str:
        return time_words(self._starts, place)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _TimeAxis) and self._starts == other._starts

    def __hash__(self) -> int:
        return hash(self._starts)


def time_words(starts: Sequence[datetime], place: int) -> str:
    """A bar's time as short as the span allows: `14:35`, `05 Jan 14h`, `05 Jan`, `Jan 26`."""
    at, days = starts[place], (starts[-1] - starts[0]).total_seconds() / 86_400.0
    within = any(start.hour or start.minute for start in (starts[0], starts[-1], at))
    if within:
        return f"{at:%H:%M}" if days < 1.0 else f"{at:%d %b %H:%M}"
    return f"{at:%d %b}" if days < 300.0 else f"{at:%d %b %y}" if days < 1500.0 else f"{at:%b %y}"


def points(value: float) -> str:
    """A volatility as it is read: in points."""
    return figures.points(None if math.isnan(value) else volatility_points(value))


def marks_of(view: ChartView, laid: Laid, candle: int) -> tuple[Mark, ...]:
    """What happened in a candle."""
    first, stop = laid.bars_of(candle)
    return view.marks_at(first, stop - first)
