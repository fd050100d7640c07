"""All particles of a leveraged variance side by side, one step at a time, for methods that look at them between steps.

Random numbers are those of a counter (seed, step, particle), so that results depend neither on the number of workers
nor on the order of blocks. Refuses to know what the leverage is: the caller says so before each step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing._threads import spread
from optionix_core.pricing.monte_carlo import _layout as at
from optionix_core.pricing.monte_carlo._model_steps import variance_terms
from optionix_core.pricing.monte_carlo._path_kernels import PARTICLES
from optionix_core.pricing.monte_carlo._philox import WORD
from optionix_core.pricing.monte_carlo._plan import BLOCKS_OF_A_WORKER, LARGEST_SEED, MOST_PATHS, whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.pricing.models.heston import HestonModel

    FloatArray = NDArray[np.float64]


@dataclass(slots=True, eq=False)
class Particles:
    """Raises InvalidValueError, naming field, value and bound."""

    model: HestonModel
    count: int
    """A multiple of 256."""
    seed: int
    workers: int | None = None
    state: FloatArray = field(init=False)
    """Log-moneyness: (count,)."""
    variance: FloatArray = field(init=False)
    """Of the square-root process: (count,)."""
    steps: int = field(init=False, default=0)
    """Taken so far."""

    def __post_init__(self) -> None:
        whole("particles", self.count, at.BLOCK, MOST_PATHS)
        whole("seed", self.seed, 0, LARGEST_SEED)
        if self.count % at.BLOCK:
            raise InvalidValueError("particles", self.count, f"a multiple of {at.BLOCK}")
        self.state = np.zeros(self.count)
        self.variance = np.full(self.count, self.model.v0)

    def advance(self, size: float, start: float, spacing: float, leverage: FloatArray) -> None:
        """Over `size` years, with the leverage at even nodes from log-moneyness `start` on."""
        table = np.zeros((at.FIELDS, 1))
        table[at.TIME] = size
        variance_terms(self.model, table)
        table[at.LEVER_START], table[at.LEVER_SCALE] = start, 1.0 / spacing
        numbers = np.zeros(at.NUMBERS)
        numbers[at.GRID_LAST] = leverage.size - 1 - 1e-9
        surface = np.ascontiguousarray(leverage[None, :])
        kernel = PARTICLES.load("particle_blocks")
        step, low, high = self.steps, self.seed & WORD, (self.seed >> 32) & WORD

        def job(first: int, last: int) -> int:
            return kernel(first, last, step, low, high, numbers, table, surface, self.state, self.variance)

        spread(job, self.count // at.BLOCK, BLOCKS_OF_A_WORKER, 1, self.workers)
        self.steps += 1
