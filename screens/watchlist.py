"""The watchlist screen: what is done with the lists that `watchlist_board` shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from optionix_core.errors import InvalidValueError, MissingDataError
from screens import watchlist_acts as acts
from screens.entry import EntryLine
from screens.entry_words import WordSuggester, read_symbols
from screens.host import Draft
from screens.watchlist_board import WatchlistBoard
from screens.watchlist_columns import FIRST, names_of

if TYPE_CHECKING:
    from optionix_core.services.watchlist_view import WatchRow
    from optionix_core.services.watchlists import Watchlist
    from widgets.quote_grid import QuoteGrid

SYMBOLS_HINT = "ORBIT TUNDRA   ORBIT 15JAN27 230 C, QUASAR"
NEW_HINT = "NAME   NAME ORBIT TUNDRA"
ALERT_HINT = "last above 240   bid below 3.10 repeat   iv crosses .25 note the smile moves"
ALERT_WORDS = (
    "last", "bid", "ask", "mid", "iv", "delta", "gamma", "vega", "theta", "expiry",
    "above", "below", "crosses", "hysteresis", "repeat", "until", "note",
)  # fmt: skip


class WatchlistScreen(WatchlistBoard):
    """`g w`."""

    SCOPE: ClassVar[str] = "watchlist"
    TITLE_TEXT: ClassVar[str] = "Watchlist"

    # The entry line

    def _write(self, text: str, hint: str, words: Sequence[str], done: Callable[[str], object]) -> None:
        line = self.query_one(EntryLine)
        line.suggester, line.select_on_focus = WordSuggester(words), False  # what stands there is gone on with
        self.write(text, hint, done)
        line.cursor_position = len(text)

    def _choose_now(self, name: str) -> None:
        self.chosen = name

    def _names(self) -> tuple[str, ...]:
        return tuple(item.symbol for item in self.session.underlyings)

    @property
    def _list(self) -> Watchlist | None:
        return None if self.view is None else self.view.watchlist

    def _some_list(self) -> Watchlist | None:
        if self._list is None:
            self.tell("There is no list yet: add symbols, or make one by name.", "warn")
        return self._list

    def _some_row(self) -> WatchRow | None:
        if self.row is None:
            self.tell("There is no symbol under the cursor.", "warn")
        return self.row

    # Lists

    def action_next_list(self) -> None:
        """The list after this one."""
        self._step_list(1)

    def action_previous_list(self) -> None:
        """The list before this one."""
        self._step_list(-1)

    def _step_list(self, step: int) -> None:
        board, here = self.board, self._list
        if board is not None and here is not None:
            names = [one.name for one in board.lists]
            self.choose(names[(names.index(here.name) + step) % len(names)])

    def action_new(self) -> None:
        """Write the name of a new list, with symbols."""
        self._new("")

    def _new(self, text: str) -> None:
        def make(written: str) -> None:
            name, _, rest = written.strip().partition(" ")
            symbols = read_symbols(rest) if rest.strip() else ()
            if not name:
                raise InvalidValueError("watchlist", repr(name), "a name")
            act = partial(acts.create, self.session.workspace, name, symbols)
            self.do(f"make {name}", act, done=partial(self._choose_now, name), failed=partial(self._new, written))

        self._write(text, NEW_HINT, self._names(), make)

    def action_rename(self) -> None:
        """Write another name for the list."""
        known = self._some_list()
        if known is not None:
            self._rename(known.name, known.name)

    def _rename(self, name: str, text: str) -> None:
        def rename(written: str) -> None:
            new = written.strip()
            act = partial(acts.rename, self.session.workspace, name, new)
            again = partial(self._rename, name, written)
            self.do(f"rename {name}", act, done=partial(self._choose_now, new), failed=again)

        self._write(text, "NAME", (), rename)

    def action_delete(self) -> None:
        """Take the list away, after one question."""
        known = self._some_list()
        if known is None:
            return
        act = partial(acts.delete, self.session.workspace, known.name)
        facts = (f"{len(known.symbols)} symbols; its past stays in the log",)
        self.ask("Delete watchlist", f"Delete the list {known.name}?", facts, f"delete {known.name}", act)

    def action_columns(self) -> None:
        """Write the columns of the list."""
        known = self._some_list()
        if known is not None:
            self._columns_of(known.name, names_of(known.columns))

    def _columns_of(self, name: str, text: str) -> None:
        from optionix_core.services.watchlists import Column, columns_of

        def choose(written: str) -> None:
            chosen = columns_of(written)
            if not chosen:
                raise InvalidValueError("columns", "none", f"of {', '.join(Column)}")
            act = partial(acts.choose_columns, self.session.workspace, name, chosen)
            self.do(f"columns of {name}", act, failed=partial(self._columns_of, name, written))

        self._write(text, names_of(tuple(Column)), tuple(Column), choose)

    # Symbols

    def action_add(self) -> None:
        """Write symbols to add."""
        self._add("")

    def _add(self, text: str) -> None:
        def add(written: str) -> None:
            symbols = read_symbols(written)
            known = self._list
            act = partial(acts.add, self.session.workspace, None if known is None else known.name, symbols)
            self.do("add", act, failed=partial(self._add, written))

        self._write(text, SYMBOLS_HINT, self._names(), add)

    def action_remove(self) -> None:
        """Take the symbol under the cursor out of the list."""
        known = self._some_list()
        row = None if known is None else self._some_row()
        if known is not None and row is not None:
            self.do(f"remove {row.label}", partial(acts.remove, self.session.workspace, known.name, row.symbol))

    def action_move_up(self) -> None:
        """The symbol one place up."""
        self._move(-1)

    def action_move_down(self) -> None:
        """The symbol one place down."""
        self._move(1)

    def _move(self, step: int) -> None:
        known = self._some_list()
        row = None if known is None else self._some_row()
        if known is None or row is None:
            return
        if self.order:
            self.tell(f"The list is sorted by {self.order}: its own order comes back with the sort key.", "warn")
            return
        place = known.symbols.index(row.symbol) + 1 + step
        if 1 <= place <= len(known.symbols):
            act = partial(acts.move, self.session.workspace, known.name, row.symbol, place)
            self.do(f"move {row.label}", act)

    def action_sort(self) -> None:
        """Sort by the column under the cursor: greatest first, least first, the list's own order."""
        column = self.grid.cursor_column
        if column is None or column.key in {"trend", "note"}:
            self.tell("Move the cursor to a column that has an order.", "warn")
            return
        if self.order != column.key:
            self.order, self.descending = column.key, column.key != FIRST.key
        elif self.descending == (column.key != FIRST.key):
            self.descending = not self.descending
        else:
            self.order, self.descending = "", True
        self.show()

    def take_back(self) -> None:
        """The list's own order."""
        self.order, self.descending = "", True
        self.show()

    # Doing something with a symbol

    def action_open(self) -> None:
        """The symbol in its chain."""
        row = self._some_row()
        if row is None:
            return
        if row.symbol != row.underlying:
            self.host.show_option(row.symbol)
        else:
            self.host.select(underlying=row.symbol)
            self.host.open_screen("chain")

    def on_quote_grid_pressed(self, message: QuoteGrid.Pressed) -> None:
        """A symbol was pressed twice."""
        if message.presses == 2:
            self.action_open()

    def action_chart(self) -> None:
        """The underlying's chart."""
        row = self._some_row()
        if row is not None:
            self.host.select(underlying=row.underlying)
            self.host.open_screen("chart")

    def action_buy(self) -> None:
        """A ticket to buy."""
        self._trade("buy")

    def action_sell(self) -> None:
        """A ticket to sell."""
        self._trade("sell")

    def _trade(self, side: str) -> None:
        row = self._some_row()
        if row is not None:
            self.host.open_ticket(Draft(side, row.symbol, 1 if row.symbol != row.underlying else 100))

    def action_alert(self) -> None:
        """Write an alert on the symbol under the cursor."""
        row = self._some_row()
        if row is not None:
            self._alert(row.symbol, "last above ")

    def _alert(self, symbol: str, text: str) -> None:
        from optionix_core.portfolio.deliverables import label_of
        from screens.desk_lines import read_alert
        from screens.order_acts import add_alert

        def watch(written: str) -> None:
            wanted = read_alert(f"{label_of(symbol)} {written}")
            act = partial(add_alert, self.session.workspace, wanted)
            self.do("alert", act, failed=partial(self._alert, symbol, written))

        self._write(text, ALERT_HINT, ALERT_WORDS, watch)

    def action_explain(self) -> None:
        """Where the number under the cursor comes from."""
        row, column, view = self._some_row(), self.grid.cursor_column, self.view
        if row is not None and column is not None and view is not None:
            from screens.explain import ExplainDialog
            from screens.watchlist_explanations import explain_row

            self.app.push_screen(ExplainDialog(explain_row(view, row, column, self.session.now)))

    # What is written and kept

    def exports(self) -> Mapping[str, Callable[[], str]]:
        """The list with its figures."""
        view = self.view

        def encoded(kind: str) -> str:
            if view is None:
                raise MissingDataError("there is no watchlist to write")
            from optionix_core.services import watchlist_json

            return watchlist_json.encode(view, kind)

        return {kind: partial(encoded, kind) for kind in ("csv", "json")}

    def arrangement(self) -> Mapping[str, Any]:
        """The list and its order."""
        return {"list": self.chosen or "", "sort": self.order, "descending": self.descending}

    def use_arrangement(self, kept: Mapping[str, Any]) -> None:
        """Set up as `arrangement` told; a list that is gone leaves the first."""
        from optionix_core.services.watchlists import Column
        from screens.arranging import read_flag, read_name, read_text, refuse_others

        refuse_others(kept, self.arrangement())
        chosen = read_text(kept, "list", self.chosen or "")
        order = read_name(kept, "sort", ("", FIRST.key, *map(str, Column)), self.order)
        self.descending = read_flag(kept, "descending", default=self.descending)
        self.chosen, self.order = chosen or None, order
        self.session_changed()

    def command_line(self) -> str:
        """The command that gives this list."""
        feed = self.session.workspace.feed_name
        root = "optionix" if feed == "sim" else f"optionix --feed {feed}"
        return f"{root} watchlist list" if self._list is None else f"{root} watchlist show {self._list.name}"
