"""Price-time books of many instruments: messages in, events out, the same for the same messages.

One kernel call does a whole array of messages. Prices are ticks, quantities lots, times nanoseconds; there is no float,
clock or chance in here. An outside market may be displayed beside the orders of a book; its lots trade under the models
`touch-displayed-size` and `queue-behind-displayed` (docs/trading/matching.md). Refuses messages that make no sense
before it does any of a batch; what may not be done is an event with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.trading.auction import AuctionPrice, auction_price
from optionix_core.trading.matching import state as states
from optionix_core.trading.matching._book_kernels import KERNELS
from optionix_core.trading.matching._book_steps import order_of
from optionix_core.trading.matching._price_tree import level_after
from optionix_core.trading.matching.layout import (
    BEST,
    BIAS,
    BOOK,
    BOOK_PHASE,
    BOOK_ROW,
    BOOKS,
    BUYERS,
    CLOCK,
    COUNT,
    EVENT_ROW,
    EVENTS,
    FILL,
    HEAD,
    HEADER_SIZE,
    KEY,
    KIND,
    LEVEL,
    LEVEL_QUANTITY,
    LEVEL_SIDE,
    LEVEL_SIGN,
    MESSAGE_ROW,
    MESSAGES,
    NEEDS_EVENTS,
    NEEDS_ROWS,
    NEXT,
    NO_PRICE,
    OPENED,
    ORDER_OWNER,
    PRICE,
    PRICE_LIMIT,
    SELLERS,
    SEQUENCES,
    SHOWN_KEY,
    SHOWN_LEFT,
    SHOWN_SIZE,
    STOP,
    TARGET,
    TIME,
    TOTAL,
    TRADED,
    UNKNOWN,
    Phase,
)
from optionix_core.trading.matching.messages import Message, check, check_all

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

FEW = 16
"""Up to as many messages are checked one by one, which is quicker than by columns."""
_FIRST_EVENTS = 4096


class WorkingOrder(NamedTuple):
    """An order that rests."""

    handle: int
    book: int
    side: int
    price: int
    """In ticks; of a market order that waits for an auction, zero."""
    open_quantity: int
    filled: int
    owner: int
    ahead: int | None
    """Lots displayed before it that must trade outside first; None where its price was not displayed since it came."""


class Level(NamedTuple):
    """One price of one side: lots of orders, and lots of the outside market that are left."""

    price: int
    quantity: int
    outside: int


class Books:
    """The books of `count` instruments, numbered from zero; all begin closed."""

    __slots__ = ("_events", "_state")

    def __init__(self, count: int) -> None:
        self._state = states.empty(count)
        self._events = self._state[:0]

    @classmethod
    def from_bytes(cls, written: bytes) -> Books:
        """The books of `to_bytes`. Raises IntegrityError where the bytes are not theirs."""
        books = cls(1)
        books._state = states.from_bytes(written)
        return books

    def to_bytes(self) -> bytes:
        """Canonical bytes: alike for books that will answer alike."""
        return states.to_bytes(self._state)

    def copy(self) -> Books:
        """Books of their own that answer alike."""
        books = Books(1)
        books._state = states.copied(self._state)
        return books

    @property
    def count(self) -> int:
        """How many books there are."""
        return int(self._state[BOOKS])

    @property
    def clock(self) -> int:
        """Time of the last message, in nanoseconds."""
        return int(self._state[CLOCK])

    @property
    def sequence(self) -> int:
        """Number of the last event."""
        return int(self._state[SEQUENCES])

    def submit(self, messages: Rows | Sequence[Message]) -> Rows:
        """Do messages in order; returns events, one row each (`layout` names the columns), of int64, in order.

        Raises InvalidValueError, row named, where a message makes no sense; then none was done.
        """
        import numpy as np

        rows = np.ascontiguousarray(messages, dtype=np.int64).reshape(-1, MESSAGE_ROW)
        if len(rows) <= FEW:
            clock = self.clock
            for number, row in enumerate(rows.tolist()):
                check(row, self.count, clock, number)
                clock = row[TIME]
        else:
            check_all(rows, self.count, self.clock)
        return self.submit_unchecked(rows)

    def submit_unchecked(self, rows: Rows) -> Rows:
        """As `submit`, of rows that were checked before, or whose kinds and flags are for this room alone."""
        import numpy as np

        kernel, flat, done, told = KERNELS.load("submit"), rows.reshape(-1), 0, []
        if self._events.size == 0:
            self._events = np.zeros(_FIRST_EVENTS * EVENT_ROW, dtype=np.int64)
        while True:
            done = kernel(flat, done, len(rows), self._state, self._events)
            stop = self._state[STOP]
            told.append(self._told())
            if stop == 0:
                return told[0] if len(told) == 1 else np.concatenate(told)
            message = rows[done]
            if stop == NEEDS_ROWS:
                self._state = states.grown(self._state)
            elif stop == NEEDS_EVENTS:
                self._make_room(int(message[BOOK]))
            else:
                told.append(self._uncross(message))
                done += 1

    def _told(self) -> Rows:
        """The events since last asked, in an array of their own."""
        count = int(self._state[EVENTS])
        self._state[EVENTS] = 0
        return self._events[: count * EVENT_ROW].reshape(-1, EVENT_ROW).copy()

    def _make_room(self, book: int) -> None:
        """For an event of each order of a book, twice over."""
        import numpy as np

        place = _place(book)
        needed = 2 * (int(self._state[place + BUYERS + COUNT]) + int(self._state[place + SELLERS + COUNT])) + 64
        if self._events.size < needed * EVENT_ROW:
            self._events = np.zeros(needed * EVENT_ROW, dtype=np.int64)

    def _uncross(self, message: Rows) -> Rows:
        import numpy as np

        kernel, book, told = KERNELS.load("uncross"), int(message[BOOK]), []
        self._state[MESSAGES] += 1
        while True:
            self._make_room(book)
            found = self.indicative(book, int(message[PRICE]))
            price = NO_PRICE if found is None else found.price
            opened = kernel(_place(book), price, int(message[TIME]), self._state, self._events)
            told.append(self._told())
            if opened:
                return np.concatenate(told)

    def told(self, row: Sequence[int]) -> tuple[int, ...]:
        """An event of another book above these, with the next number of theirs."""
        self._state[SEQUENCES] += 1
        return (*row, int(self._state[SEQUENCES]))

    def at(self, time: int) -> None:
        """Set the clock. Raises InvalidValueError for a time before it."""
        if time < self.clock:
            raise InvalidValueError("time", time, f"at least {self.clock}, the time before")
        self._state[CLOCK] = time

    def indicative(self, book: int, reference: int) -> AuctionPrice | None:
        """Where the auction of a book would end now; None where nothing would match."""
        self._checked(book)
        buyers, market_buyers = self._collected(book, BUYERS)
        sellers, market_sellers = self._collected(book, SELLERS)
        return auction_price(buyers, sellers, reference, market_buyers, market_sellers)

    def _collected(self, book: int, side: int) -> tuple[list[tuple[int, int]], int]:
        """Prices and lots of a side, and its lots without a limit."""
        s = self._state
        levels = [(self._price(at, side), int(s[at + LEVEL_QUANTITY])) for at in self._levels(book, side)]
        if levels and abs(levels[0][0]) == PRICE_LIMIT:
            return levels[1:], levels[0][1]
        return levels, 0

    def phase(self, book: int) -> Phase:
        """What a book does with orders now."""
        return Phase(int(self._state[self._checked(book) + BOOK_PHASE]))

    def order(self, handle: int) -> WorkingOrder | None:
        """The working order of a handle."""
        s = self._state
        order = int(order_of(s, handle)) if handle > 0 else -1
        if order < 0:
            return None
        level = s[order + LEVEL]
        sign, left = int(s[level + LEVEL_SIGN]), int(s[order + OPENED])
        price = sign * (BIAS - int(s[level + KEY]))
        target = int(s[order + TARGET])
        return WorkingOrder(
            handle,
            int(s[level + LEVEL_SIDE] - HEADER_SIZE) // BOOK_ROW,
            sign,
            0 if abs(price) == PRICE_LIMIT else price,
            left,
            int(s[order + TOTAL]) - left,
            int(s[order + ORDER_OWNER]),
            None if target == UNKNOWN else max(0, target - int(s[level + TRADED])),
        )

    def depth(self, book: int, side: int, levels: int | None = None) -> tuple[Level, ...]:
        """Prices of a side (+1 buyers, -1 sellers), best first, at most `levels`, the displayed one among them."""
        found: list[Level] = []
        place = self._checked(book) + (BUYERS if side > 0 else SELLERS)
        left = int(self._state[place + SHOWN_LEFT])
        shown = (int(self._state[place + SHOWN_KEY]), left) if left > 0 else None
        for level in self._levels(book, BUYERS if side > 0 else SELLERS):
            key = int(self._state[level + KEY])
            if shown is not None and shown[0] < key:
                found.append(Level(side * (BIAS - shown[0]), 0, shown[1]))
                shown = None
            outside = shown[1] if shown is not None and shown[0] == key else 0
            shown = None if outside else shown
            found.append(Level(side * (BIAS - key), int(self._state[level + LEVEL_QUANTITY]), outside))
            if levels is not None and len(found) >= levels:
                return tuple(found[:levels])
        if shown is not None:
            found.append(Level(side * (BIAS - shown[0]), 0, shown[1]))
        return tuple(found if levels is None else found[:levels])

    def offered(self, book: int, side: int, owner: int = 0) -> Iterator[tuple[int, int]]:
        """What a taker meets on a side, as (price, lots), in the order in which it would.

        Ends before an order of the taker's owner.
        """
        s, place = self._state, self._checked(book) + (BUYERS if side > 0 else SELLERS)
        left, shown = int(s[place + SHOWN_LEFT]), int(s[place + SHOWN_KEY])
        for level in self._levels(book, BUYERS if side > 0 else SELLERS):
            key, order = int(s[level + KEY]), int(s[level + HEAD])
            while order >= 0:
                if left > 0 and (shown < key or (shown == key and s[order + TARGET] > s[level + TRADED])):
                    yield side * (BIAS - shown), left
                    left = 0
                if owner > 0 and s[order + ORDER_OWNER] == owner:
                    return
                yield side * (BIAS - key), int(s[order + OPENED])
                order = int(s[order + NEXT])
        if left > 0:
            yield side * (BIAS - shown), left

    def displayed(self, book: int, side: int) -> tuple[int, int, int] | None:
        """The outside market's price on a side, its size, and what is left of it; None where it shows nothing."""
        place = self._checked(book) + (BUYERS if side > 0 else SELLERS)
        key, size, left = (int(n) for n in self._state[[place + SHOWN_KEY, place + SHOWN_SIZE, place + SHOWN_LEFT]])
        return (side * (BIAS - key), size, left) if size > 0 else None

    def _levels(self, book: int, side: int) -> Iterator[int]:
        level = int(self._state[_place(book) + side + BEST])
        while level >= 0:
            yield level
            level = int(level_after(self._state, level))

    def _price(self, level: int, side: int) -> int:
        return (1 if side == BUYERS else -1) * (BIAS - int(self._state[level + KEY]))

    def _checked(self, book: int) -> int:
        if not 0 <= book < self.count:
            raise InvalidValueError("book", book, f"from 0 to {self.count - 1}")
        return _place(book)


def _place(book: int) -> int:
    return HEADER_SIZE + book * BOOK_ROW


def fills(events: Rows) -> Rows:
    """The fills among events."""
    found: Rows = events[events[:, KIND] == FILL]
    return found
