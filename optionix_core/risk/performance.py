"""What a book earned for the risk it took: ratios of returns, drawdowns of its worth, figures of closed trades.

Rates are those of the returns' own period; nothing is assumed about what is free of risk. Refuses ratios of histories
that do not move and figures of no trades.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.risk._tails import FloatArray

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

LEAST_RETURNS = 2


@dataclass(frozen=True, slots=True)
class ReturnRatio:
    """A ratio of returns and what it rests on."""

    annual: float
    """The period's ratio times the root of the periods in a year."""
    per_period: float
    standard_error: float | None
    """Of the annual figure; None where none is known."""
    periods: int
    periods_per_year: float


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall from a high; places count from 0 in the series given."""

    amount: float
    """High less low, not negative, in the currency of the series."""
    fraction: float | None
    """Of the high; None where a high is not positive, as of a cumulated profit."""
    peak: int
    trough: int
    recovered: int | None
    """First place at or above the high again; None where it has not been reached."""


@dataclass(frozen=True, slots=True)
class TradeFigures:
    """Of closed trades, fees taken off, in their currency."""

    trades: int
    wins: int
    losses: int
    """Trades that neither won nor lost are in neither."""
    win_rate: float
    """Wins of all trades."""
    win_rate_lower: float
    win_rate_upper: float
    """Interval of 95% by E. Wilson, J. Am. Stat. Assoc. 22 (1927) 209."""
    gross_profit: float
    gross_loss: float
    """Not negative."""
    profit_factor: float | None
    """Gross profit over gross loss; None where nothing was lost."""
    average_win: float | None
    average_loss: float | None
    """Not negative."""
    expectancy: float
    """Mean of all trades."""
    longest_losing_streak: int


def sharpe_ratio(returns: ArrayLike, risk_free_rate: ArrayLike, periods_per_year: float) -> ReturnRatio:
    """Mean return beyond the free rate over its standard deviation (W. Sharpe, J. Portfolio Manage. 21 (1994) 49).

    `returns` [periods] are fractions; `risk_free_rate` is that of a period, a number or [periods]. The deviation has
    the divisor n - 1. The error is that of independent returns of one law: sqrt((1 + ratio^2 / 2) / n) (A. Lo, Financ.
    Anal. J. 58 (2002) 36). Raises MissingDataError below two periods, DomainError where returns do not move,
    InvalidValueError for what is not finite and shapes.
    """
    excess = _excess(returns, risk_free_rate, "risk_free_rate")
    scale = _root_year(periods_per_year)
    deviation = float(excess.std(ddof=1))
    if excess.min() == excess.max():
        raise DomainError("returns beyond the free rate are all alike: there is no deviation to divide by")
    ratio = float(excess.mean()) / deviation
    error = math.sqrt((1.0 + 0.5 * ratio * ratio) / excess.size)
    return ReturnRatio(ratio * scale, ratio, error * scale, excess.size, periods_per_year)


def sortino_ratio(returns: ArrayLike, target: ArrayLike, periods_per_year: float) -> ReturnRatio:
    """Mean return beyond `target` over the root mean square of what falls short of it, over all periods.

    F. Sortino, R. van der Meer, J. Portfolio Manage. 17 (1991) 27. Arguments and errors as for `sharpe_ratio`;
    DomainError where no return falls short.
    """
    excess = _excess(returns, target, "target")
    scale = _root_year(periods_per_year)
    downside = math.sqrt(float(np.mean(np.square(np.minimum(excess, 0.0)))))
    if downside == 0.0:
        raise DomainError("no return falls short of the target: there is no downside to divide by")
    ratio = float(excess.mean()) / downside
    return ReturnRatio(ratio * scale, ratio, None, excess.size, periods_per_year)


def maximum_drawdown(worth: ArrayLike) -> Drawdown:
    """The deepest fall of `worth` [times] from its highest value before.

    By fraction of that high where every high is positive, else by amount. A series that never falls has amount 0 at its
    first place. Raises MissingDataError for none, InvalidValueError for what is not finite.
    """
    values = _series(worth, "worth", 1)
    highs = np.maximum.accumulate(values)
    falls = highs - values
    positive = bool((highs > 0.0).all())
    depths = falls / highs if positive else falls
    trough = int(depths.argmax())
    peak = int(np.flatnonzero(values[: trough + 1] == highs[trough])[-1]) if falls[trough] > 0.0 else trough
    after = np.flatnonzero(values[trough:] >= highs[trough])
    return Drawdown(
        amount=float(falls[trough]),
        fraction=float(depths[trough]) if positive else None,
        peak=peak,
        trough=trough,
        recovered=int(after[0]) + trough if after.size else None,
    )


def calmar_ratio(worth: ArrayLike, periods_per_year: float) -> float:
    """Yearly growth of `worth` [times], compounded, over its largest drawdown by fraction.

    T. Young, "Calmar ratio: a smoother tool", Futures, October 1991. Raises as `maximum_drawdown`;
    InvalidValueError where worth is not positive, DomainError where it never falls.
    """
    values = _series(worth, "worth", 2)
    _root_year(periods_per_year)
    if (values <= 0.0).any():
        row = int(np.flatnonzero(values <= 0.0)[0])
        raise InvalidValueError("worth", values[row], "positive", row)
    fall = maximum_drawdown(values)
    if not fall.fraction:
        raise DomainError("worth never falls: there is no drawdown to divide by")
    growth = math.pow(float(values[-1] / values[0]), periods_per_year / (values.size - 1)) - 1.0
    return growth / fall.fraction


def trade_figures(profits: ArrayLike) -> TradeFigures:
    """Win rate, profit factor and more of closed trades' profits and losses, [trades] in the order of their closing.

    Raises MissingDataError for none and InvalidValueError for what is not finite.
    """
    values = _series(profits, "profits", 1)
    won, lost = values[values > 0.0], values[values < 0.0]
    count = values.size
    rate = won.size / count
    lower, upper = _wilson(won.size, count)
    gross_profit, gross_loss = float(won.sum()), -float(lost.sum()) + 0.0
    return TradeFigures(
        trades=count,
        wins=won.size,
        losses=lost.size,
        win_rate=rate,
        win_rate_lower=lower,
        win_rate_upper=upper,
        gross_profit=gross_profit,
        gross_loss=gross_loss,
        profit_factor=gross_profit / gross_loss if lost.size else None,
        average_win=gross_profit / won.size if won.size else None,
        average_loss=gross_loss / lost.size if lost.size else None,
        expectancy=float(values.mean()),
        longest_losing_streak=_longest_run(values < 0.0),
    )


def _wilson(hits: int, count: int) -> tuple[float, float]:
    z = 1.959963984540054
    rate, square = hits / count, z * z / count
    middle = rate + 0.5 * square
    reach = z * math.sqrt(rate * (1.0 - rate) / count + 0.25 * square / count)
    return max((middle - reach) / (1.0 + square), 0.0), min((middle + reach) / (1.0 + square), 1.0)


def _longest_run(marks: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> int:
    edges = np.flatnonzero(np.concatenate([[True], ~marks, [True]]))
    return int(np.diff(edges).max()) - 1


def _excess(returns: ArrayLike, rate: ArrayLike, field: str) -> FloatArray:
    values = _series(returns, "returns", LEAST_RETURNS)
    rates = np.asarray(rate, np.float64)
    if rates.shape not in {(), values.shape}:
        raise InvalidValueError(field, f"shape {rates.shape}", f"one number or [{values.size}], as returns")
    if not np.isfinite(rates).all():
        raise InvalidValueError(field, "nan or infinite", "finite")
    return np.asarray(values - rates)


def _series(values: ArrayLike, field: str, least: int) -> FloatArray:
    array = np.asarray(values, np.float64)
    if array.ndim != 1:
        raise InvalidValueError(field, f"shape {array.shape}", "a series")
    if array.size < least:
        raise MissingDataError(f"{array.size} {field} where {least} are needed")
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array))[0])
        raise InvalidValueError(field, array[row], "finite", row)
    return array


def _root_year(periods_per_year: float) -> float:
    if not 0.0 < periods_per_year < math.inf:
        raise InvalidValueError("periods_per_year", periods_per_year, "positive and finite")
    return math.sqrt(periods_per_year)
