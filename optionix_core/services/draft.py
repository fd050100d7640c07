"""Events that are about to be written in one transaction, and what book and orders will be once they are.

What comes later in a transaction must see what came before it: an order filled before an expiry is in the book at the
expiry. The desk itself moves only with the log, so a draft keeps copies, made where they are needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.portfolio.ledger import ACCOUNT_OPENED, ENTRY
from optionix_core.portfolio.trades import carries_trades
from optionix_core.sync.event import GENESIS, Record

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.market.quote import Quote
    from optionix_core.portfolio.fold import BookFold
    from optionix_core.services.desk import Desk
    from optionix_core.sync.event import Event, LogWriter
    from optionix_core.trading.executed import Executed
    from optionix_core.trading.fold import OrderFold
    from optionix_core.trading.limit_board import LimitBoard
    from optionix_core.trading.open_order import OpenOrder
    from optionix_core.trading.orders import Side


class Draft:
    """Hold the desk's lock for as long as a draft on it lives."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._book, self._orders = desk.book, desk.orders
        self.fees = desk.rules.fees
        self.venue = desk.venue
        self._unposted: list[Event] = []
        self._applied = 0
        self.events: list[Event] = []
        self.rules, self.engine, self.watch = desk.rules, desk.engine, desk.watch
        self._moved = False
        """Whether something drafted changes a book."""

    @property
    def limits_set(self) -> LimitBoard:
        """Limits on books that are set; no draft that moves a book sets any."""
        return self._desk.orders.limits

    @property
    def book(self) -> BookFold:
        """The book, the drafted events in. Reading it is all that may be done with it."""
        if self._unposted:
            if self._book is self._desk.book:
                self._book = self._desk.book.copy()
            for event in self._unposted:
                self._book.apply(Record(self._book.head.seq + 1, event, b"", GENESIS))
            self._unposted = []
        return self._book

    @property
    def orders(self) -> OrderFold:
        """Open orders, the drafted events in. Reading them is all that may be done with them."""
        if self._applied < len(self.events):
            if self._orders is self._desk.orders:
                self._orders = self._desk.orders.copy()
            for event in self.events[self._applied :]:
                self._orders.apply_event(event)
            self._applied = len(self.events)
        return self._orders

    def already_taken(self, side: Side, quote: Quote) -> int:
        """Contracts that fills took from a quote, the drafted ones among them."""
        return self.orders.already_taken(side, quote)

    def add(self, *events: Event) -> None:
        """Take events in, in order."""
        for event in events:
            self.events.append(event)
            if _posts(event):
                self._unposted.append(event)
                self._moved = True

    def forget(self, count: int) -> None:
        """Drop all events but the first `count`."""
        del self.events[count:]
        self._book, self._orders, self._applied = self._desk.book, self._desk.orders, 0
        self._unposted = [event for event in self.events if _posts(event)]
        self._moved = bool(self._unposted)

    def take(self, done: Executed, time: datetime) -> None:
        """Take in an order of a batch, whose record comes once for all of them, by `settle`."""
        book, orders = self.book, self.orders
        if book is self._desk.book:
            self._book = book = book.copy()
        if orders is self._desk.orders:
            self._orders = orders = orders.copy()
        self._moved = True
        for trade in done.trades:
            book.trade(trade)
        orders.execute(done, time)

    def settle(self, log: LogWriter, batch: Event) -> None:
        """Append what is drafted and the record of the orders that were taken in, which makes the draft the desk.

        Breaches of limits that the batch brings come after it.
        """
        before = len(self.events)
        if self._moved and self._desk.limit_watch is not None:
            self.add(*self._desk.limit_watch(self))
        events = (*self.events[:before], batch, *self.events[before:])
        self._desk.adopt(log, events, self.book, self.orders)

    def here(self, account: str) -> bool:
        """Whether orders and positions of an account are this venue's."""
        return self._desk.venue_for(account) == self.venue

    def orders_here(self) -> tuple[OpenOrder, ...]:
        """Open orders of this venue, the drafted events in, in the order in which they were wanted."""
        return tuple([order for order in self.orders.orders() if self.here(order.intent.account)])

    def find(self, event_id: str) -> Event | None:
        """A drafted event by its id."""
        return next((event for event in self.events if event.id == event_id), None)

    def write(self, log: LogWriter) -> None:
        """Append all of it in one transaction, with the breaches of limits that what moved a book brings."""
        if self._moved and self._desk.limit_watch is not None:
            self.add(*self._desk.limit_watch(self))
        self._desk.append(log, self.events)


def _posts(event: Event) -> bool:
    """Whether an event changes a book."""
    return event.type in (ENTRY, ACCOUNT_OPENED) or carries_trades(event)
