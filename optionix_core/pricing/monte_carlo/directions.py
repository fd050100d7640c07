"""Direction numbers of Sobol's sequence, and the random words that scramble it anew for every randomisation.

`joe_kuo.npz` holds the primitive polynomials and initial numbers of the first 2,048 dimensions of S. Joe and F. Kuo,
"Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30 (2008) 2635 (file
new-joe-kuo-6.21201). `_sobol` says how the points are scrambled: every point is uniform, so that the mean of a
randomisation is unbiased, and the net keeps its quality. Refuses points without scrambling: they have no error
estimate.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from optionix_core.errors import InvalidValueError
from optionix_core.pricing.monte_carlo._layout import SCRAMBLE
from optionix_core.pricing.monte_carlo._philox import WORD, philox
from optionix_core.pricing.monte_carlo._sobol import DIGITS, ROW_OF_DIRECTIONS

Words = NDArray[np.int64]

MOST_DIMENSIONS = 2048
TOGETHER = 64
"""Randomisations whose words are drawn at once."""


@cache
def plain_directions() -> Words:
    """The directions of Joe and Kuo, 32 binary digits each, of shape (2048, 32)."""
    with np.load(Path(__file__).with_name("joe_kuo.npz")) as table:
        polynomials, initial = table["poly"].astype(np.int64), table["initial"].astype(np.int64)
    numbers = np.ones((MOST_DIMENSIONS, DIGITS), np.int64)
    for dimension in range(1, MOST_DIMENSIONS):
        polynomial = int(polynomials[dimension])
        degree = polynomial.bit_length() - 1
        row = [int(m) for m in initial[dimension, :degree]]
        for k in range(degree, DIGITS):
            value = row[k - degree] ^ (row[k - degree] << degree)
            for i in range(1, degree):
                if (polynomial >> (degree - i)) & 1:
                    value ^= row[k - i] << i
            row.append(value)
        numbers[dimension] = row[:DIGITS]
    numbers <<= np.arange(DIGITS - 1, -1, -1)
    numbers.flags.writeable = False
    return numbers


@cache
def reversed_directions() -> Words:
    """`plain_directions` with the first digit in the lowest bit."""
    plain = plain_directions()
    turned = np.zeros_like(plain)
    for digit in range(DIGITS):
        turned |= ((plain >> digit) & 1) << (DIGITS - 1 - digit)
    turned.flags.writeable = False
    return turned


@lru_cache(maxsize=64)
def directions(dimensions: int, seed: int, randomisation: int) -> Words:
    """Reversed directions of each dimension and its seven random words: flat, 39 words a dimension, read-only.

    Raises InvalidValueError beyond 2,048 dimensions.
    """
    if dimensions > MOST_DIMENSIONS:
        raise InvalidValueError(
            "sampler", f'"sobol" in {dimensions} dimensions', f"of at most {MOST_DIMENSIONS} (steps times factors)"
        )
    rows = np.empty((dimensions, ROW_OF_DIRECTIONS), np.int64)
    rows[:, :DIGITS] = reversed_directions()[:dimensions]
    _, spread_1, odd_1, spread_2, _, odd_2, _ = range(DIGITS, ROW_OF_DIRECTIONS)
    rows[:, DIGITS:] = random_words(dimensions, seed, randomisation // TOGETHER)[randomisation % TOGETHER]
    rows[:, [spread_1, spread_2]] &= ~1
    rows[:, [odd_1, odd_2]] |= 1
    flat: Words = rows.reshape(-1)
    flat.flags.writeable = False
    return flat


@lru_cache(maxsize=4)
def random_words(dimensions: int, seed: int, group: int) -> Words:
    """Seven words of 32 random bits for 64 randomisations and every dimension: shape (64, dimensions, 7)."""
    lanes = np.arange(2, dtype=np.int64)[:, None, None]
    blocks = np.arange(dimensions, dtype=np.int64)
    streams = SCRAMBLE + ((group * TOGETHER + np.arange(TOGETHER, dtype=np.int64)) << 8)[:, None]
    words = philox(lanes, blocks, 0, streams, seed & WORD, (seed >> 32) & WORD)  # type: ignore[arg-type]  # elementwise
    drawn = np.stack(words, axis=-1)
    return np.concatenate([drawn[0], drawn[1, ..., :3]], axis=-1)
