"""Bringing the paper venue up to now: what time alone does to the book, whoever takes the lock first.

Positions whose settlement moment has passed are settled at the feed's price of that very moment; the
price is fixed in an event before anything is paid by it, and all of it is one transaction. Intents
that a killed process left without an end are ended as expired. What cannot be settled stays in the
book and is told, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.market import symbols
from optionix_core.market.quote import Quote
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import ZERO, decimal_text
from optionix_core.portfolio.expiry import (
    settlement_event,
    settlement_id,
    settlement_price,
    settlement_value,
    settles_in_cash,
)
from optionix_core.portfolio.ledger import entry_event, expiry_entry
from optionix_core.trading.gate import LOCAL_SIM
from optionix_core.trading.orders import OrderState
from optionix_core.trading.records import OrderEnd, end_event, intent_id, intent_of

if TYPE_CHECKING:
    from optionix_core.market.instruments import Instrument
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.portfolio.values import Position
    from optionix_core.services.desk import Desk
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import Event, LogReader, LogWriter

INTERRUPTED: Final = "interrupted"
"""Reason of an order whose process died between its intent and its end."""

_DAY: Final = timedelta(days=1)


@runtime_checkable
class _PublishesSettlements(Protocol):
    """A feed whose exchange publishes a settlement price beside its quotes."""

    def settlement_price(self, underlying: str, expires_at: datetime) -> float:
        """The price on which options of that moment settle."""
        ...


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A position past its settlement moment that could not be settled."""

    account: str
    symbol: str
    reason: str


@dataclass(frozen=True, slots=True)
class VenueUpdate:
    """What bringing the venue up to now did."""

    settled: tuple[tuple[str, str, Decimal], ...] = ()
    """Account, symbol and signed cash that came in."""
    interrupted: tuple[str, ...] = ()
    """Client order ids that were ended as expired."""
    unsettled: tuple[Unsettled, ...] = ()


def bring_up_to_date(workspace: Workspace, lock_timeout: float | None = None) -> VenueUpdate:
    """Take the lock and bring the venue up to the clock's now; takes no lock where nothing is due.

    Waits `lock_timeout` seconds for the lock (None: as long as the workspace says), then raises HomeLockedError.
    """
    desk = workspace.desk
    desk.follow(workspace.store)
    now = workspace.clock.now()
    with desk.lock:
        idle = not desk.orders.open_orders() and not (due(desk, now) and _expired(desk, workspace.venue_feed, now))
    if idle:
        return VenueUpdate()
    timeout = workspace.lock_timeout if lock_timeout is None else lock_timeout
    with workspace.store.writing("bring the paper venue up to date", timeout) as log, desk.lock:
        desk.follow(log)
        update = update_under_lock(log, desk, workspace.venue_feed, workspace.clock.now())
        desk.keep(log)
        return update


def due(desk: Desk, now: datetime) -> tuple[Position, ...]:
    """Open positions on the paper venue whose expiry date is here or past; the feed knows the hour."""
    today = (now + _DAY).date()
    return tuple(
        position
        for account in desk.book.accounts()
        if account.venue == LOCAL_SIM
        for position in account.positions
        if symbols.terms(position.symbol).expiry <= today
    )


def update_under_lock(
    log: LogWriter, desk: Desk, feed: QuoteSource, now: datetime, going_on: str | None = None
) -> VenueUpdate:
    """As `bring_up_to_date`, by whoever holds the lock. The open order `going_on` is left open.

    `feed` is the venue's own.
    """
    events: list[Event] = []
    interrupted = tuple(order for order in desk.orders.open_orders() if order != going_on)
    events += [_interruption(log, order, now) for order in interrupted]
    settled: list[tuple[str, str, Decimal]] = []
    unsettled: list[Unsettled] = []
    prices: dict[str, Decimal] = {}
    expired = [(instrument.expires_at, position, instrument) for position, instrument in _expired(desk, feed, now)]
    for _, position, instrument in sorted(expired, key=lambda item: (item[0], item[1].account, item[1].symbol)):
        if not settles_in_cash(instrument):
            reason = "only European, cash-settled options settle by themselves"
            unsettled.append(Unsettled(position.account, position.symbol, reason))
            continue
        try:
            price = _price(log, feed, instrument, prices, events)
        except MissingDataError as error:
            unsettled.append(Unsettled(position.account, position.symbol, str(error)))
            continue
        value = settlement_value(instrument, position.quantity, price)
        settled.append((position.account, position.symbol, value))
        events.append(_settlement(position, instrument, price, value))
    desk.append(log, events)
    return VenueUpdate(tuple(settled), interrupted, tuple(unsettled))


def _expired(desk: Desk, feed: QuoteSource, now: datetime) -> list[tuple[Position, Instrument]]:
    found = []
    for position in due(desk, now):
        try:
            instrument = feed.instrument(position.symbol)
        except UnknownNameError:
            continue
        if instrument.expires_at <= now:
            found.append((position, instrument))
    return found


def _price(
    log: LogReader, feed: QuoteSource, instrument: Instrument, prices: dict[str, Decimal], events: list[Event]
) -> Decimal:
    """The one settlement price of an underlying and moment: as fixed before, or fixed now by an event."""
    event_id = settlement_id(instrument.underlying, instrument.expires_at)
    if event_id not in prices:
        fixed = log.find(event_id)
        if fixed is None:
            spot = _settlement_quote(feed, instrument)
            prices[event_id] = settlement_price(spot)
            events.append(settlement_event(instrument, prices[event_id], spot))
        else:
            prices[event_id] = fields.decimal(fixed.event.payload, "price")
    return prices[event_id]


def _settlement_quote(feed: QuoteSource, instrument: Instrument) -> Quote:
    """The published settlement price where the feed has one, else the underlying's quote at that moment."""
    underlying, moment = instrument.underlying, instrument.expires_at
    if isinstance(feed, _PublishesSettlements):
        price = feed.settlement_price(underlying, moment)
        return Quote(underlying, feed.name, received_at=moment, exchange_time=moment, last=price)
    return feed.spot(underlying, moment)


def _settlement(position: Position, instrument: Instrument, price: Decimal, value: Decimal) -> Event:
    worth = "worthless" if value == ZERO else f"for {decimal_text(value)}"
    return entry_event(
        expiry_entry(
            entry_id=f"account/{position.account}/expiry/{position.symbol}",
            account=position.account,
            venue=LOCAL_SIM,
            symbol=position.symbol,
            currency=position.currency,
            quantity=position.quantity,
            value=value,
            time=instrument.expires_at,
            memo=f"expired {worth}: {instrument.underlying} settled at {decimal_text(price)}",
            cause=settlement_id(instrument.underlying, instrument.expires_at),
        )
    )


def _interruption(log: LogReader, client_order_id: str, now: datetime) -> Event:
    record = log.find(intent_id(client_order_id))
    if record is None:
        raise MissingDataError(f"the intent of order {client_order_id} is not in the log")
    return end_event(intent_of(record.event), OrderEnd(OrderState.EXPIRED, INTERRUPTED, ()), now)
