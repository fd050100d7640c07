"""Boundaries of American puts, column by column: who climbs how far, and when two of them meet.

Boundaries climb the ladder of `_american_rules` until their estimated error is within the tolerance. Those that do not
settle in the few steps of most are gathered and start again with more. Two boundaries end where they meet, at a time
that the shortest rule looks for. The equations are in `_american_boundary`, series and guesses in `_american_series`.
Refuses to price (`_american_value`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing import _american_rules, _american_series
from optionix_core.pricing._american_kernels import KERNELS
from optionix_core.pricing._american_record import (
    CURVE,
    ESTIMATE,
    LOWER,
    LOWER_APART,
    LOWER_COUNT,
    LOWER_END,
    MET,
    RECORD,
    SERIES,
    UPPER,
    UPPER_APART,
    UPPER_COUNT,
    UPPER_END,
)
from optionix_core.pricing._american_rules import Ladder
from optionix_core.pricing._american_series import EXPIRY, RATE, REACH, YIELD
from optionix_core.pricing._american_sweeps import (
    DISCOUNT_WORKSPACE,
    LANE_WORKSPACE,
    LANES,
    NODE_WORKSPACE,
    POINT_WORKSPACE,
)
from optionix_core.pricing._threads import spread

FloatArray = NDArray[np.float64]
Rows = NDArray[np.int64]

LEAST_BOUNDARIES = 64
"""For a second thread."""
SHARPEST_ALONE = 3.0
"""Drift over the life of an option, in standard deviations, above which no rule stands alone: too few points for it
look alike whether half of them are taken or all."""
SETTLED = 1.0
"""Of the tolerance: what the last step of Newton's method may do to a price, by a bound that is seldom reached."""
FEW_STEPS, FEW_LIFTED_STEPS, MANY_STEPS = 4, 1, 24
"""Most go with few, from a guess or from another rule; the others are gathered, lest the many wait for them."""
CLOSE, CLOSE_LIFTED = 3e-3, 0.03
"""Relative change in a step above which none is the last, from a guess and from another rule."""
MOST_HORIZONS = 60
MOST_CLIMBS = 12
ROUGH, ROUGH_SEARCH = 0.02, 1e-4
"""Relative change below which the first rule of a ladder and the search may stop."""
NARROW = 1e-3
"""Of a bracket relative to its begin."""


NONE = np.empty(0)
WORKSPACES = NODE_WORKSPACE, DISCOUNT_WORKSPACE, POINT_WORKSPACE, LANE_WORKSPACE


class Effort(NamedTuple):
    """How hard a boundary is looked for."""

    attempt: int
    steps: int
    settled: float
    rough: float
    rooms: tuple[FloatArray, ...]
    """WORKSPACES."""


def boundaries(market: FloatArray, ladder: Ladder) -> FloatArray:
    """A record of `_american_boundary` for each row of expiry, rate, yield and volatility of a put."""
    records = np.zeros((len(market), RECORD))
    records[:, SERIES] = records[:, MET] = market[:, EXPIRY]
    records[:, ESTIMATE] = np.nan
    two = _american_series.has_two(market[:, RATE], market[:, YIELD])
    _climb(market, np.flatnonzero(~two), ladder, records, (1.0,))
    if two.any():
        distance = np.log(market[two, YIELD] / market[two, RATE])
        records[two, CURVE] = 1.0 / (distance * distance)
        rows = np.flatnonzero(two)
        _meet(market, rows, ladder, records)
        some = records[rows]
        root = np.sqrt(some[:, MET] / some[:, SERIES])
        for direction, end in ((1.0, UPPER_END), (-1.0, LOWER_END)):
            anchor = _american_series.level_at_expiry(direction, market[rows, RATE], market[rows, YIELD])
            records[rows, end] = anchor + _american_series.levels_at(direction, root, some)
    return records


def _climb(market: FloatArray, rows: Rows, ladder: Ladder, records: FloatArray, directions: tuple[float, ...]) -> None:
    """Rule after rule until the estimate is within the tolerance; fills ESTIMATE, nan where a boundary is missing."""
    for rule in ladder.rules:
        if not rows.size:
            return
        rough = 0.0 if rule.share else ROUGH
        for direction in directions:
            _run(market, rows, direction, rule, SETTLED * ladder.tolerance, rough, records)
        apart = records[rows, UPPER_APART]
        found = records[rows, UPPER_COUNT] > 0.0
        if len(directions) > 1:
            apart = np.maximum(apart, records[rows, LOWER_APART])
            found &= records[rows, LOWER_COUNT] > 0.0
        estimate = rule.share * apart if rule.share else np.full(rows.size, np.inf)
        if not rule.before:
            estimate[_american_series.sharpness(*market[rows].T) > SHARPEST_ALONE] = np.inf
        records[rows, ESTIMATE] = np.where(found, estimate, np.nan)
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
    """Improve the records of rows by one rule; the count of a boundary that was not found becomes zero."""
    few = FEW_LIFTED_STEPS if rule.before else FEW_STEPS

    def job(first: int, last: int) -> None:
        some = rows[first:last]
        rooms = tuple(np.empty(size) for size in WORKSPACES)
        for attempt, most in ((0, few), (0, MANY_STEPS), (1, MANY_STEPS)):
            effort = Effort(attempt, most, settled, rough, rooms)
            some = _attempt(market, some, direction, rule, effort, records)
            if not some.size:
                return
        records[some, UPPER_COUNT if direction > 0.0 else LOWER_COUNT] = 0.0

    spread(job, len(rows), LEAST_BOUNDARIES, LANES)


def _attempt(
    market: FloatArray,
    rows: Rows,
    direction: float,
    rule: _american_rules.Rule,
    effort: Effort,
    records: FloatArray,
) -> Rows:
    """Start from the series of the rule before or, where there is none or at a second attempt, from a guess.

    Returns the rows whose boundary was not found; their records are as they were.
    """
    place, count, apart, end = UPPER, UPPER_COUNT, UPPER_APART, UPPER_END
    if direction < 0.0:
        place, count, apart, end = LOWER, LOWER_COUNT, LOWER_APART, LOWER_END
    lifted = (records[rows, count] == rule.before) & (rule.before > 0) & (effort.attempt == 0)
    missed = []
    for some, is_lifted in ((rows[lifted], True), (rows[~lifted], False)):
        if not some.size:
            continue
        given = _given(market, some, direction, rule, records)
        curve, anchor, rate, dividend_yield, volatility, horizon = given[:6]
        if is_lifted:
            start = np.ascontiguousarray(records[some, place : place + rule.before + 4].T)
        else:
            start = _american_series.guess(direction, rule.nodes, anchor, rate, dividend_yield, volatility, horizon)
            if effort.attempt:
                start = _american_series.bend(start, curve)
        series = np.empty((rule.points + 1, some.size))
        distance = np.zeros((2, some.size))
        found = np.zeros(some.size, dtype=np.int8)
        KERNELS.load("american_boundaries")(
            *(given, start, rule.lift if is_lifted else NONE, direction, int(direction > 0.0 and curve[0] > 0.0)),
            *(*rule.columns(), NONE if rule.before else rule.thin),
            *(effort.settled, CLOSE_LIFTED if is_lifted else CLOSE, effort.rough, effort.steps),
            *(*effort.rooms, series, distance, found),
        )
        there = found != 0
        done = some[there]
        records[done, place : place + rule.points + 1] = series[:, there].T
        records[done, count] = rule.points
        records[done, apart] = distance[0, there] if is_lifted or not rule.before else np.inf
        records[done, end] = anchor[there] + distance[1, there]
        missed.append(some[~there])
    return np.concatenate(missed)


def _given(
    market: FloatArray, rows: Rows, direction: float, rule: _american_rules.Rule, records: FloatArray
) -> FloatArray:
    """What the kernel takes of each option."""
    _, rate, dividend_yield, volatility = market[rows].T
    horizon = records[rows, SERIES]
    anchor = _american_series.level_at_expiry(direction, rate, dividend_yield)
    ratio = np.ones(rows.size)
    if rule.before:
        early = _american_series.guess(direction, rule.early, anchor, rate, dividend_yield, volatility, horizon)
        ratio = early[0] / early[1]
    return np.array(
        [
            records[rows, CURVE] if direction > 0.0 else np.zeros(rows.size),
            anchor,
            rate,
            dividend_yield,
            volatility,
            horizon,
            _american_series.stay(rate, dividend_yield, volatility, horizon),
            ratio,
        ]
    )


def _meet(market: FloatArray, rows: Rows, ladder: Ladder, records: FloatArray) -> None:
    """Both boundaries, and MET where they meet: found by a short rule first, then climbed to."""
    bracket = np.zeros(len(market)), market[:, EXPIRY].copy()
    search = _american_rules.rule(*_american_rules.SEARCH, 0)
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
        records[rows, UPPER:] = 0.0
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
    distance = -_american_series.level_at_expiry(-1.0, market[rows, RATE], market[rows, YIELD])
    return _american_series.meeting_roots(distance, records[rows])
