"""Reverse stress: the nearest move of the market at which a book loses as much as a limit allows.

Moves of spots and of volatilities are in logarithms, those of rates absolute, each in units of a deviation that is
stated, with correlations where they are given: the distance is that of Mahalanobis. The answer is revalued: it breaks
the limit, and a point on the same ray a hair nearer does not. "None within bounds" is an answer, with the worst that
was found there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.risk._nearest import nearest
from optionix_core.risk.book import RiskBook
from optionix_core.risk.revaluation import revalue
from optionix_core.risk.scenarios import (
    EVERYTHING,
    RateShocks,
    ScenarioSet,
    StickyRule,
    UnderlyingShocks,
    sequence_names,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from optionix_core.risk.executors import Executor

    FloatArray = NDArray[np.float64]

REACH: Final = 8.0
"""Deviations within which is looked unless said otherwise."""


class FactorKind(StrEnum):
    """What moves."""

    SPOT = "spot"
    """Logarithm of an underlying's price."""
    VOLATILITY = "volatility"
    """Logarithm of every implied volatility of an underlying."""
    RATE = "rate"
    """Zero rates of a currency, absolute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One direction in which the market moves. Raises InvalidValueError for a deviation that is none."""

    kind: FactorKind
    name: str = EVERYTHING
    """Underlying, or currency of a rate; `EVERYTHING` moves all alike."""
    deviation: float
    """Standard deviation over the horizon: of a logarithm, or of a rate."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", FactorKind(self.kind))
        if not 0.0 < self.deviation < math.inf:
            raise InvalidValueError(f"deviation of {self.label}", self.deviation, "positive and finite")

    @property
    def label(self) -> str:
        """`spot ORBIT`, or `volatility` where everything moves alike."""
        return str(self.kind) if self.name == EVERYTHING else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorMove:
    """How far one factor goes."""

    factor: Factor
    move: float
    """Relative of spots and volatilities, absolute of rates."""
    deviations: float
    """The same in units of the factor's deviation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseStress:
    """The nearest break of a limit, or that none was found."""

    limit: float
    """Loss, positive, in the reporting currency."""
    found: bool
    distance: float | None
    """Mahalanobis, in deviations; None where no move within reach breaks the limit."""
    moves: tuple[FactorMove, ...]
    """That break it; where none does, the worst that was found within reach."""
    loss: float
    """Revalued at `moves`."""
    loss_just_inside: float | None
    """Revalued a hair nearer on the same ray: below the limit. None where nothing was found or nothing need move."""
    reach: float
    scenarios: int
    """Revaluations of the whole book."""


def reverse_stress(
    book: RiskBook,
    limit: float,
    factors: Sequence[Factor],
    correlations: ArrayLike | None = None,
    *,
    reach: float = REACH,
    sticky: StickyRule = StickyRule.STRIKE,
    executor: Executor | None = None,
) -> ReverseStress:
    """The nearest move of `factors` at which the book loses `limit` (positive, reporting currency) or more.

    `correlations`: of the factors, shape (n, n); None: none of them moves with another. Raises InvalidValueError for a
    limit, reach or correlation out of bounds, and MissingDataError for an underlying whose spot no factor moves.
    """
    if not 0.0 < limit < math.inf:
        raise InvalidValueError("limit", limit, "positive and finite")
    if not 0.0 < reach <= 100.0:
        raise InvalidValueError("reach", reach, "above 0, at most 100 deviations")
    _check_factors(book, factors)
    mixing = _mixing(factors, correlations)

    def losses(points: FloatArray) -> FloatArray:
        moves = points @ mixing.T
        return -revalue(book, _scenarios(book, factors, moves, sticky), executor, kept="group").total()

    answer = nearest(losses, limit, len(factors), reach)
    point = answer.worst if answer.point is None else answer.point
    at_point = float(losses(point[np.newaxis])[0])
    inside = None
    if answer.inside is not None and answer.point is not None and np.any(answer.inside != answer.point):
        inside = float(losses(answer.inside[np.newaxis])[0])
    moves = (mixing @ point).tolist()
    return ReverseStress(
        limit=limit,
        found=answer.point is not None,
        distance=None if answer.point is None else float(np.linalg.norm(answer.point)),
        moves=tuple(
            FactorMove(
                factor=factor,
                move=move if factor.kind is FactorKind.RATE else math.expm1(move),
                deviations=move / factor.deviation,
            )
            for factor, move in zip(factors, moves, strict=True)
        ),
        loss=at_point,
        loss_just_inside=inside,
        reach=reach,
        scenarios=answer.asked + 1 + (inside is not None),
    )


def _check_factors(book: RiskBook, factors: Sequence[Factor]) -> None:
    if not factors:
        raise InvalidValueError("factors", 0, "at least one")
    labels = [factor.label for factor in factors]
    if len(set(labels)) != len(labels):
        twice = next(label for row, label in enumerate(labels) if label in labels[:row])
        raise InvalidValueError("factors", twice, "each given once")
    moved = {factor.name for factor in factors if factor.kind is FactorKind.SPOT}
    if EVERYTHING in moved:
        return
    for underlying in book.underlyings:
        if underlying not in moved:
            known = ", ".join(sorted(moved)) or "none"
            raise MissingDataError(f"no factor moves the spot of {underlying} (moved: {known})")


def _mixing(factors: Sequence[Factor], correlations: ArrayLike | None) -> FloatArray:
    """From independent unit moves to moves of the factors, shape (n, n)."""
    deviations = np.array([factor.deviation for factor in factors])
    count = len(factors)
    table = np.eye(count) if correlations is None else np.asarray(correlations, dtype=np.float64)
    if table.shape != (count, count):
        raise InvalidValueError("shape of correlations", table.shape, f"({count}, {count}), one a factor")
    if not (np.allclose(table, table.T, atol=1e-12) and np.allclose(np.diag(table), 1.0, atol=1e-12)):
        raise InvalidValueError("correlations", "a table", "symmetric with ones on the diagonal")
    smallest = float(np.linalg.eigvalsh(table)[0])
    if not smallest > 1e-12:
        raise InvalidValueError("smallest eigenvalue of the correlations", smallest, "above 1e-12")
    mixed: FloatArray = deviations[:, np.newaxis] * np.linalg.cholesky(table)
    return mixed


def _scenarios(book: RiskBook, factors: Sequence[Factor], moves: FloatArray, sticky: StickyRule) -> ScenarioSet:
    columns = {(factor.kind, factor.name): moves[:, row] for row, factor in enumerate(factors)}
    still = np.zeros(len(moves))

    def move(kind: FactorKind, name: str) -> FloatArray:
        own = columns.get((kind, name))
        return columns.get((kind, EVERYTHING), still) if own is None else own

    names = book.underlyings or (EVERYTHING,)
    rates = {
        factor.name: RateShocks(change=columns[factor.kind, factor.name])
        for factor in factors
        if factor.kind is FactorKind.RATE
    }
    return ScenarioSet(
        names=sequence_names("move", len(moves)),
        underlyings={
            name: UnderlyingShocks(
                spot_return=np.expm1(move(FactorKind.SPOT, name)),
                volatility_return=np.expm1(move(FactorKind.VOLATILITY, name)),
            )
            for name in names
        },
        rates=rates,
        sticky=sticky,
    )
