"""Alerts as events, there and back.

    alert/ID/set             alert.set         what was asked for
    alert/ID/fired-1 ...     alert.fired       it came about, when, and what was seen
    alert/ID/snoozed-1 ...   alert.snoozed     until when nothing fires
    alert/ID/dismissed-1 ... alert.dismissed   somebody has seen fire 1
    alert/ID/removed         alert.removed     it is gone
    alerts/checked-1 ...     alerts.checked    up to when values were looked at, and how each alert stood then

An alert fires once by its number, because that event has one id. Decimals travel as exact texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import decimal_text
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event, Json
from optionix_core.trading.alerts.alert import Alert, Firing, Standing
from optionix_core.trading.alerts.conditions import (
    BookGreek,
    BookGreekName,
    Comparison,
    Condition,
    ExpiryWithin,
    GreekName,
    Halted,
    ImpliedVolatility,
    Level,
    LimitName,
    LimitUse,
    Measure,
    OptionGreek,
    OrderFilled,
    Pnl,
    PnlKind,
    Price,
    PriceField,
)

SET: Final = "alert.set"
FIRED: Final = "alert.fired"
SNOOZED: Final = "alert.snoozed"
DISMISSED: Final = "alert.dismissed"
REMOVED: Final = "alert.removed"
CHECKED: Final = "alerts.checked"

Name = TypeVar("Name", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Checked:
    """Alerts were looked at up to `until`; those that could not be are not in it."""

    number: int
    until: datetime
    standings: Mapping[str, Standing]


def set_id(alert_id: str) -> str:
    """Id of the event that sets an alert."""
    return f"alert/{alert_id}/set"


def set_event(alert: Alert) -> Event:
    """The event that sets an alert."""
    payload: dict[str, Json] = {
        "account": alert.account,
        "alert": alert.alert_id,
        "condition": condition_payload(alert.condition),
        "feed": alert.feed,
        "repeats": alert.repeats,
    }
    if alert.expires_at is not None:
        payload["expires_at"] = time_text(alert.expires_at)
    if alert.note:
        payload["note"] = alert.note
    return Event(set_id(alert.alert_id), SET, alert.set_at, payload)


def alert_of(event: Event) -> Alert:
    """The alert of its event. Raises IntegrityError where the event is malformed."""
    payload = event.payload
    try:
        return Alert(
            alert_id=fields.text(payload, "alert"),
            condition=condition_of(fields.mapping(payload, "condition")),
            account=fields.text(payload, "account"),
            feed=fields.text(payload, "feed"),
            set_at=event.time,
            repeats=fields.boolean(payload, "repeats"),
            expires_at=fields.optional_moment(payload, "expires_at"),
            note=fields.text(payload, "note") if "note" in payload else "",
        )
    except InvalidValueError as error:
        raise IntegrityError(f"{event.id}: {error}") from None


def condition_payload(condition: Condition) -> dict[str, Json]:
    """A condition in an event."""
    if isinstance(condition, Level):
        return {
            "bound": decimal_text(condition.bound),
            "comparison": str(condition.comparison),
            "hysteresis": decimal_text(condition.hysteresis),
            "kind": "level",
            "measure": _measure_payload(condition.measure),
        }
    if isinstance(condition, ExpiryWithin):
        return {"days": condition.days, "kind": "expiry", "symbol": condition.symbol}
    if isinstance(condition, OrderFilled):
        return {"client_order_id": condition.client_order_id, "kind": "fill"}
    return {"kind": "halt", "symbol": condition.symbol}


def condition_of(payload: Mapping[str, Json]) -> Condition:
    """The condition that `condition_payload` wrote. Raises IntegrityError for anything else."""
    kind = fields.text(payload, "kind")
    if kind == "level":
        return Level(
            measure=_measure_of(fields.mapping(payload, "measure")),
            comparison=_named(payload, "comparison", Comparison),
            bound=fields.decimal(payload, "bound"),
            hysteresis=fields.decimal(payload, "hysteresis"),
        )
    if kind == "expiry":
        return ExpiryWithin(fields.text(payload, "symbol"), fields.integer(payload, "days"))
    if kind == "fill":
        return OrderFilled(fields.text(payload, "client_order_id"))
    if kind == "halt":
        return Halted(fields.text(payload, "symbol"))
    raise IntegrityError(f"field kind must be level, expiry, fill or halt (got {kind!r})")


def _measure_payload(measure: Measure) -> dict[str, Json]:
    if isinstance(measure, Price):
        return {"field": str(measure.field), "of": "price", "symbol": measure.symbol}
    if isinstance(measure, ImpliedVolatility):
        return {"of": "implied-volatility", "symbol": measure.symbol}
    if isinstance(measure, OptionGreek):
        return {"greek": str(measure.greek), "of": "greek", "symbol": measure.symbol}
    if isinstance(measure, BookGreek):
        return {"greek": str(measure.greek), "of": "book-greek"}
    if isinstance(measure, Pnl):
        return {"kind": str(measure.kind), "of": "pnl", "symbol": measure.symbol}
    return {"limit": str(measure.limit), "of": "limit"}


def _measure_of(payload: Mapping[str, Json]) -> Measure:
    of = fields.text(payload, "of")
    if of == "price":
        return Price(fields.text(payload, "symbol"), _named(payload, "field", PriceField))
    if of == "implied-volatility":
        return ImpliedVolatility(fields.text(payload, "symbol"))
    if of == "greek":
        return OptionGreek(fields.text(payload, "symbol"), _named(payload, "greek", GreekName))
    if of == "book-greek":
        return BookGreek(_named(payload, "greek", BookGreekName))
    if of == "pnl":
        return Pnl(_named(payload, "kind", PnlKind), fields.optional_text(payload, "symbol"))
    if of == "limit":
        return LimitUse(_named(payload, "limit", LimitName))
    raise IntegrityError(f"field of must be a measure of alerts (got {of!r})")


def _named(payload: Mapping[str, Json], field: str, names: type[Name]) -> Name:
    text = fields.text(payload, field)
    if text not in tuple(names):
        raise IntegrityError(f"field {field} must be one of {', '.join(names)} (got {text!r})")
    return names(text)


def fired_event(firing: Firing) -> Event:
    """The event of a fire, at the moment when it came about."""
    payload: dict[str, Json] = {
        "alert": firing.alert_id,
        "number": firing.number,
        "text": firing.text,
        "value": None if firing.value is None else decimal_text(firing.value),
    }
    return Event(f"alert/{firing.alert_id}/fired-{firing.number}", FIRED, firing.time, payload)


def firing_of(event: Event) -> Firing:
    """The fire of its event. Raises IntegrityError where the event is malformed."""
    payload = event.payload
    return Firing(
        alert_id=fields.text(payload, "alert"),
        number=fields.integer(payload, "number"),
        time=event.time,
        text=fields.text(payload, "text"),
        value=fields.optional_decimal(payload, "value"),
    )


def snoozed_event(alert_id: str, number: int, until: datetime, time: datetime) -> Event:
    """The event of an alert's snooze `number`."""
    payload: dict[str, Json] = {"alert": alert_id, "until": time_text(until)}
    return Event(f"alert/{alert_id}/snoozed-{number}", SNOOZED, time, payload)


def dismissed_event(alert_id: str, number: int, time: datetime) -> Event:
    """The event that says that fire `number` of an alert was seen."""
    return Event(f"alert/{alert_id}/dismissed-{number}", DISMISSED, time, {"alert": alert_id, "number": number})


def removed_event(alert_id: str, time: datetime) -> Event:
    """The event that takes an alert away."""
    return Event(f"alert/{alert_id}/removed", REMOVED, time, {"alert": alert_id})


def checked_event(checked: Checked) -> Event:
    """The event of a look at alerts."""
    standings: dict[str, Json] = {
        name: {"armed": standing.armed, "side": standing.side} for name, standing in sorted(checked.standings.items())
    }
    payload: dict[str, Json] = {
        "number": checked.number,
        "standings": standings,
        "until": time_text(checked.until),
    }
    return Event(f"alerts/checked-{checked.number}", CHECKED, checked.until, payload)


def checked_of(event: Event) -> Checked:
    """What the event says. Raises IntegrityError where it is malformed."""
    payload = event.payload
    named = fields.mapping(payload, "standings")
    standings = {name: standing_of(fields.mapping(named, name)) for name in named}
    return Checked(fields.integer(payload, "number"), fields.moment(payload, "until"), standings)


def standing_of(payload: Mapping[str, Json]) -> Standing:
    """How an alert stood."""
    return Standing(fields.boolean(payload, "armed"), fields.integer(payload, "side"))


def look_events(fired: Sequence[Firing], checked: Checked) -> tuple[Event, ...]:
    """The events of a look, in the order in which they are written."""
    return (*(fired_event(one) for one in fired), checked_event(checked))
