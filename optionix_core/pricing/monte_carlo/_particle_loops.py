"""The kernel that moves all particles of a leveraged variance over one step; compiled by `_path_kernels`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing.monte_carlo._layout import (
    BLOCK,
    DIFFUSION,
    PARTICLE_STREAM,
    SCRATCH,
    VARIANCE,
    VARIANCE_UNIFORM,
    V,
    X,
    Z,
)
from optionix_core.pricing.monte_carlo._philox import fill_uniforms, normals_of_uniforms
from optionix_core.pricing.monte_carlo._schemes import step_leveraged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Grid = NDArray[np.float64]
    Output = NDArray[np.float64]


def particle_blocks(
    first: int,
    last: int,
    step: int,
    low: int,
    high: int,
    numbers: Column,
    steps: Grid,
    surface: Grid,
    state: Output,
    variance: Output,
) -> int:
    """Blocks [first, last) of `state` and `variance` over the one step of `steps`, numbered `step` in the generator."""
    lanes = np.empty(SCRATCH)
    half = BLOCK // 2
    for block in range(first, last):
        origin = block * BLOCK
        for lane in range(BLOCK):
            lanes[X + lane] = state[origin + lane]
            lanes[V + lane] = variance[origin + lane]
        for stream in range(DIFFUSION, VARIANCE_UNIFORM + 1):
            row = Z + stream * BLOCK
            fill_uniforms(low, high, block, step, stream + PARTICLE_STREAM, row, half, lanes)
            if stream <= VARIANCE:
                normals_of_uniforms(row, half, lanes)
        step_leveraged(0, numbers, steps, surface, lanes)
        for lane in range(BLOCK):
            state[origin + lane] = lanes[X + lane]
            variance[origin + lane] = lanes[V + lane]
    return -1
