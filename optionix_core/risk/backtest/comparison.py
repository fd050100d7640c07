"""Which of two models foresaw risk better: the Diebold-Mariano test on losses that a right forecast makes least.

F. Diebold, R. Mariano, J. Bus. Econ. Stat. 13 (1995) 253, with the correction of D. Harvey, S. Leybourne, P. Newbold,
Int. J. Forecasting 13 (1997) 281. Losses: the tick loss of a quantile; for value at risk with expected shortfall the
zero-degree loss of A. Patton, J. Ziegel, R. Chen, J. Econometrics 211 (2019) 388. Expected shortfall alone has
no such loss (T. Gneiting, J. Am. Stat. Assoc. 106 (2011) 746). Refuses a verdict on two models that agree every day.
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

LEAST_DAYS = 10


@dataclass(frozen=True, slots=True)
class ComparisonTest:
    """A statistic, negative where the first model lost less, and what was observed."""

    name: str
    statistic: float
    """Corrected for the length of the history."""
    p_value: float
    """Two-sided, by Student-t with n - 1 degrees of freedom."""
    mean_difference: float
    """Of the first model's loss less the second's, a day."""
    observations: int
    horizon_days: int

    @property
    def better(self) -> str:
        """Which lost less on the mean, whether or not the difference is more than chance."""
        return "first" if self.mean_difference < 0.0 else "second"


def quantile_loss(pnl: ArrayLike, value_at_risk: ArrayLike, probability: float) -> FloatArray:
    """Tick loss of each day, [days]: (p - 1 where profit and loss lies below -VaR, else p) times its distance.

    Profit positive, value at risk loss positive; in the currency of both.
    """
    outcomes, told = _told(pnl, value_at_risk, "value_at_risk", probability)
    distance = outcomes + told
    return np.asarray((probability - (distance < 0.0)) * distance)


def joint_loss(
    pnl: ArrayLike, value_at_risk: ArrayLike, expected_shortfall: ArrayLike, probability: float
) -> FloatArray:
    """Loss of a pair of value at risk and expected shortfall on each day, [days], without unit.

    I (loss - VaR) / (p ES) + VaR / ES + ln ES - 1. Differences of it do not change with the currency. Raises
    InvalidValueError where a shortfall is not positive or less than its value at risk.
    """
    outcomes, told = _told(pnl, value_at_risk, "value_at_risk", probability)
    _, beyond = _told(pnl, expected_shortfall, "expected_shortfall", probability)
    bad = (beyond <= 0.0) | (beyond < told)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InvalidValueError("expected_shortfall", beyond[row], f"positive and at least {told[row]}", row)
    excess = np.maximum(-outcomes - told, 0.0)
    return np.asarray(excess / (probability * beyond) + told / beyond + np.log(beyond) - 1.0)


def diebold_mariano(first_loss: ArrayLike, second_loss: ArrayLike, horizon_days: int = 1) -> ComparisonTest:
    """Whether two models' losses, [days] each, differ by more than chance.

    The variance of the mean sums autocovariances of `horizon_days` - 1 lags, with unit weights, which is right for
    forecasts that far ahead; where that is not positive, with those of W. Newey and K. West (Econometrica 55 (1987)
    703). Raises InvalidValueError for shapes and what is not finite, MissingDataError below `LEAST_DAYS` days or twice
    the horizon, DomainError where the difference never changes.
    """
    first, second = np.asarray(first_loss, np.float64), np.asarray(second_loss, np.float64)
    if first.ndim != 1 or first.shape != second.shape:
        raise InvalidValueError("shapes", f"{first.shape} and {second.shape}", "[days] both")
    difference = first - second
    if not np.isfinite(difference).all():
        row = int(np.flatnonzero(~np.isfinite(difference))[0])
        raise InvalidValueError("losses", difference[row], "finite", row)
    if horizon_days < 1:
        raise InvalidValueError("horizon_days", horizon_days, "at least 1")
    days = difference.size
    if days < max(LEAST_DAYS, 2 * horizon_days):
        raise MissingDataError(f"{days} days of losses where a comparison needs {max(LEAST_DAYS, 2 * horizon_days)}")
    mean = float(difference.mean())
    centred = difference - mean
    if float(np.abs(centred).max()) <= 1e-14 * float(np.abs(difference).max()):
        raise DomainError("both models lose alike every day: there is nothing to tell them apart")
    lags = [float(centred[lag:] @ centred[: days - lag]) / days for lag in range(horizon_days)]
    variance = lags[0] + 2.0 * sum(lags[1:])
    if variance <= 0.0:
        variance = lags[0] + 2.0 * sum((1.0 - lag / horizon_days) * lags[lag] for lag in range(1, horizon_days))
    corrected = (days + 1.0 - 2.0 * horizon_days + horizon_days * (horizon_days - 1.0) / days) / days
    statistic = mean / math.sqrt(variance / days) * math.sqrt(corrected)
    return ComparisonTest(
        name="diebold-mariano",
        statistic=statistic,
        p_value=_two_sided(statistic, days - 1),
        mean_difference=mean,
        observations=days,
        horizon_days=horizon_days,
    )


def _two_sided(statistic: float, degrees: int) -> float:
    from scipy.special import stdtr

    return 2.0 * float(stdtr(degrees, -abs(statistic)))


def _told(pnl: ArrayLike, figures: ArrayLike, field: str, probability: float) -> tuple[FloatArray, FloatArray]:
    if not 0.0 < probability < 1.0:
        raise InvalidValueError("probability", probability, "between 0 and 1, both excluded")
    outcomes, told = np.asarray(pnl, np.float64), np.asarray(figures, np.float64)
    if outcomes.ndim != 1 or told.shape not in {(), outcomes.shape}:
        raise InvalidValueError("shapes", f"pnl {outcomes.shape}, {field} {told.shape}", "[days] both")
    for name, array in (("pnl", outcomes), (field, told)):
        if not np.isfinite(array).all():
            raise InvalidValueError(name, "nan or infinite", "finite", int(np.nonzero(~np.isfinite(array))[0][0]))
    return outcomes, np.broadcast_to(told, outcomes.shape)
