"""Value at risk and expected shortfall from the profits and losses that past or simulated days would have brought.

Plain, weighted by age, and filtered by volatility; by the square-root rule or by sums over days where the horizon is
longer than one. `estimate` gives both figures for several confidences and horizons with what they rest on; the short
functions give one number. Refuses to reprice: the profits and losses are the caller's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.risk._tails import (
    EMPTY_BOOK,
    NOTHING,
    Convention,
    FloatArray,
    Tail,
    book_pnl,
    checked_pnl,
    checked_weights,
    tail_of,
)
from optionix_core.risk.value_at_risk.volatility_filter import FilterModel, rescaled, variances

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Weighting = Literal["plain", "age", "filtered"]
WEIGHTINGS: tuple[str, ...] = get_args(Weighting)
HorizonRule = Literal["square-root", "overlapping", "separate"]
HORIZON_RULES: tuple[str, ...] = get_args(HorizonRule)
AGE_DECAY = 0.98
"""Of the weights, a day: the value of the worked example of Boudoukh, Richardson and Whitelaw (1998)."""
_RULE_NOTES = {
    "square-root": "one-day figures times the square root of the days: right for independent days of one law",
    "overlapping": "sums over overlapping days: neighbouring scenarios share days, so that intervals are too narrow",
    "separate": "sums over separate stretches of days",
}


@dataclass(frozen=True, slots=True)
class TailEstimate:
    """Both figures at one confidence and horizon, and what they rest on."""

    confidence: float
    horizon_days: int
    value_at_risk: float
    """Loss positive, in the currency of the profits and losses."""
    expected_shortfall: float
    """Loss positive: the mean at or beyond the quantile."""
    weighting: Weighting
    convention: Convention
    horizon_rule: HorizonRule
    scenarios: int
    """That the quantile is taken from."""
    rank: int
    """Scenarios at or beyond the quantile; 0 for a book without positions."""
    notes: tuple[str, ...]
    """What a reader must know: an empty book, too few scenarios, what the horizon's rule assumes."""


def historical(
    pnl: ArrayLike,
    confidence: float,
    convention: Convention = "order-statistic",
    *,
    horizon_days: int = 1,
    horizon_rule: HorizonRule = "square-root",
) -> float:
    """Value at risk, loss positive, of `pnl` [scenarios] or [positions, scenarios], profit positive.

    The quantile by `convention`; `_tails` says which there are. A horizon beyond one day needs daily profits and losses
    in the order of time for the rules that sum them. A book without positions has 0. Raises MissingDataError without
    scenarios, InvalidValueError for what is out of bounds, UnknownNameError for names that are none.
    """
    return _one(pnl, confidence, convention, "plain", horizon_days, horizon_rule).value_at_risk


def age_weighted(
    pnl: ArrayLike,
    confidence: float,
    convention: Convention = "order-statistic",
    *,
    decay: float = AGE_DECAY,
    horizon_days: int = 1,
    horizon_rule: HorizonRule = "square-root",
) -> float:
    """Value at risk where a day weighs `decay` times the day after it; scenarios in the order of time, newest last.

    J. Boudoukh, M. Richardson, R. Whitelaw, "The best of both worlds", Risk 11 (1998) 64. Raises as `historical`.
    """
    return _one(pnl, confidence, convention, "age", horizon_days, horizon_rule, decay=decay).value_at_risk


def weighted(
    pnl: ArrayLike, weights: ArrayLike, confidence: float, convention: Convention = "order-statistic"
) -> float:
    """Value at risk of scenarios with probabilities `weights` [scenarios], positive and summing to 1.

    Raises as `historical`, and InvalidValueError for weights that are none.
    """
    total = book_pnl(pnl)
    if total is None:
        return 0.0
    return tail_of(total, confidence, convention, checked_weights(weights, total.size)).value_at_risk


def filtered(
    pnl: ArrayLike,
    confidence: float,
    convention: Convention = "order-statistic",
    *,
    model: FilterModel = "ewma",
    horizon_days: int = 1,
    horizon_rule: HorizonRule = "square-root",
) -> float:
    """Value at risk of profits and losses brought to today's volatility; scenarios in the order of time, newest last.

    J. Hull and A. White, J. Risk 1 (1998) 5: each day times the forecast of volatility over the day's own, both by
    `model`. Raises as `historical` and as `volatility_filter.rescaled`.
    """
    return _one(pnl, confidence, convention, "filtered", horizon_days, horizon_rule, model=model).value_at_risk


def estimate(
    pnl: ArrayLike,
    confidences: Sequence[float],
    horizons_days: Sequence[int] = (1,),
    convention: Convention = "order-statistic",
    *,
    weighting: Weighting = "plain",
    horizon_rule: HorizonRule = "square-root",
    decay: float = AGE_DECAY,
    model: FilterModel = "ewma",
) -> tuple[TailEstimate, ...]:
    """Value at risk and expected shortfall for every horizon and confidence, horizons outermost.

    `decay` is used by "age" and `model` by "filtered" alone. Raises as `historical`.
    """
    found = []
    total = book_pnl(pnl)
    for days in horizons_days:
        checked_horizon(days, horizon_rule)
        values, weights = (
            (None, None) if total is None else _prepared(total, weighting, days, horizon_rule, decay, model)
        )
        factor = math.sqrt(days) if horizon_rule == "square-root" else 1.0
        for confidence in confidences:
            tail = NOTHING if values is None else tail_of(values, confidence, convention, weights)
            count = 0 if values is None else values.size
            found.append(
                TailEstimate(
                    confidence=confidence,
                    horizon_days=days,
                    value_at_risk=tail.value_at_risk * factor,
                    expected_shortfall=tail.expected_shortfall * factor,
                    weighting=weighting,
                    convention=convention,
                    horizon_rule=horizon_rule,
                    scenarios=count,
                    rank=tail.rank,
                    notes=_notes(tail, confidence, count, days, horizon_rule),
                )
            )
    return tuple(found)


def filtered_pnl(pnl: ArrayLike, model: FilterModel = "ewma") -> FloatArray:
    """`pnl`, [scenarios] or [positions, scenarios], each scenario times the book's own rescaling of that day.

    The plain figures and parts of the result are the filtered ones of the book. Raises as `filtered`; a book without
    positions comes back as it is.
    """
    matrix = checked_pnl(pnl)
    total = book_pnl(matrix)
    if total is None:
        return matrix
    variance = variances(total, model)
    return np.asarray(matrix * np.sqrt(variance[-1] / variance[:-1]))


def age_weights(count: int, decay: float = AGE_DECAY) -> FloatArray:
    """Weights of `count` scenarios, newest last, summing to 1; `decay` 1 weighs all alike."""
    if not 0.0 < decay <= 1.0:
        raise InvalidValueError("decay", decay, "above 0, at most 1")
    weights = decay ** np.arange(count - 1, -1, -1, dtype=np.float64)
    found: FloatArray = weights / weights.sum()
    return found


def over_horizon(pnl: FloatArray, horizon_days: int, rule: HorizonRule) -> FloatArray:
    """Sums of daily profits and losses, [..., days] to [..., scenarios], newest last; by the root rule those of a day.

    Raises MissingDataError where the history is shorter than the horizon.
    """
    checked_horizon(horizon_days, rule)
    if rule == "square-root" or horizon_days == 1:
        return pnl
    days = pnl.shape[-1]
    if days < horizon_days:
        raise MissingDataError(f"{days} days of history for a horizon of {horizon_days} days")
    if rule == "overlapping":
        windows = np.lib.stride_tricks.sliding_window_view(pnl, horizon_days, axis=-1)
        return np.asarray(windows.sum(axis=-1))
    kept = days - days % horizon_days
    return np.asarray(pnl[..., days - kept :].reshape(*pnl.shape[:-1], -1, horizon_days).sum(axis=-1))


def checked_horizon(horizon_days: int, rule: str) -> None:
    """Raises InvalidValueError below one day and UnknownNameError for a rule that is none."""
    if horizon_days < 1:
        raise InvalidValueError("horizon_days", horizon_days, "at least 1")
    if rule not in HORIZON_RULES:
        raise UnknownNameError("horizon rule", str(rule), HORIZON_RULES)


def _one(
    pnl: ArrayLike,
    confidence: float,
    convention: Convention,
    weighting: Weighting,
    horizon_days: int,
    rule: HorizonRule,
    *,
    decay: float = AGE_DECAY,
    model: FilterModel = "ewma",
) -> TailEstimate:
    return estimate(
        pnl,
        (confidence,),
        (horizon_days,),
        convention,
        weighting=weighting,
        horizon_rule=rule,
        decay=decay,
        model=model,
    )[0]


def _prepared(
    total: FloatArray, weighting: Weighting, days: int, rule: HorizonRule, decay: float, model: FilterModel
) -> tuple[FloatArray, FloatArray | None]:
    if weighting not in WEIGHTINGS:
        raise UnknownNameError("weighting", str(weighting), WEIGHTINGS)
    daily = rescaled(total, model) if weighting == "filtered" else total
    values = over_horizon(daily, days, rule)
    return values, age_weights(values.size, decay) if weighting == "age" else None


def _notes(tail: Tail, confidence: float, count: int, days: int, rule: HorizonRule) -> tuple[str, ...]:
    if not tail.rank:
        return (EMPTY_BOOK,)
    notes = []
    if count * (1.0 - confidence) < 1.0 - 1e-9:
        notes.append(f"{count} scenarios reach no further than their worst: {confidence:g} asks for more")
    if days > 1:
        notes.append(_RULE_NOTES[rule])
    return tuple(notes)
