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
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from optionix_core.errors import UnknownNameError
from optionix_core.pricing._american_sweeps import CLUSTER, HALF, MOST_POINTS

FloatArray = NDArray[np.float64]
Size: TypeAlias = tuple[int, int] | tuple[int, int, float]

SHARE = 0.03
"""Of the distance of a rule from the one before: the error that ninety-nine in a hundred random options stay below."""
SHORT = (8, 8, 0.02), (12, 12, 0.016), (20, 16, 0.006), (32, 32, 0.006)
LONG = (8, 8), (12, 12, 0.01), (24, 20, 1.4e-3), (40, 32, 2e-3), (52, 48)
"""Ladders that a boundary climbs: collocation points, quadrature points (multiples of four) and, where it is not
SHARE, the share."""
SEARCH = 8, 8
"""Points of the rule that looks for the time at which boundaries meet."""
ACCURACIES = {
    # name: rules, error of a price over the strike at which the climb ends, quadrature points of the price
    "fast": (SHORT[:3], 7e-7, 24),
    "standard": (SHORT, 1.5e-7, 28),
    "high": (LONG, 3e-10, 56),
}
SHARPNESS = 8.0, 16.0, 32.0
"""Drift over the life of an option, in standard deviations, from which its price takes at least SHARP_POINTS."""
SHARP_POINTS = 80, 160, 320
STEADY = ((8, 8), *SHORT[1:]), 1.5e-7, 40, 1e-13
"""The same for differences of prices."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Tables of one rule, flat and read-only."""

    points: int
    before: int
    """Points of the rule that it goes on from, 0 for none."""
    share: float
    """Of the distance from that, or from what half of the points say, in an estimate of the error; 0 for none."""
    nodes: FloatArray
    """Roots of the collocation times over the root of the longest, increasing, without zero, ending in one: (n,)."""
    shares: FloatArray
    """Of the nodes in the integral of 1 / (2 sqrt(v)) over times u = 1 - v: (n,)."""
    spans: FloatArray
    """a, b and the weight of dv / tau at the boundary's quadrature points, one after the other: (3 m,)."""
    matrix: FloatArray
    """From values at the nodes to values at node i times b_k: element (i, k, j) of (n, m, n)."""
    transform: FloatArray
    """From values at the nodes to Chebyshev coefficients: element (degree, j) of (n + 1, n)."""
    lift: FloatArray
    """From coefficients of the rule before, if any, to values at the nodes and, last, at its own first node: element
    (i, degree), degrees padded by zeros to a multiple of four."""
    early: FloatArray
    """Nodes, of the unit horizon: the first one, and the first of the rule before."""
    thin: FloatArray
    """From values at the nodes to those that every other one, the last among them, gives: element (i, j)."""

    def columns(self) -> tuple[FloatArray, ...]:
        """In the order in which the kernel takes them."""
        return self.nodes, self.shares, self.spans, self.matrix, self.transform


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rules of one accuracy."""

    rules: tuple[Rule, ...]
    price_points: tuple[int, ...]
    """Quadrature points of a price: one number more than SHARPNESS."""
    tolerance: float
    """Estimate of the error of a price over the strike at which the climb ends."""
    negligible: float
    """What a bound on the worth of exercise over the strike may be where it is left out; negative to leave none out."""


@cache
def ladder(accuracy: str) -> Ladder:
    """Raises UnknownNameError for an accuracy that is none."""
    if accuracy not in ACCURACIES:
        raise UnknownNameError("accuracy", str(accuracy), tuple(ACCURACIES))
    return build(*ACCURACIES[accuracy])


@cache
def steady(accuracy: str) -> Ladder:
    """For differences, which a change of rules between two prices would spoil: hardly any stops at a short rule."""
    plain = ladder(accuracy)
    return plain if accuracy == "high" else build(*STEADY)


@cache
def build(sizes: tuple[Size, ...], tolerance: float, price_quadrature: int, negligible: float | None = None) -> Ladder:
    """Tables for any sizes up to those that the kernels' workspace holds."""
    rules = tuple(
        rule(
            size[0], size[1], sizes[place - 1][0] if place else 0, size[2] if len(size) > 2 else SHARE if place else 0.0
        )
        for place, size in enumerate(sizes)
    )
    points = tuple(max(price_quadrature, least) for least in (0, *SHARP_POINTS))
    return Ladder(rules, points, tolerance, 0.01 * tolerance if negligible is None else negligible)


@cache
def panel(count: int) -> FloatArray:
    """Gauss-Legendre points on [0, 1], then their weights: (2 count,)."""
    return _frozen(np.concatenate(_gauss_legendre(count)))


@cache
def rule(points: int, quadrature: int, before: int, share: float = SHARE) -> Rule:
    """Chebyshev-Lobatto points on [0, 1] in the root of time, and Gauss-Legendre ones in the parameter t."""
    if points > MOST_POINTS or quadrature > MOST_POINTS or points % 4 or quadrature % 4:
        raise ValueError(f"no rule of {points} collocation and {quadrature} quadrature points")
    angles = np.pi * np.arange(points, -1, -1) / points
    ends = 0.5 * (1.0 + np.cos(angles))
    ends[0] = 0.0
    t, weight = _gauss_legendre(quadrature)
    a = 2.0 * t / (1.0 + t * t)
    b = (1.0 - t * t) / (1.0 + t * t)
    slope = 2.0 * (1.0 - t * t) / (1.0 + t * t) ** 2
    roots = _root(ends)
    basis = _lagrange(ends, np.sqrt(roots[None, 1:] * b[:, None] / (1.0 - CLUSTER) + HALF**2) - HALF)[:, :, 1:]
    degrees = np.arange(points + 1)
    halves = np.ones(points + 1)
    halves[[0, -1]] = 0.5
    transform = 2.0 / points * halves[:, None] * halves[None, :] * np.cos(angles[:, None] * degrees[None, :])
    middles = np.concatenate([[0.0], 0.5 * (roots[1:-1] + roots[2:]), [1.0]])
    places = np.append(angles[1:], np.pi * (before - 1) / before if before else 0.0)
    lift = np.cos(places[:, None] * np.arange(before + 1)[None, :]) if before else np.empty((points + 1, 0))
    return Rule(
        points,
        before,
        share,
        _frozen(roots[1:]),
        _frozen(-np.diff(np.sqrt(1.0 - middles**2))),
        _frozen(np.concatenate([a, b, 2.0 * a * slope * weight])),
        _frozen(basis.transpose(1, 0, 2)),
        _frozen(transform[1:].T),
        _padded(lift),
        _frozen(np.array([roots[1], _root(0.5 * (1.0 - np.cos(np.pi / max(before, 1))))])),
        _frozen(_thinned(ends)),
    )


def _root(x: Any) -> Any:
    """Of the time, from the variable of the series."""
    return x * (CLUSTER + (1.0 - CLUSTER) * x)


def _gauss_legendre(count: int) -> tuple[FloatArray, FloatArray]:
    points, weights = np.polynomial.legendre.leggauss(count)
    return 0.5 * (points + 1.0), 0.5 * weights


def _thinned(ends: FloatArray) -> FloatArray:
    """From values at Chebyshev-Lobatto points but the first, where it is zero, by every other of them to all."""
    count = len(ends) - 1
    table = np.zeros((count, count))
    table[:, 1::2] = _lagrange(ends[::2], ends[1:])[:, 1:]
    return table


def _lagrange(ends: FloatArray, places: FloatArray) -> FloatArray:
    """Values of the cardinal polynomials of Chebyshev-Lobatto points, barycentric: (*places.shape, len(ends))."""
    signs = np.where(np.arange(len(ends)) % 2, -1.0, 1.0)
    signs[[0, -1]] *= 0.5
    distance = places[..., None] - ends
    hit = distance == 0.0
    terms = signs / np.where(hit, 1.0, distance)
    basis: FloatArray = terms / terms.sum(axis=-1, keepdims=True)
    return np.where(hit.any(axis=-1, keepdims=True), hit.astype(np.float64), basis)


def _padded(table: FloatArray) -> FloatArray:
    """Flat, with zeros up to a multiple of four along the last axis."""
    missing = -table.shape[-1] % 4
    return _frozen(np.concatenate([table, np.zeros((*table.shape[:-1], missing))], axis=-1))


def _frozen(values: FloatArray) -> FloatArray:
    flat = np.ascontiguousarray(values, dtype=np.float64).reshape(-1)
    flat.flags.writeable = False
    return flat
