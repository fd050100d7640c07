"""Settling what has expired: the feed's price of that very moment, fixed in an event before anything is paid by it.

European options settled in cash are paid. Options that deliver shares, and American ones, go by exception and by what
their holders said (`exercise_instructions`): what is exercised or assigned is delivered in one entry each, the rest
expires. Options paid in coins, and those whose deliverable was adjusted, stay and are told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.market import symbols
from optionix_core.market.products import product
from optionix_core.market.quote import Quote
from optionix_core.portfolio import fields
from optionix_core.portfolio.deliverables import kind_of
from optionix_core.portfolio.deliveries import act_event, delivery_entry, in_cash, physical
from optionix_core.portfolio.exact import ZERO, decimal_text
from optionix_core.portfolio.exercise_instructions import Instruction, fate, instruction_id, instruction_of
from optionix_core.portfolio.expiry import (
    settlement_event,
    settlement_id,
    settlement_price,
    settlement_value,
    settles_in_cash,
)
from optionix_core.portfolio.ledger import entry_event, expiry_entry

if TYPE_CHECKING:
    from optionix_core.market.instruments import Instrument
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.portfolio.fold import BookFold
    from optionix_core.portfolio.values import Position
    from optionix_core.services.draft import Draft
    from optionix_core.sync.event import Event, LogReader

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


def due(book: BookFold, now: datetime, venue: str) -> tuple[Position, ...]:
    """Open positions in options on a paper venue whose expiry date is here or past; the feed knows the hour."""
    latest = latest_due(now)
    return tuple(
        position
        for account in book.accounts()
        if account.venue == venue
        for position in account.positions
        if kind_of(position.symbol) == "option" and symbols.terms(position.symbol).expiry <= latest
    )


def latest_due(now: datetime) -> date:
    """The last expiry date that may have come at `now`, wherever the exchange is."""
    return (now + _DAY).date()


def expired(book: BookFold, feed: QuoteSource, now: datetime, venue: str) -> list[tuple[Position, Instrument]]:
    """Those of them that have expired at `now`, in order of time, account and symbol."""
    found = []
    for position in due(book, now, venue):
        try:
            instrument = feed.instrument(position.symbol)
        except UnknownNameError:
            continue
        if instrument.expires_at <= now:
            found.append((position, instrument))
    return sorted(found, key=lambda item: (item[1].expires_at, item[0].account, item[0].symbol))


class Settling:
    """Settles positions in a draft, and remembers what could not be settled."""

    def __init__(self, draft: Draft, log: LogReader, feed: QuoteSource) -> None:
        self._draft, self._log, self._feed = draft, log, feed
        self.settled: list[tuple[str, str, Decimal]] = []
        self.unsettled: list[Unsettled] = []

    def settle(self, now: datetime) -> None:
        """Settle what has expired at `now` and was not looked at yet."""
        known = {(item.account, item.symbol) for item in self.unsettled}
        open_ = expired(self._draft.book, self._feed, now, self._draft.venue)
        self._settle((position, one) for position, one in open_ if (position.account, position.symbol) not in known)

    def _settle(self, positions: Iterable[tuple[Position, Instrument]]) -> None:
        for position, instrument in positions:
            reason = why_not(position, instrument)
            if reason is not None:
                self.unsettled.append(Unsettled(position.account, position.symbol, reason))
                continue
            try:
                price = self._price(instrument)
            except MissingDataError as error:
                self.unsettled.append(Unsettled(position.account, position.symbol, str(error)))
                continue
            told = last_instruction(self._log, position.account, position.symbol)
            if told is None and settles_in_cash(instrument):
                value = settlement_value(instrument, position.quantity, price)
                self._draft.add(_settlement(position, instrument, price, value, self._draft.venue))
            else:
                value = self._by_exception(position, instrument, price, told)
            self.settled.append((position.account, position.symbol, value))

    def _by_exception(
        self, position: Position, instrument: Instrument, price: Decimal, told: Instruction | None
    ) -> Decimal:
        """Deliver what is exercised or assigned, let the rest expire; the signed cash that comes in."""
        found = fate(instrument, position.quantity, price, told)
        cash = ZERO
        if found.contracts:
            why = "by exception" if told is None else f"by exception, and as instructed: {told.wish} {told.contracts}"
            event = act_event(
                found.act, position.account, instrument, found.contracts, instrument.expires_at, f"at expiry {why}"
            )
            if product(instrument.root).cash_settled:
                moved = in_cash(found.act, instrument, found.contracts, price)
            else:
                moved = physical(found.act, instrument, found.contracts)
            cash = moved.cash
            entry = delivery_entry(
                act=found.act,
                entry_id=f"account/{position.account}/expiry/{position.symbol}/{found.act}",
                account=position.account,
                venue=self._draft.venue,
                instrument=instrument,
                delivery=moved,
                time=instrument.expires_at,
                cause=event.id,
            )
            self._draft.add(event, entry_event(entry))
        if found.expired:
            rest = replace(position, quantity=Decimal(found.expired).copy_sign(position.quantity))
            self._draft.add(_settlement(rest, instrument, price, ZERO, self._draft.venue))
        return cash

    def _price(self, instrument: Instrument) -> Decimal:
        """The one settlement price of an underlying and moment: as fixed before, or fixed now by an event."""
        event_id = settlement_id(instrument.underlying, instrument.expires_at)
        fixed = self._draft.find(event_id)
        if fixed is None:
            record = self._log.find(event_id)
            fixed = None if record is None else record.event
        if fixed is not None:
            return fields.decimal(fixed.payload, "price")
        spot = self._settlement_quote(instrument)
        price = settlement_price(spot)
        self._draft.add(settlement_event(instrument, price, spot))
        return price

    def _settlement_quote(self, instrument: Instrument) -> Quote:
        """The published settlement price where the feed has one, else the underlying's quote at that moment."""
        underlying, moment, feed = instrument.underlying, instrument.expires_at, self._feed
        if isinstance(feed, _PublishesSettlements):
            price = feed.settlement_price(underlying, moment)
            return Quote(underlying, feed.name, received_at=moment, exchange_time=moment, last=price)
        return feed.spot(underlying, moment)


def why_not(position: Position, instrument: Instrument) -> str | None:
    """Why a position does not settle by itself; None where it does."""
    if instrument.inverse:
        return "options paid in coins do not settle on this venue"
    if product(instrument.root).adjusted:
        return "its deliverable was adjusted: what a contract delivers is not on record"
    if position.quantity != int(position.quantity):
        return f"{decimal_text(position.quantity)} is not a whole number of contracts"
    return None


def last_instruction(log: LogReader, account: str, symbol: str) -> Instruction | None:
    """What an account said last about an option; None where it said nothing."""
    found, number = None, 1
    while (record := log.find(instruction_id(account, symbol, number))) is not None:
        found, number = instruction_of(record.event), number + 1
    return found


def _settlement(position: Position, instrument: Instrument, price: Decimal, value: Decimal, venue: str) -> Event:
    worth = "worthless" if value == ZERO else f"for {decimal_text(value)}"
    return entry_event(
        expiry_entry(
            entry_id=f"account/{position.account}/expiry/{position.symbol}",
            account=position.account,
            venue=venue,
            symbol=position.symbol,
            currency=position.currency,
            quantity=position.quantity,
            value=value,
            time=instrument.expires_at,
            memo=f"expired {worth}: {instrument.underlying} settled at {decimal_text(price)}",
            cause=settlement_id(instrument.underlying, instrument.expires_at),
        )
    )
