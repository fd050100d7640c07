"""Where the moments of the models are finite, as plain functions.

All singularities of Heston's characteristic function lie on the real axis of w (V. Lucic, "On singularities in the
Heston model", 2007), which is what lets the contours of `fourier` bend. Refuses to check anything: models check their
fields.
"""

from __future__ import annotations

import math

from optionix_core.pricing._fourier_exponents import DIFFUSION, FIRST, GAMMA, JUMPS, SECOND
from optionix_core.pricing._fourier_variance import Row


def parts_in_use(p: Row) -> int:
    """Mask of the parts that are not zero."""
    mask = 0
    if p[0] > 0.0 or p[1] * p[2] > 0.0:
        mask |= FIRST
    if p[5] > 0.0 or p[6] * p[7] > 0.0:
        mask |= SECOND
    if p[10] > 0.0:
        mask |= JUMPS
    if p[13] > 0.0:
        mask |= DIFFUSION
    if p[14] > 0.0:
        mask |= GAMMA
    return mask


def explosion_time(w: float, kappa: float, sigma: float, rho: float) -> float:
    """When E[exp(w X)] of a Heston factor becomes infinite.

    Source: L. Andersen, V. Piterbarg, Finance Stoch. 11 (2007) 29, prop. 3.1.
    """
    product = w * w - w
    b = kappa - rho * sigma * w
    square = b * b - sigma * sigma * product
    if product <= 0.0 or sigma == 0.0:
        return math.inf
    if square >= 0.0:
        if b >= 0.0:
            return math.inf
        d = math.sqrt(square)
        if d < 1e-8 * -b:
            return -2.0 / b
        return math.log((b - d) / (b + d)) / d if b + d < 0.0 else math.inf
    root = math.sqrt(-square)
    return 2.0 / root * math.atan2(root, -b)


def has_moment(w: float, expiry: float, p: Row) -> bool:
    """Whether E[exp(w X)] is finite and its jumps do not overflow, for real w."""
    for start in (0, 5):
        in_use = p[start] > 0.0 or p[start + 1] * p[start + 2] > 0.0
        if in_use and not explosion_time(w, p[start + 1], p[start + 3], p[start + 4]) > expiry:
            return False
    if p[10] > 0.0 and w * p[11] + 0.5 * p[12] * p[12] * w * w > 300.0:
        return False
    return not (p[15] > 0.0 and not p[15] * w * (p[16] + 0.5 * p[14] * p[14] * w) < 1.0)
