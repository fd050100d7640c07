"""What one step of a block consists of: random numbers by their place, the scheme, and results by lane.

Antithetic blocks draw half their lanes and mirror them: -z for normals, 1 - u for uniforms; lane i and lane i + 128 are
then a pair, in a last block of r paths path i and path i + r / 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.pricing.monte_carlo._layout import (
    A0,
    A1,
    AFFINE,
    AFFINE_JUMPS,
    ANTITHETIC,
    BLOCK,
    DIFFUSION,
    EXTREME,
    EXTREMES,
    FIRST_Z,
    HALF,
    JUMP,
    JUMPS,
    KEY_HIGH,
    KEY_LOW,
    LEVERAGED,
    LOCAL,
    OBSERVER,
    PATHS,
    QUADRATIC,
    QUADRATIC_JUMPS,
    ROOT_TIME,
    SAMPLER,
    SCHEME,
    SCORES,
    SQUARE_ROOT,
    START_A0,
    START_A1,
    START_V,
    START_X,
    STEPS,
    STREAM,
    STREAMS,
    SUM_Z2,
    SUM_ZT,
    VARIANCE_UNIFORM,
    WATCH,
    ZV,
    N,
    V,
    X,
    Z,
)
from optionix_core.pricing.monte_carlo._philox import fill_uniforms, normals_of_uniforms
from optionix_core.pricing.monte_carlo._schemes import (
    jumps_of_uniforms,
    step_affine,
    step_affine_jumps,
    step_leveraged,
    step_local,
    step_quadratic,
    step_square_root,
    uniforms_of_normals,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Grid = NDArray[np.float64]
    Output = NDArray[np.float64]
    Picks = NDArray[np.int64]


def start_block(numbers: Column, lanes: Output) -> int:
    """The state of every lane now."""
    for lane in range(BLOCK):
        lanes[X + lane] = numbers[START_X]
        lanes[V + lane] = numbers[START_V]
        lanes[A0 + lane] = numbers[START_A0]
        lanes[A1 + lane] = numbers[START_A1]
        lanes[N + lane] = 0.0
        lanes[SUM_Z2 + lane] = 0.0
        lanes[SUM_ZT + lane] = 0.0
    return -1


def draw_row(block: int, j: int, stream: int, row: int, normal: int, codes: Picks, lanes: Output) -> int:
    """Normals, or uniforms, of one step and stream into `row`."""
    half = HALF >> codes[ANTITHETIC]
    fill_uniforms(codes[KEY_LOW], codes[KEY_HIGH], block, j, stream + codes[STREAM], row, half, lanes)
    if normal:
        normals_of_uniforms(row, half, lanes)
    if codes[ANTITHETIC]:
        centre = 0.0 if normal else 1.0
        here = lanes[row : row + HALF]
        mirrored = lanes[row + HALF : row + BLOCK]
        for lane in range(HALF):
            mirrored[lane] = centre - here[lane]
    return -1


def draw_point(j: int, codes: Picks, points: Column, lanes: Output) -> int:
    """Normals of one step from the block's Sobol points."""
    source = j * BLOCK
    target = ZV if codes[SCHEME] == SQUARE_ROOT else Z
    for lane in range(BLOCK):
        lanes[target + lane] = points[source + lane]
    if codes[SCHEME] in (QUADRATIC, QUADRATIC_JUMPS, LEVERAGED):
        source += codes[STEPS] * BLOCK
        for lane in range(BLOCK):
            lanes[ZV + lane] = points[source + lane]
    return -1


def is_drawn(stream: int, j: int, codes: Picks, steps: Grid) -> bool:
    """Whether step `j` needs that stream from the generator."""
    scheme = codes[SCHEME]
    if stream == JUMP:
        return bool(scheme in (AFFINE_JUMPS, QUADRATIC_JUMPS))
    if stream == EXTREMES:
        return bool(codes[OBSERVER] == EXTREME and steps[WATCH, j] > 0.0)
    if codes[SAMPLER]:
        return False
    return bool(stream == DIFFUSION or scheme in (QUADRATIC, QUADRATIC_JUMPS, SQUARE_ROOT, LEVERAGED))


def draw(block: int, j: int, codes: Picks, steps: Grid, points: Column, lanes: Output) -> int:
    """All random numbers that step `j` needs."""
    scheme = codes[SCHEME]
    for stream in range(STREAMS):
        if is_drawn(stream, j, codes, steps):
            draw_row(block, j, stream, Z + stream * BLOCK, stream < VARIANCE_UNIFORM, codes, lanes)
            if stream == JUMP:
                jumps_of_uniforms(steps[JUMPS, j], lanes)
    if codes[SAMPLER]:
        draw_point(j, codes, points, lanes)
        if scheme in (QUADRATIC, QUADRATIC_JUMPS, SQUARE_ROOT, LEVERAGED):
            uniforms_of_normals(lanes)
    if codes[SCORES]:
        add_scores(j, steps[ROOT_TIME, j], lanes)
    return -1


def add_scores(j: int, root_time: float, lanes: Output) -> int:
    """What likelihood ratios need of the step's normals."""
    if j == 0:
        for lane in range(BLOCK):
            lanes[FIRST_Z + lane] = lanes[Z + lane]
    for lane in range(BLOCK):
        z = lanes[Z + lane]
        lanes[SUM_Z2 + lane] += z * z - 1.0
        lanes[SUM_ZT + lane] += z * root_time
    return -1


def advance(j: int, codes: Picks, numbers: Column, steps: Grid, surface: Grid, lanes: Output) -> int:
    """The state over step `j`."""
    scheme = codes[SCHEME]
    if scheme == AFFINE:
        step_affine(j, steps, lanes)
    elif scheme == AFFINE_JUMPS:
        step_affine_jumps(j, numbers, steps, lanes)
    elif scheme == SQUARE_ROOT:
        step_square_root(j, numbers, steps, lanes)
    elif scheme == LOCAL:
        step_local(j, numbers, steps, surface, lanes)
    elif scheme == LEVERAGED:
        step_leveraged(j, numbers, steps, surface, lanes)
    else:
        step_quadratic(j, numbers, steps, lanes)
    return -1


def copy_out(row: int, column: int, codes: Picks, lanes: Output, out: Output) -> int:
    """A row of lanes into `out` from `column` on; the last block may have fewer paths than lanes."""
    count = min(BLOCK, codes[PATHS] - column)
    if codes[ANTITHETIC] and count < BLOCK:
        half = count // 2
        for lane in range(half):
            out[column + lane] = lanes[row + lane]
            out[column + half + lane] = lanes[row + HALF + lane]
    else:
        for lane in range(count):
            out[column + lane] = lanes[row + lane]
    return -1
