"""What the watchlist screen shows: the lists as tabs, and the chosen one as a table.

What is done with them is in `watchlist`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from screens.acting import ActScreen
from screens.book_trouble import trouble_text
from screens.entry import EntryLine
from screens.watchlist_columns import FIRST, LAST, board_pieces, columns_of, row_pieces, row_style, rows_of
from widgets.expiry_tabs import ExpiryTabs, Tab
from widgets.info_line import InfoLine, Piece
from widgets.quote_grid import QuoteGrid

if TYPE_CHECKING:
    from textual.widget import Widget

    from optionix_core.errors import OptionixError
    from optionix_core.services.watchlist_view import WatchBoard, WatchRow, WatchView, WatchViewer
    from screens.background import Background

AGAIN = timedelta(seconds=1)
"""How often the list is read anew while the market moves."""


class WatchlistBoard(ActScreen):
    """The table; what keys do with it is the subclass's."""

    CSS_PATH = ["frame.tcss", "watchlist.tcss"]  # noqa: RUF012 - Textual declares it as a plain list
    SCOPE: ClassVar[str] = "watchlist"

    def __init__(self) -> None:
        super().__init__()
        self.chosen: str | None = None
        """The list that is asked for; None: the first."""
        self.order, self.descending = "", True
        """The column that rows are sorted by; empty: the list's own order."""
        self._boards: Background[WatchBoard] = self.background("watchlist")
        self._viewer: WatchViewer | None = None
        self._acts = 0
        self._told: Piece | None = None
        self._columns: tuple[str, ...] = ()
        self._drawn: tuple[object, ...] = ()

    def body(self) -> Iterable[Widget]:
        """Tabs, summary, table, the row under the cursor, entry line."""
        yield ExpiryTabs(widget_id="lists")
        yield InfoLine(widget_id="watchlist-summary")
        yield QuoteGrid((FIRST, *LAST), styler=row_style, empty="reading the log", widget_id="symbols")
        yield InfoLine(widget_id="symbol")
        yield EntryLine()

    def on_mount(self) -> None:
        """Start with the first list."""
        super().on_mount()
        self.grid.focus()
        self.session_changed()

    def keys_back(self) -> Widget | None:
        """The table."""
        return self.grid

    @property
    def grid(self) -> QuoteGrid:
        """The table."""
        return self.query_one("#symbols", QuoteGrid)

    @property
    def board(self) -> WatchBoard | None:
        """The newest lists."""
        return self._boards.answer

    @property
    def view(self) -> WatchView | None:
        """What is shown of the chosen list."""
        return None if self.board is None else self.board.view

    @property
    def settled(self) -> bool:
        """Whether what is shown is of the log as the session knows it."""
        return self._boards.key is not None and self._boards.key == self._question()

    @property
    def trouble(self) -> OptionixError | None:
        """Why the lists cannot be read."""
        return self._boards.problem

    def _question(self) -> tuple[object, ...] | None:
        book = self.session.book
        return None if book is None else (book.events, self.chosen, self._acts)

    def session_changed(self) -> None:
        """Ask for the newest list and show what there is."""
        question = self._question()
        if question is not None:
            self._boards.ask(question, self._look(self.chosen), every=AGAIN)
        self.show()

    def acted(self) -> None:
        """Something was done from here: read the lists anew."""
        self._acts += 1
        self.session_changed()

    def _look(self, name: str | None) -> Callable[..., WatchBoard]:
        def work(progress: Callable[[int, int], None], cancel: Callable[[], bool]) -> WatchBoard:
            """In a thread of its own."""
            del progress, cancel
            from optionix_core.services.watchlist_view import WatchViewer

            workspace = self.session.workspace
            if self._viewer is None or self._viewer.feed is not workspace.feed:
                self._viewer = WatchViewer(workspace)
            return self._viewer.board(name)

        return work

    def show(self) -> None:
        """Draw what there is."""
        board, problem, line = self.board, self.trouble or self.session.book_problem, self._line("watchlist-summary")
        if problem is not None:
            line.show([Piece("✗", "alert"), Piece(str(problem), "alert", 0, joined=True)])
            self.grid.say_when_empty(trouble_text(problem), "warn")
        if board is None:
            if problem is None:
                warming = self.session.warming
                line.show([Piece("◌", "chip"), Piece(warming.step if warming else "reading the log", joined=True)])
            return
        if self.chosen is not None and self.settled and self.chosen not in {one.name for one in board.lists}:
            if self._told is None:
                self.tell(f"There is no watchlist {self.chosen} any more.", "warn")
            self.chosen = None
            self._boards.again()
        drawn = (board, self.order, self.descending, problem)
        if drawn != self._drawn:
            self._drawn = drawn
            self._show_board(board, told=problem is None)
        self.show_row()

    def _show_board(self, board: WatchBoard, *, told: bool) -> None:
        view = board.view
        tabs = [Tab(one.name, f"{one.name} {len(one.symbols)}") for one in board.lists]
        self.query_one(ExpiryTabs).show(tabs, "" if view is None else view.watchlist.name)
        if told:
            self._line("watchlist-summary").show(board_pieces(board, self.order, descending=self.descending))
            self.grid.say_when_empty(self._when_empty(board))
        if view is None:
            self.grid.show(())
            return
        columns, rows = columns_of(view.watchlist), rows_of(view, self.order, descending=self.descending)
        keys = tuple(column.key for column in columns)
        if keys != self._columns:
            self._columns = keys
            self.grid.use_columns(columns, rows)
        else:
            self.grid.show(rows)

    def _when_empty(self, board: WatchBoard) -> str:
        key = self.host.key_of
        if board.view is None:
            add, new = key("watchlist.add"), key("watchlist.new")
            return f"no watchlist yet: {add} writes symbols for a first one, {new} a list by name"
        return f"no symbols in {board.view.watchlist.name}: {key('watchlist.add')} writes some"

    def show_row(self) -> None:
        """The row under the cursor, or what was told last."""
        told = row_pieces(self.row, self.session.now) if self._told is None else (self._told,)
        self._line("symbol").show(told)

    def tell(self, text: str, tone: str = "plain") -> None:
        """Say something in place, until the cursor moves or something else is said."""
        self._told = Piece(text, tone)
        line = self._line("symbol")
        line.show([self._told])
        if len(text) > line.size.width - 2:
            self.notify(text, severity="error" if tone == "alert" else "information", markup=False)

    def told(self, error: OptionixError) -> None:
        """A mistake on the entry line, in place."""
        self.tell(f"✗ {error}", "alert")

    def on_quote_grid_cursor_moved(self) -> None:
        """Another row is under the cursor."""
        self._told = None
        self.show_row()

    def on_expiry_tabs_chosen(self, message: ExpiryTabs.Chosen) -> None:
        """A list's tab was clicked."""
        self.choose(message.key)

    def choose(self, name: str) -> None:
        """Show another list."""
        self.chosen, self._told = name, None
        self.session_changed()

    @property
    def row(self) -> WatchRow | None:
        """The symbol under the cursor."""
        under, view = self.grid.cursor_row, self.view
        if under is None or view is None:
            return None
        return next((row for row in view.rows if row.symbol == under.key), None)

    def _line(self, name: str) -> InfoLine:
        return self.query_one(f"#{name}", InfoLine)
