"""Indicators of a series of prices: averages, bands, RSI and MACD. Arrays in, arrays of the same shape out.

- simple and exponential moving average; the exponential one starts with the simple one of its first window, with
  weight 2 / (n + 1);
- Bollinger bands: the simple average and it plus and minus `width` population standard deviations of the same window
  (J. Bollinger, "Bollinger on Bollinger Bands", 2001, chapter 7);
- RSI: Wilder's averages of rises and falls, weight 1 / n, started with the simple ones of the first n moves (J. W.
  Wilder, "New Concepts in Technical Trading Systems", 1978, section VI);
- MACD: fast less slow exponential average, and its own exponential average as the signal (G. Appel, "Technical
  Analysis: Power Tools for Active Investors", 2005, chapter 8).

A value is nan as long as its window is not full, and where a price in it is nan; nothing is filled in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]


class Bands(NamedTuple):
    """Bollinger bands, in the unit of the price."""

    middle: FloatArray
    upper: FloatArray
    lower: FloatArray


class Macd(NamedTuple):
    """Moving average convergence and divergence, in the unit of the price."""

    line: FloatArray
    signal: FloatArray
    histogram: FloatArray
    """Line less signal."""


def simple_average(prices: ArrayLike, window: int) -> FloatArray:
    """Mean of the last `window` prices."""
    series = _series(prices)
    _check("window", window)
    found = np.full(series.shape, np.nan)
    if series.size >= window:
        found[window - 1 :] = np.lib.stride_tricks.sliding_window_view(series, window).mean(axis=1)
    return found


def exponential_average(prices: ArrayLike, window: int) -> FloatArray:
    """Exponential average with weight 2 / (window + 1), from the simple average of the first `window` prices on."""
    _check("window", window)
    return _smoothed(_series(prices), window, 2.0 / (window + 1.0))


def bollinger(prices: ArrayLike, window: int = 20, width: float = 2.0) -> Bands:
    """Bands of `width` population standard deviations around the simple average of `window` prices."""
    series = _series(prices)
    _check("window", window)
    if not 0.0 < width < np.inf:
        raise InvalidValueError("width", width, "positive and finite")
    middle = simple_average(series, window)
    spread = np.full(series.shape, np.nan)
    if series.size >= window:
        spread[window - 1 :] = np.lib.stride_tricks.sliding_window_view(series, window).std(axis=1)
    return Bands(middle, middle + width * spread, middle - width * spread)


def relative_strength(prices: ArrayLike, window: int = 14) -> FloatArray:
    """RSI, 0 to 100: the share of rises in the averaged moves; 100 where nothing fell, nan where nothing moved."""
    series = _series(prices)
    _check("window", window)
    found = np.full(series.shape, np.nan)
    moves = np.diff(series)
    up = _smoothed(np.maximum(moves, 0.0), window, 1.0 / window)
    down = _smoothed(np.maximum(-moves, 0.0), window, 1.0 / window)
    total = up + down
    with np.errstate(invalid="ignore", divide="ignore"):
        found[1:] = np.where(total > 0.0, 100.0 * up / total, np.nan)
    return found


def macd(prices: ArrayLike, fast: int = 12, slow: int = 26, signal: int = 9) -> Macd:
    """MACD of `fast` and `slow` exponential averages, with a signal of `signal` values."""
    series = _series(prices)
    for name, window in (("fast", fast), ("slow", slow), ("signal", signal)):
        _check(name, window)
    if not fast < slow:
        raise InvalidValueError("fast", fast, f"below slow, {slow}")
    line = exponential_average(series, fast) - exponential_average(series, slow)
    told = _smoothed(line, signal, 2.0 / (signal + 1.0))
    return Macd(line, told, line - told)


def _smoothed(series: FloatArray, window: int, weight: float) -> FloatArray:
    """s(t) = s(t-1) + weight (x(t) - s(t-1)), from the mean of the first `window` known values on.

    The recursion is summed by doubling: each step adds what lies 1, 2, 4, ... places back, times the decay of so many
    steps. A nan begins a new start.
    """
    found = np.full(series.shape, np.nan)
    known = np.isfinite(series)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], known, [False])).astype(np.int8)))
    for start, stop in edges.reshape(-1, 2).tolist():
        if stop - start < window:
            continue
        first = start + window - 1
        sums = weight * series[first:stop]
        sums[0] = series[start : first + 1].mean()
        decay, gap = 1.0 - weight, 1
        while gap < sums.size and decay:
            sums[gap:] = sums[gap:] + decay * sums[:-gap]
            decay, gap = decay * decay, 2 * gap
        found[first:stop] = sums
    return found


def _series(prices: ArrayLike) -> FloatArray:
    series = np.asarray(prices, dtype=np.float64)
    if series.ndim != 1:
        raise InvalidValueError("prices", f"{series.ndim} dimensions", "one dimension")
    return series


def _check(name: str, window: int) -> None:
    if not isinstance(window, int) or isinstance(window, bool) or window < 1:
        raise InvalidValueError(name, repr(window), "a whole number, at least 1")
