"""The bivariate normal distribution function against 30-digit quadrature."""

from __future__ import annotations

import random

import mpmath as mp
import numpy as np
import pytest

from optionix_core.pricing._bivariate import bivariate_cdf, weighted_bivariate_cdf


def exact(a: float, b: float, r: float) -> mp.mpf:
    with mp.workdps(30):
        rest = mp.sqrt((1 - mp.mpf(r)) * (1 + mp.mpf(r)))
        step = mp.mpf(b) / r if r else mp.mpf(0)
        edges = sorted(
            {mp.mpf(-14), *(min(max(step + k * rest, -14), mp.mpf(a)) for k in (-8, -2, 0, 2, 8)), mp.mpf(a)}
        )
        return mp.quad(lambda x: mp.npdf(x) * mp.ncdf((b - r * x) / rest), edges)


@pytest.mark.parametrize("near_one", [False, True])
def test_masses_agree_with_quadrature_to_1e_15(near_one: bool) -> None:
    draw = random.Random(5)
    worst = 0.0
    for _ in range(8):
        a, b = draw.uniform(-4, 4), draw.uniform(-4, 4)
        r = draw.uniform(-0.92, 0.92)
        if near_one:
            r = draw.choice([-1, 1]) * (1 - 10 ** draw.uniform(-6, -1.2))
            b = draw.choice([b, r * a + draw.uniform(-0.01, 0.01)])
        worst = max(worst, abs(float(bivariate_cdf(np.array(a), np.array(b), np.array(r)) - exact(a, b, r))))
    assert worst < 2e-15


def test_ends_are_limits() -> None:
    a, b = np.array([0.3, 0.3, 0.3, np.inf, -np.inf, 0.4]), np.array([-0.2, -0.2, -0.5, 0.7, 0.7, np.inf])
    r = np.array([1.0, -1.0, -1.0, 0.95, 0.2, -0.99])
    expected = [mp.ncdf(-0.2), mp.ncdf(0.3) + mp.ncdf(-0.2) - 1, 0.0, mp.ncdf(0.7), 0.0, mp.ncdf(0.4)]
    assert bivariate_cdf(a, b, r) == pytest.approx([float(value) for value in expected], abs=2e-16)


def exact_logarithm(a: float, b: float, r: float) -> mp.mpf:
    """Logarithm of a tiny mass, the integrand scaled to one at its largest."""
    with mp.workdps(30):
        rest = mp.sqrt((1 - mp.mpf(r)) * (1 + mp.mpf(r)))

        def integrand(x: mp.mpf) -> mp.mpf:
            return mp.npdf(x) * mp.ncdf((b - r * x) / rest)

        steps = (b / mp.mpf(r) + k * rest for k in (-10, -5, -2, -1, 0, 1, 2, 5, 10))
        edges = sorted({*(mp.mpf(a) - mp.mpf(k) / 4 for k in range(60)), *(x for x in steps if a - 14 < x < a)})
        scale = max(integrand(x) for x in edges)
        return mp.log(mp.quad(lambda x: integrand(x) / scale, edges)) + mp.log(scale)


def test_a_heavy_weight_keeps_the_digits_of_a_tiny_mass() -> None:
    draw = random.Random(8)
    for _ in range(3):
        a, b, r = draw.uniform(-12, -3), draw.uniform(-12, 2), draw.choice([-1, 1]) * draw.uniform(0.05, 0.995)
        logarithm = exact_logarithm(a, b, r)
        log_weight = float(-logarithm)
        assert log_weight > 2.3
        value = weighted_bivariate_cdf(np.array([log_weight]), np.array([a]), np.array([b]), np.array([r]))
        assert value[0] == pytest.approx(float(mp.exp(log_weight + logarithm)), rel=1e-12)
