"""The alerts of a home as a fold of its log: one canonical form, made of the log alone, and to be thrown away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, Self

from optionix_core.errors import IntegrityError
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import decimal_text
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event, Json, Record
from optionix_core.trading.alerts.alert import FRESH, Firing, OpenAlert
from optionix_core.trading.alerts.records import (
    CHECKED,
    DISMISSED,
    FIRED,
    REMOVED,
    SET,
    SNOOZED,
    alert_of,
    checked_of,
    firing_of,
    set_event,
    standing_of,
)

STATE_VERSION: Final = 1


class AlertFold:
    """Not safe to apply from two threads at once. The caller keeps the order of records."""

    __slots__ = ("_alerts", "_checks")

    def __init__(self) -> None:
        self._alerts: dict[str, OpenAlert] = {}
        self._checks = 0

    def apply(self, record: Record) -> None:
        """Take the next record. Raises IntegrityError where an event of an alert is malformed."""
        change = _CHANGES.get(record.event.type)
        if change is not None:
            change(self, record)

    def alerts(self) -> tuple[OpenAlert, ...]:
        """Those that were not removed, in the order in which they were set."""
        return tuple(self._alerts.values())

    def alert(self, alert_id: str) -> OpenAlert | None:
        """One of them."""
        return self._alerts.get(alert_id)

    @property
    def checks(self) -> int:
        """How many looks the log tells of."""
        return self._checks

    def state(self) -> dict[str, Json]:
        """The state as plain JSON values."""
        return {
            "alerts": [_alert_state(opened) for opened in self._alerts.values()],
            "checks": self._checks,
            "version": STATE_VERSION,
        }

    @classmethod
    def of_state(cls, state: Mapping[str, Json]) -> Self:
        """The fold whose `state` it is. Raises IntegrityError for a state of another version."""
        fields.expect_version(state, STATE_VERSION, "alert state")
        fold = cls()
        opened = (_alert_of_state(item) for item in fields.objects(state, "alerts"))
        fold._alerts = {one.alert.alert_id: one for one in opened}
        fold._checks = fields.integer(state, "checks")
        return fold

    def _set(self, record: Record) -> None:
        alert = alert_of(record.event)
        self._alerts[alert.alert_id] = OpenAlert(alert, looked_seq=record.seq)

    def _fire(self, record: Record) -> None:
        firing = firing_of(record.event)
        opened = self._opened(record.event)
        self._alerts[firing.alert_id] = replace(opened, last=firing)

    def _snooze(self, record: Record) -> None:
        opened = self._opened(record.event)
        self._alerts[opened.alert.alert_id] = replace(
            opened,
            snoozes=opened.snoozes + 1,
            snoozed_until=fields.moment(record.event.payload, "until"),
            standing=FRESH if opened.fires > opened.reopened else opened.standing,
            reopened=opened.fires,
        )

    def _dismiss(self, record: Record) -> None:
        opened = self._opened(record.event)
        number = fields.integer(record.event.payload, "number")
        self._alerts[opened.alert.alert_id] = replace(opened, dismissed=max(opened.dismissed, number))

    def _remove(self, record: Record) -> None:
        del self._alerts[self._opened(record.event).alert.alert_id]

    def _check(self, record: Record) -> None:
        checked = checked_of(record.event)
        self._checks = max(self._checks, checked.number)
        for name, standing in checked.standings.items():
            opened = self._alerts.get(name)
            if opened is not None:
                until = checked.until if opened.looked_until is None else max(checked.until, opened.looked_until)
                self._alerts[name] = replace(opened, standing=standing, looked_until=until, looked_seq=record.seq)

    def _opened(self, event: Event) -> OpenAlert:
        opened = self._alerts.get(fields.text(event.payload, "alert"))
        if opened is None:
            raise IntegrityError(f"{event.id} is of an alert that is not set")
        return opened


_CHANGES: Final[Mapping[str, Callable[[AlertFold, Record], None]]] = {
    SET: AlertFold._set,  # noqa: SLF001 - the table of this class's own changes
    FIRED: AlertFold._fire,  # noqa: SLF001 - as above
    SNOOZED: AlertFold._snooze,  # noqa: SLF001 - as above
    DISMISSED: AlertFold._dismiss,  # noqa: SLF001 - as above
    REMOVED: AlertFold._remove,  # noqa: SLF001 - as above
    CHECKED: AlertFold._check,  # noqa: SLF001 - as above
}


def _alert_state(opened: OpenAlert) -> dict[str, Json]:
    event, last = set_event(opened.alert), opened.last
    fired: Json = None
    if last is not None:
        value = None if last.value is None else decimal_text(last.value)
        fired = {"number": last.number, "text": last.text, "time": time_text(last.time), "value": value}
    return {
        "dismissed": opened.dismissed,
        "last": fired,
        "looked_seq": opened.looked_seq,
        "looked_until": None if opened.looked_until is None else time_text(opened.looked_until),
        "reopened": opened.reopened,
        "set": event.payload,
        "set_at": time_text(event.time),
        "snoozed_until": None if opened.snoozed_until is None else time_text(opened.snoozed_until),
        "snoozes": opened.snoozes,
        "standing": {"armed": opened.standing.armed, "side": opened.standing.side},
    }


def _alert_of_state(item: Mapping[str, Json]) -> OpenAlert:
    alert = alert_of(Event("", SET, fields.moment(item, "set_at"), fields.mapping(item, "set")))
    last = None
    if item.get("last") is not None:
        fired = fields.mapping(item, "last")
        last = Firing(
            alert_id=alert.alert_id,
            number=fields.integer(fired, "number"),
            time=fields.moment(fired, "time"),
            text=fields.text(fired, "text"),
            value=fields.optional_decimal(fired, "value"),
        )
    return OpenAlert(
        alert=alert,
        standing=standing_of(fields.mapping(item, "standing")),
        looked_until=fields.optional_moment(item, "looked_until"),
        looked_seq=fields.integer(item, "looked_seq"),
        last=last,
        dismissed=fields.integer(item, "dismissed"),
        snoozes=fields.integer(item, "snoozes"),
        snoozed_until=fields.optional_moment(item, "snoozed_until"),
        reopened=fields.integer(item, "reopened"),
    )
