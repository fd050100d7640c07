"""Where `fourier` integrates: a bent contour for each group of strikes, chosen from what the model's parts allow.

The undiscounted value over the forward of a call struck at F exp(k) is (1 / 2 pi i) times the integral of
M(w) exp((1 - w) k) / (w (w - 1)) along an upward path at Re w > 1, of a put at Re w < 0, and call less one between
(A. Lewis, "Option Valuation under Stochastic Volatility", 2000, ch. 2). The path here is w0 - b sin(omega) (cosh y - 1)
+ i b cos(omega) sinh y (S. Boyarchenko and S. Levendorskii, "SINH-acceleration", Int. J. Theor. Appl. Finance 22
(2019)): steps of equal size in y reach exponentially far, and bending towards the side where exp(-w k) falls replaces
oscillation by decay. The trapezoidal rule's error falls as exp(-2 pi d / h), d the angle to where the integrand stops
being bounded, so that two steps, h and 2h, tell the error of the finer one.

A slant phi is allowed where exp(-w k) M(w) falls along w = i t exp(-i phi). Far out M falls as exp(-t (linear cos phi -
shift sin phi)), one such law for each number of jumps; a Gaussian falls faster, and counts as one whose `linear` is
four deviations, so that a slant costs it exp(8). Layout of the parameters `p`: `models._parameters`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from optionix_core.pricing._fourier_exponents import JUMPS
from optionix_core.pricing._fourier_formulas import has_moment
from optionix_core.pricing._fourier_variance import BLOCK, SUM, Row, W

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Block = NDArray[np.float64]

STEEPEST = 0.25 * math.pi
"""Beyond this slant exp(w^2) grows."""
ENOUGH = 5.4
"""Times the digits wanted, in units of e: what is left of a Gaussian when its other behaviour shows does not count."""
FARTHEST = 46.0
"""Largest y: w there is 5e19 times b."""
NARROW = 0.6
NEAREST = 0.12
SHRINK = math.sqrt(0.5)
"""Places tried for a crossing are each so much nearer than the one before."""
LOOSE = 1e-11
"""Errors that may be this large are sought on one path for both sides of the forward first."""
WIDE, TIGHT = 3.0, 1.0
"""Widths of these, in inverse deviations."""
MOST_SPLITS = 4
"""Strikes whose slants span less than `NARROW` are split, this many times."""

Tail = tuple[float, float, float, float, float, float, float]
Contour = tuple[float, float, float, float, float]
"""Crossing w0, width b, bend omega, first step, and the variance of a Gaussian that is taken off."""
STRAIGHT: Contour = (0.5, 0.5, 0.0, 0.04, 0.0)
"""Without a bend: where the chosen contour fails."""


def mean_variance(expiry: float, v0: float, kappa: float, theta: float) -> float:
    """Expected integral of a square-root variance to expiry."""
    x = kappa * expiry
    if x < 1e-4:
        return expiry * (v0 + 0.5 * x * (theta - v0))
    weight = -math.expm1(-x) / x
    return expiry * (theta * (1.0 - weight) + v0 * weight)


def deviation_of(expiry: float, p: Row) -> float:
    """Of X, without what the variance's own variance adds."""
    total = p[13] * p[13] + p[10] * (p[11] * p[11] + p[12] * p[12]) + p[14] * p[14] + p[15] * p[16] * p[16]
    variances = mean_variance(expiry, p[0], p[1], p[2]) + mean_variance(expiry, p[5], p[6], p[7])
    return math.sqrt(total * expiry + variances)


def tail_of(expiry: float, p: Row, mask: int, digits: float) -> Tail:
    """How M falls far out: linear, variance, shift without jumps; fewest jumps, most; mean and spread of one."""
    linear, shift = 0.0, 0.0
    gaussian = (p[13] * p[13] + (0.0 if p[15] > 0.0 else p[14] * p[14])) * expiry
    for start in (0, 5):
        sigma, rho = p[start + 3], p[start + 4]
        mass = p[start] + p[start + 1] * p[start + 2] * expiry
        if mass > ENOUGH * digits * sigma * sigma * expiry:
            gaussian += mean_variance(expiry, p[start], p[start + 1], p[start + 2])
        elif mass > 0.0:
            linear += mass / sigma * math.sqrt(1.0 - rho * rho)
            shift -= mass / sigma * rho
    if p[15] > 0.0:
        shift += expiry * math.log1p(-p[15] * (p[16] + 0.5 * p[14] * p[14])) / p[15]
    expected = p[10] * expiry
    shift -= expected * math.expm1(p[11] + 0.5 * p[12] * p[12])
    least, most = 0.0, 0.0
    if expected > 0.0:
        least = max(0.0, math.floor(expected - 9.0 * math.sqrt(expected)))
        most = math.ceil(expected + 9.0 * math.sqrt(expected) + 12.0)
    elif mask & JUMPS:
        most = 1.0
    return linear, gaussian, shift, least, most, p[11], p[12]


def slants(tail: Tail, lowest: float, highest: float) -> tuple[float, float, float]:
    """Slants allowed for every k from lowest to highest, positive to the right; and the k at which to split these.

    That is the shift with the least `linear` among those strictly between; nan where none is.
    """
    linear, gaussian, shift, least, most, mean, spread = tail
    low, high = -STEEPEST, STEEPEST
    sharpest, split = math.inf, math.nan
    stride = max(1.0, math.ceil((most - least) / 200.0))
    jumps = least
    while jumps <= most:
        width = linear + 4.0 * math.sqrt(gaussian + jumps * spread * spread)
        place = shift + jumps * mean
        if highest > place:
            low = max(low, -math.atan2(width, highest - place))
        if lowest < place:
            high = min(high, math.atan2(width, place - lowest))
        if lowest < place < highest and width < sharpest:
            sharpest, split = width, place
        jumps += stride
    return low, high, split


def crossing_points(x: Block, distance: float, expiry: float, p: Row, right: int) -> int:
    """Places for a crossing into the block, 1/2 first and then ever nearer than `distance`; how many."""
    x[W], x[W + BLOCK] = 0.5, 0.0
    count = 1
    while distance > NEAREST and count < BLOCK:
        place = 1.0 + distance if right > 0 else -distance
        x[W + count], x[W + BLOCK + count] = place if has_moment(place, expiry, p) else 0.5, 0.0
        distance *= SHRINK
        count += 1
    for spare in range(count, BLOCK):
        x[W + spare], x[W + BLOCK + spare] = 0.5, 0.0
    return count


def better_crossing(x: Block, count: int, distance: float, aim: float, search: Block, right: int) -> float:
    """Compare the places of `crossing_points`, their exponents known; the distance of the next.

    The crossing minimises the summand one deviation beyond the nearest strike, at `aim`, over places at which the
    moment is finite and stays so at twice the distance; next to 1/2 where the strip is too narrow for any other.
    `search` holds crossing, width, the summand there, and the last two moments; infinite at the start.
    """
    if search[2] == math.inf:
        search[0], search[1], search[2] = 0.5, 0.5, x[SUM] - 0.5 * aim + math.log(4.0)
    for j in range(1, count):
        moment = x[SUM + j] if x[W + j] != 0.5 and x[SUM + j] < 300.0 else math.inf
        place = 1.0 + distance if right > 0 else -distance
        merit = moment - place * aim - math.log(distance * (1.0 + distance))
        if search[3] < math.inf and search[4] < math.inf and merit < search[2]:
            search[0], search[1], search[2] = place, distance, merit
        search[3], search[4] = search[4], moment
        distance *= SHRINK
    return distance


def contour_of(search: Block, tail: Tail, lowest: float, highest: float, digits: float) -> Contour:
    """For strikes on one side of the forward, through the crossing found."""
    low, high, _ = slants(tail, lowest, highest)
    step = min(max(2.0 * math.pi * 0.5 * (high - low) / (0.87 * digits), 0.02), 0.16)
    return search[0], search[1], -0.5 * (high + low), step, 0.0


def line_of(deviation: float, tail: Tail, lowest: float, highest: float, splits: int, digits: float) -> Contour:
    """Through 1/2 for strikes on both sides of the forward, less a Gaussian of the same variance, which has no pole.

    Wide where the expiry was not split, since its points are then few.
    """
    low, high, _ = slants(tail, lowest, highest)
    width = (WIDE if splits == 0 else TIGHT) / deviation
    step = min(max(math.pi * (high - low) / (1.18 * digits), 0.02), 0.25)
    return 0.5, width, -0.5 * (high + low), step, deviation * deviation


def bursts(expiry: float, p: Row) -> bool:
    """Whether a variance starts from almost nothing and then by rare bursts, which few points would not see."""
    for start in (0, 5):
        flow = p[start + 1] * p[start + 2]
        if p[start] < 0.01 * flow * expiry and p[start + 3] * p[start + 3] > flow:
            return True
    return False
