"""The normal quantile in lanes, branch-free: M. Wichura, algorithm AS 241 (PPND16), Applied Statistics 37 (1988) 477.

Its three rationals are all evaluated, and one numerator and one denominator chosen before the division. Relative error
1e-15 for probabilities from 2^-53 to 1 - 2^-53.
"""

from __future__ import annotations

import math

from optionix_core.pricing._lanes import lane_logarithm


def central_numerator(r: float) -> float:
    """For |u - 1/2| <= 0.425, in r = 0.180625 - (u - 1/2)^2."""
    p = 2509.0809287301226727 * r + 33430.575583588128105
    p = p * r + 67265.770927008700853
    p = p * r + 45921.953931549871457
    p = p * r + 13731.693765509461125
    p = p * r + 1971.5909503065514427
    p = p * r + 133.14166789178437745
    return p * r + 3.3871328727963666080


def central_denominator(r: float) -> float:
    """Beside `central_numerator`."""
    p = 5226.4952788528545610 * r + 28729.085735721942674
    p = p * r + 39307.895800092710610
    p = p * r + 21213.794301586595867
    p = p * r + 5394.1960214247511077
    p = p * r + 687.18700749205790830
    p = p * r + 42.313330701600911252
    return p * r + 1.0


def near_numerator(r: float) -> float:
    """For tails down to exp(-25), in r = sqrt(-log tail) - 1.6."""
    p = 7.74545014278341407640e-4 * r + 2.27238449892691845833e-2
    p = p * r + 2.41780725177450611770e-1
    p = p * r + 1.27045825245236838258
    p = p * r + 3.64784832476320460504
    p = p * r + 5.76949722146069140550
    p = p * r + 4.63033784615654529590
    return p * r + 1.42343711074968357734


def near_denominator(r: float) -> float:
    """Beside `near_numerator`."""
    p = 1.05075007164441684324e-9 * r + 5.475938084995344946e-4
    p = p * r + 1.51986665636164571966e-2
    p = p * r + 1.48103976427480074590e-1
    p = p * r + 6.89767334985100004550e-1
    p = p * r + 1.67638483018380384940
    p = p * r + 2.05319162663775882187
    return p * r + 1.0


def far_numerator(r: float) -> float:
    """For tails below exp(-25), in r = sqrt(-log tail) - 5."""
    p = 2.01033439929228813265e-7 * r + 2.71155556874348757815e-5
    p = p * r + 1.24266094738807843860e-3
    p = p * r + 2.65321895265761230930e-2
    p = p * r + 2.96560571828504891230e-1
    p = p * r + 1.78482653991729133580
    p = p * r + 5.46378491116411436990
    return p * r + 6.65790464350110377720


def far_denominator(r: float) -> float:
    """Beside `far_numerator`."""
    p = 2.04426310338993978564e-15 * r + 1.4215117583164458887e-7
    p = p * r + 1.84631831751005468180e-5
    p = p * r + 7.86869131145613259100e-4
    p = p * r + 1.48753612908506148525e-2
    p = p * r + 1.36929880922735805310e-1
    p = p * r + 5.99832206555887937690e-1
    return p * r + 1.0


def tail_root(u: float) -> float:
    """sqrt(-log of the smaller tail)."""
    return math.sqrt(-lane_logarithm(min(u, 1.0 - u)))


def quantile(u: float) -> float:
    """X with N(x) = u, 0 < u < 1."""
    q = u - 0.5
    root = tail_root(u)
    central = abs(q) <= 0.425
    near = root <= 5.0
    r = 0.180625 - q * q
    s = root - 1.6
    t = root - 5.0
    top = central_numerator(r) * q
    outer = near_numerator(s) if near else far_numerator(t)
    bottom = near_denominator(s) if near else far_denominator(t)
    outer = -outer if q < 0.0 else outer
    return (top if central else outer) / (central_denominator(r) if central else bottom)
