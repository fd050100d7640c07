"""Where implied volatility stands in its last 52 weeks: rank, percentile, and the days of its extremes.

Rank: (now - least) / (greatest - least). Percentile: share of the days on which it was below now. Both over 252 stored
daily values (`PriceHistory.implied_volatility`), which are 52 weeks of sessions; 365 for what trades every day. The two
numbers are `realised.iv_rank` and `realised.iv_percentile`. Refuses histories that are too short or have holes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.volatility.realised import TRADING_DAYS, iv_percentile, iv_rank

if TYPE_CHECKING:
    from optionix_core.market.protocols import PriceHistory


@dataclass(frozen=True, slots=True)
class ImpliedStanding:
    """Volatilities are fractions; rank and percentile run from 0 to 1."""

    underlying: str
    window: int
    """Daily values that the past consists of."""
    since: date
    until: date
    now: float
    rank: float
    percentile: float
    least: float
    least_on: date
    greatest: float
    greatest_on: date


def implied_standing(
    history: PriceHistory, window: int = TRADING_DAYS, *, current: float | None = None
) -> ImpliedStanding:
    """Standing of `current`, the last stored value where it is None, among the last `window` stored ones.

    Raises MissingDataError, saying what is missing, where fewer than `window` days have one or all are equal;
    InvalidValueError for a window below two or a `current` that is not positive.
    """
    rank = iv_rank(history, window, current=current)
    percentile = iv_percentile(history, window, current=current)
    past, days = history.implied_volatility[-window:], history.days[-window:]
    low, high = int(np.argmin(past)), int(np.argmax(past))
    return ImpliedStanding(
        underlying=history.underlying,
        window=window,
        since=days[0],
        until=days[-1],
        now=float(past[-1]) if current is None else float(current),
        rank=rank,
        percentile=percentile,
        least=float(past[low]),
        least_on=days[low],
        greatest=float(past[high]),
        greatest_on=days[high],
    )
