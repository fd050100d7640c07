"""Prices of American options without discrete dividends, column by column: who shares a boundary, who climbs how far.

Rows are taken in blocks. Within one, options that share expiry, rates and volatility share their boundaries, a call
with the put that is its twin. Boundaries climb the ladder of `_american_rules` until their estimated error is within
the tolerance; those that do not get there go to `_american_refined`. What a row was priced by, and the estimate of its
error, are part of the result.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing import _american_rules
from optionix_core.pricing._american_boundary import (
    CURVE,
    ERROR_OF_DISTANCE,
    ESTIMATE,
    LOWER_APART,
    LOWER_COUNT,
    MET,
    REACH,
    RECORD,
    SERIES,
    UPPER_APART,
    UPPER_COUNT,
)
from optionix_core.pricing._american_kernels import KERNELS
from optionix_core.pricing._american_rules import Ladder
from optionix_core.pricing._threads import spread

FloatArray = NDArray[np.float64]
Rows = NDArray[np.int64]

BLOCK = 8192
"""Rows at a time: their records take nine megabytes."""
LEAST_BOUNDARIES, LEAST_ROWS = 64, 1024
"""For a second thread."""
EXPIRY, RATE, YIELD, VOLATILITY = range(4)
"""Columns of a market."""
SEARCH = 1
"""The rule that looks for the time at which boundaries meet."""
MOST_HORIZONS = 60
MOST_CLIMBS = 12
ROUGH_SEARCH = 1e-4
NARROW = 1e-3
"""Of a bracket relative to its begin."""


class Solved(NamedTuple):
    """Of each row."""

    table: FloatArray
    """Price, delta, gamma and the estimated error of the price, (4, n); nan at fault or where nothing was found."""
    faults: NDArray[np.int8]
    bounded: NDArray[np.bool_]
    """Whether there is a boundary."""


def solve(columns: list[FloatArray], rows: int, accuracy: str) -> Solved:
    """Price, delta, gamma and error of every row; columns have one element or `rows`."""
    ladder = _american_rules.ladder(accuracy)
    table = np.empty((4, rows))
    faults = np.empty(rows, dtype=np.int8)
    picks = np.empty(rows, dtype=np.int64)
    for first in range(0, rows, BLOCK):
        block = slice(first, min(first + BLOCK, rows))
        some = [column[block] if column.size > 1 else column for column in columns]
        market = _groups(some, picks[block], faults[block])
        records = boundaries(market, ladder)
        _value(some, ladder, picks[block], records, faults[block], table[:, block])
    return Solved(table, faults, picks >= 0)


def _value(
    columns: list[FloatArray],
    ladder: Ladder,
    picks: Rows,
    records: FloatArray,
    faults: NDArray[np.int8],
    table: FloatArray,
) -> None:
    kernel = KERNELS.load("american_rows")
    records = records if len(records) else np.zeros((1, RECORD))

    def job(first: int, last: int) -> None:
        part = np.empty((4, last - first))
        some = (column[first:last] if column.size > 1 else column for column in columns)
        kernel(*some, ladder.panel, picks[first:last], records, faults[first:last], part)
        table[:, first:last] = part

    spread(job, len(faults), LEAST_ROWS)


def levels(
    sign: float, expiry: float, rate: float, dividend_yield: float, volatility: float, accuracy: str, times: FloatArray
) -> FloatArray | None:
    """Upper and lower boundary over the strike at times to expiry, (2, n); None where none was found."""
    one = [np.array([value]) for value in (sign, 1.0, 1.0, expiry, rate, dividend_yield, volatility)]
    out = np.full((2, len(times)), np.nan)
    market = _groups(one, np.empty(1, dtype=np.int64), np.empty(1, dtype=np.int8))
    if len(market):
        records = boundaries(market, _american_rules.ladder(accuracy))
        if np.isnan(records[0, ESTIMATE]):
            return None
        KERNELS.load("american_levels")(sign, expiry, rate, dividend_yield, times, records[0], out)
    return out


def _groups(columns: list[FloatArray], picks: Rows, faults: NDArray[np.int8]) -> FloatArray:
    """Expiry, rate, yield and volatility of each different boundary; fills each row's place among them, or -1."""
    rows = len(faults)
    slots = np.full(1 << (2 * rows).bit_length(), -1, dtype=np.int64)
    market = np.empty((rows, 4))
    count = KERNELS.load("american_groups")(*columns, slots, picks, market, faults)
    return market[:count]


def boundaries(market: FloatArray, ladder: Ladder) -> FloatArray:
    """A record of `_american_boundary` for each row of expiry, rate, yield and volatility of a put."""
    records = np.zeros((len(market), RECORD))
    records[:, SERIES] = records[:, MET] = market[:, EXPIRY]
    records[:, ESTIMATE] = np.nan
    two = (market[:, YIELD] < market[:, RATE]) & (market[:, RATE] < 0.0)
    _climb(market, np.flatnonzero(~two), ladder, records, (1.0,))
    if two.any():
        distance = np.log(market[two, YIELD] / market[two, RATE])
        records[two, CURVE] = 1.0 / (distance * distance)
        _meet(market, np.flatnonzero(two), ladder, records)
    return records


def _climb(market: FloatArray, rows: Rows, ladder: Ladder, records: FloatArray, directions: tuple[float, ...]) -> None:
    """Rule after rule until the estimate is within the tolerance; fills ESTIMATE, nan where a boundary is missing."""
    for rule in ladder.rules:
        if not rows.size:
            return
        rough = 0.0 if rule is ladder.rules[-1] else 0.02
        for direction in directions:
            _run(
                market,
                rows,
                direction,
                rule,
                0.3 * ladder.tolerance,
                rough if rule is ladder.rules[0] else 0.0,
                records,
            )
        apart = records[rows, UPPER_APART]
        found = records[rows, UPPER_COUNT] > 0.0
        if len(directions) > 1:
            apart = np.maximum(apart, records[rows, LOWER_APART])
            found &= records[rows, LOWER_COUNT] > 0.0
        records[rows, ESTIMATE] = np.where(found, ERROR_OF_DISTANCE * apart, np.nan)
        rows = rows[~(records[rows, ESTIMATE] <= ladder.tolerance)]


def _run(
    market: FloatArray,
    rows: Rows,
    direction: float,
    rule: _american_rules.Rule,
    settled: float,
    rough: float,
    records: FloatArray,
) -> None:
    kernel = KERNELS.load("american_boundaries")

    def job(first: int, last: int) -> int:
        return kernel(market, rows[first:last], direction, *rule.columns(), settled, rough, records)

    spread(job, len(rows), LEAST_BOUNDARIES)


def _meet(market: FloatArray, rows: Rows, ladder: Ladder, records: FloatArray) -> None:
    """Both boundaries, and MET where they meet: found by a short rule first, then climbed to."""
    bracket = np.zeros(len(market)), market[:, EXPIRY].copy()
    search = _american_rules.rule(*_american_rules.RULES[SEARCH], 0)
    active = rows
    for _ in range(MOST_HORIZONS):
        if not active.size:
            break
        for direction in (1.0, -1.0):
            _run(market, active, direction, search, 1e-7, ROUGH_SEARCH, records)
        active = active[~_move(market, active, records, bracket)]
    horizon = records[:, SERIES]
    bracket = 0.95 * horizon, np.minimum(1.05 * horizon, market[:, EXPIRY])
    for _ in range(MOST_CLIMBS):
        if not rows.size:
            return
        records[rows, UPPER_COUNT] = records[rows, LOWER_COUNT] = 0.0
        _climb(market, rows, ladder, records, (1.0, -1.0))
        before = records[rows, SERIES]
        done = _move(market, rows, records, bracket)
        records[rows[done], MET] = records[rows[done], SERIES]
        records[rows[done], SERIES] = before[done]
        rows = rows[~done]
    records[rows, ESTIMATE] = np.nan


def _move(
    market: FloatArray, rows: Rows, records: FloatArray, bracket: tuple[FloatArray, FloatArray]
) -> NDArray[np.bool_]:
    """Put SERIES where the boundaries meet, or try next for it; which rows are there.

    Near their end boundaries can be too steep to be followed. A bracket that is NARROW ends the search too: what could
    be earned in it, less than the yield times the square of the distance of the limits at expiry, joins the estimate.

    `bracket` are times at which they are known to be apart, and times by which they have met or one has ended.
    """
    apart, too_far = bracket
    expiry = market[rows, EXPIRY]
    horizon = records[rows, SERIES]
    found = (records[rows, UPPER_COUNT] > 0.0) & (records[rows, LOWER_COUNT] > 0.0)
    ratio = np.where(found, _meetings(market, rows, records), 0.0)
    later = found & (ratio > 1.0 + REACH)
    settled = (found & (np.abs(ratio - 1.0) <= REACH)) | (later & (horizon >= expiry))
    met = np.minimum(horizon * np.minimum(ratio, 1.0 + REACH) ** 2, expiry)
    apart[rows] = np.where(later, horizon, apart[rows])
    too_far[rows] = np.where(later, np.maximum(too_far[rows], horizon), np.minimum(horizon, too_far[rows]))
    middle = 0.5 * (apart[rows] + too_far[rows])
    longer = np.where(too_far[rows] < expiry, middle, np.minimum(1.5 * horizon, expiry))
    shorter = np.where(found & (met > apart[rows]), met, middle)
    narrow = ~settled & (too_far[rows] - apart[rows] < NARROW * apart[rows])
    ends = narrow & later
    next_one = np.where(narrow, apart[rows], np.where(later, longer, shorter))
    records[rows, SERIES] = np.where(settled, met, next_one)
    flow = market[rows, YIELD] * np.log(market[rows, YIELD] / market[rows, RATE]) ** 2 * (too_far[rows] - apart[rows])
    records[rows, ESTIMATE] += np.where(ends, np.abs(flow), 0.0)
    done: NDArray[np.bool_] = settled | ends
    return done


def _meetings(market: FloatArray, rows: Rows, records: FloatArray) -> FloatArray:
    found = np.empty(len(rows))
    KERNELS.load("american_meetings")(market, rows, records, found)
    return found
