"""Steps of least squares for one SVI smile and for a chain of them, for the compiler.

One smile: Levenberg and Marquardt's damped step in five coordinates. A chain: the matrix of Gauss and Newton has blocks
of five on and beside its diagonal, and Cholesky's factors of it are taken block by block; each smile has a damping of
its own, so that one which is stuck does not hold the others.
"""

from __future__ import annotations

import math
from typing import Any

from optionix_core.volatility.surface._svi_formulas import (
    neighbour_loss,
    neighbour_terms,
    put,
    quote_loss,
    quote_terms,
    raw_of,
    shape_loss,
    shape_terms,
)

ITERATIONS = 25
TOLERANCE = 1e-5


def factor(d: Any) -> bool:
    """Cholesky's factor of a block, whose lower triangle is read, in its place; whether it is positive."""
    for p in range(5):
        for q in range(p):
            d[p, p] -= d[p, q] * d[p, q]
        if not d[p, p] > 0.0:
            return False
        d[p, p] = math.sqrt(d[p, p])
        for r in range(p + 1, 5):
            for q in range(p):
                d[r, p] -= d[r, q] * d[p, q]
            d[r, p] /= d[p, p]
    return True


def forwards(d: Any, x: Any) -> None:
    """Solve with a factor, x in its place."""
    for p in range(5):
        for q in range(p):
            x[p] -= d[p, q] * x[q]
        x[p] /= d[p, p]


def backwards(d: Any, x: Any) -> None:
    """Solve with a transposed factor, x in its place."""
    for p in range(4, -1, -1):
        for q in range(p + 1, 5):
            x[p] -= d[q, p] * x[q]
        x[p] /= d[p, p]


def damped_step(block: Any, gradient: Any, damping: float, work: Any, step: Any) -> bool:
    """The step of (H + damping diag H) s = -gradient, whose upper triangle is read; whether there is one."""
    for p in range(5):
        for q in range(p, 5):
            work[q, p] = block[p, q]
        work[p, p] += damping * (block[p, p] + 1e-300)
        step[p] = -gradient[p]
    if not factor(work):
        return False
    forwards(work, step)
    backwards(work, step)
    return True


def lacks(
    raw: Any,
    grid: Any,
    unit: Any,
    above: Any,
    above_unit: Any,
    near: Any,
    far: Any,
    sides: int,
    margin: float,
    rise: float,
    pressure: float,
) -> float:
    """Hinges of one smile between its neighbours: `sides` is 1 for the near one, 2 for the far one, 3 for both."""
    loss = shape_loss(raw, grid, margin, pressure)
    for side in range(1 + sides // 2):
        if (sides >> side) % 2 == 1:
            low, high, places, measure = near, raw, grid, unit
            if side == 1:
                low, high, places, measure = raw, far, above, above_unit
            loss += neighbour_loss(low, high, places, measure, rise, pressure)
    return loss


def descend(  # noqa: PLR0917 - a kernel has as many arguments as it reads
    k: Any,
    middle: Any,
    weight: Any,
    say: Any,
    grid: Any,
    unit: Any,
    above: Any,
    above_unit: Any,
    near: Any,
    far: Any,
    sides: int,
    margins: Any,
    pressure: float,
    z: Any,
    room: Any,
) -> None:
    """Bring one smile's free coordinates to the nearest least of its loss. `room` is (28, 5), to work in."""
    block, work, block_away, cross_away = room[0:5], room[5:10], room[10:15], room[15:20]
    gradient, step, raw, spare, slopes, others, tried, gradient_away = (
        room[20], room[21], room[22], room[23], room[24], room[25], room[26], room[27],
    )  # fmt: skip
    loss = math.inf
    damping = 1e-3
    steps = 0
    put(z, tried)
    while damping < 1e8:
        raw_of(tried, spare)
        fresh = quote_loss(spare, tried[2], k, middle, weight, say)
        fresh += lacks(spare, grid, unit, above, above_unit, near, far, sides, margins[0], margins[1], pressure)
        if fresh < loss:
            gained = loss - fresh
            loss = fresh
            put(tried, z)
            if gained < TOLERANCE * loss or steps == ITERATIONS:
                return
            steps += 1
            damping = max(damping * 0.2, 1e-9)
            block[:] = 0.0
            gradient[:] = 0.0
            raw_of(z, raw)
            quote_terms(raw, z[2], k, middle, weight, say, slopes, block, gradient)
            shape_terms(z, raw, spare, grid, margins[0], pressure, slopes, block, gradient)
            low, high, low_block, low_gradient, high_block, high_gradient, places, measure = (
                near, raw, block_away, gradient_away, block, gradient, grid, unit,
            )  # fmt: skip
            for side in range(1 + sides // 2):
                if side == 1:
                    low, high, low_block, low_gradient, high_block, high_gradient, places, measure = (
                        raw, far, block, gradient, block_away, gradient_away, above, above_unit,
                    )  # fmt: skip
                if (sides >> side) % 2 == 1:
                    neighbour_terms(
                        low, high, places, measure, margins[1], pressure, slopes, others,
                        low_block, low_gradient, high_block, high_gradient, cross_away,
                    )  # fmt: skip
        else:
            damping *= 6.0
        while damping < 1e8 and not damped_step(block, gradient, damping, work, step):
            damping *= 6.0
        for p in range(5):
            limit = 1e9 if p in (0, 3) else 1.0
            tried[p] = z[p] + min(max(step[p], -limit), limit)


def eliminate(link: Any, d: Any, before: Any, here: Any) -> None:
    """Take the smile before out of a block and its right-hand side."""
    for p in range(5):
        for r in range(5):
            here[p] -= link[p, r] * before[r]
        for q in range(p + 1):
            for r in range(5):
                d[p, q] -= link[p, r] * link[q, r]


def chain_step(  # noqa: C901 - its loops are over five by five
    blocks: Any, crosses: Any, gradients: Any, damping: Any, steps: Any
) -> bool:
    """The damped step of a chain of smiles; whether there is one. Upper triangles of `blocks` are read."""
    count = len(blocks)
    factors = blocks.copy()
    links = crosses.copy()  # rows: coordinates of the later smile
    for i in range(count):
        d = factors[i]
        for p in range(5):
            for q in range(p, 5):
                d[q, p] = blocks[i, p, q]
            d[p, p] += damping[i] * blocks[i, p, p] + 1e-12
            steps[i, p] = -gradients[i, p]
        if i > 0:
            eliminate(links[i - 1], d, steps[i - 1], steps[i])
        if not factor(d):
            return False
        forwards(d, steps[i])
        if i < count - 1:
            for p in range(5):
                for q in range(5):
                    links[i, p, q] = crosses[i, q, p]
                forwards(d, links[i, p])
    for i in range(count - 1, -1, -1):
        if i < count - 1:
            for p in range(5):
                for q in range(5):
                    steps[i, q] -= links[i, p, q] * steps[i + 1, p]
        backwards(factors[i], steps[i])
    return True
