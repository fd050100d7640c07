"""A matcher of plain lists and dictionaries, slow and meant to be obviously right; the books are compared with it.

It shares the numbers of the columns with the books and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from optionix_core.trading.matching.layout import EventKind, MessageKind, Phase, Reason

E, M, R = EventKind, MessageKind, Reason
IOC, FOK, POST = 1, 2, 4
PRICE_TIME, TOUCH, QUEUE, CALL = 1, 2, 3, 4


@dataclass
class Order:
    handle: int
    side: int
    price: int | None  # None: a market order that waits for an auction
    left: int
    done: int
    owner: int
    post: bool
    came: int
    ahead: int | None  # displayed lots before it; None: nobody knows

    def rank(self) -> tuple[float, int]:
        return (float("-inf") if self.price is None else -self.side * self.price, self.came)


@dataclass
class Shown:
    price: int = 0
    size: int = 0  # -1: not known
    left: int = 0


@dataclass
class Book:
    phase: int = Phase.CLOSED
    orders: dict[int, Order] = field(default_factory=dict)
    shown: dict[int, Shown] = field(default_factory=lambda: {1: Shown(), -1: Shown()})

    def queue(self, side: int) -> list[Order]:
        return sorted((o for o in self.orders.values() if o.side == side), key=Order.rank)


class PlainMatcher:
    def __init__(self, count: int) -> None:
        self.books = [Book() for _ in range(count)]
        self.sequence = 0
        self.time = 0
        self.events: list[tuple[int, ...]] = []

    def submit(self, messages: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
        self.events = []
        for message in messages:
            self._one(*message)
        return self.events

    def _tell(self, kind, book, handle, side, price, quantity, left=0, maker=0, maker_left=0, reason=0) -> None:
        self.sequence += 1
        row = (kind, self.time, book, handle, side, price, quantity, left, maker, maker_left, reason, self.sequence)
        self.events.append(tuple(map(int, row)))

    def _one(self, kind, time, number, handle, side, price, quantity, flags, owner, ask, ask_size, _) -> None:  # noqa: C901, PLR0912 - a kind a branch
        self.time = time
        book = self.books[number]
        shut = {Phase.CLOSED: R.BOOK_CLOSED, Phase.HALTED: R.BOOK_HALTED}.get(book.phase, 0)
        everywhere = {h: o for b in self.books for h, o in b.orders.items()}
        if kind == M.CANCEL:
            if handle not in book.orders:
                self._tell(E.REJECTED, number, handle, 0, price, quantity, reason=R.NO_ORDER)
            else:
                self._cancel(number, book.orders[handle], R.REQUESTED)
        elif kind == M.AMEND:
            self._amend(number, handle, price, quantity, shut)
        elif kind in (M.LIMIT, M.MARKET):
            limit = price if kind == M.LIMIT else None
            reason = shut
            if handle in everywhere:
                reason = R.DUPLICATE
            elif not shut and book.phase == Phase.AUCTION and flags:
                reason = R.COLLECTING
            elif not shut and flags == POST and self._met(book, side, limit, None):
                reason = R.WOULD_TAKE
            elif not shut and flags == FOK and sum(q for _, q in self._met(book, side, limit, owner)) < quantity:
                reason = R.NOT_FILLABLE
            if reason:
                self._tell(E.REJECTED, number, handle, side, price, quantity, reason=reason)
            else:
                self._tell(E.ACCEPTED, number, handle, side, price, quantity, quantity)
                order = Order(handle, side, limit, quantity, 0, owner, flags == POST, 0, 0)
                self._enter(number, order, bool(flags & (IOC | FOK)))
        elif kind == M.QUOTE:
            self._quote(number, price, quantity, ask, ask_size)
        elif kind == M.TRADE:
            if book.phase == Phase.OPEN:
                self._trade(number, side, price, quantity)
        elif kind == M.PHASE:
            self._open(number, quantity)
        elif kind == M.UNCROSS:
            if book.phase != Phase.AUCTION:
                self._tell(E.REJECTED, number, 0, 0, price, 0, reason=R.NOT_COLLECTING)
            else:
                self._uncross(number, price)

    # what a taker would meet, in order: ("shown", lots) or (order, lots)
    def _met(self, book: Book, side: int, limit: int | None, owner: int | None):
        shown, found = book.shown[-side], []
        left = shown.left
        for order in book.queue(-side):
            better = left > 0 and side * (shown.price - order.price) < 0
            before = left > 0 and shown.price == order.price and (order.ahead is None or order.ahead > 0)
            if better or before:
                found.append((shown.price, "shown", left))
                left = 0
            if owner and order.owner == owner:
                found.append((order.price, "self", 0))
                break
            found.append((order.price, order, order.left))
        else:
            if left > 0:
                found.append((shown.price, "shown", left))
        reached = [(who, q) for p, who, q in found if limit is None or side * (p - limit) <= 0]
        return _until_self(reached)

    def _fill(self, number, taker, side, price, quantity, left, order: Order, model) -> None:
        order.left -= quantity
        order.done += quantity
        self._tell(E.FILL, number, taker, side, price, quantity, left, order.handle, order.left, model)
        if order.left == 0:
            del self.books[number].orders[order.handle]

    def _pass(self, book: Book, side: int, price: int, quantity: int) -> None:
        for other in book.queue(side):
            if other.price == price and other.ahead is not None:
                other.ahead = max(0, other.ahead - quantity)

    def _enter(self, number: int, order: Order, immediate: bool) -> None:  # noqa: C901 - one text beside the kernel's steps
        book = self.books[number]
        side = order.side
        stopped = False
        if book.phase == Phase.OPEN:
            while order.left > 0:
                met = self._met(book, side, order.price, None)
                if not met:
                    break
                who, lots = met[0]
                quantity = min(lots, order.left)
                if who != "shown" and order.owner and who.owner == order.owner:
                    stopped = True
                    break
                order.left -= quantity
                order.done += quantity
                if who == "shown":
                    shown = book.shown[-side]
                    shown.left -= quantity
                    self._pass(book, -side, shown.price, quantity)
                    self._tell(E.FILL, number, order.handle, side, shown.price, quantity, order.left, reason=TOUCH)
                else:
                    self._fill(number, order.handle, side, who.price, quantity, order.left, who, PRICE_TIME)
            if order.left == 0:
                return
            if stopped or immediate or order.price is None:
                reason = R.SELF_MATCH if stopped else R.REMAINDER
                self._tell(E.CANCELLED, number, order.handle, side, order.price or 0, order.left, reason=reason)
                return
        order.came = self.sequence
        shown = book.shown[side]
        order.ahead = 0
        if order.price is None:
            order.ahead = None if shown.size < 0 else 0
        elif shown.size < 0 or (shown.size > 0 and side * (order.price - shown.price) < 0):
            order.ahead = None
        elif shown.size > 0 and order.price == shown.price:
            order.ahead = shown.left
        book.orders[order.handle] = order

    def _cancel(self, number: int, order: Order, reason: int) -> None:
        self._tell(E.CANCELLED, number, order.handle, order.side, order.price or 0, order.left, reason=reason)
        del self.books[number].orders[order.handle]

    def _amend(self, number: int, handle: int, price: int, quantity: int, shut: int) -> None:
        book = self.books[number]
        order = book.orders.get(handle)
        if order is None:
            self._tell(E.REJECTED, number, handle, 0, price, quantity, reason=R.NO_ORDER)
            return
        left, side = quantity - order.done, order.side
        same = price == (order.price or 0)
        if shut:
            self._tell(E.REJECTED, number, handle, side, price, quantity, reason=shut)
        elif left <= 0:
            self._cancel(number, order, R.NOTHING_OPEN)
        elif same and left <= order.left:
            order.left = left
            self._tell(E.AMENDED, number, handle, side, price, quantity, left)
        elif order.price is None and not same:
            self._tell(E.REJECTED, number, handle, side, price, quantity, reason=R.HAS_NO_LIMIT)
        elif book.phase == Phase.OPEN and order.post and self._met(book, side, price, None):
            self._tell(E.REJECTED, number, handle, side, price, quantity, reason=R.WOULD_TAKE)
        else:
            del book.orders[handle]
            self._tell(E.AMENDED, number, handle, side, price, quantity, left)
            order.left = left
            order.price = None if order.price is None else price
            self._enter(number, order, immediate=False)

    def _quote(self, number: int, bid: int, bid_size: int, ask: int, ask_size: int) -> None:
        book = self.books[number]
        if bid_size and ask_size and bid > ask:
            bid_size = ask_size = -1
        for side, price, size in ((1, bid, bid_size), (-1, ask, ask_size)):
            shown = book.shown[side]
            if (shown.price, shown.size) != (price, size):
                book.shown[side] = Shown(price, size, max(size, 0))
                if size > 0:
                    for order in book.queue(side):
                        if order.price == price and order.ahead is None:
                            order.ahead = size
        if book.phase == Phase.OPEN:
            self._cross(number)

    def _cross(self, number: int) -> None:
        book = self.books[number]
        for side in (1, -1):
            shown = book.shown[side]
            for order in book.queue(-side):
                if shown.left > 0 and side * (order.price - shown.price) <= 0:
                    quantity = min(shown.left, order.left)
                    shown.left -= quantity
                    self._fill(number, 0, side, order.price, quantity, shown.left, order, QUEUE)

    def _trade(self, number: int, side: int, price: int, quantity: int) -> None:
        book = self.books[number]
        bid, ask = book.shown[1], book.shown[-1]
        if side == 0 and ask.size > 0 and price >= ask.price:
            side = 1
        elif side == 0 and bid.size > 0 and price <= bid.price:
            side = -1
        if side == 0:
            return
        left = quantity
        for order in book.queue(-side):
            better = side * (order.price - price) < 0
            if left == 0 or not (better or order.price == price):
                break
            if not better:
                passed = left if order.ahead is None else min(left, order.ahead)
                self._pass(book, -side, price, passed)
                left -= passed
            lots = min(left, order.left)
            if lots:
                left -= lots
                self._fill(number, 0, side, order.price, lots, left, order, QUEUE)
        shown = book.shown[-side]
        if shown.price == price:
            shown.left = max(0, shown.left - quantity)

    def _open(self, number: int, phase: int) -> None:
        book = self.books[number]
        buyers, sellers = book.queue(1), book.queue(-1)
        waiting = [o for o in buyers + sellers if o.price is None]
        crossed = buyers and sellers and not waiting and buyers[0].price >= sellers[0].price
        if phase == Phase.OPEN and (waiting or crossed):
            self._tell(E.REJECTED, number, 0, 0, 0, phase, reason=R.STANDS_CROSSED)
            return
        book.phase = phase
        self._tell(E.PHASE, number, 0, 0, 0, phase)
        if phase == Phase.OPEN:
            self._cross(number)

    def _uncross(self, number: int, reference: int) -> None:  # noqa: C901 - one text beside the kernel's steps
        book = self.books[number]
        while True:
            price, volume = best_price(book, reference), 0
            while price is not None:
                buyers = [o for o in book.queue(1) if o.price is None or o.price >= price]
                sellers = [o for o in book.queue(-1) if o.price is None or o.price <= price]
                if not buyers or not sellers:
                    break
                buyer, seller = buyers[0], sellers[0]
                if buyer.owner and buyer.owner == seller.owner:
                    self._cancel(number, max(buyer, seller, key=lambda o: o.came), R.SELF_MATCH)
                    continue
                quantity = min(buyer.left, seller.left)
                buyer.left -= quantity
                buyer.done += quantity
                self._fill(number, buyer.handle, 1, price, quantity, buyer.left, seller, CALL)
                if buyer.left == 0:
                    del book.orders[buyer.handle]
                volume += quantity
            self._tell(E.UNCROSSED, number, 0, 0, price if volume else 0, volume)
            buyers, sellers = book.queue(1), book.queue(-1)
            if buyers and sellers:
                bid, ask = buyers[0].price, sellers[0].price
                if bid is None or ask is None or bid >= ask:
                    continue
            for side in (1, -1):
                for order in book.queue(side):
                    if order.price is None:
                        self._cancel(number, order, R.REMAINDER)
            self._open(number, Phase.OPEN)
            return


def _until_self(reached):
    kept = []
    for who, lots in reached:
        if who == "self":
            break
        kept.append((who, lots))
    return kept


def best_price(book: Book, reference: int) -> int | None:
    """By trying every tick from below the lowest limit to above the highest, and the reference."""
    orders = list(book.orders.values())
    limits = [o.price for o in orders if o.price is not None]
    ticks = {reference, *range(min(limits) - 1, max(limits) + 2)} if limits else {reference}
    ranked = []
    for price in ticks:
        bought = sum(o.left for o in orders if o.side > 0 and (o.price is None or o.price >= price))
        sold = sum(o.left for o in orders if o.side < 0 and (o.price is None or o.price <= price))
        push = -price if bought > sold else price
        ranked.append((-min(bought, sold), abs(bought - sold), abs(price - reference), push, price))
    best = min(ranked)
    return best[-1] if best[0] < 0 else None
