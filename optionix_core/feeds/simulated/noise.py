"""Counter-based randomness: the n-th number of a stream without its predecessors.

A number is a hash of (key, counter), so that access is random in time and no answer depends on who
asked what before. Scalars are pure Python; the array twins give the same bits. It is not meant
for anything secret.

The hash is the output function of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
number generators", OOPSLA 2014) at position `counter` of the sequence that starts in `key`. The normal
quantile is algorithm AS 241, routine PPND7 (Wichura, Applied Statistics 37, 1988), accurate to seven figures.
"""

from __future__ import annotations

from math import log, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MASK = 0xFFFFFFFFFFFFFFFF
_GAMMA = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB
_FNV_OFFSET = 0xCBF29CE484222325
_FNV_PRIME = 0x100000001B3
_UNIT = 2.0**-53


def key(seed: int, *labels: str) -> int:
    """Key of the stream named by `labels` under `seed` (FNV-1a over the labels, then mixed)."""
    state = _FNV_OFFSET
    for byte in "\x1f".join((str(seed), *labels)).encode():
        state = ((state ^ byte) * _FNV_PRIME) & _MASK
    return bits(state, 0)


def bits(stream: int, counter: int) -> int:
    """64 random bits at `counter` of the stream."""
    word = (stream + (counter + 1) * _GAMMA) & _MASK
    word = ((word ^ (word >> 30)) * _MIX_1) & _MASK
    word = ((word ^ (word >> 27)) * _MIX_2) & _MASK
    return word ^ (word >> 31)


def uniform(stream: int, counter: int) -> float:
    """Uniform in the open interval (0, 1)."""
    return ((bits(stream, counter) >> 11) + 0.5) * _UNIT


def normal(stream: int, counter: int) -> float:
    """Standard normal at `counter` of the stream."""
    return quantile(uniform(stream, counter))


def quantile(probability: float) -> float:
    """Inverse of the standard normal distribution function, AS 241 PPND7."""
    q = probability - 0.5
    if -0.425 <= q <= 0.425:
        r = 0.180625 - q * q
        top = ((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
        bottom = ((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0
        return q * top / bottom
    r = sqrt(-log(probability if q < 0.0 else 1.0 - probability))
    if r <= 5.0:
        r -= 1.6
        top = ((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777
        bottom = (0.12021132975 * r + 0.73700164250) * r + 1.0
    else:
        r -= 5.0
        top = ((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150
        bottom = (0.012258202635 * r + 0.24197894225) * r + 1.0
    return -top / bottom if q < 0.0 else top / bottom


def words(stream: int, counters: NDArray[np.int64]) -> NDArray[np.uint64]:
    """`bits` at each of `counters` (int64, not negative)."""
    import numpy as np

    with np.errstate(over="ignore"):
        word = np.uint64(stream) + (counters.astype(np.uint64) + np.uint64(1)) * np.uint64(_GAMMA)
        word = (word ^ (word >> np.uint64(30))) * np.uint64(_MIX_1)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(_MIX_2)
        word ^= word >> np.uint64(31)
    return word


def uniforms(stream: int, counters: NDArray[np.int64]) -> NDArray[np.float64]:
    """`uniform` at each of `counters`, the same bits."""
    import numpy as np

    shifted: NDArray[np.float64] = (words(stream, counters) >> np.uint64(11)).astype(np.float64)
    return (shifted + 0.5) * _UNIT


def normals(stream: int, counters: NDArray[np.int64]) -> NDArray[np.float64]:
    """`normal` at each of `counters`, the same bits."""
    import numpy as np

    probability = uniforms(stream, counters)
    q = probability - 0.5
    r = 0.180625 - q * q
    top = ((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
    bottom = ((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0
    result: NDArray[np.float64] = q * top / bottom
    tails = np.flatnonzero((q < -0.425) | (q > 0.425))
    result[tails] = _tails(probability[tails])
    return result


def _tails(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """`quantile` beyond its middle. Logarithms go through the C library one by one, as everywhere here."""
    import numpy as np

    low = probability < 0.5
    nearer = np.where(low, probability, 1.0 - probability)
    r = np.sqrt(-np.array([log(share) for share in nearer.tolist()]))
    near = r - 1.6
    top = ((0.17023821103 * near + 1.3067284816) * near + 2.7568153900) * near + 1.4234372777
    bottom = (0.12021132975 * near + 0.73700164250) * near + 1.0
    result: NDArray[np.float64] = np.where(low, -top / bottom, top / bottom)
    for row in np.flatnonzero(r > 5.0).tolist():  # one in a million
        result[row] = quantile(float(probability[row]))
    return result
