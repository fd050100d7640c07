"""Least squares within bounds, by Levenberg and Marquardt's method: few unknowns, derivatives given.

A coordinate that sits at a bound and would leave it is held there while the others move. Damping follows H. B. Nielsen,
"Damping Parameter in Marquardt's Method" (IMM-REP-1999-05), scaled by the diagonal (D. Marquardt, J. SIAM 11 (1963)
431). Deterministic. Refuses to judge whether an end point is the best one: callers start it from several places.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
LONGEST = 1.0
"""Largest step in any coordinate."""
DAMPING = 1e-3
PATIENCE = 4
"""Small gains in a row after which a descent ends, whatever linear theory promises."""
LEAST_DAMPED, MOST_DAMPED = 1e-12, 1e12

Residuals = Callable[[FloatArray], tuple[FloatArray, FloatArray] | None]
"""Residuals (m,) and their derivatives (unknowns, m) at a point; None where it cannot be evaluated."""


class Stop(NamedTuple):
    """When to end."""

    cost: float
    """Sum of squares below which nothing is left to gain."""
    gain: float
    """Relative gain of a step, in the sum of squares, below which it was the last."""
    step: float
    """Largest change of a coordinate below which it was the last."""
    iterations: int
    """At most so many."""
    arrived: Callable[[FloatArray], bool] | None = None
    """Says of a point whether the descent may end there."""


class Found(NamedTuple):
    """Where a descent ended."""

    point: FloatArray
    cost: float
    """Sum of squares of the residuals."""
    residual: FloatArray
    slopes: FloatArray
    """Derivatives of the residuals, shape (unknowns, residuals)."""
    iterations: int
    evaluations: int
    converged: bool


def descend(
    residuals: Residuals,
    start: FloatArray,
    low: FloatArray,
    high: FloatArray,
    stop: Stop,
    damping: float = DAMPING,
) -> Found | None:
    """From `start`, clipped to the bounds. None where not even the start can be evaluated."""
    point = np.minimum(np.maximum(start, low), high)
    first = residuals(point)
    if first is None:
        return None
    residual, slopes = first
    cost = float(residual @ residual)
    iterations, evaluations, converged, growth, small = 0, 1, cost <= stop.cost, 2.0, 0
    while not converged and iterations < stop.iterations:
        gradient, matrix = _normal(residual, slopes, point, low, high)
        if small and (small >= PATIENCE or _left(matrix, gradient) <= 3.0 * stop.gain * cost):
            converged = True
            break
        iterations += 1
        moved = False
        while damping <= MOST_DAMPED:
            step = _step(matrix, gradient, damping)
            tried = np.minimum(np.maximum(point + step, low), high)
            step = tried - point
            size = float(np.abs(step).max())
            if size <= 1e-15:
                break
            evaluations += 1
            answer = residuals(tried)
            predicted = -float(step @ (2.0 * gradient + matrix @ step))
            fresh = math.inf if answer is None else float(answer[0] @ answer[0])
            if answer is not None and fresh < cost:
                gain = cost - fresh
                ratio = gain / predicted if predicted > 0.0 else 1.0
                damping, growth = max(damping * max(1.0 / 9.0, 1.0 - (2.0 * ratio - 1.0) ** 3), LEAST_DAMPED), 2.0
                point, (residual, slopes), cost = tried, answer, fresh
                moved = True
                small = small + 1 if gain <= stop.gain * (cost + gain) else 0
                converged = cost <= stop.cost or size <= stop.step
                converged = converged or (stop.arrived is not None and stop.arrived(point))
                break
            if size <= stop.step or (predicted <= 0.1 * stop.gain * cost and fresh < math.inf):
                break
            damping, growth = damping * growth, growth * 2.0
        if not moved:
            converged = damping <= MOST_DAMPED
            break
    return Found(point, cost, residual, slopes, iterations, evaluations, converged)


def _normal(
    residual: FloatArray, slopes: FloatArray, point: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Half the gradient and half the curvature of the sum of squares, none where a bound holds a coordinate."""
    gradient, matrix = slopes @ residual, slopes @ slopes.T
    held = ((point <= low) & (gradient > 0.0)) | ((point >= high) & (gradient < 0.0))
    if held.any():
        gradient[held] = 0.0
        matrix[held, :] = 0.0
        matrix[:, held] = 0.0
    return gradient, matrix


def _left(matrix: FloatArray, gradient: FloatArray) -> float:
    """What an undamped step would gain, by linear theory."""
    return -float(gradient @ _step(matrix, gradient, LEAST_DAMPED))


def _step(matrix: FloatArray, gradient: FloatArray, damping: float) -> FloatArray:
    """No coordinate further than `LONGEST`."""
    damped = matrix.copy()
    damped.reshape(-1)[:: gradient.size + 1] = np.maximum(matrix.diagonal(), 1e-30) * (1.0 + damping)
    step: FloatArray = np.asarray(np.linalg.solve(damped, -gradient), dtype=np.float64)
    longest = float(np.abs(step).max())
    return step * (LONGEST / longest) if longest > LONGEST else step
