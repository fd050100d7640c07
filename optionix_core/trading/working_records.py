"""What a resting order goes through, as events beside those of `records`.

    order/ID/accepted       order.accepted     the gate let it pass; what is reserved for it
    order/ID/triggered      order.triggered    its level was met, by which quote
    order/ID/amend/AID      order.amended      other terms; or order.amendment-refused, which changes nothing
    venue/NAME/TIME         venue.advanced     up to when the venue has looked at quotes, and where each order stands

An order that is neither filled at once nor refused is accepted, and is open until its end. A venue that nobody kept
running is brought up to now from the last `venue.advanced`: what it found on the way is in the log at the time when it
happened, this event says that nothing else did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from optionix_core.market.quote import Quote
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import ZERO, add, decimal_text, multiply
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event, Json, made
from optionix_core.trading.account_breakers import Notes, notes_of, notes_payload
from optionix_core.trading.orders import Amendment, GateCheck, OrderIntent
from optionix_core.trading.records import checks_of, checks_payload, quote_of, quote_payload

ACCEPTED: Final = "order.accepted"
TRIGGERED: Final = "order.triggered"
AMENDED: Final = "order.amended"
AMENDMENT_REFUSED: Final = "order.amendment-refused"
ADVANCED: Final = "venue.advanced"


@dataclass(frozen=True, slots=True)
class Reserve:
    """Cash kept for a working order, in the account's currency, not negative."""

    each: Decimal = ZERO
    """For every contract, or unit of a combination, that is not filled yet."""
    once: Decimal = ZERO
    """Until the first fill: fees by the order."""

    def total(self, remaining: int, *, filled: bool) -> Decimal:
        """What is kept while `remaining` are not filled."""
        each = multiply(self.each, Decimal(remaining))
        return each if filled else add(each, self.once)


NOTHING: Final = Reserve()
"""No cash kept."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resting order stands at the venue."""

    ahead: int | None = None
    """Contracts displayed before it at its price; None where nothing is displayed there or it has no place."""
    level: Decimal | None = None
    """Of a trailing stop."""


NOWHERE: Final = Place()
"""No place at the venue."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The gate's yes to an order that is to rest."""

    reserve: Reserve
    checks: tuple[GateCheck, ...]
    ends_at: datetime | None = None
    """When it ends by itself; None for never."""
    place: Place = NOWHERE
    released: int = 0
    """Of a child: contracts that its parent had filled already."""


@dataclass(frozen=True, slots=True)
class Amended:
    """An amendment and the gate's answer to it."""

    amendment: Amendment
    reserve: Reserve
    checks: tuple[GateCheck, ...]


@dataclass(frozen=True, slots=True)
class Advanced:
    """A venue has looked at every quote up to a moment."""

    venue: str
    until: datetime
    places: Mapping[str, Place]
    """By client order id; orders without a place are left out."""
    unseen: tuple[str, ...] = ()
    """Instruments whose quotes of the stretch were not to be had: nothing was filled on them."""
    notes: Notes = field(default_factory=dict)
    """What accounts had earned, for breakers; empty where none is set."""


def accepted_id(client_order_id: str) -> str:
    """Id of the event that accepts an order."""
    return f"order/{client_order_id}/accepted"


def accepted_event(intent: OrderIntent, accepted: Accepted, time: datetime) -> Event:
    """The event that accepts an order."""
    payload: dict[str, Json] = {
        "account": intent.account,
        "checks": checks_payload(accepted.checks),
        "client_order_id": intent.client_order_id,
        "reserve": _reserve_payload(accepted.reserve),
    }
    if accepted.ends_at is not None:
        payload["ends_at"] = time_text(accepted.ends_at)
    if accepted.place != NOWHERE:
        payload["place"] = _place_payload(accepted.place)
    if accepted.released:
        payload["released"] = accepted.released
    return made(accepted_id(intent.client_order_id), ACCEPTED, time, payload, accepted)


def accepted_of(event: Event) -> Accepted:
    """What the event says. Raises IntegrityError where it is malformed."""
    if type(event.value) is Accepted:
        return event.value
    payload = event.payload
    return Accepted(
        _reserve_of(payload),
        checks_of(payload),
        fields.optional_moment(payload, "ends_at") if "ends_at" in payload else None,
        _place_of(payload, "place") if "place" in payload else NOWHERE,
        fields.integer(payload, "released") if "released" in payload else 0,
    )


def _place_payload(place: Place) -> dict[str, Json]:
    return {"ahead": place.ahead, "level": None if place.level is None else decimal_text(place.level)}


def _place_of(payload: Mapping[str, Json], name: str) -> Place:
    found = fields.mapping(payload, name)
    return Place(fields.optional_integer(found, "ahead"), fields.optional_decimal(found, "level"))


def _reserve_payload(reserve: Reserve) -> dict[str, Json]:
    return {"each": decimal_text(reserve.each), "once": decimal_text(reserve.once)}


def _reserve_of(payload: Mapping[str, Json]) -> Reserve:
    kept = fields.mapping(payload, "reserve")
    return Reserve(fields.decimal(kept, "each"), fields.decimal(kept, "once"))


def triggered_event(intent: OrderIntent, level: Decimal, quote: Quote, time: datetime) -> Event:
    """The event of a level that was met; `level` is what it was then."""
    payload: dict[str, Json] = {
        "account": intent.account,
        "client_order_id": intent.client_order_id,
        "level": decimal_text(level),
        "quote": quote_payload(quote),
        "symbol": quote.symbol,
    }
    return Event(f"order/{intent.client_order_id}/triggered", TRIGGERED, time, payload)


def triggered_of(event: Event) -> tuple[Decimal, Quote]:
    """The level and the quote that met it. Raises IntegrityError where the event is malformed."""
    symbol = fields.text(event.payload, "symbol")
    return fields.decimal(event.payload, "level"), quote_of(fields.mapping(event.payload, "quote"), symbol)


def amendment_id(client_order_id: str, amendment: str) -> str:
    """Id of the event of an amendment."""
    return f"order/{client_order_id}/amend/{amendment}"


def amended_event(intent: OrderIntent, amended: Amended, time: datetime) -> Event:
    """The event of an amendment, refused where one of its checks failed."""
    asked = amended.amendment
    terms: dict[str, Json] = {}
    if asked.quantity is not None:
        terms["quantity"] = asked.quantity
    for name in ("limit_price", "trigger_price"):
        number = getattr(asked, name)
        if number is not None:
            terms[name] = decimal_text(number)
    payload: dict[str, Json] = {
        "account": intent.account,
        "amendment_id": asked.amendment_id,
        "checks": checks_payload(amended.checks),
        "client_order_id": intent.client_order_id,
        "reserve": _reserve_payload(amended.reserve),
        "terms": terms,
    }
    kind = AMENDED if all(item.passed for item in amended.checks) else AMENDMENT_REFUSED
    return Event(amendment_id(intent.client_order_id, asked.amendment_id), kind, time, payload)


def amended_of(event: Event) -> Amended:
    """The amendment of its event. Raises IntegrityError where it is malformed."""
    payload = event.payload
    terms = fields.mapping(payload, "terms")
    asked = Amendment(
        fields.text(payload, "amendment_id"),
        fields.integer(terms, "quantity") if "quantity" in terms else None,
        fields.decimal(terms, "limit_price") if "limit_price" in terms else None,
        fields.decimal(terms, "trigger_price") if "trigger_price" in terms else None,
    )
    return Amended(asked, _reserve_of(payload), checks_of(payload))


def advanced_event(advanced: Advanced) -> Event:
    """The event of a venue that was brought up to `until`."""
    places: dict[str, Json] = {order: _place_payload(place) for order, place in sorted(advanced.places.items())}
    payload: dict[str, Json] = {
        "places": places,
        "unseen": list(advanced.unseen),
        "until": time_text(advanced.until),
        "venue": advanced.venue,
    }
    if advanced.notes:
        payload["notes"] = notes_payload(advanced.notes)
    return Event(f"venue/{advanced.venue}/{time_text(advanced.until)}", ADVANCED, advanced.until, payload)


def advanced_of(event: Event) -> Advanced:
    """What the event says. Raises IntegrityError where it is malformed."""
    payload = event.payload
    named = fields.mapping(payload, "places")
    places = {order: _place_of(named, order) for order in named}
    return Advanced(
        fields.text(payload, "venue"),
        fields.moment(payload, "until"),
        places,
        fields.texts(payload, "unseen"),
        notes_of(payload, "notes") if "notes" in payload else {},
    )
