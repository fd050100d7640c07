"""The lines of the orders screen: how the desk stands, and the order under the cursor in full. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.trading.alerts.alert import AlertStatus
from optionix_core.trading.kill_switch import KillPhase
from optionix_core.trading.orders import OrderState
from screens.orders_columns import clock_text, order_words, state_word, terms_words
from widgets import figures
from widgets.info_line import Piece

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.order_board import OrderBoard
    from optionix_core.trading.orders import OrderResult
    from screens.orders_filter import OrderFilter
    from screens.orders_sort import OrderSort

_COUNTED = (
    (("working", 1), (OrderState.WORKING, OrderState.PARTIALLY_FILLED)),
    (("held", 2), (OrderState.HELD,)),
    (("filled", 3), (OrderState.FILLED,)),
    (("cancelled", 4), (OrderState.CANCELLED, OrderState.EXPIRED)),
    (("rejected", 2), (OrderState.REJECTED,)),
)


def desk_pieces(board: OrderBoard) -> tuple[Piece, ...]:
    """The kill switch, halts, orders by state, algorithms and alerts."""
    pieces = [kill_piece(board)]
    if board.halts.halts:
        count = len(board.halts.halts)
        pieces.append(Piece(f"{count} halt{'' if count == 1 else 's'} in force", "warn", 0))
    else:
        pieces.append(Piece("halts none", "muted", 1))
    held_up = sum(order.state is OrderState.SUSPENDED for order in board.orders)
    if held_up:
        pieces.append(Piece(f"{held_up} halted", "warn", 0))
    for (word, rank), states in _COUNTED:
        count = sum(order.state in states for order in board.orders)
        tone = "down" if word == "rejected" and count else "strong" if count else "muted"
        pieces += [Piece(str(count), tone, rank), Piece(word, "muted", rank, joined=True)]
    kept = sum((order.reserved for order in board.orders), Decimal(0))
    if kept:
        pieces += [Piece("kept", "muted", 3), Piece(figures.money(kept), "plain", 3, joined=True)]
    running = sum(line.story.end is None for line in board.algorithms)
    if running:
        pieces.append(Piece(f"{running} algorithm{'' if running == 1 else 's'} running", "accent", 1))
    fired = sum(report.status is AlertStatus.FIRED for report in board.alerts)
    if fired:
        pieces.append(Piece(f"{fired} alert{'' if fired == 1 else 's'} fired", "warn", 1))
    return tuple(pieces)


def kill_piece(board: OrderBoard) -> Piece:
    """How the kill switch stands."""
    switch = board.kill.switch
    if switch.phase is KillPhase.FIRED:
        return Piece(f"✗ kill {switch.kill_id} in force", "alert", 0)
    return Piece(f"kill switch {switch.phase}", "accent" if switch.phase is KillPhase.ARMED else "muted", 0)


def order_pieces(order: OrderResult | None, now: datetime) -> tuple[Piece, ...]:
    """The order under the cursor: state, terms, what is kept for it, when it ends, why it ended, its id."""
    if order is None:
        return (Piece("no order under the cursor", "muted"),)
    intent = order.intent
    tone = {OrderState.REJECTED: "down", OrderState.FILLED: "up", OrderState.SUSPENDED: "warn"}.get(
        order.state, "strong"
    )
    pieces = [
        Piece(state_word(order.state), tone, 0), Piece(order_words(intent), "strong", 1),
        Piece(terms_words(intent), "plain", 4),
    ]  # fmt: skip
    if order.reason:
        pieces.append(Piece(order.reason, "warn", 0))
    if order.reserved:
        pieces.append(Piece(f"{figures.money(order.reserved)} kept", "plain", 3))
    if order.ends_at is not None:
        pieces.append(Piece(f"ends {clock_text(order.ends_at, now)}", "muted", 3))
    if intent.parent is not None:
        pieces.append(Piece(f"after {intent.parent}", "muted", 4))
    if intent.one_cancels is not None:
        pieces.append(Piece(f"one of {intent.one_cancels}", "muted", 4))
    pieces.append(Piece(intent.client_order_id, "faint", 5))
    return tuple(pieces)


def title_of_orders(shown: int, whole: int, most: int, chosen: OrderFilter, sort: OrderSort) -> str:
    """What stands over the table of orders."""
    if chosen.text:
        text = f"Orders / {chosen.text}{f', {sort.words}' if sort.column else ''}: {shown} of {whole}"
    else:
        text = f"Orders, {sort.words or 'newest first'}: {whole}" if whole else "Orders"
    return f"{text}, the first {most} shown" if shown > most else text
