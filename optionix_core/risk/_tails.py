"""The lower tail of a sample of profits and losses: its quantile, its mean, and the conventions of both.

Two conventions. "order-statistic": the ceil(n p)-th smallest of n, p = 1 - confidence taken as the decimal fraction
that it is written as, and the mean of that many smallest. "interpolated": linear between order statistics as in R. J.
Hyndman and Y. Fan, Am. Stat. 50 (1996) 361, definition 7, and the mean of the n p smallest, the last of them by its
fraction (C. Acerbi and D. Tasche, J. Banking Finance 26 (2002) 1487, def. 2.6). With weights, "order-statistic" is the
first value at which the weights reach p; "interpolated" puts the weight summed up to a value halfway to the next one,
as J. Boudoukh, M. Richardson and R. Whitelaw do (Risk 11 (1998) 64).

Refuses to hand out a figure of no scenario: a book without positions loses nothing, a book without history is an error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError

FloatArray = NDArray[np.float64]
Convention = Literal["order-statistic", "interpolated"]
CONVENTIONS: tuple[str, ...] = get_args(Convention)
EMPTY_BOOK = "no positions: nothing can be lost"
_ROUNDING = 1e-9
_SLACK = 1e-12
"""Weights are summed in floating point; a sum this near to p has reached it."""


@dataclass(frozen=True, slots=True)
class Tail:
    """What lies at and beyond the quantile."""

    value_at_risk: float
    """Loss positive, in the currency of the profits and losses."""
    expected_shortfall: float
    """Loss positive: the mean at or beyond the quantile."""
    rank: int
    """Scenarios at or beyond the quantile; 0 for a book without positions."""


NOTHING = Tail(0.0, 0.0, 0)


def checked_confidence(confidence: float, field: str = "confidence") -> Fraction:
    """The tail's probability, exactly: 1/100 for 0.99. Raises InvalidValueError outside (0, 1)."""
    number = float(confidence)
    if not 0.0 < number < 1.0:
        raise InvalidValueError(field, confidence, "between 0 and 1, both excluded")
    return 1 - Fraction(repr(number))


def checked_convention(convention: str) -> None:
    """Raises UnknownNameError for a name that is none."""
    if convention not in CONVENTIONS:
        raise UnknownNameError("quantile convention", str(convention), CONVENTIONS)


def rank_of(count: int, confidence: float) -> int:
    """ceil(count (1 - confidence)), exactly: 5 of 500 at 0.99."""
    return math.ceil(count * checked_confidence(confidence))


def checked_pnl(pnl: ArrayLike, dimensions: tuple[int, ...] = (1, 2)) -> FloatArray:
    """`pnl` as float64, [scenarios] or [positions, scenarios].

    Raises InvalidValueError for other shapes and, naming the row, for what is not finite; MissingDataError where there
    are positions and no scenario.
    """
    array = np.asarray(pnl, dtype=np.float64)
    if array.ndim not in dimensions:
        shapes = {1: "[scenarios]", 2: "[positions, scenarios]"}
        raise InvalidValueError("pnl", f"shape {array.shape}", " or ".join(shapes[each] for each in dimensions))
    if (array.shape[0] and array.shape[-1] == 0) or array.shape == (0,):
        held = "" if array.ndim == 1 else f" for {array.shape[0]} positions"
        raise MissingDataError(f"no history{held}: there is no scenario to take a loss from")
    finite = np.isfinite(array)
    if not finite.all():
        place = tuple(int(each[0]) for each in np.nonzero(~finite))
        field = "pnl" if array.ndim == 1 else f"pnl of position {place[0]}"
        raise InvalidValueError(field, array[place], "finite", place[-1])
    return array


def book_pnl(pnl: ArrayLike) -> FloatArray | None:
    """Profits and losses of the whole book, [scenarios]; None for a book without positions. Raises as `checked_pnl`."""
    array = checked_pnl(pnl)
    if array.ndim == 1:
        return array
    return array.sum(axis=0) if array.shape[0] else None


def checked_weights(weights: ArrayLike, scenarios: int) -> FloatArray:
    """Weights as float64, [scenarios]. Raises InvalidValueError where one is not positive or their sum is not 1."""
    array = np.asarray(weights, dtype=np.float64)
    if array.shape != (scenarios,):
        raise InvalidValueError("weights", f"shape {array.shape}", f"[{scenarios}], as the scenarios")
    if not ((array > 0.0) & np.isfinite(array)).all() or abs(float(array.sum()) - 1.0) > _ROUNDING:
        raise InvalidValueError("weights", f"a sum of {array.sum()}", "positive, with a sum of 1")
    return array


def tail_of(
    values: FloatArray, confidence: float, convention: Convention = "order-statistic", weights: FloatArray | None = None
) -> Tail:
    """Quantile and mean of the lower tail of `values`, [scenarios]; `weights`, of the same shape, sum to 1."""
    checked_convention(convention)
    tail = checked_confidence(confidence)
    if weights is not None:
        return _weighted(values, float(tail), convention, weights)
    count = values.size
    wanted = count * tail
    rank = math.ceil(wanted)
    if convention == "order-statistic":
        smallest = np.partition(values, rank - 1)[:rank]
        return Tail(_loss(smallest[-1]), _loss(smallest.mean()), rank)
    place = (count - 1) * tail
    below = math.floor(place)
    above = min(below + 1, count - 1)
    last = max(above, rank - 1)
    smallest = np.sort(np.partition(values, last)[: last + 1])
    quantile = smallest[below] + float(place - below) * (smallest[above] - smallest[below])
    whole = rank - 1
    mean = (smallest[:whole].sum() + float(wanted - whole) * smallest[whole]) / float(wanted)
    return Tail(_loss(quantile), _loss(mean), rank)


def _weighted(values: FloatArray, tail: float, convention: Convention, weights: FloatArray) -> Tail:
    order = np.argsort(values, kind="stable")
    ordered, heavy = values[order], weights[order]
    summed = np.cumsum(heavy)
    rank = min(int(np.searchsorted(summed, tail * (1.0 - _SLACK))) + 1, values.size)
    head, parts = ordered[:rank], heavy[:rank]
    if convention == "order-statistic":
        return Tail(_loss(head[-1]), _loss(np.dot(head, parts) / summed[rank - 1]), rank)
    before = summed[rank - 2] if rank > 1 else 0.0
    mean = (np.dot(head[:-1], parts[:-1]) + (tail - before) * head[-1]) / tail
    middles = 0.5 * (ordered[:-1] + ordered[1:])
    quantile = float(np.interp(tail, summed[:-1], middles)) if middles.size else ordered[0]
    return Tail(_loss(quantile), _loss(mean), rank)


def _loss(value: float) -> float:
    """Losses are positive; no negative zero."""
    return -float(value) + 0.0
