"""Dupire's local variance of a surface, from the derivatives of its smiles, at many points in one pass.

With total variance w at constant log-moneyness k = ln(K / F(t)) and Durrleman's function g,

    sigma^2(k, t) = (dw / dt) / g(k, t)

(B. Dupire, Risk 7 (1994) 18; J. Gatheral, "The Volatility Surface" (2006), eq. 1.10). The surface is linear in the time
of its clock between expiries, so dw / dt is constant there at each k and jumps at expiries; before the first expiry
volatility is that of the first, so that w = 0 at time zero and g there is (1 - k w' / (2 w))^2.

Where a surface has an arbitrage, no local volatility gives its prices. Where total variance falls the local variance is
zero, the nearest that there is; where g or w is not positive, or the local variance is more than 100 times the implied
one, the value comes from the nearest good points of the same time. All are counted in `Repairs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import DomainError
from optionix_core.volatility.svi import Svi

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.volatility.surface.smiles import Smile
    from optionix_core.volatility.surface.surface import VolatilitySurface

    FloatArray = NDArray[np.float64]
    Terms = tuple[FloatArray, FloatArray, FloatArray]

MOST = 100.0
"""Local over implied variance, beyond which the density nearly vanishes."""
ROUNDING = 1e-12
"""Fall of total variance between expiries, over its size, that is rounding."""


class Repairs(NamedTuple):
    """Nodes of a grid at which the surface has no local variance of its own."""

    nodes: int
    """Of the whole grid."""
    calendar: int
    """Total variance falls: zero instead."""
    butterfly: int
    """The density is not positive: taken from the nearest good nodes of the same time."""
    capped: int
    """More than 100 times the implied variance: taken likewise."""

    @property
    def found(self) -> bool:
        """Whether there are any."""
        return self.calendar + self.butterfly + self.capped > 0


class Rows(NamedTuple):
    """Times of a surface, each on a side of the expiries: arrays of shape (rows,)."""

    times: FloatArray
    """Calendar years."""
    interval: NDArray[np.int64]
    """Number of the first expiry that is not before; that of the expiries beyond the last one."""
    share: FloatArray
    """Of the later smile: linear in the clock's time between expiries, time over the nearest expiry's outside."""


def local_variance(surface: VolatilitySurface, rows: Rows, log_moneyness: FloatArray) -> tuple[FloatArray, Repairs]:
    """Variance per year of the clock (of the calendar before the first and after the last expiry), and its repairs.

    `log_moneyness` has shape (rows, nodes), increasing along each row. Raises DomainError where no node of a row has a
    local variance.
    """
    last = len(surface.slices) - 1
    smiles = [item.smile for item in surface.slices]
    far = _terms(smiles, np.minimum(rows.interval, last), log_moneyness)
    near = _terms(smiles, np.maximum(rows.interval - 1, 0), log_moneyness)
    share = rows.share[:, None]
    outside = ((rows.interval == 0) | (rows.interval > last))[:, None]
    rest = np.where(outside, 0.0, 1.0 - share)
    value, slope, curve = (rest * low + share * high for low, high in zip(near, far, strict=True))
    clock = surface.clock.time(surface.as_of, surface.years)
    years = surface.years[np.clip(rows.interval, 0, last)]
    spans = np.append(np.diff(clock, prepend=0.0), 1.0)[rows.interval]
    span = np.where(outside[:, 0], years, spans)[:, None]
    pace = (far[0] - np.where(outside, 0.0, near[0])) / span
    with np.errstate(divide="ignore", invalid="ignore"):
        steepness = np.where(outside, far[1] / far[0], slope / value)
        tilt = 1.0 - 0.5 * log_moneyness * steepness
        g = tilt * tilt - 0.25 * steepness * steepness * value * (1.0 + 0.25 * value) + 0.5 * curve
        variance = pace / g
        implied = np.where(outside, far[0] / years[:, None], value / np.maximum(rows.times, 1e-300)[:, None])
        falls = pace < -ROUNDING * far[0] / span
        hollow = ~((g > 0.0) & (far[0] > 0.0) & np.isfinite(variance))
        capped = ~hollow & (variance > MOST * implied)
    variance = np.maximum(variance, 0.0)
    repairs = Repairs(variance.size, int((falls & ~hollow).sum()), int(hollow.sum()), int(capped.sum()))
    bad = hollow | capped
    for row in np.flatnonzero(bad.any(axis=1)).tolist():
        good = ~bad[row]
        if not good.any():
            raise DomainError(f"the surface has no local variance at {rows.times[row]:.6g} years at any moneyness")
        variance[row] = np.interp(log_moneyness[row], log_moneyness[row, good], variance[row, good])
    return variance, repairs


def _terms(smiles: Sequence[Smile], which: NDArray[np.int64], k: FloatArray) -> Terms:
    """Total variance and derivatives of smile `which[row]` at each row of `k`."""
    if all(isinstance(smile, Svi) for smile in smiles):
        table = np.array([[s.a, s.b, s.rho, s.m, s.sigma] for s in smiles if isinstance(s, Svi)])
        a, b, rho, m, sigma = table[which].T[:, :, None]
        distance = k - m
        root = np.sqrt(distance * distance + sigma * sigma)
        lean = distance / root
        return a + b * (rho * distance + root), b * (rho + lean), b * (1.0 - lean * lean) / root
    found = np.empty((3, *k.shape))
    for place in np.unique(which).tolist():
        found[:, which == place] = smiles[place].derivatives(k[which == place])
    return found[0], found[1], found[2]
