"""What the orders screen shows: the newest board, and what is under its cursors."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from screens import orders_columns as columns
from screens.acting import ActScreen
from screens.book_trouble import trouble_text
from screens.entry import EntryLine
from screens.orders_columns import RowKey
from screens.orders_filter import OrderFilter
from screens.orders_panes import NAMES, OrderPanes
from screens.orders_sort import NEWEST_FIRST, OrderSort
from screens.orders_summary import desk_pieces, order_pieces, title_of_orders
from widgets.info_line import InfoLine, Piece

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.widget import Widget

    from optionix_core.errors import OptionixError
    from optionix_core.services.alerts import AlertReport
    from optionix_core.services.order_board import AlgoLine, OrderBoard, OrderBoardViewer
    from optionix_core.trading.halts import Halt
    from optionix_core.trading.orders import Fill, OrderResult
    from screens.background import Background
    from widgets.quote_grid import QuoteGrid

LOOK_EVERY = timedelta(seconds=1)
"""How often the board is read while nothing happens in the log: halts end and algorithms go on with time alone."""
MOST_ORDERS = 1000
"""Orders that the table carries; a filter finds the older ones."""
_EMPTY = {
    "orders": "no orders yet: n writes one, or buy something from the chain (F2, then b)",
    "fills": "no fills of this order",
    "algorithms": "no algorithms: A starts one, which works an order over time",
    "alerts": "no alerts: w writes one",
}


class BoardScreen(ActScreen):
    """The tables; what keys do with them is the subclass's."""

    CSS_PATH = ["frame.tcss", "orders.tcss"]  # noqa: RUF012 - Textual declares it as a plain list
    SCOPE: ClassVar[str] = "orders"

    def __init__(self) -> None:
        super().__init__()
        self.filter = OrderFilter()
        self.sort = NEWEST_FIRST
        self._boards: Background[OrderBoard] = self.background("board")
        self._viewer: OrderBoardViewer | None = None
        self._acts = 0
        self._drawn: tuple[OrderBoard, OrderFilter, OrderSort, OptionixError | None] | None = None
        self._told: Piece | None = None

    @property
    def board(self) -> OrderBoard | None:
        """The newest that there is."""
        return self._boards.answer

    @property
    def panes(self) -> OrderPanes:
        """The tables."""
        return self.query_one(OrderPanes)

    @property
    def settled(self) -> bool:
        """Whether the board is of the log as the session knows it."""
        return self._boards.key is not None and self._boards.key == self._question()

    @property
    def trouble(self) -> OptionixError | None:
        """Why the log cannot be read."""
        return self._boards.problem

    def body(self) -> Iterable[Widget]:
        """State, tables, entry line."""
        yield InfoLine(widget_id="desk")
        yield OrderPanes(widget_id="order-panes")
        yield EntryLine()

    def on_mount(self) -> None:
        """Start with the orders."""
        super().on_mount()
        self.panes.fit_into(self.app.size.width, self.app.size.height)
        self.panes.mark(NAMES[0])
        self.session_changed()

    def on_resize(self, event: events.Resize) -> None:
        """Show what there is room for."""
        self.panes.fit_into(event.size.width, event.size.height)

    def session_changed(self) -> None:
        """Ask for the newest board and show what there is."""
        question = self._question()
        if question is not None:
            self._boards.ask(question, self._look, every=LOOK_EVERY)
        self._show()

    def acted(self) -> None:
        """Something was done from here: read the board anew."""
        self._acts += 1
        self.session_changed()

    def keep(self, chosen: OrderFilter) -> None:
        """Show the orders that a filter keeps."""
        self.filter = chosen
        self._show()

    def sort_by(self, column: str) -> None:
        """Show the orders by one of their columns."""
        self.sort = self.sort.by(column)
        self._show()

    def shown_orders(self, board: OrderBoard) -> tuple[OrderResult, ...]:
        """The orders that the filter keeps, as they are sorted."""
        return self.sort.apply(self.filter.apply(board.orders, board.moment))

    def _question(self) -> tuple[int, int] | None:
        """What a board depends on; None before the log was opened."""
        book = self.session.book
        return None if book is None else (book.events, self._acts)

    def _look(self, progress: Callable[[int, int], None], cancel: Callable[[], bool]) -> OrderBoard:
        """In a thread of its own."""
        del progress, cancel
        from optionix_core.services.order_board import OrderBoardViewer

        if self._viewer is None:
            self._viewer = OrderBoardViewer(self.session.workspace)
        return self._viewer.view()

    def _show(self) -> None:
        board, problem = self.board, self.trouble or self.session.book_problem
        line = self.query_one("#desk", InfoLine)
        if problem is not None:
            old = [] if board is None else [Piece(f"below: as of {board.moment:%H:%M:%S} UTC", "warn", 1)]
            line.show([Piece("✗", "alert"), Piece(str(problem), "alert", 0, joined=True), *old])
            self.panes.grid("orders").say_when_empty(trouble_text(problem), "warn")
        elif board is None:
            warming = self.session.warming
            line.show([Piece("◌ warming", "chip"), Piece(warming.step if warming else "reading the log", "plain")])
        if board is not None:
            if (
                self._drawn is None
                or self._drawn[0] is not board
                or self._drawn[1:] != (self.filter, self.sort, problem)
            ):
                self._drawn = (board, self.filter, self.sort, problem)
                if problem is None:
                    line.show(desk_pieces(board))
                self._show_board(board, told=problem is None)
            self._show_order(board)

    def _show_board(self, board: OrderBoard, *, told: bool) -> None:
        now = board.moment
        kept = self.shown_orders(board)
        if told:
            self._empty("orders", f"no order is within / {self.filter.text}" if board.orders else _EMPTY["orders"])
        self._fill_table("orders", columns.order_rows(kept[:MOST_ORDERS], now))
        self.panes.title("orders", title_of_orders(len(kept), len(board.orders), MOST_ORDERS, self.filter, self.sort))
        self._empty("algorithms", _EMPTY["algorithms"])
        self._fill_table("algorithms", columns.algo_rows(board.algorithms, now))
        self._empty("alerts", _EMPTY["alerts"])
        self._fill_table("alerts", columns.alert_rows(board.alerts, now))
        rules = sum(rule.state == "watching" for rule in board.halts.rules)
        self._empty("halts", f"no halt is in force; {rules} rule{' watches' if rules == 1 else 's watch'}")
        self._fill_table("halts", columns.halt_rows(board.halts.halts, now))
        self._show_fills(board)

    def _empty(self, name: str, text: str) -> None:
        self.panes.grid(name).say_when_empty(text)

    def _fill_table(self, name: str, rows: list[Any]) -> None:
        self.panes.grid(name).show(rows, flash=False)

    def on_quote_grid_cursor_moved(self, message: QuoteGrid.CursorMoved) -> None:
        """Another row is under a cursor."""
        self._told = None
        if message.grid.id == "orders" and self.board is not None:
            self._show_fills(self.board)
            self._show_order(self.board)

    def on_panes_marked(self) -> None:
        """Other keys have something to work on."""
        self.refresh_footer()

    def _show_fills(self, board: OrderBoard) -> None:
        order = self.order_under_cursor()
        title = "Fills" if order is None else f"Fills of {columns.order_words(order.intent)}"
        self.panes.title("fills", title)
        self._empty("fills", "no order under the cursor" if order is None else _EMPTY["fills"])
        self._fill_table("fills", [] if order is None else columns.fill_rows(order, board.moment))

    def _show_order(self, board: OrderBoard) -> None:
        line = self.query_one("#order", InfoLine)
        line.show(order_pieces(self.order_under_cursor(), board.moment) if self._told is None else [self._told])

    def show_told(self, piece: Piece) -> None:
        """Say something in the place of the order under the cursor; as a notification where that is hidden."""
        self._told = piece
        line = self.query_one("#order", InfoLine)
        line.show([piece])
        if not line.display or len(piece.text) > line.size.width - 2:
            self.notify(piece.text, severity="error" if piece.tone == "alert" else "information", markup=False)

    def order_under_cursor(self) -> OrderResult | None:
        """The order that the cursor of the orders stands on, or on a leg of."""
        row = self.panes.grid("orders").cursor_row
        key = None if row is None else row.key
        return self.board.order(key.order) if self.board is not None and isinstance(key, RowKey) else None

    def order(self) -> OrderResult | None:
        """The same; where there is none, that is told."""
        found = self.order_under_cursor()
        if found is None:
            self.show_told(Piece("There is no order under the cursor.", "warn"))
        return found

    def fill(self) -> tuple[OrderResult, Fill] | None:
        """The fill under the cursor, with its order."""
        row, order = self.panes.grid("fills").cursor_row, self.order_under_cursor()
        if row is None or order is None or not isinstance(row.key, RowKey):
            return None
        name = row.key.part.partition(" ")[0]
        fill = next((one for one in order.fills if one.fill_id == name), None)
        return None if fill is None else (order, fill)

    def algorithm_under_cursor(self) -> AlgoLine | None:
        """The algorithm that the cursor stands on."""
        row = self.panes.grid("algorithms").cursor_row
        return None if row is None or self.board is None else self.board.algorithm(str(row.key))

    def algorithm(self) -> AlgoLine | None:
        """The same; where there is none, that is told."""
        found = self.algorithm_under_cursor()
        if found is None:
            self.show_told(Piece("There is no algorithm under the cursor.", "warn"))
        return found

    def halt(self) -> Halt | None:
        """The halt under the cursor; where there is none, that is told."""
        row = self.panes.grid("halts").cursor_row
        halts = () if self.board is None else self.board.halts.halts
        found = None if row is None else next((one for one in halts if one.key == row.key), None)
        if found is None:
            self.show_told(Piece("There is no halt under the cursor.", "warn"))
        return found

    def alert(self) -> AlertReport | None:
        """The alert under the cursor; where there is none, that is told."""
        row = self.panes.grid("alerts").cursor_row
        found = None if row is None or self.board is None else self.board.alert(str(row.key))
        if found is None:
            self.show_told(Piece("There is no alert under the cursor.", "warn"))
        return found

    def symbol(self) -> str | None:
        """The instrument of the marked row: of a combination that of the leg, else of its first option."""
        if self.panes.marked == "algorithms":
            line = self.algorithm_under_cursor()
            return None if line is None else line.story.parent.symbol
        if self.panes.marked not in {"orders", "fills"}:
            return None
        order, row = self.order_under_cursor(), self.panes.grid(self.panes.marked).cursor_row
        if order is None:
            return None
        part = row.key.part if row is not None and isinstance(row.key, RowKey) else ""
        leg = next((leg.symbol for leg in order.intent.legs if part.endswith(leg.symbol)), None)
        return order.intent.priced_by if leg is None else leg
