"""What each message does to its book, for the compiler: enter, quote, trade, open, uncross."""

from __future__ import annotations

from typing import Any

from optionix_core.trading.matching._book_steps import (
    crossed_by_quotes,
    filled,
    matched,
    reachable,
    removed,
    rested,
    tell,
)
from optionix_core.trading.matching._price_tree import level_at
from optionix_core.trading.matching.layout import (
    ARRIVAL,
    BEST,
    BIAS,
    BOOK_PHASE,
    BUYERS,
    CALL,
    CANCELLED,
    FAR,
    FILL,
    FILL_OR_KILL,
    HEAD,
    IMMEDIATE,
    KEY,
    LEVEL,
    LEVEL_SIGN,
    NOT_FILLABLE,
    OPEN,
    OPENED,
    ORDER_HANDLE,
    ORDER_OWNER,
    PHASED,
    PIECE,
    POST_ONLY,
    PREVIOUS,
    PRICE_LIMIT,
    REJECTED,
    REMAINDER,
    SELF_MATCH,
    SELLERS,
    SHOWN_KEY,
    SHOWN_LEFT,
    SHOWN_SIZE,
    STANDS_CROSSED,
    STOPPED,
    TAIL,
    TARGET,
    TRADED,
    UNCROSSED,
    UNKNOWN,
    WITHOUT_LIMIT,
    WOULD_TAKE,
)


def objection(s: Any, book: int, sign: int, limit: int, quantity: int, owner: int, flags: int) -> Any:
    """Why an order may not meet the book as it stands: zero, WOULD_TAKE or NOT_FILLABLE."""
    if flags & POST_ONLY and reachable(s, book, sign, limit, 1, 0) > 0:
        return WOULD_TAKE
    if flags & FILL_OR_KILL and reachable(s, book, sign, limit, quantity, owner) < quantity:
        return NOT_FILLABLE
    return 0


def entered(
    s: Any,
    events: Any,
    book: int,
    handle: int,
    sign: int,
    price: int,
    quantity: int,
    done: int,
    owner: int,
    flags: int,
) -> None:
    """Match an accepted order and rest, or cancel, what is left. `done` is what was filled before."""
    left = quantity
    key = BIAS - sign * price
    s[STOPPED] = 0
    if s[book + BOOK_PHASE] == OPEN:
        limit = FAR - 1 if flags & WITHOUT_LIMIT else BIAS + sign * price
        left = matched(s, events, book, handle, sign, limit, left, owner, 0)
        if left == 0:
            return
        if s[STOPPED] > 0 or flags & (IMMEDIATE | FILL_OR_KILL | WITHOUT_LIMIT):
            reason = SELF_MATCH if s[STOPPED] > 0 else REMAINDER
            if reason == SELF_MATCH or flags & PIECE == 0:
                tell(s, events, CANCELLED, book, handle, sign, price, left, 0, 0, 0, reason)
            return
    elif flags & WITHOUT_LIMIT:
        key = BIAS - PRICE_LIMIT
    rested(s, book, handle, sign, key, left, done + quantity, owner, flags)


def displayed(s: Any, side: int, key: int, size: int) -> None:
    """Display another price and size on one side; a size below zero is one that is not known.

    Where neither changes, what was taken stays taken. Orders that waited at a price whose queue nobody knew are behind
    all of it now that it is displayed; while it stays so there are none.
    """
    before = s[side + SHOWN_SIZE] if key == s[side + SHOWN_KEY] else 0
    if size != before or key != s[side + SHOWN_KEY]:
        s[side + SHOWN_KEY] = key
        s[side + SHOWN_SIZE] = size
        s[side + SHOWN_LEFT] = size
        if size < 0:
            s[side + SHOWN_LEFT] = 0
        level = level_at(s, side, key) if size > 0 and before <= 0 else -1
        order = s[level + TAIL] if level >= 0 else -1
        while order >= 0:
            if s[order + TARGET] == UNKNOWN:
                s[order + TARGET] = s[level + TRADED] + size
            order = s[order + PREVIOUS]


def quoted(s: Any, events: Any, book: int, bid: int, bid_size: int, ask: int, ask_size: int) -> None:
    """Display another bid and ask; nobody trades with a bid above the ask."""
    if bid_size > 0 and ask_size > 0 and bid > ask:
        bid_size = -1
        ask_size = -1
    displayed(s, book + BUYERS, BIAS - bid, bid_size)
    displayed(s, book + SELLERS, BIAS + ask, ask_size)
    if s[book + BOOK_PHASE] == OPEN:
        crossed_by_quotes(s, events, book)


def traded(
    s: Any,
    events: Any,
    book: int,
    sign: int,
    price: int,
    quantity: int,
) -> None:
    """A trade outside, by a buyer (sign 1), a seller (-1) or whoever the displayed quote tells (0).

    It fills orders that it traded through, then, at its own price, what was displayed ahead and orders behind it.
    """
    if sign == 0 and s[book + SELLERS + SHOWN_SIZE] > 0 and BIAS + price >= s[book + SELLERS + SHOWN_KEY]:
        sign = 1
    if sign == 0 and s[book + BUYERS + SHOWN_SIZE] > 0 and BIAS - price >= s[book + BUYERS + SHOWN_KEY]:
        sign = -1
    if sign != 0:
        side = book + SELLERS if sign > 0 else book + BUYERS
        limit = BIAS + sign * price
        matched(s, events, book, 0, sign, limit, quantity, 0, 1)
        if s[side + SHOWN_KEY] == limit:
            s[side + SHOWN_LEFT] = s[side + SHOWN_LEFT] - quantity if s[side + SHOWN_LEFT] > quantity else 0


def stands_crossed(s: Any, book: int) -> Any:
    """Whether buyers and sellers cross: their best keys add up to no more than two of price zero."""
    buyer, seller = s[book + BUYERS + BEST], s[book + SELLERS + BEST]
    return buyer >= 0 and seller >= 0 and s[buyer + KEY] + s[seller + KEY] <= 2 * BIAS


def waits(s: Any, side: int) -> Any:
    """Whether the best order of a side is a market order that waits for an auction's price."""
    return s[side + BEST] >= 0 and s[s[side + BEST] + KEY] == BIAS - PRICE_LIMIT


def opened(s: Any, events: Any, book: int, phase: int) -> None:
    """Change the phase. A book whose orders cross, or with orders that wait for an auction's price, does not open."""
    if phase == OPEN and (stands_crossed(s, book) or waits(s, book + BUYERS) or waits(s, book + SELLERS)):
        tell(s, events, REJECTED, book, 0, 0, 0, phase, 0, 0, 0, STANDS_CROSSED)
        return
    s[book + BOOK_PHASE] = phase
    tell(s, events, PHASED, book, 0, 0, 0, phase, 0, 0, 0, 0)
    if phase == OPEN:
        crossed_by_quotes(s, events, book)


def uncrossed(s: Any, events: Any, book: int, price: int) -> Any:
    """Match what an auction collected at its price: best buyers meet best sellers; then open the book.

    Answers whether it did. Where orders of one owner met and the newer went, others may cross still, and another price
    is needed; what has no limit and is left in the end is cancelled.
    """
    volume = 0
    while True:
        first, second = s[book + BUYERS + BEST], s[book + SELLERS + BEST]
        if first < 0 or second < 0 or s[first + KEY] > BIAS - price or s[second + KEY] > BIAS + price:
            break
        buyer, seller = s[first + HEAD], s[second + HEAD]
        if s[buyer + ORDER_OWNER] > 0 and s[buyer + ORDER_OWNER] == s[seller + ORDER_OWNER]:
            newest = buyer if s[buyer + ARRIVAL] > s[seller + ARRIVAL] else seller
            dropped(s, events, book, newest, SELF_MATCH)
            continue
        quantity = min(s[seller + OPENED], s[buyer + OPENED])
        left, rest = s[buyer + OPENED] - quantity, s[seller + OPENED] - quantity
        handle, maker = s[buyer + ORDER_HANDLE], s[seller + ORDER_HANDLE]
        tell(s, events, FILL, book, handle, 1, price, quantity, left, maker, rest, CALL)
        filled(s, buyer, quantity)
        filled(s, seller, quantity)
        volume += quantity
    tell(s, events, UNCROSSED, book, 0, 0, price if volume > 0 else 0, volume, 0, 0, 0, 0)
    if stands_crossed(s, book):
        return False
    side = book + BUYERS
    while side <= book + SELLERS:
        while waits(s, side):
            dropped(s, events, book, s[s[side + BEST] + HEAD], REMAINDER)
        side += SELLERS - BUYERS
    opened(s, events, book, OPEN)
    return True


def dropped(s: Any, events: Any, book: int, order: int, reason: int) -> None:
    """Cancel a working order and tell why."""
    level = s[order + LEVEL]
    sign, key = s[level + LEVEL_SIGN], s[level + KEY]
    price = 0 if key == BIAS - PRICE_LIMIT else sign * (BIAS - key)
    tell(s, events, CANCELLED, book, s[order + ORDER_HANDLE], sign, price, s[order + OPENED], 0, 0, 0, reason)
    removed(s, order)
