"""Scenarios of factor moves: a Student-t copula joins laws that each factor has by itself.

A. McNeil, R. Frey, P. Embrechts, "Quantitative Risk Management", 2005, sec. 5.5: dependence of ranks by Kendall's tau,
rho = sin(pi tau / 2), degrees of freedom by the likelihood of ranks. Few of them let factors move far together;
infinitely many are the normal copula, which does not. Scenarios are counted: any split gives the same bits. Refuses to
price: the moves go to a revaluation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing._threads import spread
from optionix_core.risk._random import COPULA, uniforms
from optionix_core.risk._tails import FloatArray
from optionix_core.risk.value_at_risk.delta_normal import checked_covariance, factor_of
from optionix_core.risk.value_at_risk.marginals import LARGEST_DEGREES, LEAST_SAMPLE, Marginal, StudentMarginal

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

BLOCK = 4_096
"""Scenarios worked on at once, at multiples of it."""
_LEAST_DEGREES = 1.0
_LEAST_EIGENVALUE = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class StudentCopula:
    """Dependence of factors, whatever their own laws."""

    correlation: FloatArray
    """[factors, factors], ones on the diagonal, positive semidefinite."""
    degrees_of_freedom: float
    """Infinite for the normal copula."""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        matrix = checked_covariance(self.correlation, len(self.correlation), "correlation")
        if not np.allclose(np.diag(matrix), 1.0, rtol=0.0, atol=1e-9):
            raise InvalidValueError("correlation", np.diag(matrix).tolist(), "1 on the diagonal")
        factor_of(matrix, "correlation")
        if not self.degrees_of_freedom > 0.0:
            raise InvalidValueError("degrees_of_freedom", self.degrees_of_freedom, "positive, or infinite")


@dataclass(frozen=True, slots=True, eq=False)
class MoveGenerator:
    """Moves of factors by a copula and one law for each factor."""

    copula: StudentCopula
    marginals: tuple[Marginal, ...]
    seed: int

    def __post_init__(self) -> None:
        count = len(self.copula.correlation)
        if len(self.marginals) != count:
            raise InvalidValueError("marginals", len(self.marginals), f"one for each of {count} factors")

    def moves(self, scenarios: int, first: int = 0, *, workers: int | None = None) -> FloatArray:
        """Scenarios `first` to `first + scenarios`, [factors, scenarios], the same bits for any number of workers."""
        if scenarios < 1:
            raise InvalidValueError("scenarios", scenarios, "at least 1")
        if first < 0:
            raise InvalidValueError("first", first, "not negative")
        out = np.empty((len(self.marginals), scenarios))
        root = factor_of(self.copula.correlation, "correlation")

        lowest, last = first // BLOCK, first + scenarios

        def job(start: int, stop: int) -> int:
            # Whole blocks at fixed places: sums of products may round otherwise in pieces of another size.
            for begin in range((lowest + start) * BLOCK, (lowest + stop) * BLOCK, BLOCK):
                kept = slice(max(first - begin, 0), min(last - begin, BLOCK))
                out[:, begin + kept.start - first : begin + kept.stop - first] = self._block(begin, root)[:, kept]
            return -1

        spread(job, -(-last // BLOCK) - lowest, 1, 1, workers)
        return out

    def chunks(self, scenarios: int, chunk: int, *, workers: int | None = None) -> Iterator[FloatArray]:
        """The same scenarios piece by piece, [factors, at most chunk], for books too large for all at once."""
        if chunk < 1:
            raise InvalidValueError("chunk", chunk, "at least 1")
        for first in range(0, scenarios, chunk):
            yield self.moves(min(chunk, scenarios - first), first, workers=workers)

    def _block(self, first: int, root: FloatArray) -> FloatArray:
        from scipy.special import gammaincinv, ndtr, ndtri, stdtr

        factors = len(self.marginals)
        degrees = self.copula.degrees_of_freedom
        drawn = uniforms(self.seed, COPULA, first, BLOCK, factors + 1).T
        joint = root @ ndtri(drawn[:factors])
        if math.isfinite(degrees):
            joint = joint * np.sqrt(degrees / (2.0 * gammaincinv(0.5 * degrees, drawn[factors])))
        above = (joint > 0.0).astype(np.float64)
        low = -np.abs(joint)
        found = np.empty_like(joint)
        for row, marginal in enumerate(self.marginals):
            if isinstance(marginal, StudentMarginal) and marginal.degrees_of_freedom == degrees:
                found[row] = marginal.mean + marginal.scale * joint[row]
            else:
                nearer = stdtr(degrees, low[row]) if math.isfinite(degrees) else ndtr(low[row])
                found[row] = marginal.moves(np.asarray(nearer), above[row])
        return found


def fit_copula(moves: ArrayLike) -> StudentCopula:
    """The copula of `moves` [factors, days], every day complete.

    Correlations by Kendall's tau (F. Lindskog, A. McNeil, U. Schmock, "Kendall's tau for elliptical distributions",
    2003); where they are no correlation matrix together, negative eigenvalues are raised and a note says so (P.
    Rousseeuw, G. Molenberghs, Commun. Stat. 22 (1993) 965). Degrees of freedom from 1 to `LARGEST_DEGREES` by the
    likelihood of ranks over n + 1; at the upper end the normal copula. Raises InvalidValueError for shapes, what is not
    finite, fewer than `LEAST_SAMPLE` days.
    """
    from scipy.optimize import minimize_scalar

    history = np.asarray(moves, np.float64)
    if history.ndim != 2 or history.shape[0] < 1 or not np.isfinite(history).all():
        raise InvalidValueError("moves", f"shape {history.shape}", "finite, [factors, days]")
    if history.shape[1] < LEAST_SAMPLE:
        raise InvalidValueError("moves", f"{history.shape[1]} days", f"at least {LEAST_SAMPLE} days")
    correlation, notes = _correlation(history)
    ranks = _mean_ranks(history) / (history.shape[1] + 1.0)
    if history.shape[0] == 1:
        return StudentCopula(correlation, math.inf, (*notes, "one factor has no dependence"))
    found = minimize_scalar(
        lambda reciprocal: -_likelihood(ranks, correlation, 1.0 / reciprocal),
        bounds=(1.0 / LARGEST_DEGREES, 1.0 / _LEAST_DEGREES),
        method="bounded",
        options={"xatol": 1e-5},
    )
    degrees = 1.0 / float(found.x)
    if degrees > 0.99 * LARGEST_DEGREES:
        degrees = math.inf
    return StudentCopula(correlation, degrees, notes)


def generator(
    moves: ArrayLike, marginals: Sequence[Marginal], seed: int, *, copula: StudentCopula | None = None
) -> MoveGenerator:
    """Scenarios like `moves` [factors, days]: their copula, unless one is given, and the laws given for each factor."""
    return MoveGenerator(fit_copula(moves) if copula is None else copula, tuple(marginals), seed)


def _correlation(history: FloatArray) -> tuple[FloatArray, tuple[str, ...]]:
    from scipy.stats import kendalltau

    factors = history.shape[0]
    matrix = np.eye(factors)
    for row in range(factors):
        for column in range(row):
            tau = float(kendalltau(history[row], history[column]).statistic)
            if math.isnan(tau):
                raise InvalidValueError("moves", "all alike", "moving in every factor", row)
            matrix[row, column] = matrix[column, row] = math.sin(0.5 * math.pi * tau)
    variances, directions = np.linalg.eigh(matrix)
    if variances[0] >= 0.0:
        return matrix, ()
    raised = (directions * np.maximum(variances, _LEAST_EIGENVALUE)) @ directions.T
    scale = 1.0 / np.sqrt(np.diag(raised))
    repaired = raised * np.outer(scale, scale)
    change = float(np.abs(repaired - matrix).max())
    return repaired, (f"rank correlations were no matrix together: moved by at most {change:.2g}",)


def _mean_ranks(history: FloatArray) -> FloatArray:
    from scipy.stats import rankdata

    return np.asarray(rankdata(history, axis=1), np.float64)


def _likelihood(ranks: FloatArray, correlation: FloatArray, degrees: float) -> float:
    """Log likelihood of the t copula, less what its degrees of freedom leave alone."""
    from scipy.special import stdtrit

    factors, days = ranks.shape
    quantiles = stdtrit(degrees, ranks)
    variances, directions = np.linalg.eigh(correlation)
    turned = directions.T @ quantiles
    distances = np.sum(np.square(turned) / np.maximum(variances, _LEAST_EIGENVALUE)[:, None], axis=0)
    joint = -0.5 * (degrees + factors) * np.log1p(distances / degrees)
    single = -0.5 * (degrees + 1.0) * np.log1p(np.square(quantiles) / degrees)
    constant = (
        math.lgamma(0.5 * (degrees + factors))
        + (factors - 1) * math.lgamma(0.5 * degrees)
        - factors * math.lgamma(0.5 * (degrees + 1.0))
    )
    return float(days * constant + joint.sum() - single.sum())
