"""Every call of a local volatility from one march forward in time: Dupire's equation for prices in strike and expiry.

With c(K, t) the undiscounted call of strike K F(t) over the forward F(t),

    dc / dt = sigma^2(ln K, t) K^2 c'' / 2,      c(K, 0) = (1 - K)+

(B. Dupire, Risk 7 (1994) 18). It needs no carry, gives all strikes at once and shares nothing with the backward grids
and the simulation of `pricing` but the volatility, so that it checks them; it also gives a model's own smiles.
Differences of three points in K are exact for 1 and K, so that forwards stay; steps are even in the root of time, end
at jumps of the volatility, and begin with implicit halves. Two grids, the finer with half the steps of the other, are
extrapolated.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from optionix_core.volatility.local.model import LocalVolatilityModel

    FloatArray = NDArray[np.float64]

WIDEST = 7.0
"""Deviations, of the highest volatility along the way among likely prices, that the grid reaches."""
IMPLICIT = 2
"""First steps, split in implicit halves."""
LEAST_STEPS = 2
"""Between two stops of the march, on the coarser grid."""


def calls(
    model: LocalVolatilityModel,
    expiries: ArrayLike,
    log_moneyness: ArrayLike,
    *,
    space_points: int = 400,
    time_steps: int = 200,
) -> FloatArray:
    """Undiscounted calls over the forward: shape (expiries, strikes) for strikes e^k F(t).

    `expiries` increase, above zero; `log_moneyness` has shape (strikes,) or (expiries, strikes). Sizes are those of the
    finer grid, which ends at the last expiry. Raises InvalidValueError, naming field, value and bound.
    """
    times = np.atleast_1d(np.asarray(expiries, np.float64))
    if times.ndim != 1 or not (times.size and times[0] > 0.0 and np.all(np.diff(times) > 0.0)):
        raise InvalidValueError("expiries", times.tolist(), "increasing, above zero")
    k = np.broadcast_to(np.asarray(log_moneyness, np.float64), (times.size, np.shape(log_moneyness)[-1]))
    for name, size in (("space_points", space_points), ("time_steps", time_steps)):
        if isinstance(size, bool) or not isinstance(size, int) or not 16 <= size <= 20_000:
            raise InvalidValueError(name, size, "a whole number from 16 to 20,000")
    coarse, fine = (_march(model, times, k, space_points // 4 * 2, time_steps // 2, size) for size in (1, 2))
    found: FloatArray = fine + (fine - coarse) / 3.0
    return found


def implied_volatility(
    model: LocalVolatilityModel,
    expiries: ArrayLike,
    log_moneyness: ArrayLike,
    *,
    space_points: int = 400,
    time_steps: int = 200,
) -> FloatArray:
    """Implied volatilities of `calls`, of its shape; nan where a price is lost in the grid's error."""
    from optionix_core.pricing.implied_volatility import implied_volatility as black

    prices = calls(model, expiries, log_moneyness, space_points=space_points, time_steps=time_steps)
    times = np.atleast_1d(np.asarray(expiries, np.float64))[:, None]
    strikes = np.exp(np.broadcast_to(np.asarray(log_moneyness, np.float64), prices.shape))
    side = np.where(strikes >= 1.0, 1, -1)
    out = np.where(strikes >= 1.0, prices, prices - 1.0 + strikes)
    return np.asarray(black(side, out, 1.0, strikes, np.broadcast_to(times, prices.shape), 0.0, 0.0))


def _march(
    model: LocalVolatilityModel, times: FloatArray, k: FloatArray, nodes: int, steps: int, refinement: int
) -> FloatArray:
    """Values on the grid that is `refinement` times `nodes` and `steps`."""
    from scipy.interpolate import CubicSpline
    from scipy.linalg import solve_banded

    logs = _nodes(model, times, nodes * refinement)
    strikes = np.exp(logs)
    down, up = np.diff(strikes)[:-1], np.diff(strikes)[1:]
    low, high = strikes[1:-1] ** 2 / (down * (down + up)), strikes[1:-1] ** 2 / (up * (down + up))
    values = np.maximum(1.0 - strikes, 0.0)
    edges = _edges(model, times, steps, refinement)
    ends = dict(zip(np.searchsorted(edges, times).tolist(), range(times.size), strict=True))
    found = np.empty(k.shape)
    bands = np.zeros((3, strikes.size))
    bands[1] = 1.0
    for step, (start, end) in enumerate(pairwise(edges.tolist()), 1):
        size = end - start
        variance = model.local_variance(logs[1:-1], 0.5 * (start + end))
        weight = 1.0 if step <= 2 * IMPLICIT else 0.5
        a, b = size * variance * low, size * variance * high
        right = values.copy()
        change = np.diff(values)
        right[1:-1] += (1.0 - weight) * (b * change[1:] - a * change[:-1])
        bands[2, :-2], bands[0, 2:] = -weight * a, -weight * b
        bands[1, 1:-1] = 1.0 + weight * (a + b)
        values = solve_banded((1, 1), bands, right, check_finite=False)
        if step in ends:
            found[ends[step]] = CubicSpline(logs, values)(k[ends[step]])
    return found


def _nodes(model: LocalVolatilityModel, times: FloatArray, count: int) -> FloatArray:
    """Log-moneyness, dense around zero at the scale of the first expiry; zero is a node of an even count."""
    first, last = float(times[0]), float(times[-1])
    even = (np.arange(16) + 0.5) / 16.0
    plain = math.sqrt(float(np.mean(model.local_variance(0.0, last * even))) * last)
    likely = model.local_variance(np.linspace(-2.5, 2.5, 21) * plain, last * even[:, None])
    reach = WIDEST * min(math.sqrt(float(np.mean(likely.max(axis=1))) * last), 3.0 * plain)
    if not reach > 0.0:
        raise InvalidValueError("model", reach, "of positive volatility at the money")
    start = math.sqrt(float(np.mean(model.local_variance(0.0, first * even))) * first)
    width = max(2.0 * start, 1e-3 * reach)
    top = math.asinh(reach / width)
    found: FloatArray = width * np.sinh(np.linspace(-top, top, count + 1))
    return found


def _edges(model: LocalVolatilityModel, times: FloatArray, steps: int, refinement: int) -> FloatArray:
    """Of the steps; the first ones are split in halves."""
    last = float(times[-1])
    stops = np.sqrt(np.union1d(np.append(0.0, times), [one for one in model.breaks if one < last]))
    edges = [np.zeros(1)]
    for start, stop in pairwise(stops.tolist()):
        parts = max(math.ceil(steps * (stop - start) / stops[-1]), LEAST_STEPS) * refinement
        edges.append(np.linspace(start, stop, parts + 1)[1:] ** 2)
        edges[-1][-1] = stop**2
    every = np.concatenate(edges)
    every[np.searchsorted(every, times * (1.0 - 1e-12))] = times
    halves = 0.5 * (every[:IMPLICIT] + every[1 : IMPLICIT + 1])
    return np.sort(np.concatenate([every, halves]))
