"""The order in which a Brownian bridge fixes the times of a path, and its weights.

The last time comes first, then always the middle of the gap with most times in it; what lies between known times t_l <
t < t_r is their linear interpolation plus a normal of variance (t - t_l)(t_r - t)/(t_r - t_l). So the first coordinates
of a Sobol point, the best ones, decide the most (R. Caflisch, W. Morokoff and A. Owen, J. Comput. Finance 1 (1997) 27).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.pricing._arrays import FloatArray

if TYPE_CHECKING:
    from numpy.typing import NDArray


def bridge(times: Sequence[float]) -> tuple[NDArray[np.int64], FloatArray]:
    """Order and weights for increasing `times` above zero.

    The order is flat: for each construction step the time's index, its known left and right neighbour (-1 where there
    is none: the left is then zero, now). The weights, of shape (3, times): of the left, of the right, the deviation.
    """
    count = len(times)
    order = [(count - 1, -1, -1)]
    weights = [(0.0, 0.0, math.sqrt(times[-1]))]
    gaps = deque([(-1, count - 1)])
    while gaps:
        left, right = gaps.popleft()
        if right - left < 2:
            continue
        middle = (left + right + 1) // 2
        start = times[left] if left >= 0 else 0.0
        width = times[right] - start
        by_right = (times[middle] - start) / width
        order.append((middle, left, right))
        weights.append((1.0 - by_right, by_right, math.sqrt((times[middle] - start) * (1.0 - by_right))))
        gaps.extend([(left, middle), (middle, right)])
    return np.array(order, np.int64).reshape(-1), np.ascontiguousarray(np.array(weights, np.float64).T)
