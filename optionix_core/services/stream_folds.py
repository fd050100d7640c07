"""Book and orders at one place of a log, to try events on: by a server that judges, by a device after a pull."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Self

from optionix_core.errors import OptionixError
from optionix_core.portfolio.fold import BookFold
from optionix_core.sync.event import EMPTY_HEAD, Head, Record
from optionix_core.trading.fold import OrderFold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from optionix_core.sync.event import Event, LogReader

UNREADABLE: Final = (OptionixError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError)
"""What a fold raises over a payload that is none of its forms."""


class Folds:
    """Book and orders of a stream at one place."""

    __slots__ = ("book", "orders")

    def __init__(self, book: BookFold | None = None, orders: OrderFold | None = None) -> None:
        self.book = BookFold() if book is None else book
        self.orders = OrderFold() if orders is None else orders

    @property
    def head(self) -> Head:
        """The last record in them."""
        return self.book.head

    def to_bytes(self) -> bytes:
        """The canonical bytes of the whole state."""
        state = {"book": self.book.state(), "orders": self.orders.state()}
        return json.dumps(state, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def of_bytes(cls, data: bytes) -> Self:
        """The state that `to_bytes` wrote."""
        state = json.loads(data)
        return cls(BookFold.of_state(state["book"]), OrderFold.of_state(state["orders"]))

    def copy(self) -> Self:
        """Folds of their own in the same state."""
        return type(self)(self.book.copy(), self.orders.copy())

    def apply(self, record: Record) -> None:
        """Take the next record."""
        self.orders.apply(record)
        self.book.apply(record)

    def follow(self, log: LogReader) -> None:
        """Take in what is new in `log`."""
        for record in log.read(self.head.seq):
            self.apply(record)

    def continues(self, log: LogReader) -> bool:
        """Whether the log still holds the record that was taken last."""
        if self.head == EMPTY_HEAD:
            return True
        last = next(iter(log.read(self.head.seq - 1, 1)), None)
        return last is not None and last.hash == self.head.hash


class Trial:
    """Events tried one after the other on a copy; what is refused leaves no trace."""

    def __init__(self, start: Folds) -> None:
        self._start = start
        self._taken: list[Event] = []
        self.folds = start.copy()

    def take(self, event: Event) -> str | None:
        """Take an event; why the folds refuse it, None where they took it."""
        try:
            self.folds.apply(Record(self.folds.head.seq + 1, event, b"", b""))
        except UNREADABLE as error:
            self._again(self._taken)
            return str(error) or type(error).__name__
        self._taken.append(event)
        return None

    def drop(self) -> None:
        """Undo the last one that was taken."""
        self._taken.pop()
        self._again(self._taken)

    def _again(self, events: Iterable[Event]) -> None:
        """Make the folds anew: what failed may have left half of itself in them."""
        self.folds = self._start.copy()
        for event in events:
            self.folds.apply(Record(self.folds.head.seq + 1, event, b"", b""))
