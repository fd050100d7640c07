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
from typing import TYPE_CHECKING

from optionix_core.trading.matching.books import Books
from optionix_core.trading.matching.combination_bytes import read, written
from optionix_core.trading.matching.combinations import (
    CombinationOrder,
    LegFill,
    RestingCombination,
    check_order,
)
from optionix_core.trading.matching.combined_steps import CombinedEvents, CombinedSteps
from optionix_core.trading.matching.implied import Implied, implied_in_leg
from optionix_core.trading.matching.layout import (
    AHEAD_AS_DISPLAYED,
    BOOK,
    FILL,
    FILL_OR_KILL,
    FLAGS,
    HANDLE,
    IMMEDIATE,
    KIND,
    LIMIT,
    MARKET,
    MESSAGE_ROW,
    OWNER,
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


class CombinedBooks(CombinedSteps):
    """Takes orders for the legs and for the combinations of them."""

    __slots__ = ()

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
