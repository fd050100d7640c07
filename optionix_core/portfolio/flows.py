"""What was traded lately, by the quarter of an hour: from it the P&L of a day is told.

The P&L since a close needs to know what was bought and sold after it. Exchanges close on a quarter
of an hour, so trades are summed by quarters, and kept for as long as an exchange is ever closed in a
row. The sums are a function of the entries alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.portfolio.exact import ZERO, add

QUARTER = 900
"""Seconds of a bucket."""

KEPT = timedelta(days=7)
"""Older buckets are dropped when a newer one of the same instrument comes."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A sum of trades."""

    quantity: Decimal = ZERO
    """Contracts bought less contracts sold."""
    cash: Decimal = ZERO
    """Signed cash paid, fees excluded."""
    fees: Decimal = ZERO

    def plus(self, other: Flow) -> Flow:
        """Both together."""
        return Flow(add(self.quantity, other.quantity), add(self.cash, other.cash), add(self.fees, other.fees))


@lru_cache(maxsize=1024)
def _bucket(moment: datetime) -> int:
    return int(moment.timestamp()) // QUARTER


class RecentFlows:
    """Buckets of one instrument in one account."""

    __slots__ = ("buckets",)

    def __init__(self, buckets: dict[int, Flow] | None = None) -> None:
        self.buckets: dict[int, Flow] = {} if buckets is None else buckets

    def add(self, moment: datetime, flow: Flow) -> None:
        """Count a trade at `moment`."""
        key = _bucket(moment)
        if key not in self.buckets:
            oldest = key - int(KEPT.total_seconds()) // QUARTER
            self.buckets = {known: value for known, value in self.buckets.items() if known >= oldest}
        known = self.buckets.get(key)
        self.buckets[key] = flow if known is None else known.plus(flow)

    def since(self, moment: datetime) -> Flow:
        """All trades at or after `moment`, which must be a full quarter of an hour.

        Raises InvalidValueError for another moment, MissingDataError where it lies before what is kept.
        """
        if moment.timestamp() % QUARTER:
            raise InvalidValueError("moment", moment.isoformat(), "a full quarter of an hour")
        start = _bucket(moment)
        if self.buckets and start < max(self.buckets) - int(KEPT.total_seconds()) // QUARTER:
            since = datetime.fromtimestamp(min(self.buckets) * QUARTER, UTC)
            raise MissingDataError(f"trades before {since:%Y-%m-%d %H:%M} UTC are not kept apart")
        total = Flow()
        for key, value in self.buckets.items():
            if key >= start:
                total = total.plus(value)
        return total
