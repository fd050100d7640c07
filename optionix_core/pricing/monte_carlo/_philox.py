"""Random bits by counter, and normals and uniforms from them, in lanes.

Philox4x32-10 of J. Salmon, M. Moraes, R. Dror and D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011: ten
rounds that turn a 128-bit counter under a 64-bit key into 128 random bits. The counter is (lane, block, step, stream),
the key is the seed, so that a number is known by its place alone. Normals are those of G. Box and M. Muller (Ann. Math.
Stat. 29 (1958) 610), two from each counter, with 52 bits for the radius and 52 for the angle; the largest is 8.57.
Refuses state: nothing here remembers what was drawn.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing._lanes import ROUNDING_SHIFT, lane_logarithm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Output = NDArray[np.float64]

WORD = 0xFFFFFFFF
FIRST_FACTOR = 0xD2511F53
SECOND_FACTOR = 0xCD9E8D57
FIRST_WEYL = 0x9E3779B9
SECOND_WEYL = 0xBB67AE85
ONE_BITS = 1023 << 52
BELOW_ONE = 0.9999999999999999
"""1 - 2^-53."""


def philox_round(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> tuple[int, int, int, int]:
    """One round on four words of 32 bits."""
    first = c0 * FIRST_FACTOR
    second = c2 * SECOND_FACTOR
    return (
        ((second >> 32) & WORD) ^ c1 ^ k0,
        second & WORD,
        ((first >> 32) & WORD) ^ c3 ^ k1,
        first & WORD,
    )


def philox(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> tuple[int, int, int, int]:
    """Ten rounds: four random words of the counter (c0, c1, c2, c3) under the key (k0, k1)."""
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, (k0 + FIRST_WEYL) & WORD, (k1 + SECOND_WEYL) & WORD)
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, (k0 + 2 * FIRST_WEYL) & WORD, (k1 + 2 * SECOND_WEYL) & WORD)
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, (k0 + 3 * FIRST_WEYL) & WORD, (k1 + 3 * SECOND_WEYL) & WORD)
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, (k0 + 4 * FIRST_WEYL) & WORD, (k1 + 4 * SECOND_WEYL) & WORD)
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, (k0 + 5 * FIRST_WEYL) & WORD, (k1 + 5 * SECOND_WEYL) & WORD)
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, (k0 + 6 * FIRST_WEYL) & WORD, (k1 + 6 * SECOND_WEYL) & WORD)
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, (k0 + 7 * FIRST_WEYL) & WORD, (k1 + 7 * SECOND_WEYL) & WORD)
    c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, (k0 + 8 * FIRST_WEYL) & WORD, (k1 + 8 * SECOND_WEYL) & WORD)
    return philox_round(c0, c1, c2, c3, (k0 + 9 * FIRST_WEYL) & WORD, (k1 + 9 * SECOND_WEYL) & WORD)


def open_uniform(high: int, low: int) -> float:
    """An odd multiple of 2^-53 in (0, 1) from the 52 leading bits of two words."""
    scaled: float = np.int64((high << 20) | (low >> 12) | ONE_BITS).view(np.float64)
    return scaled - BELOW_ONE


def quarter_sine(f: float) -> float:
    """sin(pi f / 2) for |f| <= 1/2, Taylor to f^15: 6e-17 of it."""
    w = f * f
    p = -6.6880351098114673e-10
    p = p * w + 5.6921729219679268e-08
    p = p * w - 3.5988432352120853e-06
    p = p * w + 1.6044118478735982e-04
    p = p * w - 4.6817541353186882e-03
    p = p * w + 7.9692626246167046e-02
    p = p * w - 6.4596409750624625e-01
    p = p * w + 1.5707963267948966
    return p * f


def quarter_cosine(f: float) -> float:
    """cos(pi f / 2) for |f| <= 1/2, Taylor to f^16: 2e-18 of it."""
    w = f * f
    p = 6.5659631149794724e-11
    p = p * w - 6.3866030837918522e-09
    p = p * w + 4.7108747788181715e-07
    p = p * w - 2.5202042373060606e-05
    p = p * w + 9.1926027483942658e-04
    p = p * w - 2.0863480763352961e-02
    p = p * w + 2.5366950790104802e-01
    p = p * w - 1.2337005501361698
    return p * w + 1.0


def fill_uniforms(k0: int, k1: int, block: int, step: int, stream: int, row: int, half: int, lanes: Output) -> int:
    """2 * half independent uniforms of (0, 1) into `lanes` from `row` on, two from each counter.

    The rounds stand here once more, since a compiler does not draw a function of their size into the loop.
    """
    first = lanes[row : row + half]
    second = lanes[row + half : row + 2 * half]
    for lane in range(half):
        c0, c1, c2, c3 = lane, block, step, stream
        c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, k0, k1)
        c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, (k0 + FIRST_WEYL) & WORD, (k1 + SECOND_WEYL) & WORD)
        c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, (k0 + 2 * FIRST_WEYL) & WORD, (k1 + 2 * SECOND_WEYL) & WORD)
        c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, (k0 + 3 * FIRST_WEYL) & WORD, (k1 + 3 * SECOND_WEYL) & WORD)
        c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, (k0 + 4 * FIRST_WEYL) & WORD, (k1 + 4 * SECOND_WEYL) & WORD)
        c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, (k0 + 5 * FIRST_WEYL) & WORD, (k1 + 5 * SECOND_WEYL) & WORD)
        c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, (k0 + 6 * FIRST_WEYL) & WORD, (k1 + 6 * SECOND_WEYL) & WORD)
        c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, (k0 + 7 * FIRST_WEYL) & WORD, (k1 + 7 * SECOND_WEYL) & WORD)
        c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, (k0 + 8 * FIRST_WEYL) & WORD, (k1 + 8 * SECOND_WEYL) & WORD)
        c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, (k0 + 9 * FIRST_WEYL) & WORD, (k1 + 9 * SECOND_WEYL) & WORD)
        first[lane] = open_uniform(c0, c1)
        second[lane] = open_uniform(c2, c3)
    return -1


def normals_of_uniforms(row: int, half: int, lanes: Output) -> int:
    """Turn 2 * half uniforms of `lanes` from `row` on into as many standard normals: radius, then angle."""
    first = lanes[row : row + half]
    second = lanes[row + half : row + 2 * half]
    for lane in range(half):
        radius = math.sqrt(-2.0 * lane_logarithm(first[lane]))
        turns = 4.0 * second[lane] - 2.0
        shifted = turns + ROUNDING_SHIFT
        f = turns - (shifted - ROUNDING_SHIFT)
        quarter = np.float64(shifted).view(np.int64)
        cosine = radius * quarter_cosine(f)
        sine = radius * quarter_sine(f)
        cosine = -cosine if quarter & 2 else cosine
        first[lane] = sine if quarter & 1 else cosine
        second[lane] = cosine if quarter & 1 else sine
    return -1


def fill_normals(k0: int, k1: int, block: int, step: int, stream: int, row: int, half: int, lanes: Output) -> int:
    """2 * half independent standard normals into `lanes` from `row` on."""
    fill_uniforms(k0, k1, block, step, stream, row, half, lanes)
    return normals_of_uniforms(row, half, lanes)
