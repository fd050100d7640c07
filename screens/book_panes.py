"""The panes of the book: positions above, two tables below them, all six where there is room."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import Container, Horizontal

from screens import book_tables as tables
from screens.book_columns import POSITION_COLUMNS, position_style
from screens.panes import Panes
from widgets.quote_grid import QuoteGrid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from widgets.grid_columns import Column

NAMES: Final = ("positions", "explained", "calendar", "detail", "lots", "ledger")
ROWS: Final = (("explained", "calendar", "detail"), ("lots", "ledger"))
"""Below the positions, as they stand where all have room."""
COLUMNS: Final[dict[str, Sequence[Column]]] = {
    "positions": POSITION_COLUMNS,
    "explained": tables.EXPLAINED_COLUMNS,
    "calendar": tables.CALENDAR_COLUMNS,
    "detail": tables.DETAIL_COLUMNS,
    "lots": tables.LOT_COLUMNS,
    "ledger": tables.LEDGER_COLUMNS,
}
TITLES: Final = {
    "positions": "Positions",
    "explained": "P&L explained",
    "calendar": "Life cycle",
    "detail": "Detail",
    "lots": "Lots",
    "ledger": "Ledger, newest first",
}
_PAIRS: Final = (("explained", "calendar"), ("detail", "calendar"), ("lots", "ledger"))
"""Below the positions where two have room, the first that has the one marked last."""


def panes_shown(columns: int, lines: int, beside: str) -> tuple[str, ...]:
    """The panes that a terminal of that size has room for; `beside` is the one below the positions marked last."""
    if columns >= 160 and lines >= 45:
        return NAMES
    if columns >= 110 and lines >= 22:
        return ("positions", *next(pair for pair in _PAIRS if beside in pair))
    return ("positions", beside) if lines >= 18 else ("positions",)


class BookPanes(Panes):
    """Positions and the tables about them."""

    AROUND: ClassVar[tuple[str, ...]] = NAMES

    def __init__(self, *, widget_id: str | None = None) -> None:
        super().__init__(widget_id=widget_id)
        self._beside = NAMES[1]

    def compose(self) -> ComposeResult:
        """The tables as they stand."""
        yield self._pane("positions")
        for number, row in enumerate(ROWS):
            with Horizontal(id=f"below-{number}"):
                for name in row:
                    yield self._pane(name)

    def _pane(self, name: str) -> Container:
        columns = COLUMNS[name]
        styler = position_style if name == "positions" else partial(tables.table_style, columns=columns)
        pane = Container(
            QuoteGrid(columns, styler=styler, empty="reading the log", widget_id=name),
            id=f"{name}-pane",
            classes="pane",
        )
        pane.border_title = TITLES[name]
        return pane

    def grid(self, name: str) -> QuoteGrid:
        """The table of a pane."""
        return self.query_one(f"#{name}", QuoteGrid)

    def shown(self, columns: int, lines: int) -> tuple[str, ...]:
        """What there is room for."""
        seen = panes_shown(columns, lines, self._beside)
        return seen if self._marked in seen else (self._marked,)

    def fitted(self, seen: tuple[str, ...]) -> None:
        """Rows without a pane take no room."""
        for number, row in enumerate(ROWS):
            self.query_one(f"#below-{number}").display = any(name in seen for name in row)
        self.set_class(seen == NAMES, "-whole")

    def remembered(self, name: str) -> None:
        """The table below that was marked last stays."""
        if name != NAMES[0]:
            self._beside = name
