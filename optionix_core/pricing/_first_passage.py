"""Laws of a lognormal price that meets a level: not touched and beyond a point, touched at all, discounted first hit.

Everything is a function of h = ln(barrier / spot), the log drift M over the whole life and the total deviation s > 0.
Reflection: E. Reiner and M. Rubinstein, "Breaking down the barriers", Risk 4 (September 1991) 28-35; the discounted
first hit: the same, "Unscrambling the binary code", Risk 4 (October 1991) 75-83, continued here to complex exponents
for negative rates. Nothing here checks its arguments.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, ndtr

from optionix_core.pricing._lognormal import ROOT_HALF, weighted_cdf

FloatArray = NDArray[np.float64]


def reflected_mass(eta: FloatArray, x: FloatArray, h: FloatArray, drift: FloatArray, s: FloatArray) -> FloatArray:
    """(H / S)^(2 mu) N(eta y) for y = (2h + x + M) / s, mu = M / s^2 and x = ln(S / level).

    The mass beyond the level of the image that makes the barrier absorb. `eta` is +1 for a barrier below, -1 above.
    """
    z = eta * (2.0 * h + x + drift) / s
    direct = (x + drift) / s
    return weighted_cdf(2.0 * drift * h / (s * s), z, -0.5 * direct * direct - 2.0 * h * (h + x) / (s * s))


def survival(eta: FloatArray, h: FloatArray, drift: FloatArray, s: FloatArray) -> FloatArray:
    """Probability that the barrier is not touched."""
    return np.maximum(ndtr(eta * (drift - h) / s) - reflected_mass(eta, -h, h, drift, s), 0.0)


def touch(eta: FloatArray, h: FloatArray, drift: FloatArray, s: FloatArray) -> FloatArray:
    """Probability that the barrier is touched."""
    return np.minimum(ndtr(-eta * (drift - h) / s) + reflected_mass(eta, -h, h, drift, s), 1.0)


def discounted_hit(
    eta: FloatArray, h: FloatArray, drift: FloatArray, s: FloatArray, discount: FloatArray
) -> FloatArray:
    """E[exp(-r tau)] over paths that hit within the life; `discount` is r times the life.

    Both terms of the formula have the same Gaussian factor; the square root in their exponents is imaginary for rates
    below -mu^2 sigma^2 / 2, and then they are each other's conjugates.
    """
    square = drift * drift / (s * s) + 2.0 * discount
    root = np.sqrt(np.abs(square))
    exponent = -0.5 * ((h - drift) / s) ** 2 - discount
    mu = drift / (s * s)
    near = weighted_cdf((mu + root / s) * h, eta * (h / s + root), exponent)
    far = weighted_cdf((mu - root / s) * h, eta * (h / s - root), exponent)
    turning = np.exp(exponent) * np.real(erfcx((-eta * h / s + 1j * root) * ROOT_HALF))
    return np.where(square >= 0.0, near + far, turning)
