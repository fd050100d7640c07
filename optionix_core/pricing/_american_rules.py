"""Points and weights of the collocation scheme: everything in it that no option changes.

With z = t in [0, 1], the pair a = 2t / (1 + t^2), b = (1 - t^2) / (1 + t^2) has a^2 + b^2 = 1. A time span tau is split
into v = tau a^2 (since exercise) and u = tau b^2 (time to expiry then), so that the square-root behaviour at both ends
is smooth in t and Gauss-Legendre points in t converge fast. The root of u is a fixed multiple of the root of tau, which
makes interpolation between collocation points one constant matrix.

Refuses options: whatever depends on a rate, a volatility or a time is in `_american_boundary`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from optionix_core.errors import UnknownNameError
from optionix_core.pricing._american_boundary import LANES, STRIDE

FloatArray = NDArray[np.float64]

ACCURACIES = {
    # name: collocation points, quadrature points of the boundary (a multiple of eight) and of the price, relative step
    # that ends the iteration
    "fast": (8, 16, 24, 2e-2),
    "standard": (12, 16, 32, 3e-4),
    "high": (28, 40, 80, 1e-7),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Tables of one accuracy, flat and read-only."""

    nodes: FloatArray
    """Roots of the collocation times over the root of the longest, increasing, without zero, ending in one: (n,)."""
    spans: FloatArray
    """a, b and the weight of dv / tau at the boundary's quadrature points, one after the other: (3 m,)."""
    matrix: FloatArray
    """From values at the nodes to values at node i times b_k: element (j, k, i) of (n, m, n)."""
    transform: FloatArray
    """From values at the nodes to Chebyshev coefficients: element (j, degree) of (n, n + 1)."""
    panel: FloatArray
    """Gauss-Legendre points on [0, 1], then their weights: (2 p,)."""
    settled: FloatArray
    """Relative step at which the iteration ends: (1,)."""

    def columns(self) -> tuple[FloatArray, ...]:
        """In the order in which kernels take them."""
        return self.nodes, self.spans, self.matrix, self.transform, self.panel, self.settled


def rule(accuracy: str) -> Rule:
    """Raises UnknownNameError for an accuracy that is none."""
    if accuracy not in ACCURACIES:
        raise UnknownNameError("accuracy", str(accuracy), tuple(ACCURACIES))
    return build(*ACCURACIES[accuracy])


@cache
def build(points: int, boundary_quadrature: int, price_quadrature: int, settled: float) -> Rule:
    """Tables for any sizes up to those that the kernels' workspace holds."""
    if points > LANES or points * boundary_quadrature > STRIDE or boundary_quadrature % 8:
        raise ValueError(f"no room for {points} collocation and {boundary_quadrature} quadrature points")
    angles = np.pi * np.arange(points, -1, -1) / points
    ends = 0.5 * (1.0 + np.cos(angles))
    ends[0] = 0.0
    t, weight = _gauss_legendre(boundary_quadrature)
    a = 2.0 * t / (1.0 + t * t)
    b = (1.0 - t * t) / (1.0 + t * t)
    slope = 2.0 * (1.0 - t * t) / (1.0 + t * t) ** 2
    places = ends[None, 1:] * b[:, None]
    basis = _lagrange(ends, places)[:, :, 1:]
    degrees = np.arange(points + 1)
    halves = np.ones(points + 1)
    halves[[0, -1]] = 0.5
    cosines = np.cos(angles[:, None] * degrees[None, :])
    transform = 2.0 / points * halves[:, None] * halves[None, :] * cosines
    panel, panel_weight = _gauss_legendre(price_quadrature)
    return Rule(
        _frozen(ends[1:]),
        _frozen(np.concatenate([a, b, 2.0 * a * slope * weight])),
        _frozen(basis.transpose(2, 0, 1)),
        _frozen(transform[1:]),
        _frozen(np.concatenate([panel, panel_weight])),
        _frozen(np.array([settled])),
    )


def _gauss_legendre(count: int) -> tuple[FloatArray, FloatArray]:
    points, weights = np.polynomial.legendre.leggauss(count)
    return 0.5 * (points + 1.0), 0.5 * weights


def _lagrange(ends: FloatArray, places: FloatArray) -> FloatArray:
    """Values of the cardinal polynomials of Chebyshev-Lobatto points, barycentric: (*places.shape, len(ends))."""
    signs = np.where(np.arange(len(ends)) % 2, -1.0, 1.0)
    signs[[0, -1]] *= 0.5
    distance = places[..., None] - ends
    hit = distance == 0.0
    terms = signs / np.where(hit, 1.0, distance)
    basis: FloatArray = terms / terms.sum(axis=-1, keepdims=True)
    return np.where(hit.any(axis=-1, keepdims=True), hit.astype(np.float64), basis)


def _frozen(values: FloatArray) -> FloatArray:
    flat = np.ascontiguousarray(values, dtype=np.float64).reshape(-1)
    flat.flags.writeable = False
    return flat
