"""Panes of a screen: which are shown, which one is marked, and which widget has the keys.

A pane is a container of class `pane` with the id `NAME-pane`; the widget in it that takes keys has the id `NAME`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Container
from textual.css.query import NoMatches
from textual.message import Message

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from textual import events
    from textual.widget import Widget


class Panes(Container):
    """Several panes, one of them marked; a click marks another. Subclasses give AROUND, `compose` and `shown`."""

    AROUND: ClassVar[tuple[str, ...]] = ()
    """Names as they stand, for the key that goes round; the first is marked at the start."""

    class Marked(Message):
        """Another pane is marked."""

    def __init__(self, *, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._marked = self.AROUND[0]
        self._room = (0, 0)
        self._titles: dict[str, str] = {}

    def shown(self, columns: int, lines: int) -> tuple[str, ...]:
        """The panes that a terminal of that size has room for, the marked one always among them."""
        raise NotImplementedError

    @property
    def marked(self) -> str:
        """The pane that keys, explain, copy and zoom are about."""
        return self._marked

    @property
    def zoomed(self) -> bool:
        """Whether the marked pane has the whole room."""
        return self.has_class("-zoomed")

    def fit_into(self, columns: int, lines: int) -> None:
        """Show what a terminal of that size has room for."""
        self._room = (columns, lines)
        seen = (self._marked,) if self.zoomed else self.shown(columns, lines)
        for name in self.AROUND:
            pane = self.query_one(f"#{name}-pane")
            pane.display = name in seen
            pane.set_class(name == self._marked, "-marked")
        self.fitted(seen)

    def fitted(self, seen: tuple[str, ...]) -> None:
        """For what else depends on the panes that are shown."""

    def mark(self, name: str) -> None:
        """Give the keys to a pane. Raises InvalidValueError for a name that is none."""
        if name not in self.AROUND:
            raise InvalidValueError("pane", repr(name), f"one of {', '.join(self.AROUND)}")
        self._remember(name)
        widget = self.widget_of(name)
        if widget is not None and widget.can_focus:
            widget.focus()
        else:
            self.screen.set_focus(None)

    def widget_of(self, name: str) -> Widget | None:
        """What has the keys of a pane; None where nothing in it is called as the pane is."""
        try:
            return self.query_one(f"#{name}")
        except NoMatches:
            return None

    def step(self, step: int) -> None:
        """Mark the pane so many places on, round and round."""
        self.mark(self.AROUND[(self.AROUND.index(self._marked) + step) % len(self.AROUND)])

    def zoom(self, *, on: bool | None = None) -> None:
        """Give the marked pane the whole room, or bring the others back."""
        self.set_class(not self.zoomed if on is None else on, "-zoomed")
        self.fit_into(*self._room)

    def title(self, name: str, text: str) -> None:
        """What stands over a pane; the same as before draws nothing."""
        pane = self.query_one(f"#{name}-pane")
        if self._titles.get(name) != text:
            self._titles[name] = text
            pane.border_title = text

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Something in a pane was given the keys."""
        self._remember_pane_of(event.widget)

    def on_click(self, event: events.Click) -> None:
        """Mark the pane under the mouse."""
        widget, _ = self.screen.get_widget_at(event.screen_x, event.screen_y)
        name = self._pane_of(widget)
        if name is not None and name != self._marked:
            self.mark(name)

    def _remember_pane_of(self, widget: Widget) -> None:
        name = self._pane_of(widget)
        if name is not None:
            self._remember(name)

    def _pane_of(self, widget: Widget) -> str | None:
        for node in widget.ancestors_with_self:
            if node.has_class("pane") and node.id is not None:
                return node.id.removesuffix("-pane")
        return None

    def _remember(self, name: str) -> None:
        if name != self._marked:
            self._marked = name
            self.remembered(name)
            self.fit_into(*self._room)
            self.post_message(self.Marked())

    def remembered(self, name: str) -> None:
        """For what a subclass keeps of the pane marked last."""
