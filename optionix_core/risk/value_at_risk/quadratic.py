"""Value at risk of a quadratic book: profit and loss = drift + delta' x + x' gamma x / 2, x normal of mean zero.

Two ways beside each other: the Cornish-Fisher expansion from exact cumulants, and the law itself by inversion of its
transform. The first is quick and wrong where the law is far from normal; `invert` says what it should have been. Both
are wrong where the book is not quadratic over the moves in question: full revaluation belongs beside them.

Refuses theta of its own: what a day costs is the caller's `drift`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import DomainError, InvalidValueError
from optionix_core.risk._tails import EMPTY_BOOK, checked_confidence
from optionix_core.risk.value_at_risk.delta_normal import checked_covariance, checked_horizon, factor_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_NO_CURVATURE = 1e-14
"""Of the largest: curvature below it is rounding."""
_RAYS = np.exp(1j * np.pi * np.array([90.0, 85.0, 95.0, 80.0, 100.0, 70.0, 110.0, 60.0, 120.0, 50.0, 130.0]) / 180.0)
"""The first is upright: there the integrand never rises, and falls slowest."""
_REACHES = np.geomspace(1e-2, 1e10, 241)
"""Of the distance from zero, where the size along a ray is looked at."""
_HIGHEST = 1.0
"""Logarithm of what a ray's integrand may rise to over where it starts."""
_SMALLEST = -34.0
"""Logarithm of what no longer counts."""
_NEAREST = 0.2
"""Of a reciprocal deviation: a contour keeps this far from the pole at zero."""


@dataclass(frozen=True, slots=True)
class QuadraticLaw:
    """Profit and loss as drift + sum of slope z + curvature z^2 / 2 over independent standard normals z."""

    drift: float
    slopes: tuple[float, ...]
    curvatures: tuple[float, ...]

    def cumulants(self) -> tuple[float, float, float, float]:
        """Mean, variance, third and fourth cumulant.

        With a covariance S: r! / 2 delta' S (gamma S)^(r-2) delta + (r-1)! / 2 tr (gamma S)^r (J. Mina, A. Ulmer,
        "Delta-gamma four ways", RiskMetrics 1999; S. Jaschke, J. Risk 4 (2002) 33).
        """
        b, c = np.array(self.slopes), np.array(self.curvatures)
        return (
            self.drift + 0.5 * float(c.sum()),
            float(np.sum(b * b) + 0.5 * np.sum(c * c)),
            float(3.0 * np.sum(b * b * c) + np.sum(c**3)),
            float(12.0 * np.sum(b * b * c * c) + 3.0 * np.sum(c**4)),
        )


@dataclass(frozen=True, slots=True)
class QuadraticRisk:
    """Figures of a quadratic book; losses positive, in the currency of profit and loss."""

    cornish_fisher: float
    """Value at risk by the expansion to the fourth cumulant."""
    normal: float
    """Value at risk by mean and variance alone."""
    exact: float
    """Value at risk by inversion."""
    exact_shortfall: float
    """Expected shortfall by inversion."""
    mean: float
    standard_deviation: float
    skewness: float
    excess_kurtosis: float
    is_monotonic: bool
    """Whether the expansion rises from this quantile to the median; where not, it is not to be used."""
    confidence: float
    horizon_days: float
    notes: tuple[str, ...]


def delta_gamma(
    delta: ArrayLike,
    gamma: ArrayLike,
    covariance: ArrayLike,
    confidence: float,
    horizon_days: float = 1,
    *,
    drift: float = 0.0,
) -> QuadraticRisk:
    """Value at risk by both ways and expected shortfall by the exact one.

    `delta` [factors] and `gamma` [factors, factors] are derivatives of the book's value in the factors' moves, of which
    `covariance` [factors, factors] is that of a day; `drift` is profit over the horizon without any move. No factor
    gives 0. Raises InvalidValueError for shapes, matrices that are not symmetric and covariances that are none,
    DomainError where the book does not move.
    """
    from scipy.special import ndtri

    tail = float(checked_confidence(confidence))
    days = checked_horizon(horizon_days)
    law = quadratic_law(delta, gamma, covariance, days, drift=drift)
    if not law.slopes:
        nothing = (0.0,) * 8
        return QuadraticRisk(*nothing, is_monotonic=True, confidence=confidence, horizon_days=days, notes=(EMPTY_BOOK,))
    mean, variance, third, fourth = law.cumulants()
    if variance <= 0.0:
        raise DomainError("the book does not move with any factor: no law is left to take a quantile from")
    deviation = math.sqrt(variance)
    skewness, kurtosis = third / deviation**3, fourth / variance**2
    z = float(ndtri(tail))
    exact, shortfall = invert(law, confidence)
    monotonic = _is_monotonic(z, skewness, kurtosis)
    return QuadraticRisk(
        cornish_fisher=-(mean + deviation * cornish_fisher_quantile(z, skewness, kurtosis)),
        normal=-(mean + deviation * z),
        exact=exact,
        exact_shortfall=shortfall,
        mean=mean,
        standard_deviation=deviation,
        skewness=skewness,
        excess_kurtosis=kurtosis,
        is_monotonic=monotonic,
        confidence=confidence,
        horizon_days=days,
        notes=() if monotonic else ("Cornish-Fisher is no quantile function here: its quantiles cross",),
    )


def quadratic_law(
    delta: ArrayLike, gamma: ArrayLike, covariance: ArrayLike, horizon_days: float = 1, *, drift: float = 0.0
) -> QuadraticLaw:
    """The book in independent normals: eigenvectors of A' gamma A, A A' the covariance over the horizon."""
    slope = np.asarray(delta, np.float64)
    if slope.ndim != 1 or not np.isfinite(slope).all():
        raise InvalidValueError("delta", f"shape {slope.shape}", "finite, [factors]")
    if not math.isfinite(drift):
        raise InvalidValueError("drift", drift, "finite")
    curvature = checked_covariance(gamma, slope.size, "gamma")
    root = factor_of(checked_covariance(covariance, slope.size) * horizon_days)
    curvatures, directions = np.linalg.eigh(root.T @ curvature @ root)
    slopes = directions.T @ (root.T @ slope)
    return QuadraticLaw(drift, tuple(slopes.tolist()), tuple(curvatures.tolist()))


def cornish_fisher_quantile(z: float, skewness: float, excess_kurtosis: float) -> float:
    """Quantile of a standardised law where the normal's is `z`.

    E. Cornish, R. Fisher, Rev. Inst. Int. Stat. 5 (1938) 307; terms in the third and fourth cumulants and in the square
    of the third.
    """
    return (
        z
        + (z * z - 1.0) * skewness / 6.0
        + (z**3 - 3.0 * z) * excess_kurtosis / 24.0
        - (2.0 * z**3 - 5.0 * z) * skewness**2 / 36.0
    )


def invert(law: QuadraticLaw, confidence: float) -> tuple[float, float]:
    """Value at risk and expected shortfall of `law`, to about 1e-9 of its deviation.

    J. Imhof (Biometrika 48 (1961) 419) inverts the characteristic function along the real axis; here the line is bent
    into the region where the integrand falls exponentially (S. Rice, SIAM J. Sci. Stat. Comput. 1 (1980) 438), so that
    one curved factor costs no more than many. Raises DomainError for a law without spread.
    """
    from scipy.optimize import brentq

    tail = float(checked_confidence(confidence))
    mean, variance, _, _ = law.cumulants()
    deviation = math.sqrt(variance)
    if deviation == 0.0:
        raise DomainError("profit and loss is the same for every move: there is no quantile")
    standard = _standardised(law, mean, deviation)
    reach = 1.0 / math.sqrt(min(tail, 1.0 - tail)) + 1.0  # Chebyshev, Cantelli's one-sided form
    root = float(
        brentq(lambda x: probability_below(standard, x) - tail, -reach, reach, xtol=1e-11, rtol=1e-13, maxiter=200)
    )
    shortfall = _put(standard, root) / tail - root
    return -(mean + deviation * root), -mean + deviation * shortfall


def probability_below(law: QuadraticLaw, x: float) -> float:
    """P(profit and loss <= x)."""
    if x >= law.cumulants()[0]:
        mirrored = QuadraticLaw(-law.drift, law.slopes, tuple(-each for each in law.curvatures))
        return 1.0 - _below_mean(mirrored, -x, 1)
    return _below_mean(law, x, 1)


def _put(law: QuadraticLaw, x: float) -> float:
    """E max(x - profit and loss, 0)."""
    mean = law.cumulants()[0]
    if x >= mean:
        mirrored = QuadraticLaw(-law.drift, law.slopes, tuple(-each for each in law.curvatures))
        return x - mean + _below_mean(mirrored, -x, 2)
    return _below_mean(law, x, 2)


def _below_mean(law: QuadraticLaw, x: float, power: int) -> float:
    """The integral of exp(K(s) - s x) / s^power on a line left of zero over 2 pi i, positive, for x below the mean.

    Power 1 gives P(X <= x), 2 gives E max(x - X, 0). The line leaves the saddle point of the exponent along that
    one of `_RAYS` on which the integrand has soonest fallen to nothing, without having risen before.
    """
    from scipy.integrate import quad

    b, c = np.array(law.slopes), np.array(law.curvatures)
    c[np.abs(c) <= _NO_CURVATURE * max(np.abs(c).max(), np.abs(b).max())] = 0.0
    curved = c != 0.0
    end = law.drift - 0.5 * float(np.sum(np.square(b[curved]) / c[curved]))
    bounded = bool(curved[b != 0.0].all())
    falling = bool((c < 0.0).any())
    if bounded and not falling and x <= end:
        return 0.0
    start = _saddle(law, x, 1.0 / float(c.min()) if falling else -math.inf)
    halves = 0.5 * np.square(b)

    def exponent(s: complex | NDArray[np.complex128]) -> NDArray[np.complex128]:
        """K(s) - s x, for one s or a column of them."""
        spread = 1.0 - s * c
        return np.asarray(
            np.sum(s * (law.drift - x) / c.size + s * s * halves / spread - 0.5 * np.log(spread), axis=-1)
        )

    peak = float(exponent(complex(start)).real)
    rays: NDArray[np.complex128] = start - start * np.multiply.outer(_RAYS, _REACHES).astype(np.complex128)
    heights = exponent(rays[..., None]).real - peak
    sizes = heights - power * np.log(np.abs(rays) / -start) + np.log(_REACHES)
    counting = (sizes > _SMALLEST) * np.arange(1, _REACHES.size + 1)
    lengths = np.where(heights.max(axis=1) <= _HIGHEST, counting.max(axis=1), _REACHES.size + 1)
    direction = complex(_RAYS[np.argmin(lengths)])

    def integrand(r: float) -> float:
        s = start + r * direction
        return float((np.exp(exponent(s) - peak) / s**power * direction).imag)

    # full_output keeps the routine from warning where it has reached the last digits.
    scale = -start
    near = quad(integrand, 0.0, scale, epsabs=0.0, epsrel=1e-11, limit=200, full_output=1)[0]
    far = quad(
        lambda t: integrand(scale / t) * scale / (t * t), 0.0, 1.0, epsabs=1e-14, epsrel=1e-11, limit=400, full_output=1
    )[0]
    return (-1.0 if power == 1 else 1.0) * math.exp(peak) * (near + far) / math.pi


def _saddle(law: QuadraticLaw, x: float, floor: float) -> float:
    """Where K'(s) = x left of zero, not nearer to zero than `_NEAREST` reciprocal deviations, right of `floor`."""
    from scipy.optimize import brentq

    b, c = np.array(law.slopes), np.array(law.curvatures)
    deviation = math.sqrt(law.cumulants()[1])

    def slope(s: float) -> float:
        spread = 1.0 - s * c
        whole = np.sum(b * b * s * (1.0 - 0.5 * s * c) / np.square(spread)) + 0.5 * np.sum(c / spread)
        return law.drift + float(whole) - x

    nearest = -_NEAREST / deviation
    farthest = 0.999 * floor if math.isfinite(floor) else -1.0 / deviation
    if math.isinf(floor):
        while slope(farthest) > 0.0 and farthest > -1e6 / deviation:
            farthest *= 2.0
    if slope(nearest) <= 0.0:
        return nearest
    if slope(farthest) >= 0.0:
        return farthest
    return float(brentq(slope, farthest, nearest, xtol=1e-6 / deviation))


def _standardised(law: QuadraticLaw, mean: float, deviation: float) -> QuadraticLaw:
    return QuadraticLaw(
        (law.drift - mean) / deviation,
        tuple(each / deviation for each in law.slopes),
        tuple(each / deviation for each in law.curvatures),
    )


def _is_monotonic(z: float, skewness: float, kurtosis: float) -> bool:
    """Whether the expansion rises from `z` to the median: its derivative is a parabola in z."""
    square, linear = kurtosis / 8.0 - skewness**2 / 6.0, skewness / 3.0
    constant = 1.0 - kurtosis / 8.0 + 5.0 * skewness**2 / 36.0
    candidates = [z, 0.0]
    if square:
        vertex = -linear / (2.0 * square)
        if min(z, 0.0) < vertex < max(z, 0.0):
            candidates.append(vertex)
    return all(square * each * each + linear * each + constant > 0.0 for each in candidates)
