"""Prices of American options without discrete dividends, column by column.

Rows are taken in blocks. Within one, options that share expiry, rates and volatility share their boundaries, a call
with the put that is its twin; many need none (`_american_cases`). Whether a row has a boundary, and the estimate of its
error, are part of the result.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing import _american_rules, _american_series
from optionix_core.pricing._american_cases import Case, Cases, cases
from optionix_core.pricing._american_climb import boundaries
from optionix_core.pricing._american_record import ESTIMATE, MET, SERIES
from optionix_core.pricing._american_rules import Ladder
from optionix_core.pricing._american_value import at_once, by_boundary, nearly_european, without_boundary
from optionix_core.pricing._threads import spread

FloatArray = NDArray[np.float64]

BLOCK = 8192
"""Rows at a time: their records take nine megabytes."""
LEAST_ROWS = 1024
"""For a second thread."""


class Solved(NamedTuple):
    """Of each row."""

    table: FloatArray
    """Price, delta, gamma and the estimated error of the price, (4, n); nan at fault or where nothing was found."""
    faults: NDArray[np.int8]
    bounded: NDArray[np.bool_]
    """Whether there is a boundary."""


def solve(columns: list[FloatArray], rows: int, accuracy: str, *, steady: bool = False) -> Solved:
    """Price, delta, gamma and error of every row; columns have one element or `rows`. `steady`: for differences."""
    ladder = _american_rules.steady(accuracy) if steady else _american_rules.ladder(accuracy)
    table = np.empty((4, rows))
    faults = np.empty(rows, dtype=np.int8)
    bounded = np.empty(rows, dtype=np.bool_)
    for first in range(0, rows, BLOCK):
        block = slice(first, min(first + BLOCK, rows))
        some = [column[block] if column.size > 1 else column for column in columns]
        found = cases(some, block.stop - first, ladder.negligible)
        faults[block] = found.faults
        bounded[block] = found.kinds == Case.BOUNDED
        _value(some, ladder, found, boundaries(found.market, ladder), table[:, block])
    return Solved(table, faults, bounded)


def _value(columns: list[FloatArray], ladder: Ladder, found: Cases, records: FloatArray, table: FloatArray) -> None:
    """Fill price, delta, gamma and error of the rows of a block."""
    table[:] = np.nan
    rows = np.flatnonzero(found.kinds == Case.BOUNDED)
    rows = rows[~np.isnan(records[found.picks[rows], ESTIMATE])]

    def job(first: int, last: int) -> None:
        some = rows[first:last]
        table[:, some] = by_boundary(columns, some, found.picks[some], found.market, records, ladder.price_points)

    spread(job, rows.size, LEAST_ROWS)
    now, late, free = (np.flatnonzero(found.kinds == kind) for kind in (Case.AT_ONCE, Case.NEARLY_EUROPEAN, Case.FREE))
    if now.size:
        table[:, now] = at_once(columns, now)
    if late.size:
        table[:, late] = nearly_european(columns, late, found.bound[late])
    if free.size:
        table[:, free] = without_boundary([c[free] if c.size > 1 else c for c in columns], free.size)


def levels(
    sign: float, expiry: float, rate: float, dividend_yield: float, volatility: float, accuracy: str, times: FloatArray
) -> FloatArray | None:
    """Upper and lower boundary over the strike at times to expiry, (2, n), nan for none; None where none was found.

    A put with one boundary is exercised down to zero, a call up to infinity.
    """
    one = [np.array([value]) for value in (sign, 1.0, 1.0, expiry, rate, dividend_yield, volatility)]
    out = np.full((2, len(times)), np.nan)
    market = cases(one, 1, -1.0).market
    if not len(market):
        return out
    records = boundaries(market, _american_rules.ladder(accuracy))
    if np.isnan(records[0, ESTIMATE]):
        return None
    held = np.flatnonzero(times <= records[0, MET] * (1.0 + 1e-12))
    root = np.sqrt(times[held] / records[0, SERIES])
    _, cash, asset, _ = market.T
    upper = np.exp(_american_series.levels_at(1.0, root, records) + _american_series.level_at_expiry(1.0, cash, asset))
    lower = np.zeros(held.size)
    if _american_series.has_two(cash, asset)[0]:
        anchor = _american_series.level_at_expiry(-1.0, cash, asset)
        lower = np.exp(_american_series.levels_at(-1.0, root, records) + anchor)
    with np.errstate(divide="ignore"):
        out[:, held] = (upper, lower) if sign < 0.0 else (1.0 / lower, 1.0 / upper)
    return out
