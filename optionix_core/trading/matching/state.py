"""The state of all books: one array of whole numbers, which is copied, grown and written as canonical bytes.

The bytes tell what the books hold, not where in the array it lies: two states that will answer alike have the same
bytes, however their messages came in batches. Refuses bytes that are not such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.trading.matching.layout import (
    ARRIVAL,
    BEST,
    BIAS,
    BOOK_PHASE,
    BOOK_ROW,
    BOOKS,
    BUCKETS,
    BUYERS,
    CHAIN,
    CLOCK,
    FREE_LEVEL,
    FREE_NODE,
    FREE_ORDER,
    HEADER_SIZE,
    KEY,
    LEVEL,
    LEVEL_ROW,
    LEVEL_SIDE,
    LEVEL_SIGN,
    LEVELS,
    LEVELS_LEFT,
    MASK,
    MESSAGE_ROW,
    MESSAGES,
    NODE_ROW,
    NODES,
    NODES_LEFT,
    NODES_NEEDED,
    OPENED,
    ORDER_FLAGS,
    ORDER_HANDLE,
    ORDER_OWNER,
    ORDER_ROW,
    ORDER_TIME,
    ORDERS,
    ORDERS_LEFT,
    PLACE,
    PRICE_LIMIT,
    QUANTITY_LIMIT,
    RECENT,
    ROOT,
    SELLERS,
    SEQUENCES,
    SHOWN_KEY,
    SHOWN_LEFT,
    SHOWN_SIZE,
    TARGET,
    TOTAL,
    TRADED,
    UNKNOWN,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

MAGIC: Final = b"OXBOOK01"
_HEAD: Final = (BOOKS, SEQUENCES, MESSAGES, CLOCK)
_SHOWN: Final = tuple(side + field for side in (BUYERS, SELLERS) for field in (SHOWN_KEY, SHOWN_SIZE, SHOWN_LEFT))
_POOLS: Final = (
    (ORDERS, FREE_ORDER, ORDERS_LEFT, ORDER_ROW),
    (LEVELS, FREE_LEVEL, LEVELS_LEFT, LEVEL_ROW),
    (NODES, FREE_NODE, NODES_LEFT, NODE_ROW),
)
_LEAST: Final = 256


def empty(books: int) -> Numbers:
    """The state of `books` books, closed and without orders. Raises InvalidValueError for less than one."""
    import numpy as np

    if books < 1:
        raise InvalidValueError("books", books, "at least 1")
    state = _joined(np.zeros(HEADER_SIZE + books * BOOK_ROW, dtype=np.int64))
    state[BOOKS] = books
    rows = _book_rows(state)
    for side in (BUYERS, SELLERS):
        rows[:, [side + ROOT, side + BEST, side + RECENT]] = -1
        rows[:, side + SHOWN_KEY] = BIAS
    state[[FREE_ORDER, FREE_LEVEL, FREE_NODE]] = -1
    return grown(state)


def grown(state: Numbers) -> Numbers:
    """The same state with more room: every kind of row that is short of it has twice as many."""
    import numpy as np

    for total, free, left, width in _POOLS:
        needed = NODES_NEEDED if total == NODES else 1
        if state[left] >= needed:
            continue
        count = max(_LEAST, int(state[total]))
        rows = np.zeros((count, width), dtype=np.int64)
        places = len(state) + width * np.arange(count)
        rows[:, 0] = np.append(places[1:], state[free])
        if total == ORDERS:
            rows[:, LEVEL] = -1
        state = _joined(state, rows.reshape(-1))
        state[free] = places[0]
        state[left] += count
        state[total] += count
    return _bucketed(state) if state[ORDERS] > state[MASK] else state


def _bucketed(state: Numbers) -> Numbers:
    """With as many buckets as orders, or more."""
    import numpy as np

    working = working_orders(state)
    count = 1 << int(state[ORDERS]).bit_length()
    state = _joined(state, np.full(count, -1))
    state[BUCKETS], state[MASK] = len(state) - count, count - 1
    folded = state[working + ORDER_HANDLE]
    folded = folded ^ (folded >> 33)
    bucket = state[BUCKETS] + ((folded ^ (folded >> 17)) & state[MASK])
    by_bucket = np.argsort(bucket, kind="stable")
    working, bucket = working[by_bucket], bucket[by_bucket]
    first = np.append(True, bucket[1:] != bucket[:-1])[: len(bucket)]
    after = np.append(working[1:], -1)[: len(bucket)]
    state[working + CHAIN] = np.where(np.append(first[1:], True)[: len(bucket)], -1, after)
    state[bucket[first]] = working[first]
    return state


def copied(state: Numbers) -> Numbers:
    """The same state in an array of its own."""
    return _joined(state)


def _joined(*parts: Numbers) -> Numbers:
    """One array that begins with a cache line of 64 bytes, so that no row of an order lies across more than it must."""
    import numpy as np

    size = sum(len(part) for part in parts)
    room = np.empty(size + 8, dtype=np.int64)
    first = -(room.ctypes.data // 8) % 8
    return np.concatenate(parts, out=room[first : first + size])


def working_orders(state: Numbers) -> Numbers:
    """Places of all working orders, in no order that means anything."""
    import numpy as np

    buckets = state[state[BUCKETS] : state[BUCKETS] + state[MASK] + 1] if state[MASK] else state[:0]
    found, places = [state[:0]], buckets[buckets >= 0]
    while places.size:
        found.append(places)
        places = state[places + CHAIN]
        places = places[places >= 0]
    return np.concatenate(found)


def to_bytes(state: Numbers) -> bytes:
    """Canonical bytes: int64, little end first. Head, books, then working orders by book, side, price and time."""
    import numpy as np

    rows = _book_rows(state)
    orders = working_orders(state)
    level = state[orders + LEVEL]
    sign = state[level + LEVEL_SIGN]
    ahead = np.maximum(state[orders + TARGET] - state[level + TRADED], 0)
    ahead[state[orders + TARGET] == UNKNOWN] = -1
    table = np.column_stack(
        [
            state[orders + ORDER_TIME],
            (state[level + LEVEL_SIDE] - HEADER_SIZE) // BOOK_ROW,
            state[orders + ORDER_HANDLE],
            sign,
            sign * (BIAS - state[level + KEY]),
            state[orders + OPENED],
            state[orders + ORDER_FLAGS],
            state[orders + ORDER_OWNER],
            state[orders + TOTAL] - state[orders + OPENED],
            ahead,
            state[orders + ARRIVAL],
        ]
    )
    table = table[np.lexsort((table[:, 10], state[level + KEY], -sign, table[:, 1]))]
    parts = (state[list(_HEAD)], rows[:, [BOOK_PHASE, *_SHOWN]], np.array([len(table)]), table)
    return MAGIC + b"".join(part.astype("<i8").tobytes() for part in parts)


def from_bytes(written: bytes) -> Numbers:
    """The state of canonical bytes. Raises IntegrityError where they are none."""
    import numpy as np

    from optionix_core.trading.matching._book_kernels import KERNELS

    if not written.startswith(MAGIC) or len(written) % 8:
        raise IntegrityError("the bytes of a matching state must begin with its mark and hold whole numbers")
    numbers = np.frombuffer(written, dtype="<i8", offset=len(MAGIC)).astype(np.int64)
    head, wide = len(_HEAD), 1 + len(_SHOWN)
    books = int(numbers[0]) if numbers.size > head else 0
    orders_at = head + books * wide
    if books < 1 or numbers.size <= orders_at or numbers.size != orders_at + 1 + int(numbers[orders_at]) * 11:
        raise IntegrityError(f"the bytes of a matching state must hold the books and orders they name ({books} books)")
    table = numbers[orders_at + 1 :].reshape(-1, 11)
    _check(table, books)
    messages = np.zeros((len(table), MESSAGE_ROW), dtype=np.int64)
    messages[:, 0] = PLACE
    messages[:, 1:] = table
    state = empty(books)
    submit, done = KERNELS.load("submit"), 0
    room = np.zeros((len(table) + 16) * MESSAGE_ROW, dtype=np.int64)
    while done < len(table):
        done = submit(messages.reshape(-1), done, len(table), state, room)
        if done < len(table):
            state = grown(state)
    state[list(_HEAD)] = numbers[:head]
    _book_rows(state)[:, [BOOK_PHASE, *_SHOWN]] = numbers[head:orders_at].reshape(books, wide)
    return state


def _check(table: Numbers, books: int) -> None:
    """Refuse orders that no book could hold: the kernel trusts what it is given."""
    import numpy as np

    _, book, handle, sign, price, opened, _, _, filled, ahead, arrival = table.T
    good = (book >= 0) & (book < books) & (handle > 0) & (abs(sign) == 1) & (abs(price) <= PRICE_LIMIT)
    good &= (opened > 0) & (opened <= QUANTITY_LIMIT) & (filled >= 0) & (ahead >= -1) & (arrival >= 0)
    if not good.all():
        raise IntegrityError(f"order {int(np.argmin(good))} of a matching state must be one that a book can hold")
    if len(np.unique(handle)) != len(handle):
        raise IntegrityError("handles of a matching state must be distinct")


def _book_rows(state: Numbers) -> Numbers:
    return state[HEADER_SIZE : HEADER_SIZE + int(state[BOOKS]) * BOOK_ROW].reshape(-1, BOOK_ROW)
