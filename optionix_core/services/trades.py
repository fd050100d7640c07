"""A trade between orders of a home: all of its fills and entries, or none.

Every account is asked before its fill is made, with what the fills before it in the same trade did to it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from optionix_core.errors import IntegrityError
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.portfolio.trades import fill_id
from optionix_core.trading import crossing
from optionix_core.trading.orders import Fill, FillLeg, OrderState
from optionix_core.trading.records import OrderEnd

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from optionix_core.market.quote import Quote
    from optionix_core.services.working import Working
    from optionix_core.trading.crossing import Implied, Offer, Part, Run
    from optionix_core.trading.open_order import OpenOrder


class TradeSide(NamedTuple):
    """What one order does in a trade."""

    order: str
    quantity: int
    """Contracts, or units."""
    price: Decimal
    model: str
    against: str | None
    parts: tuple[Part, ...] = ()
    """Of a combination, its legs."""


Sides = tuple[TradeSide, ...]


class Trades:
    """Makes the trades of one draft."""

    def __init__(self, working: Working) -> None:
        self._working = working
        self._draft, self._feed = working.draft, working.feed
        self.at_most: dict[str, int] = {}
        """What an order's account was found to be able to take, where that is less than what works."""

    def one_with_another(self, order: OpenOrder, offer: Offer, quote: Quote, at: datetime) -> str | None:
        """Two orders of one instrument, at the price of the earlier; answers as `make`."""
        name, other = order.intent.client_order_id, offer.order or ""
        quantity = min(offer.quantity, order.workable, self.at_most.get(name, order.workable))
        mine = TradeSide(name, quantity, offer.price, crossing.PRICE_TIME_MODEL, other)
        return self.make((mine, mine._replace(order=other, against=name)), name, at, quote)

    def imply_out(self, order: OpenOrder, implied: Implied, quote: Quote, at: datetime) -> str | None:
        """A leg's order, a resting combination, and whoever stands in the other legs; answers as `make`."""
        intent, theirs = order.intent, implied.combination.intent
        name, other = intent.client_order_id, theirs.client_order_id
        quantity = implied.units * implied.leg.quantity
        own = crossing.Part(intent.symbol, quantity, implied.price, name)
        with exact_arithmetic():
            net = theirs.side.sign * (implied.run.cost + implied.leg.weight * implied.price)
        model, run = crossing.IMPLIED_OUT_MODEL, implied.run.of_units(implied.units)
        mine = TradeSide(name, abs(quantity), implied.price, model, other)
        combination = TradeSide(other, implied.units, net, model, None, (own, *run.parts))
        return self.make((mine, combination, *_makers(run, other)), name, at, quote)

    def of_run(self, order: OpenOrder, run: Run, model: str) -> Sides:
        """A combination, and whoever stands in its legs."""
        name = order.intent.client_order_id
        with exact_arithmetic():
            price = order.intent.side.sign * run.cost
        return (TradeSide(name, run.units, price, model, None, run.parts), *_makers(run, name))

    def opposed(self, order: OpenOrder, other: OpenOrder, quotes: Mapping[str, Quote]) -> Sides | None:
        """Two combinations of the same legs; None where no prices of the legs come to the net price."""
        legs, cost = crossing.signed_legs(order.intent), -crossing.cost_of(other)
        prices = crossing.leg_prices(legs, cost, quotes)
        if prices is None:
            return None
        units = min(order.workable, other.workable)
        mine, theirs = order.intent.client_order_id, other.intent.client_order_id

        def side_of(one: OpenOrder, sign: int, name: str, against: str) -> TradeSide:
            parts = tuple(
                crossing.Part(leg.symbol, sign * leg.quantity * units, prices[leg.symbol], against) for leg in legs
            )
            with exact_arithmetic():
                net = one.intent.side.sign * sign * cost
            return TradeSide(name, units, net, crossing.COMBINATION_TIME_MODEL, against, parts)

        return side_of(order, 1, mine, theirs), side_of(other, -1, theirs, mine)

    def make(self, sides: Sides, taker: str, at: datetime, quote: Quote | None = None) -> str | None:
        """Fill every order of a trade, or none.

        One that its account cannot take ends, but for the taker: then why is the answer. What an account can take in
        part is remembered until something was traded. `quote` is of the taker's instrument where it has one alone.
        """
        mark, made = len(self._draft.events), []
        for side in sides:
            order = self._draft.orders.order(side.order)
            if order is None:
                raise IntegrityError(f"order {side.order} trades and is not open")
            fill = self._fill(order, side, at, quote)
            why = self._working.cannot(order, fill)
            if why is not None:
                self._draft.forget(mark)
                return self._cut(side, taker, why, at)
            self._working.write(order, fill)
            made.append((order, fill))
        self.at_most.clear()
        for order, fill in made:
            self._working.follow(order, fill)
        return None

    def _cut(self, side: TradeSide, taker: str, why: str, at: datetime) -> str | None:
        """Make the side of a trade smaller where its account could take a part, or end it."""
        order = self._draft.orders.order(side.order)
        closes = 0 if order is None or side.parts else self._working.closing(order)
        if 1 <= closes < side.quantity:
            self.at_most[side.order] = closes
        elif side.order == taker:
            return why
        else:
            self._working.end(side.order, OrderEnd(OrderState.CANCELLED, why, ()), at)
        return None

    def _fill(self, order: OpenOrder, side: TradeSide, at: datetime, quote: Quote | None) -> Fill:
        intent, venue = order.intent, self._working.venue

        def quoted(symbol: str) -> Quote:
            return quote if quote is not None and quote.symbol == symbol else self._feed.quote(symbol, at)

        meter = venue.meter(order, lambda symbol: self._working.instrument(symbol).multiplier)

        def fee(symbol: str, quantity: int, price: Decimal) -> Decimal:
            return meter.charge(symbol, abs(quantity), price, sold=quantity < 0)

        legs = tuple(
            FillLeg(part.symbol, part.quantity, part.price, fee(*part[:3]), quoted(part.symbol), part.order)
            for part in side.parts
        )
        with exact_arithmetic():
            alone = ZERO if legs else fee(intent.symbol, intent.side.sign * side.quantity, side.price)
            fees = sum((leg.fee for leg in legs), alone)
        return Fill(
            fill_id=fill_id(side.order, order.fills + 1),
            client_order_id=side.order,
            quantity=side.quantity,
            price=side.price,
            fee=fees,
            model=side.model,
            filled_at=at,
            quote=legs[0].quote if legs else quoted(intent.symbol),
            legs=legs,
            against=side.against,
        )


def _makers(run: Run, name: str) -> Sides:
    return tuple(
        TradeSide(part.order, abs(part.quantity), part.price, crossing.PRICE_TIME_MODEL, name)
        for part in run.parts
        if part.order is not None
    )
