"""eSSVI: a slice of SSVI for each expiry, each with its own tilt, without arbitrage anywhere by construction.

No butterfly: psi (1 + |rho|) < 4 and psi^2 (1 + |rho|) <= 4 theta (Gatheral and Jacquier (2014), theorem 4.2). No
calendar spread between expiries: psi (1 + rho) and psi (1 - rho) do not fall with time and phi = psi / theta does not
rise (S. Hendriks and C. Martini, "The extended SSVI volatility surface", Journal of Computational Finance 22 (2019); J.
Corbetta, P. Cohort, I. Laachir, C. Martini, "Robust calibration and arbitrage-free interpolation of SSVI slices",
Decisions in Economics and Finance 42 (2019) 665, proposition 3.1). These hold for all strikes.

All expiries are fitted at once, with hinges for these inequalities whose pressure grows; what the hinges leave is
removed by the global parametrisation of A. Mingone, "No arbitrage global parametrization for the eSSVI volatility
surface", Quantitative Finance 22 (2022) 2205: with the tilts given, each theta and psi has bounds that are never empty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.volatility.surface._ssvi_terms import (
    MARGIN,
    TRUST,
    ChainQuotes,
    Terms,
    descend,
    parameters,
    smiles_of,
    with_walls,
)
from optionix_core.volatility.surface.quotes import FEWEST, SliceQuotes
from optionix_core.volatility.svi import Svi

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

BAND = 5
"""Coordinates of neighbours meet in the matrix, three each: nothing lies further from its diagonal."""
TILTS = (-0.9, -0.6, -0.2)
CURVATURES = (0.6, 2.0)
"""psi over the deviation at the money, to start from."""
PRESSURES = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
CLEAR = 1e-7
"""By which parameters clear them in the end, relatively."""


def fit(slices: Sequence[SliceQuotes]) -> tuple[Svi, ...]:
    """One smile for each expiry, in their order, which is that of time.

    Raises InvalidValueError where an expiry has too few quotes or is not later than the one before.
    """
    check(slices)
    if not slices:
        return ()
    quotes = ChainQuotes(slices)
    z = _alone(quotes)
    group = np.repeat(np.arange(quotes.count), 3)
    quotes.hear(z, float(TRUST[-1]))
    for pressure in PRESSURES:

        def terms(flat: FloatArray, pressure: float = pressure) -> Terms:
            return _together(quotes, flat.reshape(-1, 3), pressure)

        z = descend(terms, z.reshape(-1), group, 30, 1e-4, BAND).reshape(-1, 3)
        quotes.hear(z, float(TRUST[-1]))
    return smiles_of(*bounded(*parameters(z)))


def check(slices: Sequence[SliceQuotes]) -> None:
    """Raise InvalidValueError for too few quotes and for expiries that are not in order of time."""
    for place, one in enumerate(slices):
        if one.count < FEWEST:
            raise InvalidValueError("quotes", one.count, f"at least {FEWEST}", place)
        if place and not one.years > slices[place - 1].years:
            raise InvalidValueError("years", one.years, "later than the expiry before", place)


def bounded(theta: FloatArray, rho: FloatArray, phi: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The nearest theta and phi, in order of time, that leave no arbitrage with these tilts."""
    psi = theta * phi
    theta, psi = theta.copy(), psi.copy()
    count = theta.size
    growth = np.ones(count)  # by which theta and psi rise at least, so that neither wing falls
    for i in range(1, count):
        growth[i] = max((1.0 + rho[i - 1]) / (1.0 + rho[i]), (1.0 - rho[i - 1]) / (1.0 - rho[i])) * (1.0 + CLEAR)
        theta[i] = max(theta[i], theta[i - 1] * growth[i] * (1.0 + CLEAR))
    tilt = 1.0 + np.abs(rho)
    most = np.minimum(4.0 / tilt, np.sqrt(4.0 * theta / tilt)) * (1.0 - CLEAR)
    for i in range(count - 2, -1, -1):
        most[i] = min(most[i], most[i + 1] / growth[i + 1])
    psi[0] = min(psi[0], most[0])
    for i in range(1, count):
        highest = min(most[i], psi[i - 1] * theta[i] / theta[i - 1])
        psi[i] = min(max(psi[i], psi[i - 1] * growth[i]), highest)
    return theta, rho, psi / theta


def _alone(quotes: ChainQuotes) -> FloatArray:
    """Each slice by itself, the best of several starts; hinges for butterflies only."""
    group = np.repeat(np.arange(quotes.count), 3)
    best = np.zeros((quotes.count, 3))
    scores = np.full(quotes.count, -np.inf)

    def terms(flat: FloatArray) -> Terms:
        return _together(quotes, flat.reshape(-1, 3), 30.0, ordered=False)

    for tilt in TILTS:
        for curvature in CURVATURES:
            z = np.empty((quotes.count, 3))
            z[:, 0] = 2.0 * np.log(quotes.deviation)
            z[:, 1] = math.atanh(tilt)
            z[:, 2] = np.log(curvature * quotes.deviation)
            quotes.hear(z, 20.0)
            for scale in TRUST.tolist():
                z = descend(terms, z.reshape(-1), group, 12, 1e-3, BAND).reshape(-1, 3)
                quotes.hear(z, scale)
            found = quotes.scores(z)
            better = found > scores
            best[better], scores[better] = z[better], found[better]
    return best


def _together(quotes: ChainQuotes, z: FloatArray, pressure: float, *, ordered: bool = True) -> Terms:
    """Quotes and hinges: losses by slice, and gradient and matrix over all coordinates."""
    own = with_walls(quotes.terms(z), z, pressure)
    count = quotes.count
    loss, gradient = own.loss, own.gradient.reshape(-1)
    matrix = np.zeros((3 * count, 3 * count))
    view = matrix.reshape(count, 3, count, 3)
    every = np.arange(count)
    view[every, :, every, :] = own.matrix
    if ordered and count > 1:
        rho = parameters(z)[1]
        zero, one = np.zeros(count), np.ones(count)
        right, left = np.log1p(rho), np.log1p(-rho)
        right_slope, left_slope = 1.0 - rho, -(1.0 + rho)
        falls = (
            (z[:, 2] + right, np.stack([zero, right_slope, one], axis=1)),
            (z[:, 2] + left, np.stack([zero, left_slope, one], axis=1)),
            (z[:, 0] - z[:, 2], np.stack([one, zero, -one], axis=1)),
        )
        for level, slopes in falls:
            fall = level[:-1] - level[1:] + MARGIN
            near = np.flatnonzero(fall > 0.0)
            amount = pressure * fall[near]
            low, high = pressure * slopes[near], -pressure * slopes[near + 1]
            np.add.at(loss, near, 0.25 * amount**2)
            np.add.at(loss, near + 1, 0.25 * amount**2)
            flat = gradient.reshape(-1, 3)
            flat[near] += low * amount[:, None]
            flat[near + 1] += high * amount[:, None]
            view[near, :, near, :] += low[:, :, None] * low[:, None, :]
            view[near + 1, :, near + 1, :] += high[:, :, None] * high[:, None, :]
            view[near, :, near + 1, :] += low[:, :, None] * high[:, None, :]
            view[near + 1, :, near, :] += high[:, :, None] * low[:, None, :]
    return Terms(loss, gradient, matrix)
