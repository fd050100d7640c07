"""American options in a block of scenarios from tables of Chebyshev coefficients, as vector instructions.

A table holds, of one option, the exercise boundary and the premium of early exercise over the European price as sums of
products of Chebyshev polynomials (`american_tables`). What depends on a scenario's volatility, rate and yield is one
set of products a block, its rows padded to a multiple of four; the premium is a polynomial in the distance from the
boundary, summed by Clenshaw's recurrence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.pricing._lanes import lane_logarithm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


def log_volatilities(deviation: FloatArray, root: FloatArray, middle: float, half: float, out: FloatArray) -> int:
    """Logarithms of volatilities as a coordinate in [-1, 1]; where there is no root of time, that of no volatility."""
    for i in range(out.size):
        v = max(deviation[i], 1e-290) / max(root[i], 1e-8)
        out[i] = (lane_logarithm(max(v, 1e-290)) - middle) / half
    return out.size


def to_coordinate(values: FloatArray, middle: float, half: float, out: FloatArray) -> int:
    """A column as a coordinate in [-1, 1]."""
    for i in range(out.size):
        out[i] = (values[i] - middle) / half
    return out.size


def ones(out: FloatArray) -> int:
    """The first polynomial."""
    for i in range(out.size):
        out[i] = 1.0
    return out.size


def next_polynomial(x: FloatArray, last: FloatArray, before: FloatArray, out: FloatArray) -> int:
    """T(k + 1) = 2 x T(k) - T(k - 1)."""
    for i in range(out.size):
        out[i] = 2.0 * x[i] * last[i] - before[i]
    return out.size


def multiply(left: FloatArray, right: FloatArray, out: FloatArray) -> int:
    """Products of two columns."""
    for i in range(out.size):
        out[i] = left[i] * right[i]
    return out.size


def lay_polynomials(x: FloatArray, count: int, rows: FloatArray) -> int:
    """T(0) to T(count - 1) at `x` into the first rows."""
    size = x.size
    ones(rows[0, :size])
    if count > 1:
        for i in range(size):
            rows[1, i] = x[i]
    for k in range(2, count):
        next_polynomial(x, rows[k - 1, :size], rows[k - 2, :size], rows[k, :size])
    return count


def lay_products(
    volatilities: int,
    rates: int,
    yields: int,
    padded: int,
    size: int,
    in_rate: FloatArray,
    in_yield: FloatArray,
    rows: FloatArray,
) -> int:
    """All products of polynomials, those of the volatility fastest, in the rows of which they are the first."""
    for c in range(yields - 1, -1, -1):
        for b in range(rates - 1, -1, -1):
            if b + c > 0:
                place = (c * rates + b) * volatilities
                for a in range(volatilities):
                    multiply(rows[a, :size], in_rate[b, :size], rows[place + a, :size])
                    if c > 0:
                        multiply(rows[place + a, :size], in_yield[c, :size], rows[place + a, :size])
    for p in range(volatilities * rates * yields, padded):
        rows[p, :size] = 0.0
    return padded


def add_four(
    first: float,
    second: float,
    third: float,
    fourth: float,
    a: FloatArray,
    b: FloatArray,
    c: FloatArray,
    d: FloatArray,
    out: FloatArray,
) -> int:
    """Adds a combination of four columns."""
    for i in range(out.size):
        out[i] = out[i] + (first * a[i] + second * b[i] + third * c[i] + fourth * d[i])
    return out.size


def put_four(
    first: float,
    second: float,
    third: float,
    fourth: float,
    a: FloatArray,
    b: FloatArray,
    c: FloatArray,
    d: FloatArray,
    out: FloatArray,
) -> int:
    """A combination of four columns."""
    for i in range(out.size):
        out[i] = first * a[i] + second * b[i] + third * c[i] + fourth * d[i]
    return out.size


def combine(coefficients: FloatArray, place: int, padded: int, size: int, rows: FloatArray, out: FloatArray) -> int:
    """Sum of the rows with coefficients from `place` on."""
    for p in range(0, padded, 4):
        c = place + p
        a, b, d, e = rows[p, :size], rows[p + 1, :size], rows[p + 2, :size], rows[p + 3, :size]
        if p == 0:
            put_four(coefficients[c], coefficients[c + 1], coefficients[c + 2], coefficients[c + 3], a, b, d, e, out)
        else:
            add_four(coefficients[c], coefficients[c + 1], coefficients[c + 2], coefficients[c + 3], a, b, d, e, out)
    return padded


def distances(
    direction: float,
    log_strike: float,
    span: float,
    log_spot: FloatArray,
    level: FloatArray,
    deviation: FloatArray,
    out: FloatArray,
) -> int:
    """Distance from the boundary in total deviations, from 0 to `span`, as a coordinate; beyond, its end."""
    for i in range(out.size):
        y = direction * (log_spot[i] - log_strike) - level[i]
        x = 2.0 * y / (span * max(deviation[i], 1e-8)) - 1.0
        out[i] = min(max(x, -1.0), 1.0)
    return out.size


def clenshaw(x: FloatArray, later: FloatArray, added: FloatArray, out: FloatArray, factor: float) -> int:
    """`out` holds the sum before last and receives the next one."""
    for i in range(out.size):
        out[i] = factor * x[i] * later[i] - out[i] + added[i]
    return out.size


def clear(out: FloatArray) -> int:
    """Zeros."""
    for i in range(out.size):
        out[i] = 0.0
    return out.size


def farthest(x: FloatArray, out: FloatArray) -> int:
    """The larger of two coordinates in size."""
    for i in range(out.size):
        out[i] = max(abs(x[i]), out[i])
    return out.size
