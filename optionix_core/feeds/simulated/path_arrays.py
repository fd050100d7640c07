"""Spots and variances at many ticks at once: the array twin of `SpotPath.state`, the same bits.

Every step repeats the scalar's operations in its order; logarithms and exponentials go through the same C
library one by one, because a vector library's last bit may differ. Used for history, where tens of
thousands of ticks are asked for together.
"""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optionix_core.feeds.simulated.noise import normals
from optionix_core.feeds.simulated.path import BLOCK, LEVELS, VARIANCE_LEVELS, YEAR_TICKS, Block, SpotPath

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]
Ticks = NDArray[np.int64]


def states(path: SpotPath, ticks: Ticks) -> tuple[Floats, Floats]:
    """(spots in USD, variances per year) at each of `ticks`, shape (n,), any order."""
    log_variance = np.empty(len(ticks))
    log_spot = np.empty(len(ticks))
    numbers = ticks >> LEVELS
    for number in np.unique(numbers).tolist():
        rows = np.flatnonzero(numbers == number)
        log_variance[rows], log_spot[rows] = _block_states(path, number, ticks[rows])
    spots = [round(exp(value), 2) for value in log_spot.tolist()]
    variances = [round(exp(value), 10) for value in log_variance.tolist()]
    return np.array(spots), np.array(variances)


def _block_states(path: SpotPath, number: int, ticks: Ticks) -> tuple[Floats, Floats]:
    block, after = path.block(number), path.block(number + 1)
    mean_v, mean_s = path.variance_mean, path.spot_mean
    low = np.full(len(ticks), number << LEVELS, dtype=np.int64)
    v_low = np.full(len(ticks), block.log_variance - mean_v)
    s_low = np.full(len(ticks), block.log_spot - mean_s)
    v_high = np.full(len(ticks), after.log_variance - mean_v)
    s_high = np.full(len(ticks), after.log_spot - mean_s)
    size = BLOCK
    for level in range(LEVELS):
        if (low == ticks).all():
            break  # each is the start of its interval: halving on would leave it where it is
        size >>= 1
        bridge = path.bridges[level]
        middle = low + size
        different, first, place = np.unique(middle, return_index=True, return_inverse=True)
        noise = normals(path.spot_key, different)
        v_middle = (v_low[first] + v_high[first]) * bridge.variance_share
        if level < VARIANCE_LEVELS:
            shock = normals(path.variance_key, different)
            v_middle = v_middle + bridge.variance_scale * shock
            noise = path.correlation * shock + path.complement * noise
        kicks = _shot(block.variance_shot, _variances(block), path.underlying.variance_speed, different)
        volatility = _exp(0.5 * (v_middle + mean_v + kicks))
        s_middle = (s_low[first] + s_high[first]) * bridge.spot_share + bridge.spot_scale * volatility * noise
        v_middle, s_middle = v_middle[place], s_middle[place]
        right = ticks >= middle
        low = np.where(right, middle, low)
        v_low, v_high = np.where(right, v_middle, v_low), np.where(right, v_high, v_middle)
        s_low, s_high = np.where(right, s_middle, s_low), np.where(right, s_high, s_middle)
    shot_v = _shot(block.variance_shot, _variances(block), path.underlying.variance_speed, ticks)
    shot_s = _shot(block.spot_shot, [(jump.tick, jump.spot) for jump in block.jumps], path.underlying.spot_speed, ticks)
    return v_low + mean_v + shot_v, s_low + mean_s + shot_s


def _variances(block: Block) -> list[tuple[int, float]]:
    return [(jump.tick, jump.variance) for jump in block.jumps]


def _shot(at_start: float, jumps: Sequence[tuple[int, float]], speed: float, ticks: Ticks) -> Floats:
    """What is left at each of `ticks` of the jumps (tick and size) of their block and of the earlier ones."""
    start = int(ticks[0]) >> LEVELS << LEVELS
    shot = at_start * _exp(-speed * ((ticks - start) / YEAR_TICKS))
    for tick, size in jumps:
        later = np.flatnonzero(tick <= ticks)
        shot[later] += size * _exp(-speed * ((ticks[later] - tick) / YEAR_TICKS))
    return shot


def _exp(values: Floats) -> Floats:
    return np.array([exp(value) for value in values.tolist()])
