"""The orders screen: what is done with what `orders_board` shows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from optionix_core.errors import InvalidValueError, OptionixError
from screens import order_acts
from screens.host import Draft
from screens.orders_acting import ActingScreen
from screens.orders_filter import OrderFilter
from screens.orders_panes import NAMES
from screens.orders_sort import OrderSort

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.widget import Widget

    from optionix_core.services.orders import OrderStory
    from optionix_core.trading.orders import OrderResult
    from screens.explanations import Explanation
    from screens.host import Hint
    from widgets.grid_columns import Column
    from widgets.quote_grid import QuoteGrid

FILTER_HINT = "open   filled   rejected   buy   today   ORBIT 230"
_OF_ORDERS = ("orders", "fills")
_ONLY_IN = {
    "orders.amend": (*_OF_ORDERS, "alerts"),
    "orders.sort": _OF_ORDERS,
    "orders.filter": _OF_ORDERS,
    "orders.next_state": _OF_ORDERS,
    "orders.open": (*_OF_ORDERS, "algorithms"),
    "orders.turn": ("algorithms",),
    "orders.start_algorithm": ("algorithms",),
    "orders.add_alert": ("alerts",),
    "orders.halt": ("halts",),
    "orders.snooze": ("alerts",),
    "orders.seen": ("alerts",),
}
"""Panes in which the footer tells an action; all others are told everywhere."""


class OrdersScreen(ActingScreen):
    """F7."""

    SCOPE: ClassVar[str] = "orders"
    TITLE_TEXT: ClassVar[str] = "F7 Orders"

    def footer_hints(self) -> Sequence[Hint]:
        """The keys that have something to work on in the marked pane."""
        marked = self.panes.marked
        return [hint for hint in super().footer_hints() if marked in _ONLY_IN.get(hint.action, NAMES)]

    # Panes and filter

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
        """Bring the other panes back, else take the filter away."""
        if self.panes.zoomed:
            self.panes.zoom()
        elif self.filter.text:
            self.keep(OrderFilter())

    def action_next_state(self) -> None:
        """The orders of the next state."""
        self.keep(self.filter.after())

    def action_filter(self) -> None:
        """Open the entry line for a filter."""
        self.write(self.filter.text, FILTER_HINT, lambda text: self.keep(OrderFilter.parse(text)))

    def action_sort(self) -> None:
        """By the column under the cursor; again the other way, then the newest first."""
        column = self.panes.grid("orders").cursor_column
        if column is not None:
            self.sort_by(column.key)

    def on_quote_grid_header_pressed(self, message: QuoteGrid.HeaderPressed) -> None:
        """The same with the mouse."""
        if message.grid.id == "orders":
            self.sort_by(message.column.key)

    # The entry line

    def told(self, error: OptionixError) -> None:
        """Tell a mistake where the order stands."""
        self.tell(str(error), "alert")

    def keys_back(self) -> Widget | None:
        """The marked pane has the keys."""
        return self.panes.widget_of(self.panes.marked)

    def exports(self) -> Mapping[str, Callable[[], str]]:
        """What the marked pane shows; the JSON carries all fills, legs and answers of the gate."""
        board, marked = self.board, self.panes.marked
        if board is None:
            return {}
        orders = self.shown_orders(board)
        if marked == "orders":
            return {kind: partial(order_acts.export_text, orders, kind) for kind in ("csv", "json")}
        if marked == "fills":
            order = self.order_under_cursor()
            orders = () if order is None else (order,)
        return {kind: partial(order_acts.export_pane, marked, board, orders, kind) for kind in ("csv", "json")}

    def arrangement(self) -> Mapping[str, Any]:
        """The marked pane, whether it has the whole room, the filter and the sort."""
        told = {"pane": self.panes.marked, "zoomed": self.panes.zoomed, "filter": self.filter.text}
        return {**told, "sort": self.sort.column, "falling": self.sort.falling}

    def use_arrangement(self, kept: Mapping[str, Any]) -> None:
        """Set the screen up as `arrangement` told. Raises InvalidValueError that names what cannot be used."""
        known = {"pane": str, "zoomed": bool, "filter": str, "sort": str, "falling": bool}
        for name, value in kept.items():
            if name not in known or not isinstance(value, known[name]):
                raise InvalidValueError(name, repr(value), f"one of {', '.join(known)}, as it was told")
        sort = OrderSort(kept.get("sort", ""), kept.get("falling", False))
        self.panes.mark(kept.get("pane", NAMES[0]))
        self.panes.zoom(on=kept.get("zoomed", False))
        self.sort = sort
        self.keep(OrderFilter.parse(kept.get("filter", "")))

    # Tickets and other screens

    def action_new(self) -> None:
        """Write a new order, of the instrument under the cursor."""
        symbol = self.symbol()
        if symbol is None:
            self.host.open_command("buy ")
            return
        from optionix_core.portfolio.deliverables import label_of

        self.host.open_command(f"buy 1 {label_of(symbol)} ")

    def action_kept(self) -> None:
        """The ticket that was closed unsent."""
        self.host.open_kept_ticket()

    def action_buy(self) -> None:
        """A ticket to buy."""
        self._trade("buy")

    def action_sell(self) -> None:
        """A ticket to sell."""
        self._trade("sell")

    def _trade(self, way: str) -> None:
        symbol = self._one_symbol()
        if symbol is not None:
            order = self.order_under_cursor()
            whole = order is not None and not order.intent.legs
            self.host.open_ticket(Draft(way, symbol, order.intent.quantity if order is not None and whole else 1))

    def action_open(self) -> None:
        """The instrument in its chain."""
        from optionix_core.market.symbols import is_share

        symbol = self._one_symbol()
        if symbol is None:
            return
        if is_share(symbol):
            self.host.select(underlying=symbol)
            self.host.open_screen("chain")
        else:
            self.host.show_option(symbol)

    def _one_symbol(self) -> str | None:
        symbol = self.symbol()
        if symbol is None:
            self.tell("Move the cursor to an instrument first.", "warn")
        return symbol

    # Explaining and copying

    def action_explain(self) -> None:
        """Where the number under the cursor comes from."""
        from screens import orders_explanations as explain

        marked, board = self.panes.marked, self.board
        row, column = self.panes.grid(marked).cursor_row, self.panes.grid(marked).cursor_column
        if board is None or row is None or column is None:
            self.tell("There is nothing under the cursor.", "warn")
        elif marked == "orders":
            order = self.order()
            if order is not None:
                self.run_worker(partial(self._tell_story, order, column), thread=True, group="story")
        elif marked == "fills":
            found = self.fill()
            if found is not None:
                self._explain(explain.explain_fill(*found, column, self.session.now))
        elif marked == "algorithms" and (line := self.algorithm()) is not None:
            self._explain(explain.explain_algorithm(line, column))
        elif marked == "alerts" and (report := self.alert()) is not None:
            self._explain(explain.explain_alert(report))
        elif marked == "halts":
            halt = next((one for one in board.halts.halts if one.key == row.key), None)
            if halt is not None:
                self._explain(explain.explain_halt(halt, board.halts.suspended))

    def _tell_story(self, order: OrderResult, column: Column) -> None:
        """In a thread of its own: the events of an order are read from the log."""
        from optionix_core.services import orders
        from screens.orders_explanations import explain_order

        try:
            story: OrderStory = orders.show(self.session.workspace, order.intent.client_order_id)
        except OptionixError as error:
            self.app.call_from_thread(self.tell, str(error), "alert")
            return
        self.app.call_from_thread(self._explain, explain_order(order, story, column))

    def _explain(self, told: Explanation) -> None:
        from screens.explain import ExplainDialog

        self.app.push_screen(ExplainDialog(told))

    def command_line(self) -> str:
        """The command that gives the marked pane."""
        account = self.session.account
        root = "optionix" if account == "paper-1" else f"optionix --account {account}"
        marked, order = self.panes.marked, self.order_under_cursor()
        if marked == "fills" and order is not None:
            return f"{root} order show {order.intent.client_order_id}"
        if marked == "algorithms":
            line = self.algorithm_under_cursor()
            return f"{root} algo list --all" if line is None else f"{root} algo costs {line.story.parent.algo_id}"
        if marked == "alerts":
            return f"{root} alert list"
        if marked == "halts":
            return f"{root} halt status"
        return f"{root} order list" if self.filter.text == "open" else f"{root} order list --all"
