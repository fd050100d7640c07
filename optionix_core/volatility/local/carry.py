"""The flat market of one expiry of a surface: its forward and its discount factor there, exactly."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing.flat_market import FlatMarket

if TYPE_CHECKING:
    from optionix_core.volatility.surface.surface import VolatilitySurface


def flat_market(surface: VolatilitySurface, expiry: float) -> FlatMarket:
    """Spot, zero rate and yield whose forward and discount factor at `expiry` (years, positive) are the surface's.

    Before that its forwards lie on a straight line in ln F, which the surface's own need not: use
    `LocalVolatilityModel.on(market)`. Where the surface knows no spot its first forward is taken, as the surface does.
    """
    spot = float(surface.slices[0].forward if surface.spot is None else surface.spot)
    forward, discount = (float(found) for found in (surface.forward(expiry), surface.discount_factor(expiry)))
    rate = -math.log(discount) / expiry
    return FlatMarket(spot=spot, rate=rate, dividend_yield=rate - float(np.log(forward / spot)) / expiry)
