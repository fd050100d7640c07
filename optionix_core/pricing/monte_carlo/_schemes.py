"""One step of each model for all lanes of a block.

Affine: exact for lognormal, Vasicek and mean-reverting prices, x' = decay x + shift + spread z. Jumps: exact, since
given their number the step is normal. Heston: the quadratic-exponential scheme with martingale correction of L.
Andersen, "Simple and efficient simulation of the Heston stochastic volatility model", J. Comput. Finance 11 (2008) 1,
section 3.2 (psi_c = 1.5, gamma_1 = gamma_2 = 1/2) and proposition 9; where the correction does not exist it is left
out. The square-root process uses the same step of the variance, and so does a Heston variance under a leverage. Local
volatility: the explicit scheme of weak order two of E. Platen (P. Kloeden and E. Platen, "Numerical Solution of
Stochastic Differential Equations" (1992), (15.1.1)), in log price, volatilities linear between the nodes of a grid;
under a leverage the same in the clock of the variance.

Each leaves in SPREAD the variance of the state over the step given what is known of it, which bridges need. Random
numbers come in Z, ZV, U and N.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from optionix_core.pricing._lanes import lane_bell, lane_cdf, lane_exponential, lane_logarithm
from optionix_core.pricing.monte_carlo._layout import (
    BLOCK,
    DECAY,
    GRID_LAST,
    GRID_SCALE,
    GRID_START,
    JUMP_MEAN,
    JUMP_VARIANCE,
    K0,
    K1,
    K2,
    K3,
    K4,
    LEVER_SCALE,
    LEVER_START,
    MEAN_BASE,
    MEAN_DECAY,
    PREVIOUS,
    ROOT_TIME,
    SHIFT,
    SPREAD,
    SPREAD_OF_Z,
    STEP_VARIANCE,
    TIME,
    UB,
    VARIANCE_BASE,
    VARIANCE_SLOPE,
    ZV,
    N,
    U,
    V,
    X,
    Z,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Grid = NDArray[np.float64]
    Output = NDArray[np.float64]

CRITICAL_PSI = 1.5
TINY = 1e-150
LOWEST_PRICE = 1e-250
"""What is left of a price that a cash dividend takes to zero."""


def uniforms_of_normals(lanes: Output) -> int:
    """U from ZV, by the normal distribution function."""
    for lane in range(BLOCK):
        z = lanes[ZV + lane]
        lanes[U + lane] = min(lane_cdf(z, lane_bell(z)), 0.9999999999999999)
    return -1


def jumps_of_uniforms(rate: float, lanes: Output) -> int:
    """N, Poisson of mean `rate`, from the uniforms that stand in N: the count of probabilities below each."""
    for lane in range(BLOCK):
        lanes[UB + lane] = lanes[N + lane]
        lanes[N + lane] = 0.0
    mass = math.exp(-rate)
    total = mass
    count = 0
    while count < rate or mass > 1e-18:
        for lane in range(BLOCK):
            lanes[N + lane] += 1.0 if lanes[UB + lane] > total else 0.0
        count += 1
        mass *= rate / count
        total += mass
    return count


def step_affine(j: int, steps: Grid, lanes: Output) -> int:
    """The normal step of AFFINE."""
    decay, shift, spread, variance = steps[DECAY, j], steps[SHIFT, j], steps[SPREAD_OF_Z, j], steps[STEP_VARIANCE, j]
    for lane in range(BLOCK):
        x = lanes[X + lane]
        lanes[PREVIOUS + lane] = x
        lanes[SPREAD + lane] = variance
        lanes[X + lane] = decay * x + shift + spread * lanes[Z + lane]
    return -1


def step_affine_jumps(j: int, numbers: Column, steps: Grid, lanes: Output) -> int:
    """The step of AFFINE_JUMPS: normal given N."""
    shift, variance = steps[SHIFT, j], steps[STEP_VARIANCE, j]
    mean, jump_variance = numbers[JUMP_MEAN], numbers[JUMP_VARIANCE]
    for lane in range(BLOCK):
        x = lanes[X + lane]
        count = lanes[N + lane]
        width = variance + count * jump_variance
        lanes[PREVIOUS + lane] = x
        lanes[SPREAD + lane] = width
        lanes[X + lane] = x + shift + count * mean + math.sqrt(width) * lanes[Z + lane]
    return -1


def step_quadratic(j: int, numbers: Column, steps: Grid, lanes: Output) -> int:
    """The quadratic-exponential step of V, and that of X given both ends of it; N jumps beside."""
    base, decay = steps[MEAN_BASE, j], steps[MEAN_DECAY, j]
    slope, floor = steps[VARIANCE_SLOPE, j], steps[VARIANCE_BASE, j]
    k0, k1, k2, k3, k4 = steps[K0, j], steps[K1, j], steps[K2, j], steps[K3, j], steps[K4, j]
    shift, half_time = steps[SHIFT, j], 0.5 * steps[STEP_VARIANCE, j]
    exponent = k2 + 0.5 * k4
    jump, jump_variance = numbers[JUMP_MEAN], numbers[JUMP_VARIANCE]
    for lane in range(BLOCK):
        v = lanes[V + lane]
        mean = max(base + v * decay, TINY)
        psi = max((slope * v + floor) / (mean * mean), 1e-30)
        quadratic = psi <= CRITICAL_PSI
        twice = 2.0 / psi
        rest = max(twice - 1.0, 0.0)
        b_square = rest + math.sqrt(twice * rest)
        a = mean / (1.0 + b_square)
        root = math.sqrt(b_square) + lanes[ZV + lane]
        q = min(2.0 / (psi + 1.0), 1.0)
        scale = 0.5 * mean * (psi + 1.0)
        tail = max(lane_logarithm(q / (1.0 - lanes[U + lane])), 0.0) * scale
        new = a * root * root if quadratic else tail
        divisor = 1.0 - exponent * (2.0 * a if quadratic else scale)
        exists = divisor > 1e-8
        divisor = divisor if exists else 1.0
        logarithm = lane_logarithm(divisor if quadratic else 1.0 - q + q / divisor)
        drift = exponent * b_square * a / divisor - 0.5 * logarithm if quadratic else logarithm
        drift = -drift - (k1 + 0.5 * k3) * v if exists else k0
        count = lanes[N + lane]
        width = max(k3 * v + k4 * new + count * jump_variance, 0.0)
        x = lanes[X + lane]
        lanes[PREVIOUS + lane] = x
        lanes[SPREAD + lane] = half_time * (v + new) + count * jump_variance
        lanes[V + lane] = new
        lanes[X + lane] = x + shift + drift + k1 * v + k2 * new + count * jump + math.sqrt(width) * lanes[Z + lane]
    return -1


def step_leveraged(j: int, numbers: Column, steps: Grid, surface: Grid, lanes: Output) -> int:
    """The step of LEVERAGED: that of V as above, then that of X along the martingale whose variance V is."""
    base, decay = steps[MEAN_BASE, j], steps[MEAN_DECAY, j]
    slope, floor = steps[VARIANCE_SLOPE, j], steps[VARIANCE_BASE, j]
    k0, k1, k2, k3 = steps[K0, j], steps[K1, j], steps[K2, j], steps[K3, j]
    shift, half_time = steps[SHIFT, j], 0.5 * steps[STEP_VARIANCE, j]
    start, scale, last, row = steps[LEVER_START, j], steps[LEVER_SCALE, j], numbers[GRID_LAST], surface[j]
    for lane in range(BLOCK):
        v = lanes[V + lane]
        mean = max(base + v * decay, TINY)
        psi = max((slope * v + floor) / (mean * mean), 1e-30)
        twice = 2.0 / psi
        rest = max(twice - 1.0, 0.0)
        b_square = rest + math.sqrt(twice * rest)
        root = math.sqrt(b_square) + lanes[ZV + lane]
        q = min(2.0 / (psi + 1.0), 1.0)
        tail = max(lane_logarithm(q / (1.0 - lanes[U + lane])), 0.0) * 0.5 * mean * (psi + 1.0)
        new = mean / (1.0 + b_square) * root * root if psi <= CRITICAL_PSI else tail
        lanes[V + lane] = new
        time = half_time * (v + new)
        root_time = math.sqrt(time)
        move = k0 + k1 * v + k2 * new + math.sqrt(k3 * (v + new)) * lanes[Z + lane]
        x = lanes[X + lane]
        b = volatility_at(x, start, scale, last, row)
        drift = -0.5 * b * b * time
        high = volatility_at(x + drift + b * root_time, start, scale, last, row)
        low = volatility_at(x + drift - b * root_time, start, scale, last, row)
        end = volatility_at(x + drift + b * move, start, scale, last, row)
        lanes[PREVIOUS + lane] = x
        lanes[SPREAD + lane] = 0.5 * (b * b + end * end) * time
        curve = 0.25 * (high - low) * (move * move - time) / max(root_time, TINY)
        drift = 0.5 * drift - 0.25 * end * end * time
        lanes[X + lane] = x + shift + drift + 0.25 * (high + low + 2.0 * b) * move + curve
    return -1


def step_square_root(j: int, numbers: Column, steps: Grid, lanes: Output) -> int:
    """The step of V alone, X following it."""
    step_quadratic(j, numbers, steps, lanes)
    for lane in range(BLOCK):
        lanes[X + lane] = lanes[V + lane]
    return -1


def volatility_at(x: float, start: float, scale: float, last: float, row: Column) -> float:
    """Linear between nodes, flat beyond the outer ones."""
    place = min(max((x - start) * scale, 0.0), last)
    node = int(place)
    part = place - node
    value: float = row[node] * (1.0 - part) + row[node + 1] * part
    return value


def step_local(j: int, numbers: Column, steps: Grid, surface: Grid, lanes: Output) -> int:
    """The step of LOCAL; rows 2 j and 2 j + 1 of `surface` hold the volatilities at its ends."""
    start, scale, last = numbers[GRID_START], numbers[GRID_SCALE], numbers[GRID_LAST]
    shift, time, root_time = steps[SHIFT, j], steps[TIME, j], steps[ROOT_TIME, j]
    before, after = surface[2 * j], surface[2 * j + 1]
    for lane in range(BLOCK):
        x = lanes[X + lane]
        move = root_time * lanes[Z + lane]
        b = volatility_at(x, start, scale, last, before)
        drift = shift - 0.5 * b * b * time
        high = volatility_at(x + drift + b * root_time, start, scale, last, after)
        low = volatility_at(x + drift - b * root_time, start, scale, last, after)
        end = volatility_at(x + drift + b * move, start, scale, last, after)
        drift = 0.5 * (drift + shift - 0.5 * end * end * time)
        lanes[PREVIOUS + lane] = x
        lanes[SPREAD + lane] = 0.5 * (b * b + end * end) * time
        curve = 0.25 * (high - low) * (move * move - time) / root_time
        lanes[X + lane] = x + drift + 0.25 * (high + low + 2.0 * b) * move + curve
    return -1


def pay_dividend(cash: float, proportion: float, lanes: Output) -> int:
    """Lower the price by the fraction, then by the amount, to no less than nothing."""
    for lane in range(BLOCK):
        lanes[X + lane] += proportion
    if cash > 0.0:
        for lane in range(BLOCK):
            left = max(lane_exponential(lanes[X + lane]) - cash, LOWEST_PRICE)
            lanes[X + lane] = lane_logarithm(left)
    return -1
