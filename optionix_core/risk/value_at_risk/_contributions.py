"""How much each part of a book has in a figure of its tail: weights of scenarios, a line through them, their errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from optionix_core.risk._tails import Convention, FloatArray, checked_confidence, tail_of

Measure = Literal["value-at-risk", "expected-shortfall"]
LEAST_SCENARIOS = 20
"""Within reach of the kernel: its width grows until as many count."""
_LEAST_SPREAD = 1e-12
"""Of the squared width: scenarios nearer to each other than this lie at one place."""
_FARTHEST = 1e-16
"""Of the heaviest scenario: lighter ones are left out of a line altogether."""
_SLACK = 1e-12


class Contributions(NamedTuple):
    """Parts of a figure, [parts], losses positive."""

    component: FloatArray
    error: FloatArray
    """Standard errors; nan where one scenario decides."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TailReading:
    """Which figure of the tail is read, and how."""

    measure: Measure
    confidence: float
    convention: Convention
    weights: FloatArray | None
    """Of the scenarios, summing to 1; None: all alike."""

    def figure(self, values: FloatArray) -> float:
        """Of profits and losses, [scenarios]."""
        tail = tail_of(values, self.confidence, self.convention, self.weights)
        return tail.value_at_risk if self.measure == "value-at-risk" else tail.expected_shortfall


def scenario_weights(book: FloatArray, reading: TailReading) -> FloatArray:
    """Weights with which scenarios enter the figure, [scenarios], summing to 1: less their mean is the figure."""
    order = np.argsort(book, kind="stable")
    found = np.zeros(book.size)
    found[order] = _equal(book.size, reading) if reading.weights is None else _weighted(reading.weights[order], reading)
    return found


def of_scenarios(matrix: FloatArray, book: FloatArray, reading: TailReading) -> Contributions:
    """Losses in the scenarios that the quantile is made of."""
    component = -(matrix @ scenario_weights(book, reading))
    note = "components are those of the scenario at the quantile: no error is told"
    return Contributions(component, np.full(component.shape, math.nan), (note,))


def of_tail(matrix: FloatArray, book: FloatArray, reading: TailReading) -> Contributions:
    """Means over the tail, and the errors that B. Manistre and G. Hancock (2005) give a sum, part by part.

    With a part's mean loss at the quantile m and beyond it c, the variance of c is (V + confidence (c - m)^2) / (n p),
    n being 1 / the sum of squared weights where scenarios are weighted.
    """
    entering = scenario_weights(book, reading)
    component = -(matrix @ entering)
    kept = np.flatnonzero(entering)
    if kept.size < 2:
        nowhere = np.full(component.shape, math.nan)
        return Contributions(component, nowhere, ("one scenario lies beyond the quantile: no error is told",))
    quantile = tail_of(book, reading.confidence, reading.convention, reading.weights).value_at_risk
    at_quantile = of_line(matrix, book, -quantile, reading.weights).component
    parts = entering[kept]
    spread = np.square(matrix[:, kept] + component[:, None]) @ parts / (1.0 - float(parts @ parts))
    count = book.size if reading.weights is None else 1.0 / float(reading.weights @ reading.weights)
    tail = float(checked_confidence(reading.confidence))
    error = np.sqrt((spread + reading.confidence * np.square(component - at_quantile)) / (count * tail))
    return Contributions(component, error, ())


def of_line(matrix: FloatArray, book: FloatArray, quantile: float, weights: FloatArray | None) -> Contributions:
    """Mean loss of each part where the book earns `quantile`: a local straight line.

    J. Fan, J. Am. Stat. Assoc. 87 (1992) 998. A line reproduces the book itself, so that the parts add up to it without
    being stretched; a mean with kernel weights (J. Epperlein, A. Smillie, Risk 19 (2006) 70) has to be. Normal weights
    of Silverman's width, wider where fewer than `LEAST_SCENARIOS` would count. The errors take the line as true.
    """
    away = book - quantile
    width = _kernel_width(book, away)
    if width == 0.0:
        note = "the book earns the same in every scenario"
        return Contributions(-matrix.mean(axis=1), np.zeros(matrix.shape[0]), (note,))
    mass = np.exp(-0.5 * np.square(away / width))
    if weights is not None:
        mass = mass * weights * book.size
    near = np.flatnonzero(mass > _FARTHEST * mass.max())
    matrix, away, mass = matrix[:, near], away[near], mass[near]
    zeroth, first, second = mass.sum(), mass @ away, mass @ np.square(away)
    spread = zeroth * second - first * first
    if spread <= _LEAST_SPREAD * np.square(zeroth * width):
        # All that counts lies at the quantile itself: a mean, through which no line can be told.
        entering, leaning = mass / zeroth, np.zeros_like(mass)
    else:
        entering, leaning = mass * (second - first * away) / spread, mass * (zeroth * away - first) / spread
    level, slope = matrix @ entering, matrix @ leaning
    rest = matrix - level[:, None] - slope[:, None] * away
    return Contributions(-level, np.sqrt(np.square(rest) @ np.square(entering)), ())


def _equal(count: int, reading: TailReading) -> FloatArray:
    """By rank, where all scenarios weigh alike."""
    tail = checked_confidence(reading.confidence)
    wanted = count * tail
    rank = math.ceil(wanted)
    found = np.zeros(count)
    if reading.measure == "expected-shortfall":
        if reading.convention == "order-statistic":
            found[:rank] = 1.0 / rank
        else:
            found[: rank - 1] = 1.0 / float(wanted)
            found[rank - 1] = float((wanted - rank + 1) / wanted)
    elif reading.convention == "order-statistic":
        found[rank - 1] = 1.0
    else:
        place = (count - 1) * tail
        below = math.floor(place)
        found[below] += float(1 - (place - below))
        found[min(below + 1, count - 1)] += float(place - below)
    return found


def _weighted(ordered: FloatArray, reading: TailReading) -> FloatArray:
    """By rank, of scenarios that weigh `ordered`."""
    tail = float(checked_confidence(reading.confidence))
    summed = np.cumsum(ordered)
    rank = min(int(np.searchsorted(summed, tail * (1.0 - _SLACK))) + 1, ordered.size)
    found = np.zeros(ordered.size)
    if reading.measure == "expected-shortfall":
        if reading.convention == "order-statistic":
            found[:rank] = ordered[:rank] / summed[rank - 1]
        else:
            found[:rank] = ordered[:rank] / tail
            found[rank - 1] = (tail - (summed[rank - 2] if rank > 1 else 0.0)) / tail
    elif reading.convention == "order-statistic" or ordered.size == 1:
        found[rank - 1] = 1.0
    else:
        # Between the middles of neighbours, as `_tails` reads it.
        place = float(np.interp(tail, summed[:-1], np.arange(ordered.size - 1.0)))
        low = min(int(place), ordered.size - 2)
        share = place - low
        found[low : low + 2] += 0.5 * (1.0 - share)
        if share > 0.0:
            found[low + 1 : low + 3] += 0.5 * share
    return found


def _kernel_width(book: FloatArray, away: FloatArray) -> float:
    """Silverman's 0.9 min(deviation, quartile range / 1.34) n^(-1/5), or what reaches enough scenarios."""
    low, high = np.quantile(book, [0.25, 0.75])
    spread = min(float(book.std()), float(high - low) / 1.34) or float(book.std())
    width = 0.9 * spread * book.size**-0.2
    nearest = min(LEAST_SCENARIOS, book.size) - 1
    reach = float(np.partition(np.abs(away), nearest)[nearest])
    return float(max(width, reach))
