"""An order that was wanted and has not ended: its terms, how far it is, and where it stands in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from optionix_core.errors import IntegrityError
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import ZERO, add, decimal_text, multiply
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event, Json
from optionix_core.trading.orders import Amendment, Fill, OrderIntent, OrderState
from optionix_core.trading.records import INTENT, intent_event, intent_of
from optionix_core.trading.working_records import (
    NOTHING,
    NOWHERE,
    Place,
    Reserve,
)


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order whose intent has no end yet."""

    intent: OrderIntent
    """With the terms that it has now."""
    accepted_at: datetime | None = None
    """None where the gate has not answered: its process died, or is at it."""
    triggered_at: datetime | None = None
    since: datetime | None = None
    """Only quotes made after it count: when it was accepted, got other terms, or was first released by its parent."""
    ends_at: datetime | None = None
    """When it ends by itself."""
    filled: int = 0
    fills: int = 0
    """How many fills that were."""
    released: int = 0
    """Of a child: contracts that the fills of its parent let it work, less what others of its group were filled."""
    reserve: Reserve = NOTHING
    place: Place = NOWHERE
    turnover: Mapping[str, Decimal] = field(default_factory=dict)
    """By symbol: sum of quantity times price over its fills, without a sign; empty before the first."""

    @property
    def remaining(self) -> int:
        """Contracts, or units, not filled yet."""
        return self.intent.quantity - self.filled

    @property
    def workable(self) -> int:
        """Of those, how many may be filled now, were it triggered."""
        if self.intent.parent is None:
            return self.remaining
        return min(self.intent.quantity, self.released) - self.filled

    @property
    def waits_for_trigger(self) -> bool:
        """Whether its level has not been met yet."""
        return self.intent.trigger is not None and self.triggered_at is None

    def stands_at(self, price: Decimal) -> bool:
        """Whether it rests at a limit behind what is displayed there."""
        rests = self.since is not None and not self.waits_for_trigger
        return rests and self.intent.limit_price == price and self.place.ahead != 0

    @property
    def state(self) -> OrderState:
        """Where it stands, as far as the log alone tells."""
        if self.accepted_at is None:
            return OrderState.INTENT
        if self.waits_for_trigger or self.workable < 1:
            return OrderState.HELD
        return OrderState.PARTIALLY_FILLED if self.filled else OrderState.WORKING

    @property
    def reserved(self) -> Decimal:
        """Cash kept for what is not filled yet."""
        return self.reserve.total(self.remaining, filled=self.filled > 0)


def same_group(one: OrderIntent, other: OrderIntent) -> bool:
    """Whether two orders are of one one-cancels group."""
    return one.one_cancels is not None and (one.account, one.one_cancels) == (other.account, other.one_cancels)


def amended_terms(intent: OrderIntent, asked: Amendment) -> OrderIntent:
    """The order with the terms of an amendment in place of its own."""
    trigger = intent.trigger
    if asked.trigger_price is not None:
        if trigger is None:
            raise IntegrityError(f"order {intent.client_order_id} has no trigger to amend")
        trigger = replace(trigger, price=asked.trigger_price)
    return replace(
        intent,
        quantity=intent.quantity if asked.quantity is None else asked.quantity,
        limit_price=intent.limit_price if asked.limit_price is None else asked.limit_price,
        trigger=trigger,
    )


def turned_over(order: OpenOrder, fill: Fill) -> dict[str, Decimal]:
    """An order's turnover with one more fill."""
    turnover = dict(order.turnover)
    moved = [(leg.symbol, abs(leg.quantity), leg.price) for leg in fill.legs]
    for symbol, quantity, price in moved or [(order.intent.symbol, fill.quantity, fill.price)]:
        turnover[symbol] = add(turnover.get(symbol, ZERO), multiply(Decimal(quantity), price))
    return turnover


def order_state(order: OpenOrder) -> dict[str, Json]:
    """An order as plain JSON values."""
    event = intent_event(order.intent)
    return {
        "accepted_at": None if order.accepted_at is None else time_text(order.accepted_at),
        "created_at": time_text(event.time),
        "ends_at": None if order.ends_at is None else time_text(order.ends_at),
        "filled": order.filled,
        "fills": order.fills,
        "intent": event.payload,
        "place": {
            "ahead": order.place.ahead,
            "level": None if order.place.level is None else decimal_text(order.place.level),
        },
        "released": order.released,
        "reserve": {"each": decimal_text(order.reserve.each), "once": decimal_text(order.reserve.once)},
        "since": None if order.since is None else time_text(order.since),
        "triggered_at": None if order.triggered_at is None else time_text(order.triggered_at),
        "turnover": {symbol: decimal_text(value) for symbol, value in order.turnover.items()},
    }


def order_of_state(item: Mapping[str, Json]) -> OpenOrder:
    """The order whose `order_state` it is. Raises IntegrityError where it is malformed."""
    intent = intent_of(Event("", INTENT, fields.moment(item, "created_at"), fields.mapping(item, "intent")))
    place, reserve = fields.mapping(item, "place"), fields.mapping(item, "reserve")
    turnover = fields.mapping(item, "turnover")
    return OpenOrder(
        intent=intent,
        accepted_at=fields.optional_moment(item, "accepted_at"),
        triggered_at=fields.optional_moment(item, "triggered_at"),
        since=fields.optional_moment(item, "since"),
        ends_at=fields.optional_moment(item, "ends_at"),
        filled=fields.integer(item, "filled"),
        fills=fields.integer(item, "fills"),
        released=fields.integer(item, "released"),
        reserve=Reserve(fields.decimal(reserve, "each"), fields.decimal(reserve, "once")),
        place=Place(fields.optional_integer(place, "ahead"), fields.optional_decimal(place, "level")),
        turnover={symbol: fields.decimal(turnover, symbol) for symbol in turnover},
    )
