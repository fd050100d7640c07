"""What the columns of messages, events and of a matching state mean, and the codes that stand in them.

All are int64, since the matching kernel knows neither floats nor texts: prices are ticks, quantities lots, times
nanoseconds. The plain numbers are for the kernel, which takes numbers of these types alone; the enumerations below are
for everybody else. A state refers to a row by the place of its first number, so that no step multiplies.
"""

from __future__ import annotations

from enum import IntEnum

PRICE_LIMIT = 2**38
"""Prices are below this on either side of zero: 2.7e11 ticks."""
QUANTITY_LIMIT = 2**40
"""No quantity is above this."""
BIAS = 567489872400
"""The key of price zero. In base 32 all its eight digits are 16, so that prices near zero share their upper digits."""
FAR = 2**60
"""A key beyond all."""
UNKNOWN = 2**62
"""Stands for a queue whose length was never displayed."""
NO_PRICE = -(2**62)
"""Of an auction in which nothing matches."""
NOT_ASKED = NO_PRICE - 1
"""Of an auction whose price was not looked for yet."""

# Messages: one row each.
MESSAGE_ROW = 12
KIND, TIME, BOOK, HANDLE, SIDE, PRICE, QUANTITY, FLAGS, OWNER = 0, 1, 2, 3, 4, 5, 6, 7, 8
ASK, ASK_SIZE = 9, 10  # of a quote, whose bid is at PRICE and QUANTITY
PLACED_FILLED, PLACED_AHEAD, PLACED_SEQUENCE = 9, 10, 11  # of an order that is put in as it stands
AHEAD_AS_DISPLAYED = -2

LIMIT, MARKET, CANCEL, AMEND, QUOTE, TRADE, PHASE, UNCROSS, PLACE = 1, 2, 3, 4, 5, 6, 7, 8, 9

IMMEDIATE, FILL_OR_KILL, POST_ONLY, WITHOUT_LIMIT, PIECE = 1, 2, 4, 8, 16
# PIECE: part of a larger order that is told of elsewhere, so its acceptance and remainder are not.

CLOSED, OPEN, AUCTION, HALTED = 0, 1, 2, 3

# Events: one row each, with KIND, TIME, BOOK, HANDLE, SIDE, PRICE, QUANTITY at the places they have in messages.
EVENT_ROW = 12
REMAINING, MAKER, MAKER_REMAINING, REASON, SEQUENCE = 7, 8, 9, 10, 11

ACCEPTED, FILL, CANCELLED, AMENDED, REJECTED, PHASED, UNCROSSED = 1, 2, 3, 4, 5, 6, 7
KEPT = 8  # inside the kernel: amended in its place

PRICE_TIME, TOUCH, QUEUE, CALL, IMPLIED_IN, IMPLIED_OUT, COMBINED = 1, 2, 3, 4, 5, 6, 7
DUPLICATE, NO_ORDER, BOOK_CLOSED, BOOK_HALTED, COLLECTING = 20, 21, 22, 23, 24
WOULD_TAKE, NOT_FILLABLE, REMAINDER, SELF_MATCH, REQUESTED, NOTHING_OPEN = 25, 26, 27, 28, 29, 30
HAS_NO_LIMIT, NOT_COLLECTING, STANDS_CROSSED = 31, 32, 33

# The state is one array: this header, the books, then rows and buckets in whatever order they were made.
HEADER_SIZE = 32
SEQUENCES, MESSAGES, CLOCK, STOP, STOPPED, EVENTS = 0, 1, 2, 3, 4, 5
FREE_ORDER, ORDERS_LEFT, FREE_LEVEL, LEVELS_LEFT, FREE_NODE, NODES_LEFT = 6, 7, 8, 9, 10, 11
BUCKETS, MASK, BOOKS = 12, 13, 14
ORDERS, LEVELS, NODES = 15, 16, 17
NEEDS_EVENTS, NEEDS_ROWS, NEEDS_PRICE = 1, 2, 3

# Books: the phase, then seven numbers for the buyers and seven for the sellers.
BOOK_ROW = 16
BOOK_PHASE, BUYERS, SELLERS = 0, 2, 9
ROOT, BEST, RECENT, COUNT, SHOWN_KEY, SHOWN_SIZE, SHOWN_LEFT = 0, 1, 2, 3, 4, 5, 6

ORDER_ROW = 16
ORDER_HANDLE, LEVEL, NEXT, PREVIOUS, CHAIN, OPENED, TARGET, ORDER_OWNER = 0, 1, 2, 3, 4, 5, 6, 7
ARRIVAL, TOTAL, ORDER_FLAGS, ORDER_TIME = 8, 9, 10, 11  # the second cache line is for amends and bytes alone

LEVEL_ROW = 8
KEY, HEAD, TAIL, LEVEL_QUANTITY, LEAF, TRADED, LEVEL_SIDE, LEVEL_SIGN = 0, 1, 2, 3, 4, 5, 6, 7

NODE_ROW = 36
BITS, PARENT, HEIGHT, PREFIX, CHILD = 0, 1, 2, 3, 4
NODES_NEEDED = 20
"""More than one new price can ask for: eight digits up and eight down."""


class MessageKind(IntEnum):
    """What a message asks for."""

    LIMIT = LIMIT
    MARKET = MARKET
    CANCEL = CANCEL
    AMEND = AMEND
    QUOTE = QUOTE
    """The outside market's bid and ask."""
    TRADE = TRADE
    """A trade of the outside market."""
    PHASE = PHASE
    UNCROSS = UNCROSS


class EventKind(IntEnum):
    """What happened."""

    ACCEPTED = ACCEPTED
    FILL = FILL
    CANCELLED = CANCELLED
    AMENDED = AMENDED
    REJECTED = REJECTED
    PHASE = PHASED
    """A book changed its phase; the phase is in the column of quantities."""
    UNCROSSED = UNCROSSED
    """An auction ended; price and volume, the volume zero where nothing matched."""


class Phase(IntEnum):
    """What a book does with orders."""

    CLOSED = CLOSED
    OPEN = OPEN
    AUCTION = AUCTION
    """Orders are collected and may cross."""
    HALTED = HALTED


class FillModel(IntEnum):
    """Which model made a fill; the reason's column of a fill. `label` is the name that fills carry in the log."""

    PRICE_TIME = PRICE_TIME
    TOUCH = TOUCH
    QUEUE = QUEUE
    CALL = CALL
    IMPLIED_IN = IMPLIED_IN
    IMPLIED_OUT = IMPLIED_OUT
    COMBINED = COMBINED

    @property
    def label(self) -> str:
        """Such as `queue-behind-displayed`."""
        return _LABELS[self]


_LABELS = {
    FillModel.PRICE_TIME: "price-time",
    FillModel.TOUCH: "touch-displayed-size",
    FillModel.QUEUE: "queue-behind-displayed",
    FillModel.CALL: "call-auction",
    FillModel.IMPLIED_IN: "implied-in",
    FillModel.IMPLIED_OUT: "implied-out",
    FillModel.COMBINED: "combination-price-time",
}


class Reason(IntEnum):
    """Why an order was refused or cancelled, or why an act was refused."""

    DUPLICATE = DUPLICATE
    """An order of this handle works already."""
    NO_ORDER = NO_ORDER
    """No order of this handle works in this book."""
    BOOK_CLOSED = BOOK_CLOSED
    BOOK_HALTED = BOOK_HALTED
    COLLECTING = COLLECTING
    """Immediate, fill-or-kill and post-only orders are not collected for an auction."""
    WOULD_TAKE = WOULD_TAKE
    """A post-only order would have taken."""
    NOT_FILLABLE = NOT_FILLABLE
    """A fill-or-kill order would not have been filled in full."""
    REMAINDER = REMAINDER
    """What an immediate or market order did not fill."""
    SELF_MATCH = SELF_MATCH
    """It would have met an order of its own owner: the newest of the two is cancelled."""
    REQUESTED = REQUESTED
    NOTHING_OPEN = NOTHING_OPEN
    """Amended to no more than was filled already."""
    HAS_NO_LIMIT = HAS_NO_LIMIT
    """The price of a market order cannot be amended."""
    NOT_COLLECTING = NOT_COLLECTING
    """Only a book in auction is uncrossed."""
    STANDS_CROSSED = STANDS_CROSSED
    """Orders cross, or wait for an auction's price: only an uncross opens the book."""
