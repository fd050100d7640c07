"""A chart in braille dots: lines, dots or bars of several series, with axes, a legend and marks.

Drawn on the line API and only when its plot or size changes; a plot that equals the last one costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Final, Literal

from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.braille_canvas import BrailleCanvas
from widgets.tones import Tone, tone_style

if TYPE_CHECKING:
    from rich.style import Style
    from textual import events

TONES: Final[Mapping[str, Tone]] = {
    "series-1": Tone("series-1"),
    "series-2": Tone("series-2"),
    "series-3": Tone("series-3"),
    "up": Tone("up"),
    "down": Tone("down"),
    "axis": Tone("faint"),
    "mark": Tone("muted"),
    "note": Tone("muted"),
    "title": Tone("foreground", words="bold"),
}


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one kind; for `bars` the second and third coordinate are the ends."""

    name: str
    points: tuple[tuple[float, ...], ...]
    """(x, y), or (x, low, high) for bars; finite."""
    tone: str = "series-1"
    kind: Literal["line", "dots", "bars"] = "line"


@dataclass(frozen=True, slots=True)
class Plot:
    """What a chart shows."""

    title: str
    series: tuple[Series, ...] = ()
    """The first lies on top."""
    note: str = ""
    """Right of the title; or, in a chart without points, why it is empty."""
    marks: tuple[tuple[float, str], ...] = ()
    """Vertical lines at x with a label, such as spot or strike."""
    write_x: Callable[[float], str] = str
    write_y: Callable[[float], str] = str
    zero_line: bool = False
    split_at_zero: bool = False
    """Draw the first series in the colours of gain and loss, above and below zero."""


class BrailleChart(Widget, inherit_bindings=False):
    """A chart; `show` replaces its plot, a click in it sends Picked."""

    DEFAULT_CSS = """
    BrailleChart { height: 1fr; width: 1fr; background: $background; color: $foreground; }
    """

    class Picked(Message):
        """A place in the chart was clicked."""

        def __init__(self, chart: BrailleChart, x: float) -> None:
            self.chart = chart
            self.x = x
            """In the plot's own coordinate."""
            super().__init__()

        @property
        def control(self) -> BrailleChart:
            """The chart that sent it."""
            return self.chart

    def __init__(self, title: str, *, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._plot = Plot(title)
        self._lines: list[Strip] | None = None
        self._drawn_for = (0, 0)
        self._frame: _Frame | None = None
        self._styles: dict[str, Style] = {}
        """Of the drawing that is being made."""

    @property
    def plot(self) -> Plot:
        """What is shown."""
        return self._plot

    def show(self, plot: Plot) -> None:
        """Replace the plot."""
        if plot != self._plot:
            self._plot = plot
            self._lines = None
            self.refresh()

    def notify_style_update(self) -> None:
        """Draw anew in the new colours."""
        super().notify_style_update()
        self._lines = None

    def render_line(self, y: int) -> Strip:
        """One line of the chart."""
        if self._lines is None or self._drawn_for != self.size:
            self._drawn_for = (self.size.width, self.size.height)
            self._lines = self._draw(*self._drawn_for)
        return self._lines[y] if y < len(self._lines) else Strip.blank(self.size.width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        """Say which x is under the mouse."""
        frame = self._frame
        if frame is not None and event.x >= frame.gutter:
            self.post_message(self.Picked(self, frame.x_at(event.x - frame.gutter)))

    def _tone(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            own = tone_style(self, TONES[name]) if name else None
            style = self._styles[name] = self.rich_style if own is None else self.rich_style + own
        return style

    def _draw(self, width: int, height: int) -> list[Strip]:
        plot = self._plot
        self._styles.clear()  # a style costs much, and is asked for often in one drawing
        lines = [self._title_line(width)]
        points = [point for series in plot.series for point in series.points]
        self._frame = None
        if not points or height < 4 or width < 16:
            blank = Strip.blank(width, self.rich_style)
            return (lines + self._why_empty(width) + [blank] * max(height - 1, 0))[:height]
        frame = self._frame = _Frame.around(plot, points, width, height)
        canvas = BrailleCanvas(frame.columns, frame.rows)
        for x, _ in plot.marks:
            for y in range(0, canvas.height, 3):
                canvas.dot(frame.dot_x(x), y, -2)
        if plot.zero_line and frame.low < 0 < frame.high:
            for dot in range(0, canvas.width, 3):
                canvas.dot(dot, frame.dot_y(0.0), -1)
        for number, series in reversed(list(enumerate(plot.series))):
            _draw_series(canvas, frame, series, number)
        zero_row = frame.dot_y(0.0) / 4
        for row in range(frame.rows):
            label = frame.y_labels.get(row, "").rjust(frame.gutter - 1) + ("┤" if row in frame.y_labels else "│")
            segments = [Segment(label, self._tone("axis"))]
            segments += self._cells(canvas.row(row), above_zero=row < zero_row)
            lines.append(Strip(segments, frame.gutter + frame.columns))
        lines.append(Strip([Segment(frame.x_axis(plot).ljust(width)[:width], self._tone("axis"))], width))
        return lines

    def _why_empty(self, width: int) -> list[Strip]:
        """The note of a chart without points, where the title's line has no room for it."""
        plot = self._plot
        if any(series.points for series in plot.series) or len(plot.title) + len(plot.note) + 3 <= width:
            return []
        style = self._tone("note")
        told = wrap(plot.note, max(width - 4, 8))
        return [
            Strip([Segment(line.ljust(width)[:width], style)], width) for line in ("", *(f"  {one}" for one in told))
        ]

    def _cells(self, cells: Sequence[tuple[str, int | None]], *, above_zero: bool) -> list[Segment]:
        segments: list[Segment] = []
        text, last = "", ""
        for character, owner in cells:
            tone = self._owner_tone(owner, above_zero=above_zero)
            if tone != last and text:
                segments.append(Segment(text, self._tone(last)))
                text = ""
            text, last = text + character, tone
        segments.append(Segment(text, self._tone(last)))
        return segments

    def _owner_tone(self, owner: int | None, *, above_zero: bool) -> str:
        if owner is None:
            return ""
        if owner < 0:
            return "axis" if owner == -1 else "mark"
        if owner == 0 and self._plot.split_at_zero:
            return "up" if above_zero else "down"
        return self._plot.series[owner].tone

    def _title_line(self, width: int) -> Strip:
        plot = self._plot
        segments = [Segment(f" {plot.title}", self._tone("title"))]
        used = len(plot.title) + 1
        legend = [(f"  {_KEYS[series.kind]} {series.name}", series.tone) for series in plot.series if series.name]
        note = f"  {plot.note}" if plot.note else ""
        for text, tone in (*legend, (note, "note")):
            if text and used + len(text) <= width:
                segments.append(Segment(text, self._tone(tone)))
                used += len(text)
        segments.append(Segment(" " * max(width - used, 0), self.rich_style))
        return Strip(segments).crop(0, width)


_KEYS = {"line": "━", "dots": "•", "bars": "┃"}


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a chart's coordinates lie in its cells."""

    columns: int
    rows: int
    gutter: int
    left: float
    right: float
    low: float
    high: float
    y_labels: dict[int, str]

    @classmethod
    def around(cls, plot: Plot, points: Sequence[tuple[float, ...]], width: int, height: int) -> _Frame:
        xs = [point[0] for point in points]
        ys = [y for point in points for y in point[1:]]
        left, right, low, high = min(xs), max(xs), min(ys), max(ys)
        margin = (high - low) * 0.06 or max(abs(high) * 0.01, 1e-9)
        low, high = low - margin, high + margin
        if right == left:
            left, right = left - 0.5, right + 0.5
        rows = height - 2
        count = 2 if rows < 5 else 3 if rows < 10 else 5
        labels = {}
        for step in range(count):
            row = round(step * (rows - 1) / (count - 1))
            labels[row] = plot.write_y(high - (high - low) * (row + 0.5) / rows)
        gutter = max(len(label) for label in labels.values()) + 2
        return cls(width - gutter, rows, gutter, left, right, low, high, labels)

    def dot_x(self, x: float) -> int:
        return _dot((x - self.left) / (self.right - self.left) * (self.columns * 2 - 1))

    def x_at(self, column: int) -> float:
        """The coordinate in the middle of a column of cells."""
        return self.left + (self.right - self.left) * (column * 2 + 0.5) / max(self.columns * 2 - 1, 1)

    def dot_y(self, y: float) -> int:
        return _dot((self.high - y) / (self.high - self.low) * (self.rows * 4 - 1))

    def x_axis(self, plot: Plot) -> str:
        line = [" "] * (self.gutter + self.columns)

        def put(x: float, label: str) -> None:
            start = self.gutter + self.dot_x(x) // 2 - len(label) // 2
            start = min(max(start, self.gutter), len(line) - len(label))
            room = line[max(start - 1, 0) : start + len(label) + 1]
            if start >= 0 and all(cell == " " for cell in room):
                line[start : start + len(label)] = label

        for x, label in plot.marks:
            if self.left <= x <= self.right:
                put(x, label)
        put(self.left, plot.write_x(self.left))
        put(self.right, plot.write_x(self.right))
        steps = max(self.columns // 16, 2)
        for step in range(1, steps):
            x = self.left + (self.right - self.left) * step / steps
            put(x, plot.write_x(x))
        return "".join(line)


def _draw_series(canvas: BrailleCanvas, frame: _Frame, series: Series, number: int) -> None:
    previous: tuple[int, int] | None = None
    for point in series.points:
        if not all(math.isfinite(value) for value in point):
            previous = None
            continue
        x, y = frame.dot_x(point[0]), frame.dot_y(point[1])
        if series.kind == "bars":
            canvas.line(x, y, x, frame.dot_y(point[2]), number)
        elif series.kind == "dots":
            canvas.dot(x, y, number)
        elif previous is not None:
            canvas.line(*previous, x, y, number)
        else:
            canvas.dot(x, y, number)
        previous = (x, y)


def _dot(place: float) -> int:
    """The nearest dot; a place half way between two is the same one on every processor, whatever its last bits say."""
    return round(round(place, 6))
