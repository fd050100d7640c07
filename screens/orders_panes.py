"""The panes of the orders screen: which are shown, which one is marked, and the entry line."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import Container

from screens.orders_columns import (
    ALERT_COLUMNS,
    ALGO_COLUMNS,
    FILL_COLUMNS,
    HALT_COLUMNS,
    ORDER_COLUMNS,
    row_style,
)
from screens.panes import Panes
from widgets.info_line import InfoLine
from widgets.quote_grid import QuoteGrid

if TYPE_CHECKING:
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


def panes_shown(columns: int, lines: int, beside: str) -> tuple[str, ...]:
    """The panes that a terminal of that size has room for; `beside` is the one below the orders marked last."""
    if columns >= 110 and lines >= 30:
        return NAMES
    room = 2 if lines >= 34 else 1
    below = NAMES[1 : 1 + room]
    return ("orders", *(below if beside in below else (*below[:-1], beside)))


class OrderPanes(Panes):
    """Orders above, the other tables below; the focused one is marked."""

    AROUND: ClassVar[tuple[str, ...]] = NAMES

    def __init__(self, *, widget_id: str | None = None) -> None:
        super().__init__(widget_id=widget_id)
        self._beside = NAMES[1]

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

    def grid(self, name: str) -> QuoteGrid:
        """The table of a pane."""
        return self.query_one(f"#{name}", QuoteGrid)

    def shown(self, columns: int, lines: int) -> tuple[str, ...]:
        """What there is room for."""
        return panes_shown(columns, lines, self._beside)

    def fitted(self, seen: tuple[str, ...]) -> None:
        """Four tables in a square where all have room."""
        below = self.query_one("#below")
        below.display = seen != ("orders",)
        below.set_class(seen == NAMES, "-square")
        self.query_one("#order").display = "orders" in seen

    def remembered(self, name: str) -> None:
        """The table below that was marked last stays."""
        if name != NAMES[0]:
            self._beside = name
