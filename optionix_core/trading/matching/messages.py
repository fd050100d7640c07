"""Messages to the books: rows of whole numbers, made by name and checked before any is done.

A message that makes no sense (a side of 2, a quantity of zero, an unknown book, a time before the one before) raises,
and nothing of its batch is done. A message that makes sense but may not be done (an unknown handle, a closed book) is
answered by a rejection, an event like others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError
from optionix_core.trading.matching.layout import (
    AMEND,
    BOOK,
    CANCEL,
    FILL_OR_KILL,
    FLAGS,
    IMMEDIATE,
    KIND,
    LIMIT,
    MARKET,
    MESSAGE_ROW,
    PHASE,
    POST_ONLY,
    PRICE_LIMIT,
    QUANTITY_LIMIT,
    QUOTE,
    SIDE,
    TIME,
    TRADE,
    UNCROSS,
    Phase,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

Message = tuple[int, int, int, int, int, int, int, int, int, int, int, int]
"""Kind, time, book, handle, side, price, quantity, flags, owner and, of a quote, ask and its size."""

FIELDS = ("kind", "time", "book", "handle", "side", "price", "quantity", "flags", "owner", "ask", "ask_size", "unused")
HANDLE_LIMIT = 2**62
CHUNK = 8192

_NONE, _HANDLE, _SIDE, _QUANTITY = (0, 0), (1, HANDLE_LIMIT), (-1, 1), (1, QUANTITY_LIMIT)
_TIME, _SIZE, _PRICE = (0, HANDLE_LIMIT), (0, QUANTITY_LIMIT), (1 - PRICE_LIMIT, PRICE_LIMIT - 1)
_BOUNDS: dict[int, tuple[tuple[int, int], ...]] = {
    LIMIT: (_HANDLE, _SIDE, _PRICE, _QUANTITY, (0, POST_ONLY), _TIME, _NONE, _NONE, _NONE),
    MARKET: (_HANDLE, _SIDE, _NONE, _QUANTITY, (0, FILL_OR_KILL), _TIME, _NONE, _NONE, _NONE),
    CANCEL: (_HANDLE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE),
    AMEND: (_HANDLE, _NONE, _PRICE, _QUANTITY, _NONE, _NONE, _NONE, _NONE, _NONE),
    QUOTE: (_NONE, _NONE, _PRICE, _SIZE, _NONE, _NONE, _PRICE, _SIZE, _NONE),
    TRADE: (_NONE, _SIDE, _PRICE, _QUANTITY, _NONE, _NONE, _NONE, _NONE, _NONE),
    PHASE: (_NONE, _NONE, _NONE, (0, len(Phase) - 1), _NONE, _NONE, _NONE, _NONE, _NONE),
    UNCROSS: (_NONE, _NONE, _PRICE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE),
}


def limit(
    book: int, handle: int, side: int, price: int, quantity: int, time: int, *, owner: int = 0, flags: int = 0
) -> Message:
    """A limit order of `quantity` lots at `price` ticks; side +1 buys, -1 sells.

    `handle` is the caller's name for it, unique among working orders. Orders of one `owner` above zero never match each
    other. `flags` is zero (it rests), or one of IMMEDIATE, FILL_OR_KILL, POST_ONLY.
    """
    return (LIMIT, time, book, handle, side, price, quantity, flags, owner, 0, 0, 0)


def market(book: int, handle: int, side: int, quantity: int, time: int, *, owner: int = 0, flags: int = 0) -> Message:
    """An order without a limit: what it does not fill is cancelled; in an auction it waits for the auction's end."""
    return (MARKET, time, book, handle, side, 0, quantity, flags, owner, 0, 0, 0)


def cancel(book: int, handle: int, time: int) -> Message:
    """Take a working order out, in any phase."""
    return (CANCEL, time, book, handle, 0, 0, 0, 0, 0, 0, 0, 0)


def amend(book: int, handle: int, price: int, quantity: int, time: int) -> Message:
    """Another price or quantity; the quantity counts what was filled already.

    A smaller quantity at the same price keeps the order's place; anything else enters anew behind others.
    """
    return (AMEND, time, book, handle, 0, price, quantity, 0, 0, 0, 0, 0)


def quote(book: int, bid: int, bid_size: int, ask: int, ask_size: int, time: int) -> Message:
    """What the outside market displays; size zero where a side is empty (its price is then not looked at)."""
    return (QUOTE, time, book, 0, 0, bid, bid_size, 0, 0, ask, ask_size, 0)


def trade(book: int, side: int, price: int, quantity: int, time: int) -> Message:
    """A trade of the outside market; side +1 where a buyer took, -1 where a seller did, 0 where nobody says."""
    return (TRADE, time, book, 0, side, price, quantity, 0, 0, 0, 0, 0)


def phase(book: int, to: Phase, time: int) -> Message:
    """Change a book's phase."""
    return (PHASE, time, book, 0, 0, 0, int(to), 0, 0, 0, 0, 0)


def uncross(book: int, reference: int, time: int) -> Message:
    """End a book's auction and open it; `reference` decides between prices that do as well."""
    return (UNCROSS, time, book, 0, 0, reference, 0, 0, 0, 0, 0, 0)


def check(message: Sequence[int], books: int, clock: int, row: int | None = None) -> None:
    """Raise InvalidValueError for the first number of one message that is out of bounds."""
    if len(message) != MESSAGE_ROW:
        raise InvalidValueError("message", len(message), f"{MESSAGE_ROW} numbers", row)
    bounds = _BOUNDS.get(message[KIND])
    if bounds is None:
        raise InvalidValueError("kind", message[KIND], f"one of {', '.join(map(str, _BOUNDS))}", row)
    if not clock <= message[TIME] <= HANDLE_LIMIT:
        raise InvalidValueError("time", message[TIME], f"from {clock}, the time before, to {HANDLE_LIMIT}", row)
    if not 0 <= message[BOOK] < books:
        raise InvalidValueError("book", message[BOOK], f"from 0 to {books - 1}", row)
    for place, (low, high) in enumerate(bounds, 3):
        if not low <= message[place] <= high:
            bound = f"from {low} to {high}" if low < high else f"{low} in a message of kind {message[KIND]}"
            raise InvalidValueError(FIELDS[place], message[place], bound, row)
    if message[KIND] <= MARKET and message[SIDE] == 0:
        raise InvalidValueError("side", 0, "1 to buy or -1 to sell", row)
    if message[FLAGS] == IMMEDIATE | FILL_OR_KILL:
        raise InvalidValueError("flags", message[FLAGS], "one of them, or zero", row)


def check_all(messages: Rows, books: int, clock: int) -> None:
    """Raise as `check` does for the first message, row named, that is out of bounds; `messages` has twelve columns."""
    import numpy as np

    low, high = np.ones((2, UNCROSS + 2, MESSAGE_ROW), dtype=np.int64)
    high[:] = 0
    for code, bounds in _BOUNDS.items():
        low[code], high[code] = np.array([(code, code), _TIME, (0, books - 1), *bounds]).T
    for start in range(0, len(messages), CHUNK):
        rows = messages[start : start + CHUNK]
        kind, time, flags = rows[:, KIND], rows[:, TIME], rows[:, FLAGS]
        which = np.clip(kind, 0, UNCROSS + 1)
        bad = ((rows < low[which]) | (rows > high[which])).any(axis=1)
        bad |= (kind <= MARKET) & (rows[:, SIDE] == 0)
        bad |= flags == IMMEDIATE | FILL_OR_KILL
        bad |= time < np.concatenate(([clock], time[:-1]))
        if bad.any():
            first = int(bad.argmax())
            before = clock if first == 0 else int(time[first - 1])
            check(rows[first].tolist(), books, before, start + first)
        clock = int(time[-1])
