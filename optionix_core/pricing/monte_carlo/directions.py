"""Direction numbers of Sobol's sequence, scrambled anew for every randomisation.

`joe_kuo.npz` holds the primitive polynomials and initial numbers of the first 2,048 dimensions of S. Joe and F. Kuo,
"Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30 (2008) 2635 (file
new-joe-kuo-6.21201). The scrambling is J. Matousek's ("On the L2-discrepancy for anchored boxes", J. Complexity 14
(1998) 527): in each dimension the binary digits are multiplied by a random lower triangular matrix with ones on the
diagonal, and a random digital shift is added. Every point is then uniform, so that the mean of a randomisation is
unbiased, and the net keeps its quality. It costs nothing per point. Refuses points without scrambling: they have no
error estimate.
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
OUTPUT_DIGITS = 52
"""Binary digits of a coordinate."""


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


@lru_cache(maxsize=64)
def directions(dimensions: int, seed: int, randomisation: int) -> Words:
    """Scrambled directions and shift of each dimension, flat: 33 words of 52 binary digits a dimension, read-only.

    Raises InvalidValueError beyond 2,048 dimensions.
    """
    if dimensions > MOST_DIMENSIONS:
        raise InvalidValueError(
            "sampler", f'"sobol" in {dimensions} dimensions', f"of at most {MOST_DIMENSIONS} (steps times factors)"
        )
    plain = plain_directions()[:dimensions]
    columns = random_bits(dimensions, seed, randomisation)
    scrambled = np.zeros((dimensions, ROW_OF_DIRECTIONS), np.int64)
    for digit in range(DIGITS):
        place = 1 << (OUTPUT_DIGITS - 1 - digit)
        column = (columns[:, digit] & (place - 1)) | place
        chosen = (plain >> (DIGITS - 1 - digit)) & 1
        scrambled[:, :DIGITS] ^= chosen * column[:, None]
    scrambled[:, DIGITS] = columns[:, DIGITS]
    flat: Words = scrambled.reshape(-1)
    flat.flags.writeable = False
    return flat


def random_bits(dimensions: int, seed: int, randomisation: int) -> Words:
    """52 random binary digits for every dimension and word of its row."""
    lanes = np.arange(ROW_OF_DIRECTIONS, dtype=np.int64)[None, :]
    blocks = np.arange(dimensions, dtype=np.int64)[:, None]
    stream = SCRAMBLE + (randomisation << 8)
    first, second, _, _ = philox(lanes, blocks, 0, stream, seed & WORD, (seed >> 32) & WORD)  # type: ignore[arg-type]  # arrays work elementwise
    bits: Words = ((np.asarray(first) << 20) | (np.asarray(second) >> 12)) & ((1 << OUTPUT_DIGITS) - 1)
    return bits
