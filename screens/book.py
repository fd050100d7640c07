"""The book: what is done with what `book_board` shows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from optionix_core.errors import OptionixError
from screens import book_exports
from screens.book_asking import Order
from screens.book_columns import LAYOUTS
from screens.book_desk import BookDesk
from screens.book_filter import HINT, BookFilter
from screens.book_panes import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.widget import Widget

    from screens.host import Hint
    from widgets.quote_grid import QuoteGrid

_ONLY_IN = {
    "book.span": ("explained",),
    **dict.fromkeys(
        ("book.group", "book.sort", "book.fold_all", "book.columns", "book.filter", "book.close", "book.roll"),
        ("positions",),
    ),
}
"""Panes in which the footer tells an action; all others are told everywhere."""


class BookScreen(BookDesk):
    """F5."""

    SCOPE: ClassVar[str] = "book"
    TITLE_TEXT: ClassVar[str] = "F5 Book"

    def footer_hints(self) -> Sequence[Hint]:
        """The keys that have something to work on in the marked pane."""
        marked = self.panes.marked if self.is_mounted else NAMES[0]
        return [hint for hint in super().footer_hints() if marked in _ONLY_IN.get(hint.action, NAMES)]

    # Panes, groups, order, filter

    def action_next_pane(self) -> None:
        """Mark the pane after this one."""
        self.panes.step(1)

    def action_previous_pane(self) -> None:
        """Mark the pane before this one."""
        self.panes.step(-1)

    def action_zoom(self) -> None:
        """The marked pane alone, or with the others."""
        self.panes.zoom()
        self.session_changed()

    def action_detail(self) -> None:
        """Fills and notes of what is under the cursor."""
        self.panes.mark("detail")

    def action_group(self) -> None:
        """Tell the positions by something else."""
        from optionix_core.services.book_groups import GroupBy

        self.by = str(GroupBy(self.by).after())
        self.session_changed()

    def action_columns(self) -> None:
        """The next layout of the columns."""
        names = tuple(LAYOUTS)
        self.use_columns(names[(names.index(self.columns) + 1) % len(names)])
        self.tell(f"columns: {self.columns}")

    def action_sort(self) -> None:
        """By the column under the cursor: the largest first, then the smallest, then as it was."""
        column = self.panes.grid("positions").cursor_column
        if column is not None:
            self.sort_by(column.key)

    def sort_by(self, key: str) -> None:
        """The largest first; asked again the smallest, a third time as the book has it."""
        from optionix_core.services.book_order import SORT_KEYS

        if key not in SORT_KEYS:
            self.tell("The book is not sorted by notes.", "warn")
            return
        if self.order is None or self.order.key != key:
            self.order = Order(key, descending=key != "label")
        elif self.order.descending == (key != "label"):
            self.order = Order(key, descending=not self.order.descending)
        else:
            self.order = None
        self.session_changed()

    def action_filter(self) -> None:
        """Open the entry line for a filter."""
        self.write(self.filter.text, HINT, lambda text: self._keep(BookFilter.parse(text)))

    def _keep(self, chosen: BookFilter) -> None:
        self.filter = chosen
        self.session_changed()

    def take_back(self) -> None:
        """Bring the other panes back, else take the filter away."""
        if self.panes.zoomed:
            self.action_zoom()
        elif self.filter.text:
            self._keep(BookFilter())

    def action_fold(self) -> None:
        """Fold the group under the cursor, or that of the position under it; open it where it is folded."""
        key = self.key_under_cursor()
        if key is None or key.group not in self.groups:
            return
        self.folded ^= {key.group}
        self.session_changed()
        if key.group in self.folded:
            self.panes.grid("positions").move_to_key(key._replace(kind="group", symbol=""))

    def action_fold_all(self) -> None:
        """Fold every group of the lowest kind, or open all."""
        lowest = {key for key, one in self.groups.items() if not one.groups and len(one.parts) > 1}
        self.folded = set() if self.folded & set(self.groups) else lowest or set(self.groups)
        self.session_changed()

    def on_quote_grid_pressed(self, message: QuoteGrid.Pressed) -> None:
        """A press on a group folds it or opens it."""
        key = self.key_under_cursor()
        if message.grid.id == "positions" and key is not None and key.kind == "group":
            self.action_fold()

    def on_quote_grid_header_pressed(self, message: QuoteGrid.HeaderPressed) -> None:
        """A press on the title of a column sorts by it."""
        if message.grid.id == "positions":
            self.sort_by(message.column.key)

    def action_span(self) -> None:
        """Explain another stretch: since the last close, the last session, the last five."""
        from optionix_core.services.day_explained import Span

        self.span = str(Span(self.span).after())
        self.session_changed()

    # The entry line

    def told(self, error: OptionixError) -> None:
        """Tell a mistake in what was written."""
        self.tell(str(error), "alert")

    def keys_back(self) -> Widget | None:
        """The marked pane has the keys."""
        return self.panes.widget_of(self.panes.marked)

    # Explaining, copying, exporting, keeping

    def action_explain(self) -> None:
        """Where the number under the cursor comes from."""
        from screens.book_explaining import explain
        from screens.explain import ExplainDialog

        told = explain(self)
        if told is None:
            self.tell("There is nothing under the cursor.", "warn")
        else:
            self.app.push_screen(ExplainDialog(told))

    def command_line(self) -> str:
        """The command that gives the marked pane."""
        account = self.session.account
        root = "optionix" if account == "paper-1" else f"optionix --account {account}"
        parts = self.parts_under_cursor()
        symbol = parts[0].line.symbol if len(parts) == 1 else None
        return f"{root} {book_exports.command(self.panes.marked, self.by, self.standing, self.span, symbol)}"

    def exports(self) -> Mapping[str, Callable[[], str]]:
        """What the marked pane shows."""
        made: dict[str, Callable[[str], str]] = {
            "positions": partial(_last, book_exports.positions_text, self.positions, self.view, dict(self.notes)),
            "explained": partial(_last, book_exports.explained_text, self.standing),
            "calendar": partial(_last, book_exports.calendar_text, self.life),
            "detail": partial(_last, book_exports.story_text, self.story),
            "lots": partial(_last, book_exports.lots_text, self.view, self.closed),
            "ledger": partial(_last, book_exports.ledger_text, self.view),
        }
        return {kind: partial(made[self.panes.marked], kind) for kind in ("csv", "json")}

    def arrangement(self) -> Mapping[str, Any]:
        """Grouping, order, filter, columns, stretch, panes and what is folded."""
        return {
            "group": self.by,
            "sort": None if self.order is None else [self.order.key, self.order.descending],
            "filter": self.filter.text,
            "columns": self.columns,
            "span": self.span,
            "pane": self.panes.marked,
            "zoomed": self.panes.zoomed,
            "folded": sorted(self.folded),
        }

    def use_arrangement(self, kept: Mapping[str, Any]) -> None:
        """Set the book up as `arrangement` told. Raises InvalidValueError naming what cannot be used."""
        from screens.book_arrangement import read

        read_ = read(kept)
        self.by, self.order, self.filter, self.span = read_.by, read_.order, read_.filter, read_.span
        self.folded = set(read_.folded)
        self.use_columns(read_.columns)
        self.panes.mark(read_.pane)
        self.panes.zoom(on=read_.zoomed)
        self.session_changed()


def _last(write: Callable[..., str], *values: Any) -> str:
    """`write` takes the kind of file before the values; here it comes last."""
    return write(values[-1], *values[:-1])
