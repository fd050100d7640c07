"""Several sliders on a few lines: a name, a figure, a track with a knob; as many beside each other as there is room.

One widget draws them all, on the line API, and redraws only the slider that changed. The mouse clicks, drags and turns;
keys are the screen's, which says what is marked. A value that is not known has no knob and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.tones import Tone, tone_style

if TYPE_CHECKING:
    from textual import events

TONES = {
    "label": Tone("muted"),
    "value": Tone("foreground", words="bold"),
    "moved": Tone("accent", words="bold"),
    "marked": Tone("accent", "row", "bold"),
    "track": Tone("faint"),
    "knob": Tone("accent", words="bold"),
    "missing": Tone("stale", words="bold"),
}
LEAST = 22
"""Cells that a slider needs."""
MOST = 44
"""Cells beyond which its track does not grow."""
SHORTEST = 5
"""Cells of a track worth drawing."""


@dataclass(frozen=True, slots=True)
class Slider:
    """One slider as it stands."""

    name: str
    label: str
    text: str
    """The figure as written; or what to do where there is none."""
    low: float
    high: float
    value: float | None
    """None where it is not known. Beyond low or high the knob stands at the end."""
    market: float | None = None
    """Where the market has it; a tick on the track."""
    moved: bool = False
    """Whether the user has moved it away from there: a star tells."""


class Sliders(Widget, inherit_bindings=False):
    """Sliders; `show` replaces them."""

    DEFAULT_CSS = """
    Sliders { height: auto; width: 1fr; background: $surface; color: $foreground; }
    """

    class Dragged(Message):
        """The knob was put somewhere."""

        def __init__(self, name: str, value: float) -> None:
            self.name = name
            self.value = value
            """Within the slider's reach."""
            super().__init__()

    class Turned(Message):
        """The wheel was turned over a slider."""

        def __init__(self, name: str, steps: int) -> None:
            self.name = name
            self.steps = steps
            super().__init__()

    class Picked(Message):
        """A slider was clicked beside its track."""

        def __init__(self, name: str) -> None:
            self.name = name
            super().__init__()

    def __init__(self, *, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._sliders: tuple[Slider, ...] = ()
        self._marked = ""
        self._dragged: str | None = None
        self._own = Style.null()
        """The widget's own style, as it was last drawn in."""

    @property
    def sliders(self) -> tuple[Slider, ...]:
        """What is shown."""
        return self._sliders

    @property
    def marked(self) -> str:
        """The name of the marked one."""
        return self._marked

    def show(self, sliders: Sequence[Slider], marked: str) -> None:
        """Replace the sliders; only those that changed are drawn anew."""
        fresh, before = tuple(sliders), self._sliders
        old_mark, self._marked, self._sliders = self._marked, marked, fresh
        if [one.name for one in fresh] != [one.name for one in before]:
            self.refresh(layout=len(fresh) != len(before))
            return
        for place, (old, new) in enumerate(zip(before, fresh, strict=True)):
            if old != new or (old_mark != marked and new.name in {old_mark, marked}):
                self.refresh(self._region(place))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the sliders take at this width."""
        del container, viewport
        beside = self._beside(width)
        return max(-(-len(self._sliders) // beside), 1)

    def render_line(self, y: int) -> Strip:
        """The sliders of one line."""
        width = self.size.width
        beside, cell = self._beside(width), self._cell(width)
        row = self._sliders[y * beside : (y + 1) * beside]
        self._own = self.rich_style  # which is looked up in every style sheet, each time
        segments = [segment for one in row for segment in self._draw(one, cell)]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take the knob to the mouse, or mark the slider."""
        found = self._at(event.x, event.y)
        if found is None:
            return
        slider, x = found
        start, length = self._track(slider, self._cell(self.size.width))
        if length >= SHORTEST and start <= x < start + length and slider.value is not None:
            self._dragged = slider.name
            self.capture_mouse()
            self._drag(slider, x)
        else:
            self.post_message(self.Picked(slider.name))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Draw the knob along."""
        slider = next((one for one in self._sliders if one.name == self._dragged), None)
        if slider is not None:
            cell = self._cell(self.size.width)
            place = self._sliders.index(slider) % self._beside(self.size.width)
            self._drag(slider, event.x - place * cell)

    def on_mouse_up(self) -> None:
        """Let the knob go."""
        if self._dragged is not None:
            self._dragged = None
            self.release_mouse()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """A fine step up."""
        event.stop()
        self._turn(event.x, event.y, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """A fine step down."""
        event.stop()
        self._turn(event.x, event.y, -1)

    def _turn(self, x: int, y: int, steps: int) -> None:
        found = self._at(x, y)
        if found is not None:
            self.post_message(self.Turned(found[0].name, steps))

    def _drag(self, slider: Slider, x: int) -> None:
        start, length = self._track(slider, self._cell(self.size.width))
        share = min(max((x - start) / max(length - 1, 1), 0.0), 1.0)
        self.post_message(self.Dragged(slider.name, slider.low + share * (slider.high - slider.low)))

    def _at(self, x: int, y: int) -> tuple[Slider, int] | None:
        """The slider under the mouse, and the place within it."""
        beside, cell = self._beside(self.size.width), self._cell(self.size.width)
        column = x // cell
        place = y * beside + column
        if column >= beside or not 0 <= place < len(self._sliders):
            return None
        return self._sliders[place], x - column * cell

    def _beside(self, width: int) -> int:
        """How many stand on a line: even lines rather than a full one and a rest."""
        count = max(len(self._sliders), 1)
        most = max(width // LEAST, 1)
        lines = -(-count // most)
        return -(-count // lines)

    def _cell(self, width: int) -> int:
        return max(min(width // self._beside(width), MOST), 1)

    def _region(self, place: int) -> Region:
        beside, cell = self._beside(self.size.width), self._cell(self.size.width)
        return Region(place % beside * cell, place // beside, cell, 1)

    def _track(self, slider: Slider, cell: int) -> tuple[int, int]:
        """Where the track begins in a slider's cells, and how long it is."""
        labels = max(len(one.label) for one in self._column(slider))
        figures = max(len(one.text) for one in self._column(slider))
        start = 1 + labels + 1 + figures + 2
        return start, cell - start - 1

    def _column(self, slider: Slider) -> Sequence[Slider]:
        """Those that stand below each other with it, so that their tracks begin at one place."""
        beside = self._beside(self.size.width)
        return self._sliders[self._sliders.index(slider) % beside :: beside]

    def _draw(self, slider: Slider, cell: int) -> list[Segment]:
        start, length = self._track(slider, cell)
        marked = slider.name == self._marked
        labels = max(len(one.label) for one in self._column(slider))
        label = ("▸" if marked else " ") + slider.label.ljust(labels) + " "
        text = slider.text.rjust(start - len(label) - 1) + ("*" if slider.moved else " ")
        tone = "missing" if slider.value is None else "moved" if slider.moved else "value"
        segments = [
            Segment(label, self._tone("marked" if marked else "label")),
            Segment(text, self._tone(tone)),
        ]
        used = len(label) + len(text)
        if used > cell:
            return list(Strip(segments).crop(0, cell))
        if length >= SHORTEST and slider.value is not None:
            segments += self._knob(slider, length)
            used += length
        return [*segments, Segment(" " * max(cell - used, 0), self._own)]

    def _knob(self, slider: Slider, length: int) -> list[Segment]:
        knob = _place(slider.value, slider, length)
        tick = _place(slider.market, slider, length)
        track = ["━" if knob is not None and place < knob else "─" for place in range(length)]
        if tick is not None:
            track[tick] = "┆"
        at = 0 if knob is None else knob
        segments = [
            Segment("".join(track[:at]), self._tone("track")),
            Segment("●", self._tone("knob")),
            Segment("".join(track[at + 1 :]), self._tone("track")),
        ]
        return [segment for segment in segments if segment.text]

    def _tone(self, name: str) -> Style:
        return self._own + tone_style(self, TONES[name])


def _place(value: float | None, slider: Slider, length: int) -> int | None:
    """The cell of a value on a track; the end that is nearer where it lies beyond."""
    if value is None or slider.high <= slider.low:
        return None
    share = (value - slider.low) / (slider.high - slider.low)
    return round(min(max(share, 0.0), 1.0) * (length - 1))
