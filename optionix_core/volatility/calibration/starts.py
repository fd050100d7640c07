"""Where descents begin: the first from the shape of the quotes, the others deterministic variations of it.

Heston's variance at the money reverts as theta + (v0 - theta)(1 - exp(-kappa T)) / (kappa T); its slope decays as rho
sigma (1 - (1 - exp(-kappa T)) / (kappa T)) / (kappa T) (J. Gatheral, "The Volatility Surface" (2006), eq. 3.19); its
bend at short times is that of M. Forde and A. Jacquier, "Small-time asymptotics for implied volatility under the
Heston model", Int. J. Theor. Appl. Finance 12 (2009) 861, thm. 3.1. For each of a few kappa the rest is linear; the
quotes say which guess is best. Jumps are tried by size and rarity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.volatility.calibration.shape import Shape

    FloatArray = NDArray[np.float64]

SPEEDS = (0.5, 2.0, 8.0)
"""Kappa of the guesses."""
STEEPEST = 0.9
"""Largest size of rho in a guess."""
Values = tuple[float, ...]


def heston_guesses(shape: Shape) -> list[Values]:
    """(v0, kappa, theta, sigma, rho), one for each speed."""
    variance = shape.volatility**2
    slope = 2.0 * shape.volatility * shape.slope
    bend = 2.0 * (shape.slope**2 + shape.volatility * shape.bend)
    lowest, highest = 0.2 * float(variance.min()), 4.0 * float(variance.max())
    found: list[Values] = []
    for kappa in SPEEDS:
        x = kappa * shape.years
        mean = -np.expm1(-x) / x
        v0, theta = (min(max(value, lowest), highest) for value in _ends(mean, variance, shape.trust))
        decay = (1.0 - mean) / x * shape.trust
        push = float(decay @ (slope * shape.trust) / (decay @ decay))
        fading = (2.0 * (1.0 - mean) / x) ** 2 * shape.trust
        curl = float(fading @ (bend * variance * shape.trust) / (fading @ fading))
        square = max(6.0 * curl + 1.75 * push**2, (push / STEEPEST) ** 2, 0.01)
        sigma = min(square**0.5, 5.0)
        found.append((v0, kappa, theta, sigma, min(max(push / sigma, -STEEPEST), STEEPEST)))
    return found


def _ends(mean: FloatArray, variance: FloatArray, trust: FloatArray) -> tuple[float, float]:
    """Least squares of variance in `mean` and the rest of one; both the same where one expiry cannot tell them."""
    weight, rest = trust * trust, 1.0 - mean
    a, b, c = (float(weight @ column) for column in (mean * mean, mean * rest, rest * rest))
    first, second = float(weight @ (mean * variance)), float(weight @ (rest * variance))
    determinant = a * c - b * b
    if not determinant > 1e-12 * a * c:
        level = float(trust @ variance / trust.sum())
        return level, level
    return (c * first - b * second) / determinant, (a * second - b * first) / determinant


def heston_variations(best: Values) -> list[Values]:
    """Away from the best guess: slower and calmer, faster and wilder."""
    v0, kappa, theta, sigma, rho = best
    return [
        (v0, 4.0 * kappa, 0.8 * theta, 2.0 * sigma, 0.8 * rho),
        (1.2 * v0, 0.3 * kappa, 1.5 * theta, 0.6 * sigma, 0.8 * rho),
    ]


def jump_guesses(deviation: float) -> list[Values]:
    """(intensity, mean, volatility): rare and large, frequent and small, upwards. `deviation` is one year's."""
    return [
        (0.2, -1.0 * deviation, 0.7 * deviation),
        (1.5, -0.4 * deviation, 0.4 * deviation),
        (0.5, 0.4 * deviation, 0.6 * deviation),
        (1.0, -1.2 * deviation, 0.3 * deviation),
    ]


def bates_guesses(heston: Values, plain: Values, deviation: float) -> list[Values]:
    """Jumps beside Heston's fit and beside a calmer variance, each with part of the level given to the jumps."""
    found: list[Values] = []
    for (v0, kappa, theta, sigma, rho), calm in ((heston, 0.7), (plain, 0.4)):
        for intensity, mean, volatility in jump_guesses(deviation):
            share = intensity * (mean**2 + volatility**2)
            level, rest = max(v0 - share, 0.4 * v0), max(theta - share, 0.4 * theta)
            found.append((level, kappa, rest, calm * sigma, rho, intensity, mean, volatility))
    return found


def merton_guesses(shape: Shape) -> list[Values]:
    """(volatility, intensity, mean, jump volatility)."""
    level = float(np.median(shape.volatility))
    found: list[Values] = []
    for intensity, mean, volatility in [*jump_guesses(level), *jump_guesses(0.4 * level)]:
        rest = max(level**2 - intensity * (mean**2 + volatility**2), 0.3 * level**2)
        found.append((rest**0.5, intensity, mean, volatility))
    return found


def double_heston_guesses(heston: Values) -> list[Values]:
    """A fast and a slow factor that share the level."""
    v0, kappa, theta, sigma, rho = heston
    found: list[Values] = []
    for fast, slow in ((5.0, 0.4), (3.0, 1.0), (12.0, 1.0)):
        found.append(
            (
                0.5 * v0,
                fast * kappa,
                0.4 * theta,
                fast**0.5 * sigma,
                rho,
                0.5 * v0,
                slow * kappa,
                0.6 * theta,
                0.7 * sigma,
                rho,
            )
        )
    return found
