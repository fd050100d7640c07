"""Orders of one home that meet each other: who meets whom, at which price, and what combinations and legs imply.

Pure questions about open orders and the quotes of a moment, with the rules of the matching room (`matching`, of which
this is the twin for orders that an account stands behind):
    1. the better price for whoever comes;
    2. at one price direct orders and what is displayed before what is implied;
    3. two orders at one price in time order (price-time priority, Cboe Rule 5.32(a)(1)); an order that joined behind
       displayed contracts comes after these;
    4. of what is implied, the combination that came first;
    5. combinations of the same legs take what these offer in price-time order; of different legs, those whose first
       came first.
Implied liquidity comes from orders of single instruments and from what is displayed, never from other implied
liquidity. Orders of one account are passed over: they never trade with each other. Exact decimals, no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Final, NamedTuple

from optionix_core.market.instruments import Security
from optionix_core.market.quote import Quote
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.trading.open_order import OpenOrder
from optionix_core.trading.orders import OrderIntent, Side
from optionix_core.trading.touch import crossed, tick_at, touch

PRICE_TIME_MODEL: Final = "price-time"
"""Of two orders of one instrument, at the price of the earlier."""
IMPLIED_IN_MODEL: Final = "implied-in"
"""Of a combination that takes its legs where at least one of them is an order of this home."""
IMPLIED_OUT_MODEL: Final = "implied-out"
"""Of a leg's order and the resting combination that it takes, and of that combination."""
COMBINATION_TIME_MODEL: Final = "combination-price-time"
"""Of two combinations of the same legs, at the net price of the earlier."""


class Offer(NamedTuple):
    """Contracts that somebody trades at a price."""

    price: Decimal
    quantity: int
    order: str | None = None
    """Client order id; None for what is displayed."""


class UnitLeg(NamedTuple):
    """One leg of one unit, as who sent the order trades it."""

    symbol: str
    quantity: int
    """Contracts or shares, signed: above zero bought."""
    weight: int
    """How often its price counts in the net price, signed the same: contracts, or lots of shares."""

    @property
    def side(self) -> Side:
        """Which way it goes."""
        return Side.BUY if self.quantity > 0 else Side.SELL


class Part(NamedTuple):
    """Contracts of one leg from one side."""

    symbol: str
    quantity: int
    """Signed: above zero the combination buys."""
    price: Decimal
    order: str | None


class Run(NamedTuple):
    """The next units of a combination that its legs give, all at one net price."""

    units: int
    cost: Decimal
    """What one unit pays, below zero where it is paid."""
    parts: tuple[Part, ...]
    """Of all the units."""

    def of_units(self, units: int) -> Run:
        """The same for fewer units, which cost the same each."""
        left: dict[str, int] = {}
        parts = []
        for part in self.parts:
            per_unit = sum(abs(one.quantity) for one in self.parts if one.symbol == part.symbol) // self.units
            taken = min(abs(part.quantity), left.setdefault(part.symbol, per_unit * units))
            left[part.symbol] -= taken
            if taken:
                parts.append(part._replace(quantity=taken if part.quantity > 0 else -taken))
        return Run(units, self.cost, tuple(parts))


class Implied(NamedTuple):
    """What a resting combination offers in one leg."""

    combination: OpenOrder
    price: Decimal
    leg: UnitLeg
    """As the combination trades it."""
    units: int
    run: Run
    """Of the other legs, for one unit and more."""


_EVER: Final = datetime.max.replace(tzinfo=UTC)

Depth = Callable[[str, Side], Sequence[Offer]]
"""What somebody who goes a side meets in an instrument, best first."""
DepthFor = Callable[[str], Depth]
"""The same for the combinations of an account."""


def arrived(order: OpenOrder) -> datetime | None:
    """From when on an order has its place: accepted, released, given other terms, or triggered."""
    if order.since is None or order.triggered_at is None:
        return order.since
    return max(order.since, order.triggered_at)


def waits(order: OpenOrder, at: datetime) -> bool:
    """Whether an order rests at a limit at a moment, so that others may meet it."""
    since = arrived(order)
    return (
        since is not None
        and since <= at
        and order.intent.limit_price is not None
        and not order.waits_for_trigger
        and order.workable >= 1
    )


def budget(intent: OrderIntent) -> Decimal | None:
    """What a unit may cost whoever sent the order, signed; None without a limit."""
    with exact_arithmetic():
        return None if intent.limit_price is None else intent.side.sign * intent.limit_price


def cost_of(order: OpenOrder) -> Decimal:
    """The same of an order that rests."""
    return budget(order.intent) or ZERO


def place_in_time(order: OpenOrder) -> datetime:
    """For sorting: orders that came first stand first."""
    return arrived(order) or _EVER


def combinations_in_turn(combinations: Iterable[OpenOrder]) -> list[OpenOrder]:
    """In the order in which they take what their legs offer (rule 5)."""
    groups: dict[frozenset[tuple[str, int]], list[OpenOrder]] = {}
    for order in sorted(combinations, key=place_in_time):
        legs = frozenset((leg.symbol, leg.quantity) for leg in signed_legs(order.intent))
        groups.setdefault(legs, []).append(order)
    return [order for group in groups.values() for order in sorted(group, key=_dearest)]


def _dearest(order: OpenOrder) -> tuple[int, Decimal]:
    allowed = budget(order.intent)
    return (0, ZERO) if allowed is None else (1, -allowed)


def signed_legs(intent: OrderIntent) -> tuple[UnitLeg, ...]:
    """The legs of one unit as the order trades them."""
    sign = intent.side.sign
    return tuple(UnitLeg(leg.symbol, sign * leg.ratio, sign * leg.weight) for leg in intent.legs)


def depth(
    waiting: Iterable[OpenOrder], account: str, side: Side, shown: Offer | None, at_most: Mapping[str, int]
) -> list[Offer]:
    """What an order of `account` that goes `side` meets in an instrument, best first, then in time order.

    `waiting` are orders that rest in it, of which those of the account itself are passed over; `shown` is what is
    displayed and not taken, `at_most` bounds what an order may be filled with.
    """
    mine = [order for order in waiting if order.intent.side is not side and order.intent.account != account]
    mine.sort(key=lambda order: (side.sign * _limit(order), place_in_time(order)))
    offers: list[Offer] = []
    left = shown
    for order in mine:
        intent, limit = order.intent, _limit(order)
        behind = left is not None and left.price == limit and order.place.ahead != 0
        if left is not None and (behind or side.sign * (left.price - limit) < 0):
            offers.append(left)
            left = None
        quantity = min(order.workable, at_most.get(intent.client_order_id, order.workable))
        if quantity >= 1:
            offers.append(Offer(limit, quantity, intent.client_order_id))
    return offers if left is None else [*offers, left]


def displayed(quote: Quote | None, side: Side, available: Callable[[Side, Quote], int]) -> Offer | None:
    """What is displayed for whoever goes `side`, less what was taken; nothing of a crossed quote."""
    met = None if quote is None or crossed(quote) else touch(quote, side)
    left = 0 if quote is None or met is None else available(side, quote)
    return None if met is None or left < 1 else Offer(met[0], left)


def first_run(legs: Sequence[UnitLeg], depth_of: Depth, most: int) -> Run | None:
    """The next units, at most `most`, that the legs give at one cost; None where a leg has too few contracts.

    A unit that needs two prices of a leg is a run by itself.
    """
    units, cost = most, ZERO
    found: list[Sequence[Offer]] = []
    for leg in legs:
        offers, needed = depth_of(leg.symbol, leg.side), abs(leg.quantity)
        if sum(offer.quantity for offer in offers) < needed:
            return None
        flat = sum(offer.quantity for offer in offers if offer.price == offers[0].price)
        units = min(units, flat // needed)
        with exact_arithmetic():
            spent = sum((offer.price * taken for offer, taken in _walk(offers, needed)), ZERO)
            cost += spent * leg.weight / needed
        found.append(offers)
    units = max(units, 1)
    parts = [
        Part(leg.symbol, taken if leg.quantity > 0 else -taken, offer.price, offer.order)
        for leg, offers in zip(legs, found, strict=True)
        for offer, taken in _walk(offers, units * abs(leg.quantity))
    ]
    return Run(units, cost, tuple(parts))


def implied_in_leg(
    combinations: Iterable[OpenOrder],
    taker: OrderIntent,
    quantity: int,
    depth_for: DepthFor,
    instrument: Security,
) -> Implied | None:
    """The best that resting combinations of other accounts offer an order of one leg within its limit.

    `depth_for` tells what an account's combination meets. The leg's price is on its step; what rounding leaves stays
    with the combination.
    """
    best: tuple[tuple[Decimal, datetime], Implied] | None = None
    sign = taker.side.sign
    for order in combinations:
        intent, allowed, since = order.intent, budget(order.intent), arrived(order)
        legs = signed_legs(intent)
        mine = next((leg for leg in legs if leg.symbol == taker.symbol), None)
        if mine is None or mine.side is taker.side or intent.account == taker.account:
            continue
        most = min(order.workable, quantity // abs(mine.quantity))
        others = [leg for leg in legs if leg is not mine]
        run = None if most < 1 else first_run(others, depth_for(intent.account), most)
        if run is None or allowed is None or since is None:
            continue
        price = _leg_price(allowed, run.cost, mine.weight, instrument)
        if price <= 0 or (taker.limit_price is not None and sign * (price - taker.limit_price) > 0):
            continue
        rank = (sign * price, since)
        if best is None or rank < best[0]:
            best = (rank, Implied(order, price, mine, min(most, run.units), run))
    return None if best is None else best[1]


def direct_combination(combinations: Iterable[OpenOrder], taker: OrderIntent) -> OpenOrder | None:
    """The best order of another account on the other side of the same legs, where it is within the taker's limit."""
    mirrored = {leg.symbol: -leg.quantity for leg in signed_legs(taker)}
    allowed, best = budget(taker), None
    for order in combinations:
        cost, since = budget(order.intent), arrived(order)
        if cost is None or since is None or order.intent.account == taker.account:
            continue
        if {leg.symbol: leg.quantity for leg in signed_legs(order.intent)} != mirrored:
            continue
        if (allowed is None or -cost <= allowed) and (best is None or (-cost, since) < best[0]):
            best = ((-cost, since), order)
    return None if best is None else best[1]


def leg_prices(legs: Sequence[UnitLeg], cost: Decimal, quotes: Mapping[str, Quote]) -> dict[str, Decimal] | None:
    """Prices in cents at which two combinations trade their legs so that a unit costs the one `cost` exactly.

    Each leg starts at the far side of the one, what that is too much is taken off leg by leg within bid and ask, and
    the rest laid on one leg or two. Cents whatever the legs' steps are, as in Cboe Rule 5.33(f)(1). None where
    a leg has no quote, or no prices above zero do.
    """
    cents, rooms = [], []
    for symbol, _, lots in legs:
        quote = quotes.get(symbol)
        bid = None if quote is None else touch(quote, Side.SELL)
        ask = None if quote is None else touch(quote, Side.BUY)
        far, near = (ask, bid) if lots > 0 else (bid, ask)
        start = far or near
        if start is None:
            return None
        cents.append(_cents(start[0]))
        room = 0 if far is None or near is None else _cents(far[0]) - _cents(near[0])
        rooms.append(max(0, room if lots > 0 else -room))
    exact = Fraction(cost) * 100
    if exact.denominator != 1:
        return None
    over = sum(leg.weight * price for leg, price in zip(legs, cents, strict=True)) - int(exact)
    for row, leg in enumerate(legs):
        move = max(0, min(rooms[row], over // abs(leg.weight)))
        cents[row] -= move * leg.side.sign
        over -= move * abs(leg.weight)
    for row, moved in _laid([leg.weight for leg in legs], over):
        cents[row] -= moved
    if any(price < 1 for price in cents):
        return None
    made = {leg.symbol: Decimal(price).scaleb(-2) for leg, price in zip(legs, cents, strict=True)}
    with exact_arithmetic():
        return made if sum((leg.weight * made[leg.symbol] for leg in legs), ZERO) == cost else None


def _laid(lots: Sequence[int], over: int) -> tuple[tuple[int, int], ...]:
    """Rows and cents to take off so that the sum of lots times cents is `over`: one row where it can be, else two."""
    rows = sorted(range(len(lots)), key=lambda row: abs(lots[row]))
    for row in rows:
        if over % lots[row] == 0:
            return ((row, over // lots[row]),)
    for one in rows:
        for two in rows:
            for moved in range(abs(lots[two])):
                if one != two and (over - lots[one] * moved) % lots[two] == 0:
                    return ((one, moved), (two, (over - lots[one] * moved) // lots[two]))
    return ()


def _leg_price(allowed: Decimal, others: Decimal, lots: int, instrument: Security) -> Decimal:
    """The best that a combination gives in a leg, where a unit may cost `allowed` and its other legs cost `others`."""
    exact = (Fraction(allowed) - Fraction(others)) / lots
    with exact_arithmetic():
        step = tick_at(instrument, Decimal(floor(exact * 100)).scaleb(-2))
        steps = exact / Fraction(step)
        return step * (floor(steps) if lots > 0 else -floor(-steps))


def _walk(offers: Sequence[Offer], needed: int) -> list[tuple[Offer, int]]:
    taken: list[tuple[Offer, int]] = []
    for offer in offers:
        if needed < 1:
            break
        taken.append((offer, min(needed, offer.quantity)))
        needed -= offer.quantity
    return taken


def _limit(order: OpenOrder) -> Decimal:
    limit = order.intent.limit_price
    return ZERO if limit is None else limit


def _cents(price: Decimal) -> int:
    return floor(Fraction(price) * 100)
