"""Until when a feed's daily history of an underlying is asked for, so that it tells nothing that is still to come.

A feed answers for every day that it is asked for: a simulated one tells the close of a day before that day has ended,
a live one the bar of the day that runs. So whoever looks at a moment asks until `ended_day`: a day counts once its
session has closed, by the calendar of the underlying's product; that of what trades around the clock is the UTC day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market import sessions
from optionix_core.market.products import product
from optionix_core.market.protocols import FeedState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from optionix_core.market.protocols import QuoteSource

CALENDAR: Final = "XNYS"
"""Sessions of an underlying whose symbol no product bears."""


def calendar_of(underlying: str) -> str:
    """The calendar whose sessions a symbol's days are."""
    try:
        return product(underlying).calendar
    except (InvalidValueError, MissingDataError):
        return CALENDAR


def ended_day(moment: datetime, underlyings: Sequence[str]) -> date:
    """The newest day that has ended by `moment` for each of `underlyings`.

    Raises InvalidValueError for no underlyings, MissingDataError for a moment whose sessions are not known.
    """
    if not underlyings:
        raise InvalidValueError("underlyings", 0, "at least one")
    calendars = {calendar_of(name) for name in underlyings}
    return min(sessions.last_closed_session(moment, calendar).day for calendar in calendars)


def last_day(feed: QuoteSource, underlying: str, moment: datetime) -> date:
    """`ended_day`, or today where a live feed's own running bar is shown as such; for charts alone."""
    if feed.state in (FeedState.SIMULATED, FeedState.REPLAY):
        return ended_day(moment, (underlying,))
    return moment.date()
