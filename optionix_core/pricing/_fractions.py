"""What the continued fraction of Mills' ratio leaves after its first term, and its chord.

W(y) = n(y) / N(-y) - y, so that N(-y) / n(y) = 1 / (y + W(y)) and

    N(-a) / n(a) - N(-b) / n(b) = (b - a - W(a) + W(b)) / ((a + W(a)) (b + W(b))),

in which b - a is known exactly. The rational for W is our own fit of near minimax relative error, 6e-18, on
[-0.55, infinity). Plain sums and products, for scalar calls and, compiled with fast-math flags, as lanes.
"""

from __future__ import annotations


def lane_fraction_numerator(y: float, z: float) -> tuple[float, float]:
    """Of W at y, and its slope of the chord to z, without cancellation; y and z from -0.55 to 1e12."""
    value = 1.9179416954134052e-08
    slope = value
    value = value * y + 7.166056515581272e-07
    slope = slope * z + value
    value = value * y + 1.325840202668514e-05
    slope = slope * z + value
    value = value * y + 0.0001587627399410404
    slope = slope * z + value
    value = value * y + 0.00135925126198317
    slope = slope * z + value
    value = value * y + 0.00870954301857981
    slope = slope * z + value
    value = value * y + 0.042580195151279955
    slope = slope * z + value
    value = value * y + 0.15901051448744008
    slope = slope * z + value
    value = value * y + 0.44602623154536974
    slope = slope * z + value
    value = value * y + 0.9007389298141494
    slope = slope * z + value
    value = value * y + 1.1915680710865826
    slope = slope * z + value
    return value * y + 0.7978845608028654, slope


def lane_fraction_denominator(y: float, z: float) -> tuple[float, float]:
    """As `lane_fraction_numerator`, of the denominator of W."""
    value = 1.9179416954134052e-08
    slope = value
    value = value * y + 7.166056515581267e-07
    slope = slope * z + value
    value = value * y + 1.3296760860593674e-05
    slope = slope * z + value
    value = value * y + 0.00016019595124409068
    slope = slope * z + value
    value = value * y + 0.0013856529895433128
    slope = slope * z + value
    value = value * y + 0.00902276886389071
    slope = slope * z + value
    value = value * y + 0.04521995283285383
    slope = slope * z + value
    value = value * y + 0.17550712026541732
    slope = slope * z + value
    value = value * y + 0.5235800611437654
    slope = slope * z + value
    value = value * y + 1.1728733425919509
    slope = slope * z + value
    value = value * y + 1.8798478396637062
    slope = slope * z + value
    value = value * y + 1.94883868557921
    slope = slope * z + value
    return value * y + 1.0, slope
