"""What the underlying's own history says: realised volatility and where implied volatility stands in its past.

Estimators from daily bars, with o = ln(O / C of the day before), u = ln(H / O), d = ln(L / O), c = ln(C / O):

- `close-close`: sample variance of ln(C / C of the day before);
- `parkinson`: mean of (u - d)^2 / (4 ln 2) (M. Parkinson, Journal of Business 53 (1980) 61);
- `garman-klass`: mean of (u - d)^2 / 2 - (2 ln 2 - 1) c^2, the practical form of the best analytic estimator of M.
  Garman and M. Klass, Journal of Business 53 (1980) 67;
- `rogers-satchell`: mean of u (u - c) + d (d - c) (L. Rogers and S. Satchell, Annals of Applied Probability 1 (1991)
  504), which a drift does not move;
- `yang-zhang`: V(o) + k V(c) + (1 - k) `rogers-satchell`, V the sample variance, k = 0.34 / (1.34 + (n + 1) / (n - 1))
  (D. Yang and Q. Zhang, Journal of Business 73 (2000) 477, eqs. 8 to 10).

`parkinson`, `garman-klass` and `rogers-satchell` see the hours of trading alone: what happens overnight is not in them.
Figures from too short a history are refused with MissingDataError, never computed from what there is; so are those
across a hole of more than `LONGEST_GAP` calendar days.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.market.protocols import PriceHistory

    FloatArray = NDArray[np.float64]

Estimator = Literal["close-close", "parkinson", "garman-klass", "rogers-satchell", "yang-zhang"]
ESTIMATORS: tuple[str, ...] = get_args(Estimator)
TRADING_DAYS = 252
"""Sessions a year by which daily variance is annualised; as many implied volatilities are the 52 weeks of a rank."""
LONGEST_GAP = 10
"""Calendar days from one bar to the next; no exchange's holidays are longer. More is a hole in the history."""
_ROUNDING = 1e-6
"""Relative slack by which an open or close may lie beyond high or low: adjusted prices are rounded."""
_CLOSE_BEFORE = ("close-close", "yang-zhang")


def realised_volatility(
    history: PriceHistory, days: int = 20, estimator: Estimator = "close-close", *, per_year: float = TRADING_DAYS
) -> float:
    """Annualised volatility of the last `days` daily bars by `estimator`, a fraction.

    `per_year` is 365 for what trades every day. `close-close` and `yang-zhang` need the close before as well. Raises
    UnknownNameError for another estimator, InvalidValueError for fewer than two days and for bars that are none,
    MissingDataError where bars are absent, saying which.
    """
    return float(rolling(history, days, estimator, per_year=per_year, last=1)[-1])


def rolling(
    history: PriceHistory,
    days: int = 20,
    estimator: Estimator = "close-close",
    *,
    per_year: float = TRADING_DAYS,
    last: int | None = None,
) -> FloatArray:
    """`realised_volatility` at every day that has enough bars before it, oldest first; the `last` ones of them.

    Shape (history days - rows needed + 1,) or (last,). Raises as `realised_volatility` does, for the bars used.
    """
    if estimator not in ESTIMATORS:
        raise UnknownNameError("estimator of realised volatility", str(estimator), ESTIMATORS)
    if days < 2:
        raise InvalidValueError("days", days, "at least 2")
    if not 0.0 < per_year < np.inf:
        raise InvalidValueError("per_year", per_year, "positive and finite")
    if last is not None and last < 1:
        raise InvalidValueError("last", last, "at least 1")
    before = estimator in _CLOSE_BEFORE
    rows = days + before
    size = len(history.days)
    used = rows + last - 1 if last is not None else max(size, rows)
    opens, high, low, close = _bars(history, used, closes_only=estimator == "close-close")
    if estimator == "close-close":
        variance = _sample_variance(np.diff(np.log(close)), days)
    elif estimator == "parkinson":
        variance = _mean(np.log(high / low) ** 2, days) / (4.0 * np.log(2.0))
    elif estimator == "garman-klass":
        squares = 0.5 * np.log(high / low) ** 2 - (2.0 * np.log(2.0) - 1.0) * np.log(close / opens) ** 2
        variance = _mean(squares, days)
    else:
        u, d, c = np.log(high / opens), np.log(low / opens), np.log(close / opens)
        terms = u * (u - c) + d * (d - c)
        if estimator == "rogers-satchell":
            variance = _mean(terms, days)
        else:
            share = 0.34 / (1.34 + (days + 1.0) / (days - 1.0))
            night = _sample_variance(np.log(opens[1:] / close[:-1]), days)
            day = _sample_variance(c[1:], days)
            variance = night + share * day + (1.0 - share) * _mean(terms[1:], days)
    found: FloatArray = np.sqrt(np.maximum(variance, 0.0) * per_year)
    return found


def close_to_close(history: PriceHistory, days: int = 20, *, per_year: float = TRADING_DAYS) -> float:
    """HV(n): sample standard deviation of the last `days` daily log returns, annualised; a fraction.

    The sample mean is removed and the divisor is n - 1. `per_year` is 365 for what trades every day.
    Needs `days` + 1 closes; raises MissingDataError where there are fewer or one of them is absent.
    """
    return realised_volatility(history, days, "close-close", per_year=per_year)


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
    past = _last(history, history.implied_volatility, window, "implied volatilities")
    now = float(past[-1]) if current is None else current
    if not (np.isfinite(now) and now > 0.0):
        raise InvalidValueError("current", now, "positive and finite")
    return past, now


def _bars(
    history: PriceHistory, count: int, *, closes_only: bool
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Open, high, low and close of the last `count` days, checked; all four are the closes where only these count."""
    close = _last(history, history.close, count, "closes")
    days = history.days[-count:]
    _positive("close", close)
    for near, far in pairwise(days):
        if (far - near).days > LONGEST_GAP:
            raise MissingDataError(f"no bars of {history.underlying} between {near} and {far}: {count} days needed")
    if closes_only:
        return close, close, close, close
    opens, high, low = (
        _last(history, values, count, what)
        for values, what in ((history.open, "opens"), (history.high, "highs"), (history.low, "lows"))
    )
    for name, values in (("open", opens), ("high", high), ("low", low)):
        _positive(name, values)
    for name, values, wrong, bound in (
        ("high", high, high < np.maximum(opens, close) * (1.0 - _ROUNDING), "at or above open and close"),
        ("low", low, low > np.minimum(opens, close) * (1.0 + _ROUNDING), "at or below open and close"),
    ):
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise InvalidValueError(name, float(values[row]), f"{bound} on {days[row]}")
    return opens, np.maximum(high, np.maximum(opens, close)), np.minimum(low, np.minimum(opens, close)), close


def _positive(name: str, values: FloatArray) -> None:
    if not np.all(values > 0.0):
        raise InvalidValueError(name, float(values.min()), "positive")


def _last(history: PriceHistory, values: FloatArray, count: int, what: str) -> FloatArray:
    what = f"{count} {what} of {history.underlying} needed"
    if values.size < count:
        raise MissingDataError(f"{what}, {values.size} there")
    tail = values[-count:]
    absent = np.flatnonzero(~np.isfinite(tail))
    if absent.size:
        raise MissingDataError(f"{what}, {absent.size} of them absent, {history.days[-count:][absent[0]]} first")
    return tail


def _mean(values: FloatArray, days: int) -> FloatArray:
    """Over every window of `days`."""
    found: FloatArray = np.lib.stride_tricks.sliding_window_view(values, days).mean(axis=1)
    return found


def _sample_variance(values: FloatArray, days: int) -> FloatArray:
    found: FloatArray = np.lib.stride_tricks.sliding_window_view(values, days).var(axis=1, ddof=1)
    return found
