"""Value and derivatives at one place from values at nodes: the polynomial through the nearest ones.

Where the place is a node the value is that node's. A kink must not lie among the nodes: callers give the part of the
grid that is smooth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

POINTS = 6


def derivatives(nodes: FloatArray, values: FloatArray, place: float, order: int = 2) -> list[float]:
    """Value and the first `order` derivatives at `place`."""
    first = int(np.clip(np.searchsorted(nodes, place) - POINTS // 2, 0, max(len(nodes) - POINTS, 0)))
    x = nodes[first : first + POINTS]
    y = values[first : first + POINTS]
    scale = float(x[-1] - x[0])
    z = (x - place) / scale
    coefficients = np.linalg.solve(np.vander(z, increasing=True), y)
    factor, result = 1.0, []
    for k in range(order + 1):
        factor *= max(k, 1)
        result.append(float(coefficients[k]) * factor / scale**k if k < len(coefficients) else 0.0)
    on = np.flatnonzero(x == place)
    if len(on):
        result[0] = float(y[on[0]])
    return result
