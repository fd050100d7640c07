"""Volatility of each day as the days before it tell it, and histories brought to the volatility of today.

"ewma": variance(t) = decay variance(t-1) + (1 - decay) r(t-1)^2, decay 0.94 (RiskMetrics Technical Document, 4th ed.
1996, eq. 5.3), from the mean square on. "garch": variance(t) = omega + alpha r(t-1)^2 + beta variance(t-1) (T.
Bollerslev, J. Econometrics 31 (1986) 307), by maximum of the normal likelihood with its gradient, from the mean square
on. Returns have mean zero: what has another is the caller's to take off.

Refuses histories without movement and too short ones: `LEAST_DAYS` for a fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.risk._random import FILTERED, uniforms
from optionix_core.risk._tails import FloatArray

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

FilterModel = Literal["ewma", "garch"]
FILTER_MODELS: tuple[str, ...] = get_args(FilterModel)
RISKMETRICS_DECAY = 0.94
LEAST_DAYS = 100
"""Fewer tell nothing of a likelihood of three numbers."""
_GRID = tuple(
    (alpha, beta)
    for alpha in (0.005, 0.02, 0.05, 0.1, 0.2, 0.4)
    for beta in (0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.98)
    if alpha + beta < 0.999
)
_STARTS = 4
"""The likelihood has several tops where volatility hardly clusters: the best of the grid are climbed from."""
_LEAST_OMEGA = 1e-8
"""Of the mean square."""
_MOST_PERSISTENCE = 0.99999


@dataclass(frozen=True, slots=True, eq=False)
class GarchFit:
    """GARCH(1,1) of one history."""

    omega: float
    alpha: float
    beta: float
    log_likelihood: float
    """Normal, constants included."""
    standard_errors: tuple[float, float, float]
    """Of omega, alpha, beta, from the sum of products of the scores (BHHH); nan where a parameter lies on its bound."""
    variance: FloatArray
    """Of each day and, last, the forecast of the next: days + 1."""

    def filtered(self, returns: ArrayLike) -> FloatArray:
        """Variance of each day of other `returns`, [days], and the forecast, by these parameters: [days + 1]."""
        squares = np.square(_moving(returns, 1))
        start = squares.mean(axis=-1, keepdims=True)
        return _recurrence(self.omega + self.alpha * squares, start, self.beta)

    @property
    def persistence(self) -> float:
        """Alpha + beta: how much of a shock to variance is left a day later."""
        return self.alpha + self.beta

    @property
    def long_run_variance(self) -> float:
        """Of a day: omega / (1 - alpha - beta)."""
        return self.omega / (1.0 - self.persistence)


def ewma_variance(returns: ArrayLike, decay: float = RISKMETRICS_DECAY) -> FloatArray:
    """Variance of each day and, last, the forecast of the next; [..., days] to [..., days + 1]."""
    if not 0.0 < decay < 1.0:
        raise InvalidValueError("decay", decay, "between 0 and 1, both excluded")
    squares = np.square(_moving(returns, 1))
    return _recurrence((1.0 - decay) * squares, squares.mean(axis=-1, keepdims=True), decay)


def garch(returns: ArrayLike) -> GarchFit:
    """The fit to one history, [days].

    Raises MissingDataError below `LEAST_DAYS` days, InvalidValueError for returns that are not finite or do not move.
    """
    from scipy.optimize import LinearConstraint, minimize

    history = _moving(returns, LEAST_DAYS)
    if history.ndim != 1:
        raise InvalidValueError("returns", f"shape {history.shape}", "[days]")
    scale = float(np.mean(np.square(history)))
    squares = np.square(history) / scale
    within = LinearConstraint(np.array([[0.0, 1.0, 1.0]]), -np.inf, _MOST_PERSISTENCE)
    best = None
    starts = sorted(_GRID, key=lambda pair: float(_scores(_targeted(pair), squares)[0].mean()))[:_STARTS]
    for pair in starts:
        fit = minimize(
            _negative_likelihood,
            _targeted(pair),
            args=(squares,),
            jac=True,
            method="SLSQP",
            bounds=((_LEAST_OMEGA, 10.0), (0.0, 1.0), (0.0, _MOST_PERSISTENCE)),
            constraints=(within,),
            options={"ftol": 1e-12, "maxiter": 500},
        )
        if np.isfinite(fit.fun) and (best is None or fit.fun < best.fun):
            best = fit
    if best is None:
        raise DomainError(f"no GARCH(1,1) fits these {history.size} returns: the likelihood has no maximum")
    omega, alpha, beta = (float(value) for value in np.maximum(best.x, (_LEAST_OMEGA, 0.0, 0.0)))
    days = history.size
    constants = -0.5 * days * (np.log(2.0 * np.pi) + np.log(scale))
    return GarchFit(
        omega=omega * scale,
        alpha=alpha,
        beta=beta,
        log_likelihood=float(constants - 0.5 * days * best.fun),
        standard_errors=_standard_errors(np.array([omega, alpha, beta]), squares, scale),
        variance=_garch_variance(squares, omega, alpha, beta) * scale,
    )


def variances(returns: ArrayLike, model: FilterModel = "ewma") -> FloatArray:
    """Variance of each day and, last, the forecast, [..., days] to [..., days + 1], each history by its own fit."""
    if model not in FILTER_MODELS:
        raise UnknownNameError("volatility model", str(model), FILTER_MODELS)
    if model == "ewma":
        return ewma_variance(returns)
    history = np.asarray(returns, np.float64)
    if history.ndim == 1:
        return garch(history).variance
    return np.stack([variances(row, model) for row in history])


def rescaled(returns: ArrayLike, model: FilterModel = "ewma") -> FloatArray:
    """Each day times the forecast of volatility over the day's own, [..., days].

    J. Hull, A. White, J. Risk 1 (1998) 5.
    Raises InvalidValueError for returns that are not finite or do not move, MissingDataError for too short a history.
    """
    history = np.asarray(returns, np.float64)
    variance = variances(history, model)
    found: FloatArray = history * np.sqrt(variance[..., -1:] / variance[..., :-1])
    return found


def simulate_filtered(
    returns: ArrayLike,
    horizon_days: int,
    scenarios: int,
    seed: int,
    model: FilterModel = "garch",
    *,
    first: int = 0,
) -> FloatArray:
    """Moves over `horizon_days`, summed, [factors, scenarios], from `returns`, [factors, days], newest last.

    Filtered historical simulation (G. Barone-Adesi, K. Giannopoulos, L. Vosper, J. Futures Markets 19 (1999) 583):
    standardised residuals of whole past days, drawn anew for each day ahead, drive each factor's variance from its
    forecast on. Scenarios are counted from `first`, the same bits in any split. Raises as `rescaled`, and
    InvalidValueError for counts below one.
    """
    for field, value in (("horizon_days", horizon_days), ("scenarios", scenarios)):
        if value < 1:
            raise InvalidValueError(field, value, "at least 1")
    history = np.atleast_2d(np.asarray(returns, np.float64))
    if model not in FILTER_MODELS:
        raise UnknownNameError("volatility model", str(model), FILTER_MODELS)
    if model == "garch":
        fits = [garch(row) for row in history]
        variance = np.stack([fit.variance for fit in fits])
        omega, alpha, beta = (np.array([[getattr(fit, name)] for fit in fits]) for name in ("omega", "alpha", "beta"))
    else:
        variance = ewma_variance(history)
        omega, alpha, beta = (np.array([[each]]) for each in (0.0, 1.0 - RISKMETRICS_DECAY, RISKMETRICS_DECAY))
    residuals = history / np.sqrt(variance[:, :-1])
    picks = (uniforms(seed, FILTERED, first, scenarios, horizon_days) * history.shape[1]).astype(np.int64)
    ahead = np.repeat(variance[:, -1:], scenarios, axis=1)
    moved = np.zeros_like(ahead)
    for day in range(horizon_days):
        step = residuals[:, picks[:, day]] * np.sqrt(ahead)
        moved += step
        ahead = omega + alpha * np.square(step) + beta * ahead
    return moved


def _moving(returns: ArrayLike, least: int) -> FloatArray:
    history = np.asarray(returns, np.float64)
    if history.ndim not in {1, 2}:
        raise InvalidValueError("returns", f"shape {history.shape}", "[days] or [factors, days]")
    days = history.shape[-1]
    if days < max(least, 1):
        raise MissingDataError(f"{days} days of history where a volatility needs {max(least, 1)}")
    if not np.isfinite(history).all():
        row = int(np.nonzero(~np.isfinite(history))[-1][0])
        raise InvalidValueError("returns", history[..., row], "finite", row)
    if (np.square(history).mean(axis=-1) == 0.0).any():
        raise InvalidValueError("returns", 0.0, "moving on some day")
    return history


def _recurrence(driven: FloatArray, start: FloatArray, decay: float) -> FloatArray:
    """x(0) = start, x(t + 1) = driven(t) + decay x(t), along the last axis: a band of two, solved in one pass."""
    from scipy.linalg import solve_banded

    days = driven.shape[-1]
    band = np.ones((2, days + 1))
    band[1, :] = -decay
    right = np.concatenate([np.broadcast_to(start, (*driven.shape[:-1], 1)), driven], axis=-1)
    return np.asarray(solve_banded((1, 0), band, right.T, check_finite=False)).T


def _garch_variance(squares: FloatArray, omega: float, alpha: float, beta: float) -> FloatArray:
    return _recurrence(omega + alpha * squares, np.ones(1), beta)


def _targeted(pair: tuple[float, float]) -> FloatArray:
    """Omega, alpha, beta of which the long-run variance is the mean square, 1 in the units of a fit."""
    return np.array([1.0 - sum(pair), *pair])


def _scores(parameters: FloatArray, squares: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Terms ln v + r^2 / v, [days], and their derivatives in omega, alpha, beta, [3, days]."""
    omega, alpha, beta = parameters
    variance = _garch_variance(squares, omega, alpha, beta)[:-1]
    driven = np.stack([np.ones_like(squares), squares, variance])
    slopes = _recurrence(driven, np.zeros((1, 1)), beta)[:, :-1]
    terms = np.log(variance) + squares / variance
    return terms, (1.0 / variance - squares / np.square(variance)) * slopes


def _negative_likelihood(parameters: FloatArray, squares: FloatArray) -> tuple[float, FloatArray]:
    """Twice the negative log likelihood a day, without constants, and its gradient."""
    terms, slopes = _scores(parameters, squares)
    return float(terms.mean()), slopes.mean(axis=1)


def _standard_errors(parameters: FloatArray, squares: FloatArray, scale: float) -> tuple[float, float, float]:
    _, slopes = _scores(parameters, squares)
    if parameters[0] <= 2.0 * _LEAST_OMEGA or min(parameters[1:]) <= 0.0 or sum(parameters[1:]) >= _MOST_PERSISTENCE:
        return (float("nan"),) * 3
    information = 0.25 * slopes @ slopes.T
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    return float(errors[0]) * scale, float(errors[1]), float(errors[2])
