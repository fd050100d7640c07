"""Laws of one factor's moves: what a copula joins.

Each gives the move below which a probability lies, told by the nearer tail, so that neither end loses digits. Refuses
samples too short to have a tail.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.risk._tails import FloatArray

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

LEAST_SAMPLE = 30
LARGEST_DEGREES = 200.0
"""Beyond it a Student-t is taken as normal by the fits here."""


class Marginal(Protocol):
    """The law of one factor's moves."""

    def moves(self, nearer: FloatArray, above: FloatArray) -> FloatArray:
        """Moves by `nearer`, the probability of the nearer tail, and `above`, 1 where that is the upper one, else 0."""
        ...


@dataclass(frozen=True, slots=True)
class NormalMarginal:
    """A normal law."""

    mean: float
    standard_deviation: float

    def __post_init__(self) -> None:
        _check(self.mean, self.standard_deviation, "standard_deviation")

    def moves(self, nearer: FloatArray, above: FloatArray) -> FloatArray:
        """Quantiles of the normal."""
        from scipy.special import ndtri

        return np.asarray(self.mean + self.standard_deviation * (2.0 * above - 1.0) * -ndtri(nearer))


@dataclass(frozen=True, slots=True)
class StudentMarginal:
    """A Student-t law about `mean`; its standard deviation is scale sqrt(n / (n - 2)) with n degrees of freedom."""

    mean: float
    scale: float
    degrees_of_freedom: float

    def __post_init__(self) -> None:
        _check(self.mean, self.scale, "scale")
        if not 0.0 < self.degrees_of_freedom < math.inf:
            raise InvalidValueError("degrees_of_freedom", self.degrees_of_freedom, "positive and finite")

    def moves(self, nearer: FloatArray, above: FloatArray) -> FloatArray:
        """Quantiles of the Student-t."""
        from scipy.special import stdtrit

        return np.asarray(self.mean + self.scale * (2.0 * above - 1.0) * -stdtrit(self.degrees_of_freedom, nearer))


@dataclass(frozen=True, slots=True, eq=False)
class EmpiricalMarginal:
    """The moves that were, each as likely, linear between them: nothing beyond the largest."""

    ordered: FloatArray

    def moves(self, nearer: FloatArray, above: FloatArray) -> FloatArray:
        """Between order statistics, the k-th at probability (k - 1/2) / n (Hyndman and Fan (1996), definition 5)."""
        count = self.ordered.size
        places = (np.arange(count) + 0.5) / count
        below = np.interp(nearer, places, self.ordered)
        return np.where(above > 0.0, -np.interp(nearer, places, -self.ordered[::-1]), below)


def empirical(sample: ArrayLike) -> EmpiricalMarginal:
    """The law of `sample` [days] itself. Raises as `fit_normal`."""
    return EmpiricalMarginal(np.sort(_sample(sample)))


def fit_normal(sample: ArrayLike) -> NormalMarginal:
    """Mean and standard deviation of `sample` [days].

    Raises MissingDataError below `LEAST_SAMPLE` days, InvalidValueError for what is not finite, DomainError for a
    sample that does not move.
    """
    values = _sample(sample)
    return NormalMarginal(float(values.mean()), float(values.std(ddof=1)))


def fit_student(sample: ArrayLike) -> StudentMarginal:
    """Mean, scale and degrees of freedom of most likelihood, these at most `LARGEST_DEGREES`. Raises as `fit_normal`.

    For given degrees of freedom by the weights of K. Lange, R. Little, J. Taylor, J. Am. Stat. Assoc. 84 (1989) 881;
    these by a search on their reciprocal.
    """
    from scipy.optimize import minimize_scalar

    values = _sample(sample)
    found = minimize_scalar(
        lambda reciprocal: -_student_likelihood(values, 1.0 / reciprocal)[0],
        bounds=(1.0 / LARGEST_DEGREES, 1.0),
        method="bounded",
        options={"xatol": 1e-6},
    )
    degrees = 1.0 / float(found.x)
    _, mean, scale = _student_likelihood(values, degrees)
    return StudentMarginal(mean, scale, degrees)


def _student_likelihood(values: FloatArray, degrees: float) -> tuple[float, float, float]:
    """The largest log likelihood for these degrees of freedom, and where: mean and scale."""
    mean, square = float(np.median(values)), float(values.var())
    for _ in range(200):
        weights = (degrees + 1.0) / (degrees + np.square(values - mean) / square)
        next_mean = float(weights @ values / weights.sum())
        next_square = float(weights @ np.square(values - next_mean) / values.size)
        settled = abs(next_square - square) <= 1e-12 * square
        mean, square = next_mean, next_square
        if settled:
            break
    constant = math.lgamma(0.5 * (degrees + 1.0)) - math.lgamma(0.5 * degrees)
    constant -= 0.5 * math.log(math.pi * degrees * square)
    tails = np.log1p(np.square(values - mean) / (degrees * square))
    return float(values.size * constant - 0.5 * (degrees + 1.0) * tails.sum()), mean, math.sqrt(square)


def _sample(sample: ArrayLike) -> FloatArray:
    values = np.asarray(sample, np.float64)
    if values.ndim != 1:
        raise InvalidValueError("sample", f"shape {values.shape}", "[days]")
    if values.size < LEAST_SAMPLE:
        raise MissingDataError(f"{values.size} moves where a law of them needs {LEAST_SAMPLE}")
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise InvalidValueError("sample", values[row], "finite", row)
    if values.min() == values.max():
        raise DomainError("the moves are all alike: there is no law of them")
    return values


def _check(mean: float, spread: float, field: str) -> None:
    if not math.isfinite(mean):
        raise InvalidValueError("mean", mean, "finite")
    if not 0.0 < spread < math.inf:
        raise InvalidValueError(field, spread, "positive and finite")
