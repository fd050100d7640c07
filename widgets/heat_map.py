"""A table of figures whose ground is coloured by their size: a surface seen from above.

Every cell carries its figure, so that colour repeats what is written and a terminal without true colours loses nothing.
Lines and columns that do not fit are left out evenly; the middle column, the chosen line and the last one stay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.color import Color, blend_rgb
from rich.segment import Segment
from rich.style import Style
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from rich.color_triplet import ColorTriplet
    from textual import events

TONES = ("low", "high", "title", "note", "label", "chosen")
GROUND = 0.45
"""How much of its colour a cell has; the rest is the background's."""


@dataclass(frozen=True, slots=True)
class HeatLine:
    """One line: what it is called, and its figures along the columns."""

    key: str
    label: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Heat:
    """What a map shows."""

    title: str
    columns: tuple[str, ...] = ()
    lines: tuple[HeatLine, ...] = ()
    chosen: str = ""
    """Key of the marked line."""
    note: str = ""
    """Right of the title; or, in an empty map, why it is empty."""
    write: Callable[[float], str] = str


def columns_that_fit(count: int, room: int) -> tuple[int, ...]:
    """At most `room` of `count` columns, evenly apart, with the middle one among them."""
    if room < 1:
        return ()
    middle = count // 2
    step = 1
    while True:
        chosen = tuple(place for place in range(middle % step, count, step))
        if len(chosen) <= room:
            return chosen
        step += 1


def lines_that_fit(count: int, room: int, kept: int | None) -> tuple[int, ...]:
    """At most `room` of `count` lines, evenly apart, with the first, the last and `kept` among them."""
    if room >= count:
        return tuple(range(count))
    if room < 1:
        return ()
    if room == 1:
        return (kept or 0,)
    chosen = [round(place * (count - 1) / (room - 1)) for place in range(room)]
    if kept is not None and kept not in chosen:
        inner = range(1, room - 1) if room > 2 else range(room)
        nearest = min(inner, key=lambda place: abs(chosen[place] - kept))
        chosen[nearest] = kept
    return tuple(chosen)


class HeatMap(Widget, inherit_bindings=False):
    """A map; `show` replaces what it shows, a click on a line sends Chosen."""

    DEFAULT_CSS = """
    HeatMap { height: 1fr; width: 1fr; background: $background; color: $foreground; }
    HeatMap > .heat-map--low { color: $series-1; }
    HeatMap > .heat-map--high { color: $series-2; }
    HeatMap > .heat-map--title { color: $foreground; text-style: bold; }
    HeatMap > .heat-map--note { color: $muted; }
    HeatMap > .heat-map--label { color: $muted; }
    HeatMap > .heat-map--chosen { color: $accent; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"heat-map--{tone}" for tone in TONES}

    class Chosen(Message):
        """A line was clicked."""

        def __init__(self, key: str) -> None:
            self.key = key
            super().__init__()

    def __init__(self, title: str, *, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._heat = Heat(title)
        self._drawn: list[Strip] | None = None
        self._drawn_for = (0, 0)
        self._keys: list[str] = []

    @property
    def heat(self) -> Heat:
        """What is shown."""
        return self._heat

    def show(self, heat: Heat) -> None:
        """Replace what is shown."""
        if heat != self._heat:
            self._heat = heat
            self._drawn = None
            self.refresh()

    def notify_style_update(self) -> None:
        """Draw anew in the new colours."""
        super().notify_style_update()
        self._drawn = None

    def render_line(self, y: int) -> Strip:
        """One line."""
        if self._drawn is None or self._drawn_for != self.size:
            self._drawn_for = (self.size.width, self.size.height)
            self._drawn = self._draw(*self._drawn_for)
        return self._drawn[y] if y < len(self._drawn) else Strip.blank(self.size.width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        """Choose the line under the mouse."""
        place = event.y - 2
        if 0 <= place < len(self._keys):
            self.post_message(self.Chosen(self._keys[place]))

    def _tone(self, name: str) -> Style:
        return self.rich_style + self.get_component_rich_style(f"heat-map--{name}", partial=True)

    def _draw(self, width: int, height: int) -> list[Strip]:
        heat = self._heat
        self._keys = []
        title = Segment(f" {heat.title}", self._tone("title"))
        note = Segment(f"  {heat.note}" if heat.note else "", self._tone("note"))
        strips = [Strip([title, note]).adjust_cell_length(width, self.rich_style)]
        if not heat.lines or height < 3:
            return strips
        values = [value for line in heat.lines for value in line.values]
        low, high = min(values), max(values)
        texts = {line.key: [heat.write(value) for value in line.values] for line in heat.lines}
        cell = max(len(text) for row in (*texts.values(), heat.columns) for text in row) + 1
        gutter = max(len(line.label) for line in heat.lines) + 3
        columns = columns_that_fit(len(heat.columns), (width - gutter) // cell)
        places = {line.key: place for place, line in enumerate(heat.lines)}
        lines = lines_that_fit(len(heat.lines), height - 2, places.get(heat.chosen))
        used = (width - gutter) // len(columns) if columns else cell
        cell = max(cell, min(used, cell + 3))
        header = " " * gutter + "".join(heat.columns[place].rjust(cell) for place in columns)
        strips.append(Strip([Segment(header, self._tone("label"))]).adjust_cell_length(width, self.rich_style))
        for place in lines:
            line = heat.lines[place]
            chosen = line.key == heat.chosen
            label = f" {'▸' if chosen else ' '}{line.label.rjust(gutter - 3)} "
            segments = [Segment(label, self._tone("chosen" if chosen else "label"))]
            for column in columns:
                share = (line.values[column] - low) / (high - low) if high > low else 0.5
                segments.append(Segment(texts[line.key][column].rjust(cell), self._ground(share)))
            strips.append(Strip(segments).adjust_cell_length(width, self.rich_style))
            self._keys.append(line.key)
        return strips

    def _ground(self, share: float) -> Style:
        """The style of a cell at that share of the way from the least figure to the largest."""
        low, high = _triplet(self._tone("low").color), _triplet(self._tone("high").color)
        base = _triplet(self.rich_style.bgcolor)
        if low is None or high is None or base is None:
            return self.rich_style
        colour = blend_rgb(base, blend_rgb(low, high, share), GROUND)
        return self.rich_style + Style(bgcolor=Color.from_triplet(colour))


def _triplet(colour: Color | None) -> ColorTriplet | None:
    """Of a true colour; None for one of the terminal's own."""
    return None if colour is None else colour.triplet
