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
from optionix_core.pricing._american_boundary import MOST_POINTS
from optionix_core.pricing._american_sweeps import CLUSTER, HALF, STRIDE

FloatArray = NDArray[np.float64]

RULES = ((8, 8), (12, 16), (20, 16), (32, 32), (48, 48))
"""Collocation points and quadrature points (a multiple of eight) of the ladder that a boundary climbs."""
ACCURACIES = {
    # name: error of a price over the strike at which the climb ends, last rule, quadrature points of the price
    "fast": (3e-5, 2, 24),
    "standard": (1e-6, 3, 40),
    "high": (1e-9, 4, 64),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Tables of one rule, flat and read-only."""

    points: int
    nodes: FloatArray
    """Roots of the collocation times over the root of the longest, increasing, without zero, ending in one: (n,)."""
    shares: FloatArray
    """Of the nodes in the integral of 1 / (2 sqrt(v)) over times u = 1 - v: (n,)."""
    spans: FloatArray
    """a, b and the weight of dv / tau at the boundary's quadrature points, one after the other: (3 m,)."""
    matrix: FloatArray
    """From values at the nodes to values at node i times b_k: element (j, k, i) of (n, m, n)."""
    transform: FloatArray
    """From values at the nodes to Chebyshev coefficients: element (j, degree) of (n, n + 1)."""
    lift: FloatArray
    """From coefficients of the rule before, if any, to values at the nodes: element (degree, i)."""

    def columns(self) -> tuple[FloatArray, ...]:
        """In the order in which the kernel takes them."""
        return self.nodes, self.shares, self.spans, self.matrix, self.transform, self.lift


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rules of one accuracy."""

    rules: tuple[Rule, ...]
    panel: FloatArray
    """Gauss-Legendre points on [0, 1] for the price, then their weights: (2 p,)."""
    tolerance: float
    """Estimate of the error of a price over the strike at which the climb ends."""


@cache
def ladder(accuracy: str) -> Ladder:
    """Raises UnknownNameError for an accuracy that is none."""
    if accuracy not in ACCURACIES:
        raise UnknownNameError("accuracy", str(accuracy), tuple(ACCURACIES))
    tolerance, last, price_quadrature = ACCURACIES[accuracy]
    return build(RULES[: last + 1], tolerance, price_quadrature)


@cache
def build(sizes: tuple[tuple[int, int], ...], tolerance: float, price_quadrature: int) -> Ladder:
    """Tables for any sizes up to those that the kernels' workspace holds."""
    rules = tuple(
        rule(points, quadrature, sizes[place - 1][0] if place else 0)
        for place, (points, quadrature) in enumerate(sizes)
    )
    return Ladder(rules, _frozen(np.concatenate(_gauss_legendre(price_quadrature))), tolerance)


@cache
def rule(points: int, quadrature: int, before: int) -> Rule:
    """Chebyshev-Lobatto points on [0, 1] in the root of time, and Gauss-Legendre ones in the parameter t."""
    if points > MOST_POINTS or points * quadrature > STRIDE or quadrature % 8:
        raise ValueError(f"no room for {points} collocation and {quadrature} quadrature points")
    angles = np.pi * np.arange(points, -1, -1) / points
    ends = 0.5 * (1.0 + np.cos(angles))
    ends[0] = 0.0
    t, weight = _gauss_legendre(quadrature)
    a = 2.0 * t / (1.0 + t * t)
    b = (1.0 - t * t) / (1.0 + t * t)
    slope = 2.0 * (1.0 - t * t) / (1.0 + t * t) ** 2
    roots = ends * (CLUSTER + (1.0 - CLUSTER) * ends)
    basis = _lagrange(ends, np.sqrt(roots[None, 1:] * b[:, None] / (1.0 - CLUSTER) + HALF**2) - HALF)[:, :, 1:]
    degrees = np.arange(points + 1)
    halves = np.ones(points + 1)
    halves[[0, -1]] = 0.5
    transform = 2.0 / points * halves[:, None] * halves[None, :] * np.cos(angles[:, None] * degrees[None, :])
    middles = np.concatenate([[0.0], 0.5 * (roots[1:-1] + roots[2:]), [1.0]])
    lift = np.cos(np.arange(before + 1)[:, None] * angles[None, 1:]) if before else np.empty(0)
    return Rule(
        points,
        _frozen(roots[1:]),
        _frozen(-np.diff(np.sqrt(1.0 - middles**2))),
        _frozen(np.concatenate([a, b, 2.0 * a * slope * weight])),
        _frozen(basis.transpose(2, 0, 1)),
        _frozen(transform[1:]),
        _frozen(lift),
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
