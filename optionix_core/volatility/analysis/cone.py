"""The cone of realised volatility: how high it has been over windows of several lengths, and where it is now.

Windows overlap, so that the quartiles of long windows rest on few independent stretches. Source: G. Burghardt and M.
Lane, "How to tell if options are cheap", Journal of Portfolio Management 16(2) (1990) 72. Refuses histories that are
too short for a window, or have holes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.volatility.realised import TRADING_DAYS, Estimator, rolling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.market.protocols import PriceHistory

    FloatArray = NDArray[np.float64]

WINDOWS = (10, 20, 60, 120)
FEWEST = 20
"""Values that the quartiles of a window need."""


@dataclass(frozen=True, slots=True, eq=False)
class VolatilityCone:
    """Arrays of shape (windows,); volatilities are annualised fractions."""

    underlying: str
    estimator: Estimator
    since: date
    """First day of the history."""
    until: date
    """Day that `now` is of."""
    windows: tuple[int, ...]
    """Days of each window."""
    minimum: FloatArray
    lower_quartile: FloatArray
    median: FloatArray
    upper_quartile: FloatArray
    maximum: FloatArray
    now: FloatArray
    """Of the window that ends on `until`."""
    percentile: FloatArray
    """Share of the values below `now`, 0 to 1."""
    counts: tuple[int, ...]
    """Overlapping windows that each row rests on."""


def volatility_cone(
    history: PriceHistory,
    windows: Sequence[int] = WINDOWS,
    estimator: Estimator = "close-close",
    *,
    per_year: float = TRADING_DAYS,
) -> VolatilityCone:
    """The cone over the whole of `history`; quartiles are linear between the sorted values.

    Raises InvalidValueError for no windows or one below two days, MissingDataError, saying what is missing, where the
    history has fewer than `FEWEST` windows of the longest length, an absent bar or a hole; as `realised.rolling` does.
    """
    if not windows:
        raise InvalidValueError("windows", tuple(windows), "at least one")
    found = []
    size = len(history.days)
    for days in windows:
        needed = days + FEWEST
        if size < needed:
            raise MissingDataError(f"{needed} days of {history.underlying} needed for a window of {days}, {size} there")
        found.append(rolling(history, days, estimator, per_year=per_year))
    least, low, middle, high, most = np.array([np.quantile(one, (0.0, 0.25, 0.5, 0.75, 1.0)) for one in found]).T
    return VolatilityCone(
        history.underlying,
        estimator,
        history.days[0],
        history.days[-1],
        tuple(windows),
        least,
        low,
        middle,
        high,
        most,
        now=np.array([one[-1] for one in found]),
        percentile=np.array([np.mean(one < one[-1]) for one in found]),
        counts=tuple(one.size for one in found),
    )
