"""The leverage that makes a stochastic volatility meet a local one, by particles.

All particles take one step at a time. Before each, the leverage at the nodes is

    L^2(t, x) = sigma_loc^2(t, x) / E[v | x],

the mean being that of the particles themselves (J. Guyon and P. Henry-Labordere, "Being Particular About Calibration",
Risk 25 (2012) 88; "Nonlinear Option Pricing" (2013), section 11.6); then vanillas of the two models agree (I. Gyongy,
Probab. Theory Relat. Fields 71 (1986) 501). x is log-moneyness, so that no carry enters. Steps are even in the root of
time and end where the local volatility jumps; within a step the local variance is that of its middle. Deterministic for
a seed, whatever the number of workers. Refuses a local volatility that vanishes at the money.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from optionix_core.errors import InterruptedByUserError, InvalidValueError
from optionix_core.pricing.models.leverage import LARGEST, LeverageGrid
from optionix_core.pricing.monte_carlo.particles import Particles
from optionix_core.volatility.stochastic_local.regression import REACH, Regression

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.pricing.models.heston import HestonModel
    from optionix_core.volatility.local.model import LocalVolatilityModel

    FloatArray = NDArray[np.float64]

LOWEST = 0.02
"""Of the mean variance: a conditional mean below that is taken as this."""


class Flag(Protocol):
    """Something like threading.Event."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


class Notes(NamedTuple):
    """How a leverage came about."""

    particles: int
    seed: int
    nodes: int
    """Of the whole grid."""
    unseen: int
    """Nodes that too few particles came near, whose mean is that of the nearest seen one."""
    floored: int
    """Nodes whose conditional mean was below a fiftieth of the mean variance, and was taken as that."""


def calibrate(
    variance: HestonModel,
    local: LocalVolatilityModel,
    horizon: float,
    *,
    particles: int,
    steps: int,
    nodes: int,
    seed: int,
    workers: int | None = None,
    progress: Callable[[float], None] | None = None,
    cancel: Flag | Callable[[], bool] | None = None,
) -> tuple[LeverageGrid, Notes]:
    """The leverage up to `horizon` years. Raises InterruptedByUserError once `cancel` is set, or returns true."""
    edges = step_edges(local, horizon, steps)
    count = edges.size - 1
    cloud = Particles(variance, particles, seed, workers)
    regression = Regression.of(nodes, particles)
    middles = 0.5 * (edges[1:] + edges[:-1])
    sizes = np.diff(edges)
    money = local.local_variance(0.0, middles)
    if not np.all(money > 0.0):
        place = int(np.flatnonzero(~(money > 0.0))[0])
        raise InvalidValueError("local", 0.0, f"of positive variance at the money (time {middles[place]:g})")
    starts, spacings, values = np.empty(count), np.empty(count), np.empty((count, nodes))
    unseen = floored = 0
    for step in range(count):
        stop_if(cancel)
        state = cloud.state
        centre = float(state.mean())
        deviation = math.sqrt(float(np.mean((state - centre) ** 2)))
        deviation = max(deviation, math.sqrt(float(money[step] * sizes[step])))
        found = regression.means((state - centre) / deviation, cloud.variance)
        least = LOWEST * float(cloud.variance.mean())
        low = found.values < least
        unseen += int((~found.known).sum())
        floored += int(low.sum())
        x = centre + deviation * regression.places
        wanted = local.local_variance(x, middles[step])
        values[step] = np.minimum(np.sqrt(wanted / np.maximum(found.values, max(least, 1e-12))), LARGEST)
        starts[step], spacings[step] = x[0], deviation * (2.0 * REACH / (nodes - 1))
        cloud.advance(float(sizes[step]), float(x[0]), float(spacings[step]), values[step])
        if progress is not None:
            progress((step + 1) / count)
    return LeverageGrid(edges, starts, spacings, values), Notes(particles, seed, count * nodes, unseen, floored)


def step_edges(local: LocalVolatilityModel, horizon: float, steps: int) -> FloatArray:
    """About `steps` steps to `horizon`, even in the root of time between jumps of the local volatility."""
    breaks = [one for one in local.breaks if one < horizon * (1.0 - 1e-9)]
    stops = np.sqrt(np.array([0.0, *breaks, horizon]))
    parts = np.maximum(np.ceil(steps * np.diff(stops) / stops[-1] - 1e-9), 1).astype(np.int64)
    pieces = [np.linspace(a, b, n + 1)[1:] ** 2 for a, b, n in zip(stops[:-1], stops[1:], parts, strict=True)]
    for piece, stop in zip(pieces, [*breaks, horizon], strict=True):
        piece[-1] = stop
    return np.concatenate([[0.0], *pieces])


def stop_if(cancel: Flag | Callable[[], bool] | None) -> None:
    """Raises InterruptedByUserError where `cancel` says so."""
    if cancel is not None and (cancel() if callable(cancel) else cancel.is_set()):
        raise InterruptedByUserError("calibration stopped; nothing was kept")
