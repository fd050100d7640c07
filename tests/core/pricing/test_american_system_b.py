"""American prices against the other fixed-point system, solved by itself, in numpy and by other points than ours.

System B of L. Andersen, M. Lake, D. Offengenden, J. Comput. Finance 20 (2016) 39, from matching values at the boundary:

    B(tau) = K exp(-(r - q) tau) N / D,   N = N(d-(B / K, tau)) + r int_0^tau exp(r u) N(d-(B(tau) / B(u), tau - u)) du,
                                          D = N(d+(B / K, tau)) + q int_0^tau exp(q u) N(d+(B(tau) / B(u), tau - u)) du.

Ours solves system A, from matching slopes. Nothing of our boundary enters here: neither starting values nor nodes,
interpolation, quadrature or normal distribution are shared.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from optionix_core.pricing import _american_rules, american, black_scholes

NODES, INNER, OUTER, STEPS, POWER = 32, 64, 400, 60, 3
FINEST = ((8, 8), (16, 24), (32, 48), (52, 56))
"""Collocation and quadrature points of ours, well beyond those of "high"."""


def interpolation(ends: Any, places: Any) -> Any:
    """Values at `places` from those at Chebyshev-Lobatto points: (*places.shape, points), barycentric."""
    weights = np.where(np.arange(len(ends)) % 2, -1.0, 1.0)
    weights[[0, -1]] *= 0.5
    gaps = places[..., None] - ends
    hit = gaps == 0.0
    terms = weights / np.where(hit, 1.0, gaps)
    return np.where(hit.any(-1, keepdims=True), hit, terms / terms.sum(-1, keepdims=True))


def gauss(count: int) -> tuple[Any, Any]:
    """Angles from 0 to pi / 2 and weights."""
    points, weights = np.polynomial.legendre.leggauss(count)
    return 0.25 * np.pi * (points + 1.0), 0.25 * np.pi * weights


def boundaries(expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> tuple[Any, Any, Any]:
    """ln(B / X)^2 of puts of strike one at nodes (nodes, options), X = min(1, r / q); the nodes in [0, 1]; and ln X.

    A polynomial in x, where tau = T x^3: points crowd near expiry, where the boundary has a logarithm in it. By plain
    iteration: the derivatives that Newton's method needs vanish at the boundary, where slopes match.
    """
    ends = 0.5 * (1.0 - np.cos(np.pi * np.arange(NODES + 1) / NODES))
    tau = expiry * ends[1:, None] ** POWER
    anchor = np.log(np.minimum(1.0, rate / np.maximum(dividend_yield, 1e-300)))
    angle, weight = gauss(INNER)
    # u = tau sin^2: both the root of u and that of tau - u are smooth in the angle
    matrix = interpolation(ends, ends[1:, None] * np.sin(angle) ** (2.0 / POWER))[:, :, 1:]
    held = tau[:, None, :] * (np.cos(angle) ** 2)[None, :, None]
    past = tau[:, None, :] - held
    measure = 2.0 * tau[:, None, :] * (np.sin(angle) * np.cos(angle) * weight)[None, :, None]
    cash, asset = rate * np.exp(rate * past) * measure, dividend_yield * np.exp(dividend_yield * past) * measure
    width, own_width = volatility * np.sqrt(held), volatility * np.sqrt(tau)
    carry = rate - dividend_yield
    square = (0.6 * own_width) ** 2 / (1.0 + (0.6 * own_width) ** 2) + 1e-12
    for _ in range(STEPS):
        level = -np.sqrt(square)
        inner = np.maximum(np.einsum("ikj,jn->ikn", matrix, square), 1e-14 * square[:, None, :])
        high = (level[:, None, :] + np.sqrt(inner) + carry * held) / width + 0.5 * width
        own_high = (level + anchor + carry * tau) / own_width + 0.5 * own_width
        top = ndtr(own_high - own_width) + np.sum(cash * ndtr(high - width), axis=1)
        bottom = ndtr(own_high) + np.sum(asset * ndtr(high), axis=1)
        found = np.log(top / bottom) - carry * tau - anchor
        square = np.clip(found / level, 0.5, 2.0) ** 2 * square
    return square, ends, anchor


def puts(spot: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> Any:
    """Kim's integral over those boundaries, added to European puts of strike one."""
    square, ends, anchor = boundaries(expiry, rate, dividend_yield, volatility)
    angle, weight = gauss(OUTER)
    # time since now v = T cos^8 and time to expiry then u = T - v, as little of which is left where the spot is near
    share = np.cos(angle) ** 8
    left = np.maximum(-np.expm1(8.0 * np.log(np.cos(angle))), 0.0)
    measure = 8.0 * expiry * (np.cos(angle) ** 7 * np.sin(angle) * weight)[:, None]
    table = interpolation(ends, left ** (1.0 / POWER))[:, 1:]
    level = anchor - np.sqrt(np.maximum(table @ square, 0.0))
    v = expiry * share[:, None]
    width = volatility * np.sqrt(v)
    high = (np.log(spot) - level + (rate - dividend_yield) * v) / width + 0.5 * width
    flow = rate * np.exp(-rate * v) * ndtr(width - high)
    flow -= dividend_yield * spot * np.exp(-dividend_yield * v) * ndtr(-high)
    value = np.sum(measure * flow, axis=0)
    value += black_scholes.price("put", spot, 1.0, expiry, rate, dividend_yield, volatility)
    return np.where(np.log(spot) > anchor - np.sqrt(square[-1]), value, 1.0 - spot)


def random_twins(rows: int) -> tuple[Any, ...]:
    """Spot of a put with strike one, and market, with one boundary each: rates above zero, yields of either sign."""
    draw = np.random.default_rng(31)
    return (
        draw.uniform(0.7, 1.5, rows),
        np.exp(draw.uniform(np.log(1 / 365), np.log(10), rows)),
        draw.uniform(0.001, 0.12, rows),
        draw.uniform(-0.05, 0.12, rows),
        np.exp(draw.uniform(np.log(0.05), 0.0, rows)),
    )


def test_the_other_system_gives_the_published_premium() -> None:
    market = tuple(np.array([x]) for x in (1.0, 1.0, 0.05, 0.05, 0.25))
    premium = 100.0 * puts(*market) - black_scholes.price("put", 100.0, 100.0, 1.0, 0.05, 0.05, 0.25)
    assert premium[0] == pytest.approx(0.106952702742, abs=1e-10)


def test_the_other_system_gives_the_prices_of_a_hundred_random_contracts(monkeypatch: pytest.MonkeyPatch) -> None:
    spot, expiry, rate, dividend_yield, volatility = random_twins(100)
    other = 100.0 * puts(spot, expiry, rate, dividend_yield, volatility)
    put = ("put", 100.0 * spot, 100.0, expiry, rate, dividend_yield, volatility)
    call = ("call", 100.0, 100.0 * spot, expiry, dividend_yield, rate, volatility)
    for row in (put, call):
        high = american.price(*row, accuracy="high")
        with monkeypatch.context() as patch:
            finest = _american_rules.build(FINEST, 1e-11, 160)
            patch.setattr(_american_rules, "ladder", lambda _, found=finest: found)
            fine = american.price(*row, accuracy="high")
        apart = np.sort(np.abs(fine - other))
        assert apart[98] < 1e-9
        assert apart[99] < 5e-9
        apart = np.sort(np.abs(high - other))
        assert apart[89] < 1e-9
        assert apart[99] < 1e-8
        assert np.sqrt(np.mean(apart**2)) < 1e-9
