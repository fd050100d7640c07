"""The book as it was at a moment that has passed: the log's events up to it, folded anew.

An event counts by its own time, not by when it was written: what a venue that was left alone learnt later stands where
it happened. Reading writes nothing and takes no lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from optionix_core.portfolio.fold import BookFold
from optionix_core.sync.event import LogReader, Record
from optionix_core.trading.fold import OrderFold


@dataclass(frozen=True, slots=True)
class Past:
    """Book and open orders at a moment. Reading is all that may be done with them."""

    moment: datetime
    book: BookFold
    orders: OrderFold


def as_it_was(log: LogReader, moment: datetime) -> Past:
    """Book and open orders once everything until `moment`, that moment in, has happened."""
    book, orders = BookFold(), OrderFold()
    for record in log.read():
        if record.event.time <= moment:
            orders.apply(record)
            book.apply(Record(book.head.seq + 1, record.event, record.data, record.hash))
    return Past(moment, book, orders)
