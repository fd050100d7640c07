"""What each position adds to the risk of a book, from profits and losses by position and scenario.

Components are Euler's: the derivative of a figure in a position's size times that size. For value at risk that is the
mean loss of the position in the scenarios where the book loses exactly it, for expected shortfall the mean loss where
it loses that or more (D. Tasche, "Risk contributions and performance measurement", 1999, eqs. 5.9 and 5.11). They add
up to the figure. Incremental figures are recomputations from sums, nothing is repriced.

Refuses weights of components by hand: where one scenario decides, the error of a component is told, not smoothed away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.risk._tails import (
    EMPTY_BOOK,
    Convention,
    FloatArray,
    checked_confidence,
    checked_convention,
    checked_pnl,
    tail_of,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Measure = Literal["value-at-risk", "expected-shortfall"]
MEASURES: tuple[str, ...] = get_args(Measure)
ComponentMethod = Literal["kernel", "scenario"]
METHODS: tuple[str, ...] = get_args(ComponentMethod)
_LEAST_SCENARIOS = 20
"""Within reach of the kernel: its width grows until as many count."""
_LEAST_SPREAD = 1e-12
"""Of the squared width: scenarios nearer to each other than this lie at one place."""
_CELLS = 1 << 22
"""Numbers held at once where every position's absence is recomputed."""


@dataclass(frozen=True, slots=True, eq=False)
class RiskParts:
    """A figure of a book and its parts by position or group; losses positive."""

    measure: Measure
    confidence: float
    total: float
    labels: tuple[str, ...]
    standalone: FloatArray
    """Of each part alone, [parts]."""
    component: FloatArray
    """Parts that add up to `total`, [parts]."""
    component_error: FloatArray
    """Standard error of each component, [parts]; nan where one scenario decides."""
    marginal: FloatArray
    """Derivative of the total in each part's size, [parts]: per unit of `sizes`, or for one more of the whole part."""
    incremental: FloatArray
    """The total less the total without the part, [parts]."""
    convention: Convention
    method: ComponentMethod
    scenarios: int
    notes: tuple[str, ...]


def decompose(
    pnl: ArrayLike,
    confidence: float,
    *,
    measure: Measure = "value-at-risk",
    method: ComponentMethod = "kernel",
    convention: Convention = "order-statistic",
    labels: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    sizes: ArrayLike | None = None,
) -> RiskParts:
    """Parts of value at risk or expected shortfall of `pnl` [positions, scenarios], profit positive.

    `labels` [positions] name the positions (their numbers by default); `groups` [positions] sum those of one name into
    one part, in the order of first mention. `sizes` [positions], none zero, make `marginal` a derivative per unit; they
    are not for groups. `method` is used by value at risk alone: "scenario" takes the scenarios that the quantile is
    made of, "kernel" a local straight line through those around it. Raises as `value_at_risk.historical`, and
    InvalidValueError, naming the field, for labels, groups and sizes that do not fit.
    """
    for kind, name, known in (("measure", measure, MEASURES), ("component method", method, METHODS)):
        if name not in known:
            raise UnknownNameError(kind, str(name), known)
    checked_convention(convention)
    tail = float(checked_confidence(confidence))
    matrix = checked_pnl(pnl, (2,))
    names, matrix, weights = _parts(matrix, labels, groups, sizes)
    if not names:
        nothing = np.zeros(0)
        return RiskParts(
            measure, confidence, 0.0, (), *(nothing,) * 5, convention, method, matrix.shape[1], (EMPTY_BOOK,)
        )
    book = matrix.sum(axis=0)
    total = _figure(book, confidence, measure, convention)
    if measure == "expected-shortfall":
        component, error, notes = _shortfall_parts(matrix, book, confidence, tail, convention)
    elif method == "scenario":
        component, error, notes = _scenario_parts(matrix, book, confidence, convention)
    else:
        component, error, notes = _kernel_parts(matrix, book, -total)
    return RiskParts(
        measure=measure,
        confidence=confidence,
        total=total,
        labels=names,
        standalone=np.array([_figure(row, confidence, measure, convention) for row in matrix]),
        component=component,
        component_error=error,
        marginal=component / weights,
        incremental=total - _without(matrix, book, confidence, measure, convention),
        convention=convention,
        method=method,
        scenarios=book.size,
        notes=notes,
    )


def incremental(
    pnl: ArrayLike,
    trade: ArrayLike,
    confidence: float,
    *,
    measure: Measure = "value-at-risk",
    convention: Convention = "order-statistic",
) -> float:
    """What a `trade` [scenarios] adds to the figure of the book `pnl`: the figure with it less the figure without.

    The same scenarios stand behind both. Raises as `decompose`, and InvalidValueError where the scenarios differ.
    """
    matrix = np.atleast_2d(checked_pnl(pnl))
    added = checked_pnl(trade, (1,))
    if matrix.shape[0] and matrix.shape[1] != added.size:
        raise InvalidValueError("trade", f"{added.size} scenarios", f"of the book's {matrix.shape[1]} scenarios")
    before = matrix.sum(axis=0) if matrix.shape[0] else np.zeros_like(added)
    return _figure(before + added, confidence, measure, convention) - _figure(before, confidence, measure, convention)


def _parts(
    matrix: FloatArray, labels: Sequence[str] | None, groups: Sequence[str] | None, sizes: ArrayLike | None
) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    count = matrix.shape[0]
    for field, given in (("labels", labels), ("groups", groups)):
        if given is not None and len(given) != count:
            raise InvalidValueError(field, f"{len(given)} names", f"one for each of {count} positions")
    if groups is not None:
        if sizes is not None:
            raise InvalidValueError(
                "sizes", "given with groups", "left out: positions of a group differ in their units"
            )
        names = tuple(dict.fromkeys(groups))
        places = {name: row for row, name in enumerate(names)}
        summed = np.zeros((len(names), matrix.shape[1]))
        np.add.at(summed, [places[name] for name in groups], matrix)
        return names, summed, np.ones(len(names))
    names = tuple(labels) if labels is not None else tuple(str(row) for row in range(count))
    if sizes is None:
        return names, matrix, np.ones(count)
    weights = np.asarray(sizes, np.float64)
    if weights.shape != (count,):
        raise InvalidValueError("sizes", f"shape {weights.shape}", f"[{count}]")
    bad = ~np.isfinite(weights) | (weights == 0.0)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InvalidValueError("sizes", weights[row], "finite and not zero", row)
    return names, matrix, weights


def _figure(values: FloatArray, confidence: float, measure: Measure, convention: Convention) -> float:
    tail = tail_of(values, confidence, convention)
    return tail.value_at_risk if measure == "value-at-risk" else tail.expected_shortfall


def _without(
    matrix: FloatArray, book: FloatArray, confidence: float, measure: Measure, convention: Convention
) -> FloatArray:
    """The figure of the book without each part in turn, [parts]."""
    found = np.empty(matrix.shape[0])
    rows = max(_CELLS // book.size, 1)
    for first in range(0, matrix.shape[0], rows):
        rest = book - matrix[first : first + rows]
        found[first : first + rows] = [_figure(row, confidence, measure, convention) for row in rest]
    return found


def _tail_weights(book: FloatArray, confidence: float, convention: Convention, measure: Measure) -> FloatArray:
    """Weights of the scenarios in the figure's own formula, [scenarios], summing to 1."""
    order = np.argsort(book, kind="stable")
    tail = checked_confidence(confidence)
    count = book.size
    wanted = count * tail
    rank = math.ceil(wanted)
    weights = np.zeros(count)
    if measure == "expected-shortfall":
        if convention == "order-statistic":
            weights[order[:rank]] = 1.0 / rank
        else:
            weights[order[: rank - 1]] = 1.0 / float(wanted)
            weights[order[rank - 1]] = float((wanted - rank + 1) / wanted)
    elif convention == "order-statistic":
        weights[order[rank - 1]] = 1.0
    else:
        place = (count - 1) * tail
        below = math.floor(place)
        weights[order[below]] += float(1 - (place - below))
        weights[order[min(below + 1, count - 1)]] += float(place - below)
    return weights


def _scenario_parts(
    matrix: FloatArray, book: FloatArray, confidence: float, convention: Convention
) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    weights = _tail_weights(book, confidence, convention, "value-at-risk")
    nowhere = np.full(matrix.shape[0], math.nan)
    return -(matrix @ weights), nowhere, ("components are those of the one scenario at the quantile: no error is told",)


def _shortfall_parts(
    matrix: FloatArray, book: FloatArray, confidence: float, tail: float, convention: Convention
) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Means over the tail, and the errors that B. Manistre and G. Hancock (2005) give a sum, part by part.

    With a part's mean loss at the quantile m and beyond it c, the variance of c is (V + confidence (c - m)^2) / (n p).
    """
    weights = _tail_weights(book, confidence, convention, "expected-shortfall")
    component = -(matrix @ weights)
    kept = np.flatnonzero(weights)
    if kept.size < 2:
        return (
            component,
            np.full(component.shape, math.nan),
            ("one scenario lies beyond the quantile: no error is told",),
        )
    value = tail_of(book, confidence, convention).value_at_risk
    at_quantile, _, _ = _kernel_parts(matrix, book, -value)
    spread = matrix[:, kept].var(axis=1, ddof=1)
    error = np.sqrt((spread + confidence * np.square(component - at_quantile)) / (book.size * tail))
    return component, error, ()


def _kernel_parts(
    matrix: FloatArray, book: FloatArray, quantile: float
) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Mean loss of each part where the book earns `quantile`: a local straight line.

    J. Fan, J. Am. Stat. Assoc. 87 (1992) 998. A line reproduces the book itself, so that the parts add up to it without
    being stretched; a mean with kernel weights (J. Epperlein, A. Smillie, Risk 19 (2006) 70) has to be. Normal weights
    of Silverman's width, wider where fewer than `_LEAST_SCENARIOS` would count. The errors take the line as true.
    """
    away = book - quantile
    width = _kernel_width(book, away)
    if width == 0.0:
        return -matrix.mean(axis=1), np.zeros(matrix.shape[0]), ("the book earns the same in every scenario",)
    mass = np.exp(-0.5 * np.square(away / width))
    zeroth, first, second = mass.sum(), mass @ away, mass @ np.square(away)
    spread = zeroth * second - first * first
    if spread <= _LEAST_SPREAD * np.square(zeroth * width):
        # All that counts lies at the quantile itself: a mean, through which no line can be told.
        weights, leaning = mass / zeroth, np.zeros_like(mass)
    else:
        weights, leaning = mass * (second - first * away) / spread, mass * (zeroth * away - first) / spread
    level, slope = matrix @ weights, matrix @ leaning
    rest = matrix - level[:, None] - slope[:, None] * away
    error = np.sqrt(np.square(rest) @ np.square(weights))
    return -level, error, ()


def _kernel_width(book: FloatArray, away: FloatArray) -> float:
    """Silverman's 0.9 min(deviation, quartile range / 1.34) n^(-1/5), or what reaches enough scenarios."""
    low, high = np.quantile(book, [0.25, 0.75])
    spread = min(float(book.std()), float(high - low) / 1.34) or float(book.std())
    width = 0.9 * spread * book.size**-0.2
    nearest = min(_LEAST_SCENARIOS, book.size) - 1
    reach = float(np.partition(np.abs(away), nearest)[nearest])
    return float(max(width, reach))
