"""Buying and selling: intent, gate, venue, fills, ledger, each a durable fact before the next begins.

An order is one hold of the home's lock. Under it the venue is brought up to now, the intent is written,
the gate is asked, the venue matches, and fills, ledger entries and the order's end are written in one
transaction. A process that dies anywhere in between leaves a ledger that balances; the same client
order id sent again then resolves to exactly one order.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from optionix_core.errors import (
    IntegrityError,
    InvalidValueError,
    MissingDataError,
    NotFilledError,
    RefusedError,
    UnknownNameError,
)
from optionix_core.market import symbols
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.portfolio.ledger import account_opened_event, entry_event, entry_of, opening_entry, trade_entry
from optionix_core.portfolio.values import AccountState, LedgerEntry
from optionix_core.services.lifecycle import bring_up_to_date, update_under_lock
from optionix_core.services.order_json import to_json
from optionix_core.sync.faultpoints import reach
from optionix_core.trading.gate import LOCAL_SIM, GateFacts, check, first_refusal
from optionix_core.trading.orders import GateCheck, OrderIntent, OrderPreview, OrderResult, OrderState, Side
from optionix_core.trading.paper import PaperVenue, acceptable, signed_cost
from optionix_core.trading.records import (
    OrderEnd,
    check_client_order_id,
    end_event,
    end_id,
    end_of,
    fill_event,
    fill_id,
    fill_of,
    intent_event,
    intent_id,
    intent_of,
    same_order,
)

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.market.instruments import Instrument
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.market.quote import Quote
    from optionix_core.services.desk import Desk
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import Event, LogReader, Record
    from optionix_core.trading.orders import Fill

__all__ = ["bring_up_to_date", "preview", "raise_for_checks", "raise_for_state", "submit", "to_json"]

OPENING_BALANCE: Final = Decimal(100_000)
"""US dollars with which a paper account opens at its first order."""
CURRENCY: Final = "USD"
_PREVIEW: Final = "preview"


def preview(
    workspace: Workspace, side: Side | str, quantity: int, symbol: str, limit_price: Decimal | None = None
) -> OrderPreview:
    """What an order would do now, with every answer of the gate. Writes nothing and takes no lock.

    Raises InvalidValueError for a malformed order, UnknownNameError for a symbol that the feed does not
    know and MissingDataError where it has no quote.
    """
    now = workspace.clock.now()
    intent = _wanted(workspace.account, side, quantity, symbol, limit_price, _PREVIEW, now)
    desk, feed = workspace.desk, workspace.feed
    instrument = feed.instrument(intent.symbol)
    quote = feed.quote(intent.symbol, now)
    desk.follow(workspace.store)
    with desk.lock:
        venue = PaperVenue(desk.orders.already_taken)
        account = desk.book.account(intent.account) or unopened_account(intent.account)
        checks = check(intent, _facts(feed, venue, account, intent, instrument, quote, now))
        fills = () if first_refusal(checks) is not None else venue.execute(intent, instrument, quote, now)
    price = fills[0].price if fills else None
    fillable = sum(fill.quantity for fill in fills)
    return OrderPreview(
        intent=intent,
        quote=quote,
        price=price,
        fillable=fillable,
        cost=None if price is None else signed_cost(intent.side, fillable, price, instrument.multiplier),
        fees=sum((fill.fee for fill in fills), ZERO) if fills else None,
        checks=checks,
    )


def submit(
    workspace: Workspace,
    side: Side | str,
    quantity: int,
    symbol: str,
    limit_price: Decimal | None = None,
    client_order_id: str | None = None,
) -> OrderResult:
    """Place an order, immediate or cancel, and answer how it ended; rejection is an answer, not an error.

    A client order id that was answered before is answered again from the log (`replayed`), with
    nothing written. Raises InvalidValueError for a malformed order and for an id that was used for
    another order, HomeLockedError where the lock cannot be had.
    """
    order_id = workspace.new_order_id() if client_order_id is None else client_order_id
    check_client_order_id(order_id)
    wanted = _wanted(workspace.account, side, quantity, symbol, limit_price, order_id, workspace.clock.now())
    feed, desk = workspace.feed, workspace.desk
    purpose = f"{wanted.side} {quantity} {wanted.symbol}"
    with workspace.store.writing(purpose, workspace.lock_timeout) as log, desk.lock:
        now = workspace.clock.now()
        desk.follow(log)
        earlier = log.find(intent_id(order_id))
        intent = replace(wanted, created_at=now) if earlier is None else _repeated(earlier, wanted)
        end = None if earlier is None else log.find(end_id(order_id))
        if end is not None:
            return _answered(log, intent, end)
        update_under_lock(log, desk, workspace.venue_feed, now, going_on=order_id)
        reach("before-gate")
        if earlier is None:
            opening = _opening(intent.account, now) if desk.book.venue_of(intent.account) is None else ()
            desk.append(log, (*opening, intent_event(intent)))
        reach("after-intent")
        result, events = _decide(desk, feed, intent, now)
        desk.append(log, events)
        desk.keep(log)
    return result


def unopened_account(account: str) -> AccountState:
    """What an account will be when its first order opens it."""
    return AccountState(account, LOCAL_SIM, CURRENCY, OPENING_BALANCE, OPENING_BALANCE, ZERO, ZERO)


def raise_for_state(result: OrderResult) -> None:
    """RefusedError for a rejected order, NotFilledError for one that ended without a fill."""
    if result.state is OrderState.REJECTED:
        _refuse(result.checks)
        raise RefusedError("venue", result.reason or "rejected")
    if not result.fills:
        raise NotFilledError(f"order {result.intent.client_order_id} was not filled: {result.reason}")


def raise_for_checks(order: OrderPreview) -> None:
    """RefusedError where the gate would refuse, NotFilledError where nothing would fill."""
    _refuse(order.checks)
    if not order.fillable:
        raise NotFilledError("nothing would fill now at that price")


def _refuse(checks: tuple[GateCheck, ...]) -> None:
    refusal = next((item for item in checks if not item.passed), None)
    if refusal is not None:
        raise RefusedError(refusal.rule, refusal.detail)


def _wanted(
    account: str,
    side: Side | str,
    quantity: int,
    symbol: str,
    limit_price: Decimal | None,
    order_id: str,
    now: datetime,
) -> OrderIntent:
    if side not in tuple(Side):
        raise InvalidValueError("side", repr(side), "buy or sell")
    if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
        raise InvalidValueError("quantity", repr(quantity), "a whole number of contracts, at least 1")
    if limit_price is not None and (not limit_price.is_finite() or limit_price <= 0):
        raise InvalidValueError("limit_price", limit_price, "positive")
    return OrderIntent(order_id, account, Side(side), quantity, symbols.resolve(symbol), limit_price, now)


def _opening(account: str, now: datetime) -> tuple[Event, ...]:
    return (
        account_opened_event(account, LOCAL_SIM, CURRENCY, now),
        entry_event(opening_entry(account, CURRENCY, OPENING_BALANCE, now)),
    )


def _repeated(earlier: Record, wanted: OrderIntent) -> OrderIntent:
    """The intent as first written; InvalidValueError where the id now comes with another order."""
    intent = intent_of(earlier.event)
    if not same_order(intent, wanted):
        bound = f"unused, or repeat its order: {intent.side} {intent.quantity} {intent.symbol}"
        raise InvalidValueError("client_order_id", repr(wanted.client_order_id), bound)
    return intent


def _facts(
    feed: QuoteSource,
    venue: PaperVenue,
    account: AccountState | None,
    intent: OrderIntent,
    instrument: Instrument | None,
    quote: Quote | None,
    now: datetime,
) -> GateFacts:
    return GateFacts(
        now=now,
        account=account,
        venue=venue.name,
        feed_state=feed.state,
        stale_after=feed.stale_after,
        market_open=feed.is_open(now),
        instrument=instrument,
        quote=quote,
        fee=None if instrument is None else venue.fee(instrument, intent.quantity),
    )


def _decide(desk: Desk, feed: QuoteSource, intent: OrderIntent, now: datetime) -> tuple[OrderResult, list[Event]]:
    """Gate and venue: how the order ends, told as the log will tell it, and the events that say so."""
    venue = PaperVenue(desk.orders.already_taken)
    instrument, quote = _instrument(feed, intent.symbol), _quote(feed, intent.symbol, now)
    account = desk.book.account(intent.account)
    checks = check(intent, _facts(feed, venue, account, intent, instrument, quote, now))
    refusal = first_refusal(checks)
    fills: tuple[Fill, ...] = ()
    if refusal is not None:
        end = OrderEnd(OrderState.REJECTED, f"{refusal.rule}: {refusal.detail}", checks)
    elif instrument is None or quote is None:
        raise IntegrityError("the gate passed an order without an instrument or a quote")
    else:
        fills = venue.execute(intent, instrument, quote, now)
        end = _end_of_match(intent, fills, quote, venue, checks)
    events: list[Event] = []
    told: list[Fill] = []
    cost = ZERO
    for fill in fills:
        entry = _entry(fill, intent, venue, instrument)
        events += [fill_event(fill, intent), entry_event(entry)]
        told.append(fill_of(events[-2]))
        cost = _plus(cost, _cost_of(entry))
    events.append(end_event(intent, end, now))
    return OrderResult(intent, end.state, checks, tuple(told), end.reason, cost=cost), events


def _instrument(feed: QuoteSource, symbol: str) -> Instrument | None:
    try:
        return feed.instrument(symbol)
    except UnknownNameError:
        return None


def _quote(feed: QuoteSource, symbol: str, now: datetime) -> Quote | None:
    try:
        return feed.quote(symbol, now)
    except (UnknownNameError, MissingDataError):
        return None


def _end_of_match(
    intent: OrderIntent, fills: tuple[Fill, ...], quote: Quote, venue: PaperVenue, checks: tuple[GateCheck, ...]
) -> OrderEnd:
    filled = sum(fill.quantity for fill in fills)
    if filled == intent.quantity:
        return OrderEnd(OrderState.FILLED, None, checks)
    price = quote.ask if intent.side is Side.BUY else quote.bid
    name = "ask" if intent.side is Side.BUY else "bid"
    if fills:
        reason = f"{filled} of {intent.quantity} filled, the rest cancelled: no more displayed at the {name}"
    elif price is not None and not acceptable(intent.side, Decimal(repr(price)), intent.limit_price):
        reason = f"the {name} is {price}, the limit {intent.limit_price}"
    else:
        taken = venue.already_taken(intent.side, quote)
        reason = f"all that was displayed at the {name} is taken ({taken} contracts)"
    return OrderEnd(OrderState.CANCELLED, reason, checks)


def _entry(fill: Fill, intent: OrderIntent, venue: PaperVenue, instrument: Instrument | None) -> LedgerEntry:
    if instrument is None:
        raise IntegrityError(f"{fill.fill_id} fills an unknown instrument")
    return trade_entry(
        entry_id=f"{fill.fill_id}/entry",
        account=intent.account,
        venue=venue.name,
        symbol=intent.symbol,
        currency=instrument.currency,
        quantity=Decimal(intent.side.sign * fill.quantity),
        price=fill.price,
        multiplier=instrument.multiplier,
        fee=fill.fee,
        time=fill.filled_at,
        cause=fill.fill_id,
    )


def _cost_of(entry: LedgerEntry) -> Decimal:
    """Signed cash that an entry moved to the venue."""
    held = {leg.commodity for leg in entry.postings if leg.account == f"{entry.account}:positions"}
    cost = ZERO
    for leg in entry.postings:
        if leg.account.startswith("venue:") and leg.commodity not in held:
            cost = _plus(cost, leg.amount)
    return cost


def _plus(one: Decimal, other: Decimal) -> Decimal:
    with exact_arithmetic():
        return one + other


def _answered(log: LogReader, intent: OrderIntent, end: Record) -> OrderResult:
    """The answer that an order had, out of the log alone."""
    told = end_of(end.event)
    fills: list[Fill] = []
    cost = ZERO
    while (record := log.find(fill_id(intent.client_order_id, len(fills) + 1))) is not None:
        fill = fill_of(record.event)
        entry = log.find(f"{fill.fill_id}/entry")
        if entry is None:
            raise IntegrityError(f"{fill.fill_id} has no ledger entry", record.seq)
        cost = _plus(cost, _cost_of(entry_of(entry.event)))
        fills.append(fill)
    return OrderResult(intent, told.state, told.checks, tuple(fills), told.reason, replayed=True, cost=cost)
