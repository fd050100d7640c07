"""Quotes of a chain against slices of SSVI: losses, their derivatives, and the damped descent that both fits share.

    w(k) = theta / 2 (1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2)),    psi = theta phi

Source: J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative Finance 14 (2014) 59, eq.
4.1. Each slice has coordinates without bounds: ln theta, artanh rho, ln psi. Distances count in half spreads, with a
say for each quote by the loss of S. Geman and D. McClure (1987). Order in time is for the fits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.volatility.svi import Svi

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.volatility.surface.quotes import SliceQuotes

    FloatArray = NDArray[np.float64]

TRUST = np.geomspace(4.0, 0.9, 6)
"""Half spreads beyond which a quote loses its say, round by round."""
MARGIN = 1e-4
"""By which logarithms are to clear their bounds while fitting."""
STEEPEST_TILT = 5.0
"""Largest artanh rho in size."""


class Terms(NamedTuple):
    """Loss, gradient and Gauss-Newton matrix of something, by slice or in all."""

    loss: FloatArray
    gradient: FloatArray
    matrix: FloatArray


class ChainQuotes:
    """The quotes of all expiries one after the other."""

    def __init__(self, slices: Sequence[SliceQuotes]) -> None:
        counts = np.array([one.count for one in slices])
        self.count = len(slices)
        self.first = np.concatenate([[0], np.cumsum(counts)[:-1]])
        self.owner = np.repeat(np.arange(self.count), counts)
        self.k = np.concatenate([one.log_moneyness for one in slices])
        self.middle = np.concatenate([0.5 * (one.bid + one.ask) for one in slices])
        self.weight = np.concatenate([1.0 / one.half_width for one in slices])
        self.deviation = np.array([one.deviation for one in slices])
        self.say = np.ones(self.k.size)

    def terms(self, z: FloatArray) -> Terms:
        """By slice: loss (n,), gradient (n, 3), matrix (n, 3, 3) in the coordinates `z` of shape (n, 3)."""
        theta, rho, phi = parameters(z)
        theta, rho, phi = (column[self.owner] for column in (theta, rho, phi))
        x = phi * self.k
        root = np.sqrt((x + rho) ** 2 + 1.0 - rho * rho)
        value = 0.5 * theta * (1.0 + rho * x + root)
        by_psi = 0.5 * theta * x * (rho + (x + rho) / root)
        by_tilt = 0.5 * theta * x * (1.0 + 1.0 / root) * (1.0 - rho * rho)
        scale = self.weight * np.sqrt(self.say)
        residual = scale * (value - self.middle)
        rows = scale * np.stack([value - by_psi, by_tilt, by_psi])
        loss = 0.5 * np.add.reduceat(residual * residual, self.first)
        gradient = np.add.reduceat(rows * residual, self.first, axis=1).T
        products = np.add.reduceat(rows[:, None] * rows[None, :], self.first, axis=2)
        return Terms(loss, gradient, np.moveaxis(products, 2, 0))

    def distance(self, z: FloatArray) -> FloatArray:
        """From the middle of each quote, in half spreads."""
        theta, rho, phi = (column[self.owner] for column in parameters(z))
        x = phi * self.k
        value = 0.5 * theta * (1.0 + rho * x + np.sqrt((x + rho) ** 2 + 1.0 - rho * rho))
        found: FloatArray = self.weight * (value - self.middle)
        return found

    def hear(self, z: FloatArray, scale: float) -> None:
        """Give each quote the say that these slices leave it."""
        self.say = (1.0 + (self.distance(z) / scale) ** 2) ** -2.0

    def scores(self, z: FloatArray) -> FloatArray:
        """Quotes within their spread by slice, less a little for the distance of all."""
        distance = np.abs(self.distance(z))
        found: FloatArray = np.add.reduceat((distance <= 1.0) - 0.05 * np.log1p(distance**2), self.first)
        return found


def with_walls(own: Terms, z: FloatArray, pressure: float) -> Terms:
    """Terms by slice with hinges for butterflies: psi (1 + |rho|) <= 4 and psi^2 (1 + |rho|) <= 4 theta, in logarithms.

    Source: Gatheral and Jacquier (2014), theorem 4.2.
    """
    rho = parameters(z)[1]
    size = np.log1p(np.abs(rho))
    size_slope = np.sign(rho) * (1.0 - rho * rho) / (1.0 + np.abs(rho))
    wall = math.log(4.0) - MARGIN
    zero, one = np.zeros(rho.size), np.ones(rho.size)
    loss, gradient, matrix = own.loss.copy(), own.gradient.copy(), own.matrix.copy()
    for over, slopes in (
        (z[:, 2] + size - wall, np.stack([zero, size_slope, one], axis=1)),
        (2.0 * z[:, 2] + size - wall - z[:, 0], np.stack([-one, size_slope, 2.0 * one], axis=1)),
    ):
        amount = pressure * np.maximum(over, 0.0)
        rows = pressure * slopes * (over > 0.0)[:, None]
        loss += 0.5 * amount**2
        gradient += rows * amount[:, None]
        matrix += rows[:, :, None] * rows[:, None, :]
    return Terms(loss, gradient, matrix)


def parameters(z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Theta, rho and phi of each slice."""
    theta = np.exp(z[:, 0])
    return theta, np.tanh(np.clip(z[:, 1], -STEEPEST_TILT, STEEPEST_TILT)), np.exp(z[:, 2]) / theta


def smiles_of(theta: FloatArray, rho: FloatArray, phi: FloatArray) -> tuple[Svi, ...]:
    """The slices as smiles by raw parameters."""
    return tuple(Svi.surface_slice(*row) for row in zip(theta.tolist(), rho.tolist(), phi.tolist(), strict=True))


def descend(
    terms: Callable[[FloatArray], Terms],
    start: FloatArray,
    group: NDArray[np.intp],
    rounds: int,
    tolerance: float,
    band: int | None = None,
) -> FloatArray:
    """Levenberg and Marquardt's method; the coordinates of a `group` share a damping, as `loss` has one entry for each.

    `terms` gives losses (groups,), a gradient (coordinates,) and a matrix (coordinates, coordinates), which is zero
    further than `band` from its diagonal where that is given.
    """
    here = start
    found = terms(here)
    damping = np.full(found.loss.size, 1e-3)
    for _ in range(rounds):
        gained = 0.0
        size = np.diagonal(found.matrix)
        for _ in range(12):
            damped = found.matrix + np.diag(damping[group] * size + 1e-10)
            step = np.linalg.solve(damped, -found.gradient) if band is None else _banded(damped, -found.gradient, band)
            tried = here + np.clip(step, -1.0, 1.0)
            fresh = terms(tried)
            rose = fresh.loss > found.loss
            if fresh.loss.sum() < found.loss.sum():
                gained = float(found.loss.sum() - fresh.loss.sum())
                damping = np.where(rose, 3.0 * damping, np.maximum(0.2 * damping, 1e-9))
                here, found = tried, fresh
                break
            damping = np.where(rose, 8.0 * damping, damping)
        if gained < tolerance * found.loss.sum():
            break
    return here


def _banded(matrix: FloatArray, right: FloatArray, band: int) -> FloatArray:
    """Solution for a symmetric, positive matrix that is zero further than `band` from its diagonal."""
    from scipy.linalg import solveh_banded

    rows = np.zeros((band + 1, right.size))
    for shift in range(min(band, right.size - 1) + 1):
        rows[shift, : right.size - shift] = np.diagonal(matrix, -shift)
    found: FloatArray = solveh_banded(rows, right, lower=True)
    return found
