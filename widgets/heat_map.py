"""A table of figures whose ground is coloured by their size: a surface seen from above.

Every cell carries its figure, so that colour repeats what is written and a terminal without true colours loses nothing.
Lines and columns that do not fit are left out evenly; the middle column, the chosen line and the last one stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.color import Color, blend_rgb
from rich.segment import Segment
from rich.style import Style
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.tones import Tone, tone_style

if TYPE_CHECKING:
    from rich.color_triplet import ColorTriplet
    from textual import events

TONES: Final[Mapping[str, Tone]] = {
    "low": Tone("series-1"),
    "high": Tone("series-2"),
    "loss": Tone("down"),
    "gain": Tone("up"),
    "title": Tone("foreground", words="bold"),
    "note": Tone("muted"),
    "label": Tone("muted"),
    "chosen": Tone("accent", words="bold"),
    "cell": Tone("cursor-text", "cursor", words="bold"),
}
FLAG = "▼"
"""Before the figure of a flagged cell."""
GROUND = 0.45
"""How much of its colour a cell has; the rest is the background's."""
PLAIN_BAND, INK_BAND = 0.1, 0.3
"""How far from the middle figure a cell may lie before it is written in colour, and before its ground is coloured,
where colours do not mix; shares of the whole range."""


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
    balanced: bool = False
    """Zero has no colour: losses have one, gains the other, the stronger the larger."""
    column: int | None = None
    """Place of the cell that is marked in the chosen line; None marks the line alone."""
    flagged: frozenset[tuple[str, int]] = frozenset()
    """Cells with a sign before their figure, by line and place; they are never left out."""


def columns_that_fit(count: int, room: int, kept: Iterable[int] = ()) -> tuple[int, ...]:
    """At most `room` of `count` columns, evenly apart, with the middle one and as many of `kept` as fit among them."""
    if room < 1:
        return ()
    middle = count // 2
    step = 1
    while True:
        chosen = list(range(middle % step, count, step))
        if len(chosen) <= room:
            return _with(chosen, kept, {middle})
        step += 1


def lines_that_fit(count: int, room: int, kept: int | None, also: Iterable[int] = ()) -> tuple[int, ...]:
    """At most `room` of `count` lines, evenly apart, with the first, the last and `kept` among them, then `also`."""
    if room >= count:
        return tuple(range(count))
    if room < 1:
        return ()
    if room == 1:
        return (kept or 0,)
    chosen = [round(place * (count - 1) / (room - 1)) for place in range(room)]
    wanted = (*(() if kept is None else (kept,)), *also)
    return _with(chosen, wanted, {0, count - 1} if room > 2 else set())


def _with(chosen: list[int], kept: Iterable[int], fixed: set[int]) -> tuple[int, ...]:
    """`chosen` with each of `kept` in the place of the nearest that is neither `fixed` nor kept."""
    stays = set(fixed)
    for place in kept:
        if place not in chosen:
            movable = [at for at, one in enumerate(chosen) if one not in stays]
            if not movable:
                break
            chosen[min(movable, key=lambda at: abs(chosen[at] - place))] = place
        stays.add(place)
    return tuple(sorted(chosen))


class HeatMap(Widget, inherit_bindings=False):
    """A map; `show` replaces what it shows, a click on a cell sends Chosen."""

    DEFAULT_CSS = """
    HeatMap { height: 1fr; width: 1fr; background: $background; color: $foreground; }
    """

    class Chosen(Message):
        """A line was clicked, or a cell of it."""

        def __init__(self, heat_map: HeatMap, key: str, column: int | None) -> None:
            self.heat_map, self.key, self.column = heat_map, key, column
            super().__init__()

        @property
        def control(self) -> HeatMap:
            """The map that sent it."""
            return self.heat_map

    def __init__(self, title: str, *, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._heat = Heat(title)
        self._drawn: list[Strip] | None = None
        self._drawn_for = (0, 0)
        self._keys: list[str] = []
        self._columns: tuple[int, ...] = ()
        self._own = Style.null()
        """The map's own style, as it was last drawn in."""
        self._left, self._cell = 0, 1
        """Where the cells begin, and their width."""

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
        """Choose the line or the cell under the mouse."""
        place, across = event.y - 2, (event.x - self._left) // self._cell
        if 0 <= place < len(self._keys):
            inside = event.x >= self._left and across < len(self._columns)
            self.post_message(self.Chosen(self, self._keys[place], self._columns[across] if inside else None))

    def _tone(self, name: str) -> Style:
        return self._own + tone_style(self, TONES[name])

    def _draw(self, width: int, height: int) -> list[Strip]:
        heat = self._heat
        self._own = self.rich_style  # which is looked up in every style sheet, each time
        self._keys = []
        title = Segment(f" {heat.title}", self._tone("title"))
        note = Segment(f"  {heat.note}" if heat.note else "", self._tone("note"))
        strips = [Strip([title, note]).adjust_cell_length(width, self._own)]
        if not heat.lines or height < 3:
            return strips
        values = [value for line in heat.lines for value in line.values]
        low, high = min(values), max(values)
        texts = {
            line.key: [
                f"{FLAG if (line.key, place) in heat.flagged else ''}{heat.write(value)}"
                for place, value in enumerate(line.values)
            ]
            for line in heat.lines
        }
        cell = max(len(text) for row in (*texts.values(), heat.columns) for text in row) + 1
        gutter = max(len(line.label) for line in heat.lines) + 3
        places = {line.key: place for place, line in enumerate(heat.lines)}
        kept = (*(() if heat.column is None else (heat.column,)), *(place for _, place in sorted(heat.flagged)))
        columns = columns_that_fit(len(heat.columns), (width - gutter) // cell, kept)
        flagged = [places[key] for key, _ in sorted(heat.flagged)]
        lines = lines_that_fit(len(heat.lines), height - 2, places.get(heat.chosen), flagged)
        used = (width - gutter) // len(columns) if columns else cell
        cell = max(cell, min(used, cell + 3))
        self._columns, self._left, self._cell = columns, gutter, cell
        header = " " * gutter + "".join(heat.columns[place].rjust(cell) for place in columns)
        strips.append(Strip([Segment(header, self._tone("label"))]).adjust_cell_length(width, self._own))
        for place in lines:
            line = heat.lines[place]
            chosen = line.key == heat.chosen
            label = f" {'▸' if chosen else ' '}{line.label.rjust(gutter - 3)} "
            segments = [Segment(label, self._tone("chosen" if chosen else "label"))]
            for column in columns:
                text = texts[line.key][column].rjust(cell)
                if chosen and column == heat.column:
                    segments.append(Segment(text, self._tone("cell")))
                else:
                    segments.append(Segment(text, self._style_of(line.values[column], low, high)))
            strips.append(Strip(segments).adjust_cell_length(width, self._own))
            self._keys.append(line.key)
        return strips

    def _style_of(self, value: float, low: float, high: float) -> Style:
        if self._heat.balanced:
            size = max(abs(low), abs(high))
            share = 0.5 + 0.5 * value / size if size > 0.0 else 0.5
            return self._ground(share, "loss", "gain")
        return self._ground((value - low) / (high - low) if high > low else 0.5, "low", "high")

    def _ground(self, share: float, first: str, last: str) -> Style:
        """The style of a cell at that share of the way from the colour of `first` to that of `last`."""
        low, high = _triplet(self._tone(first).color), _triplet(self._tone(last).color)
        base = _triplet(self._own.bgcolor)
        if low is None or high is None or base is None:
            return self._banded(share, first, last)
        if self._heat.balanced:
            strength = (2.0 * abs(share - 0.5)) ** 0.4  # small losses are to be seen beside large ones
            colour = blend_rgb(base, low if share < 0.5 else high, GROUND * strength)
        else:
            colour = blend_rgb(base, blend_rgb(low, high, share), GROUND)
        return self._own + Style(bgcolor=Color.from_triplet(colour))

    def _banded(self, share: float, first: str, last: str) -> Style:
        """The same in the terminal's own colours, which do not mix: the ends as grounds, what is near them as ink."""
        distance = abs(share - 0.5)
        if distance <= PLAIN_BAND:
            return self._own
        return self._tone(first if share < 0.5 else last) + Style(reverse=distance > INK_BAND)


def _triplet(colour: Color | None) -> ColorTriplet | None:
    """Of a true colour; None for one of the terminal's own."""
    return None if colour is None else colour.triplet
