"""What the book shows: the newest view as a tree, and what is told about it beside."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from screens import book_tables as tables
from screens import book_trouble
from screens.book_asking import BookAsking
from screens.book_columns import RowKey, columns_of, position_rows
from screens.book_filter import BookFilter
from screens.book_panes import NAMES, TITLES, BookPanes
from screens.book_summary import account_pieces, ahead_pieces, explained_pieces, span_words
from screens.entry import EntryLine
from widgets.info_line import InfoLine, Piece

if TYPE_CHECKING:
    from textual import events
    from textual.widget import Widget

    from optionix_core.services.book_groups import BookPart, Found
    from optionix_core.services.book_view import BookView
    from widgets.quote_grid import QuoteGrid


class BookBoard(BookAsking):
    """The tables; what keys do with them is the subclass's."""

    def body(self) -> Iterable[Widget]:
        """Account, why it gained, tables, what lies ahead, entry line."""
        yield InfoLine(widget_id="account")
        yield InfoLine(widget_id="why")
        yield BookPanes(widget_id="book-panes")
        yield InfoLine(widget_id="ahead")
        yield EntryLine()

    def on_mount(self) -> None:
        """Start with the positions."""
        super().on_mount()
        self.panes.fit_into(self.app.size.width, self.app.size.height)
        self.panes.mark(NAMES[0])
        self.session_changed()

    def on_resize(self, event: events.Resize) -> None:
        """Show what there is room for."""
        self.panes.fit_into(event.size.width, event.size.height)
        self.session_changed()

    def session_changed(self) -> None:
        """Ask for what is new and show what there is."""
        view = self.session.book
        if view is not None and self.session.book_problem is None:
            self._ask(view)
        self._show()

    # Showing

    def _show(self) -> None:
        view, problem = self.session.book, self.session.book_problem
        account = self.query_one("#account", InfoLine)
        if problem is not None:
            old = [] if view is None else [Piece(f"below: as of {view.moment:%H:%M:%S} UTC", "warn", 1)]
            account.show([Piece("✗", "alert"), Piece(str(problem), "alert", 0, joined=True), *old])
            self.query_one("#why", InfoLine).show([])
            self.query_one("#ahead", InfoLine).show([])
            self.panes.grid("positions").say_when_empty(book_trouble.trouble_text(problem), "warn")
            for name in NAMES[1:]:
                self.panes.grid(name).say_when_empty("")
        if view is None:
            if problem is None:
                warming = self.session.warming
                account.show([Piece("◌ warming", "chip"), Piece(warming.step if warming else "reading the log")])
            return
        if problem is None:
            account.show(account_pieces(view, self.standing))
            failed, now = self._standing.problem, self.session.now
            why = (
                explained_pieces(self.standing, running=self._standing.running, now=now)
                if failed is None
                else (Piece("✗ P&L and margin:", "alert"), Piece(str(failed), "alert", joined=True))
            )
            self.query_one("#why", InfoLine).show(why)
            self._say_when_empty()
        self._show_positions(view)
        self._show_tables(view)
        if problem is None:
            self._show_ahead()

    def _say_when_empty(self) -> None:
        grids = self.panes.grid
        kept = f"nothing is within / {self.filter.text}" if self.filter.text else book_trouble.NO_POSITIONS
        grids("positions").say_when_empty(kept)
        standing, problem = self.standing, self._life.problem
        grids("explained").say_when_empty(
            "being explained" if standing is None else f"no data: {standing.explained_reason}"
        )
        grids("calendar").say_when_empty(str(problem) if problem is not None else "nothing that is held expires")
        grids("detail").say_when_empty("move the cursor to a position or a group")
        grids("lots").say_when_empty("no lots: nothing was bought yet")
        grids("ledger").say_when_empty(book_trouble.NO_ENTRIES)

    def _show_positions(self, view: BookView) -> None:
        """The tree, unless it is drawn already or its strategies are not found yet."""
        from optionix_core.services.book_groups import GroupBy, tree_of
        from optionix_core.services.book_order import sort_tree

        strategies: tuple[Found, ...] = ()
        if self.by == "strategy":
            if self._strategies.answer is None or self._strategies.key != self._holdings_of(view):
                return
            strategies = self._strategies.answer
        drawn = (view, self.by, self.filter, self.order, frozenset(self.folded), self.life)
        if _same(drawn, self._drawn):
            return
        first, self._drawn, self.view = self.view is None, drawn, view
        noted = self.notes
        keep = partial(self.filter.keeps, noted=noted) if self.filter.text else None
        tree = tree_of(view, GroupBy(self.by), strategies, keep)
        self.positions = (
            tree if self.order is None else sort_tree(tree, self.order.key, descending=self.order.descending)
        )
        self.groups = {one.key: one for top in self.positions.groups for one in (top, *top.groups)}
        grid = self.panes.grid("positions")
        grid.show(position_rows(self.positions, self.folded, noted))
        if first and len(grid.rows) > 1:
            grid.move_to(row=1 if self.positions.groups else 0)
        self.panes.title("positions", self._positions_title(view))
        self.ask_again()

    def use_columns(self, name: str) -> None:
        """Show other columns of the positions."""
        if name == self.columns:
            return
        self.columns = name
        grid = self.panes.grid("positions")
        grid.use_columns(columns_of(name), grid.rows)

    def ask_again(self) -> None:
        """What depends on the cursor is asked for anew."""
        if self.view is not None and self.session.book_problem is None:
            self._ask(self.view)

    def _positions_title(self, view: BookView) -> str:
        shown, there = (
            0 if self.positions is None else len({part.line.symbol for part in self.positions.parts}),
            len(view.lines),
        )
        words = [f"Positions by {self.by}" if self.by != "none" else "Positions"]
        if self.filter.text:
            words.append(f"/ {self.filter.text}: {shown} of {there}")
        if self.order is not None:
            words.append(f"sorted by {self.order.key.replace('_', ' ')} {'▼' if self.order.descending else '▲'}")
        return " · ".join(words)

    def _show_tables(self, view: BookView) -> None:
        """What is beside the positions, where something of it is new."""
        panes, currency = self.panes, view.report.state.currency
        standing, story, parts = self.standing, self.story, self.parts_under_cursor()
        seen = tuple(name for name in NAMES if self._sees(name))
        drawn = (
            view,
            standing,
            self.life,
            story,
            self._closed_lots.answer,
            self.key_under_cursor(),
            self.positions,
            seen,
        )
        if _same(drawn, self._tables_drawn):
            return
        self._tables_drawn = drawn
        told = None if standing is None else standing.explained
        here = tables.here_of(told, parts)
        self._fill("explained", tables.explained_rows(told, here))
        words = self.words_under_cursor()
        stretch = TITLES["explained"] if told is None else f"P&L {span_words(told)}"
        panes.title("explained", f"{stretch} · here: {words}" if parts else stretch)
        self._fill("calendar", tables.calendar_rows(self.life))
        several = len({part.line.symbol for part in parts}) > 1
        self._fill("detail", [] if story is None else tables.detail_rows(story, several=several))
        panes.title("detail", f"Fills and notes of {words}" if parts else TITLES["detail"])
        self._fill("lots", tables.lot_rows(view.lines, self.closed))
        self._fill("ledger", tables.ledger_rows(view.entries, currency))

    def _fill(self, name: str, rows: list[Any]) -> None:
        if self._sees(name):
            self.panes.grid(name).show(rows, flash=False)

    def _show_ahead(self) -> None:
        line = self.query_one("#ahead", InfoLine)
        if self._told is not None:
            line.show([self._told])
        else:
            row = self.panes.grid("positions").cursor_row
            line.show(ahead_pieces(self.life, self.words_under_cursor(), "" if row is None else str(row.cells[-1])))

    def write(self, text: str, hint: str, done: Callable[[str], object]) -> None:
        """Open the entry line; what may be written stands above it, as long as it is not answered."""
        super().write(text, hint, done)
        self._told = Piece(hint, "accent")
        self.query_one("#ahead", InfoLine).show([self._told])

    def leave_entry(self) -> None:
        """Close the entry line, and take its hint away."""
        hint = self.query_one("#entry", EntryLine).placeholder
        if self._told is not None and self._told.text == hint:
            self._told = None
            if self.session.book is not None and self.session.book_problem is None:
                self._show_ahead()
        super().leave_entry()

    def tell(self, text: str, tone: str = "plain") -> None:
        """Say something in place, until the cursor moves; where it has no room there, as a notification too."""
        self._told = Piece(text, tone)
        line = self.query_one("#ahead", InfoLine)
        line.show([self._told])
        if len(text) > line.size.width - 2:
            self.notify(text, severity="error" if tone == "alert" else "information", markup=False)

    def on_quote_grid_cursor_moved(self, message: QuoteGrid.CursorMoved) -> None:
        """Another row is under a cursor."""
        self._told = None
        if message.grid.id == "positions" and self.view is not None:
            self.ask_again()
            self._show_tables(self.view)
        if self.session.book_problem is None and self.session.book is not None:
            self._show_ahead()

    def on_panes_marked(self) -> None:
        """Other keys have something to work on, and other tables may be seen."""
        self.refresh_footer()
        self.session_changed()

    # What is under the cursor

    def key_under_cursor(self) -> RowKey | None:
        """Of the positions' row."""
        row = self.panes.grid("positions").cursor_row if self.is_mounted else None
        return row.key if row is not None and isinstance(row.key, RowKey) else None

    def parts_under_cursor(self) -> tuple[BookPart, ...]:
        """The position, or all of the group, or all that is shown."""
        key = self.key_under_cursor()
        if key is None or self.positions is None:
            return ()
        if key.kind == "all":
            return self.positions.parts
        group = self.groups.get(key.group)
        if key.kind == "group":
            return () if group is None else group.parts
        among = self.positions.parts if group is None else group.parts
        return tuple(part for part in among if part.line.symbol == key.symbol)[:1]

    def words_under_cursor(self) -> str:
        """What it is called."""
        key = self.key_under_cursor()
        if key is None or key.kind == "all":
            return "the book"
        if key.kind == "group" and (group := self.groups.get(key.group)) is not None:
            return group.title
        parts = self.parts_under_cursor()
        return parts[0].line.label if parts else "the book"


def _same(drawn: tuple[object, ...], before: tuple[object, ...]) -> bool:
    """Whether two lists are of the same things: small ones equal, large ones the very same."""
    if len(drawn) != len(before):
        return False
    small = (str, tuple, frozenset, BookFilter)
    return all(
        one is other or (isinstance(one, small) and one == other) for one, other in zip(drawn, before, strict=True)
    )
