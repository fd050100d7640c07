"""What a chart is asked for: an underlying, an interval and a range, and what is drawn beside the bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.market.intervals import Interval

MOST_BARS: Final = 10_000
"""Of a chart: more are told to nobody."""


class Range(StrEnum):
    """How far back a chart goes from now."""

    DAY = "1d"
    WEEK = "5d"
    MONTH = "1m"
    QUARTER = "3m"
    HALF = "6m"
    YEAR = "1y"
    THREE_YEARS = "3y"
    ALL = "all"
    """Everything that the feed has; of bars of a day or longer only."""


class Study(StrEnum):
    """What stands below the bars."""

    VOLATILITY = "volatility"
    """Realised by three estimators, and implied."""
    RSI = "rsi"
    MACD = "macd"
    NONE = "none"


_MONTHS: Final = {Range.MONTH: 1, Range.QUARTER: 3, Range.HALF: 6, Range.YEAR: 12, Range.THREE_YEARS: 36}
_DAYS: Final = {Range.DAY: 1, Range.WEEK: 5}
_CLOSED: Final = 4
"""Days in a row on which an exchange may be closed."""
USUAL: Final = {
    Range.DAY: Interval.FIVE_MINUTES,
    Range.WEEK: Interval.QUARTER_HOUR,
    Range.MONTH: Interval.HOUR,
    Range.QUARTER: Interval.DAY,
    Range.HALF: Interval.DAY,
    Range.YEAR: Interval.DAY,
    Range.THREE_YEARS: Interval.WEEK,
    Range.ALL: Interval.WEEK,
}
"""The interval that a range is shown in where nobody says."""


@dataclass(frozen=True, slots=True)
class ChartTerms:
    """A chart. Windows count bars, those of realised volatility days."""

    underlying: str
    interval: Interval = Interval.DAY
    span: Range = Range.HALF
    averages: tuple[int, ...] = (20, 50)
    """Windows of simple moving averages."""
    bands: int | None = 20
    """Window of the Bollinger bands; None: none."""
    width: float = 2.0
    """Standard deviations of the bands."""
    realised: int = 20
    """Days of realised volatility."""

    def __post_init__(self) -> None:
        check(self.interval, self.span)
        for name, windows in (("averages", self.averages), ("bands", () if self.bands is None else (self.bands,))):
            for window in windows:
                if not 2 <= window <= 500:
                    raise InvalidValueError(name, window, "windows from 2 to 500")
        if len(set(self.averages)) != len(self.averages) or len(self.averages) > 4:
            raise InvalidValueError("averages", ", ".join(map(str, self.averages)), "at most four windows, each once")
        if not 0.0 < self.width <= 10.0:
            raise InvalidValueError("width", self.width, "above 0 and at most 10")
        if not 2 <= self.realised <= 252:
            raise InvalidValueError("realised", self.realised, "from 2 to 252 days")


def begins(span: Range, moment: datetime) -> datetime | None:
    """From when on a range shows bars; None: from the first that there is. Of days, whole ones are counted later."""
    if span in _DAYS:
        return moment - timedelta(days=_DAYS[span] + _CLOSED)
    months = _MONTHS.get(span)
    if months is None:
        return None
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    first = moment.replace(year=year, month=month + 1, day=1)
    last_day = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(moment.day, last_day.day))


def days_of(span: Range) -> int | None:
    """How many days with bars a range of days shows; None of one that is cut by the calendar."""
    return _DAYS.get(span)


def check(interval: Interval, span: Range) -> None:
    """Raises InvalidValueError for more bars than a chart takes, and for all of what is told within days."""
    step = interval.step
    if step is None:
        return
    fitting = longest(interval)
    order = tuple(Range)
    if order.index(span) > order.index(fitting):
        bound = f"at most {fitting} of bars of {interval} (a longer range needs longer bars)"
        raise InvalidValueError("range", str(span), bound)


def longest(interval: Interval) -> Range:
    """The longest range that bars of an interval may have."""
    step = interval.step
    if step is None:
        return Range.ALL
    days = {**_DAYS, **{span: 31 * months for span, months in _MONTHS.items()}}
    fitting = [span for span in Range if span in days and timedelta(days=days[span]) / step <= MOST_BARS]
    return fitting[-1]


def interval_of(text: str) -> Interval:
    """An interval by its name; UnknownNameError for others."""
    if text not in tuple(Interval):
        raise UnknownNameError("interval", text, tuple(Interval))
    return Interval(text)


def range_of(text: str) -> Range:
    """A range by its name; UnknownNameError for others."""
    if text not in tuple(Range):
        raise UnknownNameError("range", text, tuple(Range))
    return Range(text)


def study_of(text: str) -> Study:
    """A study by its name; UnknownNameError for others."""
    if text not in tuple(Study):
        raise UnknownNameError("study", text, tuple(Study))
    return Study(text)
