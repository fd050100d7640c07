"""The book: the account, what it holds and what that is worth, and the ledger that says so."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Container

from screens import book_trouble
from screens.book_columns import (
    LEDGER_COLUMNS,
    POSITION_COLUMNS,
    account_pieces,
    ledger_rows,
    ledger_style,
    position_rows,
    position_style,
)
from screens.frame import FrameScreen
from screens.host import Draft
from widgets.info_line import InfoLine, Piece
from widgets.quote_grid import QuoteGrid

if TYPE_CHECKING:
    from textual.widget import Widget

    from optionix_core.services.book_view import BookLine, BookView


class BookScreen(FrameScreen):
    """F5."""

    SCOPE: ClassVar[str] = "book"
    TITLE_TEXT: ClassVar[str] = "F5 Book"
    CSS_PATH = ["frame.tcss", "book.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self) -> None:
        super().__init__()
        self._shown: BookView | None = None

    def body(self) -> Iterable[Widget]:
        """Account, positions, ledger."""
        yield InfoLine(widget_id="account")
        positions = QuoteGrid(
            POSITION_COLUMNS,
            styler=position_style,
            empty=book_trouble.WAITING,
            widget_id="positions",
        )
        ledger = QuoteGrid(
            LEDGER_COLUMNS, styler=ledger_style, empty=book_trouble.WAITING, widget_id="ledger",
        )  # fmt: skip
        with_titles = Container(positions, id="positions-pane"), Container(ledger, id="ledger-pane")
        with_titles[0].border_title = "Positions"
        with_titles[1].border_title = "Ledger, newest first"
        yield from with_titles

    def on_mount(self) -> None:
        """Start with the positions."""
        super().on_mount()
        self.query_one("#positions", QuoteGrid).focus()
        self.session_changed()

    def session_changed(self) -> None:
        """Show the newest book, or why there is none."""
        view, problem = self.session.book, self.session.book_problem
        line = self.query_one("#account", InfoLine)
        positions, ledger = self.query_one("#positions", QuoteGrid), self.query_one("#ledger", QuoteGrid)
        if problem is not None:
            old = [] if view is None else [Piece(f"below: as of {view.moment:%H:%M:%S} UTC", "warn", 1)]
            line.show([Piece("✗", "alert"), Piece(str(problem), "alert", 0, joined=True), *old])
            positions.say_when_empty(book_trouble.trouble_text(problem), "warn")
            ledger.say_when_empty("")
        if view is None:
            if problem is None:
                warming = self.session.warming
                line.show([Piece("◌ warming", "chip"), Piece(warming.step if warming else "reading the log", "plain")])
            return
        if problem is None:
            line.show(account_pieces(view))
            positions.say_when_empty(book_trouble.NO_POSITIONS)
            ledger.say_when_empty(book_trouble.NO_ENTRIES)
        if view is self._shown:
            return
        first = self._shown is None
        self._shown = view
        positions.show(position_rows(view))
        if first and view.lines:
            positions.move_to(row=1)
        ledger.show(ledger_rows(view.entries, view.report.state.currency))

    def _under_cursor(self) -> BookLine | None:
        grid = self.query_one("#positions", QuoteGrid)
        marked = grid.cursor_row
        if self._shown is None or marked is None:
            return None
        line = next((line for line in self._shown.lines if line.symbol == marked.key), None)
        if line is None:
            self.notify("Move the cursor to a position first.", severity="warning")
        return line

    def _trade(self, way: str, quantity: int, line: BookLine) -> None:
        quote = line.value.mark.quote
        touch = None if quote is None else (quote.ask if way == "buy" else quote.bid)
        limit = None if touch is None else Decimal(repr(touch))
        self.host.open_ticket(Draft(way, line.symbol, quantity, limit))

    def action_buy(self) -> None:
        """A ticket to buy one more."""
        if (line := self._under_cursor()) is not None:
            self._trade("buy", 1, line)

    def action_sell(self) -> None:
        """A ticket to sell one."""
        if (line := self._under_cursor()) is not None:
            self._trade("sell", 1, line)

    def action_close(self) -> None:
        """A ticket that closes the whole position."""
        if (line := self._under_cursor()) is not None:
            held = line.value.position.quantity
            self._trade("sell" if held > 0 else "buy", int(abs(held)), line)

    def action_open(self) -> None:
        """The position in its chain."""
        if (line := self._under_cursor()) is not None:
            self.host.show_option(line.symbol)

    def action_explain(self) -> None:
        """Where the number under the cursor comes from."""
        line = self._under_cursor()
        column = self.query_one("#positions", QuoteGrid).cursor_column
        if line is not None and column is not None:
            from screens.book_explanations import explain_position
            from screens.explain import ExplainDialog

            self.app.push_screen(ExplainDialog(explain_position(line, column, self.session.now)))

    def action_zoom(self) -> None:
        """The positions alone, or with the ledger."""
        self.toggle_class("-zoomed")

    def command_line(self) -> str:
        """The command that gives this view."""
        account = self.session.account
        return "optionix positions" if account == "paper-1" else f"optionix --account {account} positions"
