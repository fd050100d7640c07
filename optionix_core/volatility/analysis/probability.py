"""Where the price may end, as the surface's smile prices it: density, probabilities, percentiles, touching.

All of it is risk-neutral. Ending below a level is exact in the smile's slope: with total variance w(k), k = ln(K / F)
and d2 = -k / sqrt(w) - sqrt(w) / 2, P(S_T <= K) = N(-d2) + n(d2) w'(k) / (2 sqrt(w)), the derivative of the put in its
strike (D. Breeden and R. Litzenberger, Journal of Business 51 (1978) 621). No density is integrated for it.

Touching a level before expiry is not told by a smile of one expiry. `probability_touching` names its approximation:
put-call symmetry (P. Carr, K. Ellis and V. Gupta, Journal of Finance 53 (1998) 1165; P. Carr and A. Chou, Risk 10(9)
(1997) 139), scaled so that a level at the spot is touched for certain. It is exact where volatility is flat; in Heston
models with the skew of an index it was off by up to 0.03.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from optionix_core.errors import DomainError, InvalidValueError, MissingDataError
from optionix_core.volatility.analysis._panels import NoIntegralError, legendre, outwards
from optionix_core.volatility.svi import durrleman

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from optionix_core.volatility.surface.surface import VolatilitySurface

    FloatArray = NDArray[np.float64]

_ROOT = np.sqrt(2.0 * np.pi)
_WIDEST = 60.0
"""Standard deviations within which a percentile is looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Density:
    """Distribution of the price at one expiry on a grid of levels, arrays of shape (points,)."""

    years: float
    forward: float
    level: FloatArray
    """Ascending prices of the underlying."""
    density: FloatArray
    """Per unit of price; negative where the smile has a butterfly arbitrage."""
    below: FloatArray
    """Probability of ending at or below the level."""
    mass: float | None
    """Integral of the density over all prices: one, but for atoms where the smile has a kink.

    This and the next three are None where a wing is too steep for them to have a value, as SABR's are.
    """
    mean: float | None
    """Integral of price times density over all prices: the forward, if the smile is free of arbitrage."""
    negative: float | None
    """Integral of the density where it is negative, as a positive number; zero without butterflies."""
    error: float | None
    """Estimated numerical error of `mass`, and of `mean` over the forward."""


def risk_neutral_density(
    surface: VolatilitySurface, expiry: float, *, points: int = 401, deviations: float = 5.0
) -> Density:
    """Density on `points` levels, even in log-moneyness within `deviations` at-the-money standard deviations.

    `expiry` in years. Raises InvalidValueError for fewer than three points or a reach that is not positive.
    """
    if points < 3:
        raise InvalidValueError("points", points, "at least 3")
    if not 0.0 < deviations < np.inf:
        raise InvalidValueError("deviations", deviations, "positive and finite")
    forward = float(surface.forward(expiry))
    unit = float(np.sqrt(surface.total_variance(0.0, expiry)))
    k = np.linspace(-deviations, deviations, points) * unit

    def integrand(at: FloatArray) -> FloatArray:
        logarithmic = _log_density(surface, at, expiry)
        return np.vstack([logarithmic, logarithmic * np.exp(at), np.maximum(-logarithmic, 0.0)])

    mass = mean = negative = error = None
    try:
        below, above = (outwards(integrand, unit, side) for side in (-1.0, 1.0))
    except NoIntegralError:
        pass
    else:
        mass, mean, negative = (below.value + above.value).tolist()
        mean *= forward
        error = float(np.max((below.error + above.error)[:2]))
    return Density(
        float(expiry),
        forward,
        forward * np.exp(k),
        _log_density(surface, k, expiry) / (forward * np.exp(k)),
        1.0 - _above(surface, k, expiry),
        mass,
        mean,
        negative,
        error,
    )


def probability_above(surface: VolatilitySurface, level: ArrayLike, expiry: ArrayLike) -> FloatArray:
    """Probability of ending above `level` at `expiry` in years; arguments broadcast."""
    k, t = _moneyness(surface, level, expiry)
    return _above(surface, k, t)


def probability_below(surface: VolatilitySurface, level: ArrayLike, expiry: ArrayLike) -> FloatArray:
    """Probability of ending at or below `level` at `expiry` in years; arguments broadcast."""
    k, t = _moneyness(surface, level, expiry)
    return _below(surface, k, t)


def probability_between(surface: VolatilitySurface, low: ArrayLike, high: ArrayLike, expiry: ArrayLike) -> FloatArray:
    """Probability of ending above `low` and at or below `high`; arguments broadcast.

    Raises InvalidValueError, naming the row, where `high` is not above `low`.
    """
    first, second, t = np.broadcast_arrays(np.asarray(low, float), np.asarray(high, float), np.asarray(expiry, float))
    bad = np.flatnonzero(~(second > first).reshape(-1))
    if bad.size:
        row = int(bad[0])
        bound = f"above low, {first.reshape(-1)[row]}"
        raise InvalidValueError("high", float(second.reshape(-1)[row]), bound, row if first.ndim else None)
    found: FloatArray = probability_below(surface, second, t) - probability_below(surface, first, t)
    return found


def probability_touching(surface: VolatilitySurface, level: ArrayLike, expiry: ArrayLike) -> FloatArray:
    """Probability that the price touches `level` at or before `expiry`, by put-call symmetry; arguments broadcast.

    The claim on touching H is the European claim 1 + a (S_T / H)^p beyond H, valued on the whole smile beyond H, with
    p = 1 - 2 ln(F / S) / w, w the total variance at H. The factor a, one without a skew, makes it worth one for H at
    the spot. Never below the probability of ending beyond the level, nor above one. Approximation: see the module.
    Raises MissingDataError where the surface has no spot.
    """
    if surface.spot is None:
        raise MissingDataError(f"the surface of {surface.underlying} has no spot: whether it has touched is not known")
    k, t = _moneyness(surface, level, expiry)
    shape = k.shape
    k, t = k.reshape(-1), t.reshape(-1)
    start = -np.log(surface.forward(t) / surface.spot)
    side = np.where(k >= start, 1.0, -1.0)
    ending, mirrored = _symmetry(surface, k, t, start, side)
    at_spot, scale = _symmetry(surface, start, t, start, side)
    found = np.clip(ending + mirrored * (1.0 - at_spot) / scale, ending, 1.0)
    return found.reshape(shape)


def percentile(surface: VolatilitySurface, probability: ArrayLike, expiry: float) -> FloatArray:
    """Least level that the price ends at or below with `probability` (in (0, 1)); of the shape of the argument.

    Where a butterfly arbitrage makes the cumulative probability fall, the first level that reaches it counts.
    Raises InvalidValueError outside (0, 1), DomainError where no level within sixty deviations reaches it.
    """
    asked = np.asarray(probability, dtype=np.float64)
    bad = np.flatnonzero(~((asked > 0.0) & (asked < 1.0)).reshape(-1))
    if bad.size:
        row = int(bad[0])
        raise InvalidValueError("probability", float(asked.reshape(-1)[row]), "in (0, 1)", row if asked.ndim else None)
    unit = float(np.sqrt(surface.total_variance(0.0, expiry)))
    wanted = asked.reshape(-1)
    grid = np.sinh(np.linspace(-np.arcsinh(_WIDEST), np.arcsinh(_WIDEST), 601)) * unit
    reached = np.maximum.accumulate(_below(surface, grid, expiry))
    right = np.searchsorted(reached, wanted, side="left")
    lost = np.flatnonzero((right == 0) | (right == grid.size))
    if lost.size:
        raise DomainError(
            f"probability {wanted[lost[0]]:g} is not reached within {_WIDEST:g} deviations: the wings are too heavy"
        )
    low, high = grid[right - 1], grid[right]
    for _ in range(52):
        middle = 0.5 * (low + high)
        short = _below(surface, middle, expiry) < wanted
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    found: FloatArray = float(surface.forward(expiry)) * np.exp(0.5 * (low + high))
    return found.reshape(asked.shape)


def _moneyness(surface: VolatilitySurface, level: ArrayLike, expiry: ArrayLike) -> tuple[FloatArray, FloatArray]:
    H, t = np.broadcast_arrays(np.asarray(level, dtype=np.float64), np.asarray(expiry, dtype=np.float64))
    bad = np.flatnonzero(~((H > 0.0) & np.isfinite(H)).reshape(-1))
    if bad.size:
        row = int(bad[0])
        raise InvalidValueError("level", float(H.reshape(-1)[row]), "positive and finite", row if H.ndim else None)
    return np.log(H / surface.forward(t)), t


def _above(surface: VolatilitySurface, k: FloatArray, expiry: ArrayLike) -> FloatArray:
    d2, tilt = _digital_terms(surface, k, expiry)
    found: FloatArray = ndtr(d2) - tilt
    return found


def _below(surface: VolatilitySurface, k: FloatArray, expiry: ArrayLike) -> FloatArray:
    d2, tilt = _digital_terms(surface, k, expiry)
    found: FloatArray = ndtr(-d2) + tilt
    return found


def _digital_terms(surface: VolatilitySurface, k: FloatArray, expiry: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """d2 and what the slope of the smile takes from the probability of ending above."""
    point = surface.derivatives(k, expiry)
    root = np.sqrt(point.total_variance)
    d2 = -k / root - 0.5 * root
    return d2, np.exp(-0.5 * d2 * d2) / _ROOT * 0.5 * point.slope / root


def _log_density(surface: VolatilitySurface, k: FloatArray, expiry: ArrayLike) -> FloatArray:
    """Density of ln(S_T / F)."""
    point = surface.derivatives(k, expiry)
    root = np.sqrt(point.total_variance)
    d2 = -k / root - 0.5 * root
    found: FloatArray = durrleman(*point[:3], k) * np.exp(-0.5 * d2 * d2) / (root * _ROOT)
    return found


def _symmetry(
    surface: VolatilitySurface, k: FloatArray, t: FloatArray, start: FloatArray, side: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Probability of ending beyond H = F e^k, above (`side` 1) or below it (-1), and value of (S_T / H)^p there.

    `start` is ln(S / F). Arrays of shape (n,).
    """
    variance = surface.total_variance(k, t)
    power = 1.0 + 2.0 * start / variance
    place, weight = legendre(20)
    unit = np.sqrt(variance)
    ends = np.concatenate([np.linspace(0.0, 6.0, 13), [8.0, 10.0, 14.0]])
    half = 0.5 * np.diff(ends)
    out = ((ends[:-1] + half)[:, None] + half[:, None] * place).reshape(-1)
    share = (half[:, None] * weight).reshape(-1)
    step = unit[:, None] * out
    at = k[:, None] + side[:, None] * step
    density = _log_density(surface, at, np.broadcast_to(t[:, None], at.shape))
    mirrored = (density * np.exp((side * power)[:, None] * step) * share).sum(axis=1) * unit
    return np.where(side > 0.0, _above(surface, k, t), _below(surface, k, t)), mirrored
