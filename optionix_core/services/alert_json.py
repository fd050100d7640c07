"""Alerts as JSON: numbers are JSON numbers, what is absent is null."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optionix_core.services.order_json import number
from optionix_core.sync.canonical import time_text
from optionix_core.trading.alerts.conditions import ExpiryWithin, Halted, Level, OrderFilled
from optionix_core.trading.alerts.watching import value_text

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.alerts import AlertReport, CheckReport
    from optionix_core.trading.alerts.alert import Firing
    from optionix_core.trading.alerts.conditions import Condition


def alert(report: AlertReport) -> dict[str, Any]:
    """One alert, flat; bound, hysteresis and value in the measure's natural unit."""
    opened, asked = report.opened, report.opened.alert
    last = opened.last
    return {
        "id": asked.alert_id,
        "status": str(report.status),
        "condition": asked.condition.words,
        **_terms(asked.condition),
        "value": number(report.value),
        "reason": report.reason,
        "repeats": asked.repeats,
        "account": asked.account,
        "feed": asked.feed,
        "set_at": time_text(asked.set_at),
        "expires_at": _moment(asked.expires_at),
        "snoozed_until": _moment(opened.snoozed_until),
        "looked_until": _moment(opened.looked_until),
        "fires": opened.fires,
        "fired_at": None if last is None else time_text(last.time),
        "fired_text": None if last is None else last.text,
        "note": asked.note,
    }


def firing(one: Firing) -> dict[str, Any]:
    """One fire."""
    return {
        "id": one.alert_id,
        "number": one.number,
        "time": time_text(one.time),
        "text": one.text,
        "value": number(one.value),
    }


def check(report: CheckReport) -> dict[str, Any]:
    """What a look found."""
    return {
        "schema_version": 1,
        "moment": time_text(report.moment),
        "watched": report.watched,
        "fired": [firing(one) for one in report.fired],
        "no_data": [{"id": one.alert_id, "reason": one.reason} for one in report.unseen],
    }


def value_now(report: AlertReport) -> str:
    """The value of an alert's measure for a person, `no data` where there should be one, empty of an event."""
    condition = report.opened.alert.condition
    if report.value is not None and isinstance(condition, Level):
        return value_text(condition.measure, report.value)
    return "no data" if report.reason else ""


def _terms(condition: Condition) -> dict[str, Any]:
    terms: dict[str, Any] = dict.fromkeys(("symbol", "comparison", "bound", "hysteresis", "days", "client_order_id"))
    if isinstance(condition, Level):
        symbol = getattr(condition.measure, "symbol", None)
        return {
            **terms,
            "measure": condition.measure.words,
            "symbol": None if symbol is None else symbol.strip(),
            "comparison": str(condition.comparison),
            "bound": number(condition.bound),
            "hysteresis": number(condition.hysteresis),
        }
    terms["measure"] = None
    if isinstance(condition, OrderFilled):
        terms["client_order_id"] = condition.client_order_id
    elif isinstance(condition, ExpiryWithin):
        terms |= {"symbol": condition.symbol.strip(), "days": condition.days}
    elif isinstance(condition, Halted):
        terms["symbol"] = condition.symbol.strip()
    return terms


def _moment(at: datetime | None) -> str | None:
    return None if at is None else time_text(at)
