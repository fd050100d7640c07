"""Volatilities of a model at the quotes, and their derivatives in its parameters, from one pass over the contours.

The kernels of `fourier` are called with what they need prepared once: expiries, strikes in order, room for the sums.
A price within its bounds is turned into the volatility that gives it, so that residuals are differences of
volatilities; where the time value is too small for that, the price error over the market's vega stands in for it.
Derivatives: Y. Cui, S. del Bano Rollin, G. Germano, Eur. J. Oper. Res. 263 (2017) 625. Refuses (None) points at which
the sums do not reach the tolerance asked.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import numpy as np

from optionix_core.pricing._arrays import constants
from optionix_core.pricing._fourier_kernels import surface_kernel
from optionix_core.pricing._kernels import KERNELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.volatility.calibration.families import Family
    from optionix_core.volatility.calibration.quotes import CalibrationQuotes

    FloatArray = NDArray[np.float64]

GREEK_WEIGHTS, ROW = 9, 17
SLOPE_SLACK = 2000.0
"""Derivatives may miss the tolerance by this factor."""
WORST = 1e-6
ONE, ZERO = constants((1.0,)), constants((0.0,))
INVERSE_ROOT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)


class Smiles(Protocol):
    """What is fitted: volatilities by parameters, in the order of the quotes."""

    @property
    def least_vega(self) -> float:
        """The smallest vega of the quotes, over the forward: an error of price means an error of volatility by it."""
        ...

    def evaluate(self, values: FloatArray, tolerance: float) -> tuple[FloatArray, FloatArray] | None:
        """Volatilities (quotes,) and derivatives (parameters, quotes); None where they cannot be had."""
        ...


class FourierSmiles:
    """A family at the quotes. Not for several threads at once: it has one room for the sums."""

    def __init__(self, family: Family, quotes: CalibrationQuotes) -> None:
        self._family = family
        order = np.lexsort((quotes.log_moneyness, quotes.years))
        k, years = quotes.log_moneyness[order], quotes.years[order]
        starts = np.concatenate(([0], np.flatnonzero(np.diff(years)) + 1, [years.size])).astype(np.int64)
        self._back = np.argsort(order)
        self._years = years
        self._root = np.sqrt(years)
        self._k = np.ascontiguousarray(k)
        self._side = np.where(k >= 0.0, 1.0, -1.0)
        self._strike = np.exp(k)
        self._expiries, self._starts = years[starts[:-1]], starts
        for array in (self._k, self._expiries, self._starts):
            array.flags.writeable = False
        self._picked = [GREEK_WEIGHTS + place for place in family.places]
        active = np.zeros(max(self._picked) + 1)
        active[0] = 1.0
        active[self._picked] = 1.0
        active.flags.writeable = False
        self._active = active
        self._sums, self._errors = np.empty(active.size * k.size), np.empty(k.size)
        market = quotes.volatility[order]
        self._market = market
        self._market_value = _black(self._k, self._strike, self._side, market * self._root)
        self._market_vega = self._root * _density(self._k, market * self._root)
        self._volatility, self._codes = np.empty(k.size), np.empty(k.size, dtype=np.int8)
        self._implied = KERNELS.load("implied_volatility_rows")
        self._kernel = surface_kernel(constants((0.0,) * ROW), family.mask, weighted=True)

    @property
    def least_vega(self) -> float:
        """As `Smiles`."""
        return float(self._market_vega.min())

    def evaluate(self, values: FloatArray, tolerance: float) -> tuple[FloatArray, FloatArray] | None:
        """As `Smiles`; `tolerance` is an error of prices over the forward."""
        row = [0.0] * ROW
        for place, value in zip(self._family.places, values.tolist(), strict=True):
            row[place] = value
        self._kernel(
            constants(tuple(row)), self._expiries, self._starts, self._k, tolerance, self._family.mask, 0,
            self._active, self._sums, self._errors,
        )  # fmt: skip
        if not float(self._errors.max()) <= max(WORST, SLOPE_SLACK * tolerance):
            return None
        table = self._sums.reshape(self._active.size, self._k.size)
        value, slopes = table[0], table[self._picked]
        volatility = self._volatility
        self._implied(
            self._side, value, ONE, self._strike, self._years, ZERO, ZERO, 0, value.size, volatility, self._codes
        )
        vega = self._root * _density(self._k, volatility * self._root)
        known = vega > 1e-4 * self._market_vega
        if not known.all():  # also where the volatility is nan
            vega = np.where(known, vega, self._market_vega)
            volatility = np.where(known, volatility, self._market + (value - self._market_value) / self._market_vega)
        slopes = (slopes / vega)[:, self._back]
        volatility = volatility[self._back]
        if not (math.isfinite(float(slopes.sum())) and math.isfinite(float(volatility.sum()))):
            return None
        return volatility, slopes


def _density(k: FloatArray, deviation: FloatArray) -> FloatArray:
    d1 = 0.5 * deviation - k / deviation
    found: FloatArray = INVERSE_ROOT_TWO_PI * np.exp(-0.5 * d1 * d1)
    return found


def _black(k: FloatArray, strike: FloatArray, side: FloatArray, deviation: FloatArray) -> FloatArray:
    """Undiscounted over the forward."""
    from scipy.special import ndtr

    d1 = 0.5 * deviation - k / deviation
    found: FloatArray = side * (ndtr(side * d1) - strike * ndtr(side * (d1 - deviation)))
    return found
