"""What paths receive under an exercise policy, and the mean of it with its standard error.

Refuses to hold all paths: they are simulated and stopped some thousands at a time.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from optionix_core.errors import InterruptedByUserError
from optionix_core.pricing._arrays import FloatArray
from optionix_core.pricing._threads import processors, spread
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.monte_carlo import _lsm_states as states
from optionix_core.pricing.monte_carlo._lsm_controls import Controls
from optionix_core.pricing.monte_carlo._lsm_kernels import KERNELS
from optionix_core.pricing.monte_carlo._regression import WEIGHTS, Policy
from optionix_core.pricing.monte_carlo.paths import pair_means

Progress = Callable[[int, int], None]
"""Hears how many steps are done, of how many."""

CHUNK = 8192
"""Paths simulated and stopped at a time by one thread."""
LEAST_SPREAD = 1e-14
"""Of a control, over its size, below which it is a constant."""


class Meter:
    """Counts steps for `progress` and raises where `cancel` is set."""

    def __init__(self, steps: int, progress: Progress | None, cancel: threading.Event | None) -> None:
        self._steps = steps
        self._progress = progress
        self._cancel = cancel
        self._done = 0

    def check(self) -> None:
        """InterruptedByUserError where the user has cancelled."""
        if self._cancel is not None and self._cancel.is_set():
            raise InterruptedByUserError(f"stopped after {self._done} of {self._steps} steps")

    def advance(self, steps: int = 1) -> None:
        """`steps` more are done."""
        self.check()
        self._done += steps
        if self._progress is not None:
            self._progress(self._done, self._steps)


class Estimate(NamedTuple):
    """A mean and its standard error."""

    mean: float
    error: float


def stop(
    policy: Policy,
    spots: FloatArray,
    variances: FloatArray | None,
    market: FlatMarket,
    first_date: int = 0,
    workers: int | None = 1,
) -> FloatArray:
    """What paths receive under the policy from date number `first_date` on, seen from now.

    `spots` and `variances`, shape (dates from `first_date`, paths). Rows: payoff; exp((q - r) t) times the price where
    the path stops; exp(-r t) times that price where it is exercised, else zero; number of the date at which it stops.
    """
    times = np.array(policy.times[first_date:])
    out = np.empty((4, spots.shape[1]))
    carry = market.rate - market.yields[0]
    fixed = (
        policy.sign,
        policy.strike,
        spots,
        np.empty((0, 0)) if variances is None else variances,
        policy.rules[first_date:],
        np.exp(-market.rate * times),
        np.exp(-carry * times),
        policy.basis.degree,
        WEIGHTS[policy.basis.name],
        policy.basis.sources,
        out,
    )
    spread(partial(KERNELS.load("stop_rows"), *fixed), spots.shape[1], CHUNK, CHUNK, workers)
    out[:3] *= policy.strike
    out[3] += first_date
    return out


def taken(
    policy: Policy, market: FlatMarket, controls: Controls, spots: FloatArray, variances: FloatArray | None
) -> FloatArray:
    """Of paths that start now: payoffs, pathwise deltas, then controls."""
    rows = stop(policy, spots, variances, market)
    return np.stack([rows[0], rows[2] * (policy.sign / market.spots[0]), *controls.values(rows, spots[-1])])


def follow(
    policy: Policy,
    model: Any,
    market: FlatMarket,
    controls: Controls,
    count: int,
    stream: tuple[int, int],
    *,
    antithetic: bool,
    workers: int | None,
    meter: Meter,
) -> FloatArray:
    """`taken` of `count` fresh paths."""
    times = np.array(policy.times)
    result = np.empty((2 + controls.count, count))
    step = states.longest_step(model, policy.times[-1])

    def job(begin: int, first: int, last: int) -> None:
        for start in range(begin + first, begin + last, CHUNK):
            size = min(CHUNK, begin + last - start)
            simulated = states.simulate(
                model, market, times, size, stream, antithetic=antithetic, first_path=start, longest_step=step
            )
            result[:, start : start + size] = taken(policy, market, controls, *simulated)

    group = 2 * CHUNK * (processors() if workers is None else workers)
    for begin in range(0, count, group):
        size = min(group, count - begin)
        spread(partial(job, begin), size, CHUNK, states.PATH_BLOCK, workers)
        meter.advance(-(-size // CHUNK))
    return result


def estimates(rows: FloatArray, means: list[float], *, antithetic: bool) -> list[Estimate]:
    """Means of the rows before the last `len(means)`, which are controls with these means.

    Under `antithetic` errors are those of the means of pairs.
    """
    samples = pair_means(rows) if antithetic else rows
    count = samples.shape[1]
    first = len(rows) - len(means)
    average = samples.mean(axis=1)
    centred = samples - average[:, None]
    products = centred @ centred.T
    size = np.sqrt(np.diag(products))
    used = [k for k in range(first, len(rows)) if size[k] > LEAST_SPREAD * abs(average[k]) * math.sqrt(count)]
    away = average[used] - np.array(means)[[k - first for k in used]]
    found = []
    for k in range(first):
        mean, rest = float(average[k]), float(products[k, k])
        if used and rest > 0.0:
            matrix = products[np.ix_(used, used)] / np.outer(size[used], size[used])
            slopes = np.linalg.lstsq(matrix, products[used, k] / size[used], rcond=1e-12)[0]
            mean -= float(slopes @ (away / size[used]))
            rest -= float(slopes @ (products[used, k] / size[used]))
        freedom = max(count - 1 - len(used), 1)
        found.append(Estimate(mean, math.sqrt(max(rest, 0.0) / freedom / count)))
    return found
