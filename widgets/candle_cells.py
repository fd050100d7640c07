"""Candles as cells of text: bars, curves over them, volume and panels below, on one axis of time. Pure values.

A rising candle is thin or hollow, a falling one solid, so that no colour is needed to tell them apart. Bodies and wicks
are drawn in half cells, curves in braille. Nothing here knows a terminal: what comes out are characters with tones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from widgets.braille_canvas import BrailleCanvas

GUTTER = 10
"""Columns left of the plot, for the labels of values."""
WIDEST = 6
"""Columns that a candle may take, with its gap."""
MARGIN = 1
"""Empty columns at the right."""

Cell = tuple[str, str]
"""A character and its tone."""


class Candle(NamedTuple):
    """One bar; finite but for the volume, which is nan where it is not known."""

    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A value a candle, nan where there is none."""

    name: str
    values: tuple[float, ...]
    tone: str
    kind: Literal["line", "bars"] = "line"
    """`bars` reach from zero."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves below the candles with an axis of their own."""

    title: str
    curves: tuple[Curve, ...]
    """The first lies on top."""
    write: Callable[[float], str] = str
    levels: tuple[float, ...] = ()
    """Dotted lines across."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign at a candle."""

    place: int
    text: str
    """One character."""
    tone: str
    side: Literal["above", "below", "foot"] = "foot"
    """Of the candle, or at the foot of the price's part."""


@dataclass(frozen=True, slots=True)
class CandlePlot:
    """What is drawn; curves, panels and signs count candles from the left."""

    title: str
    note: str = ""
    """Right of the title; without candles, why there are none."""
    candles: tuple[Candle, ...] = ()
    curves: tuple[Curve, ...] = ()
    volume: bool = True
    panels: tuple[Panel, ...] = ()
    """By worth: the last ones are left out where there is no room."""
    signs: tuple[Sign, ...] = ()
    lines: tuple[int, ...] = ()
    """Candles with a vertical line."""
    write_x: Callable[[int], str] = field(default=str)
    """The label of a candle on the axis of time."""
    write_y: Callable[[float], str] = str
    level: float | None = None
    """A price that the axis names, such as the last one."""


class Part(NamedTuple):
    """Rows of one part of the picture, from `top` on; `title` where it has a line of its own above."""

    kind: Literal["price", "volume", "panel"]
    top: int
    rows: int
    number: int = 0
    """Of the panel."""


@dataclass(frozen=True, slots=True)
class CandleFrame:
    """Where things lie in a picture of `width` x `height` cells."""

    width: int
    height: int
    count: int
    """Candles."""
    columns: int
    """That they share."""
    first: int
    """Column of the first candle's left edge."""
    parts: tuple[Part, ...]

    @property
    def pitch(self) -> int:
        """Columns of the narrowest candle, with its gap."""
        return self.columns // self.count

    @property
    def body(self) -> int:
        """Columns of a candle's body: odd, so that the wick stands in the middle."""
        return self.pitch - 1 if self.pitch > 1 and self.pitch % 2 == 0 else max(self.pitch - 2, 1)

    def column(self, place: int) -> int:
        """The column of a candle's middle."""
        return self.first + place * self.columns // self.count + self.body // 2

    def place_at(self, column: int) -> int | None:
        """The candle under a column; None where there is none."""
        place = -(-(column - self.first + 1) * self.count // self.columns) - 1
        return place if 0 <= place < self.count else None


def room(width: int) -> int:
    """Candles that fit into a width."""
    return max(width - GUTTER - MARGIN, 0)


def frame_of(plot: CandlePlot, width: int, height: int) -> CandleFrame:
    """The frame of a plot; a few candles stand at the right, where they would be wider than they may be."""
    count = max(len(plot.candles), 1)
    columns = min(room(width), count * WIDEST)
    inner = height - 2
    shown = min(len(plot.panels), 0 if inner < 14 else 1 if inner < 34 else 2)
    panel = max(inner * 22 // 100, 4)
    volume = 0 if not plot.volume or inner < 11 else max(inner * 12 // 100, 2)
    price = inner - volume - shown * (panel + 1)
    parts = [Part("price", 1, price)]
    top = 1 + price
    if volume:
        parts.append(Part("volume", top, volume))
        top += volume
    for number in range(shown):
        parts.append(Part("panel", top + 1, panel, number))
        top += panel + 1
    return CandleFrame(width, height, count, columns, max(width - MARGIN - columns, GUTTER), tuple(parts))


def draw(plot: CandlePlot, width: int, height: int) -> tuple[CandleFrame | None, list[list[Cell]]]:
    """The picture as rows of cells, and its frame; none where there are no candles or no room for them."""
    cells: list[list[Cell]] = [[(" ", "")] * width for _ in range(height)]
    _legend(cells[0], plot.title, plot.curves, plot.note) if height else None
    if not plot.candles or height < 6 or room(width) < len(plot.candles):
        return None, cells
    frame = frame_of(plot, width, height)
    for part in frame.parts:
        if part.kind == "price":
            _draw_prices(cells, plot, frame, part)
        elif part.kind == "volume":
            _draw_volume(cells, plot, frame, part)
        else:
            panel = plot.panels[part.number]
            _legend(cells[part.top - 1], panel.title, panel.curves, "")
            _draw_panel(cells, panel, frame, part)
    for place in plot.lines:
        for part in frame.parts:
            for row in range(part.top, part.top + part.rows):
                _put_empty(cells[row], frame.column(place), "┊", "mark")
    _axis(cells[-1], plot, frame)
    return frame, cells


def text_of(plot: CandlePlot, width: int, height: int) -> str:
    """The picture as lines of plain text."""
    return "".join("".join(cell[0] for cell in row).rstrip() + "\n" for row in draw(plot, width, height)[1])


def _legend(row: list[Cell], title: str, curves: Sequence[Curve], note: str) -> None:
    at = _write(row, 1, title, "title")
    keys = {"line": "━", "bars": "┃"}
    for text, tone in (*((f"  {keys[one.kind]} {one.name}", one.tone) for one in curves), (f"  {note}", "note")):
        if text.strip() and at + len(text) <= len(row):
            at = _write(row, at, text, tone)


def _write(row: list[Cell], at: int, text: str, tone: str) -> int:
    for character in text:
        if 0 <= at < len(row):
            row[at] = (character, tone)
        at += 1
    return at


def _put_empty(row: list[Cell], at: int, character: str, tone: str) -> None:
    if 0 <= at < len(row) and row[at][0] == " ":
        row[at] = (character, tone)


class _Scale(NamedTuple):
    """Values of a part: `low` at its foot, `high` at its top."""

    low: float
    high: float
    rows: int

    def share(self, value: float) -> float:
        """0 at the top, 1 at the foot."""
        return (self.high - value) / (self.high - self.low)

    def dot(self, value: float) -> int:
        return round(round(self.share(value) * (self.rows * 4 - 1), 6))

    def half(self, value: float) -> int:
        return min(max(math.floor(round(self.share(value) * self.rows * 2, 6)), 0), self.rows * 2 - 1)

    def row(self, value: float) -> int:
        return self.half(value) // 2


def _scale(values: Sequence[float], rows: int, margin: float = 0.04) -> _Scale:
    low, high = min(values), max(values)
    extra = (high - low) * margin or max(abs(high) * 0.01, 1e-9)
    return _Scale(low - extra, high + extra, rows)


def _labels(cells: list[list[Cell]], scale: _Scale, part: Part, write: Callable[[float], str]) -> None:
    count = 2 if part.rows < 5 else 3 if part.rows < 10 else 5
    marked = {round(step * (part.rows - 1) / (count - 1)) for step in range(count)}
    for row in range(part.rows):
        text = ""
        if row in marked:
            text = write(scale.high - (scale.high - scale.low) * (row + 0.5) / part.rows)
        _gutter(cells[part.top + row], text, "┤" if row in marked else "│", "axis")


def _gutter(row: list[Cell], text: str, line: str, tone: str) -> None:
    _write(row, 0, text[-(GUTTER - 1) :].rjust(GUTTER - 1), tone)
    row[GUTTER - 1] = (line, "axis")


def _draw_prices(cells: list[list[Cell]], plot: CandlePlot, frame: CandleFrame, part: Part) -> None:
    values = [value for one in plot.candles for value in (one.low, one.high)]
    values += [value for curve in plot.curves for value in curve.values if math.isfinite(value)]
    scale = _scale(values, part.rows, max(0.04, 1.5 / part.rows) if plot.signs else 0.04)
    _labels(cells, scale, part, plot.write_y)
    _curves(cells, plot.curves, scale, frame, part)
    for place, one in enumerate(plot.candles):
        _draw_candle(cells, one, frame, part, scale, frame.column(place))
    for sign in plot.signs:
        if 0 <= sign.place < len(plot.candles):
            one = plot.candles[sign.place]
            row = part.rows - 1
            if sign.side != "foot":
                row = scale.row(one.high) - 1 if sign.side == "above" else scale.row(one.low) + 1
            cells[part.top + min(max(row, 0), part.rows - 1)][frame.column(sign.place)] = (sign.text, sign.tone)
    if plot.level is not None and scale.low <= plot.level <= scale.high:
        _gutter(cells[part.top + scale.row(plot.level)], plot.write_y(plot.level), "┝", "title")


_BODY, _WICK = 2, 1
_RISING = {(2, 2): "┃", (2, 1): "╿", (1, 2): "╽", (2, 0): "╹", (0, 2): "╻", (1, 1): "│", (1, 0): "╵", (0, 1): "╷"}
_FALLING = {**_RISING, (2, 2): "█", (2, 1): "▀", (1, 2): "▄", (2, 0): "▀", (0, 2): "▄"}


def _draw_candle(
    cells: list[list[Cell]], one: Candle, frame: CandleFrame, part: Part, scale: _Scale, middle: int
) -> None:
    rising = one.close >= one.open
    tone = "up" if rising else "down"
    high, low = scale.half(one.high), scale.half(one.low)
    top, foot = scale.half(max(one.open, one.close)), scale.half(min(one.open, one.close))
    for row in range(high // 2, low // 2 + 1):
        upper, lower = (
            _BODY if top <= half <= foot else _WICK if high <= half <= low else 0 for half in (row * 2, row * 2 + 1)
        )
        state = upper, lower
        target = cells[part.top + row]
        if _BODY not in state or frame.body == 1:
            target[middle] = ((_RISING if rising else _FALLING)[state], tone)
            continue
        text = _wide(state, frame.body, rising=rising, first=top // 2 == row, last=foot // 2 == row)
        _write(target, middle - frame.body // 2, text, tone)


def _wide(state: tuple[int, ...], width: int, *, rising: bool, first: bool, last: bool) -> str:
    """One row of a body of several columns."""
    upper, lower = state[0] == _BODY, state[1] == _BODY
    if not rising:
        return ("█" if upper and lower else "▀" if upper else "▄") * width
    inner = width - 2
    if upper and lower:
        if first and last:
            return "▛" + "▀" * inner + "▜"
        return "▛" + "▀" * inner + "▜" if first else "▙" + "▄" * inner + "▟" if last else "▌" + " " * inner + "▐"
    return "▝" + "▀" * inner + "▘" if upper else "▗" + "▄" * inner + "▖"


def _curves(cells: list[list[Cell]], curves: Sequence[Curve], scale: _Scale, frame: CandleFrame, part: Part) -> None:
    canvas = BrailleCanvas(frame.width - GUTTER, part.rows)
    for number, curve in reversed(list(enumerate(curves))):
        previous: tuple[int, int] | None = None
        for place, value in enumerate(curve.values):
            if not math.isfinite(value):
                previous = None
                continue
            x, y = (frame.column(place) - GUTTER) * 2, scale.dot(value)
            if curve.kind == "bars":
                canvas.line(x, scale.dot(0.0), x, y, number)
            elif previous is None:
                canvas.dot(x, y, number)
            else:
                canvas.line(*previous, x, y, number)
            previous = (x, y)
    for row in range(part.rows):
        for column, (character, owner) in enumerate(canvas.row(row)):
            if owner is not None:
                cells[part.top + row][GUTTER + column] = (character, curves[owner].tone)


_EIGHTHS = " ▁▂▃▄▅▆▇█"


def _draw_volume(cells: list[list[Cell]], plot: CandlePlot, frame: CandleFrame, part: Part) -> None:
    known = [one.volume for one in plot.candles if math.isfinite(one.volume)]
    most = max(known, default=0.0)
    for row in range(part.rows):
        _gutter(cells[part.top + row], "", "│", "axis")
    _gutter(cells[part.top], _volume_text(most) if most > 0.0 else "no volume", "┤", "axis")
    for place, one in enumerate(plot.candles):
        if not math.isfinite(one.volume) or most <= 0.0:
            continue
        eighths = max(round(one.volume / most * part.rows * 8), 1) if one.volume > 0.0 else 0
        tone = "up" if one.close >= one.open else "down"
        for row in range(part.rows):
            filled = min(max(eighths - (part.rows - 1 - row) * 8, 0), 8)
            if filled:
                left = frame.column(place) - frame.body // 2
                _write(cells[part.top + row], left, _EIGHTHS[filled] * frame.body, f"volume-{tone}")


def _volume_text(value: float) -> str:
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.1f}{unit}"
    return f"{value:.0f}"


def _draw_panel(cells: list[list[Cell]], panel: Panel, frame: CandleFrame, part: Part) -> None:
    values = [value for curve in panel.curves for value in curve.values if math.isfinite(value)]
    if not values:
        for row in range(part.rows):
            _gutter(cells[part.top + row], "", "│", "axis")
        _write(cells[part.top], GUTTER + 1, "no data", "note")
        return
    if any(curve.kind == "bars" for curve in panel.curves):
        values.append(0.0)
    scale = _scale([*values, *panel.levels], part.rows)
    _labels(cells, scale, part, panel.write)
    for level in panel.levels:
        for column in range(GUTTER, frame.width - MARGIN, 2):
            cells[part.top + scale.row(level)][column] = ("·", "axis")
    _curves(cells, panel.curves, scale, frame, part)


def _axis(row: list[Cell], plot: CandlePlot, frame: CandleFrame) -> None:
    count = len(plot.candles)
    wanted = max(frame.columns // 14, 2)
    places = [count - 1, 0, *(round(step * (count - 1) / wanted) for step in range(1, wanted))]
    for place in places:
        label = plot.write_x(place)
        start = min(max(frame.column(place) - len(label) // 2, GUTTER), len(row) - len(label))
        around = row[max(start - 2, 0) : start + len(label) + 2]
        if start >= 0 and all(cell[0] == " " for cell in around):
            _write(row, start, label, "axis")
