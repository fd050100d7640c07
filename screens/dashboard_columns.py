"""Columns and rows of the dashboard's tables: exposure, working orders, alerts with halts, and what is ahead. Pure."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from optionix_core.market.units import theta_per_day, vega_per_point
from optionix_core.services.dashboard_view import AheadKind
from screens.orders_columns import clock_text, halt_name, order_words, state_word
from widgets import figures
from widgets.grid_columns import Column, GridRow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from optionix_core.services.book_view import BookLine, BookView
    from optionix_core.services.dashboard_view import Ahead
    from optionix_core.services.order_board import OrderBoard
    from optionix_core.trading.orders import OrderResult

UP, DOWN, LOUD, QUIET = 1, 2, 4, 8


def _text(value: str | None) -> str:
    return value or ""


def _amount(value: Decimal | None) -> str:
    return figures.ABSENT if value is None else figures.signed(value)


def _scaled(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.signed_count(value)


def _per_day(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.signed(theta_per_day(value))


def _per_point(value: float | None) -> str:
    return figures.ABSENT if value is None else figures.signed(vega_per_point(value))


def _price(value: Decimal | None) -> str:
    return "" if value is None else figures.quote(value)


def _quantity(value: Decimal | None) -> str:
    return "" if value is None else f"{value:+,.0f}"


def _chance(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


EXPOSURE_COLUMNS: tuple[Column, ...] = (
    Column("label", "Underlying", 10, _text, "left", tone="strong", home=True),
    Column("dollar_delta", "Δ$", 8, _scaled, rank=1),
    Column("day_pnl", "Day", 10, _amount, rank=2),
    Column("dollar_gamma", "Γ$1%", 7, _scaled, rank=4),
    Column("theta", "Θ/day", 8, _per_day, rank=3),
    Column("vega", "V/pt", 8, _per_point, rank=3),
    Column("value", "Value", 11, _amount, rank=4),
    Column("unrealised", "P&L", 10, _amount, rank=5),
)
ORDER_COLUMNS: tuple[Column, ...] = (
    Column("state", "State", 9, _text, "left"),
    Column("order", "Order", 16, _text, "left", tone="strong", home=True, words=True, grow=True),
    Column("limit", "Limit", 8, _price, rank=1),
    Column("filled", "Filled", 7, _text, rank=2),
    Column("since", "Since", 8, _text, "left", rank=3, tone="muted"),
)
ALERT_COLUMNS: tuple[Column, ...] = (
    Column("state", "State", 9, _text, "left"),
    Column("what", "Alert or halt", 16, _text, "left", tone="strong", home=True, words=True, grow=True),
    Column("now", "Now, until", 10, _text, words=True, rank=1),
    Column("note", "Remark", 16, _text, "left", rank=3, words=True),
)
AHEAD_COLUMNS: tuple[Column, ...] = (
    Column("day", "Day", 6, _text, "left", tone="strong"),
    Column("days", "In", 4, _text, rank=3, tone="muted"),
    Column("what", "What", 16, _text, "left", home=True, words=True, grow=True),
    Column("quantity", "Qty", 5, _quantity, rank=1),
    Column("chance", "ITM", 4, _chance, rank=1),
    Column("kind", "Kind", 10, _text, "left", rank=2, tone="muted"),
    Column("note", "Note", 24, _text, "left", rank=4, tone="warn", words=True),
)


def row_style(column: Column, row: GridRow) -> tuple[str, str]:
    """Gains and losses beside their sign; what wants to be seen, and what is only listed."""
    if column.key in {"day_pnl", "unrealised"}:
        return "cell", "up" if row.flags & UP else "down" if row.flags & DOWN else column.tone
    if row.flags & LOUD and column.key in {"state", "kind"}:
        return "cell", "warn"
    return "cell", "muted" if row.flags & QUIET else column.tone


def exposure_rows(view: BookView) -> list[GridRow]:
    """A row an underlying that is held, the greatest dollar delta first."""
    rows = [_exposure(name, list(lines)) for name, lines in groupby(view.lines, key=lambda line: line.underlying)]
    return sorted(rows, key=lambda row: -abs(row.cells[1] or 0.0))


def _exposure(name: str, lines: list[BookLine]) -> GridRow:
    greeks = [line.greeks for line in lines if line.greeks is not None]
    day = _total(line.value.day_pnl for line in lines)
    flags = 0 if not day else UP if day > 0 else DOWN

    def summed(field: str) -> float | None:
        return sum(getattr(one, field) for one in greeks) if len(greeks) == len(lines) else None

    cells = (
        name, summed("dollar_delta"), day, summed("dollar_gamma"), summed("theta"), summed("vega"),
        _total(line.value.market_value for line in lines), _total(line.value.unrealised_pnl for line in lines),
    )  # fmt: skip
    return GridRow(name, cells, flags)


def _total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum, or None where a part cannot be told."""
    found = list(amounts)
    known = [amount for amount in found if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(found) else None


def working_rows(board: OrderBoard) -> list[GridRow]:
    """The orders that are open, the newest first."""
    return [_working(order, board) for order in board.orders if order.open]


def _working(order: OrderResult, board: OrderBoard) -> GridRow:
    intent = order.intent
    held_up = intent.client_order_id in board.halts.suspended
    cells = (
        state_word(order.state), order_words(intent), intent.limit_price,
        f"{order.filled_quantity}/{intent.quantity}", clock_text(intent.created_at, board.moment),
    )  # fmt: skip
    return GridRow(intent.client_order_id, cells, LOUD if held_up else 0)


def alert_rows(board: OrderBoard) -> list[GridRow]:
    """Halts in force, then alerts that have fired, then those that wait."""
    from optionix_core.services.alert_json import value_now
    from optionix_core.trading.alerts.alert import AlertStatus

    rows = []
    for halt in board.halts.halts:
        until = "by hand" if halt.until is None else clock_text(halt.until, board.moment)
        rows.append(GridRow(("halt", halt.key), ("halted", halt_name(halt), until, halt.reason), LOUD))
    for report in sorted(board.alerts, key=lambda one: one.status is not AlertStatus.FIRED):
        alert = report.opened.alert
        flags = LOUD if report.status is AlertStatus.FIRED else 0
        cells = (str(report.status), alert.condition.words, value_now(report), report.reason or alert.note)
        rows.append(GridRow(("alert", alert.alert_id), cells, flags))
    return rows


def ahead_rows(ahead: Iterable[Ahead], today: date) -> list[GridRow]:
    """What is coming, nearest first."""
    rows = []
    for place, one in enumerate(ahead):
        days = (one.day - today).days
        loud = one.kind in {AheadKind.ASSIGNMENT, AheadKind.EXERCISE} or (one.kind is AheadKind.EXPIRY and days <= 1)
        flags = LOUD if loud else QUIET if one.kind is AheadKind.LISTED else 0
        cells = (
            f"{one.day:%d %b}", "today" if not days else f"{days}d", one.what, one.quantity, one.probability,
            str(one.kind), one.note,
        )  # fmt: skip
        rows.append(GridRow((place, one.kind, one.what, one.day), cells, flags))
    return rows
