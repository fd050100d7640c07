"""The panes of the sync screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import Container

from screens import sync_columns as columns
from screens.panes import Panes
from widgets.quote_grid import QuoteGrid

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from widgets.grid_columns import Column

FRAME = 3
"""Lines of a pane beside its rows."""
MOST_KEPT = 4
"""Rows of kept orders before their pane scrolls."""
SIGNED_OUT: Final = {
    "conflicts": "none: nothing waits for a decision",
    "kept": "none: every order reached its venue",
    "desk": "sign in to see the accounts of your desk",
    "devices": "sign in to see your devices",
    "sessions": "sign in to see your sessions",
}
"""What stands in an empty table while nobody is signed in."""
ANSWERED: Final = SIGNED_OUT | {"desk": "no account yet: one is here once its home has traded and synced"}
"""The same where the server has answered."""


class SyncPanes(Panes):
    """Facts and conflicts above, kept orders where there are any, the desk, devices and sessions below."""

    AROUND: ClassVar[tuple[str, ...]] = ("facts", "conflicts", "kept", "desk", "devices", "sessions")

    _kept = 0
    """How many orders are kept."""

    def compose(self) -> ComposeResult:
        """The tables as they stand."""
        with Container(id="sync-above", classes="row"):
            yield self._pane("facts", "Server", columns.FACT_COLUMNS, "looking")
            yield self._pane("conflicts", "Conflicts", columns.CONFLICT_COLUMNS, SIGNED_OUT["conflicts"])
        with Container(id="sync-kept", classes="row"):
            yield self._pane("kept", "Kept orders", columns.KEPT_COLUMNS, SIGNED_OUT["kept"])
        with Container(id="sync-middle", classes="row"):
            yield self._pane("desk", "Desk", columns.DESK_COLUMNS, SIGNED_OUT["desk"])
        with Container(id="sync-below", classes="row"):
            yield self._pane("devices", "Devices", columns.DEVICE_COLUMNS, SIGNED_OUT["devices"])
            yield self._pane("sessions", "Sessions", columns.SESSION_COLUMNS, SIGNED_OUT["sessions"])

    @staticmethod
    def _pane(name: str, title: str, table: tuple[Column, ...], empty: str) -> Container:
        pane = Container(
            QuoteGrid(table, styler=columns.style, empty=empty, widget_id=name), id=f"{name}-pane", classes="pane"
        )
        pane.border_title = title
        return pane

    def grid(self, name: str) -> QuoteGrid:
        """The table of a pane."""
        return self.query_one(f"#{name}", QuoteGrid)

    def keep(self, kept: int) -> None:
        """Make room for so many kept orders, or give it back."""
        if kept != self._kept:
            self._kept = kept
            self.fit_into(*self._room)

    def shown(self, columns: int, lines: int) -> tuple[str, ...]:
        """All of them where there is room, else one in a row: the marked one, and the desk or the conflicts."""
        if columns >= 100 and lines >= 30:
            return tuple(name for name in self.AROUND if name != "kept" or self._kept or self.marked == "kept")
        if lines < 36:
            return (self.marked, "conflicts" if self.marked == "desk" else "desk")
        above = self.marked if self.marked in {"facts", "conflicts"} else "conflicts"
        return tuple(dict.fromkeys((above, "desk", self.marked)))

    def fitted(self, seen: tuple[str, ...]) -> None:
        """No empty rows, and no more room for kept orders than they need beside others."""
        alone = seen == ("kept",)
        self.query_one("#sync-kept").styles.height = "1fr" if alone else FRAME + min(max(self._kept, 1), MOST_KEPT)
        rows = {
            "above": ("facts", "conflicts"),
            "kept": ("kept",),
            "middle": ("desk",),
            "below": ("devices", "sessions"),
        }
        for row, panes in rows.items():
            self.query_one(f"#sync-{row}").display = any(pane in seen for pane in panes)
