"""Expected shortfall: the mean loss at or beyond value at risk, by the same methods and conventions.

The twins of `value_at_risk.historical`, `age_weighted`, `filtered` and `parametric`. Refuses to reprice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.risk._tails import Convention, book_pnl, checked_weights, tail_of
from optionix_core.risk.value_at_risk.delta_normal import ParametricRisk
from optionix_core.risk.value_at_risk.delta_normal import expected_shortfall as _parametric
from optionix_core.risk.value_at_risk.scenario_tails import AGE_DECAY, HorizonRule, estimate
from optionix_core.risk.value_at_risk.volatility_filter import FilterModel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def historical(
    pnl: ArrayLike,
    confidence: float,
    convention: Convention = "order-statistic",
    *,
    horizon_days: int = 1,
    horizon_rule: HorizonRule = "square-root",
) -> float:
    """Expected shortfall, loss positive. Arguments and errors as for `value_at_risk.historical`."""
    return estimate(pnl, (confidence,), (horizon_days,), convention, horizon_rule=horizon_rule)[0].expected_shortfall


def age_weighted(
    pnl: ArrayLike,
    confidence: float,
    convention: Convention = "order-statistic",
    *,
    decay: float = AGE_DECAY,
    horizon_days: int = 1,
    horizon_rule: HorizonRule = "square-root",
) -> float:
    """Expected shortfall with weights that fall by `decay` a day. As for `value_at_risk.age_weighted`."""
    return estimate(
        pnl, (confidence,), (horizon_days,), convention, weighting="age", horizon_rule=horizon_rule, decay=decay
    )[0].expected_shortfall


def weighted(
    pnl: ArrayLike, weights: ArrayLike, confidence: float, convention: Convention = "order-statistic"
) -> float:
    """Expected shortfall of scenarios with probabilities. As for `value_at_risk.weighted`."""
    total = book_pnl(pnl)
    if total is None:
        return 0.0
    return tail_of(total, confidence, convention, checked_weights(weights, total.size)).expected_shortfall


def filtered(
    pnl: ArrayLike,
    confidence: float,
    convention: Convention = "order-statistic",
    *,
    model: FilterModel = "ewma",
    horizon_days: int = 1,
    horizon_rule: HorizonRule = "square-root",
) -> float:
    """Expected shortfall of profits and losses brought to today's volatility. As for `value_at_risk.filtered`."""
    return estimate(
        pnl, (confidence,), (horizon_days,), convention, weighting="filtered", horizon_rule=horizon_rule, model=model
    )[0].expected_shortfall


def parametric(values: ArrayLike, covariance: ArrayLike, confidence: float, horizon_days: float = 1) -> ParametricRisk:
    """Delta-normal expected shortfall and its parts. Arguments and errors as for `value_at_risk.parametric`."""
    return _parametric(values, covariance, confidence, horizon_days)
