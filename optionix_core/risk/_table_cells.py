"""Values of American options from European prices, premiums and boundaries; compiled without fast-math flags.

Cells that neither a table nor the vector instructions cover become nan, for the caller to ask elsewhere.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from optionix_core.risk._cells import REDO

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

ROUNDING = 1e-9
"""How far outside [-1, 1] a coordinate may be."""


def finish_cells(
    sign: float,
    strike: float,
    log_strike: float,
    years: float,
    outside: FloatArray,
    spot: FloatArray,
    passed: FloatArray,
    log_spot: FloatArray,
    level: FloatArray,
    price: FloatArray,
    premium: FloatArray,
    out: FloatArray,
) -> int:
    """Values from European prices and premiums; nan where a cell is to be asked elsewhere."""
    for i in range(out.size):
        intrinsic = max(sign * (spot[i] - strike), 0.0)
        if years - passed[i] <= 0.0:
            out[i] = intrinsic
        elif price[i] == REDO or not abs(outside[i]) <= 1.0 + ROUNDING:
            out[i] = math.nan
        elif sign * (log_strike - log_spot[i]) <= level[i]:
            out[i] = intrinsic
        else:
            out[i] = max(price[i] + (strike if sign < 0.0 else spot[i]) * max(premium[i], 0.0), intrinsic)
    return out.size


def free_cells(years: float, sign: float, strike: float, spot: FloatArray, passed: FloatArray, out: FloatArray) -> int:
    """European prices where exercise never pays, nan where a cell is to be asked elsewhere."""
    for i in range(out.size):
        if years - passed[i] <= 0.0:
            out[i] = max(sign * (spot[i] - strike), 0.0)
        elif out[i] == REDO:
            out[i] = math.nan
    return out.size
