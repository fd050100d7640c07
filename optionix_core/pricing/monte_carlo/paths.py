"""Paths as arrays, for methods that need all of them at once, such as regression on American exercise.

Contracts that need a path once only are priced by `MonteCarloSimulator`, which never holds the paths.

Paths are numbered without end: path n of a seed is the same whatever else is asked for, in blocks of 256. Under
`antithetic` the second half of every block mirrors the first, in a last block of r paths its second r / 2;
`pair_means` averages values of paths over such pairs, whose means are independent.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing._arrays import FloatArray
from optionix_core.pricing.contracts._contract import LONGEST
from optionix_core.pricing.dividends import schedule
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models.bates import BatesModel
from optionix_core.pricing.models.heston import HestonModel
from optionix_core.pricing.monte_carlo import _layout as at
from optionix_core.pricing.monte_carlo._model_steps import Model, breaks, longest_step, model_steps, needs_fine_steps
from optionix_core.pricing.monte_carlo._plan import (
    BLOCK,
    LARGEST_SEED,
    MOST_PATHS,
    MOST_STEPS,
    check_reach,
    check_sampler,
    plan_of,
    refined,
    whole,
)

STEPS_A_YEAR = 100
"""Fewest for schemes that are exact in the limit of small steps, and fewest in all."""


def simulate(
    model: Model,
    market: FlatMarket,
    times: Sequence[float],
    paths: int,
    seed: int,
    *,
    antithetic: bool = False,
    sampler: str = "random",
    first_path: int = 0,
    workers: int | None = None,
    steps: int | None = None,
    randomisation: int = 0,
) -> FloatArray:
    """Prices at `times`, years from now and increasing, the first zero or more: shape (len(times), paths).

    `steps` is the fewest up to the last time; by default one for each time, and for schemes that are not exact (Heston,
    Bates, square root, local volatility) at least 100 and 100 a year. `first_path` is a multiple of 256.
    `randomisation` numbers independent sets of paths under one seed, up to 2^20; with `sampler="sobol"` independent
    scramblings of the points. Raises InvalidValueError, naming field, value and bound.
    """
    prices: FloatArray = _simulated(
        model,
        market,
        times,
        paths,
        seed,
        antithetic=antithetic,
        sampler=sampler,
        first_path=first_path,
        workers=workers,
        steps=steps,
        randomisation=randomisation,
        parts=1,
    )[0]
    return prices


def simulate_with_variance(
    model: HestonModel | BatesModel,
    market: FlatMarket,
    times: Sequence[float],
    paths: int,
    seed: int,
    *,
    antithetic: bool = False,
    sampler: str = "random",
    first_path: int = 0,
    workers: int | None = None,
    steps: int | None = None,
    randomisation: int = 0,
) -> tuple[FloatArray, FloatArray]:
    """Prices and variances, each of shape (len(times), paths); the prices are those of `simulate`."""
    if not isinstance(model, HestonModel | BatesModel):
        raise InvalidValueError("model", type(model).__name__, "HestonModel or BatesModel, which have a variance")
    prices, variances = _simulated(
        model,
        market,
        times,
        paths,
        seed,
        antithetic=antithetic,
        sampler=sampler,
        first_path=first_path,
        workers=workers,
        steps=steps,
        randomisation=randomisation,
        parts=2,
    )
    return prices, variances


def pair_means(values: FloatArray) -> FloatArray:
    """Means over antithetic pairs of the last axis, which holds an even number of paths from a block's start on."""
    paths = values.shape[-1]
    if paths % 2:
        raise InvalidValueError("paths", paths, "even")
    full = paths // BLOCK * BLOCK
    blocks = values[..., :full].reshape(*values.shape[:-1], -1, 2, BLOCK // 2)
    means = 0.5 * (blocks[..., 0, :] + blocks[..., 1, :])
    half = (paths - full) // 2
    rest = 0.5 * (values[..., full : full + half] + values[..., full + half :])
    result: FloatArray = np.concatenate([means.reshape(*values.shape[:-1], full // 2), rest], axis=-1)
    return result


def _simulated(
    model: Model,
    market: FlatMarket,
    times: Sequence[float],
    paths: int,
    seed: int,
    *,
    antithetic: bool,
    sampler: str,
    first_path: int,
    workers: int | None,
    steps: int | None,
    randomisation: int,
    parts: int,
) -> FloatArray:
    paths = whole("paths", paths, 1, MOST_PATHS)
    seed = whole("seed", seed, 0, LARGEST_SEED)
    first_path = whole("first_path", first_path, 0, MOST_PATHS)
    randomisation = whole("randomisation", randomisation, 0, 2**20)
    check_sampler(sampler, antithetic=antithetic)
    if first_path % BLOCK:
        raise InvalidValueError("first_path", first_path, f"a multiple of {BLOCK}")
    if antithetic and paths % 2:
        raise InvalidValueError("paths", paths, "even with antithetic pairs")
    wanted = _checked_times(times)
    later = [time for time in wanted if time > 0.0]
    out = np.empty((parts, len(wanted), paths))
    now = len(wanted) - len(later)
    out[0, :now] = market.spots[0]
    if parts == 2 and isinstance(model, HestonModel | BatesModel):
        out[1, :now] = model.v0
    if later:
        ends = _ends(model, market, later, steps)
        moved = model_steps(model, market, ends)
        moved.table[at.WEIGHT, np.searchsorted(ends, later)] = 1.0
        plan = plan_of(
            moved,
            ends,
            seed=seed,
            sampler=sampler,
            antithetic=antithetic,
            randomisation=randomisation,
            codes={at.OBSERVER: at.RECORD, at.RECORDED: parts, at.TIMES: len(later)},
        )
        filled = plan.run(first_path // BLOCK, paths, parts * len(later), workers)
        if now == 0 and parts == 1:
            return filled[None]
        out[:, now:] = filled.reshape(parts, len(later), paths)
    return out


def _checked_times(times: Sequence[float]) -> list[float]:
    wanted = [float(time) for time in times]
    if not wanted:
        raise InvalidValueError("times", "()", "at least one")
    for row, time in enumerate(wanted):
        if not 0.0 <= time <= LONGEST:
            raise InvalidValueError("times", time, f"from 0 to {LONGEST:g} years", row)
        if row and not time > wanted[row - 1]:
            raise InvalidValueError("times", time, f"above the time before it, {wanted[row - 1]}", row)
    check_reach("times", wanted[-1])
    return wanted


def _ends(model: Model, market: FlatMarket, later: list[float], steps: int | None) -> tuple[float, ...]:
    last = later[-1]
    fewest = max(STEPS_A_YEAR, int(np.ceil(STEPS_A_YEAR * last))) if needs_fine_steps(model) else 1
    if steps is not None:
        fewest = whole("steps", steps, 1, MOST_STEPS)
    paid = [time for time in schedule(market.dividends).times if time < last]
    longest = min(last / fewest, longest_step(model))
    return refined(sorted({*later, *paid, *breaks(model, last)}), longest)
