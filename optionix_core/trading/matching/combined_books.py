"""Books of legs and of combinations of them: liquidity implied in both directions, always whole units of all legs.

Who meets whom, in this order (docs/trading/matching.md):
    1. the better price for whoever comes;
    2. at one price a direct order (of the same combination, or of the leg's book and its outside market) before an
       implied one;
    3. among implied ones the combination that came first.
Implied liquidity comes from the legs' books themselves, never from other implied liquidity. Orders of one owner never
meet through it: what lies behind one's own order is not counted. A combination trades only while all its legs are open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.trading.matching.books import Books
from optionix_core.trading.matching.combination_bytes import read, written
from optionix_core.trading.matching.combinations import (
    Combination,
    CombinationEvent,
    CombinationOrder,
    LegFill,
    RestingCombination,
    check_order,
)
from optionix_core.trading.matching.implied import Implied, Run, implied_in_leg, is_open, offered
from optionix_core.trading.matching.layout import (
    AHEAD_AS_DISPLAYED,
    BOOK,
    EVENT_ROW,
    FILL,
    FILL_OR_KILL,
    FLAGS,
    HANDLE,
    IMMEDIATE,
    KIND,
    LIMIT,
    MAKER,
    MARKET,
    MESSAGE_ROW,
    OWNER,
    PIECE,
    PLACE,
    POST_ONLY,
    PRICE,
    PRICE_LIMIT,
    QUANTITY,
    REASON,
    SELF_MATCH,
    SIDE,
    TIME,
    EventKind,
    FillModel,
    Phase,
    Reason,
)
from optionix_core.trading.matching.messages import Message, check

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

_SHUT = {Phase.CLOSED: Reason.BOOK_CLOSED, Phase.HALTED: Reason.BOOK_HALTED, Phase.AUCTION: Reason.COLLECTING}


class CombinedEvents(NamedTuple):
    """What happened, in the legs' books and to combinations; `sequence` orders both."""

    legs: Rows
    """As `Books.submit` tells; of a combination's legs the taker is its handle."""
    combinations: tuple[CombinationEvent, ...]


class CombinedBooks:
    """`count` books and the combinations of them that may be traded."""

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

    def copy(self) -> CombinedBooks:
        """Books of their own that answer alike."""
        other = CombinedBooks(self.books.count, self.combinations)
        other.books, other.resting = self.books.copy(), dict(self.resting)
        return other

    def to_bytes(self) -> bytes:
        """Canonical bytes: the combinations, their working orders by handle, then those of the legs' books."""
        return written(self.combinations, self.resting) + self.books.to_bytes()

    @classmethod
    def from_bytes(cls, of: bytes) -> CombinedBooks:
        """The books of `to_bytes`. Raises IntegrityError where the bytes are not theirs."""
        combinations, resting, rest = read(of)
        legs = Books.from_bytes(rest)
        books = cls(legs.count, combinations)
        books.books, books.resting = legs, resting
        return books

    def submit(self, messages: Sequence[Message] | Rows) -> CombinedEvents:
        """Do messages of the legs' books in order. Raises as `Books.submit` does; then none was done."""
        import numpy as np

        if not self.resting:
            return CombinedEvents(self.books.submit(messages), ())
        rows = np.array(messages, dtype=np.int64).reshape(-1, MESSAGE_ROW).tolist()
        clock = self.books.clock
        for number, row in enumerate(rows):
            check(row, self.books.count, clock, number)
            clock = row[TIME]
        for row in rows:
            before = len(self._rows)
            if row[KIND] in (LIMIT, MARKET):
                self._leg_order(row)
            else:
                self._do(row)
            self._settle({row[BOOK]}, before)
        return self._events()

    def submit_order(self, order: CombinationOrder, time: int) -> CombinedEvents:
        """Match an order for a combination; what is left rests unless its flags say otherwise."""
        check_order(order, len(self.combinations))
        self.books.at(time)
        reason = self._objection(order)
        if reason is not None:
            self._tell(EventKind.REJECTED, order, order.units, 0, reason=reason)
            return self._events()
        self._tell(EventKind.ACCEPTED, order, order.units, order.units)
        before = len(self._rows)
        self._enter(order, order.units)
        self._settle(set(), before)
        return self._events()

    def cancel_order(self, handle: int, time: int) -> CombinedEvents:
        """Take a combination order out, in any phase."""
        self.books.at(time)
        resting = self.resting.pop(handle, None)
        if resting is None:
            order = CombinationOrder(handle, 0, 0, 0, 0)
            self._tell(EventKind.REJECTED, order, 0, 0, reason=Reason.NO_ORDER)
        else:
            self._tell(EventKind.CANCELLED, resting.order, resting.open_units, 0, reason=Reason.REQUESTED)
        return self._events()

    def _objection(self, order: CombinationOrder) -> Reason | None:
        if order.handle in self.resting or self.books.order(order.handle) is not None:
            return Reason.DUPLICATE
        phases = {self.books.phase(book) for book, _ in self._lots(order)}
        for phase, reason in _SHUT.items():
            if phase in phases:
                return reason
        if order.flags & POST_ONLY and (self._direct(order) or self._run_of(order, order.units)):
            return Reason.WOULD_TAKE
        if order.flags & FILL_OR_KILL:
            trial = self.copy()
            if trial._enter(order._replace(flags=IMMEDIATE), order.units) > 0:  # noqa: SLF001 - of its own kind
                return Reason.NOT_FILLABLE
        return None

    def _enter(self, order: CombinationOrder, left: int) -> int:
        """Match an accepted order; answers the units that were not filled."""
        while left > 0:
            other, run = self._direct(order), self._run_of(order, left)
            if other is not None and (run is None or order.side * other.order.price <= run.cost):
                if order.owner and other.order.owner == order.owner:
                    self._tell(EventKind.CANCELLED, order, left, 0, reason=Reason.SELF_MATCH)
                    return left
                units = min(left, other.open_units)
                left -= units
                price = other.order.price
                self._tell(EventKind.FILL, order, units, left, price, other.order.handle, (), FillModel.COMBINED)
                self._reduce(other, units, price, order.handle, (), FillModel.COMBINED)
            elif run is not None:
                left -= run.units
                fills = self._take_legs(order, self._lots(order), run)
                price = order.side * run.cost
                self._tell(EventKind.FILL, order, run.units, left, price, 0, fills, FillModel.IMPLIED_IN)
            else:
                break
        if left > 0 and order.flags & (IMMEDIATE | FILL_OR_KILL):
            self._tell(EventKind.CANCELLED, order, left, 0, reason=Reason.REMAINDER)
        elif left > 0:
            self.resting[order.handle] = RestingCombination(order, left, self.books.sequence)
        return left

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

    def _leg_order(self, message: Sequence[int]) -> None:
        """Match an order of a leg with its book and with what resting combinations imply, the better first."""
        book, handle, side, flags = message[BOOK], message[HANDLE], message[SIDE], message[FLAGS]
        quantity, owner = message[QUANTITY], message[OWNER]
        limit = message[PRICE] if message[KIND] == LIMIT else side * PRICE_LIMIT
        if handle in self.resting:
            self._reject(message, Reason.DUPLICATE)
        elif (
            self.books.order(handle) is not None
            or self.books.phase(book) is not Phase.OPEN
            or self._implied(message, quantity, limit) is None
        ):
            self._do(message)
        elif flags & POST_ONLY:
            self._reject(message, Reason.WOULD_TAKE)
        elif flags & FILL_OR_KILL and self.copy()._take(message, limit) != 0:  # noqa: SLF001 - of its own kind
            self._reject(message, Reason.NOT_FILLABLE)
        else:
            self.books.at(message[TIME])
            head = (message[TIME], book, handle, side, message[PRICE])
            self._rows.append(self.books.told((EventKind.ACCEPTED, *head, quantity, quantity, 0, 0, 0)))
            left = self._take(message, limit)
            if left == 0:
                return
            if left < 0 or flags & (IMMEDIATE | FILL_OR_KILL) or message[KIND] == MARKET:
                if left > 0:
                    row = (EventKind.CANCELLED, *head, left, 0, 0, 0, Reason.REMAINDER)
                    self._rows.append(self.books.told(row))
                return
            placed = (PLACE, message[TIME], book, handle, side, limit, left, 0, owner)
            self._do((*placed, quantity - left, AHEAD_AS_DISPLAYED, self.books.sequence))

    def _take(self, message: Sequence[int], limit: int) -> int:
        """What a leg's order does not fill; -1 where it met an order of its owner and was cancelled."""
        book, handle, side, left, owner = (message[i] for i in (BOOK, HANDLE, SIDE, QUANTITY, OWNER))
        while left > 0:
            implied = self._implied(message, left, limit)
            best = next(self.books.offered(book, -side), None)
            if implied is None or (best is not None and side * (best[0] - implied.price) <= 0):
                to = limit if implied is None else implied.price
                kind = MARKET if abs(to) == PRICE_LIMIT else LIMIT
                events = self._piece(book, handle, side, to, left, owner, kind)
                filled = sum(row[QUANTITY] for row in events if row[KIND] == FILL)
                if any(row[KIND] == EventKind.CANCELLED and row[REASON] == SELF_MATCH for row in events):
                    return -1
                left -= filled
                if implied is None:
                    break
            else:
                units = min(implied.run.units, left // abs(implied.lots))
                left -= units * abs(implied.lots)
                self._imply_out(message, implied, units, left)
        return left

    def _implied(self, message: Sequence[int], quantity: int, limit: int) -> Implied | None:
        taker = (message[BOOK], message[SIDE], quantity, message[OWNER])
        return implied_in_leg(self.books, self.combinations, self.resting.values(), taker, limit)

    def _imply_out(self, message: Sequence[int], implied: Implied, units: int, left: int) -> None:
        """Trade a leg's order with a resting combination, and the combination's other legs in their books."""
        book, handle, side, time = (message[i] for i in (BOOK, HANDLE, SIDE, TIME))
        order, lots = implied.resting.order, units * abs(implied.lots)
        rest = (implied.resting.open_units - units) * abs(implied.lots)
        others = tuple(one for one in self._lots(order) if one[0] != book)
        row = (FILL, time, book, handle, side, implied.price, lots, left, order.handle, rest, FillModel.IMPLIED_OUT)
        self._rows.append(self.books.told(row))
        fills = self._take_legs(order, others, implied.run._replace(units=units))
        mine = LegFill(book, -side, implied.price, lots, handle, FillModel.IMPLIED_OUT)
        price = order.side * (implied.run.cost + implied.lots * implied.price)
        self._reduce(implied.resting, units, price, handle, (mine, *fills), FillModel.IMPLIED_OUT)

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
