"""The dashboard screen: what is done with what `dashboard_board` shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from optionix_core.errors import MissingDataError
from screens.dashboard_board import DashboardBoard
from screens.dashboard_panes import NAMES

if TYPE_CHECKING:
    from optionix_core.services.dashboard_view import Ahead
    from screens.explanations import Explanation
    from widgets.quote_grid import QuoteGrid


class DashboardScreen(DashboardBoard):
    """`g d`."""

    SCOPE: ClassVar[str] = "dashboard"
    TITLE_TEXT: ClassVar[str] = "Dashboard"

    # Panes

    def action_next_pane(self) -> None:
        """Mark the pane after this one."""
        self.panes.step(1)

    def action_previous_pane(self) -> None:
        """Mark the pane before this one."""
        self.panes.step(-1)

    def action_zoom(self) -> None:
        """The marked pane alone, or with the others."""
        self.panes.zoom()

    def take_back(self) -> None:
        """Bring the other panes back."""
        if self.panes.zoomed:
            self.panes.zoom()

    def action_curve(self) -> None:
        """The curve of the day, or of all time."""
        self.chosen_curve = "total" if self.day else "day"
        self.show()

    def action_refresh(self) -> None:
        """Revalue the book now, or cancel that where it runs."""
        self.revalue()

    # The watchlist

    def action_next_list(self) -> None:
        """The watchlist after this one."""
        self._step_list(1)

    def action_previous_list(self) -> None:
        """The watchlist before this one."""
        self._step_list(-1)

    def _step_list(self, step: int) -> None:
        watch = None if self.view is None else self.view.watch
        if watch is None or watch.view is None:
            self.notify("There is no watchlist yet.", severity="warning")
            return
        names = [one.name for one in watch.lists]
        self.chosen = names[(names.index(watch.view.watchlist.name) + step) % len(names)]
        self.session_changed()

    # The row under the cursor

    def _key(self) -> object:
        table = self.panes.table
        row = None if table is None else table.cursor_row
        return None if row is None else row.key

    def _ahead(self) -> Ahead | None:
        table = self.panes.grid("ahead")
        if self.view is None or not table.rows:
            return None
        place = table.cursor_place[0]
        return self.view.ahead[place] if place < len(self.view.ahead) else None

    def _symbol(self) -> str | None:
        """The instrument or underlying of the marked row."""
        marked, key, view = self.panes.marked, self._key(), self.view
        if key is None or view is None:
            return None
        if marked == "orders":
            order = view.board.order(str(key))
            return None if order is None else order.intent.priced_by
        if marked == "ahead":
            one = self._ahead()
            return None if one is None else one.symbol
        return str(key) if marked in {"watch", "exposure"} else None

    def action_open(self) -> None:
        """The screen that the marked pane is a part of, at the row under the cursor."""
        marked, symbol = self.panes.marked, self._symbol()
        if marked == "curve":
            self.host.open_screen("book")
        elif marked in {"orders", "alerts"}:
            self.host.open_screen("orders")
        elif symbol is None:
            self.notify("There is nothing under the cursor.", severity="warning")
        else:
            self._show(symbol)

    def on_quote_grid_pressed(self, message: QuoteGrid.Pressed) -> None:
        """A row was pressed twice."""
        if message.presses == 2:
            self.action_open()

    def _show(self, symbol: str) -> None:
        from optionix_core.market.symbols import is_option

        if is_option(symbol):
            self.host.show_option(symbol)
        else:
            self.host.select(underlying=symbol)
            self.host.open_screen("chain")

    def action_chart(self) -> None:
        """The chart of the marked row's underlying."""
        symbol = self._symbol()
        if symbol is not None:
            from optionix_core.portfolio.deliverables import underlying_of

            self.host.select(underlying=underlying_of(symbol))
        self.host.open_screen("chart")

    def action_explain(self) -> None:
        """Where the numbers of the marked pane, or of its row, come from."""
        told = self._explanation()
        if told is None:
            self.notify("There is nothing to explain under the cursor.", severity="warning")
            return
        from screens.explain import ExplainDialog

        self.app.push_screen(ExplainDialog(told))

    def _explanation(self) -> Explanation | None:
        from screens import dashboard_explanations as explain

        book, view, marked, key = self.session.book, self.view, self.panes.marked, self._key()
        now = self.session.now
        if book is None or view is None:
            return None
        if marked == "curve":
            return explain.explain_account(book, view.curve, self.risk, now)
        if marked == "exposure" and key is not None:
            return explain.explain_exposure(book, str(key))
        if marked == "ahead" and (one := self._ahead()) is not None:
            return explain.explain_ahead(one, now)
        if marked == "orders" and (order := view.board.order(str(key))) is not None:
            return explain.explain_order(order)
        if marked == "alerts" and key is not None:
            return self._explain_alert(key)
        if marked == "watch" and view.watch.view is not None:
            from screens.watchlist_explanations import explain_row

            row = next((row for row in view.watch.view.rows if row.symbol == key), None)
            column = self.panes.watched.cursor_column
            return None if row is None or column is None else explain_row(view.watch.view, row, column, now)
        return None

    def _explain_alert(self, key: object) -> Explanation | None:
        from screens.orders_explanations import explain_alert, explain_halt

        board = None if self.view is None else self.view.board
        if board is None:
            return None
        halt = next((one for one in board.halts.halts if key == ("halt", one.key)), None)
        if halt is not None:
            return explain_halt(halt, board.halts.suspended)
        report = next((one for one in board.alerts if key == ("alert", one.opened.alert.alert_id)), None)
        return None if report is None else explain_alert(report)

    # What is written and kept

    def exports(self) -> Mapping[str, Callable[[], str]]:
        """The account's closes as CSV, everything as JSON."""
        view, risk = self.view, self.risk

        def encoded(kind: str) -> str:
            if view is None:
                raise MissingDataError("the desk has not been read yet")
            from optionix_core.services import dashboard_json

            return dashboard_json.encode(view, risk, kind)

        return {kind: partial(encoded, kind) for kind in ("csv", "json")}

    def arrangement(self) -> Mapping[str, Any]:
        """Panes, curve and watchlist."""
        return {
            "pane": self.panes.marked, "zoomed": self.panes.zoomed,
            "curve": self.chosen_curve or "", "list": self.chosen or "",
        }  # fmt: skip

    def use_arrangement(self, kept: Mapping[str, Any]) -> None:
        """Set up as `arrangement` told."""
        from screens.arranging import read_flag, read_name, read_text, refuse_others

        refuse_others(kept, self.arrangement())
        pane = read_name(kept, "pane", NAMES, self.panes.marked)
        zoomed = read_flag(kept, "zoomed", default=self.panes.zoomed)
        curve = read_name(kept, "curve", ("", "total", "day"), self.chosen_curve or "")
        chosen = read_text(kept, "list", self.chosen or "")
        self.chosen_curve, self.chosen = curve or None, chosen or None
        self.panes.mark(pane)
        self.panes.zoom(on=zoomed)
        self.session_changed()

    def command_line(self) -> str:
        """The command that gives the same."""
        account = self.session.account
        root = "optionix" if account == "paper-1" else f"optionix --account {account}"
        return f"{root} dashboard"
