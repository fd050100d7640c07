"""What the orders screen does: orders, algorithms, alerts and halts, each act in a thread of its own."""

from __future__ import annotations

from functools import partial

from screens import desk_lines, order_acts
from screens.host import Draft
from screens.orders_board import BoardScreen
from screens.orders_entry import amend_text, read_amendment, read_minutes
from widgets.info_line import Piece

SNOOZE_MINUTES = "30"
AMEND_HINT = "5   @ 3.10   5 @ 3.10   ! 190"
ALERT_HINT = "ORBIT last above 220   day-pnl below -500   ORBIT 16JAN26 230 C expiry 7   fill ID   halt ORBIT"
HALT_HINT = "ORBIT 5m news pending   ORBIT 16JAN26 230 C   market 10m"


class ActingScreen(BoardScreen):
    """Acts on what is under the cursors."""

    def tell(self, text: str, tone: str = "plain") -> None:
        """Say something in place, until the cursor moves or something else is said."""
        self.show_told(Piece(text, tone))

    def action_cancel(self) -> None:
        """End what is under the cursor of the marked pane, after one question."""
        pane = {"algorithms": self._cancel_algorithm, "alerts": self._remove_alert, "halts": self._lift_halt}
        pane.get(self.panes.marked, self._cancel_order)()

    def _cancel_order(self) -> None:
        order = self.order()
        if order is None:
            return
        if not order.open:
            self.tell(f"This order is {order.state}: there is nothing to cancel.", "warn")
            return
        name = order.intent.client_order_id
        question = f"Cancel {order_acts.standing_words(order)}?"
        facts = (f"{order.filled_quantity} of {order.intent.quantity} filled, which stays", f"order {name}")
        act = partial(order_acts.cancel_order, self.session.workspace, name)
        self.ask("Cancel order", question, facts, "cancel", act)

    def _cancel_algorithm(self) -> None:
        line = self.algorithm()
        if line is not None:
            name = line.story.parent.algo_id
            done = f"{line.story.filled} of {line.story.parent.quantity} filled, which stays"
            act = partial(order_acts.cancel_algorithm, self.session.workspace, name)
            self.ask("Cancel algorithm", f"End {name}?", (done,), f"cancel {name}", act)

    def _remove_alert(self) -> None:
        report = self.alert()
        if report is not None:
            alert = report.opened.alert
            act = partial(order_acts.remove_alert, self.session.workspace, alert.alert_id)
            facts = ("what it told stays in the log", f"alert {alert.alert_id}")
            self.ask("Remove alert", f"Remove {alert.condition.words}?", facts, f"remove {alert.alert_id}", act)

    def _lift_halt(self) -> None:
        halt = self.halt()
        if halt is not None:
            act = partial(order_acts.lift_halt, self.session.workspace, halt)
            facts = ("orders that it suspends go on with the next quote", f"rule {halt.rule}: {halt.reason}")
            self.ask("Lift halt", f"Let {order_acts.halted_words(halt)} trade again?", facts, "lift", act)

    def action_amend(self) -> None:
        """Write other terms for the order, or in its pane for the alert, under the cursor."""
        if self.panes.marked == "alerts":
            self._edit_alert()
            return
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
            self.do("amend", partial(order_acts.amend_order, workspace, intent.client_order_id, asked))

        self.write(amend_text(intent), AMEND_HINT, amend)

    def _edit_alert(self) -> None:
        report = self.alert()
        if report is None:
            return
        alert, workspace = report.opened.alert, self.session.workspace

        def edit(text: str) -> None:
            wanted = desk_lines.read_alert(text)
            self.do("edit alert", partial(order_acts.replace_alert, workspace, alert.alert_id, wanted))

        self.write(desk_lines.alert_text(alert), ALERT_HINT, edit)

    def action_add_alert(self) -> None:
        """Write an alert, of the instrument under the cursor."""
        workspace = self.session.workspace

        def add(text: str) -> None:
            self.do("add alert", partial(order_acts.add_alert, workspace, desk_lines.read_alert(text)))

        self.write(self._named(" "), ALERT_HINT, add)

    def action_halt(self) -> None:
        """Write a halt of one's own, which is asked about once more before it is set."""

        def halt(text: str) -> None:
            wanted = desk_lines.read_halt(text)
            ends = "until it is lifted" if wanted.lasts is None else f"for {wanted.lasts}"
            facts = (f"{ends}: {wanted.reason}", "orders that rest there are suspended")
            act = partial(order_acts.set_halt, self.session.workspace, wanted)
            name = order_acts.halted_words(wanted)
            self.call_after_refresh(self.ask, "Halt", f"Halt {name}?", facts, "halt", act)

        self.write("", HALT_HINT, halt)

    def action_start_algorithm(self) -> None:
        """A ticket for an algorithm, of the instrument under the cursor."""
        symbol = self.symbol()
        if symbol is None:
            self.host.open_command("buy ")
            return
        order = self.order_under_cursor()
        quantity = 10 if order is None or order.intent.legs else order.intent.quantity
        side = "buy" if order is None else order.intent.side.value
        self.host.open_ticket(Draft(side, symbol, quantity, kind="twap", entries=(("ends", "30m"),)))

    def _named(self, behind: str) -> str:
        from optionix_core.portfolio.deliverables import label_of

        symbol = self.symbol()
        return "" if symbol is None else f"{label_of(symbol)}{behind}"

    def action_turn(self) -> None:
        """Pause the algorithm under the cursor, or let it go on."""
        line = self.algorithm()
        if line is not None:
            name, paused = line.story.parent.algo_id, line.story.paused
            act = partial(order_acts.turn_algorithm, self.session.workspace, name, resume=paused)
            self.do(f"{'resume' if paused else 'pause'} {name}", act)

    def action_snooze(self) -> None:
        """Let the alert under the cursor be silent."""
        report = self.alert()
        if report is None:
            return
        name, workspace = report.opened.alert.alert_id, self.session.workspace

        def snooze(text: str) -> None:
            self.do(f"snooze {name}", partial(order_acts.snooze_alert, workspace, name, read_minutes(text)))

        self.write(SNOOZE_MINUTES, "minutes", snooze)

    def action_seen(self) -> None:
        """Say that the fire of the alert under the cursor was seen."""
        report = self.alert()
        if report is not None:
            name = report.opened.alert.alert_id
            self.do(f"dismiss {name}", partial(order_acts.dismiss_alert, self.session.workspace, name))
