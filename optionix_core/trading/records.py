"""Orders as events, there and back. The ids follow from the client order id, so that nothing happens twice.

    order/ID/intent         order.intent       what was wanted; written before the gate is asked
    order/ID/accepted ...                      what a resting order goes through: `working_records`
    order/ID/fill-1 ...     order.filled       what the venue did
    order/ID/fill-1/entry   ledger.entry       what that did to the book
    order/ID/end            order.completed | order.cancelled | order.rejected | order.expired

An order that meets nothing but what is displayed tells its fills within its end (`executed`), and a batch tells many
such orders (`batch_records`); `facts` reads all of it as the events above.

An order has one end, because that event has one id. Floats of quotes travel as exact decimal texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.market.quote import Quote
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import decimal_of_float, decimal_text
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event, Json, made
from optionix_core.trading.lots_wanted import lots_of, lots_payload
from optionix_core.trading.orders import (
    Fill,
    FillLeg,
    GateCheck,
    OrderIntent,
    OrderLeg,
    OrderState,
    Side,
    TimeInForce,
    Trigger,
    TriggerKind,
)

INTENT: Final = "order.intent"
FILLED: Final = "order.filled"
END_TYPES: Final[Mapping[OrderState, str]] = {
    OrderState.FILLED: "order.completed",
    OrderState.CANCELLED: "order.cancelled",
    OrderState.REJECTED: "order.rejected",
    OrderState.EXPIRED: "order.expired",
}
END_STATES: Final[Mapping[str, OrderState]] = {name: state for state, name in END_TYPES.items()}

Name = TypeVar("Name", bound=StrEnum)

_CLIENT_ORDER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class OrderEnd:
    """How an order ended, as its terminal event tells it."""

    state: OrderState
    reason: str | None
    checks: tuple[GateCheck, ...]


def check_client_order_id(client_order_id: str) -> None:
    """Raise InvalidValueError unless the id is 1 to 64 letters, digits, dots, dashes and underscores."""
    if not _CLIENT_ORDER_ID.fullmatch(client_order_id):
        bound = "1 to 64 letters, digits, '.', '-' or '_', beginning with a letter or digit"
        raise InvalidValueError("client_order_id", repr(client_order_id), bound)


def intent_id(client_order_id: str) -> str:
    """Id of the event of an order's intent."""
    return f"order/{client_order_id}/intent"


def end_id(client_order_id: str) -> str:
    """Id of the event that ends an order."""
    return f"order/{client_order_id}/end"


def intent_event(intent: OrderIntent) -> Event:
    """The event of an intent."""
    return made(intent_id(intent.client_order_id), INTENT, intent.created_at, intent_payload(intent), intent)


def intent_payload(intent: OrderIntent) -> dict[str, Json]:
    """The terms of an intent in an event. Those that only some orders have stand in it where they are set."""
    limit = None if intent.limit_price is None else decimal_text(intent.limit_price)
    payload: dict[str, Json] = {
        "account": intent.account,
        "client_order_id": intent.client_order_id,
        "limit_price": limit,
        "quantity": intent.quantity,
        "side": str(intent.side),
        "symbol": intent.symbol,
        "time_in_force": str(intent.time_in_force),
    }
    if intent.good_until is not None:
        payload["good_until"] = time_text(intent.good_until)
    if intent.trigger is not None:
        payload["trigger"] = _trigger_payload(intent.trigger)
    if intent.post_only:
        payload["post_only"] = True
    if intent.reduce_only:
        payload["reduce_only"] = True
    if intent.legs:
        payload["legs"] = [{"ratio": leg.ratio, "symbol": leg.symbol} for leg in intent.legs]
    texts = (("parent", intent.parent), ("one_cancels", intent.one_cancels), ("tag", intent.tag))
    payload |= {name: text for name, text in texts if text is not None}
    if intent.amount is not None:
        payload["amount"] = decimal_text(intent.amount)
    if intent.lots is not None:
        payload["lots"] = lots_payload(intent.lots)
    return payload


def intent_of(event: Event) -> OrderIntent:
    """The intent of its event. Raises IntegrityError where the event is malformed."""
    if type(event.value) is OrderIntent:
        return event.value
    payload = event.payload
    return OrderIntent(
        client_order_id=fields.text(payload, "client_order_id"),
        account=fields.text(payload, "account"),
        side=_side(payload),
        quantity=fields.integer(payload, "quantity"),
        symbol=fields.text(payload, "symbol"),
        limit_price=fields.optional_decimal(payload, "limit_price"),
        created_at=event.time,
        time_in_force=_named(payload, "time_in_force", TimeInForce),
        good_until=fields.optional_moment(payload, "good_until") if "good_until" in payload else None,
        trigger=_trigger_of(fields.mapping(payload, "trigger")) if "trigger" in payload else None,
        post_only=fields.boolean(payload, "post_only") if "post_only" in payload else False,
        reduce_only=fields.boolean(payload, "reduce_only") if "reduce_only" in payload else False,
        legs=tuple(
            OrderLeg(fields.text(leg, "symbol"), fields.integer(leg, "ratio"))
            for leg in fields.objects(payload, "legs")
        )
        if "legs" in payload
        else (),
        parent=_text_where_set(payload, "parent"),
        one_cancels=_text_where_set(payload, "one_cancels"),
        tag=_text_where_set(payload, "tag"),
        amount=fields.decimal(payload, "amount") if "amount" in payload else None,
        lots=lots_of(fields.mapping(payload, "lots")) if "lots" in payload else None,
    )


def _text_where_set(payload: Mapping[str, Json], name: str) -> str | None:
    return fields.text(payload, name) if name in payload else None


def _named(payload: Mapping[str, Json], field: str, names: type[Name]) -> Name:
    text = fields.text(payload, field)
    try:
        return names(text)
    except ValueError:
        raise IntegrityError(f"field {field} must be one of {', '.join(names)} (got {text!r})") from None


def _trigger_payload(trigger: Trigger) -> dict[str, Json]:
    payload: dict[str, Json] = {"kind": str(trigger.kind)}
    for name in ("price", "distance", "distance_percent"):
        number = getattr(trigger, name)
        if number is not None:
            payload[name] = decimal_text(number)
    return payload


def _trigger_of(payload: Mapping[str, Json]) -> Trigger:
    def number(name: str) -> Decimal | None:
        return fields.decimal(payload, name) if name in payload else None

    kind = _named(payload, "kind", TriggerKind)
    return Trigger(kind, number("price"), number("distance"), number("distance_percent"))


def _side(payload: Mapping[str, Json]) -> Side:
    return _named(payload, "side", Side)


def same_order(one: OrderIntent, other: OrderIntent) -> bool:
    """Whether two intents ask for the same thing; when they were asked does not matter."""
    return replace(one, created_at=other.created_at) == other


def fill_event(fill: Fill, intent: OrderIntent) -> Event:
    """The event of a fill; it carries the quote that the fill was made against."""
    payload: dict[str, Json] = {
        "account": intent.account,
        "client_order_id": fill.client_order_id,
        "fee": decimal_text(fill.fee),
        "model": fill.model,
        "price": decimal_text(fill.price),
        "quantity": fill.quantity,
        "quote": quote_payload(fill.quote),
        "side": str(intent.side),
        "symbol": intent.symbol,
    }
    if fill.against is not None:
        payload["against"] = fill.against
    if fill.legs:
        del payload["quote"]
        payload["legs"] = [_leg_payload(leg) for leg in fill.legs]
    return made(fill.fill_id, FILLED, fill.filled_at, payload, as_told(fill))


def as_told(fill: Fill) -> Fill:
    """The fill as its event tells it: of a quote the touch alone."""
    if fill.legs:
        legs = tuple(replace(leg, quote=_touch_alone(leg.quote)) for leg in fill.legs)
        return replace(fill, quote=legs[0].quote, legs=legs)
    quote = _touch_alone(fill.quote)
    return fill if quote is fill.quote else replace(fill, quote=quote)


def _touch_alone(quote: Quote) -> Quote:
    if quote.last is quote.volume is quote.open_interest is quote.vendor_iv is None:
        return quote
    return replace(quote, last=None, volume=None, open_interest=None, vendor_iv=None)


def fill_of(event: Event) -> Fill:
    """The fill of its event. Raises IntegrityError where the event is malformed."""
    if type(event.value) is Fill:
        return event.value
    payload = event.payload
    legs = tuple(_leg_of(leg) for leg in fields.objects(payload, "legs")) if "legs" in payload else ()
    symbol = fields.text(payload, "symbol")
    return Fill(
        fill_id=event.id,
        client_order_id=fields.text(payload, "client_order_id"),
        quantity=fields.integer(payload, "quantity"),
        price=fields.decimal(payload, "price"),
        fee=fields.decimal(payload, "fee"),
        model=fields.text(payload, "model"),
        filled_at=event.time,
        quote=legs[0].quote if legs else quote_of(fields.mapping(payload, "quote"), symbol),
        legs=legs,
        against=_text_where_set(payload, "against"),
    )


def _leg_payload(leg: FillLeg) -> dict[str, Json]:
    return {
        **({} if leg.against is None else {"against": leg.against}),
        "fee": decimal_text(leg.fee),
        "price": decimal_text(leg.price),
        "quantity": leg.quantity,
        "quote": quote_payload(leg.quote),
        "symbol": leg.symbol,
    }


def _leg_of(payload: Mapping[str, Json]) -> FillLeg:
    symbol = fields.text(payload, "symbol")
    return FillLeg(
        symbol=symbol,
        quantity=fields.integer(payload, "quantity"),
        price=fields.decimal(payload, "price"),
        fee=fields.decimal(payload, "fee"),
        quote=quote_of(fields.mapping(payload, "quote"), symbol),
        against=_text_where_set(payload, "against"),
    )


def fill_side(event: Event) -> Side:
    """Which way a fill went."""
    return _side(event.payload)


def _number(value: float | None, name: str) -> str | None:
    return None if value is None else decimal_text(decimal_of_float(value, name))


def quote_payload(quote: Quote) -> dict[str, Json]:
    """A quote in an event; its floats as the exact decimals that they print as."""
    made = quote.exchange_time
    return {
        "ask": _number(quote.ask, "ask"),
        "ask_size": quote.ask_size,
        "bid": _number(quote.bid, "bid"),
        "bid_size": quote.bid_size,
        "exchange_time": None if made is None else time_text(made),
        "received_at": time_text(quote.received_at),
        "source": quote.source,
    }


def quote_of(payload: Mapping[str, Json], symbol: str) -> Quote:
    """The quote of `quote_payload`."""
    bid = fields.optional_decimal(payload, "bid")
    ask = fields.optional_decimal(payload, "ask")
    return Quote(
        symbol=symbol,
        source=fields.text(payload, "source"),
        received_at=fields.moment(payload, "received_at"),
        exchange_time=fields.optional_moment(payload, "exchange_time"),
        bid=None if bid is None else float(bid),
        ask=None if ask is None else float(ask),
        bid_size=fields.optional_integer(payload, "bid_size"),
        ask_size=fields.optional_integer(payload, "ask_size"),
    )


def end_event(intent: OrderIntent, end: OrderEnd, time: datetime) -> Event:
    """The event that ends an order, with every answer of the gate."""
    payload: dict[str, Json] = {
        "account": intent.account,
        "checks": checks_payload(end.checks),
        "client_order_id": intent.client_order_id,
        "reason": end.reason,
        "rule": next((item.rule for item in end.checks if not item.passed), None),
        "state": str(end.state),
    }
    return made(end_id(intent.client_order_id), END_TYPES[end.state], time, payload, end)


def end_of(event: Event) -> OrderEnd:
    """The end of its event. Raises IntegrityError where the event is malformed."""
    if type(event.value) is OrderEnd:
        return event.value
    state = END_STATES.get(event.type)
    if state is None:
        raise IntegrityError(f"{event.id} ends no order (type {event.type})")
    return OrderEnd(state, fields.optional_text(event.payload, "reason"), checks_of(event.payload))


def checks_payload(checks: tuple[GateCheck, ...]) -> list[Json]:
    """Answers of the gate in an event."""
    return [{"detail": item.detail, "passed": item.passed, "rule": item.rule} for item in checks]


def checks_of(payload: Mapping[str, Json]) -> tuple[GateCheck, ...]:
    """The answers of the gate that an event holds."""
    return tuple(
        GateCheck(fields.text(item, "rule"), fields.boolean(item, "passed"), fields.text(item, "detail"))
        for item in fields.objects(payload, "checks")
    )
