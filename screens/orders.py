"""The orders screen: what is done with what `orders_board` shows."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.widgets import Input

from optionix_core.errors import InvalidValueError, OptionixError
from screens import order_acts
from screens.host import Draft
from screens.orders_board import BoardScreen
from screens.orders_entry import amend_text, read_amendment, read_minutes
from screens.orders_filter import OrderFilter
from screens.orders_panes import NAMES
from widgets.info_line import Piece

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from optionix_core.services.orders import OrderStory
    from optionix_core.trading.orders import OrderResult
    from screens.explanations import Explanation
    from screens.host import Hint
    from widgets.grid_columns import Column

SNOOZE_MINUTES = "30"
FILTER_HINT = "open   filled   rejected   buy   today   ORBIT 230"
AMEND_HINT = "5   @ 3.10   5 @ 3.10   ! 190"
_OF_ORDERS = ("orders", "fills")
_ONLY_IN = {
    "orders.amend": _OF_ORDERS,
    "orders.filter": _OF_ORDERS,
    "orders.next_state": _OF_ORDERS,
    "orders.export": _OF_ORDERS,
    "orders.cancel": (*_OF_ORDERS, "algorithms"),
    "orders.open": (*_OF_ORDERS, "algorithms"),
    "orders.turn": ("algorithms",),
    "orders.snooze": ("alerts",),
    "orders.seen": ("alerts",),
}
"""Panes in which the footer tells an action; all others are told everywhere."""


class OrdersScreen(BoardScreen):
    """F7."""

    SCOPE: ClassVar[str] = "orders"
    TITLE_TEXT: ClassVar[str] = "F7 Orders"

    def __init__(self) -> None:
        super().__init__()
        self._written: Callable[[str], None] | None = None
        """What to do with the entry line."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """While the entry line is written, only its own key."""
        return ("entry",) if isinstance(self.focused, Input) else super().scopes

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
        self._write(self.filter.text, FILTER_HINT, lambda text: self.keep(OrderFilter.parse(text)))

    # The entry line

    def _write(self, text: str, hint: str, done: Callable[[str], None]) -> None:
        entry = self.query_one("#entry", Input)
        entry.placeholder, entry.value = hint, text
        entry.display = True
        entry.focus()
        self._written = done

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Use what was written; a mistake is told and the line stays."""
        if self._written is None:
            return
        try:
            self._written(event.value)
        except InvalidValueError as error:
            self.tell(str(error), "alert")
            return
        self._leave_entry()

    def action_dismiss(self) -> None:  # type: ignore[override] # of the entry line; a full screen is never dismissed
        """Close the entry line without using it."""
        self._leave_entry()

    def _leave_entry(self) -> None:
        self._written = None
        self.query_one("#entry", Input).display = False
        self.panes.mark(self.panes.marked)

    # Acts, each in a thread of its own

    def _do(self, words: str, act: Callable[[], str]) -> None:
        self.tell(f"{words} ...", "accent")
        self.run_worker(partial(self._act, words, act), thread=True, group="act")

    def _act(self, words: str, act: Callable[[], str]) -> None:
        try:
            answer = act()
        except (OptionixError, OSError) as error:
            self.app.call_from_thread(self._answered, f"✗ {words}: {error}", "alert")
            return
        self.app.call_from_thread(self._answered, f"✓ {answer}", "strong")

    def _answered(self, text: str, tone: str) -> None:
        self.tell(text, tone)
        if self.screen is self.app.screen:
            self.acted()
        else:
            self.notify(text, markup=False)
        self.host.log_changed()

    def action_cancel(self) -> None:
        """End the order or the algorithm under the cursor, after one question."""
        workspace = self.session.workspace
        if self.panes.marked == "algorithms":
            line = self.algorithm()
            if line is not None:
                name = line.story.parent.algo_id
                done = f"{line.story.filled} of {line.story.parent.quantity} filled, which stays"
                act = partial(order_acts.cancel_algorithm, workspace, name)
                self._ask("Cancel algorithm", f"End {name}?", (done,), f"cancel {name}", act)
            return
        order = self.order()
        if order is None:
            return
        if not order.open:
            self.tell(f"This order is {order.state}: there is nothing to cancel.", "warn")
            return
        name = order.intent.client_order_id
        question = f"Cancel {order_acts.standing_words(order)}?"
        facts = (f"{order.filled_quantity} of {order.intent.quantity} filled, which stays", f"order {name}")
        act = partial(order_acts.cancel_order, workspace, name)
        self._ask("Cancel order", question, facts, "cancel", act)

    def _ask(self, title: str, question: str, facts: tuple[str, ...], words: str, act: Callable[[], str]) -> None:
        from screens.confirm import ConfirmDialog

        self.app.push_screen(ConfirmDialog(title, question, facts, partial(self._do, words, act)))

    def action_amend(self) -> None:
        """Write other terms for the order under the cursor."""
        order = self.order()
        if order is None:
            return
        if not order.open:
            self.tell(f"This order is {order.state}: its terms are done with.", "warn")
            return
        intent, workspace = order.intent, self.session.workspace
        amendment = workspace.new_order_id()

        def amend(text: str) -> None:
            asked = read_amendment(text, intent, amendment)
            self._do("amend", partial(order_acts.amend_order, workspace, intent.client_order_id, asked))

        self._write(amend_text(intent), AMEND_HINT, amend)

    def action_turn(self) -> None:
        """Pause the algorithm under the cursor, or let it go on."""
        line = self.algorithm()
        if line is not None:
            name, paused = line.story.parent.algo_id, line.story.paused
            act = partial(order_acts.turn_algorithm, self.session.workspace, name, resume=paused)
            self._do(f"{'resume' if paused else 'pause'} {name}", act)

    def action_snooze(self) -> None:
        """Let the alert under the cursor be silent."""
        report = self.alert()
        if report is None:
            return
        name, workspace = report.opened.alert.alert_id, self.session.workspace

        def snooze(text: str) -> None:
            self._do(f"snooze {name}", partial(order_acts.snooze_alert, workspace, name, read_minutes(text)))

        self._write(SNOOZE_MINUTES, "minutes", snooze)

    def action_seen(self) -> None:
        """Say that the fire of the alert under the cursor was seen."""
        report = self.alert()
        if report is not None:
            name = report.opened.alert.alert_id
            self._do(f"dismiss {name}", partial(order_acts.dismiss_alert, self.session.workspace, name))

    def action_export(self) -> None:
        """The orders that are shown, as CSV."""
        self._export("csv")

    def action_export_json(self) -> None:
        """The orders that are shown, as JSON."""
        self._export("json")

    def _export(self, kind: str) -> None:
        if self.board is None:
            self.tell("There are no orders yet.", "warn")
            return
        orders = self.filter.apply(self.board.orders, self.board.moment)
        path = Path.cwd() / f"orders-{self.session.account}-{self.board.moment:%Y%m%d-%H%M%S}.{kind}"
        self._do("export", partial(order_acts.export, orders, path))

    # Tickets and other screens

    def action_new(self) -> None:
        """Write a new order, of the instrument under the cursor."""
        symbol = self.symbol()
        if symbol is None:
            self.host.open_command("buy ")
            return
        from optionix_core.portfolio.deliverables import label_of

        self.host.open_command(f"buy 1 {label_of(symbol)} ")

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

    def tell(self, text: str, tone: str) -> None:
        """Say something in place, until the cursor moves or something else is said."""
        self.show_told(Piece(text, tone))
