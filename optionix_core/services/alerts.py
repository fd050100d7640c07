"""Alerts: set, listed, snoozed, dismissed, removed, and brought up to now by whoever comes first.

Looking takes no lock where nothing comes of it. What fired is in the log at the moment when it came about, whoever
found it; how each alert stands after a look is in the log too, so that another process goes on from there. An alert
whose data is missing stands as it stood and is told as "no data".
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from threading import Lock
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from optionix_core.errors import (
    HomeLockedError,
    InvalidValueError,
    MissingDataError,
    ReadOnlyError,
    StorageError,
    UnknownNameError,
)
from optionix_core.services.alert_facts import AlertFacts
from optionix_core.services.followed import Followed
from optionix_core.trading.alerts.alert import Alert, AlertStatus, OpenAlert, check_alert_id
from optionix_core.trading.alerts.conditions import Condition, ExpiryWithin, Halted, Level, OrderFilled
from optionix_core.trading.alerts.fold import AlertFold
from optionix_core.trading.alerts.records import (
    FIRED,
    Checked,
    alert_of,
    dismissed_event,
    firing_of,
    look_events,
    removed_event,
    set_event,
    set_id,
    snoozed_event,
)
from optionix_core.trading.alerts.watching import Due, due_alerts
from optionix_core.trading.records import intent_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from optionix_core.services.chain_view import ChainViewer
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import Event, LogReader, LogWriter
    from optionix_core.trading.alerts.alert import Firing
    from optionix_core.trading.alerts.watching import Unseen

CHECKPOINT: Final = "alerts-1"
KEPT_EVERY: Final = timedelta(hours=1)
"""How long a stretch in which nothing changed may grow before the log says that it was looked at."""

KEPT_AFTER: Final = 2048
"""Records after which a look keeps the state of the alerts, so that the next process need not read them."""


@dataclass(frozen=True, slots=True)
class AlertReport:
    """One alert as it stands."""

    opened: OpenAlert
    status: AlertStatus
    value: Decimal | None
    """Of its measure now; None of an event, of an alert that is over, and where there is no data."""
    reason: str | None = None
    """Why there is no value."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a look found."""

    moment: datetime
    fired: tuple[Firing, ...]
    """In order of time."""
    unseen: tuple[Unseen, ...]
    watched: int
    """Alerts that may still fire."""


class _Desk:
    """What one process keeps of the alerts of a home."""

    def __init__(self) -> None:
        self.followed: Followed[AlertFold] = Followed(CHECKPOINT, AlertFold)
        self.looked: dict[str, tuple[OpenAlert, datetime]] = {}
        """Up to when quotes were looked at for an alert as it stood, where the log does not say so."""
        self.viewers: list[ChainViewer] = []
        """Of the feeds that were asked last."""

    def facts(
        self, workspace: Workspace, log: LogReader, now: datetime, known: Mapping[str, datetime] | None = None
    ) -> AlertFacts:
        """What can be told at `now`."""
        return AlertFacts(workspace, log, now, known, self.viewers)


_desks: WeakKeyDictionary[Workspace, _Desk] = WeakKeyDictionary()
_making = Lock()


def add(
    workspace: Workspace,
    condition: Condition,
    *,
    alert_id: str | None = None,
    repeats: bool = False,
    expires_at: datetime | None = None,
    note: str = "",
) -> AlertReport:
    """Set an alert and look at it at once. The same id with the same terms is the same alert.

    Raises UnknownNameError for an instrument or order that there is not, InvalidValueError for terms out of bounds and
    for an id that was used for another alert.
    """
    name = workspace.new_order_id()[:8] if alert_id is None else alert_id
    check_alert_id(name)
    with workspace.store.writing(f"set alert {name}", workspace.lock_timeout) as log:
        now = workspace.clock.now()
        wanted = Alert(name, condition, workspace.account, workspace.feed.name, now, repeats, expires_at, note)
        earlier = log.find(set_id(name))
        if earlier is None:
            _check(workspace, log, wanted, now)
            log.append((set_event(wanted),))
        else:
            known = alert_of(earlier.event)
            if replace(wanted, set_at=known.set_at) != known:
                raise InvalidValueError("alert_id", repr(name), f"unused, or repeat its alert: {known.condition.words}")
    look(workspace)
    return show(workspace, name)


def show(workspace: Workspace, alert_id: str) -> AlertReport:
    """One alert as it stands. UnknownNameError where there is none of that id."""
    fold = _desk(workspace).followed.follow(workspace.store)
    return _report(workspace, _known(fold, alert_id), workspace.clock.now())


def listing(workspace: Workspace, *, over: bool = False) -> tuple[AlertReport, ...]:
    """Alerts in the order in which they were set, after a look; those that are dismissed or expired where `over`."""
    if not workspace.home.read_only:
        check(workspace)
    return standing(workspace, over=over)


def standing(workspace: Workspace, *, over: bool = False) -> tuple[AlertReport, ...]:
    """As `listing`, without a look: takes no lock and writes nothing."""
    now, fold = workspace.clock.now(), _desk(workspace).followed.follow(workspace.store)
    done = (AlertStatus.DISMISSED, AlertStatus.EXPIRED)
    return tuple(_report(workspace, one, now) for one in fold.alerts() if over or one.status(now) not in done)


def check(workspace: Workspace) -> CheckReport:
    """Bring the venue and all alerts up to now."""
    from optionix_core.services.lifecycle import bring_up_to_date

    store = workspace.store
    workspace.home.check_writable("bring alerts up to date")
    before = store.head().seq
    bring_up_to_date(workspace)
    due = look(workspace)
    fired = (firing_of(record.event) for record in store.read(before) if record.event.type == FIRED)
    alerts = _desk(workspace).followed.follow(store).alerts()
    return CheckReport(
        moment=workspace.clock.now(),
        fired=tuple(sorted(fired, key=lambda one: (one.time, one.alert_id, one.number))),
        unseen=due.unseen,
        watched=sum(not opened.over for opened in alerts),
    )


def look(workspace: Workspace, lock_timeout: float | None = None) -> Due:
    """Bring the alerts up to now, and answer what fired; takes the lock only where something is to be written.

    Waits `lock_timeout` seconds for the lock (None: as long as the workspace says), then raises HomeLockedError.
    """
    desk, now = _desk(workspace), workspace.clock.now()
    with desk.followed.lock:
        due, events = _looked(workspace, desk, workspace.store, now)
    if not events:
        if desk.followed.unkept >= KEPT_AFTER:
            with (
                suppress(HomeLockedError, ReadOnlyError, StorageError),
                workspace.store.writing("keep the state of alerts", 0.0) as log,
            ):
                desk.followed.follow(log)
                desk.followed.keep(log)
        return due
    timeout = workspace.lock_timeout if lock_timeout is None else lock_timeout
    with workspace.store.writing("bring alerts up to date", timeout) as log:
        return _look_under_lock(workspace, log, workspace.clock.now())


def snooze(workspace: Workspace, alert_id: str, until: datetime) -> AlertReport:
    """Let an alert be silent until a moment; one that fired waits again from then on. A fire that came before stands.

    Raises UnknownNameError for an unknown alert, InvalidValueError for a moment that is past and an alert that is over.
    """
    with workspace.store.writing(f"snooze alert {alert_id}", workspace.lock_timeout) as log:
        opened, now = _begin(workspace, log, alert_id)
        ends = opened.alert.expires_at
        if until <= now:
            raise InvalidValueError("until", until.isoformat(), f"after {now.isoformat()}")
        if ends is not None and until >= ends:
            raise InvalidValueError("until", until.isoformat(), f"before the alert expires at {ends.isoformat()}")
        log.append((snoozed_event(alert_id, opened.snoozes + 1, until, now),))
    return show(workspace, alert_id)


def dismiss(workspace: Workspace, alert_id: str) -> AlertReport:
    """Say that an alert's fire was seen. Raises InvalidValueError where there is none to be seen."""
    with workspace.store.writing(f"dismiss alert {alert_id}", workspace.lock_timeout) as log:
        opened, now = _begin(workspace, log, alert_id)
        if opened.fires <= max(opened.dismissed, opened.reopened):
            raise InvalidValueError("alert", repr(alert_id), f"one that has fired (it is {opened.status(now)})")
        log.append((dismissed_event(alert_id, opened.fires, now),))
    return show(workspace, alert_id)


def remove(workspace: Workspace, alert_id: str) -> Alert:
    """Take an alert away; its past stays in the log."""
    with workspace.store.writing(f"remove alert {alert_id}", workspace.lock_timeout) as log:
        opened, now = _begin(workspace, log, alert_id)
        log.append((removed_event(alert_id, now),))
    return opened.alert


def _desk(workspace: Workspace) -> _Desk:
    with _making:
        return _desks.setdefault(workspace, _Desk())


def _begin(workspace: Workspace, log: LogWriter, alert_id: str) -> tuple[OpenAlert, datetime]:
    now = workspace.clock.now()
    fold = _desk(workspace).followed.follow(log)
    _known(fold, alert_id)
    _look_under_lock(workspace, log, now)
    return _known(_desk(workspace).followed.follow(log), alert_id), now


def _known(fold: AlertFold, alert_id: str) -> OpenAlert:
    opened = fold.alert(alert_id)
    if opened is None:
        raise UnknownNameError("alert", alert_id, tuple(one.alert.alert_id for one in fold.alerts()[:20]))
    return opened


def _check(workspace: Workspace, log: LogReader, alert: Alert, now: datetime) -> None:
    """Whether what the alert asks about is there at all; that it has no data now is no error."""
    condition = alert.condition
    if isinstance(condition, OrderFilled):
        if log.find(intent_id(condition.client_order_id)) is None:
            raise UnknownNameError("order", condition.client_order_id)
    elif isinstance(condition, ExpiryWithin):
        instrument = workspace.feed.instrument(condition.symbol)
        if instrument.expires_at <= now:
            bound = f"not expired (it did at {instrument.expires_at.isoformat()})"
            raise InvalidValueError("symbol", repr(condition.symbol), bound)
    elif isinstance(condition, Halted):
        _desk(workspace).facts(workspace, log, now).check_halted(condition)
    else:
        try:
            _desk(workspace).facts(workspace, log, now).value(alert)
        except MissingDataError:
            return


def _report(workspace: Workspace, opened: OpenAlert, now: datetime) -> AlertReport:
    status = opened.status(now)
    if opened.over or not isinstance(opened.alert.condition, Level):
        return AlertReport(opened, status, None)
    facts = _desk(workspace).facts(workspace, workspace.store, now)
    try:
        return AlertReport(opened, status, facts.value(opened.alert))
    except (MissingDataError, UnknownNameError) as error:
        return AlertReport(opened, status, None, str(error))


def _look_under_lock(workspace: Workspace, log: LogWriter, now: datetime) -> Due:
    desk = _desk(workspace)
    with desk.followed.lock:
        due, events = _looked(workspace, desk, log, now)
        if events:
            log.append(events)
            desk.followed.follow(log)
            desk.followed.keep(log)
    return due


def _keep(workspace: Workspace, desk: _Desk) -> None:
    """Keep the state where nobody else writes; it is a cache, and the next look may do it as well."""
    with (
        suppress(HomeLockedError, ReadOnlyError, StorageError),
        workspace.store.writing("keep the state of alerts", 0.0) as log,
    ):
        desk.followed.follow(log)
        desk.followed.keep(log)


def _looked(workspace: Workspace, desk: _Desk, log: LogReader, now: datetime) -> tuple[Due, tuple[Event, ...]]:
    """What a look finds, and what the log must be told of it: nothing where every alert stands as it stood."""
    fold = desk.followed.follow(log)
    alerts = tuple(one for one in fold.alerts() if not one.over)
    if not alerts:
        return Due((), (), ()), ()
    by_id = {one.alert.alert_id: one for one in alerts}
    known = {name: until for name, (opened, until) in desk.looked.items() if by_id.get(name) == opened and until <= now}
    due = due_alerts(alerts, desk.facts(workspace, log, now, known), now)
    standings = {one.alert_id: one.standing for one in due.looked}
    changed = any(standing != by_id[name].standing for name, standing in standings.items())
    old = min((by_id[name].looked_until or by_id[name].alert.set_at for name in standings), default=now)
    if not (due.fired or changed or now - old >= KEPT_EVERY):
        desk.looked = {name: (by_id[name], now) for name in standings}
        return due, ()
    desk.looked = {}
    return due, look_events(due.fired, Checked(fold.checks + 1, now, standings))
