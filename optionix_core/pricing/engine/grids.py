"""Finite differences as a method of the engine: sizes by accuracy, delta, gamma and theta off the grid."""

from __future__ import annotations

import math

from optionix_core.errors import InvalidValueError
from optionix_core.pricing.engine.result import Outcome, Request

SIZES = {"fast": (100, 50, 32), "standard": (400, 200, 64), "high": (1600, 800, 96)}
"""Intervals in the price, steps in time, intervals in the variance (where there is one), by accuracy."""
GIVEN = ("delta", "gamma", "theta")
PIECES = 1000
"""Of the work, as `progress` hears it."""


def solve(request: Request) -> Outcome:
    """`FiniteDifferenceSolver`: its error is an estimate from two grids, larger than that of the extrapolated price."""
    from optionix_core.pricing.finite_difference import solver

    settings, progress = request.settings, request.progress
    space, steps, variance = SIZES[settings.accuracy]
    space = space if settings.space_steps is None else settings.space_steps
    steps = steps if settings.steps is None else settings.steps
    heard = None if progress is None else lambda fraction: progress(int(fraction * PIECES), PIECES)
    found = solver.FiniteDifferenceSolver(
        space_points=space if not hasattr(request.model, "v0") else max(space // 2, solver.LEAST_POINTS),
        time_steps=steps if not hasattr(request.model, "v0") else max(steps // 4, solver.LEAST_STEPS),
        variance_points=variance,
    ).price(request.contract, request.model, request.market, heard, request.cancel)
    if not math.isfinite(found.price):
        raise InvalidValueError("steps", steps, f"enough for a finite price (space_steps {space})")
    greeks = {name: getattr(found, name) for name in GIVEN if name in request.greeks}
    greeks = {name: value for name, value in greeks.items() if math.isfinite(value)}
    absent = [name for name in request.greeks if name not in greeks]
    missing = f"{', '.join(absent)}: a grid gives {', '.join(GIVEN)}" if absent else ""
    return Outcome(found.price, greeks, error_bound=found.error, missing=missing, text=found.method)
