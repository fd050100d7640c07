"""The panes of the dashboard: which are shown at a size, and what stands in each."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import Container

from screens.dashboard_columns import AHEAD_COLUMNS, ALERT_COLUMNS, EXPOSURE_COLUMNS, ORDER_COLUMNS, row_style
from screens.panes import Panes
from screens.watchlist_columns import FIRST, LAST
from screens.watchlist_columns import row_style as watch_style
from widgets.braille_chart import BrailleChart
from widgets.quote_grid import QuoteGrid

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

NAMES: Final = ("curve", "watch", "orders", "exposure", "alerts", "ahead")
"""As they stand."""
BY_WORTH: Final = ("curve", "watch", "orders", "ahead", "exposure", "alerts")
"""In the order in which they are given room."""
TITLES: Final = {
    "watch": "Watchlist", "orders": "Working orders", "exposure": "Exposure", "alerts": "Alerts and halts",
    "ahead": "Ahead", "curve": "Account",
}  # fmt: skip
WAITING: Final = "reading the log"


def panes_shown(columns: int, lines: int, marked: str) -> tuple[str, ...]:
    """The panes that a terminal of that size has room for, the marked one always among them."""
    room = 6 if columns >= 110 and lines >= 30 else 4 if lines >= 22 else 2
    chosen = BY_WORTH[:room]
    if marked not in chosen:
        chosen = (*chosen[:-1], marked)
    return tuple(name for name in NAMES if name in chosen)


class DashboardPanes(Panes):
    """The account's curve and five tables."""

    AROUND: ClassVar[tuple[str, ...]] = NAMES

    def compose(self) -> ComposeResult:
        """The panes as they stand."""
        for name in NAMES:
            pane = Container(self._widget(name), id=f"{name}-pane", classes="pane")
            pane.border_title = TITLES[name]
            yield pane

    def _widget(self, name: str) -> Widget:
        if name == "curve":
            return BrailleChart("Total P&L", widget_id="curve")
        if name == "watch":
            return QuoteGrid((FIRST, *LAST), styler=watch_style, empty=WAITING, widget_id="watch")
        columns = {
            "orders": ORDER_COLUMNS, "exposure": EXPOSURE_COLUMNS, "alerts": ALERT_COLUMNS, "ahead": AHEAD_COLUMNS
        }[name]  # fmt: skip
        return QuoteGrid(columns, styler=row_style, empty=WAITING, widget_id=name)

    @property
    def chart(self) -> BrailleChart:
        """The account's curve."""
        return self.query_one("#curve", BrailleChart)

    @property
    def watched(self) -> QuoteGrid:
        """The watchlist's table."""
        return self.grid("watch")

    def grid(self, name: str) -> QuoteGrid:
        """The table of a pane."""
        return self.query_one(f"#{name}", QuoteGrid)

    @property
    def table(self) -> QuoteGrid | None:
        """The table of the marked pane; None where it is the curve."""
        return None if self.marked == "curve" else self.grid(self.marked)

    def shown(self, columns: int, lines: int) -> tuple[str, ...]:
        """What there is room for."""
        return panes_shown(columns, lines, self.marked)
