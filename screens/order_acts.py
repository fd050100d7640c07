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
    from pathlib import Path

    from optionix_core.services.algorithm_story import AlgoStory
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.orders import Amendment, OrderResult


def cancel_order(workspace: Workspace, order_id: str) -> str:
    """End an order that works. Raises what `orders.cancel` raises."""
    from optionix_core.services import orders

    return f"cancelled: {standing_words(orders.cancel(workspace, order_id))}"


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


def export(orders: tuple[OrderResult, ...], path: Path) -> str:
    """Write orders in the format of the path's ending. Raises OSError where the file cannot be written."""
    from optionix_core.services import order_export
    from optionix_core.services.chains import write_whole

    write_whole(path, order_export.encode(orders, path.suffix.removeprefix(".")).encode())
    return f"wrote {len(orders)} order{'' if len(orders) == 1 else 's'} to {path}"


def standing_words(order: OrderResult) -> str:
    """`BUY 3 ORBIT 09JAN26 205 C limit GTC 0.50, 1 filled at 0.50`."""
    intent = order.intent
    limit = "" if intent.limit_price is None else f" {figures.quote(intent.limit_price)}"
    average = average_price(order.fills)
    filled = "" if average is None else f", {order.filled_quantity} filled at {figures.quote(average)}"
    return f"{order_words(intent)} {terms_words(intent)}{limit}{filled}"


def _algorithm(story: AlgoStory) -> str:
    parent = story.parent
    done = f"{story.filled} of {parent.quantity} filled"
    return f"{story.state}: {parent.kind} {parent.side} {label_of(parent.symbol)}, {done}"
