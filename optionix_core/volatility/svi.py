"""Stochastic-volatility-inspired smiles: raw and natural parameters, and exact tests for arbitrage in them.

    w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2)),      k = ln(K / F), w = total implied variance

Source: J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative Finance 14 (2014) 59, eqs.
3.1 and 3.2. With k - m = sigma sinh t, Durrleman's g times a positive factor is a polynomial of degree ten in e^t, and
where two smiles meet a quartic in k vanishes: both tests look between the roots of these polynomials, so that they hold
for all k and not only on a grid. Refuses to fit anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.polynomial import polynomial as series

from optionix_core.errors import InvalidValueError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

STEEPEST = 2.0
"""Lee's bound on the slopes b (1 +- rho) of total variance (R. Lee, Math. Finance 14 (2004) 469)."""
FAR = 1e5
"""Widths of a vertex beyond which smiles are their asymptotes, whose slopes are compared instead."""
_FLAT = 1e-13
"""g or total variance below minus this is negative; what is nearer to zero is rounding."""


class ArbitrageCheck(NamedTuple):
    """Outcome of `butterfly_arbitrage`."""

    found: bool
    minimum_g: float
    """Least value of Durrleman's function seen; nan where total variance is not positive."""
    log_moneyness: float
    """Where that is, or where total variance is least if it is not positive."""


class CalendarCheck(NamedTuple):
    """Outcome of `calendar_arbitrage`."""

    found: bool
    largest_fall: float
    """Most by which total variance falls from the near to the far smile; negative where it rises everywhere."""
    log_moneyness: float
    """Where that is."""


@dataclass(frozen=True, slots=True)
class Svi:
    """One smile by its raw parameters. Raises InvalidValueError, naming field, value and bound."""

    a: float
    b: float
    """Slope of the wings, zero or more."""
    rho: float
    """Tilt, strictly between -1 and 1."""
    m: float
    """Place of the vertex, in log-moneyness."""
    sigma: float
    """Width of the vertex, positive."""

    def __post_init__(self) -> None:
        for name, good, bound in (
            ("a", math.isfinite(self.a), "finite"),
            ("b", 0.0 <= self.b < math.inf, "zero or more and finite"),
            ("rho", abs(self.rho) < 1.0, "strictly between -1 and 1"),
            ("m", math.isfinite(self.m), "finite"),
            ("sigma", 0.0 < self.sigma < math.inf, "positive and finite"),
        ):
            if not good:
                raise InvalidValueError(name, getattr(self, name), bound)

    @classmethod
    def natural(cls, delta: float, mu: float, rho: float, omega: float, zeta: float) -> Svi:
        """From natural parameters: w = delta + omega / 2 (1 + zeta rho (k - mu) + sqrt((zeta (k - mu) + rho)^2 + ...)).

        Lemma 3.1 of Gatheral and Jacquier. `omega` and `zeta` must be positive.
        """
        for name, value in (("omega", omega), ("zeta", zeta)):
            if not 0.0 < value < math.inf:
                raise InvalidValueError(name, value, "positive and finite")
        if not abs(rho) < 1.0:
            raise InvalidValueError("rho", rho, "strictly between -1 and 1")
        root = math.sqrt(1.0 - rho * rho)
        return cls(delta + 0.5 * omega * (1.0 - rho * rho), 0.5 * omega * zeta, rho, mu - rho / zeta, root / zeta)

    @classmethod
    def surface_slice(cls, theta: float, rho: float, phi: float) -> Svi:
        """A slice of SSVI: `theta` is at-the-money total variance, `phi` its curvature (the same paper, eq. 4.1)."""
        return cls.natural(0.0, 0.0, rho, theta, phi)

    @property
    def natural_parameters(self) -> tuple[float, float, float, float, float]:
        """(delta, mu, rho, omega, zeta), the inverse of `natural`."""
        root = math.sqrt(1.0 - self.rho * self.rho)
        zeta = root / self.sigma
        omega = 2.0 * self.b / zeta
        return self.a - 0.5 * omega * root * root, self.m + self.rho * self.sigma / root, self.rho, omega, zeta

    def total_variance(self, log_moneyness: ArrayLike) -> FloatArray:
        """At any log-moneyness, of its shape."""
        distance = np.asarray(log_moneyness, dtype=np.float64) - self.m
        found: FloatArray = self.a + self.b * (self.rho * distance + np.hypot(distance, self.sigma))
        return found

    def derivatives(self, log_moneyness: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Total variance and its first two derivatives in log-moneyness."""
        distance = np.asarray(log_moneyness, dtype=np.float64) - self.m
        root = np.hypot(distance, self.sigma)
        value = self.a + self.b * (self.rho * distance + root)
        return value, self.b * (self.rho + distance / root), self.b * self.sigma**2 / root**3

    @property
    def least_variance(self) -> float:
        """Total variance at its lowest point."""
        return self.a + self.b * self.sigma * math.sqrt(1.0 - self.rho * self.rho)


def durrleman(value: FloatArray, slope: FloatArray, curve: FloatArray, log_moneyness: FloatArray) -> FloatArray:
    """Durrleman's g from total variance and its derivatives; the density is positive where g is.

    Source: Gatheral and Jacquier (2014), eq. 2.1.
    """
    g: FloatArray = (
        (1.0 - 0.5 * log_moneyness * slope / value) ** 2 - 0.25 * slope**2 * (1.0 / value + 0.25) + 0.5 * curve
    )
    return g


def butterfly_arbitrage(a: float, b: float, rho: float, m: float, sigma: float) -> ArbitrageCheck:
    """Whether the smile implies a negative density at any strike whatever.

    Found also where total variance is not positive and where a wing is steeper than two.
    """
    smile = Svi(a, b, rho, m, sigma)
    if not smile.least_variance > 0.0:
        return ArbitrageCheck(found=True, minimum_g=math.nan, log_moneyness=_vertex(smile))
    k = m + sigma * np.sinh(_between(_density_polynomial(smile)))
    g = durrleman(*smile.derivatives(k), k)
    place = int(np.argmin(g))
    place_k, least = _lowest(smile, k, place, float(g[place]))
    too_steep = b * (1.0 + abs(rho)) > STEEPEST
    return ArbitrageCheck(found=bool(too_steep or least < -_FLAT), minimum_g=least, log_moneyness=place_k)


def calendar_arbitrage(
    near: Svi | tuple[float, float, float, float, float], far: Svi | tuple[float, float, float, float, float]
) -> CalendarCheck:
    """Whether total variance falls from `near` to `far` at any log-moneyness whatever. Raw parameters or `Svi`."""
    first = near if isinstance(near, Svi) else Svi(*near)
    second = far if isinstance(far, Svi) else Svi(*far)
    wings = [first.b * (side + first.rho) * side - second.b * (side + second.rho) * side for side in (-1.0, 1.0)]
    spread = max(first.sigma, second.sigma, abs(first.m - second.m))
    centre = 0.5 * (first.m + second.m)
    crossings = [k for k in _crossings(first, second) if abs(k - centre) <= FAR * spread]
    reach = 10.0 * spread + max((abs(k - centre) for k in crossings), default=0.0)
    edges = [centre - reach, *sorted(crossings), centre + reach]
    fine = np.concatenate([np.linspace(low, high, 41) for low, high in pairwise(edges)])
    fall = first.total_variance(fine) - second.total_variance(fine)
    place = int(np.argmax(fall))
    scale = _FLAT * (1.0 + abs(float(first.total_variance(fine[place]))))
    steeper = max(wings) > 1e-12
    return CalendarCheck(bool(fall[place] > scale or steeper), float(fall[place]), float(fine[place]))


def _vertex(smile: Svi) -> float:
    return smile.m - smile.rho * smile.sigma / math.sqrt(1.0 - smile.rho * smile.rho)


def _density_polynomial(smile: Svi) -> FloatArray:
    """Coefficients, lowest first, of 2^5 u^5 cosh^3 w^2 g in u = e^t, where k = m + sigma sinh t."""
    a, b, rho, m, sigma = smile.a, smile.b, smile.rho, smile.m, smile.sigma
    one = np.array([0.0, 2.0, 0.0])
    sinh, cosh = np.array([-1.0, 0.0, 1.0]), np.array([1.0, 0.0, 1.0])
    w = a * one + b * sigma * (rho * sinh + cosh)
    k = m * one + sigma * sinh
    slope = b * (rho * cosh + sinh)
    # Each factor above is 2u times its function: products of five of them share the factor (2u)^5
    times = np.convolve  # unlike polymul it keeps leading zeros, so that degrees add up
    inner = times(w, cosh) - 0.5 * times(k, slope)
    first = times(cosh, times(inner, inner))
    square = times(slope, slope)
    second = times(times(cosh, square), 0.25 * times(w, one) + times(w, w) / 16.0)
    third = 0.5 * b / sigma * times(times(w, w), times(one, times(one, one)))
    total: FloatArray = first - second + third
    return total


def _between(coefficients: FloatArray) -> FloatArray:
    """Values of t = ln u between and around the positive roots, where the polynomial has its signs."""
    scaled = coefficients / np.abs(coefficients).max()
    roots = series.polyroots(series.polytrim(scaled, 1e-300)) if scaled.size > 1 else np.array([])
    near_real = roots[(np.abs(roots.imag) <= 1e-3 * np.abs(roots)) & (roots.real > 0.0)].real
    places = np.sort(np.log(near_real[(near_real > 1e-150) & (near_real < 1e150)]))
    edges = np.concatenate([[-40.0], places, [40.0]])
    middles = 0.5 * (edges[1:] + edges[:-1])
    found: FloatArray = np.unique(np.concatenate([middles, places, np.linspace(-12.0, 12.0, 241)]))
    return found


def _lowest(smile: Svi, k: FloatArray, place: int, least: float) -> tuple[float, float]:
    """The lowest g near the lowest one seen, by looking closer around it."""
    low, high = float(k[max(place - 1, 0)]), float(k[min(place + 1, k.size - 1)])
    best = float(k[place])
    for _ in range(4):
        fine = np.linspace(low, high, 33)
        g = durrleman(*smile.derivatives(fine), fine)
        at = int(np.argmin(g))
        if float(g[at]) < least:
            best, least = float(fine[at]), float(g[at])
        low, high = float(fine[max(at - 1, 0)]), float(fine[min(at + 1, 32)])
    return best, least


def _crossings(first: Svi, second: Svi) -> list[float]:
    """Real roots of the quartic that the difference of two smiles, squared twice, is; not all need be crossings."""
    tilt_1, tilt_2 = first.b * first.rho, second.b * second.rho
    line = np.array([first.a - second.a - tilt_1 * first.m + tilt_2 * second.m, tilt_1 - tilt_2])
    root_1, root_2 = (
        smile.b**2 * np.array([smile.m**2 + smile.sigma**2, -2.0 * smile.m, 1.0]) for smile in (first, second)
    )
    rest = np.convolve(line, line) - root_1 - root_2  # where line = root of root_2 - root of root_1, squared twice
    quartic = np.convolve(rest, rest) - 4.0 * np.convolve(root_1, root_2)
    size = float(np.abs(quartic).max())
    if size == 0.0:
        return []
    roots = series.polyroots(series.polytrim(quartic / size, 1e-15))
    return [float(root.real) for root in roots if abs(root.imag) <= 1e-4 * (1e-6 + abs(root))]
