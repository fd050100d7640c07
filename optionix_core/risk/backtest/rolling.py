"""Figures told day by day from the days before, to hold against the day itself.

The series is that of one book revalued over its history, as it stands: what a book that traded really earned is another
series, to be given as outcomes to the tests together with the figures that were told at the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.risk._tails import Convention, FloatArray, checked_pnl, tail_of
from optionix_core.risk.value_at_risk.scenario_tails import AGE_DECAY, WEIGHTINGS, Weighting, age_weights
from optionix_core.risk.value_at_risk.volatility_filter import FilterModel, GarchFit, garch, rescaled

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

REFIT_DAYS = 50
"""Days between fits of a GARCH(1,1): between them its parameters stand and its variance goes on."""


@dataclass(frozen=True, slots=True, eq=False)
class Forecasts:
    """Of each day from `first` on: what was told before it and what came, [days] each."""

    first: int
    """Place in the series of the first day told: the length of the window."""
    pnl: FloatArray
    """What came, profit positive."""
    value_at_risk: FloatArray
    """Loss positive."""
    expected_shortfall: FloatArray
    """Loss positive."""
    confidence: float
    weighting: Weighting
    convention: Convention


def rolling_forecasts(
    pnl: ArrayLike,
    window: int,
    confidence: float,
    *,
    weighting: Weighting = "plain",
    convention: Convention = "order-statistic",
    decay: float = AGE_DECAY,
    model: FilterModel = "ewma",
    refit_days: int = REFIT_DAYS,
) -> Forecasts:
    """Value at risk and expected shortfall of each day from the `window` days before it; `pnl` [days], oldest first.

    `decay` is used by "age", `model` by "filtered", `refit_days` by its "garch". Raises MissingDataError where no day
    is left after the first window, InvalidValueError and UnknownNameError for what is out of bounds.
    """
    series = checked_pnl(pnl, (1,))
    for field, value in (("window", window), ("refit_days", refit_days)):
        if value < 1:
            raise InvalidValueError(field, value, "at least 1")
    if weighting not in WEIGHTINGS:
        raise UnknownNameError("weighting", str(weighting), WEIGHTINGS)
    if series.size <= window:
        raise MissingDataError(f"{series.size} days of history leave none to test after a window of {window}")
    weights = age_weights(window, decay) if weighting == "age" else None
    days = series.size - window
    found = np.empty((2, days))
    fit: GarchFit | None = None
    for day in range(days):
        sample = series[day : day + window]
        if weighting == "filtered" and model == "garch":
            if fit is None or day % refit_days == 0:
                fit = garch(sample)
            variance = fit.filtered(sample)
            sample = sample * np.sqrt(variance[-1] / variance[:-1])
        elif weighting == "filtered":
            sample = rescaled(sample, model)
        tail = tail_of(sample, confidence, convention, weights)
        found[:, day] = tail.value_at_risk, tail.expected_shortfall
    return Forecasts(window, series[window:], found[0], found[1], confidence, weighting, convention)
