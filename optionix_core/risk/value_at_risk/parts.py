"""What each position adds to the risk of a book, from profits and losses by position and scenario.

Components are Euler's: the derivative of a figure in a position's size times that size. For value at risk that is the
mean loss of the position in the scenarios where the book loses exactly it, for expected shortfall the mean loss where
it loses that or more (D. Tasche, "Risk contributions and performance measurement", 1999). They add up to the figure.
Incremental figures are recomputations from sums, nothing is repriced.

Refuses to tell an error where one scenario decides.
"""

from __future__ import annotations

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
    checked_weights,
)
from optionix_core.risk.value_at_risk._contributions import Measure, TailReading, of_line, of_scenarios, of_tail

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

MEASURES: tuple[str, ...] = get_args(Measure)
ComponentMethod = Literal["kernel", "scenario"]
METHODS: tuple[str, ...] = get_args(ComponentMethod)
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
    weights: ArrayLike | None = None,
) -> RiskParts:
    """Parts of value at risk or expected shortfall of `pnl` [positions, scenarios], profit positive.

    `labels` [positions] name the positions (their numbers by default); `groups` [positions] sum those of one name into
    one part, in the order of first mention. `sizes` [positions], none zero, make `marginal` a derivative per unit; they
    are not for groups. `method` is used by value at risk alone: "scenario" takes the scenarios that the quantile is
    made of, "kernel" a local straight line through those around it. `weights` [scenarios] are those of an age-weighted
    figure (`age_weights`); for a filtered one decompose `filtered_pnl`. Raises as `value_at_risk.historical`, and
    InvalidValueError, naming the field, for labels, groups, sizes and weights that do not fit.
    """
    for kind, name, known in (("measure", measure, MEASURES), ("component method", method, METHODS)):
        if name not in known:
            raise UnknownNameError(kind, str(name), known)
    checked_convention(convention)
    checked_confidence(confidence)
    matrix = checked_pnl(pnl, (2,))
    names, matrix, units = _parts(matrix, labels, groups, sizes)
    if not names:
        nothing = np.zeros(0)
        return RiskParts(
            measure, confidence, 0.0, (), *(nothing,) * 5, convention, method, matrix.shape[1], (EMPTY_BOOK,)
        )
    book = matrix.sum(axis=0)
    reading = TailReading(
        measure, confidence, convention, None if weights is None else checked_weights(weights, book.size)
    )
    total = reading.figure(book)
    if measure == "expected-shortfall":
        found = of_tail(matrix, book, reading)
    elif method == "scenario":
        found = of_scenarios(matrix, book, reading)
    else:
        found = of_line(matrix, book, -total, reading.weights)
    return RiskParts(
        measure=measure,
        confidence=confidence,
        total=total,
        labels=names,
        standalone=np.array([reading.figure(row) for row in matrix]),
        component=found.component,
        component_error=found.error,
        marginal=found.component / units,
        incremental=total - _without(matrix, book, reading),
        convention=convention,
        method=method,
        scenarios=book.size,
        notes=found.notes,
    )


def incremental(
    pnl: ArrayLike,
    trade: ArrayLike,
    confidence: float,
    *,
    measure: Measure = "value-at-risk",
    convention: Convention = "order-statistic",
    weights: ArrayLike | None = None,
) -> float:
    """What a `trade` [scenarios] adds to the figure of the book `pnl`: the figure with it less the figure without.

    The same scenarios stand behind both. Raises as `decompose`, and InvalidValueError where the scenarios differ.
    """
    matrix = np.atleast_2d(checked_pnl(pnl))
    added = checked_pnl(trade, (1,))
    if matrix.shape[0] and matrix.shape[1] != added.size:
        raise InvalidValueError("trade", f"{added.size} scenarios", f"of the book's {matrix.shape[1]} scenarios")
    before = matrix.sum(axis=0) if matrix.shape[0] else np.zeros_like(added)
    reading = TailReading(
        measure, confidence, convention, None if weights is None else checked_weights(weights, added.size)
    )
    return reading.figure(before + added) - reading.figure(before)


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
        for name, row in zip(groups, matrix, strict=True):
            summed[places[name]] += row
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


def _without(matrix: FloatArray, book: FloatArray, reading: TailReading) -> FloatArray:
    """The figure of the book without each part in turn, [parts]."""
    found = np.empty(matrix.shape[0])
    rows = max(_CELLS // book.size, 1)
    for first in range(0, matrix.shape[0], rows):
        rest = book - matrix[first : first + rows]
        found[first : first + rows] = [reading.figure(row) for row in rest]
    return found
