"""SABR by Hagan's expansion: dF = alpha F^beta dW, d alpha = nu alpha dZ, d<W, Z> = rho dt.

Source: P. Hagan, D. Kumar, A. Lesniewski, D. Woodward, "Managing Smile Risk", Wilmott (September 2002), eqs. 2.17 and
B.69a, as published. It is an expansion in nu^2 T: far strikes and long expiries leave its range, and at low strikes the
density it implies is negative. `density` and `arbitrage_region` say where; nothing here hides it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import black_scholes
from optionix_core.pricing.models._fields import check_not_negative, check_range

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

COMPLEX_STEP = 1e-30
DIFFERENCE = 1e-4


class ArbitrageRegion(NamedTuple):
    """Strikes, out of those scanned, at which the implied density is negative."""

    found: bool
    lowest: float
    """nan where none was found."""
    highest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SabrModel:
    """Raises InvalidValueError, naming field, value and bound, for parameters outside their range."""

    alpha: float
    """Volatility now, in units of F^(1 - beta) per root year; positive."""
    beta: float
    """Backbone: 0 normal, 1 lognormal."""
    rho: float
    """Correlation of forward and volatility, strictly between -1 and 1."""
    nu: float
    """Volatility of the volatility, per root year."""

    def __post_init__(self) -> None:
        check_not_negative(self, "alpha", "nu")
        check_range(self, "beta", 0.0, 1.0)
        check_range(self, "rho", -1.0, 1.0)
        if not self.alpha > 0.0:
            raise InvalidValueError("alpha", self.alpha, "positive")
        if abs(self.rho) == 1.0:
            raise InvalidValueError("rho", self.rho, "strictly between -1 and 1")

    def black_volatility(self, forward: ArrayLike, strike: ArrayLike, expiry: ArrayLike) -> float | FloatArray:
        """Black's volatility of a forward option, eq. 2.17: smooth through the money. Arguments broadcast."""
        f, k, t = _checked(forward, strike, expiry)
        return _delivered(self._black(np.log(k / f), f, t).real)

    def normal_volatility(self, forward: ArrayLike, strike: ArrayLike, expiry: ArrayLike) -> float | FloatArray:
        """Bachelier's volatility of a forward option, in price per root year, eq. B.69a."""
        f, k, t = _checked(forward, strike, expiry)
        back = 1.0 - self.beta
        x = np.log(f / k)
        mean = (f * k) ** (0.5 * back)
        shape = (1.0 + x**2 / 24.0 + x**4 / 1920.0) / (1.0 + (back * x) ** 2 / 24.0 + (back * x) ** 4 / 1920.0)
        growth = (
            -self.beta * (2.0 - self.beta) / 24.0 * (self.alpha / mean) ** 2
            + 0.25 * self.rho * self.nu * self.alpha * self.beta / mean
            + (2.0 - 3.0 * self.rho**2) / 24.0 * self.nu**2
        )
        ratio = _ratio(self.nu / self.alpha * mean * x, self.rho)
        return _delivered((self.alpha * (f * k) ** (0.5 * self.beta) * shape * ratio * (1.0 + growth * t)).real)

    def implied_volatility(
        self, spot: ArrayLike, strike: ArrayLike, expiry: ArrayLike, rate: ArrayLike, dividend_yield: ArrayLike
    ) -> float | FloatArray:
        """Black-Scholes volatility: `black_volatility` at the forward of `spot`."""
        growth = (np.asarray(rate, dtype=float) - np.asarray(dividend_yield, dtype=float)) * np.asarray(expiry)
        return self.black_volatility(np.asarray(spot, dtype=float) * np.exp(growth), strike, expiry)

    def price(
        self,
        option_type: object,
        spot: ArrayLike,
        strike: ArrayLike,
        expiry: ArrayLike,
        rate: ArrayLike,
        dividend_yield: ArrayLike,
    ) -> float | FloatArray:
        """Present value by Black's formula at `implied_volatility`.

        Raises InvalidValueError where the expansion gives no volatility, which it does far outside its range.
        """
        volatility = self.implied_volatility(spot, strike, expiry, rate, dividend_yield)
        value: float | FloatArray = black_scholes.price(
            option_type, spot, strike, expiry, rate, dividend_yield, volatility
        )
        return value

    def density(self, forward: ArrayLike, strike: ArrayLike, expiry: ArrayLike) -> float | FloatArray:
        """Risk-neutral density of the forward that the smile implies, per unit of strike; negative where it is none.

        Source: Breeden and Litzenberger (1978), in total variance as J. Gatheral, "The Volatility Surface", eq. 2.2.
        """
        f, k, t = _checked(forward, strike, expiry)
        if np.any(t <= 0.0):
            raise InvalidValueError("expiry", float(t.min()), "positive")
        x = np.log(k / f)
        w = t * self._black(x, f, t).real ** 2
        slope = self._slope(x, f, t)
        bend = (self._slope(x + DIFFERENCE, f, t) - self._slope(x - DIFFERENCE, f, t)) / (2.0 * DIFFERENCE)
        g = (1.0 - 0.5 * x * slope / w) ** 2 - 0.25 * slope**2 * (1.0 / w + 0.25) + 0.5 * bend
        d2 = -x / np.sqrt(w) - 0.5 * np.sqrt(w)
        return _delivered(g / (k * np.sqrt(2.0 * np.pi * w)) * np.exp(-0.5 * d2**2))

    def arbitrage_region(
        self, forward: float, expiry: float, lowest: float = 1e-3, highest: float = 10.0
    ) -> ArbitrageRegion:
        """Where the density is negative, among 2,000 strikes from `lowest` to `highest` times the forward."""
        if not 0.0 < lowest < highest:
            raise InvalidValueError("lowest", lowest, f"positive and below highest, {highest}")
        strikes = forward * np.geomspace(lowest, highest, 2000)
        negative = strikes[np.asarray(self.density(forward, strikes, expiry)) < 0.0]
        if negative.size == 0:
            return ArbitrageRegion(found=False, lowest=float("nan"), highest=float("nan"))
        return ArbitrageRegion(found=True, lowest=float(negative[0]), highest=float(negative[-1]))

    def _slope(self, x: FloatArray, f: FloatArray, t: FloatArray) -> FloatArray:
        """Derivative of total variance in x, exact to rounding."""
        volatility = self._black(x + 1j * COMPLEX_STEP, f, t)
        result: FloatArray = (t * volatility**2).imag / COMPLEX_STEP
        return result

    def _black(self, x: Any, f: FloatArray, t: FloatArray) -> NDArray[np.complex128]:
        """Eq. 2.17 at x = ln(K / F), which may be complex."""
        back = 1.0 - self.beta
        mean = f**back * np.exp(0.5 * back * x)
        growth = (
            back**2 / 24.0 * (self.alpha / mean) ** 2
            + 0.25 * self.rho * self.beta * self.nu * self.alpha / mean
            + (2.0 - 3.0 * self.rho**2) / 24.0 * self.nu**2
        )
        base = self.alpha / (mean * (1.0 + (back * x) ** 2 / 24.0 + (back * x) ** 4 / 1920.0))
        result: NDArray[np.complex128] = base * _ratio(-self.nu / self.alpha * mean * x, self.rho) * (1.0 + growth * t)
        return result


def _ratio(z: Any, rho: float) -> NDArray[np.complex128]:
    """Z / x(z) of eq. 2.17b, one at zero; z may have a small imaginary part."""
    z = np.asarray(z, dtype=np.complex128)
    side = np.where(z.real < 0.0, -1.0, 1.0)
    a, r = z * side, rho * side
    y = a * (a - 2.0 * r)
    root = np.sqrt(1.0 + y)
    factor = (a + 1.0 - 2.0 * r + root) / ((1.0 + root) * (1.0 - r))
    inner = a * factor
    small = np.abs(inner) < 1e-3
    series = 1.0 - inner * (1 / 2 - inner * (1 / 3 - inner * (1 / 4 - inner * (1 / 5 - inner / 6))))
    safe = np.where(small, 1.0, inner)
    result: NDArray[np.complex128] = 1.0 / (factor * np.where(small, series, np.log(1.0 + safe) / safe))
    return result


def _checked(forward: ArrayLike, strike: ArrayLike, expiry: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    f, k, t = (np.asarray(value, dtype=np.float64) for value in (forward, strike, expiry))
    for name, values, bad in (
        ("forward", f, ~((f > 0.0) & np.isfinite(f))),
        ("strike", k, ~((k > 0.0) & np.isfinite(k))),
        ("expiry", t, ~((t >= 0.0) & np.isfinite(t))),
    ):
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            bound = "zero or more and finite" if name == "expiry" else "positive and finite"
            raise InvalidValueError(name, float(values.reshape(-1)[row]), bound, row if values.ndim else None)
    return f, k, t


def _delivered(values: Any) -> float | FloatArray:
    return float(values) if np.ndim(values) == 0 else np.asarray(values)
