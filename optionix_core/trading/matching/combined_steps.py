"""Legs' books and the combinations that rest above them: what one step does to both, and what is told of it.

Refuses nothing: whoever sends an order has asked before (`combined_books`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.trading.matching.books import Books
from optionix_core.trading.matching.combinations import (
    Combination,
    CombinationEvent,
    CombinationOrder,
    LegFill,
    RestingCombination,
)
from optionix_core.trading.matching.implied import Run, is_open, offered
from optionix_core.trading.matching.layout import (
    BOOK,
    EVENT_ROW,
    FILL,
    HANDLE,
    IMMEDIATE,
    KIND,
    LIMIT,
    MAKER,
    PIECE,
    PRICE,
    QUANTITY,
    REASON,
    SIDE,
    TIME,
    EventKind,
    FillModel,
    Reason,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]


class CombinedEvents(NamedTuple):
    """What happened, in the legs' books and to combinations; `sequence` orders both."""

    legs: Rows
    """As `Books.submit` tells; of a combination's legs the taker is its handle."""
    combinations: tuple[CombinationEvent, ...]


class CombinedSteps:
    """`count` books, the combinations of them that may be traded, and the orders for these that rest."""

    __slots__ = ("_rows", "_told", "books", "combinations", "resting")

    def __init__(self, count: int, combinations: Sequence[Combination]) -> None:
        self.books = Books(count)
        self.combinations = tuple(combinations)
        for row, combination in enumerate(self.combinations):
            for leg in combination.legs:
                if not 0 <= leg.book < count:
                    raise InvalidValueError("book", leg.book, f"from 0 to {count - 1}", row)
        self.resting: dict[int, RestingCombination] = {}
        self._rows: list[Sequence[int]] = []
        self._told: list[CombinationEvent] = []

    def _direct(self, order: CombinationOrder) -> RestingCombination | None:
        """The best order of the other side of the same combination, where it is at the limit or better."""
        queue = self._queue(order.combination, -order.side)
        return queue[0] if queue and order.side * (queue[0].order.price - order.price) <= 0 else None

    def _queue(self, combination: int, side: int) -> list[RestingCombination]:
        """Working orders of one side, best first, then in time."""
        mine = (one for one in self.resting.values() if (one.order.combination, one.order.side) == (combination, side))
        return sorted(mine, key=lambda one: (-side * one.order.price, one.arrival))

    def _lots(self, order: CombinationOrder) -> tuple[tuple[int, int], ...]:
        return self.combinations[order.combination].lots(order.side)

    def _run_of(self, order: CombinationOrder, units: int) -> Run | None:
        """The next units that the legs' books give within the limit."""
        run = offered(self.books, self._lots(order), order.owner, units)
        return run if run is not None and run.cost <= order.side * order.price else None

    def _take_legs(self, order: CombinationOrder, lots: Sequence[tuple[int, int]], run: Run) -> tuple[LegFill, ...]:
        """Trade a run's lots in the legs' books: all of them, or the books contradict themselves."""
        fills: list[LegFill] = []
        for (book, signed), price in zip(lots, run.limits, strict=True):
            wanted = run.units * abs(signed)
            events = self._piece(book, order.handle, _sign(signed), price, wanted, order.owner, LIMIT)
            mine = [row for row in events if row[KIND] == FILL]
            if sum(row[QUANTITY] for row in mine) != wanted:
                raise IntegrityError(
                    f"leg {book} of combination order {order.handle} did not trade {wanted} lots as offered"
                )
            fills += [LegFill(book, _sign(signed), r[PRICE], r[QUANTITY], r[MAKER], FillModel(r[REASON])) for r in mine]
        return tuple(fills)

    def _piece(
        self, book: int, handle: int, side: int, price: int, quantity: int, owner: int, kind: int
    ) -> list[list[int]]:
        """An immediate part of a larger order: its events, which are told too."""
        flags = IMMEDIATE | PIECE
        return self._do((kind, self.books.clock, book, handle, side, price, quantity, flags, owner, 0, 0, 0))

    def _do(self, message: Sequence[int]) -> list[list[int]]:
        import numpy as np

        rows: list[list[int]] = self.books.submit_unchecked(np.array([message], dtype=np.int64)).tolist()
        self._rows += rows
        return rows

    def _reduce(
        self,
        resting: RestingCombination,
        units: int,
        price: int,
        against: int,
        legs: tuple[LegFill, ...],
        model: FillModel,
    ) -> None:
        """Fill a resting combination."""
        left = resting.open_units - units
        if left > 0:
            self.resting[resting.order.handle] = resting._replace(open_units=left)
        else:
            del self.resting[resting.order.handle]
        self._tell(EventKind.FILL, resting.order, units, left, price, against, legs, model)

    def _settle(self, books: set[int], before: int) -> None:
        """Sweep these books and those of the events since `before`, until nothing happens.

        What was taken from a book may have lain before offers that others may take, such as an owner's own order.
        """
        while self.resting and (books := books | {row[BOOK] for row in self._rows[before:]}):
            before = len(self._rows)
            for book in sorted(books):
                self._sweep(book)
            books = set()

    def _sweep(self, book: int) -> None:
        """Let resting combinations with a leg in this book take what their books offer, the best of a side first."""
        tried: set[tuple[int, int]] = set()
        for first in sorted(self.resting.values(), key=lambda one: one.arrival):
            queue_of = (first.order.combination, first.order.side)
            if queue_of in tried or all(book != leg.book for leg in self.combinations[queue_of[0]].legs):
                continue
            tried.add(queue_of)
            if not is_open(self.books, self.combinations[first.order.combination]):
                continue
            for resting in self._queue(*queue_of):
                left = resting
                while left.open_units > 0 and (run := self._run_of(left.order, left.open_units)) is not None:
                    fills = self._take_legs(left.order, self._lots(left.order), run)
                    self._reduce(left, run.units, left.order.side * run.cost, 0, fills, FillModel.IMPLIED_IN)
                    left = left._replace(open_units=left.open_units - run.units)

    def _reject(self, message: Sequence[int], reason: Reason) -> None:
        self.books.at(message[TIME])
        head = (message[BOOK], message[HANDLE], message[SIDE], message[PRICE], message[QUANTITY])
        self._rows.append(self.books.told((EventKind.REJECTED, message[TIME], *head, 0, 0, 0, reason)))

    def _tell(
        self,
        kind: EventKind,
        order: CombinationOrder,
        units: int,
        left: int,
        price: int | None = None,
        against: int = 0,
        legs: tuple[LegFill, ...] = (),
        model: FillModel | None = None,
        reason: Reason | None = None,
    ) -> None:
        (sequence,) = self.books.told(())
        net = order.price if price is None else price
        head = (kind, sequence, self.books.clock, order.handle, order.side, net, units, left)
        self._told.append(CombinationEvent(*head, against, legs, model, reason))

    def _events(self) -> CombinedEvents:
        import numpy as np

        rows = np.array(self._rows, dtype=np.int64).reshape(-1, EVENT_ROW)
        told = tuple(self._told)
        self._rows, self._told = [], []
        return CombinedEvents(rows, told)


def _sign(number: int) -> int:
    return 1 if number > 0 else -1
