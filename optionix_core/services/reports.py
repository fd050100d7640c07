"""Reports of an account's day out of the ledger and the log: daily, profit and loss, risk.

A report is asked for a session; asked again, it is the same to the byte, however much later. What cannot be told is
"no data" with its reason. Reading writes nothing but what bringing the venue up to now writes.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market import sessions
from optionix_core.portfolio.deliverables import label_of, underlying_of
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.portfolio.ledger import ACCOUNT_OPENED
from optionix_core.reporting.document import Column, Fact, Report, Section, Unit
from optionix_core.services import book
from optionix_core.services.ledger_lots import lots
from optionix_core.services.lifecycle import bring_up_to_date_where_free
from optionix_core.services.marking import SHARES_CALENDAR
from optionix_core.services.past import as_it_was
from optionix_core.services.report_day import AccountDay, account_day, entries_of, latest_day, window_of
from optionix_core.services.report_orders import happenings_of, label, orders_of
from optionix_core.services.report_risk import risk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optionix_core.risk.stress_library import StressScenario
    from optionix_core.services.report_day import InstrumentDay
    from optionix_core.services.workspace import Workspace

KINDS: Final = ("daily", "pnl", "risk")


def build(workspace: Workspace, kind: str, day: date | None = None, scenarios: Sequence[StressScenario] = ()) -> Report:
    """A report of the workspace's account about a session, the last that has closed where none is named.

    `scenarios`: of a risk report's stress test.

    Raises InvalidValueError for a kind that there is not and for a day without a session or to come,
    MissingDataError where the account was not open then.
    """
    if kind not in KINDS:
        raise InvalidValueError("report", repr(kind), f"one of {', '.join(KINDS)}")
    bring_up_to_date_where_free(workspace)
    now = workspace.clock.now()
    window = window_of(latest_day(now) if day is None else day, now)
    told = account_day(workspace, window)
    if kind == "risk":
        facts, sections = risk(workspace, told, scenarios)
    else:
        facts, sections = (daily if kind == "daily" else pnl)(workspace, told)
    names = {"daily": "Day report", "pnl": "Profit and loss", "risk": "Risk report"}
    return Report(
        kind=kind,
        title=f"{names[kind]} {window.day}",
        account=workspace.account,
        day=window.day,
        since=window.since,
        as_of=window.until,
        complete=window.complete,
        currency=told.after.state.currency,
        facts=facts,
        sections=sections,
    )


def daily(workspace: Workspace, day: AccountDay) -> tuple[tuple[Fact, ...], tuple[Section, ...]]:
    """Worth, positions, orders and events of a day."""
    orders = orders_of(workspace, day)
    facts = (
        *_worth(day),
        Fact("orders", "orders", len(orders), Unit.QUANTITY),
        Fact("fills", "fills", sum(len(order.fills) for order in orders), Unit.QUANTITY),
    )
    order_columns = (
        Column("client_order_id", "order"),
        Column("created_at", "wanted (UTC)", Unit.TIME),
        Column("side", "side"),
        Column("quantity", "quantity", Unit.QUANTITY),
        Column("symbol", "of"),
        Column("type", "type"),
        Column("limit_price", "limit", Unit.PRICE),
        Column("state", "state"),
        Column("filled", "filled", Unit.QUANTITY),
        Column("average_price", "average", Unit.PRICE),
        Column("fees", "fees", Unit.MONEY),
        Column("reason", "reason"),
    )
    order_rows = tuple(
        (
            order.intent.client_order_id,
            order.intent.created_at,
            str(order.intent.side),
            order.intent.quantity,
            label(order.intent),
            str(order.intent.order_type),
            "market" if order.intent.limit_price is None else order.intent.limit_price,
            str(order.state),
            order.filled,
            float(order.paid / order.filled) if order.filled else "",
            order.fees,
            order.reason or "",
        )
        for order in orders
    )
    entry_columns = (Column("time", "time (UTC)", Unit.TIME), Column("kind", "kind"), Column("memo", "memo"))
    entries = tuple(
        (entry.time, entry.kind, entry.memo) for entry in entries_of(workspace, day.window) if entry.kind != "trade"
    )
    event_columns = (Column("time", "time (UTC)", Unit.TIME), Column("type", "what"), Column("id", "id"))
    events = tuple((item.time, item.type, item.id) for item in happenings_of(workspace, day))
    return facts, (
        _positions(day),
        Section("orders", "Orders", order_columns, order_rows, empty="no order was wanted, filled or ended"),
        Section("entries", "Other entries of the ledger", entry_columns, entries, empty="none but trades"),
        Section("events", "Other events", event_columns, events, empty="none"),
    )


def pnl(workspace: Workspace, day: AccountDay) -> tuple[tuple[Fact, ...], tuple[Section, ...]]:
    """What a day brought: by instrument, by underlying, by closed lot, and since month and year began."""
    facts = (*_worth(day), *_since_period_began(workspace, day))
    columns = (
        Column("symbol", "instrument"),
        Column("label", "called"),
        Column("currency", "currency"),
        Column("quantity_before", "before", Unit.QUANTITY),
        Column("quantity_after", "after", Unit.QUANTITY),
        Column("value_before", "value before", Unit.MONEY),
        Column("value_after", "value after", Unit.MONEY),
        Column("realised", "realised", Unit.MONEY),
        Column("fees", "fees", Unit.MONEY),
        Column("pnl", "P&L", Unit.MONEY),
    )
    rows = tuple(
        (
            item.symbol,
            label_of(item.symbol),
            item.currency,
            item.quantity_before,
            item.quantity_after,
            item.value_before,
            item.value_after,
            item.realised,
            item.fees,
            item.pnl,
        )
        for item in day.instruments
    )
    return facts, (
        Section("instruments", "By instrument", columns, rows, _unknown(day), "nothing was held or traded"),
        _by_underlying(day.instruments),
        _closed_lots(workspace, day),
    )


def _worth(day: AccountDay) -> tuple[Fact, ...]:
    state, unmarked = day.after.state, _unknown(day)
    return (
        Fact("net_liquidation_value", "net liquidation value", day.after.nlv, Unit.MONEY, _left_out(day)),
        Fact("net_liquidation_value_before", "at the close before", day.nlv_before, Unit.MONEY),
        Fact("change", "change", day.change, Unit.MONEY),
        Fact("trading_pnl", "P&L of instruments", day.trading_pnl, Unit.MONEY, unmarked),
        Fact("income", "dividends and interest", day.income, Unit.MONEY),
        Fact("other_fees", "fees of no trade", day.other_fees, Unit.MONEY),
        Fact("paid_in", "paid in less paid out", day.paid_in, Unit.MONEY),
        Fact("other", "adjustments, conversions, transfers", day.other, Unit.MONEY, unmarked),
        Fact("cash", "cash", state.cash, Unit.MONEY),
        Fact("buying_power", "buying power", day.after.buying_power, Unit.MONEY),
        Fact("positions", "positions", len(state.positions), Unit.QUANTITY),
    )


def _left_out(day: AccountDay) -> str:
    """What the net liquidation value leaves out."""
    names = [f"{item.symbol.strip()}: {item.reason}" for item in day.after.unmarked]
    names += [f"cash in {name}" for name in day.after.unconverted]
    return f"leaves out {'; '.join(names)}" if names else ""


def _unknown(day: AccountDay) -> str:
    return f"not told: {'; '.join(day.unknown)}" if day.unknown else ""


def _positions(day: AccountDay) -> Section:
    columns = (
        Column("symbol", "instrument"),
        Column("label", "called"),
        Column("quantity", "quantity", Unit.QUANTITY),
        Column("cost", "cost", Unit.MONEY),
        Column("mark", "mark", Unit.PRICE),
        Column("market_value", "value", Unit.MONEY),
        Column("unrealised_pnl", "unrealised", Unit.MONEY),
        Column("day_pnl", "P&L of the day", Unit.MONEY),
    )
    brought = {item.symbol: item.pnl for item in day.instruments}
    rows = tuple(
        (
            item.position.symbol,
            label_of(item.position.symbol),
            item.position.quantity,
            item.position.cost,
            item.mark.price,
            item.market_value,
            item.unrealised_pnl,
            brought[item.position.symbol],
        )
        for item in day.after.positions
    )
    return Section("positions", "Positions", columns, rows, _left_out(day), "nothing is held")


def _by_underlying(instruments: Sequence[InstrumentDay]) -> Section:
    columns = (
        Column("underlying", "underlying"),
        Column("currency", "currency"),
        Column("realised", "realised", Unit.MONEY),
        Column("fees", "fees", Unit.MONEY),
        Column("pnl", "P&L", Unit.MONEY),
    )
    groups: dict[tuple[str, str], list[InstrumentDay]] = {}
    for item in instruments:
        groups.setdefault((underlying_of(item.symbol), item.currency), []).append(item)
    rows = []
    with exact_arithmetic():
        for (name, currency), items in sorted(groups.items()):
            known = [item.pnl for item in items if item.pnl is not None]
            total = sum(known, ZERO) if len(known) == len(items) else None
            realised, fees = (sum(values, ZERO) for values in zip(*((i.realised, i.fees) for i in items), strict=True))
            rows.append((name, currency, realised, fees, total))
    return Section("underlyings", "By underlying", columns, tuple(rows), empty="nothing was held or traded")


def _closed_lots(workspace: Workspace, day: AccountDay) -> Section:
    columns = (
        Column("symbol", "instrument"),
        Column("quantity", "quantity", Unit.QUANTITY),
        Column("opened_at", "opened (UTC)", Unit.TIME),
        Column("closed_at", "closed (UTC)", Unit.TIME),
        Column("cost", "cost", Unit.MONEY),
        Column("proceeds", "proceeds", Unit.MONEY),
        Column("realised", "realised", Unit.MONEY),
    )
    rows = tuple(
        (item.symbol, item.quantity, item.opened_at, item.closed_at, item.cost, item.proceeds, item.realised)
        for item in lots(workspace.store).closed
        if item.account == workspace.account and day.window.holds(item.closed_at)
    )
    return Section("closed_lots", "Lots closed", columns, rows, empty="no lot was closed")


def _since_period_began(workspace: Workspace, day: AccountDay) -> tuple[Fact, ...]:
    """Change of worth less what was paid in, since the last close of the month and of the year before."""
    first = day.window.day.replace(day=1)
    opened = next(
        (
            record.event.time
            for record in workspace.store.read()
            if record.event.type == ACCOUNT_OPENED and record.event.payload.get("account") == workspace.account
        ),
        None,
    )
    if opened is None:
        raise MissingDataError(f"account {workspace.account} was not open on {day.window.day}")
    facts = []
    for key, title, start in (
        ("month_to_date", "P&L since the month began", first),
        ("year_to_date", "P&L since the year began", first.replace(month=1)),
    ):
        since = sessions.previous_session(start, SHARES_CALENDAR).close
        facts.append(_period(workspace, day, key, title, max(since, opened), opened_later=opened > since))
    return tuple(facts)


def _period(
    workspace: Workspace, day: AccountDay, key: str, title: str, since: datetime, *, opened_later: bool
) -> Fact:
    state = day.after.state
    if opened_later:
        with exact_arithmetic():
            return Fact(key, title, _if_told(day, day.after.nlv - state.opening_balance), Unit.MONEY, "since it opened")
    past = as_it_was(workspace.store, since)
    before = book.account_of(workspace, past.book, ZERO, since)
    with exact_arithmetic():
        value = day.after.nlv - before.nlv - (state.opening_balance - before.state.opening_balance)
    reason = "a position had no mark when it began" if before.unmarked else ""
    return Fact(key, title, None if reason else _if_told(day, value), Unit.MONEY, reason)


def _if_told(day: AccountDay, value: Decimal) -> Decimal | None:
    return None if day.after.unmarked or day.after.unconverted else value
