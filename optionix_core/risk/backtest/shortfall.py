"""Whether losses beyond value at risk were as large as expected shortfall says.

Acerbi and Szekely's statistics with simulated p-values (C. Acerbi, B. Szekely, "Backtesting expected shortfall", MSCI,
October 2014); the exceedance residuals of A. McNeil and R. Frey (J. Empirical Finance 7 (2000) 271); the cumulative
violations of Z. Du and J. C. Escanciano (Management Science 63 (2017) 940). Value at risk and expected shortfall are
positive losses told before the day. Refuses figures where the shortfall is not beyond zero and value at risk.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.risk._random import BACKTEST, uniforms
from optionix_core.risk._tails import FloatArray
from optionix_core.risk.backtest.nulls import Days, Null, simulated_histories

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SIMULATIONS = 10_000
Z2_CRITICAL_5, Z2_CRITICAL_001 = -0.70, -1.8
"""Critical values of Z2 at 5% and 0.01% that the paper proposes for 250 days at 97.5%, whatever the law."""
YEAR, TAIL = 250, 0.025
Verdict = Literal["accepted", "doubtful", "rejected"]


@dataclass(frozen=True, slots=True)
class ShortfallTest:
    """A statistic and what was observed."""

    name: str
    statistic: float
    p_value: float
    """Probability of as bad a statistic by a right model: one-sided, too small a shortfall is bad."""
    exceptions: int
    observations: int
    expected_exceptions: float
    null: str
    """The law under which the p-value was had."""
    verdict: Verdict | None
    """By the paper's fixed critical values of Z2; None elsewhere and for other than 250 days at 97.5%."""

    def is_rejected(self, significance: float = 0.05) -> bool:
        """Whether the p-value is below `significance`."""
        return self.p_value < significance


def acerbi_szekely_z1(
    pnl: ArrayLike,
    value_at_risk: ArrayLike,
    expected_shortfall: ArrayLike,
    probability: float,
    null: Null,
    *,
    simulations: int = SIMULATIONS,
    seed: int = 0,
) -> ShortfallTest:
    """Z1 = sum of I X / ES over the exceptions, over their number, + 1: sizes given that value at risk was exceeded.

    Eq. 5 of the paper. Zero under a right model, negative where losses beyond are larger than told. Simulated years
    without an exception have no Z1 and are left out. Arguments as `acerbi_szekely_z2`; raises MissingDataError besides
    where there is no exception.
    """
    days = _days(pnl, value_at_risk, expected_shortfall, probability)
    hits = _exceptions(days)
    if not hits.any():
        raise MissingDataError(f"no exception in {hits.size} days: Z1 looks at nothing else")
    ratios = days.pnl[hits] / days.expected_shortfall[hits]
    statistic = float(ratios.mean()) + 1.0
    simulated = simulated_histories(days, probability, null, simulations, seed)
    counts = simulated.counts
    drawn = simulated.sums[counts > 0] / counts[counts > 0] + 1.0
    if not drawn.size:
        raise MissingDataError(f"no exception in any of {simulations} simulated histories of {hits.size} days")
    return _test("acerbi-szekely Z1", statistic, drawn, hits, probability, null, None)


def acerbi_szekely_z2(
    pnl: ArrayLike,
    value_at_risk: ArrayLike,
    expected_shortfall: ArrayLike,
    probability: float,
    null: Null,
    *,
    simulations: int = SIMULATIONS,
    seed: int = 0,
) -> ShortfallTest:
    """Z2 = sum of I X / (T p ES) + 1: number and size of exceptions together, eq. 6 of the paper.

    `pnl` [days], profit positive; `value_at_risk` and `expected_shortfall` [days] or one number, loss positive;
    `probability` of an exception (0.025 for 97.5%). `null` is the law that p-values are simulated from: `NormalLaw()`,
    `StudentLaw(n)` or the model's own `PredictedSamples`. Zero under a right model; no exception gives 1. The verdict
    is by the paper's fixed critical values: rejected below -1.8, doubtful below -0.7. Raises InvalidValueError for
    shapes and figures that are none, MissingDataError for no days.
    """
    days = _days(pnl, value_at_risk, expected_shortfall, probability)
    hits = _exceptions(days)
    scale = hits.size * probability
    statistic = float(np.sum(days.pnl[hits] / days.expected_shortfall[hits])) / scale + 1.0
    drawn = simulated_histories(days, probability, null, simulations, seed).sums / scale + 1.0
    verdict: Verdict | None = None
    if hits.size == YEAR and probability == TAIL:
        verdict = "rejected" if statistic < Z2_CRITICAL_001 else "doubtful" if statistic < Z2_CRITICAL_5 else "accepted"
    return _test("acerbi-szekely Z2", statistic, drawn, hits, probability, null, verdict)


def mcneil_frey(
    pnl: ArrayLike,
    value_at_risk: ArrayLike,
    expected_shortfall: ArrayLike,
    probability: float,
    *,
    simulations: int = SIMULATIONS,
    seed: int = 0,
) -> ShortfallTest:
    """Whether losses beyond value at risk exceed expected shortfall on the mean, by a bootstrap of their t statistic.

    Residuals (loss - ES) / ES of the exceptions; of mean zero under a right model, here scaled by the shortfall itself
    where the paper has the day's volatility. The statistic is their mean over its standard error. Raises
    MissingDataError below two exceptions that differ.
    """
    days = _days(pnl, value_at_risk, expected_shortfall, probability)
    hits = _exceptions(days)
    residuals = -days.pnl[hits] / days.expected_shortfall[hits] - 1.0
    count = residuals.size
    if count < 2 or residuals.min() == residuals.max():
        raise MissingDataError(f"{count} exceptions in {hits.size} days: a mean with an error needs two that differ")
    statistic = _t_statistic(residuals)
    centred = residuals - residuals.mean()
    picks = (uniforms(seed, BACKTEST, 0, simulations, count) * count).astype(np.int64)
    resampled = centred[picks]
    moving = resampled.std(axis=1) > 0.0
    drawn = _t_statistic(resampled[moving])
    return ShortfallTest(
        name="mcneil-frey",
        statistic=float(statistic),
        p_value=float((1 + np.sum(drawn >= statistic)) / (1 + drawn.size)),
        exceptions=count,
        observations=hits.size,
        expected_exceptions=hits.size * probability,
        null="bootstrap of the centred residuals",
        verdict=None,
    )


def cumulative_violations(levels: ArrayLike, probability: float) -> ShortfallTest:
    """Du and Escanciano's unconditional test: the mean of (p - u) / p over days with u <= p, against p / 2.

    `levels` [days]: the model's probability of a profit and loss at most the day's. Asymptotically normal with variance
    p (1 / 3 - p / 4) / n; one-sided, the p-value small where the tail was heavier than told. Raises InvalidValueError
    for levels outside [0, 1], MissingDataError for none.
    """
    places = np.asarray(levels, np.float64)
    _check_probability(probability)
    if places.ndim != 1:
        raise InvalidValueError("levels", f"shape {places.shape}", "[days]")
    if not places.size:
        raise MissingDataError("no observations: there is nothing to test")
    bad = ~((places >= 0.0) & (places <= 1.0))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InvalidValueError("levels", places[row], "from 0 to 1", row)
    hits = places <= probability
    mean = float(np.sum((probability - places[hits]) / probability)) / places.size
    variance = probability * (1.0 / 3.0 - probability / 4.0)
    statistic = math.sqrt(places.size / variance) * (mean - 0.5 * probability)
    return ShortfallTest(
        name="cumulative violations",
        statistic=statistic,
        p_value=0.5 * math.erfc(statistic / math.sqrt(2.0)),
        exceptions=int(hits.sum()),
        observations=places.size,
        expected_exceptions=places.size * probability,
        null="uniform levels, asymptotic",
        verdict=None,
    )


def _days(pnl: ArrayLike, value_at_risk: ArrayLike, expected_shortfall: ArrayLike, probability: float) -> Days:
    outcomes = np.asarray(pnl, np.float64)
    _check_probability(probability)
    if outcomes.ndim != 1:
        raise InvalidValueError("pnl", f"shape {outcomes.shape}", "[days]")
    if not outcomes.size:
        raise MissingDataError("no observations: there is nothing to test")
    told = []
    for field, figures in (("value_at_risk", value_at_risk), ("expected_shortfall", expected_shortfall)):
        array = np.asarray(figures, np.float64)
        if array.shape not in {(), outcomes.shape}:
            raise InvalidValueError(field, f"shape {array.shape}", f"[{outcomes.size}], as pnl")
        told.append(np.broadcast_to(array, outcomes.shape))
    for field, array in (("pnl", outcomes), ("value_at_risk", told[0]), ("expected_shortfall", told[1])):
        if not np.isfinite(array).all():
            row = int(np.flatnonzero(~np.isfinite(array))[0])
            raise InvalidValueError(field, array[row], "finite", row)
    bad = (told[1] <= 0.0) | (told[1] < told[0])
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InvalidValueError("expected_shortfall", told[1][row], f"positive and at least {told[0][row]}", row)
    return Days(outcomes, told[0], told[1])


def _exceptions(days: Days) -> NDArray[np.bool_]:
    return np.asarray(-days.pnl > days.value_at_risk)


def _test(
    name: str,
    statistic: float,
    drawn: FloatArray,
    hits: NDArray[np.bool_],
    probability: float,
    null: Null,
    verdict: Verdict | None,
) -> ShortfallTest:
    """The observed history counts as one of the simulated ones, so that no p-value is zero."""
    return ShortfallTest(
        name=name,
        statistic=statistic,
        p_value=float((1 + np.sum(drawn <= statistic)) / (1 + drawn.size)),
        exceptions=int(hits.sum()),
        observations=hits.size,
        expected_exceptions=hits.size * probability,
        null=str(null),
        verdict=verdict,
    )


def _t_statistic(residuals: FloatArray) -> FloatArray:
    return np.asarray(residuals.mean(axis=-1) / residuals.std(axis=-1, ddof=1) * math.sqrt(residuals.shape[-1]))


def _check_probability(probability: float) -> None:
    if not 0.0 < probability < 1.0:
        raise InvalidValueError("probability", probability, "between 0 and 1, both excluded")
