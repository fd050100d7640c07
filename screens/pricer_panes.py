"""The panes of the pricer: the picture, every Greek, methods side by side, and the grid of moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Container

from screens.panes import Panes
from screens.pricer_columns import GREEK_COLUMNS, METHOD_COLUMNS, method_style
from widgets.braille_chart import BrailleChart, Plot
from widgets.heat_map import Heat, HeatMap
from widgets.info_line import InfoLine
from widgets.quote_grid import QuoteGrid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from widgets.grid_columns import GridRow
    from widgets.info_line import Piece

AROUND = ("payoff", "greeks", "methods", "moves")
TABLES = ("greeks", "methods")


def panes_shown(columns: int, lines: int, marked: str) -> tuple[str, ...]:
    """The panes that a terminal of that size has room for, the marked one always among them."""
    room = 4 if columns >= 110 and lines >= 28 else 2 if columns >= 70 or lines >= 34 else 1
    if lines < 20 and columns < 110:
        room = 1
    shown = AROUND[:room]
    return shown if marked in shown else (*shown[:-1], marked)


class PricerPanes(Panes):
    """Picture, tables and map of one price."""

    AROUND: ClassVar[tuple[str, ...]] = AROUND

    def compose(self) -> ComposeResult:
        """The panes as they stand."""
        with Container(id="payoff-pane", classes="pane"):
            yield BrailleChart("Value", widget_id="payoff")
        with Container(id="greeks-pane", classes="pane"):
            yield QuoteGrid(GREEK_COLUMNS, widget_id="greeks")
        with Container(id="methods-pane", classes="pane"):
            yield InfoLine(widget_id="compared")
            yield QuoteGrid(METHOD_COLUMNS, styler=method_style, widget_id="methods")
        with Container(id="moves-pane", classes="pane"):
            yield HeatMap("What if", widget_id="moves")

    def shown(self, columns: int, lines: int) -> tuple[str, ...]:
        """The panes that there is room for."""
        return panes_shown(columns, lines, self.marked)

    def showing(self, name: str) -> bool:
        """Whether a pane is shown."""
        return bool(self.query_one(f"#{name}-pane").display)

    def key_under_cursor(self) -> str:
        """The Greek or method under the cursor of the marked table; empty in a picture."""
        if self.marked not in TABLES:
            return ""
        row = self.query_one(f"#{self.marked}", QuoteGrid).cursor_row
        return "" if row is None else str(row.key)

    @property
    def complete(self) -> bool:
        """Whether every pane has its widget; those inside come a moment after the screen itself."""
        return all(self.query(f"#{name}") for name in self.AROUND)

    def show_payoff(self, plot: Plot) -> None:
        """The picture."""
        self.query_one("#payoff", BrailleChart).show(plot)

    def show_greeks(self, rows: Sequence[GridRow], empty: str) -> None:
        """Every Greek, or why there are none."""
        table = self.query_one("#greeks", QuoteGrid)
        table.say_when_empty(empty)
        table.show(rows, flash=False)

    def show_methods(self, rows: Sequence[GridRow], empty: str) -> None:
        """Methods side by side, or why there are none."""
        table = self.query_one("#methods", QuoteGrid)
        table.say_when_empty(empty)
        table.show(rows, flash=False)

    def note_methods(self, pieces: Sequence[Piece]) -> None:
        """At which inputs the methods were compared."""
        self.query_one("#compared", InfoLine).show(pieces)

    def show_moves(self, heat: Heat) -> None:
        """The grid of moves."""
        self.query_one("#moves", HeatMap).show(heat)

    def show_nothing(self, why: str) -> None:
        """The same words in every pane."""
        self.show_payoff(Plot("Value", note=why))
        self.show_greeks((), why)
        self.show_methods((), "")
        self.note_methods(())
        self.show_moves(Heat("What if", note=why))
