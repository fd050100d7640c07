"""One line of tabs, with the chosen one always in view and the rest as far as they fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from textual import events


class Tab(NamedTuple):
    """A tab."""

    key: str
    label: str


def window(labels: Sequence[str], chosen: int, width: int) -> range:
    """The tabs that fit into `width` cells around `chosen`, growing to the right first."""
    if not labels:
        return range(0)
    first = last = chosen
    room = width - len(labels[chosen]) - 4
    while True:
        grown = False
        if last + 1 < len(labels) and len(labels[last + 1]) + 3 <= room:
            last += 1
            room -= len(labels[last]) + 3
            grown = True
        if first > 0 and len(labels[first - 1]) + 3 <= room:
            first -= 1
            room -= len(labels[first]) + 3
            grown = True
        if not grown:
            return range(first, last + 1)


class ExpiryTabs(Widget, inherit_bindings=False):
    """A row of tabs; clicking one sends Chosen."""

    DEFAULT_CSS = """
    ExpiryTabs { height: 1; width: 1fr; background: $background; color: $muted; }
    ExpiryTabs > .expiry-tabs--chosen { color: $cursor-text; background: $accent; text-style: bold; }
    ExpiryTabs > .expiry-tabs--more { color: $faint; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"expiry-tabs--chosen", "expiry-tabs--more"}

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, key: str) -> None:
            self.key = key
            super().__init__()

    def __init__(self, *, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._tabs: tuple[Tab, ...] = ()
        self._chosen: int | None = None
        self._spans: list[tuple[int, int, str]] = []

    def show(self, tabs: Sequence[Tab], chosen: str) -> None:
        """Replace the tabs; `chosen` is the key of the marked one, none where no tab has it."""
        fresh = tuple(tabs)
        place = next((index for index, tab in enumerate(fresh) if tab.key == chosen), None)
        if (fresh, place) != (self._tabs, self._chosen):
            self._tabs, self._chosen = fresh, place
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The tabs."""
        width = self.size.width
        if y or not self._tabs:
            return Strip.blank(width, self.rich_style)
        shown = window([tab.label for tab in self._tabs], self._chosen or 0, width - 6)
        plain = self.rich_style
        faint = plain + self.get_component_rich_style("expiry-tabs--more", partial=True)
        marked = plain + self.get_component_rich_style("expiry-tabs--chosen", partial=True)
        segments = [Segment("‹ " if shown.start else "  ", faint)]
        x = 2
        self._spans = []
        for index in shown:
            tab = self._tabs[index]
            text = f" {tab.label} "
            segments.append(Segment(text, marked if index == self._chosen else plain))
            self._spans.append((x, x + len(text), tab.key))
            segments.append(Segment(" ", plain))
            x += len(text) + 1
        left = len(self._tabs) - shown.stop
        segments.append(Segment(f"›{left}" if left else "", faint))
        return Strip([segment for segment in segments if segment.text]).adjust_cell_length(width, plain)

    def on_click(self, event: events.Click) -> None:
        """Choose the tab under the mouse."""
        for start, end, key in self._spans:
            if start <= event.x < end:
                self.post_message(self.Chosen(key))
