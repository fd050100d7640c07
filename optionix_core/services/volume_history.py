"""The volume curve of the past: what the venue's feed counted at the same time of earlier days.

Days without quotes or without volume are left out, and where none is left there is no curve: none is made up.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError
from optionix_core.market import symbols
from optionix_core.services.judging import quote_of, security_of
from optionix_core.trading.algorithms.volume_curve import of_readings

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.workspace import Workspace


def past_curve(
    workspace: Workspace, symbol: str, start: datetime, until: datetime, slices: int, days: int
) -> tuple[float, ...]:
    """The volume curve of the same stretch of the clock on each of the last `days` days, as the venue's feed tells it.

    Days of which it has no quotes or no volume are left out, and so are those whose stretch is not over yet. Raises
    MissingDataError where none is left.
    """
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= 60:
        raise InvalidValueError("days", repr(days), "a whole number from 1 to 60")
    feed, key = workspace.venue_feed, symbols.security(symbol)
    security_of(feed, key)
    step: timedelta = (until - start) / slices
    now, rows = workspace.clock.now(), []
    for day in range(1, days + 1):
        if until - timedelta(days=day) > now:
            continue
        quotes = [quote_of(feed, key, start + k * step - timedelta(days=day)) for k in range(slices + 1)]
        readings = [quote.volume for quote in quotes if quote is not None and quote.volume is not None]
        if len(readings) == slices + 1:
            rows.append(readings)
    return of_readings(rows)
