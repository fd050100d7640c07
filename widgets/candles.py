"""A chart of candles with a crosshair: drawn on the line API, from the cells that `candle_cells` makes."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.candle_cells import GUTTER, CandleFrame, CandlePlot, Cell, draw, room
from widgets.tones import Tone, tone_style

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.style import Style
    from textual import events

TONES: Final[Mapping[str, Tone]] = {
    "series-1": Tone("series-1"),
    "series-2": Tone("series-2"),
    "series-3": Tone("series-3"),
    "up": Tone("up"),
    "down": Tone("down"),
    "volume-up": Tone("up"),
    "volume-down": Tone("down"),
    "axis": Tone("faint"),
    "mark": Tone("muted"),
    "band": Tone("muted"),
    "note": Tone("muted"),
    "cross": Tone("accent"),
    "title": Tone("foreground", words="bold"),
}
"""By the names that callers use."""


class Candles(Widget, inherit_bindings=False):
    """The chart; `show` replaces its plot. The mouse sends Pointed, Turned (the wheel) and Dragged."""

    DEFAULT_CSS = """
    Candles { height: 1fr; width: 1fr; background: $background; color: $foreground; }
    """

    class Pointed(Message):
        """The mouse is over a candle, or has clicked it."""

        def __init__(self, place: int, *, clicked: bool) -> None:
            self.place = place
            self.clicked = clicked
            super().__init__()

    class Turned(Message):
        """The wheel was turned over a candle: towards the screen is in."""

        def __init__(self, place: int, *, closer: bool) -> None:
            self.place = place
            self.closer = closer
            super().__init__()

    class Dragged(Message):
        """The picture was pulled by so many candles; to the right is towards the past."""

        def __init__(self, candles: int) -> None:
            self.candles = candles
            super().__init__()

    class Resized(Message):
        """There is room for another number of candles."""

    def __init__(self, *, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._plot = CandlePlot("Chart")
        self._cross: int | None = None
        self._frame: CandleFrame | None = None
        self._cells: list[list[Cell]] | None = None
        self._drawn_for = (0, 0)
        self._styles: dict[str, Style] = {}
        self._pulled: int | None = None

    @property
    def plot(self) -> CandlePlot:
        """What is shown."""
        return self._plot

    @property
    def cross(self) -> int | None:
        """The candle that the crosshair stands on."""
        return self._cross

    @property
    def room(self) -> int:
        """Candles that fit."""
        return room(self.size.width)

    def show(self, plot: CandlePlot, cross: int | None) -> None:
        """Replace the plot and put the crosshair on a candle of it."""
        if plot != self._plot:
            self._plot, self._cells = plot, None
            self._cross = cross
            self.refresh()
        elif cross != self._cross:
            before, self._cross = self._cross, cross
            frame = self._frame
            if frame is None:
                self.refresh()
                return
            columns = [frame.column(place) for place in (before, cross) if place is not None]
            self.refresh(*(Region(column, 0, 1, self.size.height) for column in columns))

    def notify_style_update(self) -> None:
        """Draw anew in the new colours."""
        super().notify_style_update()
        self._styles.clear()

    def render_line(self, y: int) -> Strip:
        """One line of the chart."""
        size = (self.size.width, self.size.height)
        if self._cells is None or self._drawn_for != size:
            self._drawn_for = size
            self._frame, self._cells = draw(self._plot, *size)
            if self._frame is None:
                self._say_why(self._cells, size[0])
        if y >= len(self._cells):
            return Strip.blank(size[0], self.rich_style)
        return self._strip(self._crossed(self._cells[y], y))

    def _crossed(self, row: list[Cell], y: int) -> list[Cell]:
        frame, cross = self._frame, self._cross
        if frame is None or cross is None or not 0 < y < frame.height - 1:
            return row
        column = frame.column(cross)
        if not 0 <= column < len(row) or row[column][0] not in " ·┊":
            return row
        return [*row[:column], ("│", "cross"), *row[column + 1 :]]

    def _say_why(self, cells: list[list[Cell]], width: int) -> None:
        """The note of a chart without candles, in its middle."""
        lines = [line for part in self._plot.note.split("\n") for line in wrap(part, max(width - 4, 8)) or [""]]
        for number, line in enumerate(lines):
            if 2 + number < len(cells):
                cells[2 + number][2 : 2 + len(line)] = [(character, "note") for character in line]

    def _strip(self, row: list[Cell]) -> Strip:
        segments: list[Segment] = []
        text, last = "", ""
        for character, tone in row:
            if tone != last and text:
                segments.append(Segment(text, self._style(last)))
                text = ""
            text, last = text + character, tone
        segments.append(Segment(text, self._style(last)))
        return Strip(segments, len(row))

    def _style(self, tone: str) -> Style:
        style = self._styles.get(tone)
        if style is None:
            style = self.rich_style
            if tone:
                style += tone_style(self, TONES[tone])
            self._styles[tone] = style
        return style

    # The mouse

    def _place(self, x: int) -> int | None:
        frame = self._frame
        return None if frame is None or x < GUTTER else frame.place_at(x)

    def on_resize(self) -> None:
        """Another number of candles fits."""
        self.post_message(self.Resized())

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the picture."""
        self._pulled = event.x
        self.capture_mouse()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let it go; where it was not pulled, that was a click."""
        held, self._pulled = self._pulled, None
        self.release_mouse()
        place = self._place(event.x)
        if held == event.x and place is not None:
            self.post_message(self.Pointed(place, clicked=True))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Point, or pull."""
        if self._pulled is None or not event.button:
            place = self._place(event.x)
            if place is not None and place != self._cross:
                self.post_message(self.Pointed(place, clicked=False))
            return
        pitch = 1 if self._frame is None else self._frame.pitch
        candles = int((event.x - self._pulled) / pitch)
        if candles:
            self._pulled += candles * pitch
            self.post_message(self.Dragged(candles))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Closer."""
        self._turn(event, closer=True)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Further away."""
        self._turn(event, closer=False)

    def _turn(self, event: events.MouseScrollUp | events.MouseScrollDown, *, closer: bool) -> None:
        place = self._place(event.x)
        if place is not None:
            event.stop()
            self.post_message(self.Turned(place, closer=closer))
