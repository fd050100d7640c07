"""How far a figure of a sample may be from that of its law: intervals and standard errors.

Order statistics bracket a quantile whatever the law is; the bootstrap serves both figures; expected shortfall has an
asymptotic error. All of them take scenarios as independent draws of one law: for overlapping or clustered days they are
too narrow. Refuses to close an interval that the sample leaves open: an end that no scenario reaches is infinite.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from optionix_core.errors import DomainError, InvalidValueError
from optionix_core.risk._random import BOOTSTRAP, uniforms
from optionix_core.risk._tails import (
    Convention,
    FloatArray,
    book_pnl,
    checked_confidence,
    checked_convention,
    tail_of,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

IntervalMethod = Literal["order-statistics", "bootstrap", "asymptotic"]
LEVEL = 0.95
RESAMPLES = 1_000
_CHUNK = 1 << 21
"""Draws of a bootstrap held at once."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the figure of the law lies, losses positive."""

    lower: float
    upper: float
    level: float
    """Asked for."""
    coverage: float
    """Of order statistics the exact probability, at least the level where both ends are finite; else the level."""
    standard_error: float
    method: IntervalMethod


def quantile_interval(pnl: ArrayLike, confidence: float, level: float = LEVEL) -> Interval:
    """Exact interval of value at risk by two order statistics, whatever the continuous law.

    The number of scenarios below the quantile is binomial (H. David, H. Nagaraja, "Order Statistics", 3rd ed. 2003,
    sec. 7.1): ends are chosen so that each is missed with at most half of 1 - level. The standard error is half the
    width over the normal quantile (R. Woodruff, J. Am. Stat. Assoc. 47 (1952) 635), nan where an end is infinite.
    """
    from scipy.special import bdtr, ndtri

    values = _scenarios(pnl)
    tail, missed = float(checked_confidence(confidence)), float(checked_confidence(level, "level")) / 2.0
    count = values.size
    ranks = np.arange(count + 1)
    below = bdtr(ranks, count, tail)
    first = int(np.searchsorted(below, missed, side="right"))
    last = int(np.searchsorted(below, 1.0 - missed, side="left")) + 1
    ordered = np.sort(values)
    upper = -float(ordered[first - 1]) if first >= 1 else math.inf
    lower = -float(ordered[last - 1]) if last <= count else -math.inf
    covered = (below[last - 1] if last <= count else 1.0) - (below[first - 1] if first >= 1 else 0.0)
    error = (upper - lower) / (-2.0 * float(ndtri(missed)))
    return Interval(
        lower=lower,
        upper=upper,
        level=level,
        coverage=float(covered),
        standard_error=error if math.isfinite(error) else math.nan,
        method="order-statistics",
    )


def bootstrap_intervals(
    pnl: ArrayLike,
    confidence: float,
    convention: Convention = "order-statistic",
    *,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[Interval, Interval]:
    """Percentile intervals of value at risk and of expected shortfall (B. Efron, Ann. Stat. 7 (1979) 1).

    Draws are counted: a resample has the same bits in any split.
    """
    values = _scenarios(pnl)
    checked_convention(convention)
    missed = float(checked_confidence(level, "level")) / 2.0
    if resamples < 2:
        raise InvalidValueError("resamples", resamples, "at least 2")
    rows = max(_CHUNK // values.size, 1)
    figures = np.concatenate(
        [
            _resampled(values, confidence, convention, seed, first, min(rows, resamples - first))
            for first in range(0, resamples, rows)
        ],
        axis=1,
    )
    ends = np.quantile(figures, [missed, 1.0 - missed], axis=1)
    errors = figures.std(axis=1, ddof=1)
    found = tuple(
        Interval(float(ends[0, row]), float(ends[1, row]), level, level, float(errors[row]), "bootstrap")
        for row in range(2)
    )
    return found[0], found[1]


def shortfall_interval(pnl: ArrayLike, confidence: float, level: float = LEVEL) -> Interval:
    """Asymptotic interval of expected shortfall.

    Variance (V + confidence (ES - VaR)^2) / (n p), V that of the losses at or beyond the quantile, p = 1 - confidence
    (B. Manistre, G. Hancock, N. Am. Actuarial J. 9 (2005) 129). Raises DomainError where fewer than two scenarios lie
    there.
    """
    from scipy.special import ndtri

    values = _scenarios(pnl)
    tail = float(checked_confidence(confidence))
    figures = tail_of(values, confidence)
    if figures.rank < 2:
        raise DomainError(f"one scenario of {values.size} lies beyond {confidence:g}: its spread is not to be told")
    spread = float(np.partition(values, figures.rank - 1)[: figures.rank].var(ddof=1))
    gap = figures.expected_shortfall - figures.value_at_risk
    error = math.sqrt((spread + confidence * gap * gap) / (values.size * tail))
    reach = -float(ndtri(float(checked_confidence(level, "level")) / 2.0)) * error
    centre = figures.expected_shortfall
    return Interval(centre - reach, centre + reach, level, level, error, "asymptotic")


def _scenarios(pnl: ArrayLike) -> FloatArray:
    values = book_pnl(pnl)
    if values is None:
        raise DomainError("a book without positions loses nothing for certain: there is no interval")
    return values


def _resampled(
    values: FloatArray, confidence: float, convention: Convention, seed: int, first: int, rows: int
) -> FloatArray:
    """Value at risk and expected shortfall of each resample, [2, rows]."""
    count = values.size
    drawn = values[(uniforms(seed, BOOTSTRAP, first, rows, count) * count).astype(np.int64)]
    tails = [tail_of(row, confidence, convention) for row in drawn]
    return np.array([[tail.value_at_risk for tail in tails], [tail.expected_shortfall for tail in tails]])
