"""Events that are about to be written in one transaction, and what book and orders will be once they are.

What comes later in a transaction must see what came before it: an order filled before an expiry is in the book at the
expiry. The desk itself moves only with the log, so a draft keeps copies, made where they are needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.portfolio.ledger import ACCOUNT_OPENED, ENTRY
from optionix_core.sync.event import GENESIS, Record

if TYPE_CHECKING:
    from optionix_core.market.quote import Quote
    from optionix_core.portfolio.fold import BookFold
    from optionix_core.services.desk import Desk
    from optionix_core.sync.event import Event, LogWriter
    from optionix_core.trading.fold import OrderFold
    from optionix_core.trading.orders import Side


class Draft:
    """Hold the desk's lock for as long as a draft on it lives."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._book, self._orders = desk.book, desk.orders
        self.fees = desk.rules.fees
        self._unposted: list[Event] = []
        self._applied = 0
        self.events: list[Event] = []
        self.rules, self.engine, self.watch = desk.rules, desk.engine, desk.watch
        self._moved = False
        """Whether something drafted changes a book."""

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
            if event.type in (ENTRY, ACCOUNT_OPENED):
                self._unposted.append(event)
                self._moved = True

    def forget(self, count: int) -> None:
        """Drop all events but the first `count`."""
        del self.events[count:]
        self._book, self._orders, self._applied = self._desk.book, self._desk.orders, 0
        self._unposted = [event for event in self.events if event.type in (ENTRY, ACCOUNT_OPENED)]
        self._moved = bool(self._unposted)

    def find(self, event_id: str) -> Event | None:
        """A drafted event by its id."""
        return next((event for event in self.events if event.id == event_id), None)

    def write(self, log: LogWriter) -> None:
        """Append all of it in one transaction, with the breaches of limits that what moved a book brings."""
        if self._moved and self._desk.limit_watch is not None:
            self.add(*self._desk.limit_watch(self))
        self._desk.append(log, self.events)
