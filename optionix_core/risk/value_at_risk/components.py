"""Many factors by few: principal components of their moves, and scenarios through them.

Moves in units of their standard deviation are loadings times components plus what is left, which each factor has by
itself (I. Jolliffe, "Principal Component Analysis", 2nd ed. 2002, ch. 2 and 7). What is left is simulated as well,
normal and independent: a model without it would lose that variance, and books hedged against the components would look
free of risk.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.risk._random import RESIDUALS, uniforms
from optionix_core.risk._tails import FloatArray
from optionix_core.risk.value_at_risk.copula import BLOCK, MoveGenerator, generator
from optionix_core.risk.value_at_risk.marginals import LEAST_SAMPLE, Marginal, empirical, fit_normal, fit_student

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

LAWS: dict[str, Callable[[FloatArray], Marginal]] = {
    "empirical": empirical,
    "normal": fit_normal,
    "student": fit_student,
}
"""How a component's law is had from its history, by name."""


@dataclass(frozen=True, slots=True, eq=False)
class PrincipalComponents:
    """Components of one history, the largest first."""

    means: FloatArray
    """Of the moves, [factors]."""
    deviations: FloatArray
    """Of the moves, [factors]."""
    loadings: FloatArray
    """[factors, components], columns orthonormal."""
    variances: FloatArray
    """Of the components, [components]; those of all factors sum to their number."""
    residual_deviations: FloatArray
    """What the components leave of each standardised factor, [factors]."""
    scores: FloatArray
    """Components of the history, [components, days]."""

    @property
    def explained(self) -> float:
        """Share of the standardised variance that the components hold."""
        return float(self.variances.sum()) / len(self.deviations)

    @property
    def covariance(self) -> FloatArray:
        """Of moves by the model, [factors, factors]: that of the history on the diagonal."""
        inside = (self.loadings * self.variances) @ self.loadings.T + np.diag(np.square(self.residual_deviations))
        return np.asarray(inside * np.outer(self.deviations, self.deviations))


@dataclass(frozen=True, slots=True, eq=False)
class FactorModelGenerator:
    """Moves of factors through components, each of a law of its own, joined by a copula."""

    components: PrincipalComponents
    scores: MoveGenerator

    def moves(self, scenarios: int, first: int = 0, *, workers: int | None = None) -> FloatArray:
        """Scenarios `first` to `first + scenarios`, [factors, scenarios], the same bits for any number of workers."""
        from scipy.special import ndtri

        model = self.components
        factors = len(model.deviations)
        lowest, last = first // BLOCK, first + scenarios
        scores = self.scores.moves(scenarios, first, workers=workers)
        out = np.empty((factors, scenarios))
        for block in range(lowest, -(-last // BLOCK)):
            # Whole blocks at fixed places, as the copula's.
            begin = block * BLOCK
            low, high = max(first, begin), min(last, begin + BLOCK)
            whole = np.zeros((len(model.variances), BLOCK))
            whole[:, low - begin : high - begin] = scores[:, low - first : high - first]
            drawn = ndtri(uniforms(self.scores.seed, RESIDUALS, begin, BLOCK, factors)).T
            moved = model.loadings @ whole + model.residual_deviations[:, None] * drawn
            moved = model.means[:, None] + model.deviations[:, None] * moved
            out[:, low - first : high - first] = moved[:, low - begin : high - begin]
        return out

    def chunks(self, scenarios: int, chunk: int, *, workers: int | None = None) -> Iterator[FloatArray]:
        """The same scenarios piece by piece, [factors, at most chunk]."""
        if chunk < 1:
            raise InvalidValueError("chunk", chunk, "at least 1")
        for first in range(0, scenarios, chunk):
            yield self.moves(min(chunk, scenarios - first), first, workers=workers)


def principal_components(moves: ArrayLike, *, count: int | None = None, share: float = 0.95) -> PrincipalComponents:
    """The `count` largest components of `moves` [factors, days], or as many as hold `share` of the variance.

    Raises InvalidValueError for shapes, what is not finite, factors that do not move, counts and shares out of bounds,
    MissingDataError for fewer than `LEAST_SAMPLE` days.
    """
    history = np.asarray(moves, np.float64)
    if history.ndim != 2 or history.shape[0] < 1 or not np.isfinite(history).all():
        raise InvalidValueError("moves", f"shape {history.shape}", "finite, [factors, days]")
    factors, days = history.shape
    if days < LEAST_SAMPLE:
        raise MissingDataError(f"{days} days of moves where components need {LEAST_SAMPLE}")
    if count is not None and not 1 <= count <= factors:
        raise InvalidValueError("count", count, f"from 1 to {factors}, the number of factors")
    if not 0.0 < share <= 1.0:
        raise InvalidValueError("share", share, "above 0, at most 1")
    means, deviations = history.mean(axis=1), history.std(axis=1, ddof=1)
    if (deviations == 0.0).any():
        raise InvalidValueError("moves", 0.0, "moving in every factor", int(np.flatnonzero(deviations == 0.0)[0]))
    standard = (history - means[:, None]) / deviations[:, None]
    directions, sizes, _ = np.linalg.svd(standard, full_matrices=False)
    variances = np.square(sizes) / (days - 1)
    if count is None:
        held = np.cumsum(variances) / factors
        count = min(int(np.searchsorted(held, share - 1e-12)) + 1, variances.size)
    loadings = directions[:, :count]
    # A direction's sign is arbitrary: the sum of its loadings is taken as positive.
    loadings = loadings * np.where(loadings.sum(axis=0) < 0.0, -1.0, 1.0)
    kept = variances[:count]
    left = np.maximum(1.0 - np.square(loadings) @ kept, 0.0)
    return PrincipalComponents(
        means=means,
        deviations=deviations,
        loadings=loadings,
        variances=kept,
        residual_deviations=np.sqrt(left),
        scores=loadings.T @ standard,
    )


def factor_model(
    moves: ArrayLike, seed: int, *, count: int | None = None, share: float = 0.95, law: str = "empirical"
) -> FactorModelGenerator:
    """Scenarios like `moves` [factors, days] through their components, whose laws are had as `LAWS` says.

    Raises as `principal_components` and `fit_copula`, and InvalidValueError for a law that is none.
    """
    if law not in LAWS:
        raise InvalidValueError("law", law, f"one of {', '.join(LAWS)}")
    components = principal_components(moves, count=count, share=share)
    marginals: list[Marginal] = [LAWS[law](row) for row in components.scores]
    return FactorModelGenerator(components, generator(components.scores, marginals, seed))


def hedged_deviation(components: PrincipalComponents, exposures: ArrayLike) -> tuple[float, float]:
    """Standard deviations of a linear book, `exposures` [factors]: by the components and by what they leave."""
    held = np.asarray(exposures, np.float64) * components.deviations
    inside = components.loadings.T @ held
    return (
        math.sqrt(float(np.sum(np.square(inside) * components.variances))),
        math.sqrt(float(np.sum(np.square(held * components.residual_deviations)))),
    )
