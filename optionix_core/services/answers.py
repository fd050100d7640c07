"""How an order stands, read from what a draft is about to write or from the log alone."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.errors import IntegrityError
from optionix_core.portfolio.exact import ZERO, add
from optionix_core.portfolio.ledger import ENTRY, entry_of
from optionix_core.portfolio.trades import carries_trades, fill_id
from optionix_core.trading import facts
from optionix_core.trading.executed import Executed, executed_of
from optionix_core.trading.open_order import amended_terms
from optionix_core.trading.orders import OrderResult
from optionix_core.trading.records import END_STATES, FILLED, end_id, end_of, fill_of
from optionix_core.trading.working_records import AMENDED, accepted_id, accepted_of, amended_of

if TYPE_CHECKING:
    from optionix_core.portfolio.values import LedgerEntry
    from optionix_core.services.draft import Draft
    from optionix_core.sync.event import LogReader, Record
    from optionix_core.trading.facts import Fact
    from optionix_core.trading.fold import OrderFold
    from optionix_core.trading.open_order import OpenOrder
    from optionix_core.trading.orders import Fill, GateCheck, OrderIntent
    from optionix_core.trading.records import OrderEnd


def of_draft(draft: Draft, intent: OrderIntent, checks: tuple[GateCheck, ...]) -> OrderResult:
    """The answer to an order that a draft decides."""
    name = intent.client_order_id
    fills: list[Fill] = []
    cost, end = ZERO, None
    for event in draft.events:
        if type(event.value) is Executed and event.value.client_order_id == name:
            return of_executed(intent, event.value)
        if event.payload.get("client_order_id") == name:
            if event.type == FILLED:
                fills.append(fill_of(event))
            elif event.type in END_STATES:
                end = end_of(event)
        elif event.type == ENTRY and event.id.startswith(f"order/{name}/"):
            cost = add(cost, _cost_of(entry_of(event)))
    order = None if end is not None else draft.orders.order(name)
    return _result(intent, order, end, checks, tuple(fills), cost)


def of_executed(intent: OrderIntent, done: Executed, *, replayed: bool = False) -> OrderResult:
    """The answer to an order that ended at once."""
    cost = ZERO
    for trade in done.trades:
        cost = add(cost, trade.cash)
    end = done.end
    return OrderResult(intent, end.state, end.checks, done.fills, end.reason, replayed=replayed, cost=cost)


def of_log(log: LogReader, orders: OrderFold, intent: OrderIntent) -> OrderResult | None:
    """The answer that an order has had, as it stands now; None where it was not answered."""
    name = intent.client_order_id
    ended, accepted = facts.find(log, end_id(name)), log.find(accepted_id(name))
    if ended is None and accepted is None:
        return None
    if ended is not None and carries_trades(ended.event):
        return of_executed(intent, executed_of(ended.event), replayed=True)
    fills: list[Fill] = []
    cost = ZERO
    while (told := facts.find(log, fill_id(name, len(fills) + 1))) is not None:
        fill = fill_of(told.event)
        entry = facts.find(log, f"{fill.fill_id}/entry")
        if entry is None:
            raise IntegrityError(f"{fill.fill_id} has no ledger entry", told.seq)
        cost = add(cost, _cost_of(entry_of(entry.event)))
        fills.append(fill)
    end = None if ended is None else end_of(ended.event)
    checks = () if end is None else end.checks
    if not checks and accepted is not None:
        checks = accepted_of(accepted.event).checks
    terms = intent if accepted is None or ended is None else _last_terms(log, intent, accepted, ended)
    return _result(terms, orders.order(name), end, checks, tuple(fills), cost, replayed=True)


def known(log: LogReader, orders: OrderFold, intent: OrderIntent) -> OrderResult:
    """As `of_log`, of an order that was answered for certain."""
    found = of_log(log, orders, intent)
    if found is None:
        raise IntegrityError(f"order {intent.client_order_id} was not answered")
    return found


def _last_terms(log: LogReader, intent: OrderIntent, accepted: Record, ended: Fact) -> OrderIntent:
    """The terms with which an order ended."""
    for record in log.read(accepted.seq, ended.seq - accepted.seq):
        event = record.event
        if event.type == AMENDED and event.payload.get("client_order_id") == intent.client_order_id:
            intent = amended_terms(intent, amended_of(event).amendment)
    return intent


def _result(
    intent: OrderIntent,
    order: OpenOrder | None,
    end: OrderEnd | None,
    checks: tuple[GateCheck, ...],
    fills: tuple[Fill, ...],
    cost: Decimal,
    *,
    replayed: bool = False,
) -> OrderResult:
    if end is not None:
        return OrderResult(intent, end.state, checks, fills, end.reason, replayed=replayed, cost=cost)
    if order is None:
        raise IntegrityError(f"order {intent.client_order_id} is neither open nor ended")
    return OrderResult(
        intent=order.intent,
        state=order.state,
        checks=checks,
        fills=fills,
        reason=None,
        replayed=replayed,
        cost=cost,
        reserved=order.reserved,
        ends_at=order.ends_at,
    )


def _cost_of(entry: LedgerEntry) -> Decimal:
    """Signed cash that an entry moved to the venue."""
    positions = f"{entry.account}:positions"
    held = {leg.commodity for leg in entry.postings if leg.account == positions}
    cost = ZERO
    for leg in entry.postings:
        if leg.account.startswith("venue:") and leg.commodity not in held:
            cost = add(cost, leg.amount)
    return cost
