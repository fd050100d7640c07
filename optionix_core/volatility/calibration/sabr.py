"""SABR's volatilities at the quotes and their derivatives in alpha, rho and nu, by Hagan's expansion; beta is given.

The expansion is of `pricing.models.sabr`: P. Hagan, D. Kumar, A. Lesniewski, D. Woodward, "Managing Smile Risk",
Wilmott (September 2002), eq. 2.17. With chi(z) = ln((q + z - rho) / (1 - rho)), q^2 = 1 - 2 rho z + z^2, R = z / chi:
R_z = (1 - R / q) / chi, R_rho = -R chi_rho / chi. First guess: level, slope and bend at the money (F. Le Floc'h and
G. Kennedy, "Explicit SABR Calibration through Simple Expansions" (2014), in log-moneyness). Refuses (None) points at
which the expansion is negative somewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing.models.sabr import SabrModel
from optionix_core.volatility.calibration.families import ITSELF, LOGARITHM, Family

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.volatility.calibration.quotes import CalibrationQuotes
    from optionix_core.volatility.calibration.shape import Shape

    FloatArray = NDArray[np.float64]

SMALL = 1e-5
"""Size of z below which R's derivatives are its series'."""
STEEPEST = 0.95


def family(beta: float, quotes: CalibrationQuotes) -> Family:
    """Alpha, rho and nu, the bounds of alpha in units of the forwards'. InvalidValueError for a beta beyond 0 to 1."""
    if not 0.0 <= beta <= 1.0:
        raise InvalidValueError("beta", beta, "from 0 to 1")
    unit = float(np.median(quotes.forward)) ** (1.0 - beta)

    def make(alpha: float, rho: float, nu: float) -> SabrModel:
        return SabrModel(alpha=alpha, beta=beta, rho=rho, nu=nu)

    bounds = ((1e-3 * unit, 10.0 * unit, LOGARITHM), (-0.999, 0.999, ITSELF), (1e-3, 50.0, LOGARITHM))
    return Family("sabr", ("alpha", "rho", "nu"), (), 0, bounds, make)


class SabrSmiles:
    """As `smiles.Smiles`."""

    def __init__(self, beta: float, quotes: CalibrationQuotes) -> None:
        back = 1.0 - beta
        self._beta, self._back = beta, back
        self._x, self._years = quotes.log_moneyness, quotes.years
        self._mean = quotes.forward**back * np.exp(0.5 * back * self._x)
        square = (back * self._x) ** 2
        self._bend = 1.0 + square / 24.0 + square**2 / 1920.0
        self._stretch = self._mean * np.abs(self._x)
        self._side = np.where(self._x > 0.0, -1.0, 1.0)

    @property
    def least_vega(self) -> float:
        """Nothing is priced."""
        return 1.0

    def evaluate(self, values: FloatArray, tolerance: float) -> tuple[FloatArray, FloatArray] | None:  # noqa: ARG002 - nothing is approximated further
        """As `Smiles`."""
        alpha, rho, nu = values.tolist()
        level = alpha / self._mean
        ratio, ratio_a, ratio_r = _ratio((nu / alpha) * self._stretch, rho * self._side)
        push = 0.25 * self._beta * level
        first = self._back**2 / 24.0 * level**2
        growth = 1.0 + self._years * (first + push * rho * nu + (2.0 - 3.0 * rho**2) / 24.0 * nu**2)
        base = level / self._bend
        volatility = base * ratio * growth
        if not float(volatility.min()) > 0.0:
            return None
        shape = base * growth
        heat = base * ratio * self._years
        stretched = shape * ratio_a * self._stretch
        slopes = np.empty((3, volatility.size))
        slopes[0] = (volatility + heat * (2.0 * first + push * (rho * nu))) / alpha - stretched * (nu / alpha**2)
        slopes[1] = shape * ratio_r * self._side + heat * (push * nu - 0.25 * rho * nu**2)
        slopes[2] = stretched / alpha + heat * (push * rho + (2.0 - 3.0 * rho**2) / 12.0 * nu)
        return volatility, slopes


def _ratio(a: FloatArray, r: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """R and its derivatives in z and rho, for z = a >= 0 and rho = r."""
    small = a < SMALL
    near = bool(small.any())
    z = np.where(small, 1.0, a) if near else a
    y = z * (z - 2.0 * r)
    q = np.sqrt(1.0 + y)
    rest = 1.0 - r
    chi = np.log1p((y / (1.0 + q) + z) / rest)
    ratio = z / chi
    by_z = (1.0 - ratio / q) / chi
    by_r = ratio / chi * ((1.0 + z / q) / (q + z - r) - 1.0 / rest)
    if not near:
        return ratio, by_z, by_r
    curve = (2.0 - 3.0 * r * r) / 6.0
    return (
        np.where(small, 1.0 - 0.5 * r * a + 0.5 * curve * a * a, ratio),
        np.where(small, -0.5 * r + curve * a, by_z),
        np.where(small, -0.5 * a - 0.5 * r * a * a, by_r),
    )


def guesses(beta: float, quotes: CalibrationQuotes, shape: Shape) -> list[tuple[float, ...]]:
    """(alpha, rho, nu): by the shape at the money, and two around it."""
    unit = float(np.median(quotes.forward)) ** (1.0 - beta)
    back = 1.0 - beta
    trust = shape.trust / shape.trust.sum()
    level, slope, bend = (float(trust @ column) for column in (shape.volatility, shape.slope, shape.bend))
    push = 2.0 * slope + back * level
    square = max(0.5 * (6.0 * level * bend - (back * level) ** 2 + 3.0 * push**2), (push / STEEPEST) ** 2, 1e-4)
    nu = square**0.5
    rho = min(max(push / nu, -STEEPEST), STEEPEST)
    alpha = level * unit
    return [(alpha, rho, nu), (0.8 * alpha, 0.5 * rho, 2.0 * nu), (alpha, -0.3, 0.5 * nu + 0.2)]
