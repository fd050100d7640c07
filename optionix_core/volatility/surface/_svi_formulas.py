"""One SVI smile and its place among its neighbours: losses and Gauss-Newton terms, for the compiler.

Total variance w = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2)), in coordinates without bounds: a, ln b, artanh rho,
m, ln sigma. The loss of a smile is that of its quotes, in half spreads and with a say for each, and that of hinges: for
Durrleman's g below a margin on a grid, for wings steeper than two, and (`neighbour_terms`) for total variance below
that of the expiry before.

For a given vertex (m, sigma) the rest is a linear least-squares problem (Zeliade Systems, "Quasi-explicit calibration
of Gatheral's SVI model", 2009), so that a scan over vertices finds where to start. Refuses to prove anything: a grid
does not; `svi` has the last word.
"""

from __future__ import annotations

import math
from typing import Any

LEAST = 1e-12
STEEPEST = 1.96
LOWEST = 0.02
"""Least total variance anywhere, over that at the forward."""
RIDGE = 0.02
"""Pull of artanh rho to zero, in half spreads: felt only where no quote tells the tilt."""
SCAN_PLACES = 13
SCAN_WIDTHS = 7
STARTS = 4


def svi_value(a: float, b: float, rho: float, m: float, sigma: float, k: float) -> float:
    """Total variance."""
    x = k - m
    return a + b * (rho * x + math.sqrt(x * x + sigma * sigma))


def svi_g(a: float, b: float, rho: float, m: float, sigma: float, k: float) -> float:
    """Durrleman's function; a large negative number where total variance is none."""
    x = k - m
    root = math.sqrt(x * x + sigma * sigma)
    w = a + b * (rho * x + root)
    if w < LEAST:
        return -10.0 + min(w, 0.0)
    slope = b * (rho + x / root)
    curve = b * sigma * sigma / (root * root * root)
    tilt = 1.0 - 0.5 * k * slope / w
    return tilt * tilt - 0.25 * slope * slope * (1.0 / w + 0.25) + 0.5 * curve


def put(source: Any, target: Any) -> None:
    """Five numbers copied. An assignment of slices would bring texts of errors into the kernel, slow to compile."""
    for p in range(5):
        target[p] = source[p]


def raw_of(z: Any, raw: Any) -> None:
    """Free coordinates to raw parameters."""
    raw[0] = z[0]
    raw[1] = math.exp(min(z[1], 3.0))
    raw[2] = math.tanh(min(max(z[2], -8.0), 8.0))
    raw[3] = z[3]
    raw[4] = math.exp(min(max(z[4], -14.0), 4.0))


def free_of(raw: Any, z: Any) -> None:
    """Raw parameters to free coordinates."""
    z[0] = raw[0]
    z[1] = math.log(max(raw[1], 1e-9))
    z[2] = math.atanh(min(max(raw[2], -0.999999), 0.999999))
    z[3] = raw[3]
    z[4] = math.log(raw[4])


def value_slopes(raw: Any, k: float, scale: float, slopes: Any) -> float:
    """Total variance at k; `scale` times its derivatives in the free coordinates into slopes[0:5]."""
    a, b, rho, m, sigma = raw[0], raw[1], raw[2], raw[3], raw[4]
    x = k - m
    root = math.sqrt(x * x + sigma * sigma)
    slopes[0] = scale
    slopes[1] = scale * b * (rho * x + root)
    slopes[2] = scale * b * x * (1.0 - rho * rho)
    slopes[3] = -scale * b * (rho + x / root)
    slopes[4] = scale * b * sigma * sigma / root
    value: float = a + b * (rho * x + root)
    return value


def add_row(residual: float, slopes: Any, block: Any, gradient: Any) -> None:
    """Add a row of least squares to the upper triangle of a block and to its gradient."""
    for p in range(5):
        gradient[p] += slopes[p] * residual
        for q in range(p, 5):
            block[p, q] += slopes[p] * slopes[q]


def quote_loss(raw: Any, tilt: float, k: Any, middle: Any, weight: Any, say: Any) -> float:
    """Half the weighted sum of squares of distances in half spreads, with the pull on the tilt."""
    total = RIDGE * RIDGE * tilt * tilt
    for i in range(len(k)):
        r = weight[i] * (svi_value(raw[0], raw[1], raw[2], raw[3], raw[4], k[i]) - middle[i])
        total += say[i] * r * r
    return 0.5 * total


def shape_loss(raw: Any, grid: Any, margin: float, pressure: float) -> float:
    """Half the sum of squares of the hinges that a smile has alone."""
    total = 0.0
    for j in range(len(grid)):
        lack = margin - svi_g(raw[0], raw[1], raw[2], raw[3], raw[4], grid[j])
        if lack > 0.0:
            total += lack * lack
    for side in range(2):
        over = raw[1] * (1.0 + (2.0 * side - 1.0) * raw[2]) - STEEPEST
        if over > 0.0:
            total += 25.0 * over * over
    height = math.sqrt(1.0 - raw[2] * raw[2])
    lowest = (raw[0] + raw[1] * raw[4] * height) / lowest_scale(raw)
    if lowest < LOWEST:
        total += (LOWEST - lowest) * (LOWEST - lowest)
    return 0.5 * pressure * pressure * total


def lowest_scale(raw: Any) -> float:
    """Total variance at the forward, which the least one is measured in."""
    level: float = max(svi_value(raw[0], raw[1], raw[2], raw[3], raw[4], 0.0), LEAST)
    return level


def neighbour_loss(near: Any, far: Any, grid: Any, unit: Any, margin: float, pressure: float) -> float:
    """Half the sum of squares of what the far smile lacks to the near one on the far one's grid."""
    total = 0.0
    for j in range(len(grid)):
        low = svi_value(near[0], near[1], near[2], near[3], near[4], grid[j])
        lack = unit[j] * (low * (1.0 + margin) - svi_value(far[0], far[1], far[2], far[3], far[4], grid[j]))
        if lack > 0.0:
            total += lack * lack
    return 0.5 * pressure * pressure * total


def quote_terms(
    raw: Any, tilt: float, k: Any, middle: Any, weight: Any, say: Any, slopes: Any, block: Any, gradient: Any
) -> None:
    """Add the terms of `quote_loss`."""
    gradient[2] += RIDGE * RIDGE * tilt
    block[2, 2] += RIDGE * RIDGE
    for i in range(len(k)):
        scale = weight[i] * math.sqrt(say[i])
        value = value_slopes(raw, k[i], scale, slopes)
        add_row(scale * (value - middle[i]), slopes, block, gradient)


def shape_terms(
    z: Any, raw: Any, spare: Any, grid: Any, margin: float, pressure: float, slopes: Any, block: Any, gradient: Any
) -> None:
    """Add the terms of `shape_loss`; g is differentiated by small steps, and only where its hinge is open."""
    for j in range(len(grid)):
        here = svi_g(raw[0], raw[1], raw[2], raw[3], raw[4], grid[j])
        if here < margin:
            for p in range(len(z)):  # no constant, which would be unrolled
                kept = z[p]
                step = 1e-6
                if p == 0:
                    step = 1e-6 * max(abs(svi_value(raw[0], raw[1], raw[2], raw[3], raw[4], grid[j])), 1e-8)
                if p == 3:
                    step = 1e-5 * raw[4]
                z[p] = kept + step
                raw_of(z, spare)
                z[p] = kept
                there = svi_g(spare[0], spare[1], spare[2], spare[3], spare[4], grid[j])
                slopes[p] = pressure * (there - here) / step
            add_row(pressure * (here - margin), slopes, block, gradient)
    for side in range(2):
        sign = 2.0 * side - 1.0
        steep = raw[1] * (1.0 + sign * raw[2])
        if steep > STEEPEST:
            scale = 5.0 * pressure
            slopes[0] = 0.0
            slopes[1] = scale * steep
            slopes[2] = scale * sign * raw[1] * (1.0 - raw[2] * raw[2])
            slopes[3] = 0.0
            slopes[4] = 0.0
            add_row(scale * (steep - STEEPEST), slopes, block, gradient)
    height = math.sqrt(1.0 - raw[2] * raw[2])
    unit = lowest_scale(raw)
    lowest = (raw[0] + raw[1] * raw[4] * height) / unit
    if lowest < LOWEST:
        scale = pressure / unit
        slopes[0] = scale
        slopes[1] = scale * raw[1] * raw[4] * height
        slopes[2] = -scale * raw[1] * raw[4] * height * raw[2]
        slopes[3] = 0.0
        slopes[4] = scale * raw[1] * raw[4] * height
        add_row(pressure * (lowest - LOWEST), slopes, block, gradient)


def neighbour_terms(  # noqa: PLR0917 - a kernel has as many arguments as it reads
    near: Any,
    far: Any,
    grid: Any,
    unit: Any,
    margin: float,
    pressure: float,
    slopes: Any,
    others: Any,
    near_block: Any,
    near_gradient: Any,
    far_block: Any,
    far_gradient: Any,
    cross: Any,
) -> None:
    """Add the terms of `neighbour_loss`; `cross` has near coordinates in rows and far ones in columns."""
    for j in range(len(grid)):
        scale = pressure * unit[j]
        low = value_slopes(near, grid[j], scale * (1.0 + margin), slopes)
        high = value_slopes(far, grid[j], -scale, others)
        residual = scale * (low * (1.0 + margin) - high)
        if residual > 0.0:
            add_row(residual, slopes, near_block, near_gradient)
            add_row(residual, others, far_block, far_gradient)
            for p in range(5):
                for q in range(5):
                    cross[p, q] += slopes[p] * others[q]


def linear_fit(k: Any, middle: Any, weight: Any, m: float, sigma: float, raw: Any) -> float:
    """Best a, b, rho for a vertex into raw[0:3], clipped to their domain; the loss sum r^2 / (1 + r^2).

    Thrice, the later times with the say that the time before leaves each quote.
    """
    a = 0.0
    c = 0.0
    d = 0.0
    for turn in range(3):
        s0 = sx = sy = sxx = sxy = syy = tw = tx = ty = 0.0
        for i in range(len(k)):
            v = weight[i] * weight[i]
            x = (k[i] - m) / sigma
            y = math.sqrt(x * x + 1.0)
            if turn > 0:
                r = weight[i] * (a + d * x + c * y - middle[i])
                v /= (1.0 + 0.25 * r * r) * (1.0 + 0.25 * r * r)
            s0 += v
            sx += v * x
            sy += v * y
            sxx += v * x * x
            sxy += v * x * y
            syy += v * y * y
            tw += v * middle[i]
            tx += v * x * middle[i]
            ty += v * y * middle[i]
        cxx = sxx - sx * sx / s0
        cxy = sxy - sx * sy / s0
        cyy = syy - sy * sy / s0
        bx = tx - sx * tw / s0
        by = ty - sy * tw / s0
        determinant = cxx * cyy - cxy * cxy
        d = 0.0
        c = 0.0
        if determinant > 1e-14 * cxx * cyy:
            d = (bx * cyy - by * cxy) / determinant
            c = (by * cxx - bx * cxy) / determinant
        most = 0.5 * STEEPEST * sigma
        c = min(max(c, 1e-7 * sigma), most)
        d = min(max(d, -0.995 * c), 0.995 * c)
        if c + abs(d) > 2.0 * most:
            shrink = 2.0 * most / (c + abs(d))
            c *= shrink
            d *= shrink
        a = max((tw - d * sx - c * sy) / s0, -math.sqrt(c * c - d * d) + LEAST)
    loss = 0.0
    for i in range(len(k)):
        x = (k[i] - m) / sigma
        r = weight[i] * (a + d * x + c * math.sqrt(x * x + 1.0) - middle[i])
        loss += r * r / (1.0 + r * r)
    raw[0] = a
    raw[1] = c / sigma
    raw[2] = d / c
    raw[3] = m
    raw[4] = sigma
    return loss


def scan(k: Any, middle: Any, weight: Any, deviation: float, raw: Any, losses: Any, starts: Any) -> None:
    """The STARTS best vertices, of different widths, into the rows of `starts`."""
    for j in range(STARTS):
        losses[j] = math.inf
    low = max(k[0], -3.0 * deviation)
    high = min(k[len(k) - 1], 3.0 * deviation)
    for p in range(SCAN_WIDTHS):
        sigma = deviation * 0.05 * math.exp(p * math.log(60.0) / (SCAN_WIDTHS - 1.0))
        best = math.inf
        best_m = 0.0
        for q in range(SCAN_PLACES):
            m = low + (high - low) * q / (SCAN_PLACES - 1.0)
            loss = linear_fit(k, middle, weight, m, sigma, raw)
            if loss < best:
                best = loss
                best_m = m
        worst = 0
        for j in range(1, STARTS):
            if losses[j] > losses[worst]:
                worst = j
        if best < losses[worst]:
            linear_fit(k, middle, weight, best_m, sigma, raw)
            losses[worst] = best
            for p2 in range(5):
                starts[worst, p2] = raw[p2]


def trust(k: Any, middle: Any, weight: Any, raw: Any, scale: float, say: Any) -> None:
    """The say of each quote by the loss of S. Geman and D. McClure (1987); all of one for an infinite scale."""
    for i in range(len(k)):
        ratio = weight[i] * (svi_value(raw[0], raw[1], raw[2], raw[3], raw[4], k[i]) - middle[i]) / scale
        say[i] = 1.0 / ((1.0 + ratio * ratio) * (1.0 + ratio * ratio))


def score(k: Any, middle: Any, weight: Any, raw: Any) -> float:
    """Quotes within their spread, less a little for the distance of all."""
    inside = 0.0
    loss = 0.0
    for i in range(len(k)):
        r = abs(weight[i] * (svi_value(raw[0], raw[1], raw[2], raw[3], raw[4], k[i]) - middle[i]))
        if r <= 1.0:
            inside += 1.0
        loss += math.log1p(r * r)
    return inside - 0.05 * loss
