"""Spots and variances at many ticks at once: the array twin of `SpotPath.state`, the same bits.

Every step repeats the scalar's operations in its order; logarithms and exponentials go through the same C
library one by one, because a vector library's last bit may differ. Used for history, where tens of
thousands of ticks are asked for together.
"""

from __future__ import annotations

from math import exp

import numpy as np
from numpy.typing import NDArray

from optionix_core.feeds.simulated.noise import normals
from optionix_core.feeds.simulated.path import BLOCK, LEVELS, VARIANCE_LEVELS, YEAR_TICKS, Block, SpotPath

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
        size >>= 1
        bridge = path.bridges[level]
        middle = low + size
        different, place = np.unique(middle, return_inverse=True)
        noise = normals(path.spot_key, different)[place]
        v_middle = (v_low + v_high) * bridge.variance_share
        if level < VARIANCE_LEVELS:
            shock = normals(path.variance_key, different)[place]
            v_middle = v_middle + bridge.variance_scale * shock
            noise = path.correlation * shock + path.complement * noise
        kicks = _shots(path, block, different)[0][place]
        volatility = _exp(0.5 * (v_middle + mean_v + kicks))
        s_middle = (s_low + s_high) * bridge.spot_share + bridge.spot_scale * volatility * noise
        right = ticks >= middle
        low = np.where(right, middle, low)
        v_low, v_high = np.where(right, v_middle, v_low), np.where(right, v_high, v_middle)
        s_low, s_high = np.where(right, s_middle, s_low), np.where(right, s_high, s_middle)
    shot_v, shot_s = _shots(path, block, ticks)
    return v_low + mean_v + shot_v, s_low + mean_s + shot_s


def _shots(path: SpotPath, block: Block, ticks: Ticks) -> tuple[Floats, Floats]:
    start = int(ticks[0]) >> LEVELS << LEVELS
    slow, fast = path.underlying.spot_speed, path.underlying.variance_speed
    age = (ticks - start) / YEAR_TICKS
    variance = block.variance_shot * _exp(-fast * age)
    spot = block.spot_shot * _exp(-slow * age)
    for jump in block.jumps:
        later = jump.tick <= ticks
        age = np.where(later, ticks - jump.tick, 0) / YEAR_TICKS
        variance = np.where(later, variance + jump.variance * _exp(-fast * age), variance)
        spot = np.where(later, spot + jump.spot * _exp(-slow * age), spot)
    return variance, spot


def _exp(values: Floats) -> Floats:
    return np.array([exp(value) for value in values.tolist()])
