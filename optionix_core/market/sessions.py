"""When exchanges trade: sessions, early closes, the last close before a moment.

Days are exchange dates, moments are aware and in UTC. `24/7` is the exchange of continuous venues: its
sessions are UTC days. A question outside the known span is an error that names the bound; a holiday
is never guessed.

Cboe's options follow XNYS here, not XCBF: exchange_calendars gives XCBF no early closes on 3 July and
24 December, on which Cboe does close early, and options settle on the stock exchange's hours.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, Protocol

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market import session_table
from optionix_core.market.session_table import SessionTable

CONTINUOUS = "24/7"
"""Code of venues that never close."""

_DAY = timedelta(days=1)


class Session(NamedTuple):
    """One trading day of one exchange."""

    day: date
    open: datetime
    """UTC."""
    close: datetime
    """UTC; the early one where the exchange closes early."""
    early_close: bool
    """Shorter than an ordinary session."""


class _Schedule(Protocol):
    def on(self, day: date) -> Session | None: ...
    def before(self, day: date) -> Session: ...
    def after(self, day: date) -> Session: ...
    def between(self, first: date, last: date) -> tuple[Session, ...]: ...
    def closed_by(self, moment: datetime) -> Session: ...
    def opening_after(self, moment: datetime) -> Session: ...
    def containing(self, moment: datetime) -> Session | None: ...


def session(day: date, exchange: str = "XNYS") -> Session | None:
    """The session of a day; None on weekends and holidays."""
    return _schedule(exchange).on(day)


def previous_session(day: date, exchange: str = "XNYS") -> Session:
    """The last session before `day`, which itself does not count."""
    return _schedule(exchange).before(day)


def next_session(day: date, exchange: str = "XNYS") -> Session:
    """The first session after `day`, which itself does not count."""
    return _schedule(exchange).after(day)


def session_on_or_before(day: date, exchange: str = "XNYS") -> Session:
    """The session of `day`, or the last one before it."""
    return session(day, exchange) or previous_session(day, exchange)


def sessions_between(first: date, last: date, exchange: str = "XNYS") -> tuple[Session, ...]:
    """All sessions from `first` to `last`, both counted."""
    return _schedule(exchange).between(first, last)


def is_open(moment: datetime, exchange: str = "XNYS") -> bool:
    """Whether the exchange trades at `moment`: from the open on, up to but not at the close."""
    return _schedule(exchange).containing(_aware(moment)) is not None


def last_close(moment: datetime, exchange: str = "XNYS") -> datetime:
    """The latest close at or before `moment`, in UTC."""
    return _schedule(exchange).closed_by(_aware(moment)).close


def last_closed_session(moment: datetime, exchange: str = "XNYS") -> Session:
    """The session whose close is the latest at or before `moment`."""
    return _schedule(exchange).closed_by(_aware(moment))


def next_open(moment: datetime, exchange: str = "XNYS") -> datetime:
    """The first open after `moment`, in UTC."""
    return _schedule(exchange).opening_after(_aware(moment)).open


def current_session(moment: datetime, exchange: str = "XNYS") -> Session | None:
    """The session that `moment` lies in; None while the exchange is closed."""
    return _schedule(exchange).containing(_aware(moment))


def is_prepared(exchange: str = "XNYS") -> bool:
    """Whether asking about the exchange is cheap: its table is stored, or none is needed."""
    return exchange == CONTINUOUS or session_table.is_stored(exchange)


def prepare(exchange: str = "XNYS") -> None:
    """Make the exchange's table now if it is not there yet; for a worker at the first start."""
    _schedule(exchange)


@lru_cache(maxsize=32)
def _schedule(exchange: str) -> _Schedule:
    return _Continuous() if exchange == CONTINUOUS else _Listed(session_table.load(exchange))


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise InvalidValueError("moment", moment, "aware of its time zone")
    return moment


class _Listed:
    """An exchange with holidays, from its table."""

    def __init__(self, table: SessionTable) -> None:
        self._table = table

    def on(self, day: date) -> Session | None:
        ordinal = self._known(day).toordinal()
        index = bisect_left(self._table.days, ordinal)
        return self._at(index) if index < len(self._table.days) and self._table.days[index] == ordinal else None

    def before(self, day: date) -> Session:
        return self._at(bisect_left(self._table.days, self._known(day).toordinal()) - 1)

    def after(self, day: date) -> Session:
        return self._at(bisect_right(self._table.days, self._known(day).toordinal()))

    def between(self, first: date, last: date) -> tuple[Session, ...]:
        start = bisect_left(self._table.days, self._known(first).toordinal())
        stop = bisect_right(self._table.days, self._known(last).toordinal())
        return tuple(self._at(index) for index in range(start, stop))

    def closed_by(self, moment: datetime) -> Session:
        return self._at(bisect_right(self._table.closes, self._minute(moment)) - 1)

    def opening_after(self, moment: datetime) -> Session:
        return self._at(bisect_right(self._table.opens, self._minute(moment)))

    def containing(self, moment: datetime) -> Session | None:
        minute = self._minute(moment)
        index = bisect_right(self._table.opens, minute) - 1
        return self._at(index) if index >= 0 and minute < self._table.closes[index] else None

    def _at(self, index: int) -> Session:
        table = self._table
        if not 0 <= index < len(table.days):
            raise MissingDataError(f"sessions of {table.exchange} are known from {self._span}, not beyond")
        start, close = table.opens[index], table.closes[index]
        return Session(
            date.fromordinal(table.days[index]),
            datetime.fromtimestamp(start * 60, UTC),
            datetime.fromtimestamp(close * 60, UTC),
            close - start < table.regular_minutes,
        )

    def _minute(self, moment: datetime) -> float:
        self._known(moment.astimezone(UTC).date())
        return moment.timestamp() / 60.0

    def _known(self, day: date) -> date:
        if not self._table.first_day <= day <= self._table.last_day:
            raise MissingDataError(f"sessions of {self._table.exchange} are known from {self._span} (asked for {day})")
        return day

    @property
    def _span(self) -> str:
        return f"{self._table.first_day} to {self._table.last_day}"


class _Continuous:
    """A venue that never closes; its sessions are UTC days."""

    def on(self, day: date) -> Session | None:
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        return Session(day, start, start + _DAY, early_close=False)

    def before(self, day: date) -> Session:
        return self._day(day - _DAY)

    def after(self, day: date) -> Session:
        return self._day(day + _DAY)

    def between(self, first: date, last: date) -> tuple[Session, ...]:
        return tuple(self._day(first + _DAY * step) for step in range((last - first).days + 1))

    def closed_by(self, moment: datetime) -> Session:
        return self.before(moment.astimezone(UTC).date())

    def opening_after(self, moment: datetime) -> Session:
        return self.after(moment.astimezone(UTC).date())

    def containing(self, moment: datetime) -> Session | None:
        return self.on(moment.astimezone(UTC).date())

    def _day(self, day: date) -> Session:
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        return Session(day, start, start + _DAY, early_close=False)
