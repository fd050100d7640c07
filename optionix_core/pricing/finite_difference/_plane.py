"""A claim under Heston's model, carried back from expiry on one grid of price and variance.

Splitting in directions (ADI) with the mixed derivative explicit: the schemes of Craig and Sneyd, its modification, and
Hundsdorfer and Verwer, with the weights of K. in 't Hout and S. Foulon, Int. J. Numer. Anal. Model. 7 (2010) 303, and
the damping of K. in 't Hout and M. Wyns, J. Comput. Appl. Math. 296 (2016) 1. Exercise by the splitting of S. Ikonen
and J. Toivanen, Numer. Math. 113 (2009) 299, as T. Haentjens and K. in 't Hout, Appl. Math. Finance 22 (2015) 207.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing._arrays import constants
from optionix_core.pricing.finite_difference import _events, _line, _local, _mesh
from optionix_core.pricing.finite_difference._claims import Claim
from optionix_core.pricing.finite_difference._kernels import PLANE
from optionix_core.pricing.finite_difference._line import Solution
from optionix_core.pricing.finite_difference._schedule import step_sizes, stretches
from optionix_core.pricing.finite_difference._settings import Settings, Underlying, Watcher
from optionix_core.pricing.models.heston import HestonModel

FloatArray = NDArray[np.float64]

THIRD = 1.0 / 3.0
HALF_ROOT = 0.5 + math.sqrt(3.0) / 6.0
SCHEMES = {
    # weight of the implicit halves, corrections of the mixed derivative and of the whole, start of the second stage
    "craig-sneyd": (0.5, 0.5, 0.0, 0.0),
    "modified-craig-sneyd": (THIRD, THIRD, 0.5 - THIRD, 0.0),
    "hundsdorfer-verwer": (HALF_ROOT, 0.0, 0.5, 1.0),
}
TAIL = 12.5
"""Minus the logarithm of the chance that is left above the highest variance, about."""
VARIANCE_WIDTH = 0.02
"""Of the dense part of the variances over the highest."""
CHUNK = 1 << 22


def deviation(model: HestonModel, expiry: float) -> float:
    """Total deviation of the logarithm where the mean variance turns out a deviation higher than expected."""
    faded = -math.expm1(-model.kappa * expiry)
    early = faded / model.kappa if model.kappa * expiry > 1e-8 else expiry
    mean = model.theta * (expiry - early) + model.v0 * early
    level = max(model.theta * faded + model.v0 * (1.0 - faded), model.v0)
    spread = model.sigma * math.sqrt(level * min(0.5 * early, expiry))
    return math.sqrt(max(mean, 0.0) + spread * early)


def highest_variance(model: HestonModel, expiry: float) -> float:
    """Above which the variance ends up with a chance of about exp(-12.5): its law is a scaled noncentral chi-square."""
    faded = -math.expm1(-model.kappa * expiry)
    early = faded / model.kappa if model.kappa * expiry > 1e-8 else expiry
    scale = 0.25 * model.sigma**2 * early
    level = max(model.theta * faded + model.v0 * (1.0 - faded), model.v0)
    return (math.sqrt(level) + math.sqrt(2.0 * scale * TAIL)) ** 2


def variance_mesh(model: HestonModel, expiry: float, settings: Settings) -> _mesh.Mesh:
    """Dense around zero and the variance now, which is a node."""
    high = highest_variance(model, expiry)
    centres = (0.0, model.v0) if model.v0 > 0.0 else (0.0,)
    return _mesh.build(0.0, high, centres, VARIANCE_WIDTH * high, (model.v0,), settings.variance_intervals)


def solve(
    claim: Claim,
    market: Underlying,
    model: HestonModel,
    meshes: tuple[_mesh.Mesh, _mesh.Mesh],
    settings: Settings,
    refinement: tuple[int, int],
    watcher: Watcher,
) -> tuple[Solution, FloatArray, FloatArray]:
    """Solution at the variance now, the variances and all values.

    The grid is `refinement` times the settings' in space and in time.
    """
    spots = _line.price_nodes(meshes[0], claim, market, settings.intervals * refinement[0])
    variances = meshes[1].nodes(settings.variance_intervals * refinement[0])
    variances[np.abs(variances - model.v0) < 1e-9 * model.v0] = model.v0
    payoff = claim.payoff.at(spots)
    ends = _events.edges(claim, spots)
    line = _line.at_expiry(claim, spots, payoff, ends)
    values = np.repeat(line[None, :], len(variances), axis=0)
    at_expiry, parts = stretches(claim.expiry, market.dividends, claim.watched, settings.steps)
    for event in at_expiry:
        _events.apply(event, claim, spots, payoff, ends, values)
    parameters = constants((model.kappa, model.theta, model.sigma, model.rho))
    scheme = constants(SCHEMES[settings.scheme])
    kernel = PLANE.load("march_plane")
    weights, first = _row_weights(variances, model.v0)
    history: list[tuple[float, FloatArray]] = []
    for part in parts:
        multiplier = np.zeros_like(values)
        sizes, kinds = step_sizes(part, refinement[1], 0.5, settings.rannacher_steps)
        for some in _pieces(len(sizes), max(CHUNK // values.size, 1), last=part is parts[-1]):
            kernel(
                spots,
                variances,
                sizes[some],
                kinds[some],
                parameters,
                scheme,
                market.rate,
                market.dividend_yield,
                int(claim.american),
                payoff,
                ends,
                multiplier,
                values,
            )
            now = weights @ values[first : first + len(weights)]
            history.append((part.start + float(sizes[: some.stop].sum()), now))
            watcher.advance(float(values.size * len(sizes[some])))
        if part.end is not None:
            _events.apply(part.end, claim, spots, payoff, ends, values)
    greeks = _greeks(claim, market, spots, payoff, history[-3:])
    return Solution(spots, history[-1][1], greeks), variances, values


def _pieces(count: int, most: int, *, last: bool) -> list[slice]:
    """Steps in pieces of at most `most`, the last two of the life by themselves."""
    tail = 2 if last and count > 2 else 0
    starts = list(range(0, count - tail, most))
    pieces = [slice(first, min(first + most, count - tail)) for first in starts]
    return [*pieces, *(slice(k, k + 1) for k in range(count - tail, count))]


def _row_weights(variances: FloatArray, place: float) -> tuple[FloatArray, int]:
    left, weights = _events.cubic(variances, np.array([place]))
    return weights[:, 0], int(left[0])


def _greeks(
    claim: Claim, market: Underlying, spots: FloatArray, payoff: FloatArray, history: list[tuple[float, FloatArray]]
) -> tuple[float, float, float, float]:
    """At the spot; theta by the one-sided difference over the last two steps."""
    values = history[-1][1]
    first, last = 0, len(spots)
    if claim.american:
        exercised = _line.exercise_now(claim, market, spots, payoff, values)
        if exercised is not None:
            return exercised
        first, last = _line.smooth_part(_line.held(spots, payoff, values), int(np.argmin(np.abs(spots - market.spot))))
    price, delta, gamma = _local.derivatives(spots[first:last], values[first:last], market.spot)
    times = np.array([time for time, _ in history])
    prices = [_local.derivatives(spots[first:last], line[first:last], market.spot, 0)[0] for _, line in history]
    slope = np.polyder(np.polyfit(times - times[-1], prices, 2))
    return price, delta, gamma, -float(slope[-1])
