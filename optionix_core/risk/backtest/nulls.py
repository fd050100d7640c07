"""Laws that a right model's days would follow, and histories of exceptions drawn from them.

The statistics of Acerbi and Szekely see a day's profit and loss over its expected shortfall alone: under a law of mean
zero with a scale of its own each day, that ratio has one law for all days. Numbers are counted: a history has the same
bits in any split.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.risk._random import BACKTEST, uniforms
from optionix_core.risk._tails import FloatArray

_CELLS = 1 << 21
"""Numbers held at once."""
LEAST_SIMULATIONS = 100


class Days(NamedTuple):
    """Outcomes and what was told of them, [days] each."""

    pnl: FloatArray
    """Profit positive."""
    value_at_risk: FloatArray
    """Loss positive."""
    expected_shortfall: FloatArray
    """Loss positive."""


class SimulatedHistories(NamedTuple):
    """Of each simulated history, [histories]."""

    sums: FloatArray
    """Of profit and loss over expected shortfall on the days of an exception."""
    counts: FloatArray
    """Of exceptions."""


@dataclass(frozen=True, slots=True)
class NormalLaw:
    """Days are normal of mean zero, scaled to the day's expected shortfall."""

    def __str__(self) -> str:
        return "normal"

    def ratios(self, levels: FloatArray, probability: float) -> FloatArray:
        """Profit and loss over expected shortfall at `levels` below `probability`."""
        from scipy.special import ndtri

        z = float(ndtri(probability))
        shortfall = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi) / probability
        return np.asarray(ndtri(levels) / shortfall)


@dataclass(frozen=True, slots=True)
class StudentLaw:
    """Days are Student-t of mean zero, scaled to the day's expected shortfall."""

    degrees_of_freedom: float

    def __post_init__(self) -> None:
        if not 1.0 < self.degrees_of_freedom < math.inf:
            raise InvalidValueError("degrees_of_freedom", self.degrees_of_freedom, "above 1 and finite")

    def __str__(self) -> str:
        return f"Student-t with {self.degrees_of_freedom:g} degrees of freedom"

    def ratios(self, levels: FloatArray, probability: float) -> FloatArray:
        """Profit and loss over expected shortfall at `levels` below `probability`.

        ES = f(q) (n + q^2) / ((n - 1) p) of the unit law (McNeil, Frey, Embrechts 2005, sec. 2.2.4).
        """
        from scipy.special import stdtrit

        n = self.degrees_of_freedom
        q = float(stdtrit(n, probability))
        constant = math.lgamma(0.5 * (n + 1.0)) - math.lgamma(0.5 * n) - 0.5 * math.log(n * math.pi)
        density = math.exp(constant - 0.5 * (n + 1.0) * math.log1p(q * q / n))
        shortfall = density * (n + q * q) / ((n - 1.0) * probability)
        return np.asarray(stdtrit(n, levels) / shortfall)


@dataclass(frozen=True, slots=True, eq=False)
class PredictedSamples:
    """What the model foresaw for each day: scenarios of profit and loss, each as likely."""

    pnl: FloatArray
    """[days, scenarios]."""

    def __str__(self) -> str:
        return "the model's own scenarios"


Null = NormalLaw | StudentLaw | PredictedSamples


def simulated_histories(days: Days, probability: float, null: Null, simulations: int, seed: int) -> SimulatedHistories:
    """`simulations` histories of as many days under `null`.

    A law's exceptions are its days below `probability`; a sample's are those beyond the value at risk told. Raises
    InvalidValueError for too few simulations and for samples that do not fit the days.
    """
    if simulations < LEAST_SIMULATIONS:
        raise InvalidValueError("simulations", simulations, f"at least {LEAST_SIMULATIONS}")
    count = days.pnl.size
    if isinstance(null, PredictedSamples):
        _check_samples(null.pnl, count)
    sums, counts = np.empty(simulations), np.empty(simulations)
    rows = max(_CELLS // count, 1)
    for first in range(0, simulations, rows):
        last = min(first + rows, simulations)
        drawn = uniforms(seed, BACKTEST, first, last - first, count)
        ratios = np.zeros_like(drawn)
        if isinstance(null, PredictedSamples):
            moves = null.pnl[np.arange(count), (drawn * null.pnl.shape[1]).astype(np.int64)]
            hits = -moves > days.value_at_risk
            ratios[hits] = (moves / days.expected_shortfall)[hits]
        else:
            hits = drawn < probability
            ratios[hits] = null.ratios(drawn[hits], probability)
        sums[first:last], counts[first:last] = ratios.sum(axis=1), hits.sum(axis=1)
    return SimulatedHistories(sums, counts)


def _check_samples(samples: FloatArray, days: int) -> None:
    if samples.ndim != 2 or samples.shape[0] != days or samples.shape[1] == 0:
        raise InvalidValueError("null", f"samples of shape {samples.shape}", f"[{days}, scenarios]")
    if not np.isfinite(samples).all():
        raise InvalidValueError("null", "nan or infinite", "finite", int(np.nonzero(~np.isfinite(samples))[0][0]))
