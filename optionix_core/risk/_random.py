"""Uniforms known by their place, so that any number of workers and any size of chunk give the same bits.

Philox4x64-10 (J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011) as numpy
ships it, of which the raw bits alone are used: numpy promises those across versions. The key is (seed, stream), the
counter the row. Refuses state: nothing here remembers what was drawn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optionix_core.errors import InvalidValueError

FloatArray = NDArray[np.float64]
LARGEST_SEED = (1 << 63) - 1
WORDS = 4
"""Of one counter."""

COPULA, RESIDUALS, BOOTSTRAP, BACKTEST, FILTERED = range(1, 6)
"""Streams: what a number is for."""


def uniforms(seed: int, stream: int, first: int, count: int, width: int) -> FloatArray:
    """Rows `first` to `first + count` of `stream`, shape (count, width); odd multiples of 2^-53, never 0 or 1.

    A row is the same whichever rows are asked for with it. Raises InvalidValueError for a seed that does not fit 63
    bits.
    """
    if not 0 <= seed <= LARGEST_SEED:
        raise InvalidValueError("seed", seed, "from 0 to 2^63 - 1")
    counters = -(-width // WORDS)
    bits = np.random.Philox(key=np.array([seed, stream], np.uint64), counter=first * counters)
    raw = np.asarray(bits.random_raw(count * counters * WORDS), np.uint64).reshape(count, counters * WORDS)
    found: FloatArray = ((raw[:, :width] >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
    return found
