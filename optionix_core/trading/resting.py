"""What a resting order watches for: triggers, trailing levels, its end, and the quotes that could matter to it.

Pure questions about one order and one quote. A level is met by the touch that the order would take: a stop bought by
the ask at or above it and sold by the bid at or below it, an if-touched order the other way round. A trailing level
follows the best touch since the order was accepted and never moves back. A crossed quote meets nothing.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from optionix_core.market.instruments import Security
from optionix_core.market.protocols import TouchRange
from optionix_core.market.quote import Quote
from optionix_core.portfolio.exact import ZERO, decimal_of_float, exact_arithmetic
from optionix_core.trading.open_order import OpenOrder
from optionix_core.trading.orders import OrderIntent, Side, TimeInForce, Trigger, TriggerKind
from optionix_core.trading.touch import crossed, touch
from optionix_core.trading.working_records import NOTHING, NOWHERE, Place, Reserve

_HUNDRED: Final = Decimal(100)


def ends_at(intent: OrderIntent, instrument: Security, session_close: datetime | None) -> datetime | None:
    """When an order that rests ends by itself; None where a DAY order's session is not known.

    Shares never end, and neither does a GTC order for them: None.
    """
    expires_at = instrument.expires_at
    if intent.time_in_force is TimeInForce.DAY:
        asked = session_close
    else:
        asked = expires_at if intent.good_until is None else intent.good_until
    return asked if asked is None or expires_at is None else min(asked, expires_at)


def why_it_ended(intent: OrderIntent, at: datetime) -> str:
    """One line for the end that time brings."""
    if intent.good_until is not None and intent.good_until == at:
        return f"GTD: good until {at:%Y-%m-%d %H:%M} UTC"
    if intent.time_in_force is TimeInForce.DAY:
        return f"DAY: the session closed {at:%Y-%m-%d %H:%M} UTC"
    return f"the instrument expired {at:%Y-%m-%d %H:%M} UTC"


def reserve_of(intent: OrderIntent, instrument: Security, level: Decimal | None, fees: Reserve) -> Reserve:
    """Cash kept for an order that buys: its limit, or its level where it has none, and what `fees` may need.

    A sell keeps none: it delivers what is held, and its proceeds pay its fee. A combination keeps its net price and the
    fees of a unit, as far as that is paid and not received.
    """
    price = intent.limit_price if intent.limit_price is not None else level
    if intent.legs and price is not None:
        with exact_arithmetic():
            return Reserve(max(ZERO, intent.side.sign * price * instrument.multiplier + fees.each), fees.once)
    if intent.side is Side.SELL or price is None:
        return NOTHING
    with exact_arithmetic():
        return Reserve(price * instrument.multiplier + fees.each, fees.once)


def place_of(intent: OrderIntent, quote: Quote, level: Decimal | None) -> Place:
    """Where an order stands as it joins: behind what is displayed at its price, in front of it, or not to be told."""
    trailing = intent.trigger is not None and intent.trigger.kind is TriggerKind.TRAILING
    if intent.legs:
        return NOWHERE
    if intent.trigger is not None or intent.limit_price is None:
        return Place(level=level) if trailing else NOWHERE
    buys = intent.side is Side.BUY
    price, size = (quote.bid, quote.bid_size) if buys else (quote.ask, quote.ask_size)
    if price is None:
        return Place(ahead=0)
    shown = decimal_of_float(price, "price")
    if shown == intent.limit_price:
        return Place(ahead=size)
    return Place(ahead=0) if (intent.limit_price > shown) is buys else NOWHERE


def level_of(order: OpenOrder, place: Place) -> Decimal | None:
    """The price that an order waits for; None where it has no trigger."""
    trigger = order.intent.trigger
    if trigger is None:
        return None
    return place.level if trigger.kind is TriggerKind.TRAILING else trigger.price


def followed(side: Side, trigger: Trigger, level: Decimal | None, quote: Quote) -> Decimal | None:
    """The level of a trailing stop after `quote`: a sold one rises with the bid, a bought one falls with the ask."""
    met = None if crossed(quote) else touch(quote, side)
    if met is None:
        return level
    with exact_arithmetic():
        away = met[0] * trigger.distance_percent / _HUNDRED if trigger.distance_percent is not None else None
        distance = trigger.distance if away is None else away
        fresh = met[0] + side.sign * (ZERO if distance is None else distance)
    if level is None:
        return fresh
    return min(level, fresh) if side is Side.BUY else max(level, fresh)


def is_met(side: Side, kind: TriggerKind, level: Decimal, quote: Quote) -> bool:
    """Whether a quote meets a level."""
    met = None if crossed(quote) else touch(quote, side)
    if met is None:
        return False
    rising = (side is Side.BUY) is not (kind is TriggerKind.TOUCHED)
    return met[0] >= level if rising else met[0] <= level


def matters(order: OpenOrder, place: Place, touches: TouchRange) -> bool:
    """Whether a quote within `touches` could fill or trigger an order, or move its level."""
    if order.workable < 1:
        return False
    intent = order.intent
    buys = intent.side is Side.BUY
    if not order.waits_for_trigger:
        if intent.limit_price is None:
            return True
        limit = float(intent.limit_price)
        return touches.ask_low <= limit if buys else touches.bid_high >= limit
    trigger, level = intent.trigger, level_of(order, place)
    if trigger is None or level is None:
        return True
    price = float(level)
    if trigger.kind is TriggerKind.TOUCHED:
        return touches.ask_low <= price if buys else touches.bid_high >= price
    if touches.ask_high >= price if buys else touches.bid_low <= price:
        return True
    return trigger.kind is TriggerKind.TRAILING and _moves(trigger, price, touches, buys=buys)


def _moves(trigger: Trigger, level: float, touches: TouchRange, *, buys: bool) -> bool:
    best = touches.ask_low if buys else touches.bid_high
    away = best * float(trigger.distance_percent) / 100.0 if trigger.distance_percent is not None else None
    distance = float(trigger.distance or 0) if away is None else away
    return best + distance < level if buys else best - distance > level
