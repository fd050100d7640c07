"""The fair strike of a variance swap, replicated by the options of a surface's smile over all strikes.

A continuous path pays its realised variance through minus twice the log contract, which out-of-the-money options
weighed by 1 / K^2 replicate: T K_var = 2 / D [integral of P / K^2 below F + integral of C / K^2 above F]. Source: K.
Demeterfi, E. Derman, M. Kamal and J. Zou, "More than you ever wanted to know about volatility swaps" (Goldman Sachs,
1999), eq. 26 with the boundary at the forward; A. Neuberger, Journal of Portfolio Management 20(2) (1994) 74.

Jumps are outside it: a path that jumps realises a different sum of squares than the log contract pays. The far strikes
are the model's, not the market's: `VarianceSwap.far` says how much rests on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import DomainError, InvalidValueError
from optionix_core.volatility.analysis._panels import Integral, outwards
from optionix_core.volatility.analysis.skew import log_moneyness_at_delta
from optionix_core.volatility.surface.density_fit import black
from optionix_core.volatility.surface.quotes import SMALLEST_DELTA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.volatility.surface.surface import VolatilitySurface

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VarianceSwap:
    """Fair strike for one expiry, without fees, of continuous observation."""

    years: float
    variance: float
    """Annualised, (fraction)^2."""
    puts: float
    """Part of `variance` that the strikes below the forward give."""
    far: float
    """Part of `variance` from options of a forward delta below 0.02: further out than the quotes of a fit."""
    error: float
    """Estimated numerical error of `variance`."""

    @property
    def volatility(self) -> float:
        """Square root of `variance`, the strike as it is quoted; a fraction."""
        return float(np.sqrt(self.variance))

    @property
    def volatility_error(self) -> float:
        """Estimated numerical error of `volatility`."""
        return 0.5 * self.error / self.volatility


def variance_swap_strike(surface: VolatilitySurface, expiry: float, *, deviations: float | None = None) -> VarianceSwap:
    """Fair strike for `expiry` in years, by quadrature out to where nothing more comes.

    `deviations`: strikes further from the forward than so many at-the-money standard deviations are left out of the
    replication; None: all count. Raises InvalidValueError for an expiry or a reach that is not positive, DomainError
    where total variance is not positive or a wing is so steep that the integral has no value, as SABR's are.
    """
    if deviations is not None and not 0.0 < deviations < np.inf:
        raise InvalidValueError("deviations", deviations, "positive and finite")
    unit = float(np.sqrt(surface.total_variance(0.0, expiry)))
    cuts = {side: float(log_moneyness_at_delta(surface, side * SMALLEST_DELTA, expiry)) for side in (-1.0, 1.0)}

    def integrals(side: float) -> Integral:
        edge = abs(cuts[side])

        def integrand(k: FloatArray) -> FloatArray:
            variance = surface.total_variance(k, expiry)
            if not np.all(variance > 0.0):
                place = float(k[np.flatnonzero(~(variance > 0.0))[0]])
                raise DomainError(f"total variance is not positive at log-moneyness {place:.6g}")
            value = 2.0 * black(k, variance) * np.exp(-k)
            return np.vstack([value, np.where(np.abs(k) > edge, value, 0.0)])

        return outwards(integrand, unit, side, (edge,), np.inf if deviations is None else deviations * unit)

    below, above = integrals(-1.0), integrals(1.0)
    whole, far = ((below.value + above.value) / expiry).tolist()
    error = float(below.error[0] + above.error[0]) / expiry
    return VarianceSwap(float(expiry), whole, float(below.value[0]) / expiry, far, error)
