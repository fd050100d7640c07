"""European prices under Bates' model by plain quadrature at 30 digits: no contour, no bend, nothing shared with ours.

Lewis' integral on Im u = -1/2, the characteristic function in the form of Albrecher et al. (2007), Gauss-Legendre on
panels that grow until they would hold more than a few oscillations.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np
import pytest


class Case(NamedTuple):
    v0: float
    kappa: float
    theta: float
    sigma: float
    rho: float
    jumps: tuple[float, float, float]
    expiry: float
    strike: float


@pytest.fixture(scope="session")
def quadrature() -> Callable[..., float]:
    """Reference prices: `quadrature(Case fields)`."""
    return lambda *fields: call_over_forward(Case(*fields))


def call_over_forward(case: Case) -> float:
    """Undiscounted call price on a forward of 1."""
    with mp.workdps(30):
        k = mp.log(mp.mpf(case.strike))
        exponent = _log_characteristic(case)
        end = _end(case)
        lean = abs(case.rho) * (case.v0 + case.kappa * case.theta * case.expiry) / case.sigma
        widest = 4 * mp.pi / (abs(k) + 1e-3 + lean)

        def integrand(u: Any) -> Any:
            return mp.re(mp.exp(exponent(mp.mpc(u, -0.5)) - 1j * u * k)) / (u * u + 0.25)

        edges = [mp.mpf(0), mp.mpf(0.25)]
        while edges[-1] < end:
            edges.append(edges[-1] + min(edges[-1] * mp.mpf(0.5), widest))
        total = mp.fsum(_panel(integrand, left, right) for left, right in pairwise(edges))
        return float(1 - mp.sqrt(mp.mpf(case.strike)) * total / mp.pi)


def _log_characteristic(case: Case) -> Callable[[Any], Any]:
    v0, kappa, theta, sigma, rho, t = map(mp.mpf, (*case[:5], case.expiry))
    intensity, mean, spread = map(mp.mpf, case.jumps)
    compensator = mp.expm1(mean + spread**2 / 2)

    def exponent(u: Any) -> Any:
        iu = 1j * u
        b = kappa - rho * sigma * iu
        d = mp.sqrt(b * b + sigma**2 * (iu + u * u))
        g = (b - d) / (b + d)
        e = mp.exp(-d * t)
        level = (b - d) / sigma**2 * (1 - e) / (1 - g * e)
        drift = kappa * theta / sigma**2 * ((b - d) * t - 2 * mp.log((1 - g * e) / (1 - g)))
        return drift + v0 * level + intensity * t * (mp.expm1(iu * mean - (spread * u) ** 2 / 2) - iu * compensator)

    return exponent


def _end(case: Case) -> float:
    """Where the integrand has fallen below 1e-16, jumps apart, with a margin."""
    exponent = _log_characteristic(case._replace(jumps=(0.0, 0.0, 0.0)))
    u = 1.0
    while mp.re(exponent(mp.mpc(u, -0.5))) - mp.log(u) > -37:
        u *= 1.2
    return u


NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)


def _panel(integrand: Callable[[Any], Any], left: Any, right: Any) -> Any:
    middle, half = (left + right) / 2, (right - left) / 2
    return half * mp.fsum(float(w) * integrand(middle + half * float(x)) for x, w in zip(NODES, WEIGHTS, strict=True))
