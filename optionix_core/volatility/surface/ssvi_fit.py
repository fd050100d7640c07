"""SSVI: one tilt and one law of curvature for a whole surface, and a level for each expiry.

    phi(theta) = eta / (theta^gamma (1 + theta)^(1 - gamma)),    eta > 0, 0 < gamma < 1

Source: J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative Finance 14 (2014) 59, eq.
4.5. Levels that rise with time leave no calendar spread at any strike (theorem 4.1), since theta phi rises with theta
and phi falls. No butterfly: theta phi (1 + |rho|) < 4 and theta phi^2 (1 + |rho|) <= 4 (theorem 4.2) at every expiry;
hinges keep the fit there and the last step lowers eta until both hold. Few parameters: it smooths more than it fits.
Refuses nothing that `essvi_fit` takes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.volatility.surface._ssvi_terms import (
    MARGIN,
    STEEPEST_TILT,
    TRUST,
    ChainQuotes,
    Terms,
    descend,
    parameters,
    smiles_of,
    with_walls,
)
from optionix_core.volatility.surface.essvi_fit import CLEAR, PRESSURES, check
from optionix_core.volatility.surface.quotes import SliceQuotes
from optionix_core.volatility.svi import Svi

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

STARTS = ((-0.7, 1.0, 0.45), (-0.5, 0.8, 0.35), (-0.8, 0.6, 0.55))
"""rho, eta and gamma."""


class SsviFit(NamedTuple):
    """A surface of SSVI."""

    smiles: tuple[Svi, ...]
    theta: tuple[float, ...]
    """Total variance at the money of each expiry, increasing."""
    rho: float
    eta: float
    gamma: float


def fit(slices: Sequence[SliceQuotes]) -> tuple[Svi, ...]:
    """One smile for each expiry, in their order, which is that of time. Raises InvalidValueError as `fit_surface`."""
    return fit_surface(slices).smiles if slices else ()


def fit_surface(slices: Sequence[SliceQuotes]) -> SsviFit:
    """The surface with its parameters.

    Raises InvalidValueError where an expiry has too few quotes or is not later than the one before.
    """
    check(slices)
    quotes = ChainQuotes(slices)
    count = quotes.count
    group = np.zeros(3 + count, dtype=np.intp)
    best: FloatArray | None = None
    score = -math.inf
    for rho, eta, gamma in STARTS:
        x = np.concatenate(
            [[math.atanh(rho), math.log(eta), math.log(gamma / (1.0 - gamma))], 2.0 * np.log(quotes.deviation)]
        )
        quotes.hear(_slices(x)[0], 20.0)
        for scale, pressure in zip(TRUST.tolist(), PRESSURES, strict=True):

            def terms(here: FloatArray, pressure: float = pressure) -> Terms:
                return _terms(quotes, here, pressure)

            x = descend(terms, x, group, 20, 1e-4)
            quotes.hear(_slices(x)[0], scale)
        found = float(quotes.scores(_slices(x)[0]).sum())
        if best is None or found > score:
            best, score = x, found
    assert best is not None  # noqa: S101 - there are starts
    for i in range(1, count):
        best[3 + i] = max(best[3 + i], best[2 + i] + CLEAR)
    theta, rho_of, phi = parameters(_slices(best)[0])
    tilt = 1.0 + abs(float(rho_of[0]))
    most = np.minimum(4.0 / (theta * phi * tilt), np.sqrt(4.0 / (theta * phi * phi * tilt)))
    shrink = min(1.0, float(most.min()) * (1.0 - CLEAR))
    phi = shrink * phi
    rho, eta, gamma = float(rho_of[0]), shrink * math.exp(best[1]), 1.0 / (1.0 + math.exp(-best[2]))
    return SsviFit(smiles_of(theta, rho_of, phi), tuple(theta.tolist()), rho, eta, gamma)


def _slices(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Coordinates of slices (n, 3), and their derivatives (n, 3, 4) in the three shared ones and the slice's own."""
    tilt, own = float(np.clip(x[0], -STEEPEST_TILT, STEEPEST_TILT)), x[3:]
    gamma = 1.0 / (1.0 + math.exp(-x[2]))
    theta = np.exp(own)
    level = own - np.log1p(theta)
    z = np.empty((own.size, 3))
    z[:, 0], z[:, 1] = own, tilt
    z[:, 2] = x[1] + (1.0 - gamma) * level
    slopes = np.zeros((own.size, 3, 4))
    slopes[:, 0, 3] = 1.0
    slopes[:, 1, 0] = 1.0
    slopes[:, 2, 1] = 1.0
    slopes[:, 2, 2] = -level * gamma * (1.0 - gamma)
    slopes[:, 2, 3] = (1.0 - gamma) / (1.0 + theta)
    return z, slopes


def _terms(quotes: ChainQuotes, x: FloatArray, pressure: float) -> Terms:
    """Quotes, and hinges for levels that fall."""
    z, slopes = _slices(x)
    own = with_walls(quotes.terms(z), z, pressure)
    count = quotes.count
    gradients = np.einsum("ipq,ip->iq", slopes, own.gradient)
    matrices = np.einsum("ipa,ipq,iqb->iab", slopes, own.matrix, slopes)
    gradient = np.concatenate([gradients[:, :3].sum(axis=0), gradients[:, 3]])
    matrix = np.zeros((3 + count, 3 + count))
    matrix[:3, :3] = matrices[:, :3, :3].sum(axis=0)
    matrix[:3, 3:] = matrices[:, :3, 3].T
    matrix[3:, :3] = matrices[:, 3, :3]
    every = 3 + np.arange(count)
    matrix[every, every] = matrices[:, 3, 3]
    fall = x[3:-1] - x[4:] + MARGIN
    near = 3 + np.flatnonzero(fall > 0.0)
    amount = pressure * fall[near - 3]
    gradient[near] += pressure * amount
    gradient[near + 1] -= pressure * amount
    push = pressure * pressure
    matrix[near, near] += push
    matrix[near + 1, near + 1] += push
    matrix[near, near + 1] -= push
    matrix[near + 1, near] -= push
    loss = np.array([own.loss.sum() + 0.5 * float(amount @ amount)])
    return Terms(loss, gradient, matrix)
