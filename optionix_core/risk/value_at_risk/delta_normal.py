"""Delta-normal value at risk and expected shortfall: exposures times jointly normal returns of mean zero.

P. Jorion, "Value at Risk", 3rd ed. 2007, ch. 7: total z sigma, marginal as the derivative in an exposure, component as
exposure times marginal, incremental as the total less the total without the position. Right for linear books alone:
options near expiry are not, and full revaluation belongs beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.risk._tails import EMPTY_BOOK, FloatArray, checked_confidence

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_ASYMMETRY = 1e-9
"""Of the largest variance: what rounding may leave between a covariance and its mirror, or below zero."""


@dataclass(frozen=True, slots=True, eq=False)
class ParametricRisk:
    """A figure and its parts; losses positive, in the currency of the exposures."""

    total: float
    standalone: FloatArray
    """Of each position alone, [positions]."""
    component: FloatArray
    """Parts that add up to `total`, [positions]: exposure times marginal."""
    marginal: FloatArray
    """Derivative of the total in each exposure, [positions]: per unit of currency."""
    incremental: FloatArray
    """The total less the total without the position, [positions]."""
    standard_deviation: float
    """Of profit and loss over the horizon."""
    confidence: float
    horizon_days: float
    notes: tuple[str, ...]


def parametric(values: ArrayLike, covariance: ArrayLike, confidence: float, horizon_days: float = 1) -> ParametricRisk:
    """Value at risk of exposures `values` [positions] to returns of daily `covariance` [positions, positions].

    Exposures are signed amounts of currency; the horizon scales the covariance. A book without positions has 0.
    Raises InvalidValueError for shapes, for a covariance that is not symmetric or not positive semidefinite, and for
    what is out of bounds.
    """
    from scipy.special import ndtri

    return _risk(values, covariance, confidence, horizon_days, -float(ndtri(float(checked_confidence(confidence)))))


def expected_shortfall(
    values: ArrayLike, covariance: ArrayLike, confidence: float, horizon_days: float = 1
) -> ParametricRisk:
    """As `parametric`, for the mean beyond: n(z) / (1 - confidence) standard deviations."""
    from scipy.special import ndtri

    tail = float(checked_confidence(confidence))
    z = float(ndtri(tail))
    multiple = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi) / tail
    return _risk(values, covariance, confidence, horizon_days, multiple)


def checked_covariance(covariance: ArrayLike, size: int, field: str = "covariance") -> FloatArray:
    """`covariance` as float64, [size, size]. Raises InvalidValueError, as `parametric` says."""
    matrix = np.asarray(covariance, np.float64)
    if matrix.shape != (size, size):
        raise InvalidValueError(field, f"shape {matrix.shape}", f"[{size}, {size}]")
    if not np.isfinite(matrix).all():
        raise InvalidValueError(field, "nan or infinite", "finite", int(np.nonzero(~np.isfinite(matrix))[0][0]))
    unlike = np.abs(matrix - matrix.T)
    if size and unlike.max() > _slack(matrix):
        row, column = np.unravel_index(int(unlike.argmax()), matrix.shape)
        pair = f"{matrix[row, column]} and {matrix[column, row]} at columns {row} and {column}"
        raise InvalidValueError(field, pair, "symmetric", int(row))
    return matrix


def factor_of(covariance: FloatArray, field: str = "covariance") -> FloatArray:
    """A with A A' = `covariance`, [size, size], by eigenvectors. Raises InvalidValueError for a negative eigenvalue."""
    variances, directions = np.linalg.eigh(covariance)
    if variances.size and variances[0] < -_slack(covariance) * variances.size:
        raise InvalidValueError(field, f"an eigenvalue of {variances[0]:.6g}", "positive semidefinite")
    factor: FloatArray = directions * np.sqrt(np.maximum(variances, 0.0))
    return factor


def _slack(matrix: FloatArray) -> float:
    return _ASYMMETRY * max(float(np.abs(np.diag(matrix)).max()), float(np.finfo(np.float64).tiny))


def checked_horizon(horizon_days: float) -> float:
    """Raises InvalidValueError where it is not positive and finite."""
    if not 0.0 < horizon_days < math.inf:
        raise InvalidValueError("horizon_days", horizon_days, "positive and finite")
    return float(horizon_days)


def _risk(
    values: ArrayLike, covariance: ArrayLike, confidence: float, horizon_days: float, multiple: float
) -> ParametricRisk:
    exposures = np.asarray(values, np.float64)
    if exposures.ndim != 1 or not np.isfinite(exposures).all():
        raise InvalidValueError("values", f"shape {exposures.shape}", "finite, [positions]")
    matrix = checked_covariance(covariance, exposures.size) * checked_horizon(horizon_days)
    parts = factor_of(matrix) * exposures[:, None]
    whole = parts.sum(axis=0)
    deviation = float(np.linalg.norm(whole))
    weighted = matrix @ exposures
    scale = multiple / deviation if deviation > 0.0 else 0.0
    return ParametricRisk(
        total=multiple * deviation,
        standalone=multiple * np.linalg.norm(parts, axis=1),
        component=scale * exposures * weighted,
        marginal=scale * weighted,
        incremental=multiple * (deviation - np.linalg.norm(whole - parts, axis=1)),
        standard_deviation=deviation,
        confidence=confidence,
        horizon_days=horizon_days,
        notes=() if exposures.size else (EMPTY_BOOK,),
    )
