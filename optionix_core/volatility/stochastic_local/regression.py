"""The mean of a variance given log-moneyness, from particles: local regression on bins.

Particles are counted into narrow bins of standardised log-moneyness, and polynomials are fitted around each node with
Gaussian weights (J. Fan and I. Gijbels, "Local Polynomial Modelling and Its Applications" (1996), section 3.2; binned
as by J. Fan and J. Marron, J. Comput. Graph. Stat. 3 (1994) 35). Unlike a local mean they have no bias where particles
thin out on one side. Two widths: parabolas in a narrow one where it sees many particles, lines in a wide one in the
tails. Where that sees too few as well, the mean is that of the nearest node where it does not. Sums are taken in one
order, so that results do not depend on threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

REACH = 5.0
"""Deviations to either side that nodes cover."""
BINS_OF_A_NODE = 4
"""Intervals of bins between two nodes; nodes are centres of bins."""
NARROW, WIDE = 1.8, 4.0
"""Widths in deviations, times the count of particles to the power -1/5."""
TAPS = 4.0
"""Widths at which a kernel ends."""
ENOUGH = 400.0
"""Particles within the narrow kernel at which it counts as much as the wide one."""
FEWEST = 100.0
"""Particles that the wide kernel must see."""
FLAT = 1e-10
"""Determinant over its scale, below which particles lie in one place."""


class Means(NamedTuple):
    """At the nodes."""

    values: FloatArray
    """Mean of the variance: (nodes,)."""
    known: NDArray[np.bool_]
    """Where particles tell it; elsewhere it is that of the nearest node where they do: (nodes,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """Weights that do not depend on the step."""

    places: FloatArray
    """Of the nodes, in deviations: (nodes,)."""
    bins: int
    narrow: tuple[FloatArray, ...]
    """Gaussian weights times the distance to the power 0 to 4, from bin to bin: each (taps,)."""
    wide: tuple[FloatArray, ...]
    """To the power 0 to 2."""

    @classmethod
    def of(cls, nodes: int, particles: int) -> Regression:
        """For so many nodes and particles."""
        bins = BINS_OF_A_NODE * (nodes - 1) + 1
        spacing = 2.0 * REACH / (bins - 1)
        narrow, wide = (width * particles**-0.2 for width in (NARROW, WIDE))
        return cls(np.linspace(-REACH, REACH, nodes), bins, _kernels(narrow, spacing, 5), _kernels(wide, spacing, 3))

    def means(self, standardised: FloatArray, variance: FloatArray) -> Means:
        """Mean of `variance` at the nodes, from particles at `standardised` log-moneyness, both (particles,)."""
        last = self.bins - 1
        place = np.clip((standardised + REACH) * (last / (2.0 * REACH)) + 0.5, 0.0, last).astype(np.int64)
        counts = np.bincount(place, minlength=self.bins).astype(np.float64)
        totals = np.bincount(place, weights=variance, minlength=self.bins).astype(np.float64)
        s0, s1, s2 = (self._sums(counts, kernel) for kernel in self.wide)
        t0, t1 = (self._sums(totals, kernel) for kernel in self.wide[:2])
        with np.errstate(divide="ignore", invalid="ignore"):
            det = s0 * s2 - s1 * s1
            wide = np.where(det > FLAT * s0 * s2, (s2 * t0 - s1 * t1) / det, t0 / s0)
            near, seen = self._parabola(counts, totals, wide)
        share = seen**2 / (seen**2 + ENOUGH**2)
        values = np.where(share > 0.0, share * near, 0.0) + (1.0 - share) * wide
        known = s0 >= FEWEST
        if not known.any():
            return Means(np.full(values.size, float(totals.sum() / counts.sum())), known)
        good = np.flatnonzero(known)
        return Means(np.interp(np.arange(values.size), good, values[good]), known)

    def _parabola(self, counts: FloatArray, totals: FloatArray, other: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Value at each node of the parabola through the narrow kernel, `other` where it has none, and what it sees."""
        s0, s1, s2, s3, s4 = (self._sums(counts, kernel) for kernel in self.narrow)
        t0, t1, t2 = (self._sums(totals, kernel) for kernel in self.narrow[:3])
        c0, c1, c2 = s2 * s4 - s3 * s3, s2 * s3 - s1 * s4, s1 * s3 - s2 * s2
        det = s0 * c0 + s1 * c1 + s2 * c2
        good = det > FLAT * s0 * s2 * s4
        return np.where(good, (c0 * t0 + c1 * t1 + c2 * t2) / det, other), s0

    @staticmethod
    def _sums(values: FloatArray, kernel: FloatArray) -> FloatArray:
        """Of bins around each node."""
        half = kernel.size // 2
        found: FloatArray = np.correlate(np.pad(values, half), kernel, mode="valid")[::BINS_OF_A_NODE]
        return found


def _kernels(width: float, spacing: float, count: int) -> tuple[FloatArray, ...]:
    """Gaussian weights times powers of the distance over the width."""
    half = int(np.ceil(TAPS * width / spacing))
    distance = np.arange(-half, half + 1) * (spacing / width)
    bell = np.exp(-0.5 * distance * distance)
    return tuple(bell * distance**power for power in range(count))
