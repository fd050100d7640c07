"""Algorithms as events, there and back. A home's algorithms are numbered, and the ids of their events follow from it.

    algo/N/started                    algo.started     the parent, its schedule and the quote at arrival
    algo/N/slice-K                    algo.sliced      slice K is wanted: written before its order is sent
    algo/N/pause-M, algo/N/resume-M   algo.paused, algo.resumed
    algo/N/end                        algo.ended | algo.cancelled

A slice is one order: its client order id is the algorithm's id, a dash and K, so that however often it is sent after a
process died, it is sent once. An algorithm has one end, because that event has one id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.market.quote import Quote
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import decimal_of_float, decimal_text
from optionix_core.sync.canonical import parse_time, time_text
from optionix_core.sync.event import Event, Json
from optionix_core.trading.algorithms.almgren_chriss import Impact
from optionix_core.trading.algorithms.parent import AlgoKind, CatchUp, ParentOrder, Style
from optionix_core.trading.algorithms.planner import Send
from optionix_core.trading.algorithms.schedule import Schedule
from optionix_core.trading.orders import Side, TimeInForce
from optionix_core.trading.records import quote_of, quote_payload

STARTED: Final = "algo.started"
SLICED: Final = "algo.sliced"
PAUSED: Final = "algo.paused"
RESUMED: Final = "algo.resumed"
CANCELLED: Final = "algo.cancelled"
ENDED: Final = "algo.ended"
_IMPACT: Final = ("risk_aversion", "volatility", "temporary", "permanent", "fixed")


@dataclass(frozen=True, slots=True)
class Sighting:
    """The quote of a decision, and what the volume counter said."""

    quote: Quote | None
    volume: int | None
    """The session's counter; None where the quote tells none."""
    volume_seen: int | None
    """Contracts traded by all since the start, as far as seen."""


@dataclass(frozen=True, slots=True)
class Started:
    """An algorithm's beginning."""

    parent: ParentOrder
    schedule: Schedule
    seen: Sighting


@dataclass(frozen=True, slots=True)
class Sliced:
    """A slice that is wanted."""

    send: Send
    due_at: datetime
    decided_at: datetime
    seen: Sighting


@dataclass(frozen=True, slots=True)
class AlgoEnd:
    """How it ended."""

    cancelled: bool
    reason: str
    unfilled: int
    at: datetime


def started_id(number: int) -> str:
    """Of the home's n-th algorithm, from 1."""
    return f"algo/{number}/started"


def slice_event_id(number: int, slice_number: int) -> str:
    """Of one of its slices."""
    return f"algo/{number}/slice-{slice_number}"


def turn_id(number: int, turn: int, *, resumed: bool) -> str:
    """Of its m-th pause, from 1, or of the end of that pause."""
    return f"algo/{number}/{'resume' if resumed else 'pause'}-{turn}"


def end_id(number: int) -> str:
    """Of its end."""
    return f"algo/{number}/end"


def started_event(number: int, started: Started) -> Event:
    """What was wanted; terms that only some algorithms have stand in it where they are set."""
    parent, schedule = started.parent, started.schedule
    payload: dict[str, Json] = {
        "account": parent.account,
        "algo_id": parent.algo_id,
        "catch_up": str(parent.catch_up),
        "kind": str(parent.kind),
        "limit_price": None if parent.limit_price is None else decimal_text(parent.limit_price),
        "quantity": parent.quantity,
        "seed": str(parent.seed),
        "side": str(parent.side),
        "size_jitter": decimal_text(parent.size_jitter),
        "slices": parent.slices,
        "style": str(parent.style),
        "symbol": parent.symbol,
        "targets": list(schedule.targets),
        "time_jitter": decimal_text(parent.time_jitter),
        "times": [time_text(time) for time in schedule.times],
        "until": time_text(parent.until),
        **_sighting_payload(started.seen),
    }
    if parent.curve:
        payload["curve"] = [_text(weight, "curve") for weight in parent.curve]
        payload["curve_source"] = parent.curve_source
    if parent.participation is not None:
        payload["participation"] = decimal_text(parent.participation)
    if parent.impact is not None:
        payload["impact"] = {name: _text(getattr(parent.impact, name), name) for name in _IMPACT}
    return Event(started_id(number), STARTED, parent.start, payload)


def started_of(event: Event) -> Started:
    """The beginning of its event. Raises IntegrityError where the event is malformed."""
    payload = event.payload
    impact = fields.mapping(payload, "impact") if "impact" in payload else None
    try:
        parent = ParentOrder(
            algo_id=fields.text(payload, "algo_id"),
            account=fields.text(payload, "account"),
            kind=AlgoKind(fields.text(payload, "kind")),
            side=Side(fields.text(payload, "side")),
            quantity=fields.integer(payload, "quantity"),
            symbol=fields.text(payload, "symbol"),
            start=event.time,
            until=fields.moment(payload, "until"),
            slices=fields.integer(payload, "slices"),
            limit_price=fields.optional_decimal(payload, "limit_price"),
            style=Style(fields.text(payload, "style")),
            catch_up=CatchUp(fields.text(payload, "catch_up")),
            seed=int(fields.text(payload, "seed")),
            time_jitter=fields.decimal(payload, "time_jitter"),
            size_jitter=fields.decimal(payload, "size_jitter"),
            curve=tuple(float(text) for text in fields.texts(payload, "curve")) if "curve" in payload else (),
            curve_source=fields.optional_text(payload, "curve_source"),
            participation=fields.decimal(payload, "participation") if "participation" in payload else None,
            impact=None if impact is None else Impact(*(float(fields.text(impact, name)) for name in _IMPACT)),
        )
        times = tuple(parse_time(text) for text in fields.texts(payload, "times"))
    except (InvalidValueError, ValueError) as error:
        raise IntegrityError(f"{event.id}: {error}") from None
    targets = _integers(payload, "targets")
    if len(times) != parent.slices or len(targets) not in (0, parent.slices):
        raise IntegrityError(f"{event.id}: {len(times)} times and {len(targets)} targets for {parent.slices} slices")
    return Started(parent, Schedule(times, targets), _sighting_of(payload, parent.symbol))


def sliced_event(number: int, parent: ParentOrder, sliced: Sliced) -> Event:
    """The event of a slice that is wanted."""
    send = sliced.send
    payload: dict[str, Json] = {
        "account": parent.account,
        "algo_id": parent.algo_id,
        "due_at": time_text(sliced.due_at),
        "good_until": None if send.good_until is None else time_text(send.good_until),
        "limit_price": None if send.limit_price is None else decimal_text(send.limit_price),
        "number": send.number,
        "order": parent.slice_id(send.number),
        "passed_over": send.passed_over,
        "quantity": send.quantity,
        "time_in_force": str(send.time_in_force),
        **_sighting_payload(sliced.seen),
    }
    return Event(slice_event_id(number, send.number), SLICED, sliced.decided_at, payload)


def sliced_of(event: Event, symbol: str) -> Sliced:
    """The slice of its event. Raises IntegrityError where the event is malformed."""
    payload = event.payload
    try:
        force = TimeInForce(fields.text(payload, "time_in_force"))
    except ValueError as error:
        raise IntegrityError(f"{event.id}: {error}") from None
    send = Send(
        number=fields.integer(payload, "number"),
        quantity=fields.integer(payload, "quantity"),
        limit_price=fields.optional_decimal(payload, "limit_price"),
        time_in_force=force,
        good_until=fields.optional_moment(payload, "good_until"),
        passed_over=fields.integer(payload, "passed_over"),
    )
    return Sliced(send, fields.moment(payload, "due_at"), event.time, _sighting_of(payload, symbol))


def turn_event(number: int, parent: ParentOrder, turn: int, now: datetime, *, resumed: bool) -> Event:
    """A pause, or its end."""
    payload: dict[str, Json] = {"account": parent.account, "algo_id": parent.algo_id}
    return Event(turn_id(number, turn, resumed=resumed), RESUMED if resumed else PAUSED, now, payload)


def end_event(number: int, parent: ParentOrder, end: AlgoEnd) -> Event:
    """The event that ends an algorithm."""
    payload: dict[str, Json] = {
        "account": parent.account,
        "algo_id": parent.algo_id,
        "reason": end.reason,
        "unfilled": end.unfilled,
    }
    return Event(end_id(number), CANCELLED if end.cancelled else ENDED, end.at, payload)


def end_of(event: Event) -> AlgoEnd:
    """The end of its event."""
    reason, unfilled = fields.text(event.payload, "reason"), fields.integer(event.payload, "unfilled")
    return AlgoEnd(event.type == CANCELLED, reason, unfilled, event.time)


def _sighting_payload(seen: Sighting) -> dict[str, Json]:
    return {
        "quote": None if seen.quote is None else quote_payload(seen.quote),
        "volume": seen.volume,
        "volume_seen": seen.volume_seen,
    }


def _sighting_of(payload: Mapping[str, Json], symbol: str) -> Sighting:
    quote = None if payload.get("quote") is None else quote_of(fields.mapping(payload, "quote"), symbol)
    return Sighting(quote, fields.optional_integer(payload, "volume"), fields.optional_integer(payload, "volume_seen"))


def _integers(payload: Mapping[str, Json], name: str) -> tuple[int, ...]:
    found = payload.get(name)
    if not isinstance(found, (list, tuple)):
        raise IntegrityError(f"field {name} must be a list (got {found!r})")
    whole = tuple(item for item in found if isinstance(item, int) and not isinstance(item, bool))
    if len(whole) != len(found):
        raise IntegrityError(f"field {name} must be a list of integers")
    return whole


def _text(value: float, name: str) -> str:
    return decimal_text(decimal_of_float(value, name))


def exact(value: float | None) -> Decimal | None:
    """A price of a quote as the decimal that it prints as."""
    return None if value is None else decimal_of_float(value, "price")
