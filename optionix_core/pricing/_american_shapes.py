"""Price, delta, gamma and error of American options by whichever method fits each row, with and without dividends.

Refuses to hide which: every row carries its `Method` and an estimate of its error.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.pricing import _american_rules
from optionix_core.pricing.dividends import DividendSchedule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

SPOT, STRIKE, EXPIRY = 1, 2, 3


class Method(IntEnum):
    """How an American price came about."""

    NONE = 0
    """A fault in the arguments."""
    CLOSED_FORM = 1
    """No boundary was needed: exercise before expiry never pays, is right now whatever the expiry or is worth less than
    the error stated, or nothing is left to chance."""
    COLLOCATION = 2
    """The boundary by spectral collocation, its integral by quadrature."""
    GRID = 3
    """Backward recursion on a grid, extrapolated."""


class Shapes(NamedTuple):
    """Of each row."""

    table: FloatArray
    """Price, delta, gamma and the estimated error of the price, (4, n); nan at fault."""
    faults: NDArray[np.int8]
    methods: NDArray[np.int8]


def shapes(
    columns: list[FloatArray], rows: int, accuracy: str, paid: DividendSchedule, *, steady: bool = False
) -> Shapes:
    """Columns of one element or `rows`; nothing is raised but UnknownNameError for an accuracy that is none.

    `steady`: for differences, by rules that seldom change from one price to the next.
    """
    _american_rules.ladder(accuracy)
    if paid.times:
        from optionix_core.pricing._american_dividends import on_grid

        table, faults = on_grid(columns, rows, accuracy, paid)
        return Shapes(table, faults, np.where(faults == 0, Method.GRID, Method.NONE).astype(np.int8))
    from optionix_core.pricing._american_solve import solve

    table, faults, priced = solve(columns, rows, accuracy, steady=steady)
    methods = np.where(priced, Method.COLLOCATION, Method.CLOSED_FORM).astype(np.int8)
    methods[faults != 0] = Method.NONE
    lost = np.flatnonzero(np.isnan(table[0]) & (faults == 0))
    if lost.size:
        from optionix_core.pricing._american_dividends import on_grid

        table[:, lost], _ = on_grid(rows_of(columns, lost), lost.size, accuracy, paid)
        methods[lost] = Method.GRID
    return Shapes(table, faults, methods)


def intrinsic(columns: list[FloatArray]) -> FloatArray:
    """Value of exercise at once."""
    return np.maximum(columns[0] * (columns[SPOT] - columns[STRIKE]), 0.0)


def rows_of(columns: list[FloatArray], places: NDArray[np.int64]) -> list[FloatArray]:
    """Those rows of columns that may have one element for all."""
    return [np.ascontiguousarray(column[places]) if column.size > 1 else column for column in columns]
