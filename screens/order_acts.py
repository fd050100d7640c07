"""What the orders screen does to orders, algorithms and alerts: a use case each, answered in a sentence.

All of it runs in a thread of its own. A refusal is an error with the rule and what it said.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from optionix_core.errors import RefusedError
from optionix_core.portfolio.deliverables import label_of
from screens.orders_columns import average_price, order_words, terms_words
from widgets import figures

if TYPE_CHECKING:
    from optionix_core.services.algorithm_story import AlgoStory
    from optionix_core.services.order_board import OrderBoard
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.halts import Halt
    from optionix_core.trading.orders import Amendment, OrderIntent, OrderResult
    from screens.desk_lines import AlertWanted, HaltWanted


def cancel_order(workspace: Workspace, order_id: str) -> str:
    """End an order that works. Raises what `sending.cancel` raises."""
    from optionix_core.services import sending

    return f"cancelled: {standing_words(sending.cancel(workspace, order_id))}"


def amend_order(workspace: Workspace, order_id: str, asked: Amendment) -> str:
    """Give an order other terms. Raises RefusedError where the gate refuses; the order then stands as it stood."""
    from optionix_core.services import orders
    from optionix_core.trading.gate import first_refusal

    done = orders.amend(workspace, order_id, asked)
    refused = first_refusal(done.checks)
    if refused is not None:
        raise RefusedError(refused.rule, refused.detail)
    return f"amended: {standing_words(done.order)}"


def cancel_algorithm(workspace: Workspace, algo_id: str) -> str:
    """End an algorithm. Raises what `algorithms.cancel` raises."""
    from optionix_core.services import algorithms

    return _algorithm(algorithms.cancel(workspace, algo_id))


def turn_algorithm(workspace: Workspace, algo_id: str, *, resume: bool) -> str:
    """Pause an algorithm, or let it go on. Raises what `algorithms.pause` raises."""
    from optionix_core.services import algorithms

    act = algorithms.resume if resume else algorithms.pause
    return _algorithm(act(workspace, algo_id))


def snooze_alert(workspace: Workspace, alert_id: str, minutes: int) -> str:
    """Let an alert be silent. Raises what `alerts.snooze` raises."""
    from optionix_core.services import alerts

    until = workspace.clock.now() + timedelta(minutes=minutes)
    report = alerts.snooze(workspace, alert_id, until)
    return f"alert {alert_id} is {report.status} until {until:%d %b %H:%M} UTC"


def dismiss_alert(workspace: Workspace, alert_id: str) -> str:
    """Say that a fire was seen. Raises what `alerts.dismiss` raises."""
    from optionix_core.services import alerts

    return f"alert {alert_id} is {alerts.dismiss(workspace, alert_id).status}"


def add_alert(workspace: Workspace, wanted: AlertWanted) -> str:
    """Set an alert. Raises what `alerts.add` raises."""
    from optionix_core.services import alerts

    report = alerts.add(
        workspace, wanted.condition, repeats=wanted.repeats, expires_at=wanted.expires_at, note=wanted.note
    )
    return f"alert {report.opened.alert.alert_id} is {report.status}: {wanted.condition.words}"


def replace_alert(workspace: Workspace, alert_id: str, wanted: AlertWanted) -> str:
    """Set an alert in place of another, which is removed once the new one stands."""
    from optionix_core.services import alerts

    done = add_alert(workspace, wanted)
    alerts.remove(workspace, alert_id)
    return f"{done}; {alert_id} is removed"


def remove_alert(workspace: Workspace, alert_id: str) -> str:
    """Take an alert away. Raises what `alerts.remove` raises."""
    from optionix_core.services import alerts

    return f"removed: {alerts.remove(workspace, alert_id).condition.words}"


def set_halt(workspace: Workspace, wanted: HaltWanted) -> str:
    """Halt what is named. Raises what `halts.start` raises."""
    from optionix_core.services import halts
    from optionix_core.services.acting_user import acting_user

    until = None if wanted.lasts is None else workspace.clock.now() + wanted.lasts
    halt = halts.start(workspace, wanted.scope, wanted.name, by=acting_user(), reason=wanted.reason, until=until)
    ends = "until it is lifted" if halt.until is None else f"until {halt.until:%d %b %H:%M:%S} UTC"
    return f"halted: {halted_words(halt)} {ends}"


def lift_halt(workspace: Workspace, halt: Halt) -> str:
    """End a halt. Raises what `halts.lift` raises, for one of the venue's own too."""
    from optionix_core.services import halts
    from optionix_core.services.acting_user import acting_user

    halts.lift(workspace, halt.scope, halt.name, by=acting_user(), reason="lifted on request", rule=halt.rule)
    return f"lifted: {halted_words(halt)}"


def halted_words(halt: Halt | HaltWanted) -> str:
    """What a halt is of."""
    return label_of(halt.name) if halt.name else "the market"


def export_pane(pane: str, board: OrderBoard, orders: tuple[OrderResult, ...], kind: str) -> str:
    """Another pane as a file's text, `csv` or `json`."""
    from optionix_core.services import board_export

    return board_export.encode(pane, board, orders, kind)


def export_text(orders: tuple[OrderResult, ...], kind: str) -> str:
    """Orders as a file's text, `csv` or `json`."""
    from optionix_core.services import order_export

    return order_export.encode(orders, kind)


def standing_words(order: OrderResult) -> str:
    """`BUY 3 ORBIT 09JAN26 205 C limit GTC 0.50, 1 filled at 0.50`."""
    average = average_price(order.fills)
    filled = "" if average is None else f", {order.filled_quantity} filled at {figures.quote(average)}"
    return f"{intent_words(order.intent)}{filled}"


def intent_words(intent: OrderIntent) -> str:
    """`BUY 3 ORBIT 09JAN26 205 C limit GTC 0.50`."""
    limit = "" if intent.limit_price is None else f" {figures.quote(intent.limit_price)}"
    return f"{order_words(intent)} {terms_words(intent)}{limit}"


def _algorithm(story: AlgoStory) -> str:
    parent = story.parent
    done = f"{story.filled} of {parent.quantity} filled"
    return f"{story.state}: {parent.kind} {parent.side} {label_of(parent.symbol)}, {done}"
