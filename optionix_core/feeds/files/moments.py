"""Which moment a file's quotes are of, from the moment at which the file was saved.

While its options trade, a file's quotes are of the moment that the file names. Saved later (in the
evening, at a weekend), they are of the close of the last session. Options on cash indices trade until
15 minutes after their stocks: 16:15 in New York, and 13:15 on a half day. Quotes in such a file show
it: in the one of 7 February 2023 the forwards stand eight points under the index's 16:00 close.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from optionix_core.errors import MalformedFileError

INDEX_CLOSE_AFTER = timedelta(minutes=15)
"""How long options on cash indices trade after the close of their stocks (Cboe rule 5.1(b)(2))."""
NEW_YORK = ZoneInfo("America/New_York")

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZONES: dict[str, timezone | ZoneInfo] = {
    "ET": NEW_YORK,
    "EST": timezone(timedelta(hours=-5)),
    "EDT": timezone(timedelta(hours=-4)),
    "CT": ZoneInfo("America/Chicago"),
    "CST": timezone(timedelta(hours=-6)),
    "CDT": timezone(timedelta(hours=-5)),
    "UTC": UTC,
    "GMT": UTC,
    "Z": UTC,
}
_MONTH_FIRST = re.compile(r"\b(?P<month>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})\b")
_DAY_FIRST = re.compile(r"\b(?P<day>\d{1,2}) (?P<month>[A-Za-z]{3,9})\.?,? (?P<year>\d{4})\b")
_NUMERIC = re.compile(r"\b(?P<year>\d{4})[-/\u5e74](?P<month>\d{1,2})[-/\u6708](?P<day>\d{1,2})")
_TIME = re.compile(r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?\s*(?P<half>[AaPp]\.?[Mm]\.?)?")
_OFFSET = re.compile(r"\b(?:GMT|UTC)(?P<sign>[+-\u2212])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?")
_ZONE = re.compile(r"\b(ET|EST|EDT|CT|CST|CDT|UTC|GMT|Z)\b")


def written_moment(path: Path, text: str, line: int, column: int | str = 1) -> datetime:
    """A date, time and zone as Cboe's pages have written them over the years, in UTC.

    `June 11, 2022, 8:47 PM EDT`, `February 5 2022, 8:26 PM EST`, `February 7, 2023 at 5:34 PM EST`,
    `Dec 29 2013 @ 19:06 ET`, `19 March 2026 at 10:30 GMT-4`, `2026-03-19 10:30 GMT-4` and the same with
    the year, month and day signs of Chinese and Japanese. Raises MalformedFileError for anything else,
    a zone left out included.
    """

    def malformed(reason: str) -> MalformedFileError:
        return MalformedFileError(str(path), f"{reason} (got {text.strip()!r})", line, column)

    day = _NUMERIC.search(text) or _MONTH_FIRST.search(text) or _DAY_FIRST.search(text)
    if day is None:
        raise malformed("must hold a date")
    month = day["month"] if day["month"].isdigit() else _month(day["month"])
    if month is None:
        raise malformed(f"{day['month']} is not a month")
    offset = _OFFSET.search(text)
    rest = text[: day.start()] + " " + text[day.end() :]
    time = _TIME.search(rest if offset is None else rest.replace(offset[0], " "))
    if time is None:
        raise malformed("must hold a time")
    zone: timezone | ZoneInfo
    if offset is not None:
        ahead = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
        zone = timezone(ahead if offset["sign"] == "+" else -ahead)
    else:
        named = _ZONE.search(rest)
        if named is None:
            raise malformed("must name its time zone")
        zone = _ZONES[named[1]]
    hour = int(time["hour"])
    if time["half"]:
        if not 1 <= hour <= 12:
            raise malformed(f"{time[0].strip()} is not a time")
        hour = hour % 12 + (12 if time["half"][0] in "Pp" else 0)
    try:
        local = datetime(
            int(day["year"]), int(month), int(day["day"]), hour, int(time["minute"]), int(time["second"] or 0),
            tzinfo=zone,
        )  # fmt: skip
    except ValueError as error:
        raise malformed(str(error)) from None
    return local.astimezone(UTC)


def _month(name: str) -> int | None:
    short = name[:3].lower()
    return _MONTHS.index(short) + 1 if short in _MONTHS else None


def quotes_moment(saved_at: datetime, calendar: str, *, after_close: timedelta = timedelta(0)) -> datetime:
    """The moment (UTC) of the quotes in a file saved at `saved_at`.

    `calendar` is the exchange whose sessions count and `after_close` how long the options trade after
    its close. While they trade it is `saved_at` itself, otherwise the last close before it.
    """
    from optionix_core.market.sessions import is_open, last_close

    if is_open(saved_at, calendar):
        return saved_at
    return min(saved_at, last_close(saved_at, calendar) + after_close)


def close_delay(root: str) -> timedelta:
    """How long options of `root` trade after the close of their stocks: 15 minutes on cash indices, else none."""
    from optionix_core.market.products import Symbology, product

    terms = product(root, Symbology.OSI)
    return INDEX_CLOSE_AFTER if terms.cash_settled else timedelta(0)
