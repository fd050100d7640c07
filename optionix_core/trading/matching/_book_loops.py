"""The loop over messages that is compiled (`_book_kernels`): books in, events out, nothing else read.

Refuses to run out of room: it stops before a message that might need more events, rows or a price than there are, and
says which in the s, so that whoever called it makes room and calls again from that message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.trading.matching._book_acts import (
    dropped,
    entered,
    objection,
    opened,
    quoted,
    traded,
    uncrossed,
)
from optionix_core.trading.matching._book_steps import order_of, removed, rested, tell
from optionix_core.trading.matching.layout import (
    ACCEPTED,
    AHEAD_AS_DISPLAYED,
    AMEND,
    AMENDED,
    ARRIVAL,
    ASK,
    ASK_SIZE,
    AUCTION,
    BIAS,
    BOOK,
    BOOK_CLOSED,
    BOOK_HALTED,
    BOOK_PHASE,
    BOOK_ROW,
    BUYERS,
    CANCEL,
    CLOCK,
    CLOSED,
    COLLECTING,
    COUNT,
    DUPLICATE,
    EVENT_ROW,
    EVENTS,
    FILL_OR_KILL,
    FLAGS,
    HALTED,
    HANDLE,
    HAS_NO_LIMIT,
    HEADER_SIZE,
    IMMEDIATE,
    KEPT,
    KEY,
    KIND,
    LEVEL,
    LEVEL_QUANTITY,
    LEVEL_SIDE,
    LEVEL_SIGN,
    LEVELS_LEFT,
    MARKET,
    MESSAGE_ROW,
    MESSAGES,
    NEEDS_EVENTS,
    NEEDS_PRICE,
    NEEDS_ROWS,
    NO_ORDER,
    NODES_LEFT,
    NODES_NEEDED,
    NOT_COLLECTING,
    NOTHING_OPEN,
    OPEN,
    OPENED,
    ORDER_FLAGS,
    ORDER_OWNER,
    ORDER_TIME,
    ORDERS_LEFT,
    OWNER,
    PHASE,
    PIECE,
    PLACE,
    PLACED_AHEAD,
    PLACED_FILLED,
    PLACED_SEQUENCE,
    POST_ONLY,
    PRICE,
    QUANTITY,
    QUOTE,
    REJECTED,
    REQUESTED,
    SELLERS,
    SIDE,
    STOP,
    TARGET,
    TIME,
    TOTAL,
    TRADE,
    UNCROSS,
    UNKNOWN,
    WITHOUT_LIMIT,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picks = NDArray[np.int64]
    Places = NDArray[np.int64]


def submit(  # noqa: C901, PLR0912, PLR0915 - one branch a kind of message
    messages: Picks,
    start: int,
    end: int,
    s: Places,
    events: Places,
) -> int:
    """Do messages `start` to `end`; returns where it stopped, and why in the header. It stops before every uncross."""
    room = events.size // EVENT_ROW - 8
    for i in range(start, end):
        m = i * MESSAGE_ROW
        kind, handle, sign = messages[m + KIND], messages[m + HANDLE], messages[m + SIDE]
        price, quantity = messages[m + PRICE], messages[m + QUANTITY]
        flags, owner = messages[m + FLAGS], messages[m + OWNER]
        book = HEADER_SIZE + messages[m + BOOK] * BOOK_ROW
        phase = s[book + BOOK_PHASE]
        if s[EVENTS] + s[book + BUYERS + COUNT] + s[book + SELLERS + COUNT] > room:
            s[STOP] = NEEDS_EVENTS
            return i
        if s[ORDERS_LEFT] < 1 or s[LEVELS_LEFT] < 1 or s[NODES_LEFT] < NODES_NEEDED:
            s[STOP] = NEEDS_ROWS
            return i
        if kind == UNCROSS and phase == AUCTION:
            s[STOP] = NEEDS_PRICE
            return i
        s[CLOCK] = messages[m + TIME]
        s[MESSAGES] += 1
        reason = BOOK_CLOSED if phase == CLOSED else BOOK_HALTED if phase == HALTED else 0
        told, done, left = ACCEPTED, 0, quantity
        order, level = -1, -1
        if kind <= AMEND:
            order = order_of(s, handle)
        if kind in (CANCEL, AMEND):
            level = s[order + LEVEL] if order >= 0 else -1
            side = s[level + LEVEL_SIDE] if order >= 0 else -1
            if side != book + BUYERS and side != book + SELLERS:
                reason = NO_ORDER
            elif kind == CANCEL:
                dropped(s, events, book, order, REQUESTED)
                continue
            else:
                told = AMENDED
                done = s[order + TOTAL] - s[order + OPENED]
                left = quantity - done
                sign, owner, flags = s[level + LEVEL_SIGN], s[order + ORDER_OWNER], s[order + ORDER_FLAGS]
                same = price == (0 if flags & WITHOUT_LIMIT else sign * (BIAS - s[level + KEY]))
                if reason == 0 and left <= 0:
                    dropped(s, events, book, order, NOTHING_OPEN)
                    continue
                if reason == 0 and same and left <= s[order + OPENED]:
                    s[level + LEVEL_QUANTITY] -= s[order + OPENED] - left
                    s[order + OPENED] = left
                    s[order + TOTAL] = quantity
                    told = KEPT
                elif reason == 0 and flags & WITHOUT_LIMIT and not same:
                    reason = HAS_NO_LIMIT
        elif kind == MARKET:
            flags |= WITHOUT_LIMIT
        elif kind == QUOTE:
            quoted(s, events, book, price, quantity, messages[m + ASK], messages[m + ASK_SIZE])
            continue
        elif kind == TRADE:
            if phase == OPEN:
                traded(s, events, book, sign, price, quantity)
            continue
        elif kind == PHASE:
            opened(s, events, book, quantity)
            continue
        elif kind == UNCROSS:
            reason = NOT_COLLECTING
        elif kind == PLACE:
            total, ahead = quantity + messages[m + PLACED_FILLED], messages[m + PLACED_AHEAD]
            order = rested(s, book, handle, sign, BIAS - sign * price, quantity, total, owner, flags)
            s[order + ARRIVAL] = messages[m + PLACED_SEQUENCE]
            s[order + ORDER_TIME] = messages[m + TIME]
            if ahead > AHEAD_AS_DISPLAYED:
                s[order + TARGET] = UNKNOWN if ahead < 0 else ahead
            continue
        if told == ACCEPTED and order >= 0 and reason != NO_ORDER:
            reason = DUPLICATE
        if reason == 0 and phase == AUCTION and told == ACCEPTED and flags & (IMMEDIATE | FILL_OR_KILL | POST_ONLY):
            reason = COLLECTING
        if reason == 0 and phase == OPEN and told != KEPT and flags & (FILL_OR_KILL | POST_ONLY):
            limit = 2 * BIAS if flags & WITHOUT_LIMIT else BIAS + sign * price
            reason = objection(s, book, sign, limit, left, owner, flags)
        if reason != 0:
            tell(s, events, REJECTED, book, handle, sign, price, quantity, 0, 0, 0, reason)
            continue
        if flags & PIECE == 0:
            tell(s, events, AMENDED if told == KEPT else told, book, handle, sign, price, quantity, left, 0, 0, 0)
        if told == KEPT:
            continue
        if told == AMENDED:
            removed(s, order)
        entered(s, events, book, handle, sign, price, left, done, owner, flags)
    s[STOP] = 0
    return end


def uncross(book: int, price: int, time: int, s: Places, events: Places) -> int:
    """Match what the auction of a book collected at a price, NO_PRICE where nothing matches; 1 where the book opened.

    `book` is the place of the book in the state. The caller has made room for an event for each order of the book.
    """
    s[CLOCK] = time
    return 1 if uncrossed(s, events, book, price) else 0
