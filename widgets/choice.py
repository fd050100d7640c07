"""Fields of a form that are one line high: a choice that is turned, and an entry for numbers that lets letters pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

if TYPE_CHECKING:
    from textual import events


class Stepped(Message):
    """The wheel was turned over a field."""

    def __init__(self, field: Widget, step: int) -> None:
        self.field, self.step = field, step
        super().__init__()


class Choice(Widget, inherit_bindings=False, can_focus=True):
    """One of several words: `‹ limit ›`. Left, right and blank turn it, and so do clicks on its ends and the wheel."""

    DEFAULT_CSS = """
    Choice { height: 1; width: 1fr; background: $panel; color: $foreground; }
    Choice:focus { background: $row; text-style: bold; }
    Choice > .choice--arrow { color: $key; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"choice--arrow"}

    class Changed(Message):
        """Another word was chosen by the user."""

        def __init__(self, choice: Choice, value: str) -> None:
            self.choice, self.value = choice, value
            super().__init__()

    def __init__(self, options: Sequence[str] = (), value: str = "", *, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._options = tuple(options)
        self._value = value

    @property
    def value(self) -> str:
        """The word that is chosen."""
        return self._value

    def show(self, options: Sequence[str], value: str) -> None:
        """Offer other words, and mark one; nobody is told."""
        if (tuple(options), value) != (self._options, self._value):
            self._options, self._value = tuple(options), value
            self.refresh()

    def turn(self, step: int) -> None:
        """The word so many places on, round and round."""
        if not self._options:
            return
        here = self._options.index(self._value) if self._value in self._options else -1 if step > 0 else 0
        value = self._options[(here + step) % len(self._options)]
        if value != self._value:
            self._value = value
            self.refresh()
            self.post_message(self.Changed(self, value))

    def render_line(self, y: int) -> Strip:
        """The word between its arrows."""
        plain, width = self.rich_style, self.size.width
        if y:
            return Strip.blank(width, plain)
        arrow = plain + self.get_component_rich_style("choice--arrow", partial=True)
        parts = [Segment("‹ ", arrow), Segment(self._value, plain), Segment(" ›", arrow)]
        return Strip(parts, sum(cell_len(part.text) for part in parts)).adjust_cell_length(width, plain)

    def on_key(self, event: events.Key) -> None:
        """Turn it."""
        step = {"left": -1, "right": 1, "space": 1}.get(event.key)
        if step is not None:
            event.stop()
            event.prevent_default()
            self.turn(step)

    def on_click(self, event: events.Click) -> None:
        """The left arrow turns it back, all else on."""
        event.stop()
        self.turn(-1 if event.x < 2 else 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The next word."""
        event.stop()
        self.turn(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The word before."""
        event.stop()
        self.turn(-1)


class NumberEntry(Input):
    """An entry of which letters are no part: they stay keys of the screen. The wheel steps what is written."""

    TAKEN: ClassVar[str] = "0123456789.-$%eE"
    """What may be typed; `e` only behind a digit, where it is an exponent."""

    def on_key(self, event: events.Key) -> None:
        """Keep a letter from the entry, and let it go on to the screen."""
        if event.is_printable and event.character is not None and not self._takes(event.character):
            event.prevent_default()

    def _takes(self, character: str) -> bool:
        if character in "eE":
            before = self.value[: self.cursor_position]
            return before[-1:].isdigit()
        return character in self.TAKEN

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """A step down."""
        event.stop()
        self.post_message(Stepped(self, -1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """A step up."""
        event.stop()
        self.post_message(Stepped(self, 1))
