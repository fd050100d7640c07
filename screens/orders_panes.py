"""The panes of the orders screen: which are shown, which one is marked, and the entry line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.containers import Container
from textual.message import Message

from screens.orders_columns import (
    ALERT_COLUMNS,
    ALGO_COLUMNS,
    FILL_COLUMNS,
    HALT_COLUMNS,
    ORDER_COLUMNS,
    row_style,
)
from widgets.info_line import InfoLine
from widgets.quote_grid import QuoteGrid

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

NAMES: Final = ("orders", "fills", "algorithms", "alerts", "halts")
"""As they stand, and by worth: orders are always shown, the others as there is room."""
COLUMNS: Final = {
    "orders": ORDER_COLUMNS,
    "fills": FILL_COLUMNS,
    "algorithms": ALGO_COLUMNS,
    "alerts": ALERT_COLUMNS,
    "halts": HALT_COLUMNS,
}
WAITING: Final = "reading the log"


def panes_shown(columns: int, lines: int, marked: str, beside: str, *, zoomed: bool) -> tuple[str, ...]:
    """The panes that a terminal of that size has room for; `beside` is the one below the orders marked last."""
    if zoomed:
        return (marked,)
    if columns >= 110 and lines >= 30:
        return NAMES
    room = 2 if lines >= 34 else 1
    below = NAMES[1 : 1 + room]
    return ("orders", *(below if beside in below else (*below[:-1], beside)))


class OrderPanes(Container):
    """Orders above, the other tables below; the focused one is marked."""

    class Marked(Message):
        """Another pane is marked."""

    def __init__(self, *, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._marked, self._beside = NAMES[0], NAMES[1]
        self._room = (0, 0)

    def compose(self) -> ComposeResult:
        """The tables as they stand."""
        yield self._pane("orders")
        yield InfoLine(widget_id="order")
        with Container(id="below"):
            for name in NAMES[1:]:
                yield self._pane(name)

    def _pane(self, name: str) -> Container:
        grid = QuoteGrid(COLUMNS[name], styler=row_style, empty=WAITING, widget_id=name)
        pane = Container(grid, id=f"{name}-pane", classes="pane")
        pane.border_title = name.capitalize()
        return pane

    @property
    def marked(self) -> str:
        """The pane that has the keys."""
        return self._marked

    @property
    def zoomed(self) -> bool:
        """Whether the marked pane has the whole room."""
        return self.has_class("-zoomed")

    def grid(self, name: str) -> QuoteGrid:
        """The table of a pane."""
        return self.query_one(f"#{name}", QuoteGrid)

    def title(self, name: str, text: str) -> None:
        """What stands over a pane."""
        self.query_one(f"#{name}-pane", Container).border_title = text

    def fit_into(self, columns: int, lines: int) -> None:
        """Show what a terminal of that size has room for."""
        self._room = (columns, lines)
        shown = panes_shown(columns, lines, self._marked, self._beside, zoomed=self.zoomed)
        for name in NAMES:
            self.query_one(f"#{name}-pane").display = name in shown
        below = self.query_one("#below")
        below.display = shown != ("orders",)
        below.set_class(shown == NAMES, "-square")
        self.query_one("#order").display = "orders" in shown

    def mark(self, name: str) -> None:
        """Give the keys to a pane."""
        self._remember(name)
        self.grid(name).focus()

    def step(self, step: int) -> None:
        """Mark the pane so many places on, round and round."""
        self.mark(NAMES[(NAMES.index(self._marked) + step) % len(NAMES)])

    def zoom(self) -> None:
        """Give the marked pane the whole room, or bring the others back."""
        self.toggle_class("-zoomed")
        self.fit_into(*self._room)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A table was clicked, or given the keys."""
        if isinstance(event.widget, QuoteGrid) and event.widget.id in NAMES:
            self._remember(event.widget.id)

    def _remember(self, name: str) -> None:
        if name == self._marked:
            return
        self._marked = name
        if name != NAMES[0]:
            self._beside = name
        self.fit_into(*self._room)
        self.post_message(self.Marked())
