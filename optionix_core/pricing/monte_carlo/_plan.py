"""Everything a kernel needs to run the blocks of one simulation, and running them.

A plan holds no result and is never changed; blocks may be run in any order and by any number of workers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing._arrays import FloatArray
from optionix_core.pricing._threads import spread
from optionix_core.pricing.monte_carlo import _layout as at
from optionix_core.pricing.monte_carlo._model_steps import ModelSteps
from optionix_core.pricing.monte_carlo._path_kernels import KERNELS
from optionix_core.pricing.monte_carlo._philox import WORD
from optionix_core.pricing.monte_carlo.bridge import bridge
from optionix_core.pricing.monte_carlo.directions import directions

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = at.BLOCK
MOST_PATHS = 2_000_000_000
MOST_STEPS = 1_000_000
SHORTEST = 1e-300
"""Years above zero that can be parted into `MOST_STEPS`: parts below 2.2e-308 have fewer digits, down to none."""
LARGEST_SEED = 2**63 - 1
MOST_RANDOMISATIONS = 10_000
SAMPLERS = ("random", "sobol")
NO_ORDER = np.zeros(3, np.int64)
NO_WEIGHTS = np.zeros((3, 1))
NO_DIRECTIONS = np.zeros(at.STREAMS, np.int64)
NO_POINTS = np.zeros((1, 1))
POINTS_OF_A_PIECE = 1 << 17
BLOCKS_OF_A_WORKER = 8
"""Fewest that are worth a thread."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Arguments of `path_blocks`, but for the blocks and the array that is filled."""

    codes: NDArray[np.int64]
    numbers: FloatArray
    steps: FloatArray
    surface: FloatArray
    order: NDArray[np.int64]
    weights: FloatArray
    directions: NDArray[np.int64]

    def run(self, first_block: int, paths: int, rows: int, workers: int | None = None) -> FloatArray:
        """Rows of results of `paths` paths from the first lane of `first_block` on, of shape (rows, paths)."""
        out = np.empty((rows, paths))
        codes = self.codes.copy()
        codes[at.PATHS] = paths
        kernel = KERNELS.load("path_blocks")
        normals = Normals(codes, self.steps, self.order, self.weights, self.directions)

        def job(first: int, last: int) -> int:
            for start, stop, points in normals.pieces(first_block + first, first_block + last):
                kernel(start, stop, first_block, codes, self.numbers, self.steps, self.surface, points, out)
            return -1

        spread(job, -(-paths // BLOCK), BLOCKS_OF_A_WORKER, 1, workers)
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Normals:
    """Normals of blocks from Sobol points, made in pieces that stay in the cache."""

    codes: NDArray[np.int64]
    steps: FloatArray
    order: NDArray[np.int64]
    weights: FloatArray
    directions: NDArray[np.int64]

    def pieces(self, first: int, last: int) -> Iterator[tuple[int, int, FloatArray]]:
        """First and last block of each piece, and its points; without Sobol points all blocks at once."""
        if not self.codes[at.SAMPLER]:
            yield first, last, NO_POINTS
            return
        width = int(self.codes[at.STEPS] * self.codes[at.FACTORS]) * BLOCK
        size = max(min(POINTS_OF_A_PIECE // width, last - first), 1)
        points = np.empty((size, width))
        kernel = KERNELS.load("sobol_blocks")
        for start in range(first, last, size):
            stop = min(start + size, last)
            kernel(start, stop, self.codes, self.steps, self.order, self.weights, self.directions, points)
            yield start, stop, points


def plan_of(
    model: ModelSteps,
    ends: Sequence[float],
    *,
    seed: int,
    sampler: str = "random",
    antithetic: bool = False,
    randomisation: int = 0,
    codes: dict[int, int] | None = None,
    numbers: dict[int, float] | None = None,
) -> Plan:
    """The plan of a model's steps, with further entries of codes and numbers."""
    words = np.zeros(at.CODES, np.int64)
    words[[at.SCHEME, at.PLAIN, at.STEPS, at.FACTORS]] = model.scheme, model.plain, len(ends), model.factors
    words[[at.SAMPLER, at.ANTITHETIC]] = SAMPLERS.index(sampler), antithetic
    words[[at.KEY_LOW, at.KEY_HIGH]] = seed & WORD, (seed >> 32) & WORD
    words[at.STREAM] = randomisation << 8
    words[at.SIDE] = 1
    for place, code in (codes or {}).items():
        words[place] = code
    values = np.zeros(at.NUMBERS)
    for place, number in {**model.numbers, **(numbers or {})}.items():
        values[place] = number
    order, weights, sobol = NO_ORDER, NO_WEIGHTS, NO_DIRECTIONS
    if sampler == "sobol":
        order, weights = bridge(ends)
        sobol = directions(len(ends) * model.factors, seed, randomisation)
    return Plan(words, values, model.table, model.surface, order, weights, sobol)


def whole(name: str, value: object, lowest: int, highest: int) -> int:
    """`value` as an int from `lowest` to `highest`; InvalidValueError names the field otherwise."""
    number = value if isinstance(value, int) else getattr(value, "__index__", lambda: None)()
    if isinstance(value, bool) or number is None or not lowest <= number <= highest:
        raise InvalidValueError(name, value, f"a whole number from {lowest} to {highest}")
    return int(number)


def check_sampler(sampler: str, *, antithetic: bool) -> None:
    """Sobol points are not mirrored: their mirror images are close to them already."""
    if sampler not in SAMPLERS:
        raise InvalidValueError("sampler", repr(sampler), '"random" or "sobol"')
    if sampler == "sobol" and antithetic:
        raise InvalidValueError("antithetic", antithetic, 'False with sampler "sobol"')


def check_reach(name: str, time: float) -> None:
    """Raise InvalidValueError where a simulation is so short that its steps would lose their digits."""
    if 0.0 < time < SHORTEST:
        raise InvalidValueError(name, time, f"0, or at least {SHORTEST:g} years in a simulation")


def refined(times: Sequence[float], longest: float) -> tuple[float, ...]:
    """`times`, increasing and above zero, with further ones so that no step is longer than `longest`."""
    ends: list[float] = []
    start = 0.0
    for time in times:
        parts = max(int(np.ceil((time - start) / longest - 1e-9)), 1) if longest < np.inf else 1
        if len(ends) + parts > MOST_STEPS:
            raise InvalidValueError("steps", len(ends) + parts, f"at most {MOST_STEPS} in all")
        ends.extend(start + (time - start) * part / parts for part in range(1, parts))
        ends.append(time)
        start = time
    return tuple(ends)
