"""Columns and rows of the orders screen: orders with their legs, fills, algorithms, alerts and halts. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from optionix_core.portfolio.deliverables import label_of, underlying_of
from optionix_core.trading.orders import OrderState, TriggerKind
from widgets import figures
from widgets.grid_columns import Column, GridRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from optionix_core.services.alerts import AlertReport
    from optionix_core.services.order_board import AlgoLine
    from optionix_core.trading.halts import Halt
    from optionix_core.trading.orders import Fill, OrderIntent, OrderResult

LEG, GOOD, BAD, QUIET, LOUD = 1, 2, 4, 8, 16
"""Flags of a row: a leg of the row above; done as wanted; refused; over; wants to be seen."""
BAR_CELLS = 5
_MARKS = {
    OrderState.HELD: "held",
    OrderState.WORKING: "working",
    OrderState.PARTIALLY_FILLED: "part fill",
    OrderState.SUSPENDED: "halted",
    OrderState.FILLED: "filled",
    OrderState.CANCELLED: "cancelled",
    OrderState.EXPIRED: "expired",
    OrderState.REJECTED: "rejected",
    OrderState.INTENT: "asked",
}


class RowKey(NamedTuple):
    """What a row of orders or fills is about."""

    order: str
    """Client order id."""
    part: str = ""
    """Of orders: the leg's instrument. Of fills: the fill's id, and behind a blank its leg's instrument."""


def _text(value: str | None) -> str:
    return value or ""


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _signed(value: int | None) -> str:
    return "" if value is None else f"{value:+,}"


def _price(value: Decimal | None) -> str:
    return "" if value is None else figures.quote(value)


def _money(value: Decimal | None) -> str:
    return "" if value is None else figures.money(value)


def _cost(value: Decimal | None) -> str:
    return figures.ABSENT if value is None else figures.signed(value)


def _cash(value: Decimal | None) -> str:
    return "" if value is None else figures.signed(value)


def _basis_points(value: Decimal | None) -> str:
    return figures.ABSENT if value is None else f"{figures.signed(value, 1)} bp"


ORDER_COLUMNS: tuple[Column, ...] = (
    Column("time", "Time", 8, _text, "left", rank=1, tone="muted"),
    Column("state", "State", 9, _text, "left"),
    Column("order", "Order", 31, _text, "left", tone="strong", home=True, words=True),
    Column("filled", "Filled", 6, _count, rank=1),
    Column("left", "Left", 6, _count, rank=5),
    Column("limit", "Limit", 9, _price, rank=1),
    Column("average", "Average", 9, _price, rank=1),
    Column("terms", "Terms", 21, _text, "left", rank=2, words=True),
    Column("cost", "Cost", 11, _cash, rank=5),
    Column("fees", "Fees", 8, _money, rank=4),
    Column("reserved", "Kept", 11, _money, rank=4),
    Column("ends", "Ends", 8, _text, "left", rank=6, tone="muted"),
    Column("id", "Id", 12, _text, "left", rank=4, tone="muted", words=True),
    Column("reason", "Reason", 15, _text, "left", rank=3, tone="warn", words=True, grow=True),
)
FILL_COLUMNS: tuple[Column, ...] = (
    Column("time", "Time", 8, _text, "left", tone="muted"),
    Column("quantity", "Qty", 6, _signed, tone="strong", home=True),
    Column("price", "Price", 9, _price),
    Column("fee", "Fee", 7, _money),
    Column("quote", "Against", 17, _text, "left", rank=2, tone="muted"),
    Column("model", "Model, or leg", 7, _text, "left", tone="muted", words=True, grow=True),
)
ALGO_COLUMNS: tuple[Column, ...] = (
    Column("state", "State", 9, _text, "left"),
    Column("progress", "Done", 15, _text, "left"),
    Column("order", "Algorithm", 15, _text, "left", tone="strong", words=True, home=True, grow=True),
    Column("slippage", "Slip", 9, _basis_points, rank=1),
    Column("shortfall", "Cost", 9, _cost, rank=2),
    Column("spread", "Spread", 9, _cost, rank=4),
    Column("fees", "Fees", 8, _money, rank=4),
    Column("until", "Until", 8, _text, "left", rank=3, tone="muted"),
    Column("id", "Id", 12, _text, "left", rank=5, tone="muted", words=True),
)
ALERT_COLUMNS: tuple[Column, ...] = (
    Column("status", "Status", 9, _text, "left"),
    Column("condition", "Condition", 26, _text, "left", tone="strong", words=True, home=True),
    Column("now", "Now", 10, _text, words=True),
    Column("fired", "Fired", 8, _text, "left", rank=1, tone="muted"),
    Column("note", "Remark", 20, _text, "left", rank=2, words=True, grow=True),
)
HALT_COLUMNS: tuple[Column, ...] = (
    Column("name", "What", 14, _text, "left", tone="strong", words=True, home=True),
    Column("rule", "Rule", 12, _text, "left", words=True),
    Column("until", "Until", 8, _text, "left"),
    Column("since", "Since", 8, _text, "left", rank=2, tone="muted"),
    Column("reason", "Reason", 12, _text, "left", rank=1, tone="warn", words=True, grow=True),
)


def row_style(column: Column, row: GridRow) -> tuple[str, str]:
    """The tone of the state's word follows it; legs and what is over are quiet."""
    if column.key in {"state", "status"}:
        if row.flags & BAD:
            return "cell", "down"
        if row.flags & LOUD:
            return "cell", "warn"
        if row.flags & GOOD:
            return "cell", "up"
        return "cell", "muted" if row.flags & QUIET else "strong"
    if row.flags & LEG or (row.flags & QUIET and column.tone in {"strong", "cell"}):
        return "cell", "muted"
    return "cell", column.tone


def clock_text(moment: datetime, now: datetime) -> str:
    """`14:30:05` today, `05 Jan` this year, `05Jan26` else; UTC."""
    if moment.date() == now.date():
        return f"{moment:%H:%M:%S}"
    return f"{moment:%d %b}" if moment.year == now.year else f"{moment:%d%b%y}"


def state_word(state: OrderState) -> str:
    """The state in at most nine letters."""
    return _MARKS[state]


def order_words(intent: OrderIntent) -> str:
    """`BUY 2 ORBIT 16JAN26 230 C`; a combination as `BUY 1 ORBIT in 2 legs`."""
    underlying = underlying_of(intent.priced_by)
    what = f"{underlying} in {len(intent.legs)} legs" if intent.legs else label_of(intent.symbol)
    return f"{intent.side.upper()} {intent.quantity:,} {what}"


def terms_words(intent: OrderIntent) -> str:
    """`limit GTC`, `stop 190.00 DAY`, `trail 0.50 GTC`."""
    trigger = intent.trigger
    parts = []
    if trigger is None:
        parts.append(str(intent.order_type))
    elif trigger.kind is TriggerKind.TRAILING:
        distance = f"{trigger.distance_percent:f}%" if trigger.distance is None else f"{trigger.distance:f}"
        parts.append(f"trail {distance}")
    else:
        word = "stop" if trigger.kind is TriggerKind.STOP else "touch"
        parts.append(f"{word} {'' if trigger.price is None else figures.quote(trigger.price)}".rstrip())
    parts.append(str(intent.time_in_force))
    parts += ["post-only"] if intent.post_only else []
    parts += ["reduce-only"] if intent.reduce_only else []
    parts += [f"by {intent.tag}"] if intent.tag else []
    return " ".join(parts)


def average_price(fills: Sequence[Fill]) -> Decimal | None:
    """Quantity-weighted, to the hundredth of a cent; None where nothing was filled."""
    quantity = sum(fill.quantity for fill in fills)
    if not quantity:
        return None
    whole = sum((fill.price * fill.quantity for fill in fills), Decimal(0))
    return (whole / quantity).quantize(Decimal("0.0001"))


def order_rows(orders: Iterable[OrderResult], now: datetime) -> list[GridRow]:
    """Each order, with the legs of a combination under it."""
    rows = []
    for order in orders:
        intent, name = order.intent, order.intent.client_order_id
        flags = _order_flags(order)
        cells = (
            clock_text(intent.created_at, now), state_word(order.state), order_words(intent), order.filled_quantity,
            intent.quantity - order.filled_quantity if order.open else None,
            intent.limit_price, average_price(order.fills), terms_words(intent),
            order.cost if order.fills else None, order.fees if order.fills else None, order.reserved or None,
            "" if order.ends_at is None else clock_text(order.ends_at, now), name, order.reason,
        )  # fmt: skip
        rows.append(GridRow(RowKey(name), cells, flags))
        for leg in intent.legs:
            legs = [part for fill in order.fills for part in fill.legs if part.symbol == leg.symbol]
            done = sum(abs(part.quantity) for part in legs)
            paid = sum((part.price * abs(part.quantity) for part in legs), Decimal(0))
            average = (paid / done).quantize(Decimal("0.0001")) if done else None
            fees = sum((part.fee for part in legs), Decimal(0)) if legs else None
            words = f"  {intent.side.sign * leg.ratio:+d} {label_of(leg.symbol)}"
            cells = ("", "", words, done, None, None, average, "", None, fees, None, "", "", "")
            rows.append(GridRow(RowKey(name, leg.symbol), cells, LEG))
    return rows


def _order_flags(order: OrderResult) -> int:
    if order.state is OrderState.REJECTED:
        return BAD
    if order.state is OrderState.FILLED:
        return GOOD
    if order.state is OrderState.SUSPENDED:
        return LOUD
    return 0 if order.open else QUIET


def fill_rows(order: OrderResult, now: datetime) -> list[GridRow]:
    """The fills of one order, the newest first, with the legs of a combination under each."""
    rows = []
    sign = order.intent.side.sign
    for fill in reversed(order.fills):
        quote = "" if fill.legs else f"{figures.quote(fill.quote.bid)} x {figures.quote(fill.quote.ask)}"
        against = f"order {fill.against}" if fill.against else quote
        time = clock_text(fill.filled_at, now)
        cells = (time, sign * fill.quantity, fill.price, fill.fee, against, fill.model)
        rows.append(GridRow(RowKey(order.intent.client_order_id, fill.fill_id), cells))
        for leg in fill.legs:
            quote = f"{figures.quote(leg.quote.bid)} x {figures.quote(leg.quote.ask)}"
            against = f"order {leg.against}" if leg.against else quote
            cells = ("", leg.quantity, leg.price, leg.fee, against, label_of(leg.symbol))
            rows.append(GridRow(RowKey(order.intent.client_order_id, f"{fill.fill_id} {leg.symbol}"), cells, LEG))
    return rows


def progress_bar(done: int, whole: int) -> str:
    """`▇▇▁▁▁ 40/100`: a cell is full only where all of its part is done."""
    full = BAR_CELLS * done // whole
    return f"{'▇' * full}{'▁' * (BAR_CELLS - full)} {figures.count(done)}/{figures.count(whole)}"


def algo_rows(lines: Iterable[AlgoLine], now: datetime) -> list[GridRow]:
    """Each algorithm with its progress and costs; positive is cost."""
    rows = []
    for line in lines:
        story, parent = line.story, line.story.parent
        costs = None if line.costs is None else line.costs.whole
        ended = story.end is not None
        cells = (
            str(story.state), progress_bar(story.filled, parent.quantity),
            f"{parent.kind} {parent.side.upper()} {label_of(parent.symbol)}",
            None if costs is None else costs.slippage_bp,
            None if costs is None else costs.shortfall,
            None if costs is None else costs.spread_cost,
            None if costs is None else costs.fees,
            clock_text(parent.until, now), parent.algo_id,
        )  # fmt: skip
        flags = (GOOD if not story.end.unfilled else QUIET) if story.end is not None else LOUD if story.paused else 0
        rows.append(GridRow(parent.algo_id, cells, flags | (QUIET if ended and not flags & GOOD else 0)))
    return rows


def alert_rows(reports: Iterable[AlertReport], now: datetime) -> list[GridRow]:
    """Those that fired first, then as they were set."""
    from optionix_core.services.alert_json import value_now
    from optionix_core.trading.alerts.alert import AlertStatus

    rows = []
    for report in sorted(reports, key=lambda one: one.status is not AlertStatus.FIRED):
        opened = report.opened
        fired = "" if opened.last is None else clock_text(opened.last.time, now)
        fired_text = opened.last.text if opened.last is not None and report.status is AlertStatus.FIRED else None
        note = report.reason or fired_text or opened.alert.note
        flags = LOUD if report.status is AlertStatus.FIRED else QUIET if report.status is AlertStatus.SNOOZED else 0
        cells = (str(report.status), opened.alert.condition.words, value_now(report), fired, note)
        rows.append(GridRow(opened.alert.alert_id, cells, flags))
    return rows


def halt_rows(halts: Iterable[Halt], now: datetime) -> list[GridRow]:
    """Each halt in force."""
    return [
        GridRow(
            halt.key,
            (
                halt_name(halt), halt.rule, "by hand" if halt.until is None else clock_text(halt.until, now),
                clock_text(halt.since, now), halt.reason,
            ),
            LOUD,
        )
        for halt in halts
    ]  # fmt: skip


def halt_name(halt: Halt) -> str:
    """What is halted, as a trader writes it."""
    from optionix_core.trading.halts import HaltScope

    if halt.scope is HaltScope.MARKET:
        return "the market"
    return label_of(halt.name) if halt.scope is HaltScope.INSTRUMENT else halt.name
