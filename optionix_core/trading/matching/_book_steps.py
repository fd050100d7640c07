"""Steps of matching on one book, for the compiler: find, rest, remove, match, tell.

An order waits in the list of its level, first come first. `TARGET` of an order is how much must have traded outside at
its price, counted by `TRADED` of its level, before what was displayed ahead of it is gone.
"""

from __future__ import annotations

from typing import Any

from optionix_core.trading.matching._price_tree import given_back, level_after, level_dropped, level_of, taken
from optionix_core.trading.matching.layout import (
    ARRIVAL,
    BEST,
    BIAS,
    BOOK,
    BOOK_ROW,
    BUCKETS,
    BUYERS,
    CHAIN,
    CLOCK,
    COUNT,
    EVENT_ROW,
    EVENTS,
    FAR,
    FILL,
    FREE_ORDER,
    HANDLE,
    HEAD,
    HEADER_SIZE,
    KEY,
    KIND,
    LEVEL,
    LEVEL_QUANTITY,
    LEVEL_SIDE,
    MAKER,
    MAKER_REMAINING,
    MASK,
    NEXT,
    OPENED,
    ORDER_FLAGS,
    ORDER_HANDLE,
    ORDER_OWNER,
    ORDER_TIME,
    PREVIOUS,
    PRICE,
    PRICE_TIME,
    QUANTITY,
    QUEUE,
    REASON,
    REMAINING,
    SELLERS,
    SEQUENCE,
    SEQUENCES,
    SHOWN_KEY,
    SHOWN_LEFT,
    SHOWN_SIZE,
    SIDE,
    STOPPED,
    TAIL,
    TARGET,
    TIME,
    TOTAL,
    TOUCH,
    TRADED,
    UNKNOWN,
)


def tell(
    s: Any,
    events: Any,
    kind: int,
    book: int,
    handle: int,
    sign: int,
    price: int,
    quantity: int,
    remaining: int,
    maker: int,
    maker_remaining: int,
    reason: int,
) -> None:
    """Write one event."""
    row = s[EVENTS] * EVENT_ROW
    s[EVENTS] += 1
    s[SEQUENCES] += 1
    events[row + KIND] = kind
    events[row + TIME] = s[CLOCK]
    events[row + BOOK] = (book - HEADER_SIZE) // BOOK_ROW
    events[row + HANDLE] = handle
    events[row + SIDE] = sign
    events[row + PRICE] = price
    events[row + QUANTITY] = quantity
    events[row + REMAINING] = remaining
    events[row + MAKER] = maker
    events[row + MAKER_REMAINING] = maker_remaining
    events[row + REASON] = reason
    events[row + SEQUENCE] = s[SEQUENCES]


def bucket_of(s: Any, handle: int) -> Any:
    """Handles that follow each other lie in buckets that do; those far apart are folded in."""
    handle ^= handle >> 33
    return s[BUCKETS] + ((handle ^ (handle >> 17)) & s[MASK])


def order_of(s: Any, handle: int) -> Any:
    """The working order of a handle, or -1."""
    order = s[bucket_of(s, handle)]
    while order >= 0 and s[order + ORDER_HANDLE] != handle:
        order = s[order + CHAIN]
    return order


def rested(
    s: Any,
    book: int,
    handle: int,
    sign: int,
    key: int,
    quantity: int,
    total: int,
    owner: int,
    flags: int,
) -> Any:
    """A new order at the end of its level, behind what is displayed at its price."""
    side = book + BUYERS if sign > 0 else book + SELLERS
    level = level_of(s, side, sign, key)
    order = taken(s, FREE_ORDER)
    bucket = bucket_of(s, handle)
    last = s[level + TAIL]
    target = s[level + TRADED]
    shown = s[side + SHOWN_SIZE]
    if shown < 0 or (shown > 0 and key > s[side + SHOWN_KEY]):
        target = UNKNOWN
    elif shown > 0 and key == s[side + SHOWN_KEY]:
        target += s[side + SHOWN_LEFT]
    s[order + ORDER_HANDLE] = handle
    s[order + LEVEL] = level
    s[order + NEXT] = -1
    s[order + PREVIOUS] = last
    s[order + CHAIN] = s[bucket]
    s[order + OPENED] = quantity
    s[order + TARGET] = target
    s[order + ORDER_OWNER] = owner
    s[order + ARRIVAL] = s[SEQUENCES]
    s[order + TOTAL] = total
    s[order + ORDER_FLAGS] = flags
    s[order + ORDER_TIME] = s[CLOCK]
    s[bucket] = order
    if last < 0:
        s[level + HEAD] = order
    else:
        s[last + NEXT] = order
    s[level + TAIL] = order
    s[level + LEVEL_QUANTITY] += quantity
    s[side + COUNT] += 1
    return order


def removed(s: Any, order: int) -> None:
    """Take an order out, and its level where it was the last there."""
    level, before, after = s[order + LEVEL], s[order + PREVIOUS], s[order + NEXT]
    if before < 0:
        s[level + HEAD] = after
    else:
        s[before + NEXT] = after
    if after < 0:
        s[level + TAIL] = before
    else:
        s[after + PREVIOUS] = before
    s[level + LEVEL_QUANTITY] -= s[order + OPENED]
    s[s[level + LEVEL_SIDE] + COUNT] -= 1
    bucket = bucket_of(s, s[order + ORDER_HANDLE])
    other = s[bucket]
    if other == order:
        s[bucket] = s[order + CHAIN]
    else:
        while s[other + CHAIN] != order:
            other = s[other + CHAIN]
        s[other + CHAIN] = s[order + CHAIN]
    s[order + LEVEL] = -1
    given_back(s, FREE_ORDER, order)
    if s[level + HEAD] < 0:
        level_dropped(s, level)


def filled(s: Any, order: int, quantity: int) -> None:
    """Fill a resting order."""
    s[order + OPENED] -= quantity
    s[s[order + LEVEL] + LEVEL_QUANTITY] -= quantity
    if s[order + OPENED] == 0:
        removed(s, order)


def matched(
    s: Any,
    events: Any,
    book: int,
    handle: int,
    sign: int,
    limit: int,
    left: int,
    owner: int,
    queued: int,
) -> Any:
    """Let `left` lots of a taker meet the other side down to the key `limit`; returns what is left.

    Handle 0 is the outside market, which meets no displayed size; with `queued` its lots at the limit itself first pass
    what was displayed ahead of an order. A taker that meets an order of its owner stops there and sets STOPPED.
    """
    s[STOPPED] = 0
    side = book + SELLERS if sign > 0 else book + BUYERS
    while left > 0:
        level = s[side + BEST]
        near = s[level + KEY] if level >= 0 else FAR
        shown = s[side + SHOWN_KEY] if handle > 0 and s[side + SHOWN_LEFT] > 0 else FAR
        if near > limit and shown > limit:
            break
        order = s[level + HEAD] if near < FAR else -1
        outside = shown < near or (shown == near and s[order + TARGET] > s[level + TRADED])
        if not outside and queued > 0 and near == limit and s[order + TARGET] > s[level + TRADED]:
            ahead = s[order + TARGET] - s[level + TRADED]
            s[level + TRADED] += min(left, ahead)
            left -= min(left, ahead)
            continue
        if not outside and owner > 0 and s[order + ORDER_OWNER] == owner:
            s[STOPPED] = 1
            break
        place = side + SHOWN_LEFT if outside else order + OPENED
        quantity = min(left, s[place])
        left -= quantity
        key, maker, rest, model = near, 0, 0, TOUCH
        if outside:
            key = shown
            s[place] -= quantity
            if shown == near:
                s[level + TRADED] += quantity
        else:
            maker, rest = s[order + ORDER_HANDLE], s[order + OPENED] - quantity
            model = PRICE_TIME if handle > 0 else QUEUE
        tell(s, events, FILL, book, handle, sign, sign * (key - BIAS), quantity, left, maker, rest, model)
        if not outside:
            filled(s, order, quantity)
    return left


def reachable(s: Any, book: int, sign: int, limit: int, wanted: int, owner: int) -> Any:
    """How many lots, at least `wanted` where there are so many, a taker of this owner would meet."""
    side = book + SELLERS if sign > 0 else book + BUYERS
    shown = s[side + SHOWN_LEFT] if s[side + SHOWN_KEY] <= limit else 0
    total = 0
    level = s[side + BEST]
    while total < wanted and level >= 0 and s[level + KEY] <= limit:
        key = s[level + KEY]
        order = s[level + HEAD]
        while order >= 0 and total < wanted:
            passed = s[order + TARGET] <= s[level + TRADED]
            if shown > 0 and (s[side + SHOWN_KEY] < key or (s[side + SHOWN_KEY] == key and not passed)):
                total += shown
                shown = 0
            if owner > 0 and s[order + ORDER_OWNER] == owner:
                return total
            total += s[order + OPENED]
            order = s[order + NEXT]
        level = level_after(s, level)
    return total + shown


def crossed_by_quotes(s: Any, events: Any, book: int) -> None:
    """Let what the outside market displays meet orders that rest at its price or better, at their own prices."""
    shown, sign = book + BUYERS, 1
    while sign > -2:
        if s[shown + SHOWN_LEFT] > 0:
            limit = 2 * BIAS - s[shown + SHOWN_KEY]
            s[shown + SHOWN_LEFT] = matched(s, events, book, 0, sign, limit, s[shown + SHOWN_LEFT], 0, 0)
        shown, sign = book + SELLERS, sign - 2
