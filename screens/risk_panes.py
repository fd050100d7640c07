"""The panes of the risk screen: which are shown, and what stands in each when there are no figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import Container

from screens.panes import Panes
from screens.risk_columns import COLUMNS, row_style
from widgets.braille_chart import BrailleChart
from widgets.heat_map import HeatMap
from widgets.info_line import InfoLine
from widgets.quote_grid import QuoteGrid

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

    from widgets.grid_columns import GridRow
    from widgets.info_line import Piece

AROUND: Final = (
    "components", "stress", "limits", "scenarios", "margin", "reverse", "methods", "greeks", "liquidity", "backtest",
)  # fmt: skip
"""As they stand, for the key that goes round."""
BY_WORTH: Final = (
    "components", "stress", "limits", "margin", "scenarios", "reverse", "methods", "greeks", "liquidity", "backtest",
)  # fmt: skip
"""In the order in which they are given room."""
TABLES: Final = tuple(COLUMNS)


def panes_shown(columns: int, lines: int, marked: str) -> tuple[str, ...]:
    """The panes that a terminal of that size has room for, the marked one always among them."""
    if columns >= 160:
        room = 10 if lines >= 45 else 8 if lines >= 20 else 4
    elif columns >= 110:
        room = 6 if lines >= 20 else 3
    elif columns >= 70:
        room = 6 if lines >= 40 else 4 if lines >= 20 else 2
    else:
        room = 3 if lines >= 30 else 2 if lines >= 20 else 1
    shown = BY_WORTH[:room]
    return shown if marked in shown else (*shown[:-1], marked)


class RiskPanes(Panes):
    """Tables and pictures of one book's risk."""

    AROUND: ClassVar[tuple[str, ...]] = AROUND

    def compose(self) -> ComposeResult:
        """The panes as they stand."""
        for name in AROUND:
            with Container(id=f"{name}-pane", classes="pane"):
                if name == "stress":
                    yield HeatMap("Stress", widget_id="stress")
                elif name == "backtest":
                    yield BrailleChart("Backtest", widget_id="backtest")
                else:
                    yield InfoLine(widget_id=f"{name}-title")
                    yield QuoteGrid(COLUMNS[name], styler=row_style, widget_id=name)

    def shown(self, columns: int, lines: int) -> tuple[str, ...]:
        """What there is room for."""
        return panes_shown(columns, lines, self._marked)

    def fitted(self, seen: tuple[str, ...]) -> None:
        """As many columns of panes as they need."""
        self.set_class(len(seen) == len(AROUND), "-all")

    def widget_of(self, name: str) -> Widget | None:
        """Tables alone have keys of their own."""
        return super().widget_of(name) if name in TABLES else None

    def grid(self, name: str) -> QuoteGrid:
        """The table of a pane."""
        return self.query_one(f"#{name}", QuoteGrid)

    @property
    def heat(self) -> HeatMap:
        """The stress matrix."""
        return self.query_one("#stress", HeatMap)

    @property
    def chart(self) -> BrailleChart:
        """The backtest."""
        return self.query_one("#backtest", BrailleChart)

    def fill(self, name: str, rows: list[GridRow], empty: str, tone: str = "muted") -> None:
        """The rows of a table, or what stands in their place."""
        grid = self.grid(name)
        grid.say_when_empty(empty, tone)
        grid.show(rows, flash=False)

    def head(self, name: str, pieces: tuple[Piece, ...]) -> None:
        """What stands over a table."""
        self.query_one(f"#{name}-title", InfoLine).show(pieces)
