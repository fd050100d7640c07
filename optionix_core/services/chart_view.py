"""A chart of an underlying at a moment: bars, indicators, realised against implied volatility, and marks.

Bars of a day or longer come from the feed's daily history and end with the day that is running, where the feed can
tell it; shorter ones from feeds that tell bars within a day. A day of a simulated or replayed history counts once its
session has closed: what its future brings is not drawn. Indicators reach back before the range, so that they are whole
at its left edge. What cannot be told is nan, and a note says why.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.market import sessions
from optionix_core.market.bars import Bars, daily, merged, midnight
from optionix_core.market.intervals import Interval
from optionix_core.market.protocols import FeedState, TellsBars
from optionix_core.services.chart_marks import Mark, MarkReader
from optionix_core.services.chart_terms import ChartTerms, begins, days_of
from optionix_core.services.daily_history import calendar_of, last_day

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from optionix_core.market.protocols import PriceHistory, QuoteSource
    from optionix_core.market.quote import Quote
    from optionix_core.services.workspace import Workspace

    FloatArray = NDArray[np.float64]

ESTIMATORS: Final = ("close-close", "parkinson", "yang-zhang")
AHEAD: Final = timedelta(days=120)
"""How far ahead expiries are told."""
_REACH: Final = 520
"""Bars before the range that indicators are computed from."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A value a bar, nan where there is none."""

    name: str
    """`SMA 20`, `IV30`, `close-close 20d`."""
    values: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Indicators:
    """What is computed from the bars; arrays as long as they are."""

    averages: tuple[Line, ...]
    bands: tuple[Line, ...]
    """Upper, lower; empty without bands."""
    rsi: Line
    macd: tuple[Line, ...]
    """Line, signal, histogram."""
    volatility: tuple[Line, ...]
    """Implied (IV30) first, then realised by each estimator; fractions per root year. Empty of bars within a day."""


@dataclass(frozen=True, slots=True, eq=False)
class ChartView:
    """A chart at one moment."""

    terms: ChartTerms
    moment: datetime
    source: str
    state: FeedState
    currency: str
    bars: Bars
    """All that was loaded; those of the range are from `first` on."""
    first: int
    running: bool
    """Whether the last bar is not over."""
    indicators: Indicators
    marks: tuple[Mark, ...]
    """From the first bar on, and ahead."""
    quote: Quote | None
    change: float | None
    """Since the last close, a fraction."""
    notes: tuple[str, ...]
    """What is not there, and why."""

    @property
    def place_now(self) -> int:
        """The last bar's place."""
        return len(self.bars) - 1

    def place_of(self, moment: datetime) -> int | None:
        """The bar that a moment lies in; None before the first."""
        from bisect import bisect_right

        place = bisect_right(self.bars.starts, moment) - 1
        return place if place >= 0 else None

    def marks_at(self, place: int, size: int = 1) -> tuple[Mark, ...]:
        """Marks in `size` bars from a place on; days' bars take what happened until the next one."""
        starts = self.bars.starts
        if place + size < len(starts):
            return tuple(mark for mark in self.marks if starts[place] <= mark.at < starts[place + size])
        return tuple(mark for mark in self.marks if starts[place] <= mark.at <= self.moment)


class ChartViewer:
    """Builds charts of one workspace; keeps daily histories, bars and the log's marks. For one thread at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.feed: QuoteSource = workspace.feed
        self._marks = MarkReader(workspace)
        self._histories: dict[str, tuple[date, PriceHistory]] = {}
        self._kept: dict[tuple[str, Interval, str], Bars] = {}

    def view(self, terms: ChartTerms, moment: datetime) -> ChartView:
        """The chart of `terms` at `moment`.

        Raises UnknownNameError for an underlying that the feed does not quote, MissingDataError where it has no such
        bars.
        """
        feed = self.feed
        info = next((one for one in feed.underlyings() if one.symbol == terms.underlying), None)
        if info is None:
            raise UnknownNameError("underlying", terms.underlying, tuple(one.symbol for one in feed.underlyings()))
        notes: list[str] = []
        if terms.interval.step is None:
            days = self._days(terms.underlying, moment, notes)
            bars = merged(days, terms.interval)
            running = days.starts[-1].date() >= moment.date() and self._session_runs(terms.underlying, moment)
        else:
            bars = self._within(terms, moment)
            days = None
            running = bars.starts[-1] + terms.interval.step > moment
        quote, change = self._quote(terms.underlying, moment, notes)
        return ChartView(
            terms=terms,
            moment=moment,
            source=feed.name,
            state=feed.state,
            currency=info.currency,
            bars=bars,
            first=_first(bars, terms),
            running=running,
            indicators=indicators(bars, terms, days, notes),
            marks=self._marks.marks(terms.underlying, bars.starts[0], moment + AHEAD),
            quote=quote,
            change=change,
            notes=tuple(notes),
        )

    def _quote(self, underlying: str, moment: datetime, notes: list[str]) -> tuple[Quote | None, float | None]:
        try:
            return self.feed.spot(underlying, moment), self.feed.day_change(underlying, moment)
        except MissingDataError as error:
            notes.append(str(error))
            return None, None

    # Bars of days

    def _days(self, underlying: str, moment: datetime, notes: list[str]) -> Bars:
        until = last_day(self.feed, underlying, moment)
        known = self._histories.get(underlying)
        if known is None or known[0] != until or self.feed.state is FeedState.LIVE:
            known = until, self.feed.history(underlying, until)
            self._histories[underlying] = known
        days = daily(known[1])
        if not len(days):
            raise MissingDataError(f"{self.feed.name} has no daily bars of {underlying}")
        today = self._today(underlying, days, moment)
        if today is not None:
            days = days.followed_by(today)
        elif days.starts[-1].date() < moment.date() and self._session_runs(underlying, moment):
            newest = days.starts[-1].date()
            notes.append(f"{self.feed.name} does not tell the day that is running beside its days up to {newest}")
        return days

    def _session_runs(self, underlying: str, moment: datetime) -> bool:
        return sessions.current_session(moment, calendar_of(underlying)) is not None

    def _today(self, underlying: str, days: Bars, moment: datetime) -> Bars | None:
        """The running day's bar, from bars within it; None where it is there already, or cannot be told."""
        from optionix_core.volatility.realised import LONGEST_GAP

        session = sessions.current_session(moment, calendar_of(underlying))
        last = days.starts[-1].date()
        if session is None or last >= session.day or not isinstance(self.feed, TellsBars):
            return None
        if (session.day - last).days > LONGEST_GAP:
            return None  # a recording that is played on another day than its own
        short = self.feed.bars(underlying, Interval.QUARTER_HOUR, session.open - timedelta(seconds=1), moment)
        if not len(short):
            return None
        counted = self.feed.spot(underlying, moment).volume
        import numpy as np

        return Bars(
            underlying=underlying,
            source=self.feed.name,
            interval=Interval.DAY,
            starts=(midnight(session.day),),
            open=short.open[:1],
            high=np.array([short.high.max()]),
            low=np.array([short.low.min()]),
            close=short.close[-1:],
            volume=np.array([np.nan if counted is None else float(counted)]),
            implied_volatility=np.array([np.nan]),
        )

    # Bars within a day

    def _within(self, terms: ChartTerms, moment: datetime) -> Bars:
        feed, interval = self.feed, terms.interval
        step, since = interval.step, begins(terms.span, moment)
        if not isinstance(feed, TellsBars) or step is None or since is None:
            raise MissingDataError(
                f"{feed.name} tells no bars of {interval} of {terms.underlying}: daily ones alone, such as 1d over 6m"
            )
        key = terms.underlying, interval, str(terms.span)
        since -= step * _REACH
        kept = self._kept.get(key)
        if kept is not None and len(kept) > 1 and _covers(kept, since, moment):
            more = feed.bars(terms.underlying, interval, kept.starts[-2], moment)
            bars = kept.followed_by(more) if len(more) else kept
        else:
            bars = feed.bars(terms.underlying, interval, since, moment)
        if not len(bars):
            raise MissingDataError(f"{feed.name} has told no price of {terms.underlying} in the last {terms.span}")
        self._kept[key] = bars
        return bars


def _covers(kept: Bars, since: datetime, moment: datetime) -> bool:
    """Whether bars reach back to a moment, not much further, and do not end after another."""
    early, late = since - timedelta(days=2), since + timedelta(days=4)
    return early <= kept.starts[0] <= late and kept.starts[-1] <= moment


def _first(bars: Bars, terms: ChartTerms) -> int:
    """The first bar of the range, which is counted from the newest bar: a recording may be of another year."""
    days = days_of(terms.span)
    if days is not None:
        dates = sorted({start.date() for start in bars.starts})[-days:]
        return next(place for place, start in enumerate(bars.starts) if start.date() >= dates[0])
    since = begins(terms.span, bars.starts[-1])
    if since is None:
        return 0
    if terms.interval.step is None:
        since = midnight(since.date())
    return next((place for place, start in enumerate(bars.starts) if start >= since), len(bars) - 1)


def indicators(bars: Bars, terms: ChartTerms, days: Bars | None, notes: list[str]) -> Indicators:
    """Everything that is computed of bars; `days`: the daily bars that longer ones are made of, None within a day."""
    from optionix_core.market.indicators import bollinger, macd, relative_strength, simple_average

    closes = bars.close
    bands: tuple[Line, ...] = ()
    if terms.bands is not None:
        found = bollinger(closes, terms.bands, terms.width)
        bands = (Line(f"upper {terms.bands}", found.upper), Line(f"lower {terms.bands}", found.lower))
    moved = macd(closes)
    volatility: tuple[Line, ...] = ()
    if days is None:
        notes.append("realised and implied volatility are told of bars of a day or longer")
    else:
        volatility = _volatility(bars, days, terms.realised, notes)
    return Indicators(
        averages=tuple(Line(f"SMA {window}", simple_average(closes, window)) for window in terms.averages),
        bands=bands,
        rsi=Line("RSI 14", relative_strength(closes)),
        macd=(Line("MACD 12 26", moved.line), Line("signal 9", moved.signal), Line("histogram", moved.histogram)),
        volatility=volatility,
    )


def _volatility(bars: Bars, days: Bars, window: int, notes: list[str]) -> tuple[Line, ...]:
    """Implied and realised volatility at the close of each bar, out of the daily ones."""
    import numpy as np

    from optionix_core.volatility.realised import rolling

    history = _as_history(days)
    ends = np.searchsorted(
        np.array([start.timestamp() for start in days.starts]),
        np.array([start.timestamp() for start in bars.starts[1:]]),
    )
    at = np.append(ends, len(days)) - 1
    lines = [Line("IV30", days.implied_volatility[at])]
    if not np.isfinite(days.implied_volatility).any():
        notes.append(f"{days.source} has no history of implied volatility of {days.underlying}")
    for name in ESTIMATORS:
        whole = np.full(len(days), np.nan)
        try:
            found = rolling(history, window, name, per_year=_per_year(days))
        except (MissingDataError, InvalidValueError) as error:
            notes.append(f"{name}: {error}")
        else:
            whole[len(days) - len(found) :] = found
        lines.append(Line(f"{name} {window}d", whole[at]))
    return tuple(lines)


def _per_year(days: Bars) -> float:
    """Trading days of a year: 365 for what has bars on weekends."""
    return 365.0 if any(start.weekday() > 4 for start in days.starts[-30:]) else 252.0


def _as_history(days: Bars) -> PriceHistory:
    from optionix_core.market.protocols import PriceHistory

    return PriceHistory(
        underlying=days.underlying,
        source=days.source,
        days=tuple(start.date() for start in days.starts),
        open=days.open,
        high=days.high,
        low=days.low,
        close=days.close,
        volume=days.volume,
        implied_volatility=days.implied_volatility,
    )


def of_range(view: ChartView) -> ChartView:
    """The chart with the bars of its range alone."""
    place = view.first
    told = view.indicators

    def cut(lines: tuple[Line, ...]) -> tuple[Line, ...]:
        return tuple(Line(line.name, line.values[place:]) for line in lines)

    (rsi,) = cut((told.rsi,))
    kept = Indicators(cut(told.averages), cut(told.bands), rsi, cut(told.macd), cut(told.volatility))
    bars = view.bars.since(place)
    marks = tuple(mark for mark in view.marks if mark.at >= bars.starts[0])
    return replace(view, bars=bars, first=0, indicators=kept, marks=marks)
