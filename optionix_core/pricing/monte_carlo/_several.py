"""Prices of several underlyings at expiry in one exact step, and what contracts on them pay.

Rows of `points`: the normals of each underlying, then their prices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.pricing._lanes import lane_exponential
from optionix_core.pricing.monte_carlo._layout import (
    ASSET_COUNT,
    ASSETS,
    BLOCK,
    CONTROL,
    FINAL_DISCOUNT,
    LARGEST,
    LEVEL,
    PAID,
    SAMPLER,
    SMALLEST,
    TERMINAL,
    VANILLA,
)
from optionix_core.pricing.monte_carlo._observers import struck
from optionix_core.pricing.monte_carlo._stepping import draw_row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Grid = NDArray[np.float64]
    Output = NDArray[np.float64]
    Picks = NDArray[np.int64]


def draw_assets(block: int, codes: Picks, drifts: Column, spreads: Grid, normals: Column, points: Output) -> int:
    """Prices of the block's paths, from `normals` under a Sobol sampler."""
    count = codes[ASSET_COUNT]
    for asset in range(count):
        if codes[SAMPLER]:
            for lane in range(BLOCK):
                points[asset * BLOCK + lane] = normals[asset * BLOCK + lane]
        else:
            draw_row(block, asset, ASSETS, asset * BLOCK, 1, codes, points)
    for asset in range(count):
        price = points[(count + asset) * BLOCK : (count + asset + 1) * BLOCK]
        for lane in range(BLOCK):
            price[lane] = drifts[asset]
        for factor in range(asset + 1):
            spread = spreads[asset, factor]
            normal = points[factor * BLOCK : (factor + 1) * BLOCK]
            for lane in range(BLOCK):
                price[lane] += spread * normal[lane]
        for lane in range(BLOCK):
            price[lane] = lane_exponential(price[lane])
    return -1


def settle_assets(codes: Picks, numbers: Column, holdings: Column, points: Output, lanes: Output) -> int:
    """PAID on the basket or the extreme; the prices become the controls, discounted."""
    count, terminal = codes[ASSET_COUNT], codes[TERMINAL]
    level = lanes[LEVEL : LEVEL + BLOCK]
    for asset in range(count):
        price = points[(count + asset) * BLOCK : (count + asset + 1) * BLOCK]
        if terminal == SMALLEST:
            for lane in range(BLOCK):
                level[lane] = min(level[lane], price[lane]) if asset else price[lane]
        elif terminal == LARGEST:
            for lane in range(BLOCK):
                level[lane] = max(level[lane], price[lane]) if asset else price[lane]
        else:
            holding = holdings[asset]
            for lane in range(BLOCK):
                level[lane] = level[lane] + holding * price[lane] if asset else holding * price[lane]
        if codes[CONTROL]:
            for lane in range(BLOCK):
                price[lane] *= numbers[FINAL_DISCOUNT]
    struck(VANILLA, LEVEL, PAID, numbers, lanes)
    return -1
