"""Orders that arrive meet what is displayed and the orders of other accounts of the home, combinations among them.

Who meets whom `trading.crossing` says; here it becomes events. A trade is one fill and one ledger entry for each order
in it, all in one transaction, and every account is asked before: an order that its account cannot pay for or stand
behind ends, with the reason, and the next is looked for. Orders of one account never trade with each other; they are
passed over and rest, since a protective stop must not go because its own entry still works. Nothing is traded that is
halted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.services.combination_fills import fresh_quotes
from optionix_core.services.judging import quote_of
from optionix_core.services.trades import Sides, Trades
from optionix_core.trading import crossing
from optionix_core.trading.combination import COMBINATION_MODEL
from optionix_core.trading.orders import OrderState
from optionix_core.trading.records import OrderEnd
from optionix_core.trading.touch import acceptable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from optionix_core.market.quote import Quote
    from optionix_core.services.working import Working
    from optionix_core.trading.crossing import Depth, Implied, Offer
    from optionix_core.trading.open_order import OpenOrder
    from optionix_core.trading.orders import Side


class Crossing:
    """Of one draft."""

    def __init__(self, working: Working) -> None:
        self._working = working
        self._draft, self._feed = working.draft, working.feed
        self._trades = Trades(working)

    def take(self, name: str, quote: Quote, at: datetime, *, displayed: bool = True) -> str | None:
        """Let an order of one instrument take what there is; answers why it may not go on, None where it may rest.

        Without `displayed` it meets orders alone.
        """
        while (order := self._draft.orders.order(name)) is not None and order.workable >= 1:
            side = order.intent.side
            offer, implied = self.best(order, quote, at, displayed=displayed)
            if implied is not None and (offer is None or side.sign * (implied.price - offer.price) < 0):
                why = self._trades.imply_out(order, implied, quote, at)
            elif offer is None:
                return None
            elif offer.order is None:
                why = self._working.take_displayed(order, quote, at)
            else:
                why = self._trades.one_with_another(order, offer, quote, at)
            if why is not None:
                return why
        return None

    def take_units(self, name: str, at: datetime, *, arriving: bool) -> str | None:
        """Let a combination take its legs and, as it arrives, what stands on the other side; answers as `take`."""
        while (order := self._draft.orders.order(name)) is not None and order.workable >= 1:
            intent, allowed = order.intent, crossing.budget(order.intent)
            quotes = None if self._halted(order, at) else fresh_quotes(self._feed, intent, at)
            if quotes is None:
                return None
            run = crossing.first_run(crossing.signed_legs(intent), self._depth_for(at)(intent.account), order.workable)
            if run is not None and allowed is not None and run.cost > allowed:
                run = None
            other = crossing.direct_combination(self._combinations(at, name), intent) if arriving else None
            sides: Sides | None = None
            if other is not None and (run is None or -crossing.cost_of(other) <= run.cost):
                sides = self._trades.opposed(order, other, quotes)
            if sides is None and run is None:
                return None
            if sides is None and run is not None:
                shown = all(part.order is None for part in run.parts)
                sides = self._trades.of_run(order, run, COMBINATION_MODEL if shown else crossing.IMPLIED_IN_MODEL)
            why = None if sides is None else self._trades.make(sides, name, at)
            if why is not None:
                return why
        return None

    def settle(self, symbols: Iterable[str], at: datetime) -> None:
        """What follows from orders that came, went or traded in these instruments, until nothing more does.

        Children that were released meet the orders that rest; combinations that rest take what their legs have become.
        """
        touched = set(symbols)
        while touched:
            known = len(self._draft.events)
            touched |= self._released(at)
            fresh: set[str] = set()
            for order in crossing.combinations_in_turn(self._combinations(at, "")):
                intent = order.intent
                if touched.isdisjoint(intent.symbols) or not self.elsewhere(order, at):
                    continue
                before = len(self._draft.events)
                self._ended(intent.client_order_id, self.take_units(intent.client_order_id, at, arriving=False), at)
                if len(self._draft.events) > before:
                    fresh.update(intent.symbols)
            touched = fresh if len(self._draft.events) > known else set()

    def elsewhere(self, order: OpenOrder, at: datetime) -> dict[str, float]:
        """Best prices at which orders of other accounts rest in a combination's legs."""
        found: dict[str, float] = {}
        for leg in crossing.signed_legs(order.intent):
            offers = crossing.depth(self._waiting(leg.symbol, at), order.intent.account, leg.side, None, {})
            if offers:
                found[leg.symbol] = float(offers[0].price)
        return found

    def best(
        self, order: OpenOrder, quote: Quote, at: datetime, *, displayed: bool = True
    ) -> tuple[Offer | None, Implied | None]:
        """The best that an order of one instrument meets within its limit, directly and implied."""
        intent = order.intent
        if self._working.halted(intent.symbol, at):
            return None, None
        shown = crossing.displayed(quote, intent.side, self._working.venue.available) if displayed else None
        found = crossing.depth(
            self._waiting(intent.symbol, at), intent.account, intent.side, shown, self._trades.at_most
        )
        offer = found[0] if found and acceptable(intent.side, found[0].price, intent.limit_price) else None
        combinations = [
            one
            for one in self._combinations(at, intent.client_order_id)
            if intent.symbol in one.intent.symbols
            and not self._halted(one, at)
            and fresh_quotes(self._feed, one.intent, at) is not None
        ]
        if not combinations:
            return offer, None
        quantity = min(order.workable, self._trades.at_most.get(intent.client_order_id, order.workable))
        instrument = self._working.instrument(intent.symbol)
        return offer, crossing.implied_in_leg(combinations, intent, quantity, self._depth_for(at), instrument)

    def _released(self, at: datetime) -> set[str]:
        """Let children that fills of their parents released meet the orders that rest; answers their instruments."""
        touched: set[str] = set()
        while self._working.released:
            order = self._draft.orders.order(self._working.released.pop(0))
            if order is None or not crossing.waits(order, at):
                continue
            name, symbol = order.intent.client_order_id, order.intent.symbols[0]
            touched.update(order.intent.symbols)
            if order.intent.legs:
                self._ended(name, self.take_units(name, at, arriving=True), at)
            elif (quote := quote_of(self._feed, symbol, at)) is not None:
                self._ended(name, self.take(name, quote, at, displayed=False), at)
        return touched

    def _ended(self, name: str, why: str | None, at: datetime) -> None:
        if why is not None:
            self._working.end(name, OrderEnd(OrderState.CANCELLED, why, ()), at)

    def _halted(self, order: OpenOrder, at: datetime) -> bool:
        return any(self._working.halted(symbol, at) for symbol in order.intent.symbols)

    def _waiting(self, symbol: str, at: datetime) -> list[OpenOrder]:
        """Orders that rest in an instrument, in the order in which they were wanted."""
        return [
            order
            for order in self._draft.orders_here()
            if order.intent.symbol == symbol and not order.intent.legs and crossing.waits(order, at)
        ]

    def _combinations(self, at: datetime, but: str) -> list[OpenOrder]:
        """Combinations that rest, in the order in which they came."""
        found = [
            order
            for order in self._draft.orders_here()
            if order.intent.legs and order.intent.client_order_id != but and crossing.waits(order, at)
        ]
        return sorted(found, key=crossing.place_in_time)

    def _depth_for(self, at: datetime) -> crossing.DepthFor:
        """What the combinations of an account meet in their legs at a moment."""

        def of(account: str) -> Depth:
            def meets(symbol: str, side: Side) -> list[Offer]:
                shown = crossing.displayed(quote_of(self._feed, symbol, at), side, self._working.venue.available)
                return crossing.depth(self._waiting(symbol, at), account, side, shown, self._trades.at_most)

            return meets

        return of
