"""What the underlying's own history says: realised volatility and where implied volatility stands in its past.

Figures from too short a history are refused with MissingDataError, never computed from what there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.market.protocols import PriceHistory

    FloatArray = NDArray[np.float64]

TRADING_DAYS = 252
"""Sessions a year by which daily variance is annualised."""


def close_to_close(history: PriceHistory, days: int = 20, *, per_year: float = TRADING_DAYS) -> float:
    """HV(n): sample standard deviation of the last `days` daily log returns, annualised; a fraction.

    The sample mean is removed and the divisor is n - 1. `per_year` is 365 for what trades every day.
    Needs `days` + 1 closes; raises MissingDataError where there are fewer or one of them is absent.
    """
    if days < 2:
        raise InvalidValueError("days", days, "at least 2")
    closes = _last(history.close, days + 1, f"closes of {history.underlying}")
    if not np.all(closes > 0.0):
        raise InvalidValueError("close", float(closes.min()), "positive")
    return float(np.std(np.diff(np.log(closes)), ddof=1) * np.sqrt(per_year))


def rolling_close_to_close(history: PriceHistory, days: int = 20, *, per_year: float = TRADING_DAYS) -> FloatArray:
    """HV(n) at every close, shape (history days,), nan for the first `days` closes."""
    if days < 2:
        raise InvalidValueError("days", days, "at least 2")
    found = np.full(history.close.shape, np.nan)
    if history.close.size > days:
        returns = np.diff(np.log(history.close))
        windows = np.lib.stride_tricks.sliding_window_view(returns, days)
        found[days:] = np.std(windows, axis=1, ddof=1) * np.sqrt(per_year)
    return found


def iv_rank(history: PriceHistory, window: int = TRADING_DAYS, *, current: float | None = None) -> float:
    """Where implied volatility stands between its least and greatest of the last `window` days: 0 to 1.

    `current` replaces the last day's value and may lie outside the past range; the result is then cut to 0 or 1.
    Raises MissingDataError where fewer than `window` days have one, or all are equal.
    """
    past, now = _past(history, window, current)
    low, high = float(past.min()), float(past.max())
    if not high > low:
        raise MissingDataError(f"implied volatility of {history.underlying} did not move in {window} days: no rank")
    return min(max((now - low) / (high - low), 0.0), 1.0)


def iv_percentile(history: PriceHistory, window: int = TRADING_DAYS, *, current: float | None = None) -> float:
    """Share of the last `window` days on which implied volatility was below the current one: 0 to 1.

    Raises MissingDataError where fewer than `window` days have one.
    """
    past, now = _past(history, window, current)
    return float(np.mean(past < now))


def _past(history: PriceHistory, window: int, current: float | None) -> tuple[FloatArray, float]:
    if window < 2:
        raise InvalidValueError("window", window, "at least 2")
    past = _last(history.implied_volatility, window, f"implied volatilities of {history.underlying}")
    now = float(past[-1]) if current is None else current
    if not (np.isfinite(now) and now > 0.0):
        raise InvalidValueError("current", now, "positive and finite")
    return past, now


def _last(values: FloatArray, count: int, what: str) -> FloatArray:
    if values.size < count:
        raise MissingDataError(f"{count} {what} needed, {values.size} there")
    tail = values[-count:]
    absent = int(np.count_nonzero(~np.isfinite(tail)))
    if absent:
        raise MissingDataError(f"{count} {what} needed, {absent} of them absent")
    return tail
