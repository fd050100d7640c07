"""What an order would meet now: the quotes of its legs, and the net bid and ask that they add up to.

Net prices are those of one unit, per unit of the underlying, whichever side the order is of. Nothing is taken for a
quote that is not there: without a touch on every leg there is no net price on that side.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market import symbols
from optionix_core.services.judging import security_of
from optionix_core.trading.combination import natural
from optionix_core.trading.gate_combination import NET_TICK
from optionix_core.trading.orders import OrderLeg, Side
from optionix_core.trading.touch import tick_at

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.market.instruments import Security
    from optionix_core.market.quote import Quote
    from optionix_core.services.workspace import Workspace

Place = Literal["bid", "mid", "ask"]
PLACES: Final[tuple[Place, ...]] = get_args(Place)


class LegTouch(NamedTuple):
    """One leg and its quote."""

    symbol: str
    ratio: int
    """In one unit, signed; 1 for an order of a single instrument."""
    quote: Quote


@dataclass(frozen=True, slots=True)
class OrderTouch:
    """Where a unit trades now."""

    moment: datetime
    legs: tuple[LegTouch, ...]
    bid: Decimal | None
    """At which a unit is sold; None where a leg has no touch."""
    ask: Decimal | None
    instrument: Security | None
    """Of a single instrument; None for a combination."""

    @property
    def mid(self) -> Decimal | None:
        """Between the two; None where one is missing."""
        return None if self.bid is None or self.ask is None else (self.bid + self.ask) / 2

    def tick(self, price: Decimal) -> Decimal:
        """The step of prices at `price`; a cent for a net price."""
        return NET_TICK if self.instrument is None else tick_at(self.instrument, abs(price))

    def stepped(self, price: Decimal, steps: int) -> Decimal:
        """`price` so many ticks further, on the grid; of a single instrument never below one tick."""
        tick = self.tick(price)
        moved = _on_grid(price, tick, up=steps < 0) + steps * tick
        return moved if self.instrument is None else max(moved, tick)

    def at(self, place: Place, side: Side) -> Decimal:
        """The price at a place, on the grid; between two steps the one that is better for `side`.

        Raises MissingDataError where there is none.
        """
        if place not in PLACES:
            raise InvalidValueError("place", repr(place), f"one of {', '.join(PLACES)}")
        found = {"bid": self.bid, "mid": self.mid, "ask": self.ask}[place]
        if found is None:
            names = ", ".join(leg.symbol.strip() for leg in self.legs)
            raise MissingDataError(f"there is no {place} of {names}: nobody quotes that side")
        return _on_grid(found, self.tick(found), up=side is Side.SELL)


def touch_of(workspace: Workspace, symbol: str, legs: tuple[OrderLeg, ...] = ()) -> OrderTouch:
    """Of one instrument, or of the legs of a combination, whose `symbol` is empty.

    Raises UnknownNameError for what the feed does not know, MissingDataError for a leg without a quote, and
    RefusedError for what nobody can trade.
    """
    now, feed = workspace.clock.now(), workspace.feed
    if not legs:
        key = symbols.security(symbol)
        instrument, quote = security_of(feed, key), feed.quote(key, now)
        return OrderTouch(now, (LegTouch(key, 1, quote),), _exact(quote.bid), _exact(quote.ask), instrument)
    kept = tuple(OrderLeg(symbols.security(leg.symbol), leg.ratio) for leg in legs)
    quotes = {leg.symbol: feed.quote(leg.symbol, now) for leg in kept}
    found = tuple(LegTouch(leg.symbol, leg.ratio, quotes[leg.symbol]) for leg in kept)
    return OrderTouch(now, found, natural(Side.SELL, kept, quotes), natural(Side.BUY, kept, quotes), None)


def _exact(price: float | None) -> Decimal | None:
    return None if price is None else Decimal(repr(price))


def _on_grid(price: Decimal, tick: Decimal, *, up: bool) -> Decimal:
    steps = (price / tick).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR)
    return steps * tick
