"""Columns as blocks of contiguous rows, also where all rows share one number. Runs compiled, inside the loops."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


def opened(column: FloatArray, room: FloatArray) -> FloatArray:
    """The column, or `room`, as long as one block, filled with its only number."""
    if column.size > 1:
        return column
    if column.size == 1:
        room[:] = column[0]
    return room


def part(column: FloatArray, start: int, stop: int, last: int) -> FloatArray:
    """Rows [start, stop) of an opened column whose last row in this loop is before `last`."""
    if column.size < last:
        return column[: stop - start]
    return column[start:stop]
