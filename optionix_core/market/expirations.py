"""When options expire, stop trading and settle, by the rules of their exchanges.

Three days that are easily confused are kept apart: the date in the symbol (`expiry`, a Saturday for
standard contracts before February 2015), the day whose prices settle it (`settles_on`) and the last
day on which it trades (`last_trade`, a session earlier for AM settlement). "Third Friday" alone is
never right: Good Friday and Juneteenth move it, and VIX has a rule of its own.

Sources: Cboe contract specifications (SPX, SPXW, VIX); OCC, expiration moved from Saturday to Friday
with the contracts of February 2015; Deribit contract introduction policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from optionix_core.errors import InvalidValueError
from optionix_core.market import sessions
from optionix_core.market.chain import Settlement
from optionix_core.market.products import ExpiryCycle, Product, Symbology, product
from optionix_core.market.session_table import FIRST_DAY, LAST_DAY

FIRST_FRIDAY_MONTH = (2015, 2)
"""First contract month of standard options that bears a Friday; those before bear the Saturday after."""

_FRIDAY = 4
_DAY = timedelta(days=1)
_VIX_TENOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Expiration:
    """The days on which an expiry ends."""

    expiry: date
    """The date in the symbol."""
    last_trade: date
    """Last day on which it trades."""
    settlement: Settlement
    """AM: on the opening of `settles_on`; PM: on its close."""
    settles_on: date
    """The day whose prices settle it."""


@dataclass(frozen=True, slots=True)
class ListingPattern:
    """How many expiries an exchange keeps listed at once."""

    days: int = 0
    """Nearest sessions that fall on one of the product's weekdays."""
    weeks: int = 0
    """Nearest Fridays (Wednesdays for volatility roots) that are no monthly expiry."""
    months: int = 0
    """Nearest contract months."""
    quarters: int = 0
    """Further months of the March, June, September, December cycle."""
    month_ends: int = 0
    """Nearest last sessions of a month."""
    januaries: int = 0
    """Further Januaries (LEAPS)."""


_PATTERNS = {
    ExpiryCycle.STANDARD: ListingPattern(weeks=4, months=3, quarters=3, januaries=2),
    ExpiryCycle.WEEKLY: ListingPattern(days=10, weeks=4, months=3, quarters=3, month_ends=3),
    ExpiryCycle.VOLATILITY: ListingPattern(months=6),
    ExpiryCycle.VOLATILITY_WEEKLY: ListingPattern(weeks=5),
    ExpiryCycle.DAILY: ListingPattern(days=4, weeks=4, months=3, quarters=4),
}
_AM_INDEX = ListingPattern(months=6, quarters=3, januaries=2)


def third_friday(year: int, month: int) -> date:
    """The third Friday of a month, whether or not the exchange opens on it."""
    return _nth_weekday(year, month, _FRIDAY, 3)


def monthly(year: int, month: int, root: str = "SPX") -> Expiration:
    """The standard expiry of a contract month.

    Standard and weekly roots: the third Friday, or the session before where the exchange is closed.
    Volatility roots: thirty days before the third Friday of the following month; where that day or
    that Friday is a holiday, the session before it. Deribit: the last Friday of the month.
    """
    _check_month(year, month)
    item = product(root)
    if item.cycle is ExpiryCycle.DAILY:
        return _described(item, _last_weekday(year, month, _FRIDAY))
    if item.cycle in (ExpiryCycle.VOLATILITY, ExpiryCycle.VOLATILITY_WEEKLY):
        following = third_friday(year + month // 12, month % 12 + 1)
        return _described(item, _thirty_days_before(following, item))
    friday = third_friday(year, month)
    if item.cycle is ExpiryCycle.STANDARD and (year, month) < FIRST_FRIDAY_MONTH:
        return _described(item, friday + _DAY)
    return _described(item, sessions.session_on_or_before(friday, item.calendar).day)


def describe(root: str, expiry: date, symbology: Symbology | None = None) -> Expiration:
    """Last trade and settlement day of any expiry date of a root, as symbols give it."""
    return _described(product(root, symbology), expiry)


def settlement_moment(root: str, expiry: date, symbology: Symbology | None = None) -> datetime:
    """The moment (UTC) from which time to expiry is counted.

    AM: the open of the settlement day (09:30 in New York). PM: its close (16:00, or 13:00 where the
    exchange closes early). Deribit: 08:00 UTC. An expiry dated on a day without a session, such as a
    Saturday before 2015, settles on the session before it.
    """
    item = product(root, symbology)
    if item.settles_utc is not None:
        return datetime.combine(expiry, item.settles_utc, UTC)
    day = sessions.session_on_or_before(expiry, item.calendar)
    return day.open if item.settlement == "AM" else day.close


def last_trading_moment(root: str, expiry: date, symbology: Symbology | None = None) -> datetime:
    """The moment (UTC) after which the option trades no more: the close of its last trading day, or its settlement."""
    item = product(root, symbology)
    if item.settles_utc is not None or item.settlement == "PM":
        return settlement_moment(root, expiry, symbology)
    settled = sessions.session_on_or_before(expiry, item.calendar)
    return sessions.previous_session(settled.day, item.calendar).close


def _described(item: Product, expiry: date) -> Expiration:
    if item.settles_utc is not None:
        return Expiration(expiry, expiry, item.settlement, expiry)
    settles_on = sessions.session_on_or_before(expiry, item.calendar).day
    last_trade = settles_on
    if item.settlement == "AM":
        last_trade = sessions.previous_session(settles_on, item.calendar).day
    return Expiration(expiry, last_trade, item.settlement, settles_on)


def _thirty_days_before(friday: date, item: Product) -> date:
    """The Wednesday thirty days before a Friday; the session before it where either day is a holiday."""
    wednesday = friday - _VIX_TENOR
    either_closed = (
        sessions.session(wednesday, item.calendar) is None or sessions.session(friday, item.calendar) is None
    )
    return sessions.previous_session(wednesday, item.calendar).day if either_closed else wednesday


def _nth_weekday(year: int, month: int, weekday: int, count: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def _last_weekday(year: int, month: int, weekday: int) -> date:
    last = date(year + month // 12, month % 12 + 1, 1) - _DAY
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def _check_month(year: int, month: int) -> None:
    if not 1 <= month <= 12:
        raise InvalidValueError("month", month, "from 1 to 12")
    if not FIRST_DAY.year <= year <= LAST_DAY.year:
        raise InvalidValueError("year", year, f"from {FIRST_DAY.year} to {LAST_DAY.year}")


def pattern_of(root: str) -> ListingPattern:
    """The pattern that `listed` follows for a root unless told another.

    Ordinary equity roots: four weekly Fridays, three months, three quarterly months, two Januaries.
    AM-settled index roots have no weeklies (those are another root's). PM-settled index roots: ten
    daily expiries, then Fridays, months, quarters and month ends. Deribit: four days, four weeks, three
    months, four quarters. Exchanges list more on busy names; the pattern is their common part.
    """
    item = product(root)
    if item.cycle is ExpiryCycle.STANDARD and item.settlement == "AM":
        return _AM_INDEX
    return _PATTERNS[item.cycle]


def listed(root: str, on: date, pattern: ListingPattern | None = None) -> tuple[Expiration, ...]:
    """Expiries of a root that trade on `on`, nearest first, by its listing pattern.

    An expiry counts as long as its last trading day is not past: the one of today is in.
    """
    item = product(root)
    wanted = pattern_of(root) if pattern is None else pattern
    months = _months(on, root, wanted)
    found = {item.expiry: item for item in months}
    for day in (*_days(on, item, wanted.days), *_weeks(on, item, wanted.weeks, frozenset(found))):
        found.setdefault(day, _described(item, day))
    for day in _month_ends(on, item, wanted.month_ends):
        found.setdefault(day, _described(item, day))
    return tuple(sorted(found.values(), key=lambda expiration: expiration.expiry))


def _months(on: date, root: str, wanted: ListingPattern) -> list[Expiration]:
    """Nearest months, then further quarterly months, then further Januaries."""
    found: list[Expiration] = []
    left = {"month": wanted.months, "quarter": wanted.quarters, "january": wanted.januaries}
    year, month = on.year, on.month
    while any(left.values()):
        kind = "month" if left["month"] else "quarter" if left["quarter"] and month % 3 == 0 else None
        if kind is None and left["january"] and month == 1 and not left["month"]:
            kind = "january"
        if kind is not None:
            expiration = monthly(year, month, root)
            if expiration.last_trade >= on:
                found.append(expiration)
                left[kind] -= 1
        year, month = year + month // 12, month % 12 + 1
    return found


def _days(on: date, item: Product, count: int) -> list[date]:
    found: list[date] = []
    day = on
    while len(found) < count:
        if day.weekday() in item.weekdays and sessions.session(day, item.calendar) is not None:
            found.append(day)
        day += _DAY
    return found


def _weeks(on: date, item: Product, count: int, monthlies: frozenset[date]) -> list[date]:
    found: list[date] = []
    friday = on + timedelta(days=(_FRIDAY - on.weekday()) % 7)
    while len(found) < count:
        day, is_monthly = _weekly_expiry(friday, item)
        if not is_monthly and day not in monthlies and _described(item, day).last_trade >= on:
            found.append(day)
        friday += timedelta(days=7)
    return found


def _weekly_expiry(friday: date, item: Product) -> tuple[date, bool]:
    """The weekly expiry that belongs to a Friday, and whether that is the monthly one."""
    if item.cycle in (ExpiryCycle.VOLATILITY, ExpiryCycle.VOLATILITY_WEEKLY):
        measured = friday + timedelta(days=28)
        is_monthly = measured == third_friday(measured.year, measured.month)
        return _thirty_days_before(measured, item), is_monthly
    if item.cycle is ExpiryCycle.DAILY:
        return friday, friday == _last_weekday(friday.year, friday.month, _FRIDAY)
    is_monthly = friday == third_friday(friday.year, friday.month)
    return sessions.session_on_or_before(friday, item.calendar).day, is_monthly


def _month_ends(on: date, item: Product, count: int) -> list[date]:
    found: list[date] = []
    year, month = on.year, on.month
    while len(found) < count:
        year, month = year + month // 12, month % 12 + 1
        day = sessions.previous_session(date(year, month, 1), item.calendar).day
        if day >= on:
            found.append(day)
    return found
